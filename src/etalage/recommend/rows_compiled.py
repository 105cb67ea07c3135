"""Step 4 of 8, recommend: the best items of many parts of scores, and who speaks for each, compiled.

In:   parts as three columns: an item, what is given to its score, and who gives it.
Out:  the best few items with their scores, best first, and for each who gave the largest part.
Idea: some thousand parts name some hundred items of twenty thousand, so only those are looked at; and who speaks is
      asked for the best alone. It equals the path in numpy (`profile_shelf`, `session_scorer.best_of`) to the last bit.

As with `session_compiled`, only who has many sessions to compare imports this module.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from etalage.recommend.session_index import Floats, Ints, Longs

NOTHING = 1e-300  # stands for a score of zero, so that zero says "not touched"


@njit(cache=True, nogil=True)
def row_parts(
    starts: Ints, others: Ints, weights: NDArray[np.float32], known: Longs
) -> tuple[Ints, Floats, Ints]:
    """Give the rows of a profile model one after another; who gives is the place of a row."""
    total = 0
    for code in known:
        total += starts[code + 1] - starts[code]
    items = np.empty(total, np.int32)
    given = np.empty(total, np.float64)
    givers = np.empty(total, np.int32)
    at = 0
    for place in range(len(known)):
        for entry in range(starts[known[place]], starts[known[place] + 1]):
            items[at] = others[entry]
            given[at] = weights[entry]
            givers[at] = place
            at += 1
    return items, given, givers


@njit(cache=True, nogil=True)
def added(items: Ints, given: Floats, scores: Floats) -> Ints:
    """Add parts up, in their order, on scores that are zero; give the items that were touched, each once."""
    touched = np.empty(len(items), np.int32)
    count = 0
    for at in range(len(items)):
        item = items[at]
        touched[count] = item
        count += scores[item] == 0.0
        total = scores[item] + given[at]
        scores[item] = total if total != 0.0 else NOTHING
    return touched[:count]


@njit(cache=True, nogil=True)
def sums(items: Ints, given: Floats, scores: Floats) -> tuple[Ints, Floats]:
    """Give the items with their scores, in no order; the scores are zero before and after."""
    touched = added(items, given, scores)
    found = scores[touched]
    scores[touched] = 0.0
    return touched, found


@njit(cache=True, nogil=True)
def best(
    items: Ints,
    given: Floats,
    givers: Ints,
    scores: Floats,
    places: NDArray[np.int16],
    count: int,
    unit: float,
) -> tuple[Ints, Floats, Ints]:
    """Give the best items, their scores rounded to a `unit`-th, and who gave the largest part of each.

    Best first, of equals the lower code first; of equal largest parts the first speaks. `scores` and `places` hold
    an element for each item, zero before and after.
    """
    found, exact = sums(items, given, scores)
    floor = least_of_best(exact, count) - 1 / unit  # what equals the last one when rounded stays in
    stays = 0
    for at in range(len(found)):
        found[stays], exact[stays] = found[at], exact[at]
        stays += exact[at] >= floor
    by_code = np.argsort(found[:stays])
    rounded = np.rint(exact[:stays][by_code] * unit) / unit
    order = np.argsort(-rounded, kind="mergesort")[:count]
    chosen = found[:stays][by_code][order]
    for place in range(len(chosen)):
        places[chosen[place]] = place + 1
    most = np.full(len(chosen), -np.inf)
    speakers = np.zeros(len(chosen), np.int32)
    for at in range(len(items)):
        place = places[items[at]] - 1
        if place >= 0 and given[at] > most[place]:
            most[place] = given[at]
            speakers[place] = givers[at]
    places[chosen] = 0
    return chosen, rounded[order], speakers


@njit(cache=True, nogil=True)
def least_of_best(scores: Floats, count: int) -> float:
    """Give the lowest of the `count` highest; of fewer the lowest.

    Cut into `count` groups, as many scores as that are no lower than the lowest of their highest: what is lower than
    it needs no sorting.
    """
    if len(scores) <= count:
        return scores.min() if len(scores) else 0.0
    highest = scores[:count].copy()
    for start in range(count, len(scores), count):
        for at in range(min(count, len(scores) - start)):
            highest[at] = max(highest[at], scores[start + at])
    floor = highest.min()
    high = np.empty(len(scores))
    stays = 0
    for at in range(len(scores)):
        high[stays] = scores[at]
        stays += scores[at] >= floor
    return float(np.partition(high[:stays], stays - count)[stays - count])


def compile_rows() -> None:
    """Have all compiled for arrays as a model has them, or read from the cache."""
    starts, codes = np.array([0, 1], np.int32), np.zeros(1, np.int32)
    parts = row_parts(starts, codes, np.ones(1, np.float32), np.zeros(1, np.int64))
    best(*parts, np.zeros(1), np.zeros(1, np.int16), 1, 1.0)
