"""Step 7 of 8, measure: how likely a running figure crosses its boundaries, look by look.

In:   at each look the information so far (N / N_max), and how far away the boundaries are, in standard errors.
Out:  the probability of crossing up or down there for the first time, and what is still between the boundaries.
Idea: the running sum S = z sqrt(t) is a random walk with normal steps. Its density between the boundaries is carried
      from look to look as a list of points with masses (Gauss-Legendre), so any plan of looks, with or without a
      true effect, takes a few small matrix products; nothing is simulated.
From: Armitage, McPherson & Rowe, Repeated significance tests on accumulating data (1969); methods 3.4.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, inf, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CAP = 8.0  # standard errors; nothing lies beyond
SMALLEST_STEP = 1e-5  # of information; less than that is the same look again
_NODES_PER_STEP = 3.0  # points per standard deviation of a step: ten digits of a boundary
_PANEL = 32  # points of one panel; a stretch is divided into panels
_LEAST_PANELS, _MOST_PANELS = 2, 48


class Walk(NamedTuple):
    """Where a walk stands that has crossed nothing: points, their masses, and the information so far."""

    points: Floats
    masses: Floats
    time: float = 0.0
    step: float = inf  # the last one


def start() -> Walk:
    """Begin at 0, with certainty."""
    return Walk(np.zeros(1), np.ones(1))


def above(walk: Walk, time: float, bound: float, drift: float = 0.0) -> float:
    """Give the probability of being above `bound` (of S) at a later look, not having crossed before."""
    step = max(time - walk.time, SMALLEST_STEP)
    away = (walk.points + drift * step - bound) / sqrt(step)
    return float(_normal_cdf(away) @ walk.masses)


def below(walk: Walk, time: float, bound: float, drift: float = 0.0) -> float:
    """Give the probability of being below `bound` at a later look, not having crossed before."""
    step = max(time - walk.time, SMALLEST_STEP)
    away = (bound - walk.points - drift * step) / sqrt(step)
    return float(_normal_cdf(away) @ walk.masses)


def onward(
    walk: Walk, time: float, low: float, high: float, *, next_step: float, drift: float = 0.0
) -> Walk:
    """Go on to a look: what is between `low` and `high` there. `next_step` is how fine the points must be."""
    step = max(time - walk.time, SMALLEST_STEP)
    reach = CAP * sqrt(time)
    low, high = max(low, drift * time - reach), min(high, drift * time + reach)
    if low >= high:
        return Walk(np.zeros(1), np.zeros(1), max(time, walk.time), step)
    finest = sqrt(min(step, max(next_step, SMALLEST_STEP)))
    at, weights = _legendre(ceil(_NODES_PER_STEP * (high - low) / finest / _PANEL))
    points = (high + low) / 2 + (high - low) / 2 * at
    away = (points[:, None] - walk.points[None, :] - drift * step) / sqrt(step)
    density = np.exp(-0.5 * away * away) @ walk.masses / sqrt(2 * np.pi * step)
    masses = weights * (high - low) / 2 * density
    return Walk(points, masses, walk.time + step, step)


@lru_cache(maxsize=64)
def _legendre(panels: int) -> tuple[Floats, Floats]:
    """Give points and weights between -1 and 1."""
    panels = min(max(panels, _LEAST_PANELS), _MOST_PANELS)
    points, weights = np.polynomial.legendre.leggauss(_PANEL)
    middles = (2 * np.arange(panels) + 1) / panels - 1
    return (middles[:, None] + points[None, :] / panels).ravel(), np.tile(weights / panels, panels)


def _normal_cdf(values: Floats) -> Any:
    from scipy.special import ndtr

    return ndtr(values)
