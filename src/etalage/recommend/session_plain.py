"""Step 4 of 8, recommend: score the items that may come next in a session, without a compiler.

In:   an index, a recipe and a walk.
Out:  the items with their scores, and which item of the walk speaks for each.
Idea: what the compiled path (`session_compiled`) must equal to the last bit: it adds up in the same order. It serves
      where nothing can be compiled, and small shops, for whom a compiler would be most of the memory.

      1. the newest m sessions that hold any item of the walk
      2. how similar each is: shared weights, over both sizes, faded by age
      3. the k most similar hand on their items, faded by distance to the newest shared one
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from etalage.recommend.session_index import LONGEST, Floats, Ints, Longs, Part, SessionIndex
from etalage.recommend.session_recipe import Recipe, Walk


class Weights(NamedTuple):
    """What of a recipe is worked out once per index."""

    nearness: Floats  # by places
    rarity: Floats  # by item


class Spoken(NamedTuple):
    """Items in ascending order, with their scores."""

    items: Longs
    scores: Floats
    speakers: Longs  # where in the walk the item stands that the neighbour shares who gave the largest part


class _Neighbours(NamedTuple):
    """Sessions of the past that resemble this one, newest first."""

    sessions: Longs
    similarity: Floats
    shared: Longs  # where in the walk the newest shared item of each stands


def plain_scores(
    index: SessionIndex, recipe: Recipe, walk: Walk, weights: Weights, *, now: float
) -> Spoken:
    """Score the items of the neighbours; `now` in seconds, on the scale of the index."""
    found = _neighbours(index, recipe, walk, now=now)
    items, places, lengths = _held(index, found.sessions)
    target = np.array(walk.items, np.int64)[found.shared]
    at_target = places[items == np.repeat(target, lengths)]  # one in each session
    apart = np.abs(places - np.repeat(at_target, lengths))
    handed = found.similarity * walk.steps[found.shared]
    given = np.repeat(handed, lengths) * weights.nearness[np.minimum(apart, LONGEST)]
    given *= weights.rarity[items]
    return _added(items, given, np.repeat(found.shared, lengths), index.items)


def _added(items: Ints, given: Floats, shared: Longs, count: int) -> Spoken:
    """Add up by item, in the order given; of equal largest parts the first speaks."""
    scores = np.bincount(items, given, count).astype(np.float64, copy=False)
    most = np.full(count, -1.0)
    np.maximum.at(most, items, given)
    largest = np.flatnonzero(given == most[items])[::-1]  # the last that is set is the first
    speakers = np.zeros(count, np.int64)
    speakers[items[largest]] = shared[largest]
    touched = np.flatnonzero(most >= 0.0).astype(np.int64)
    return Spoken(touched, scores[touched], speakers[touched])


def _neighbours(index: SessionIndex, recipe: Recipe, walk: Walk, *, now: float) -> _Neighbours:
    """Give the most similar of the newest, newest first; of equals the newer."""
    newest = [_newest(index, item, recipe.sample) for item in walk.items]
    lengths = [len(one) for one in newest]
    ids = np.concatenate(newest) if newest else np.zeros(0, np.int64)
    sums = np.bincount(ids, np.repeat(walk.weights, lengths), index.sessions)
    first = np.full(index.sessions, -1)
    first[ids[::-1]] = np.repeat(np.arange(len(newest)), lengths)[::-1]  # the last set is the first
    sessions = np.flatnonzero(first >= 0)[::-1][: recipe.sample]
    similarity = sums[sessions] / walk.norm
    if recipe.norm == "cosine":
        similarity /= np.sqrt(_lengths(index, sessions))
    if recipe.recency < math.inf:
        ages = (_ends(index, sessions) - now) / recipe.recency
        # Not numpy's own: it may differ in the last bit from one processor to another.
        similarity *= np.fromiter(map(math.exp, ages.tolist()), np.float64, len(ages))
    best = np.sort(np.argsort(-similarity, kind="stable")[: recipe.neighbours])
    return _Neighbours(sessions[best], similarity[best], first[sessions[best]])


def _newest(index: SessionIndex, item: int, count: int) -> Longs:
    """Give the newest sessions that hold an item; those of the live part are numbered behind the base."""
    live = _postings(index.live, item)[:count] + index.base.sessions
    return np.concatenate((live, _postings(index.base, item)[: count - len(live)]))


def _postings(part: Part, item: int) -> Longs:
    if item >= len(part.item_start) - 1:
        return np.zeros(0, np.int64)
    return part.postings[part.item_start[item] : part.item_start[item + 1]].astype(np.int64)


def _parted(index: SessionIndex, sessions: Longs) -> tuple[tuple[Part, Longs], tuple[Part, Longs]]:
    """Give which of these, newest first, are of the live part and which of the base, as each numbers them."""
    is_live = sessions >= index.base.sessions
    return (index.live, sessions[is_live] - index.base.sessions), (index.base, sessions[~is_live])


def _lengths(index: SessionIndex, sessions: Longs) -> Longs:
    return np.concatenate(
        [
            part.session_start[own + 1] - part.session_start[own]
            for part, own in _parted(index, sessions)
        ]
    )


def _ends(index: SessionIndex, sessions: Longs) -> Floats:
    return np.concatenate([part.ends[own] for part, own in _parted(index, sessions)])


def _held(index: SessionIndex, sessions: Longs) -> tuple[Ints, Ints, Longs]:
    """Give the items of these sessions one after another, their places, and how many each has."""
    items, places = [], []
    for part, own in _parted(index, sessions):
        starts = part.session_start[own]
        lengths = part.session_start[own + 1] - starts
        before = np.cumsum(lengths) - lengths
        where = np.arange(lengths.sum()) + np.repeat(starts - before, lengths)
        items.append(part.items[where])
        places.append(part.places[where])
    return np.concatenate(items), np.concatenate(places), _lengths(index, sessions)
