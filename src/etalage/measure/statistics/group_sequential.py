"""Step 7 of 8, measure: boundaries of a test with a planned end, looked at every week.

In:   the looks so far: the information at each (N / N_max), how much of alpha may be spent by then, and how far the
      daily watch for harm reaches.
Out:  per look how many standard errors away benefit and harm are proven.
Idea: alpha is a budget. A little is spent at every weekly look, most of it at the end, so that the end is decided
      almost as if nobody had looked before (2.01 standard errors after four weeks instead of 1.96). Benefit may use
      half of it. The other half is for harm, which is watched for every day: what the watch uses up, the weekly
      boundary for harm gives back. So both sides together never err in more than alpha of all tests.
From: Lan & DeMets, Discrete sequential boundaries for clinical trials (1983); methods 3.4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import e, inf, log, sqrt
from statistics import NormalDist
from typing import NamedTuple

from etalage.measure.statistics.walk import CAP, SMALLEST_STEP, Walk, above, below, onward, start

BETWEEN = 5.0  # standard errors; what is shown of benefit between weekly looks costs nothing (3 in ten million)
_AT_ONCE = 100  # looks
_HALVINGS = 34  # of the range of a boundary: to nine digits
_NORMAL = NormalDist()

Spending = Callable[[float, float], float]  # (fraction, alpha) -> alpha spent by then


class Asked(NamedTuple):
    """What is asked at one look.

    `time` is N / N_max. `spent` is the part of the budget (0 to 1) that may be used up by then; None between the
    weekly looks. `watch` is the multiple of the always-valid interval, at which harm is called on any day.
    """

    time: float
    spent: float | None
    watch: float = inf


class Bounds(NamedTuple):
    """How many standard errors above and below 0 something is proven."""

    benefit: float
    harm: float


class _Used(NamedTuple):
    """A walk on its way to a look, and what was used up of either half when the look is over."""

    walk: Walk
    benefit: float = 0.0
    harm: float = 0.0
    bounds: tuple[Bounds, ...] = ()  # of all looks so far


def cautious(fraction: float, alpha: float) -> float:
    """Spend little early: a(t) = 4 (1 - Phi(z_{1 - alpha/4} / sqrt t)), as O'Brien and Fleming do.

    >>> round(cautious(0.5, 0.05), 6), round(cautious(0.75, 0.05), 6), round(cautious(1, 0.05), 6)
    (0.003051, 0.019299, 0.05)
    """
    if fraction <= 0:
        return 0.0
    z = _NORMAL.inv_cdf(1 - alpha / 4)
    return 4 * _NORMAL.cdf(-z / sqrt(min(fraction, 1.0)))


def even(fraction: float, alpha: float) -> float:
    """Spend about the same at each look: a(t) = alpha log(1 + (e - 1) t), as Pocock does."""
    return alpha * log(1 + (e - 1) * min(max(fraction, 0.0), 1.0))


def boundaries(
    looks: Sequence[Asked], alpha: float = 0.05, spending: Spending = cautious
) -> list[Bounds]:
    """Give the boundaries of all looks, in order of time; those of earlier ones do not depend on later ones.

    A last look with `spent` 1 spends all that is left, wherever the sample ended: below N_max or above it.
    """
    asked = tuple(looks)
    for number in range(
        _AT_ONCE, len(asked), _AT_ONCE
    ):  # a year of looks at once would be too deep
        _used(asked[:number], alpha, spending)
    return list(_used(asked, alpha, spending).bounds)


def p_at(looks: Sequence[Asked], z: float, alpha: float = 0.05) -> float:
    """Give the p-value of a result of `z` standard errors at the last of these looks; below alpha if it is crossed.

    Twice the probability, without an effect, to have crossed on that side before, or to be as far now (stagewise
    ordering). It is for the look at which the test ends, not for watching.
    """
    asked = tuple(looks)
    before, walk = _used(asked[:-1], alpha, cautious), _used(asked, alpha, cautious).walk
    time = max(asked[-1].time, walk.time + SMALLEST_STEP)
    far = z * sqrt(time)
    if z >= 0:
        return min(1.0, 2 * (before.benefit + above(walk, time, far)))
    return min(1.0, 2 * (before.harm + below(walk, time, far)))


def equally_spaced(number: int, alpha: float = 0.05, spending: Spending = cautious) -> list[float]:
    """Give the boundaries of so many looks, equal for both sides.

    >>> [round(bound, 4) for bound in equally_spaced(4)]
    [4.3326, 2.9631, 2.359, 2.0141]
    """
    times = [k / number for k in range(1, number + 1)]
    return [b.benefit for b in boundaries([Asked(t, t) for t in times], alpha, spending)]


@lru_cache(maxsize=2_048)
def _used(looks: tuple[Asked, ...], alpha: float, spending: Spending) -> _Used:
    """Work out the last of these looks; the earlier ones are remembered, so a new day costs one step."""
    if not looks:
        return _Used(start())
    before, now = _used(looks[:-1], alpha, spending), looks[-1]
    walk = _past(before, looks[-2].time, now.time) if len(looks) > 1 else before.walk
    # Information cannot shrink; where it stands still, the same look is asked again.
    time = max(now.time, walk.time + SMALLEST_STEP)
    root = sqrt(time)

    def up(bound: float) -> float:
        return above(walk, time, bound * root)

    def down(bound: float) -> float:
        return below(walk, time, -bound * root)

    if now.spent is None:
        bounds = Bounds(BETWEEN, min(CAP, now.watch))
    else:
        half = spending(now.spent, alpha) / 2
        bounds = Bounds(
            _where(up, half - before.benefit, CAP),
            _where(down, half - before.harm, min(CAP, now.watch)),
        )
    return _Used(
        walk,
        before.benefit + up(bounds.benefit),
        before.harm + down(bounds.harm),
        (*before.bounds, bounds),
    )


def _past(before: _Used, time: float, following: float) -> Walk:
    root = sqrt(max(time, before.walk.time + SMALLEST_STEP))
    return onward(
        before.walk,
        root * root,
        -before.bounds[-1].harm * root,
        before.bounds[-1].benefit * root,
        next_step=following - time,
    )


def _where(crossed: Callable[[float], float], budget: float, widest: float) -> float:
    """Give the boundary whose crossing uses up the budget, by halving; the widest where that is too much already."""
    if budget <= crossed(widest):
        return widest
    near, far = 0.0, widest
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        near, far = (middle, far) if crossed(middle) > budget else (near, middle)
    return far
