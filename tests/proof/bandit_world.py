"""A shop with known rates, in which a bandit divides the visitors night after night (methods 2.1).

Conversions come late, after an exponential delay; a tenth of the visitors is divided evenly, as in production.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etalage.decide.allocate import UNIFORM
from etalage.decide.bandit import (
    Cohort,
    best_rates,
    evidence,
    floor_outside,
    shares_of,
    why_not,
)
from etalage.domain.experience import MILLION

DAYS, VISITORS, DELAY = 28, 3_000, 2.0
Ints = NDArray[np.int64]
Rates = Callable[[int], Sequence[float]]  # of a day, by arm
STEADY: tuple[float, ...] = (0.030, 0.033, 0.036)


class Run(NamedTuple):
    """What one run of a bandit gave."""

    gained: float  # share of the gain that was possible over an even split
    visitors: Ints  # day x arm, outside the even tenth
    conversions: Ints  # idem, in the end
    even_visitors: Ints
    even_conversions: Ints


def steady(_: int) -> Sequence[float]:
    """The best arm stays the best."""
    return STEADY


def swapped(day: int) -> Sequence[float]:
    """The best and the worst arm change places half way."""
    return STEADY if day < DAYS // 2 else STEADY[::-1]


def run(
    seed: int,
    rates: Rates = steady,
    *,
    floor: int = 50_000,
    half_life: float = math.inf,
    delay: float = DELAY,
) -> Run:
    """Play one shop; the bandit is told every night what has been seen so far."""
    rng = np.random.default_rng(seed)
    arms = len(rates(0))
    shares = np.full(arms, 1 / arms)
    seen: list[list[tuple[int, int, NDArray[np.float64]]]] = [[] for _ in range(arms)]
    visits = np.zeros((2, DAYS, arms), dtype=np.int64)
    bought = np.zeros((2, DAYS, arms), dtype=np.int64)
    for day in range(DAYS):
        even = int(rng.binomial(VISITORS, UNIFORM / MILLION))
        visits[0, day] = rng.multinomial(VISITORS - even, shares)
        visits[1, day] = rng.multinomial(even, np.full(arms, 1 / arms))
        bought[:, day] = rng.binomial(visits[:, day], rates(day))
        for arm in range(arms):
            count = int(bought[:, day, arm].sum())
            when = day + rng.random(count) + rng.exponential(DELAY, count)
            seen[arm].append((day, int(visits[:, day, arm].sum()), when))
        cohorts = [_known(told, at=day + 1) for told in seen]
        if why_not(cohorts, days=day + 1) is None:
            known = [evidence(c, delay=delay, half_life=half_life) for c in cohorts]
            told = shares_of(best_rates(known, seed), floor_outside(floor, arms))
            shares = np.array(told) / MILLION
    return Run(_gained(visits.sum(axis=0), rates), visits[0], bought[0], visits[1], bought[1])


def _known(told: Sequence[tuple[int, int, NDArray[np.float64]]], *, at: int) -> list[Cohort]:
    return [Cohort(at - day - 0.5, count, int((when < at).sum())) for day, count, when in told]


def _gained(visits: Ints, rates: Rates) -> float:
    by_day = np.array([rates(day) for day in range(DAYS)])
    even = VISITORS * by_day.mean(axis=1).sum()
    best = VISITORS * by_day.max(axis=1).sum()
    return float(((visits * by_day).sum() - even) / (best - even))
