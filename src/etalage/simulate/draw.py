"""Random numbers that do not depend on the order in which they are asked for.

In:   a seed, and what the number is for: a person, a day, a purpose.
Out:  a number of the wanted distribution; the same question always gets the same answer.
Idea: a counter-based generator: person and day are the counter, a hash of seed and purpose is the key; no stream, no
      state. So a world can be run twice, with and without a message, and everything that the message did not touch
      is equal to the last bit: their difference is the effect itself. `draws` asks for many persons at once and
      gets the same bits.
From: methods 9 ("paired worlds"); Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (2011); the mixing is
      that of Steele, Lea & Flood, Fast splittable pseudorandom number generators (2014), section 5.

    a, b = hash(seed, purpose);  mix((mix(a + person G) xor b) + day G)      G odd: no two persons, no two days collide
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from math import exp, log
from statistics import NormalDist

GOLDEN = 0x9E3779B97F4A7C15
FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
WHOLE = (1 << 64) - 1
SPARE = 64 - 53  # bits that a float has no room for
STEPS = float(1 << 53)
_KEYS = 4_096  # remembered: the purposes of a few worlds
STANDARD = NormalDist()


@lru_cache(maxsize=_KEYS)
def key(seed: int, purpose: str) -> tuple[int, int]:
    """Give the two words that all draws of a purpose hang on."""
    secret = seed.to_bytes(8, "big", signed=True)
    hashed = blake2b(purpose.encode(), digest_size=16, key=secret).digest()
    return int.from_bytes(hashed[:8], "big"), int.from_bytes(hashed[8:], "big")


def mix(word: int) -> int:
    """Spread a change of one bit over all 64 (SplitMix64's last step)."""
    word = ((word ^ (word >> 30)) * FIRST) & WHOLE
    word = ((word ^ (word >> 27)) * SECOND) & WHOLE
    return word ^ (word >> 31)


def uniform(seed: int, person: int, day: int, purpose: str) -> float:
    """Draw evenly from the open interval (0, 1)."""
    one, other = key(seed, purpose)
    mixed = mix((one + person * GOLDEN) & WHOLE) ^ other
    return ((mix((mixed + day * GOLDEN) & WHOLE) >> SPARE) + 0.5) / STEPS


def normal(seed: int, person: int, day: int, purpose: str) -> float:
    """Draw from the standard normal distribution."""
    return STANDARD.inv_cdf(uniform(seed, person, day, purpose))


def exponential(seed: int, person: int, day: int, purpose: str) -> float:
    """Draw from the exponential distribution with mean 1."""
    return -log(uniform(seed, person, day, purpose))


def gamma(seed: int, person: int, day: int, purpose: str, *, shape: int) -> float:
    """Draw from the Gamma distribution of a whole shape and scale 1: so many exponentials, added up."""
    total = 0.0
    for part in range(shape):
        total += exponential(seed, person, day, f"{purpose} {part}")
    return total


def beta(seed: int, person: int, day: int, purpose: str, *, a: int, b: int) -> float:
    """Draw from the Beta distribution of whole parameters: the share that one Gamma has in two."""
    one = gamma(seed, person, day, f"{purpose} a", shape=a)
    return one / (one + gamma(seed, person, day, f"{purpose} b", shape=b))


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
