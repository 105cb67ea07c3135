"""The draws of `draw` for many persons at once, equal to the last bit.

In:   a seed, persons and days (arrays or one number), a purpose.
Out:  an array with what `draw` gives for each.
Idea: whole numbers are mixed by numpy, which wraps around at 64 bits by itself; logarithms and the like are asked of
      the very functions that `draw` asks, since those of numpy differ in the last bit on some machines.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from etalage.simulate.draw import FIRST, GOLDEN, SECOND, SPARE, STANDARD, STEPS, key

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_Words = NDArray[np.uint64]

_GOLDEN, _FIRST, _SECOND = (np.uint64(word) for word in (GOLDEN, FIRST, SECOND))
_LOG, _EXP = np.frompyfunc(log, 1, 1), np.frompyfunc(exp, 1, 1)
_NORMAL = np.frompyfunc(STANDARD.inv_cdf, 1, 1)


def uniform(seed: int, person: Ints, day: Ints | int, purpose: str) -> Floats:
    """Draw evenly from the open interval (0, 1), for each person."""
    one, other = (np.uint64(word) for word in key(seed, purpose))
    mixed = _mix(one + person.astype(np.uint64) * _GOLDEN) ^ other
    days = np.asarray(day).astype(np.uint64).reshape(-1)
    whole: Floats = (_mix(mixed + days * _GOLDEN) >> np.uint64(SPARE)).astype(np.float64)
    return (whole + 0.5) / STEPS


def exponential(seed: int, person: Ints, day: Ints | int, purpose: str) -> Floats:
    """Draw from the exponential distribution with mean 1."""
    return -_each(_LOG, uniform(seed, person, day, purpose))


def gamma(seed: int, person: Ints, day: Ints | int, purpose: str, *, shape: int) -> Floats:
    """Draw from the Gamma distribution of a whole shape and scale 1."""
    total = np.zeros(len(person))
    for part in range(shape):
        total += exponential(seed, person, day, f"{purpose} {part}")
    return total


def beta(seed: int, person: Ints, day: Ints | int, purpose: str, *, a: int, b: int) -> Floats:
    """Draw from the Beta distribution of whole parameters."""
    one = gamma(seed, person, day, f"{purpose} a", shape=a)
    other = gamma(seed, person, day, f"{purpose} b", shape=b)
    return np.asarray(one / (one + other))


def normal(seed: int, person: Ints, day: Ints | int, purpose: str) -> Floats:
    """Draw from the standard normal distribution."""
    return _each(_NORMAL, uniform(seed, person, day, purpose))


def exps(values: Floats) -> Floats:
    """Give e to the power of each, as `math.exp` does."""
    return _each(_EXP, values)


def one_of(
    seed: int, person: Ints, day: Ints | int, purpose: str, weights: Sequence[float]
) -> Ints:
    """Draw a place in a list for each person, in proportion to the weights."""
    left = uniform(seed, person, day, purpose) * sum(weights)
    found = np.full(len(left), len(weights) - 1)
    open_ = np.ones(len(left), dtype=bool)
    for place, weight in enumerate(weights):
        left -= weight
        here = open_ & (left < 0)
        found[here] = place
        open_ &= ~here
    return found


def _each(asked: np.ufunc, values: Floats) -> Floats:
    return np.asarray(asked(values), dtype=np.float64)


def _mix(word: _Words) -> _Words:
    word = (word ^ (word >> np.uint64(30))) * _FIRST
    word = (word ^ (word >> np.uint64(27))) * _SECOND
    return word ^ (word >> np.uint64(31))
