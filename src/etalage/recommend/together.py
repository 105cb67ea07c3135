"""Step 4 of 8, recommend: what goes together, by how often people chose it together.

In:   baskets, and of each thing what it is a kind of.
Out:  for each thing its complements, the nearest first.
Idea: two things that are chosen together more often than chance explains belong together; two jackets that are looked
      at together are rivals. So baskets count and looks do not, and a complement is of another kind. The log-likelihood
      ratio says whether it is chance, the cosine how near they are:

          LLR = 2 (H(k11,k12,k21,k22) - H(k11+k12, k21+k22) - H(k11+k21, k12+k22)),  H(x..) = sum of x log(x / sum)
From: Dunning, Accurate Methods for the Statistics of Surprise and Coincidence (1993); methods 1.6.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import combinations
from math import log, sqrt
from typing import Generic, NamedTuple, TypeVar

Thing = TypeVar("Thing", bound=Hashable)

LEAST_LLR = 10.83  # chance explains it less than once in a thousand
LEAST_TOGETHER = 5  # people who chose both
SHRINK = 20  # few baskets prove little nearness
KEPT = 20  # complements of one thing
LONGEST = 30  # things of a basket; a larger one is a trader's


class Chosen(NamedTuple, Generic[Thing]):
    """What one person chose on one day."""

    who: int
    things: Sequence[Thing]


class Complement(NamedTuple, Generic[Thing]):
    """A thing that goes with another."""

    thing: Thing
    nearness: float  # cosine with shrink, 0 to 1


def llr(k11: float, k12: float, k21: float, k22: float) -> float:
    """Give the log-likelihood ratio of a two by two table: both, only the one, only the other, neither.

    >>> round(llr(1, 0, 0, 10_000), 6)
    20.420781
    """
    whole = _h(k11, k12, k21, k22)
    rows, columns = _h(k11 + k12, k21 + k22), _h(k11 + k21, k12 + k22)
    return max(0.0, 2.0 * (whole - rows - columns))


def _h(*counts: float) -> float:
    total = sum(counts)
    return sum(count * log(count / total) for count in counts if count > 0)


def complements(
    baskets: Iterable[Chosen[Thing]],
    kind: Callable[[Thing], object],
    *,
    order: Callable[[Thing], str] = str,
) -> dict[Thing, tuple[Complement[Thing], ...]]:
    """Find what goes with each thing.

    Args:
        baskets: what people chose together. A person has one vote per pair, however often she repeats it.
        kind: what a thing is a kind of; things of one kind do not go together.
        order: settles equal ones.
    """
    alone: Counter[Thing] = Counter()
    voted: dict[tuple[Thing, Thing], set[int]] = {}
    total = 0
    for who, things in baskets:
        distinct = sorted(set(things), key=order)[:LONGEST]
        total += 1
        alone.update(distinct)
        for pair in combinations(distinct, 2):
            if kind(pair[0]) != kind(pair[1]):
                voted.setdefault(pair, set()).add(who)
    found: dict[Thing, list[Complement[Thing]]] = {}
    for (one, other), people in voted.items():
        both = len(people)
        first, second = alone[one], alone[other]
        # One person's votes are cut, her baskets are not: what is left over counts as chosen alone.
        neither = max(0, total - first - second + both)
        if both < LEAST_TOGETHER or llr(both, first - both, second - both, neither) < LEAST_LLR:
            continue
        if both * total <= first * second:  # less often than by chance is no complement
            continue
        nearness = both / (sqrt(first * second) + SHRINK)
        found.setdefault(one, []).append(Complement(other, nearness))
        found.setdefault(other, []).append(Complement(one, nearness))
    return {thing: _nearest(own, order) for thing, own in found.items()}


def _nearest(
    found: list[Complement[Thing]], order: Callable[[Thing], str]
) -> tuple[Complement[Thing], ...]:
    ranked = sorted(found, key=lambda one: (-one.nearness, order(one.thing)))
    return tuple(ranked[:KEPT])
