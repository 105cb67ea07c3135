"""Step 4 of 8, recommend: what usually follows an item, and what is clicked most.

In:   clicks of past sessions, as codes.
Out:  `Rules`, for each item those that follow it, strongest first; and the order of popularity.
Idea: sequential rules ask nothing but the current item, so they answer where kNN finds no neighbour:
      for each pair in a session, at most ten clicks apart, R[a][b] += 1 / distance.
From: Kamehkhosh, Jannach & Ludewig (2017); methods 1.2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from etalage.recommend.session_index import Clicks, Floats, Ints, Longs, in_order, starts_of

REACH = 10  # clicks
KEPT = 100  # rules per item


class Rules(NamedTuple):
    """For each item its followers, strongest first; of equals the lower code first."""

    starts: Ints  # (items + 1)
    followers: Ints
    weights: Floats

    def after(self, item: int) -> tuple[Ints, Floats]:
        """Give the followers of an item with their weights."""
        here = slice(self.starts[item], self.starts[item + 1])
        return self.followers[here], self.weights[here]


def learn_rules(
    clicks: Clicks, items: int, *, reach: int = REACH, power: float = 1.0, kept: int = KEPT
) -> Rules:
    """Count what follows what; an item never follows itself.

    Args:
        clicks: of the past.
        items: how many codes there are.
        reach: clicks between the two, at most.
        power: of the distance by which a pair is divided: 1 or 2.
        kept: followers per item.
    """
    ordered = in_order(clicks)
    keys: list[Longs] = []
    weights: list[Floats] = []
    for distance in range(1, reach + 1):
        before, after = ordered.item[:-distance].astype(np.int64), ordered.item[distance:]
        pair = (ordered.session[:-distance] == ordered.session[distance:]) & (before != after)
        keys.append(before[pair] * items + after[pair])
        weights.append(np.full(len(keys[-1]), distance**-power))
    pairs, which = np.unique(np.concatenate(keys), return_inverse=True)
    sums: Floats = np.bincount(which, np.concatenate(weights), minlength=len(pairs)).astype(float)
    order = np.lexsort((pairs, -sums, pairs // items))
    before = pairs[order] // items
    starts = starts_of(before.astype(np.int32), items)
    stays = np.arange(len(order)) - starts[before] < kept
    return Rules(
        starts=starts_of(before[stays].astype(np.int32), items),
        followers=(pairs[order] % items)[stays].astype(np.int32),
        weights=sums[order][stays],
    )


def popularity_order(clicks: Clicks, items: int) -> Longs:
    """Give the codes by number of clicks, most first; of equals the lower code first."""
    return np.lexsort((np.arange(items), -np.bincount(clicks.item, minlength=items)))
