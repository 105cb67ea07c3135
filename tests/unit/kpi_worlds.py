"""Ordinary years of a shop, in which nothing is wrong: what the rates of methods 8 are measured in.

A day is Poisson around a level with a pattern of weekdays, a season of 10% over the year, and a spread of its own
of 8.7% that chance alone does not explain: with that a drop of 30% on one day is found as often as methods 8 says.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from etalage.measure.watch.anomaly import WINDOW, Judged, is_watched, judge
from etalage.measure.watch.daily import Point, Series

YEAR = 365
SPREAD, SEASON = 0.087, 0.10
WEEKDAYS = np.array([1.0, 0.95, 0.95, 1.0, 1.1, 1.3, 1.2]) / 7.5 * 7

Days = NDArray[np.int64]


def ordinary(dice: np.random.Generator, level: float, days: int = WINDOW + YEAR) -> Days:
    """Draw so many days."""
    at = np.arange(days)
    season = SEASON * np.sin(2 * np.pi * (at / YEAR + dice.random()))
    own = dice.normal(-(SPREAD**2) / 2, SPREAD, days)
    return np.asarray(dice.poisson(level * WEEKDAYS[at % 7] * np.exp(own + season)))


def series(days: Days, name: str = "orders") -> Series:
    """Make a series of counts."""
    points = {day: Point(int(n), 0, int(n), int(n)) for day, n in enumerate(days)}
    return Series(name, "count", 0, points)


def year_of(days: Days) -> list[Judged]:
    """Judge every day after the first eight weeks."""
    whole = series(days)
    return [one for day in range(WINDOW, len(days)) if (one := judge(whole, day)) is not None]


def begun(flags: list[bool]) -> int:
    """Count how often something began that was not so the day before."""
    return sum(flag and not before for before, flag in zip([False, *flags], flags, strict=False))


def watches(judged: list[Judged]) -> list[bool]:
    """Tell of every day whether it is watched."""
    return [is_watched(judged[max(0, i - 2) : i + 1]) for i in range(len(judged))]


def dropped(dice: np.random.Generator, days: Days, share: float, length: int) -> Iterator[Judged]:
    """Judge the last days of a series in which each lost this share of what would have come."""
    lower = days.copy()
    lower[-length:] = dice.binomial(lower[-length:], 1 - share)
    whole = series(lower)
    for day in range(len(lower) - length, len(lower)):
        judged = judge(whole, day)
        assert judged is not None
        yield judged
