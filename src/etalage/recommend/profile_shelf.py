"""Step 4 of 8, recommend: what somebody will like, from the products she had, each with the one that says so.

In:   a profile model, and the products a person had, the newest first.
Out:  products, best first, each because of the product that speaks for it most.
Idea: a score is a sum over what she had, so its largest term is its reason. A model holds 20,000 products at most, so
      adding up needs no compiler; where sessions needed one, it adds up these rows too, the same in an eighth of the time.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from threading import Lock
from types import ModuleType
from typing import ClassVar

import numpy as np

from etalage.domain.time import DAY
from etalage.recommend.model_kind import Kind, Lesson, Taught
from etalage.recommend.near import NOBODY, PROPOSED, Near, Nearest
from etalage.recommend.profile_model import (
    KIND,
    ProfileModel,
    parameters,
    profile_model,
    question,
    read,
    write,
)
from etalage.recommend.session_scorer import DIGITS, Scored, best_of

ASKED = 50  # products of a person, the newest


class ProfileShelf:
    """A model made ready to answer."""

    __slots__ = (
        "_codes",
        "_places",
        "_products",
        "_same",
        "_scores",
        "_turn",
        "_version",
        "_weights",
    )
    name: ClassVar[str] = KIND

    def __init__(self, model: ProfileModel) -> None:
        self._version = model.card.version
        self._products = model.products
        self._codes = {product: code for code, product in enumerate(model.products)}
        self._weights = model.weights
        self._scores = np.zeros(len(model.products))  # room to add up in; threads take turns
        self._places = np.zeros(len(model.products), np.int16)
        self._turn = Lock()
        self._same: tuple[Mapping[str, int], array[int]] = ({}, array("l"))  # as last asked

    @property
    def version(self) -> str:
        """That of the model's card."""
        return self._version

    def near(self, had: Sequence[str]) -> list[Near]:
        """Give what somebody will like who had these, the newest first; products that nobody knows say nothing."""
        return list(self.nearest(had).lines())

    def nearest(self, had: Sequence[str], *, rows: ModuleType | None = None) -> Nearest:
        """Give the same as columns; `rows` is what adds up faster, where it is loaded (`rows_compiled`)."""
        codes, products = self._codes, self._products
        found = map(codes.get, dict.fromkeys(had))
        known = [code for code in found if code is not None][:ASKED]
        if not known:
            return NOBODY
        best = self._best_of(known) if rows is None else self._compiled_best_of(rows, known)
        items, scores, speakers = best
        # Best first, so mostly the last one says it of all.
        kept = len(scores) if scores and scores[-1] > 0 else sum(score > 0 for score in scores)
        return Nearest(
            items[:kept],
            scores[:kept],
            speakers[:kept],
            products,
            [products[code] for code in known],
        )

    def as_in(self, codes: Mapping[str, int], items: Sequence[int]) -> list[int]:
        """Give items of this model as another one numbers them; a negative number where it does not know them."""
        asked, same = self._same
        if asked is not codes:
            own = enumerate(self._products)
            same = array("l", (codes.get(product, -1 - item) for item, product in own))
            self._same = codes, same
        return [same[item] for item in items]

    def _best_of(self, known: list[int]) -> tuple[list[int], list[float], list[int]]:
        """Give the best items with their scores, and for each the place of the one that says most for it.

        Sums run in the order of what she had; of equal largest weights the first speaks.
        """
        rows = [self._weights.row(code) for code in known]
        others = np.concatenate([row[0] for row in rows])
        weights = np.concatenate([row[1] for row in rows]).astype(np.float64)
        places = np.repeat(np.arange(len(rows)), [len(row[0]) for row in rows])
        count = len(self._products)
        sums = np.bincount(others, weights, count).astype(np.float64, copy=False)
        most = np.full(count, -np.inf)
        np.maximum.at(most, others, weights)
        largest = np.flatnonzero(weights == most[others])[::-1]  # the last that is set is the first
        speaker = np.zeros(count, np.int32)
        speaker[others[largest]] = places[largest]
        touched = np.flatnonzero(most > -np.inf).astype(np.int64)
        items, scores = best_of(Scored(touched, sums[touched]), PROPOSED)
        return items.tolist(), scores.tolist(), speaker[items].tolist()

    def _compiled_best_of(
        self, rows: ModuleType, known: list[int]
    ) -> tuple[list[int], list[float], list[int]]:
        parts = rows.row_parts(*self._weights, np.array(known))
        with self._turn:
            best = rows.best(*parts, self._scores, self._places, PROPOSED, 10.0**DIGITS)
        items, scores, speakers = best
        return items.tolist(), scores.tolist(), speakers.tolist()


def _learn(lesson: Lesson) -> Taught:
    bound = parameters(lesson.now, visitors_needed=lesson.visitors_needed, erased=lesson.erased)
    model = profile_model(lesson.ask(question(), bound), lesson.now)
    return Taught(model.card, write(model))


PROFILE = Kind(KIND, _learn, read, ProfileShelf, every=DAY)
