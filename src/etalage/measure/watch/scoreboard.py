"""Step 7 of 8, measure: what leads and what lags, week against week.

In:   the shop's series, the days it marked, the last finished day.
Out:  per measure the last seven days, beside the four weeks before and the same week a year ago, with intervals.
Idea: how much a week moves by itself is taken from the shop's own past weeks, never less than chance alone gives.
      An interval that holds 0 says that this week is like any other.
From: methods 8.
"""

from __future__ import annotations

from collections.abc import Collection
from math import expm1, log, sqrt
from statistics import NormalDist, stdev
from typing import Literal

from msgspec import Struct

from etalage.measure.watch.anomaly import WEEK
from etalage.measure.watch.daily import REVENUE, Point, Series

Side = Literal["lead", "lag"]

LEAD = ("coverage", "click_share", "identified_share", "consent_share", "add_to_cart")
LAG = ("orders", REVENUE, "repeat")
YEAR = 364  # days: the same weekday a year ago
WEEKS_BEFORE = 4
LEAST_WEEKS, MOST_WEEKS = 8, 52  # past weeks that tell how much a week moves by itself
LEVEL = 0.95


class Change(Struct, frozen=True):
    """A relative change, 0.10 = 10% more, with its 95% interval."""

    change: float
    low: float
    high: float


class Measure(Struct, frozen=True, rename="camel"):
    """One line of the scoreboard; a comparison is None as long as there is too little to compare with."""

    name: str
    side: Side
    value: float  # of the last seven days: a count, minor units, or a share
    four_weeks: Change | None
    last_year: Change | None


def measures(series: Collection[Series], marked: Collection[int], *, last: int) -> list[Measure]:
    """Give the scoreboard of the seven days up to the last finished one."""
    found = []
    for side, names in (("lead", LEAD), ("lag", LAG)):
        for name in names:
            mine = [one for one in series if one.name.split(":")[0] == name]
            found += [_measure(one, _side(side), marked, last) for one in mine]
    return found


def _side(text: str) -> Side:
    return "lead" if text == "lead" else "lag"


def _measure(series: Series, side: Side, marked: Collection[int], last: int) -> Measure:
    now = series.over(_week(last))
    value = (now.amount / now.whole if now.whole else 0.0) if series.kind == "share" else now.actual
    moves = _own_moves(series, marked, last)
    return Measure(
        name=series.name,
        side=side,
        value=value,
        four_weeks=_against_four(series, moves, last),
        last_year=_against_last_year(series, moves, last),
    )


def _week(last: int) -> range:
    return range(last - WEEK + 1, last + 1)


def _level(series: Series, point: Point, weeks: int = 1) -> float | None:
    """Give the level of the mean week."""
    if series.kind == "share":
        return series.level(point)
    return log(point.amount / weeks + 0.5)


def _move(series: Series, last: int) -> float | None:
    """Give by how much a week's level differs from that of the mean of the four before."""
    before = range(last - (WEEKS_BEFORE + 1) * WEEK + 1, last - WEEK + 1)
    if before[0] < series.first:
        return None
    now = _level(series, series.over(_week(last)))
    then = _level(series, series.over(before), WEEKS_BEFORE)
    return None if now is None or then is None else now - then


def _own_moves(series: Series, marked: Collection[int], last: int) -> list[float]:
    """Give how past weeks differed from the four before them, those with a marked day left out."""
    ends = range(last - WEEK, last - (MOST_WEEKS + 1) * WEEK, -WEEK)
    quiet = [end for end in ends if not any(day in marked for day in _week(end))]
    return [move for end in quiet if (move := _move(series, end)) is not None]


def _against_four(series: Series, moves: list[float], last: int) -> Change | None:
    move = _move(series, last)
    if move is None or len(moves) < LEAST_WEEKS:
        return None
    error = max(stdev(moves), _floor(series, last) * sqrt(1 + 1 / WEEKS_BEFORE))
    return _change(move, error, len(moves))


def _against_last_year(series: Series, moves: list[float], last: int) -> Change | None:
    """Compare with the same week a year ago: both weeks move by themselves, each as much as any."""
    then = _week(last - YEAR)
    if then[0] < series.first or len(moves) < LEAST_WEEKS:
        return None
    now, before = _level(series, series.over(_week(last))), _level(series, series.over(then))
    if now is None or before is None:
        return None
    of_a_week = stdev(moves) / sqrt(1 + 1 / WEEKS_BEFORE)
    error = sqrt(2) * max(of_a_week, _floor(series, last))
    return _change(now - before, error, len(moves))


def _floor(series: Series, last: int) -> float:
    """Give the least error of a week's level; the larger of this week's and the one before."""
    errors = []
    for end in (last, last - WEEK):
        point = series.over(_week(end))
        level = series.level(point)
        if level is not None:
            mean = point.amount / point.whole if series.kind == "share" else point.amount
            errors.append(series.floor(mean, point, series.evidence(point)))
    return max(errors, default=0.0)


def _change(move: float, error: float, weeks: int) -> Change:
    half = student(LEVEL, weeks - 1) * error
    return Change(expm1(move), expm1(move - half), expm1(move + half))


def student(level: float, freedom: int) -> float:
    """Give the two-sided quantile of Student's t, by its expansion around the normal one (to .5% from 7 on)."""
    z = NormalDist().inv_cdf(0.5 + level / 2)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / freedom + second / freedom**2
