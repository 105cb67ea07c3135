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


class SessionScorer:
    """One index under one recipe. It holds room to work in, so threads take turns."""

    def __init__(self, index: SessionIndex, recipe: Recipe, *, compiled: bool = True) -> None:
        self.index = index
        self.recipe = recipe
        self._weights = Weights(nearness(recipe), recipe.rarity(index))
        self._scores = np.zeros(index.items)
        self._touched = np.zeros(index.items, np.int32)
        self._most = np.zeros(index.items)
        self._speakers = np.zeros(index.items, np.int32)
        self._compiled = _compiled() if compiled else None
        self._turn = Lock()

    @property
    def is_compiled(self) -> bool:
        """Whether the compiled path answers."""
        return self._compiled is not None

    def scored(self, session: Sequence[int], *, now: float) -> Scored:
        """Score what may come next; `now` in seconds on the scale of the index."""
        steps = walk(session, self.recipe)
        if not steps.items:
            return Scored(np.zeros(0, np.int64), np.zeros(0))
        if self._compiled is None:
            found = plain_scores(self.index, self.recipe, steps, self._weights, now=now)
            return Scored(found.items, found.scores)
        with self._turn:
            return self._compiled_scores(self._compiled, steps, now)

    def _compiled_scores(self, compiled: ModuleType, steps: Walk, now: float) -> Scored:
        touched: Ints = self._touched[: self._add_up(compiled, steps, now)]
        scores = self._scores[touched]
        self._scores[touched] = 0.0
        return Scored(touched.astype(np.int64), scores)

    def _add_up(self, compiled: ModuleType, steps: Walk, now: float) -> int:
        """Leave the scores in the room for them; give how many items were touched."""
        count: int = compiled.compiled_scores(
            self.index.base,
            self.index.live,
            np.array(steps.items, np.int32),
            np.array(steps.weights),
            np.array(steps.steps),
            steps.norm,
            self.recipe.sample,
            self.recipe.neighbours,
            self.recipe.norm == "cosine",
            self.recipe.recency,
            now,
            self._weights.nearness,
            self._weights.rarity,
            self._scores,
            self._touched,
            self._most,
            self._speakers,
        )
        return count

    def best(self, session: Sequence[int], *, now: float, count: int) -> list[tuple[int, float]]:
        """Give the best items with their scores, best first; of equals the lower code first."""
        return best_of(self.scored(session, now=now), count)

    def best_with_speakers(
        self, session: Sequence[int], *, now: float, count: int
    ) -> tuple[list[tuple[int, float]], list[int]]:
        """Give the best items with their scores, and for each the item of the session that says most for it.

        That is the one shared by the neighbour who gave the largest part of the score.
        """
        steps = walk(session, self.recipe)
        if not steps.items:
            return [], []
        if self._compiled is None:
            found = plain_scores(self.index, self.recipe, steps, self._weights, now=now)
            best = best_of(Scored(found.items, found.scores), count)
            at = np.searchsorted(found.items, [item for item, _ in best])
            return best, [steps.items[place] for place in found.speakers[at].tolist()]
        with self._turn:
            best = best_of(self._compiled_scores(self._compiled, steps, now), count)
            speakers = self._speakers[[item for item, _ in best]].tolist() if best else []
        return best, [steps.items[place] for place in speakers]


def best_of(scored: Scored, count: int) -> list[tuple[int, float]]:
    """Give the `count` highest, best first; of equals the lower code first."""
    items, scores = scored
    if len(items) > count:
        floor = np.partition(scores, len(scores) - count)[len(scores) - count]
        high = scores >= floor - 10.0**-DIGITS  # what equals the last one when rounded stays in
        items, scores = items[high], scores[high]
    scores = np.round(scores, DIGITS)
    order = np.lexsort((items, -scores))[:count]
    return list(zip(items[order].tolist(), scores[order].tolist(), strict=True))


def _compiled() -> ModuleType | None:
    try:
        from etalage.recommend import session_compiled
    except ImportError:
        return None
    return session_compiled
