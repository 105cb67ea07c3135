"""Step 5 of 8, decide: how a bandit divides the people over the arms, from what they did so far.

In:   per arm and day of entry: persons, conversions, revenue; a seed.
Out:  the chance of each arm to be the best, and the share that it gets.
Idea: batch Thompson sampling: an arm gets as much as the chance that it is the best, given what was seen. Between
      two weighings shares stand still, so every draw has exact odds. Three corrections make that right in a shop:
      who came an hour ago has had no time to buy (`matured`), what was best last month need not be now
      (`evidence` forgets), and no arm gets less than a floor, or nobody would notice that it has become better.
From: methods 2.1; Chapelle, Joachims & others: Simple and scalable response prediction (2014); Russo & others:
      A tutorial on Thompson sampling (2018).

Everything is a function of its arguments: the generator counts (Philox) and is seeded by what is divided.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etalage.decide.allocate import UNIFORM
from etalage.domain.experience import MILLION

DRAWS = 10_000
LEAST_VISITORS = 100  # of each arm ...
LEAST_DAYS = 2.0  # ... and so long, before anything is weighed
LEAST_ODDS = (
    MILLION // 100
)  # of any arm in any policy, or a single person would count for more than a hundred
Floats = NDArray[np.float64]


class Cohort(NamedTuple):
    """What the persons who entered an arm on one day did so far."""

    age: float  # days since they entered, on average
    visitors: int
    conversions: int
    revenue: float = 0.0  # capped per person
    squares: float = 0.0  # of the revenue per person


class Evidence(NamedTuple):
    """What an arm has shown, in visitors whose answer is in and who still count."""

    visitors: float
    conversions: float
    revenue: float = 0.0
    squares: float = 0.0


def matured(age: float, delay: float, window: float = math.inf) -> float:
    """Give the part of the conversions that has come after so many days: F(age) = 1 - exp(-age / delay).

    After the window nothing comes any more, and before the entry (a clock went back) nothing has come.
    """
    if age >= window or delay <= 0:
        return 1.0
    return -math.expm1(-max(age, 0.0) / delay)


def evidence(
    cohorts: Iterable[Cohort],
    *,
    delay: float,
    half_life: float = math.inf,
    window: float = math.inf,
) -> Evidence:
    """Add the days up: visitors by how far their answers are in, everything by how long ago it was.

    Args:
        cohorts: of one arm.
        delay: mean time from entry to conversion, in days; 0 if conversions come at once.
        half_life: days after which a visitor counts for half.
        window: days after which a conversion does not count for the goal.
    """
    visitors = conversions = revenue = squares = 0.0
    for cohort in cohorts:
        kept = 2.0 ** (-max(cohort.age, 0.0) / half_life)
        visitors += kept * cohort.visitors * matured(cohort.age, delay, window)
        conversions += kept * cohort.conversions
        revenue += kept * cohort.revenue
        squares += kept * cohort.squares
    # Luck may run ahead of F: there are never more conversions than visitors who could have made them.
    return Evidence(max(visitors, conversions), conversions, revenue, squares)


def why_not(arms: Sequence[Sequence[Cohort]], days: float) -> str | None:
    """Say why it is too early to weigh; None if it is not."""
    fewest = min((sum(cohort.visitors for cohort in arm) for arm in arms), default=0)
    if days < LEAST_DAYS:
        return "too_few_days"
    return "too_few_visitors" if fewest < LEAST_VISITORS else None


def best_rates(arms: Sequence[Evidence], seed: int) -> list[float]:
    """Give the chance of each arm to convert best: theta_a ~ Beta(1 + x_a, 1 + n_a - x_a)."""
    return _best(
        generator(seed).beta(
            [1.0 + arm.conversions for arm in arms],
            [1.0 + max(arm.visitors - arm.conversions, 0.0) for arm in arms],
            size=(DRAWS, len(arms)),
        )
    )


def best_means(arms: Sequence[Evidence], seed: int) -> list[float]:
    """Give the chance of each arm to bring most revenue a visitor: theta_a ~ N(mean_a, var_a / n_a).

    An arm whose answers are not in at all is as good as any other: it stands where all together stand, as wide
    as a single visitor.
    """
    whole = [sum(arm[i] for arm in arms) for i in range(4)]
    pooled = _normal(Evidence(*whole), (0.0, 0.0))
    wide = (pooled[0], pooled[1] * math.sqrt(max(whole[0], 1.0)))
    told = [_normal(arm, wide) for arm in arms]
    means, errors = [mean for mean, _ in told], [error for _, error in told]
    return _best(generator(seed).normal(means, errors, size=(DRAWS, len(arms))))


def _normal(arm: Evidence, otherwise: tuple[float, float]) -> tuple[float, float]:
    """Give mean and standard error of the revenue per visitor."""
    if arm.visitors < 1.0:
        return otherwise
    mean = arm.revenue / arm.visitors
    variance = max(arm.squares / arm.visitors - mean * mean, 0.0)
    return mean, math.sqrt(variance / arm.visitors)


def _best(draws: Floats) -> list[float]:
    """Give how often each column is the largest; equal ones share."""
    first = draws == draws.max(axis=1, keepdims=True)
    shares = (first / first.sum(axis=1, keepdims=True)).mean(axis=0)
    return [round(float(share), 6) for share in shares]


def shares_of(best: Sequence[float], floor: int) -> tuple[int, ...]:
    """Turn chances into shares in millionths that add up to one: p_a = f + (1 - K f) w_a.

    >>> shares_of([0.0225, 0.7675, 0.21], 50_000)
    (69125, 702375, 228500)
    """
    rest, total = MILLION - floor * len(best), sum(best)
    ends = [0]
    running = 0.0
    for number, chance in enumerate(best, start=1):
        running += chance / total
        ends.append(floor * number + round(rest * running))
    return tuple(end - start for start, end in pairwise(ends))


def floor_outside(floor: int, arms: int) -> int:
    """Give the floor outside the even part, so that with the even part an arm gets p_a = f + (1 - K f) w_a of all.

    >>> floor_outside(50_000, 4)
    27777
    """
    rest = floor - UNIFORM // arms
    return max(rest * MILLION // (MILLION - UNIFORM), LEAST_ODDS)


def seed_of(*said: str) -> int:
    """Give the seed of what is divided: the same facts give the same shares on every machine."""
    return int.from_bytes(sha256(":".join(said).encode()).digest()[:8])


def generator(seed: int) -> np.random.Generator:
    """Give a generator that counts."""
    return np.random.Generator(np.random.Philox(key=seed))
