"""Step 7 of 8, measure: whether a figure of a day is out of the ordinary.

In:   a series, a finished day, the days that the shop marked.
Out:  what was expected, how far off it is (z), and from that: an alert, a watch, or nothing.
Idea: an ordinary day is the median of the same weekdays of eight weeks, moved by where the last four weeks stand.
      How far off is counted in the spread that this shop really has, never less than chance alone gives. So a
      small shop, a Sunday and a busy season raise no alarm, and one odd day does not move what is expected.
From: methods 8.

    l = ln(y + .5);  f_d = median of l on weekday d over 56 days;  e = l - f_d;  centre = median of the last 28 e
    MAD = 1.4826 median |e - median e|;  z = (l_t - f_d - centre) / max(1.15 MAD, 1/sqrt(expected y))
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import erfc, exp, sqrt
from statistics import fmean, median

from msgspec import Struct

from etalage.measure.watch.daily import Point, Series

WINDOW = 56  # days on which expectation and spread stand
CENTRE = 28  # of these, the days that say where it stands now
LEAST = 42  # of these, days that must be there: six of each weekday
WIDER = 1.15
ALERT = 3.5
WATCH, WATCH_DAYS = 2.0, 3
LEAST_A_DAY = 50.0  # expected events; below it whole weeks are judged
WEEK = 7
LEAST_WEEKS = 6
_MONDAY = 4  # day 0, 1970-01-01, was a Thursday


class Judged(Struct, frozen=True):
    """One day, or one week that ends on it, beside what was to be expected."""

    day: int
    days: int  # 1 or 7
    z: float
    seen: float  # count, minor units or share
    expected: float

    @property
    def p(self) -> float:
        """Give the chance of being this far off by chance, if z were normal."""
        return erfc(abs(self.z) / sqrt(2))


def judge(series: Series, day: int, marked: Collection[int] = ()) -> Judged | None:
    """Judge a finished day; None where there is too little to judge by, or the shop marked it.

    Where fewer than 50 events are expected a day, the week is judged, on its last day (Sunday).
    """
    history = [d for d in range(day - WINDOW, day) if d >= series.first and d not in marked]
    levels = {d: level for d in history if (level := series.level(series.at(d))) is not None}
    if len(levels) < LEAST:
        return None
    usual = median(series.evidence(series.at(d)) for d in levels)
    if usual < LEAST_A_DAY:
        return _judge_week(series, day, marked)
    point = series.at(day)
    level = series.level(point)
    if day in marked or level is None:
        return None
    return _judged_day(series, day, levels, (point, level))


def _judged_day(
    series: Series, day: int, levels: dict[int, float], found: tuple[Point, float]
) -> Judged:
    point, level = found
    of_weekday: dict[int, list[float]] = {}
    for d, value in levels.items():
        of_weekday.setdefault(d % WEEK, []).append(value)
    everyday = median(levels.values())
    usual = {weekday: median(values) for weekday, values in of_weekday.items()}
    residuals = {d: value - usual[d % WEEK] for d, value in levels.items()}
    centre = median([e for d, e in residuals.items() if d >= day - CENTRE] or [0.0])
    expected = usual.get(day % WEEK, everyday) + centre
    spread = WIDER * mad(list(residuals.values()))
    basis = median(series.evidence(series.at(d)) for d in levels if d % WEEK == day % WEEK)
    error = max(spread, series.floor(exp(expected), point, basis))
    return Judged(day, 1, (level - expected) / error, _value(series, point), exp(expected))


def _judge_week(series: Series, day: int, marked: Collection[int]) -> Judged | None:
    """Judge the week that ends on this Sunday against the eight before it."""
    weeks = [range(end - WEEK + 1, end + 1) for end in range(day - WINDOW, day + 1, WEEK)]
    whole = [
        week for week in weeks if week[0] >= series.first and not any(d in marked for d in week)
    ]
    if (day + 1) % WEEK != _MONDAY or not whole or whole[-1][-1] != day:
        return None
    points = [series.over(week) for week in whole]
    levels = [level for point in points if (level := series.level(point)) is not None]
    now = series.level(points[-1])
    if now is None or len(levels) <= LEAST_WEEKS:
        return None
    before = levels[:-1]
    expected = median(before)
    basis = median(series.evidence(point) for point in points[:-1])
    error = max(WIDER * mad(before), series.floor(exp(expected), points[-1], max(basis, 0.5)))
    return Judged(day, WEEK, (now - expected) / error, _value(series, points[-1]), exp(expected))


def _value(series: Series, point: Point) -> float:
    return point.amount / point.whole if series.kind == "share" else float(point.amount)


def mad(values: Sequence[float]) -> float:
    """Give the median absolute deviation, scaled so that it is the standard deviation where all is normal."""
    middle = median(values)
    return 1.4826 * median(abs(value - middle) for value in values)


def is_watched(judged: Sequence[Judged | None]) -> bool:
    """Tell whether three days in a row are off together: their mean z passes 2."""
    days = [one for one in judged[-WATCH_DAYS:] if one is not None and one.days == 1]
    return len(days) == WATCH_DAYS and abs(fmean(one.z for one in days)) > WATCH


def discoveries(p_values: Sequence[float], rate: float = 0.05) -> list[bool]:
    """Tell which of many are real, such that of those called so at most `rate` are not (Benjamini-Hochberg).

    The k smallest, for the largest k with p_(k) <= rate k / m.
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    passing = [
        rank for rank, i in enumerate(order, start=1) if p_values[i] <= rate * rank / len(p_values)
    ]
    found = set(order[: max(passing, default=0)])
    return [i in found for i in range(len(p_values))]
