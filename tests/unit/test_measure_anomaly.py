"""When a figure of a day is out of the ordinary: by the formula, in ordinary years, and in bad data."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kpi_worlds import begun, dropped, ordinary, series, watches, year_of

from etalage.measure.watch.anomaly import ALERT, WINDOW, discoveries, is_watched, judge, mad
from etalage.measure.watch.daily import Point, Series


def counts(*days: int) -> Series:
    return series(np.array(days))


def shares(*days: tuple[int, int]) -> Series:
    points = {day: Point(amount, whole, amount) for day, (amount, whole) in enumerate(days)}
    return Series("conversion", "share", 0, points)


def test_a_day_is_judged_as_the_formula_says() -> None:
    """All Mondays 100, all other days 200: no spread at all, so that chance alone is the measure."""
    days = [100 if day % 7 == 4 else 200 for day in range(WINDOW)]

    judged = judge(counts(*days, 120), WINDOW)

    assert judged is not None
    usual = 100.5 if WINDOW % 7 == 4 else 200.5
    assert judged.expected == pytest.approx(usual)
    assert judged.z == pytest.approx((log(120.5) - log(usual)) * sqrt(usual))


def test_the_spread_of_the_shop_itself_counts_where_it_is_larger_than_chance() -> None:
    levels = [0.2, -0.2] * (WINDOW // 2)
    days = [round(10_000 * exp(level)) for level in levels]

    judged = judge(counts(*days, 5_000), WINDOW)

    assert judged is not None
    residuals = [
        0.0
    ] * WINDOW  # of each weekday the two values lie as far above as below their median
    for weekday in range(7):
        mine = [log(days[d] + 0.5) for d in range(weekday, WINDOW, 7)]
        middle = sorted(mine)[3] / 2 + sorted(mine)[4] / 2
        for d in range(weekday, WINDOW, 7):
            residuals[d] = log(days[d] + 0.5) - middle
    centre = float(np.median(residuals[-28:]))
    assert judged.z == pytest.approx((log(5000.5) - log(judged.expected)) / (1.15 * mad(residuals)))
    assert centre == pytest.approx(0.0, abs=0.01)


def test_an_ordinary_year_has_few_alerts_and_a_real_drop_is_often_found() -> None:
    """The rates of methods 8 on a small count; tests/proof/test_alerts_known.py has the full one."""
    dice = np.random.default_rng(6)
    for level in (200, 2_000):
        years = [year_of(ordinary(dice, level)) for _ in range(4)]
        alerts = sum(begun([abs(one.z) >= ALERT for one in year]) for year in years) / 4
        watched = sum(begun(watches(year)) for year in years) / 4
        found = [
            next(dropped(dice, ordinary(dice, level, WINDOW + 1), 0.3, 1)).z <= -ALERT
            for _ in range(60)
        ]

        assert alerts <= 4
        assert watched <= 5
        assert 0.2 < np.mean(found) < 0.9


def test_small_figures_are_judged_by_the_week_and_on_its_last_day() -> None:
    dice = np.random.default_rng(1)
    judged = year_of(ordinary(dice, 5))

    assert {one.days for one in judged} == {7}
    assert {one.day % 7 for one in judged} == {3}  # day 0 was a Thursday: Sundays
    assert sum(abs(one.z) >= ALERT for one in judged) <= 1


def test_a_week_without_any_order_is_an_alert_where_thirty_were_expected() -> None:
    days = [4, 5, 3, 4, 5, 4, 5] * 9
    ends = max(day for day in range(len(days)) if day % 7 == 3)
    days[ends - 6 : ends + 1] = [0] * 7

    judged = judge(counts(*days), ends)

    assert judged is not None
    assert judged.z < -ALERT


def test_a_marked_day_is_not_judged_and_nothing_is_expected_by_it() -> None:
    dice = np.random.default_rng(2)
    days = ordinary(dice, 500, WINDOW + 8)
    days[30] *= 9
    days[WINDOW] *= 9
    sale = {30, WINDOW}

    assert judge(series(days), WINDOW, sale) is None
    with_sale, without = judge(series(days), WINDOW + 7, sale), judge(series(days), WINDOW + 7)
    assert with_sale is not None
    assert without is not None
    assert abs(with_sale.z) < ALERT
    assert with_sale.expected != without.expected


def test_three_days_of_data_say_nothing() -> None:
    assert judge(counts(100, 110, 90), 2) is None
    assert judge(counts(), 5) is None


def test_only_zeros_say_nothing_wrong() -> None:
    whole = counts(*[0] * 80)
    assert [
        one.z for day in range(56, 80) if (one := judge(whole, day)) is not None and one.z
    ] == []


def test_a_day_that_is_missing_counts_as_zero() -> None:
    whole = counts(*[300] * (WINDOW + 1))
    gap = Series("orders", "count", 0, {d: p for d, p in whole.points.items() if d != WINDOW})

    judged = judge(gap, WINDOW)

    assert judged is not None
    assert judged.seen == 0
    assert judged.z < -ALERT


def test_a_share_has_the_binomial_error_as_its_floor() -> None:
    """10% of 10,000 every day; 9% is off by 3.5 standard errors of the logarithm."""
    judged = judge(shares(*[(1_000, 10_000)] * WINDOW, (900, 10_000)), WINDOW)

    assert judged is not None
    error = sqrt(0.9 / 1_000)
    assert judged.z == pytest.approx(log(900.5 / 1000.5) / error, rel=0.01)


def test_a_share_of_nobody_is_not_judged() -> None:
    assert judge(shares(*[(1_000, 10_000)] * WINDOW, (0, 0)), WINDOW) is None


def test_a_day_of_23_or_25_hours_is_a_normal_day() -> None:
    """An hour of night more or less is 1% of a shop's day; here even all hours count alike: 4%."""
    for hours in (23, 25):
        judged = judge(counts(*[2_400] * WINDOW, 100 * hours), WINDOW)
        assert judged is not None
        assert abs(judged.z) < ALERT


def test_a_watch_takes_three_days_in_a_row() -> None:
    dice = np.random.default_rng(4)
    days = list(dropped(dice, ordinary(dice, 5_000, WINDOW + 3), 0.3, 3))

    assert is_watched(days)
    assert not is_watched(days[:2])
    assert not is_watched([*days[:2], None])


@given(st.lists(st.integers(0, 10**9), min_size=57, max_size=70))
@settings(max_examples=60, deadline=None)
def test_whatever_the_figures_a_judgement_is_a_finite_number(days: list[int]) -> None:
    whole = counts(*days)
    for day in range(56, len(days)):
        judged = judge(whole, day)
        assert judged is None or (np.isfinite(judged.z) and judged.expected >= 0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_more_evidence_never_takes_a_discovery_away(p_values: list[float]) -> None:
    found = discoveries(p_values)
    stronger = discoveries([p / 2 for p in p_values])
    assert all(after or not before for before, after in zip(found, stronger, strict=True))


def test_benjamini_and_hochbergs_own_example() -> None:
    """Their table 1 (1995): of fifteen p-values, four are found at 5%, where Bonferroni finds three."""
    p_values = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240,
        0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
    ]  # fmt: skip
    assert sum(discoveries(p_values)) == 4
