"""What leads and what lags: weeks against weeks with intervals that hold, and figures that move before others."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from kpi_worlds import ordinary, series

from etalage.measure.watch.daily import Point, Series
from etalage.measure.watch.lead_lag import (
    LAGS,
    correlation,
    lead_and_lag,
    strongest,
    week_over_week,
)
from etalage.measure.watch.marks import dutch_holidays, easter_sunday
from etalage.measure.watch.scoreboard import YEAR, measures, student
from etalage.measure.watch.scoreboard_lines import Scoreboard, lines

LONG = YEAR + 7 * 12


def test_a_week_is_set_beside_the_four_before_and_the_same_week_a_year_ago() -> None:
    days = np.full(LONG, 1_000)
    days[-7:] = 1_200

    (found,) = measures([series(days)], (), last=LONG - 1)

    assert (found.name, found.side, found.value) == ("orders", "lag", 8_400)
    assert found.four_weeks is not None
    assert found.last_year is not None
    assert found.four_weeks.change == pytest.approx(0.2, abs=0.001)
    assert found.last_year.change == pytest.approx(0.2, abs=0.001)
    assert found.four_weeks.low > 0.15
    assert found.last_year.low < found.four_weeks.low < found.four_weeks.high < found.last_year.high


def test_the_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """In worlds where nothing changes, 95% of the intervals hold 0; with 400 looks 90 to 99% do."""
    dice = np.random.default_rng(3)
    held = []
    for _ in range(40):
        whole = series(ordinary(dice, 400, 500), "orders")
        for last in range(440, 500, 6):
            (found,) = measures([whole], (), last=last)
            assert found.four_weeks is not None
            held.append(found.four_weeks.low <= 0 <= found.four_weeks.high)

    assert 0.90 <= np.mean(held) <= 0.99


def test_too_short_a_past_is_said_to_be_so() -> None:
    (found,) = measures([series(np.full(40, 100))], (), last=39)

    assert found.four_weeks is None
    assert found.last_year is None


def test_weeks_with_a_marked_day_tell_nothing_of_how_weeks_move() -> None:
    days = np.full(LONG, 1_000)
    days[200] = 50_000

    (found,) = measures([series(days)], (), last=LONG - 1)
    (marked,) = measures([series(days)], {200}, last=LONG - 1)

    assert found.four_weeks is not None
    assert marked.four_weeks is not None
    assert (marked.four_weeks.high - marked.four_weeks.low) < (
        found.four_weeks.high - found.four_weeks.low
    )


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(7, 2.365), (10, 2.228), (30, 2.042), (51, 2.008)]
)
def test_students_quantile(freedom: int, quantile: float) -> None:
    """From any table of Student's t."""
    assert student(0.95, freedom) == pytest.approx(quantile, rel=0.005)


# ---- before and after --------------------------------------------------------------------------------


def shifted(dice: np.random.Generator, days: int, by: int) -> tuple[Series, Series]:
    """Draw two figures of which the second does what the first did so many days before."""
    common = np.exp(dice.normal(0, 0.15, days + by))
    first = dice.poisson(2_000 * common[by:])
    second = dice.poisson(900 * common[:days])
    return series(first, "add_to_cart"), series(second, "orders")


@pytest.mark.parametrize("by", [0, 3, 10])
def test_a_figure_that_follows_another_is_found_with_its_days(by: int) -> None:
    """The second repeats the first's day of `by` days before: it moves so many days after."""
    pair = shifted(np.random.default_rng(by), 200, by)

    (found,) = lead_and_lag(pair, (), last=199)

    assert (found.name, found.other, found.days) == ("add_to_cart", "orders", by)
    assert found.correlation > 0.6 > found.needed


def test_who_moves_after_the_other_has_days_below_zero() -> None:
    first, second = shifted(np.random.default_rng(8), 200, 5)
    after = [
        Series("add_to_cart", "count", 0, second.points),
        Series("orders", "count", 0, first.points),
    ]

    assert [one.days for one in lead_and_lag(after, (), last=199)] == [-5]


def test_figures_that_have_nothing_to_do_with_each_other_seldom_look_as_if() -> None:
    dice = np.random.default_rng(12)
    found = 0
    for _ in range(60):
        moves = {
            name: week_over_week(series(ordinary(dice, 1_000, 200)), (), last=199)
            for name in ("x", "y")
        }
        found += strongest("x", "y", moves) is not None

    assert found <= 3  # one in a hundred is what is promised


def test_a_short_past_tells_nothing_of_what_leads() -> None:
    assert lead_and_lag(shifted(np.random.default_rng(1), 90, 3), (), last=89) == []


def test_a_correlation_is_that_of_the_textbook() -> None:
    x, y = {1: 1.0, 2: 2.0, 3: 4.0}, {3: 1.0, 4: 3.0, 5: 2.0}

    r, n = correlation(x, y, 2)

    assert n == 3
    assert r == pytest.approx(np.corrcoef([1, 2, 4], [1, 3, 2])[0, 1])
    assert correlation(x, y, LAGS[0]) == (0.0, 0)


def test_the_words_say_that_figures_move_and_not_that_one_causes_the_other() -> None:
    pair = shifted(np.random.default_rng(3), 200, 3)
    board = Scoreboard("2026-05-11", tuple(measures(pair, (), last=199)), tuple(lead_and_lag(pair, (), last=199)))  # fmt: skip

    dutch, english = "\n".join(lines(board, "nl")), "\n".join(lines(board, "en"))

    assert "Put into the basket tends to move 3 days before Orders" in english
    assert "no proof" in english
    assert "In het mandje gelegd beweegt meestal 3 dagen vóór Bestellingen" in dutch
    assert "cannot be said yet" in english  # last year
    assert list(lines(Scoreboard("2026-05-11", (), ()), "en")) == ["There is nothing to show yet."]


# ---- days that the shop marks ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("year", "easter"), [(2024, (3, 31)), (2025, (4, 20)), (2026, (4, 5)), (2038, (4, 25))]
)
def test_easter(year: int, easter: tuple[int, int]) -> None:
    assert easter_sunday(year) == date(year, *easter)


def test_the_holidays_of_the_netherlands() -> None:
    days = dutch_holidays(2025)

    assert days["2025-04-26"] == "Koningsdag"  # the 27th is a Sunday
    assert dutch_holidays(2026)["2026-04-27"] == "Koningsdag"
    assert days["2025-05-29"] == "Hemelvaartsdag"
    assert days["2025-06-09"] == "Tweede pinksterdag"


def test_a_share_is_added_up_before_it_is_divided() -> None:
    points = {d: Point(1, 10, 1) if d % 2 else Point(90, 100, 90) for d in range(100)}
    (found,) = measures([Series("coverage", "share", 0, points)], (), last=99)

    assert found.value == pytest.approx((3 * 90 + 4 * 1) / (3 * 100 + 4 * 10))
