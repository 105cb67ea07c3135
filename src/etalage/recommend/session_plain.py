"""Step 4 of 8, recommend: score the items that may come next in a session, in plain Python.

In:   an index, a recipe and a walk.
Out:  score by item code.
Idea: what the compiled path (`session_compiled`) must equal, and what serves where nothing can be compiled.

      1. the newest m sessions that hold any item of the walk
      2. how similar each is: shared weights, over both sizes, faded by age
      3. the k most similar hand on their items, faded by distance to the newest shared one
"""

from __future__ import annotations

import math
from heapq import nlargest
from typing import NamedTuple

from etalage.recommend.session_index import LONGEST, Floats, Part, SessionIndex
from etalage.recommend.session_recipe import Recipe, Walk


class Neighbour(NamedTuple):
    """A session of the past that resembles this one."""

    session: int
    similarity: float
    shared: int  # where in the walk its newest shared item stands


class Weights(NamedTuple):
    """What of a recipe is worked out once per index."""

    nearness: Floats  # by places
    rarity: Floats  # by item


def plain_scores(
    index: SessionIndex, recipe: Recipe, walk: Walk, weights: Weights, *, now: float
) -> tuple[dict[int, float], dict[int, int]]:
    """Score the items of the neighbours; `now` in seconds, on the scale of the index.

    With each score, where in the walk the item stands that the neighbour shares who gave the largest part of it.
    """
    scores: dict[int, float] = {}
    most: dict[int, float] = {}
    speakers: dict[int, int] = {}
    for neighbour in _neighbours(index, recipe, walk, now=now):
        part, session = _where(index, neighbour.session)
        start, stop = part.session_start[session], part.session_start[session + 1]
        items, places = part.items[start:stop].tolist(), part.places[start:stop].tolist()
        shared = places[items.index(walk.items[neighbour.shared])]
        handed = neighbour.similarity * walk.steps[neighbour.shared]
        for item, place in zip(items, places, strict=True):
            near = float(weights.nearness[min(abs(place - shared), LONGEST)])
            given = handed * near * float(weights.rarity[item])
            scores[item] = scores.get(item, 0.0) + given
            if given > most.get(item, -1.0):
                most[item], speakers[item] = given, neighbour.shared
    return scores, speakers


def _neighbours(index: SessionIndex, recipe: Recipe, walk: Walk, *, now: float) -> list[Neighbour]:
    """Give the most similar of the newest, newest first; of equals the newer."""
    sums: dict[int, float] = {}
    first: dict[int, int] = {}
    for place, item in enumerate(walk.items):
        for session in _newest(index, item, recipe.sample):
            sums[session] = sums.get(session, 0.0) + walk.weights[place]
            first.setdefault(session, place)
    newest = nlargest(recipe.sample, sums)
    compared = [
        Neighbour(
            session, _similarity(index, recipe, walk, session, sums[session], now), first[session]
        )
        for session in newest
    ]
    best = sorted(compared, key=lambda one: -one.similarity)[: recipe.neighbours]
    return sorted(best, key=lambda one: -one.session)


def _newest(index: SessionIndex, item: int, count: int) -> list[int]:
    """Give the newest sessions that hold an item; those of the live part are numbered behind the base."""
    live = _postings(index.live, item)[:count]
    base = _postings(index.base, item)[: count - len(live)]
    return [session + index.base.sessions for session in live] + base


def _postings(part: Part, item: int) -> list[int]:
    if item >= len(part.item_start) - 1:
        return []
    found: list[int] = part.postings[part.item_start[item] : part.item_start[item + 1]].tolist()
    return found


def _similarity(
    index: SessionIndex, recipe: Recipe, walk: Walk, session: int, shared: float, now: float
) -> float:
    part, own = _where(index, session)
    similarity = shared / walk.norm
    if recipe.norm == "cosine":
        similarity /= math.sqrt(part.session_start[own + 1] - part.session_start[own])
    if recipe.recency < math.inf:
        similarity *= math.exp((part.ends[own] - now) / recipe.recency)
    return similarity


def _where(index: SessionIndex, session: int) -> tuple[Part, int]:
    if session >= index.base.sessions:
        return index.live, session - index.base.sessions
    return index.base, session
