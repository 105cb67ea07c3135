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

from etalage.recommend.session_index import Floats, Longs, SessionIndex
from etalage.recommend.session_plain import Weights, plain_scores
from etalage.recommend.session_recipe import Asked, Recipe, Walk, nearness, walk

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


class SessionScorer:
    """One index under one recipe. It holds room to work in, so threads take turns."""

    def __init__(self, index: SessionIndex, recipe: Recipe, *, compiled: bool = True) -> None:
        self.index = index
        self.recipe = recipe
        self._weights = Weights(nearness(recipe), recipe.rarity(index))
        self._places = np.zeros(index.items, np.int32)
        self._compiled = _compiled() if compiled else None
        self._turn = Lock()

    @property
    def is_compiled(self) -> bool:
        """Whether the compiled path answers."""
        return self._compiled is not None

    @property
    def compiled(self) -> ModuleType | None:
        """The compiled path, where the compiler is loaded: others may use it then."""
        return self._compiled

    def scored(self, session: Sequence[int], *, now: float) -> Scored:
        """Score what may come next; `now` in seconds on the scale of the index."""
        steps = walk(session, self.recipe)
        if not steps.items:
            return Scored(np.zeros(0, np.int64), np.zeros(0))
        if self._compiled is None:
            found = plain_scores(self.index, self.recipe, steps, self._weights, now=now)
            return Scored(found.items, found.scores)
        asked = self._asked(steps, now)
        with self._turn:
            items, scores, _ = self._compiled.session_scores(asked, self._places)
        return Scored(items.astype(np.int64), scores)

    def asked(self, session: Sequence[int], *, now: float) -> Asked:
        """Put a question as the compiled path takes it."""
        return self._asked(walk(session, self.recipe), now)

    def _asked(self, steps: Walk, now: float) -> Asked:
        recipe = self.recipe
        return Asked(
            self.index.base,
            self.index.live,
            np.array(steps.items, np.int32),
            steps.weights,
            steps.steps,
            steps.norm,
            recipe.sample,
            recipe.neighbours,
            recipe.norm == "cosine",
            recipe.recency,
            now,
            self._weights.nearness,
            self._weights.rarity,
        )

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
        if self._compiled is None:
            found = plain_scores(self.index, self.recipe, steps, self._weights, now=now)
            items, scores = best_of(Scored(found.items, found.scores), count)
            at = found.speakers[np.searchsorted(found.items, items)]
            return Best(items.tolist(), scores.tolist(), [steps.items[place] for place in at])
        asked = self._asked(steps, now)
        with self._turn:
            best = self._compiled.session_best(asked, self._places, count, 10.0**DIGITS)
        return Best(*[column.tolist() for column in best])


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


def _compiled() -> ModuleType | None:
    try:
        from etalage.recommend import list_compiled
    except ImportError:
        return None
    return list_compiled
