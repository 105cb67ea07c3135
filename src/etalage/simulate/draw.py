"""Random numbers that do not depend on the order in which they are asked for.

In:   a seed, and what the number is for: a person, a day, a purpose.
Out:  a number of the wanted distribution; the same question always gets the same answer.
Idea: a keyed hash of the question, not a stream. So a world can be run twice, with and without a message, and
      everything that the message did not touch is equal to the last bit: their difference is the effect itself.
From: methods 9 ("paired worlds"); Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (2011).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from math import exp, log
from statistics import NormalDist

_BITS = 53  # of a float's mantissa
_STEPS = float(1 << _BITS)
_STANDARD = NormalDist()


def uniform(seed: int, person: int, day: int, purpose: str) -> float:
    """Draw evenly from the open interval (0, 1)."""
    question = f"{person}:{day}:{purpose}".encode()
    key = seed.to_bytes(8, "big", signed=True)
    hashed = int.from_bytes(blake2b(question, digest_size=8, key=key).digest(), "big")
    return ((hashed >> (64 - _BITS)) + 0.5) / _STEPS


def normal(seed: int, person: int, day: int, purpose: str) -> float:
    """Draw from the standard normal distribution."""
    return _STANDARD.inv_cdf(uniform(seed, person, day, purpose))


def exponential(seed: int, person: int, day: int, purpose: str) -> float:
    """Draw from the exponential distribution with mean 1."""
    return -log(uniform(seed, person, day, purpose))


def lognormal(seed: int, person: int, day: int, purpose: str, *, mu: float, sigma: float) -> float:
    """Draw a number whose logarithm has mean `mu` and standard deviation `sigma`."""
    return exp(mu + sigma * normal(seed, person, day, purpose))


def one_of(seed: int, person: int, day: int, purpose: str, weights: Sequence[float]) -> int:
    """Draw a place in a list, in proportion to the weights."""
    left = uniform(seed, person, day, purpose) * sum(weights)
    for place, weight in enumerate(weights):
        left -= weight
        if left < 0:
            return place
    return len(weights) - 1
