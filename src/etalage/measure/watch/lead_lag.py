"""Step 7 of 8, measure: which figures tend to move before others.

In:   two series, the days that the shop marked.
Out:  the lag at which they go together most, if that is more than chance.
Idea: both are compared with the same day a week before, so that weekdays and slow growth cannot make them look
      alike. Such differences resemble their own neighbours of a week, and two that do so go together by chance more
      often than two that do not; the bar is raised by as much (Bartlett). That two figures go together is no proof
      that one moves the other, and the words do not say so.
From: methods 8; Box & Jenkins, Time Series Analysis (cross-correlation, Bartlett's formula).

    x_t = l_t - l_(t-7);   r(k) = cor(x_t, y_(t+k)), k = -28..28;   marked where |r| > z sqrt(sum_j rx(j) ry(j) / n)
    z = 2.58 for one lag; with Bonferroni over 57 lags 3.76
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import sqrt
from statistics import NormalDist, fmean, median

from msgspec import Struct

from etalage.measure.watch.anomaly import WEEK, mad
from etalage.measure.watch.daily import Series
from etalage.measure.watch.scoreboard import LAG, LEAD

MOST_DAYS = 28
LAGS = range(-MOST_DAYS, MOST_DAYS + 1)
ERROR_RATE = 0.01  # over all lags of a pair together; 2.58 at one
LEAST_DAYS = 84  # that both have, at every lag
CUT = 4.0  # robust deviations; what is further out counts as that


class LeadLag(Struct, frozen=True, rename="camel"):
    """`name` tends to move so many days before `other`; negative: after it."""

    name: str
    other: str
    days: int
    correlation: float
    needed: float  # above this it is more than chance
    n: int  # days


def lead_and_lag(
    series: Collection[Series], marked: Collection[int], *, last: int
) -> list[LeadLag]:
    """Find the pairs of a lead and a lag measure that go together, strongest first."""
    moves = {one.name: week_over_week(one, marked, last=last) for one in series}
    leads = [name for name in moves if name.split(":")[0] in LEAD]
    lags = [name for name in moves if name.split(":")[0] in LAG]
    found = [strongest(one, other, moves) for one in leads for other in lags]
    return sorted((one for one in found if one), key=lambda one: -abs(one.correlation))


def week_over_week(series: Series, marked: Collection[int], *, last: int) -> dict[int, float]:
    """Give the differences of logarithms with a week before, extremes cut off; marked days are in none."""
    levels = {
        day: level
        for day in range(series.first, last + 1)
        if day not in marked and (level := series.level(series.at(day))) is not None
    }
    moves = {
        day: level - levels[day - WEEK] for day, level in levels.items() if day - WEEK in levels
    }
    if not moves:
        return {}
    middle, far = median(moves.values()), CUT * mad(list(moves.values()))
    return {day: min(max(move, middle - far), middle + far) for day, move in moves.items()}


def strongest(one: str, other: str, moves: Mapping[str, Mapping[int, float]]) -> LeadLag | None:
    """Give the lag at which two go together most; None where that is no more than chance."""
    x, y = moves[one], moves[other]
    inflation = _inflation(x, y)
    z = NormalDist().inv_cdf(1 - ERROR_RATE / len(LAGS) / 2)
    best = None
    for lag in LAGS:
        r, n = correlation(x, y, lag)
        needed = z * sqrt(inflation / n) if n >= LEAST_DAYS else 1.0
        if abs(r) > needed and (best is None or abs(r) > abs(best.correlation)):
            best = LeadLag(one, other, lag, round(r, 4), round(needed, 4), n)
    return best


def correlation(x: Mapping[int, float], y: Mapping[int, float], lag: int) -> tuple[float, int]:
    """Give cor(x_t, y_(t+lag)) and over how many days."""
    days = [day for day in x if day + lag in y]
    if len(days) < 2:  # noqa: PLR2004  two points are the least that a line goes through
        return 0.0, len(days)
    first, second = [x[day] for day in days], [y[day + lag] for day in days]
    mean, other_mean = fmean(first), fmean(second)
    first, second = [a - mean for a in first], [b - other_mean for b in second]
    scale = sqrt(sum(a * a for a in first) * sum(b * b for b in second))
    both = sum(a * b for a, b in zip(first, second, strict=True))
    return (both / scale if scale else 0.0), len(days)


def _inflation(x: Mapping[int, float], y: Mapping[int, float]) -> float:
    """Give by how much the variance of r is larger than 1/n, as both resemble their own neighbours; at least 1."""
    total = 1.0
    for lag in range(1, MOST_DAYS + 1):
        weight = 1 - lag / (MOST_DAYS + 1)
        total += 2 * weight * correlation(x, x, lag)[0] * correlation(y, y, lag)[0]
    return max(1.0, total)
