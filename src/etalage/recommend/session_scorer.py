"""Step 4 of 8, recommend: an index made ready to answer.

In:   the clicks of a session, as item codes, oldest first.
Out:  the items that may come next with their scores, or the best few of them.
Idea: what is the same for every session (rarity, nearness, room to add up in) is made once. Where numba cannot be
      imported the plain path answers: slower, and the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from types import ModuleType
from typing import NamedTuple

import numpy as np

from etalage.recommend.session_index import Floats, Ints, Longs, SessionIndex
from etalage.recommend.session_plain import Weights, plain_scores
from etalage.recommend.session_recipe import Recipe, Walk, nearness, walk

DIGITS = (
    6  # a score is rounded before it is compared, so that every machine orders alike (design 4.3)
)


class Scored(NamedTuple):
    """Items with their scores, in no order; an item that is not here scores nothing."""

    items: Longs
    scores: Floats


class Best(NamedTuple):
    """The best items as columns, best first; of equals the lower code first."""

    items: list[int]
    scores: list[float]  # rounded
    speakers: list[int]  # the item asked about that says most for each


NOTHING = Best([], [], [])


class Compiled(NamedTuple):
    """The modules that need a compiler."""

    sessions: ModuleType
    rows: ModuleType


class SessionScorer:
    """One index under one recipe. It holds room to work in, so threads take turns."""

    def __init__(self, index: SessionIndex, recipe: Recipe, *, compiled: bool = True) -> None:
        self.index = index
        self.recipe = recipe
        self._weights = Weights(nearness(recipe), recipe.rarity(index))
        self._scores = np.zeros(index.items)
        self._places = np.zeros(index.items, np.int16)
        self._compiled = _compiled() if compiled else None
        self._turn = Lock()

    @property
    def is_compiled(self) -> bool:
        """Whether the compiled path answers."""
        return self._compiled is not None

    @property
    def rows(self) -> ModuleType | None:
        """What adds up and orders, compiled, where the compiler is loaded: others may use it then."""
        return None if self._compiled is None else self._compiled.rows

    def scored(self, session: Sequence[int], *, now: float) -> Scored:
        """Score what may come next; `now` in seconds on the scale of the index."""
        steps = walk(session, self.recipe)
        if not steps.items:
            return Scored(np.zeros(0, np.int64), np.zeros(0))
        if self._compiled is None:
            found = plain_scores(self.index, self.recipe, steps, self._weights, now=now)
            return Scored(found.items, found.scores)
        items, given, _ = self._parts(self._compiled, steps, now)
        with self._turn:
            touched, scores = self._compiled.rows.sums(items, given, self._scores)
        return Scored(touched.astype(np.int64), scores)

    def _parts(self, compiled: Compiled, steps: Walk, now: float) -> tuple[Ints, Floats, Ints]:
        """Give the parts of all scores: items, what is given to each, and whose place in the walk gives it."""
        parts: tuple[Ints, Floats, Ints] = compiled.sessions.compiled_parts(
            self.index.base,
            self.index.live,
            np.array(steps.items, np.int32),
            steps.weights,
            steps.steps,
            steps.norm,
            self.recipe.sample,
            self.recipe.neighbours,
            self.recipe.norm == "cosine",
            self.recipe.recency,
            now,
            self._weights.nearness,
            self._weights.rarity,
        )
        return parts

    def best(self, session: Sequence[int], *, now: float, count: int) -> list[tuple[int, float]]:
        """Give the best items with their scores, best first; of equals the lower code first."""
        items, scores, _ = self.best_with_speakers(session, now=now, count=count)
        return list(zip(items, scores, strict=True))

    def best_with_speakers(self, session: Sequence[int], *, now: float, count: int) -> Best:
        """Give the best items with their scores, and for each the item of the session that says most for it.

        That is the one shared by the neighbour who gave the largest part of the score.
        """
        steps = walk(session, self.recipe)
        if not steps.items:
            return NOTHING
        compiled = self._compiled
        if compiled is None:
            found = plain_scores(self.index, self.recipe, steps, self._weights, now=now)
            items, scores = best_of(Scored(found.items, found.scores), count)
            speakers = found.speakers[np.searchsorted(found.items, items)]
        else:
            parts = self._parts(compiled, steps, now)
            with self._turn:
                items, scores, speakers = compiled.rows.best(
                    *parts, self._scores, self._places, count, 10.0**DIGITS
                )
        of = steps.items
        return Best(items.tolist(), scores.tolist(), [of[place] for place in speakers.tolist()])


def best_of(scored: Scored, count: int) -> Scored:
    """Give the `count` highest, best first, rounded; of equals the lower code first."""
    items, scores = scored
    if len(items) > count:
        floor = np.partition(scores, len(scores) - count)[len(scores) - count]
        high = scores >= floor - 10.0**-DIGITS  # what equals the last one when rounded stays in
        items, scores = items[high], scores[high]
    scores = np.round(scores, DIGITS)
    order = np.lexsort((items, -scores))[:count]
    return Scored(items[order], scores[order])


def _compiled() -> Compiled | None:
    try:
        from etalage.recommend import rows_compiled, session_compiled
    except ImportError:
        return None
    return Compiled(session_compiled, rows_compiled)
