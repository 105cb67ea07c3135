"""How good a list is against what was truly bought.

From: methods 1.5: recall@K, PHR@K (any hit), and NDCG@K with the ideal over the whole truth, however long.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

import numpy as np

from etalage.recommend.session_index import Floats, Longs


class Quality(NamedTuple):
    """One list against one truth."""

    recall: float
    ndcg: float
    phr: float


def quality(listed: Sequence[int], truth: Collection[int]) -> Quality:
    """Judge a list, best first, against a truth that is not empty.

    >>> quality([1, 2], {1, 9}).recall
    0.5
    """
    gains = [1 / math.log2(place + 2) for place, item in enumerate(listed) if item in truth]
    ideal = sum(1 / math.log2(place + 2) for place in range(len(truth)))
    return Quality(len(gains) / len(truth), sum(gains) / ideal, float(bool(gains)))


def best_first(
    items: Longs, scores: Floats, ranks: Longs, *, allowed: Collection[int] | None, count: int
) -> list[int]:
    """Give the best items with a score, of equals the more popular; None allows everything.

    Args:
        items: codes that have a score.
        scores: of those.
        ranks: popularity by code, 0 = most popular.
        allowed: what may be in the list.
        count: at most so many.
    """
    if allowed is not None:
        kept = np.isin(items, np.fromiter(allowed, np.int64, len(allowed)))
        items, scores = items[kept], scores[kept]
    items, scores = items[scores > 0], scores[scores > 0]
    if len(items) > count:
        floor = np.partition(scores, -count)[-count]
        items, scores = items[scores >= floor], scores[scores >= floor]
    found: list[int] = items[np.lexsort((ranks[items], -scores))[:count]].tolist()
    return found


def filled(listed: Sequence[int], rest: Iterable[int], count: int) -> list[int]:
    """Fill a list up with others, without saying anything twice."""
    return list(islice(chain(listed, _not_in(rest, frozenset(listed))), count))


def _not_in(rest: Iterable[int], said: frozenset[int]) -> Iterator[int]:
    return (item for item in rest if item not in said)
