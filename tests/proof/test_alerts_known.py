"""Alerts in a thousand ordinary years: how often they are wrong, and how often a real drop is found (methods 8)."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from figures import tell, times

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))
from kpi_worlds import begun, dropped, ordinary, watches, year_of

from etalage.measure.watch.anomaly import ALERT, WATCH, WINDOW

YEARS, DROPS = times(10, 200), times(150, 3_000)

# By level a day: what methods 8 says a drop of 30% on one day, and of 20% on three, are found in.
FOUND = {200: (0.43, 0.47), 2_000: (0.68, 0.74)}
WITHIN = (
    0.08  # the worlds behind those figures are not written down; ours has one spread for all levels
)


@pytest.mark.slow
@pytest.mark.parametrize("level", sorted(FOUND))
def test_false_alerts_are_few_and_drops_are_found_as_often_as_is_said(level: int) -> None:
    dice = np.random.default_rng([2026, level])
    years = [year_of(ordinary(dice, level)) for _ in range(YEARS)]
    alerts = sum(begun([abs(one.z) >= ALERT for one in year]) for year in years) / YEARS
    watched = sum(begun(watches(year)) for year in years) / YEARS
    one_day = np.mean([
        next(dropped(dice, ordinary(dice, level, WINDOW + 1), 0.3, 1)).z <= -ALERT
        for _ in range(DROPS)
    ])  # fmt: skip
    three_days = np.mean([
        np.mean([one.z for one in dropped(dice, ordinary(dice, level, WINDOW + 3), 0.2, 3)]) < -WATCH
        for _ in range(DROPS)
    ])  # fmt: skip

    tell(
        f"Alerts at {level:,} a day: rarely wrong, and honest about what they miss",
        "<= 3 false alerts and .7-2.8 false watches per figure a year; -30% and -20% found as methods 8 says",
        years=YEARS,
        false_alerts_a_year=round(alerts, 2),
        false_watches_a_year=round(watched, 2),
        one_day_less_30=round(float(one_day), 3),
        three_days_less_20=round(float(three_days), 3),
    )
    noise = 3 / np.sqrt(YEARS)  # three standard errors of a count of one or two a year, roughly
    assert alerts <= 3 + noise
    assert 0.7 - noise <= watched <= 2.8 + noise
    of_one, of_three = FOUND[level]
    error = 3 * 0.5 / np.sqrt(DROPS)
    assert one_day == pytest.approx(of_one, abs=WITHIN + error)
    assert three_days == pytest.approx(of_three, abs=WITHIN + error)


@pytest.mark.slow
def test_small_figures_by_the_week_are_rarely_wrong() -> None:
    dice = np.random.default_rng(2026)
    rates = {}
    for level in (0.3, 2, 10, 30):
        years = [year_of(ordinary(dice, level)) for _ in range(YEARS)]
        rates[level] = sum(abs(one.z) >= ALERT for year in years for one in year) / YEARS
        assert {one.days for year in years for one in year} == {7}

    tell(
        "Alerts below 50 a day: whole weeks, rarely wrong",
        "<= 3 false alerts per figure a year",
        years=YEARS,
        **{f"at_{level}_a_day": round(rate, 2) for level, rate in rates.items()},
    )
    assert max(rates.values()) <= 3
