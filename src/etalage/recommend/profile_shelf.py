"""Step 4 of 8, recommend: what somebody will like, from the products she had, each with the one that says so.

In:   a profile model, and the products a person had, the newest first.
Out:  products, best first, each because of the product that speaks for it most.
Idea: a score is a sum over what she had, so its largest term is its reason. A model holds 20,000 products at most, so
      adding up needs no compiler; where sessions needed one, it adds up these rows too, the same in an eighth of the time.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from types import ModuleType
from typing import ClassVar, NamedTuple

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
from etalage.recommend.session_index import Ints
from etalage.recommend.session_recipe import Rows
from etalage.recommend.session_scorer import DIGITS, Scored, best_of

ASKED = 50  # products of a person, the newest


class Same(NamedTuple):
    """The products of one model as another one numbers them, twice the same memory."""

    codes: array[int]
    column: Ints  # for who reads many at once


class ProfileShelf:
    """A model made ready to answer."""

    __slots__ = ("_places", "_same", "_turn", "_version", "_weights", "codes", "products")
    name: ClassVar[str] = KIND

    def __init__(self, model: ProfileModel) -> None:
        self._version = model.card.version
        self.products = model.products
        self.codes = {product: code for code, product in enumerate(model.products)}
        self._weights = model.weights
        self._places = np.zeros(len(model.products), np.int32)  # room; threads take turns
        self._turn = Lock()
        self._same: tuple[Mapping[str, int], Same | None] = ({}, None)  # as last asked

    @property
    def version(self) -> str:
        """That of the model's card."""
        return self._version

    def near(self, had: Sequence[str]) -> list[Near]:
        """Give what somebody will like who had these, the newest first; products that nobody knows say nothing."""
        return list(self.nearest(had).lines())

    def nearest(self, had: Iterable[str], *, rows: ModuleType | None = None) -> Nearest:
        """Give the same as columns; `rows` is what adds up faster, where it is loaded (`list_compiled`)."""
        known = self.known(had)
        if not known:
            return NOBODY
        items, scores, speakers = (
            self._best_of(known) if rows is None else self._compiled_best_of(rows, known)
        )
        # Best first, so mostly the last one says it of all.
        kept = len(scores) if scores and scores[-1] > 0 else sum(score > 0 for score in scores)
        return Nearest(items[:kept], scores[:kept], speakers[:kept], self.products, self.products)

    def known(self, products: Iterable[str]) -> list[int]:
        """Give the products that this model knows as they are numbered here, each once; the newest first."""
        found = map(self.codes.get, dict.fromkeys(products))
        return [code for code in found if code is not None][:ASKED]

    def rows(self, known: Sequence[int]) -> Rows:
        """Give the rows of these products as the compiled path takes them."""
        return Rows(*self._weights, np.array(known, np.int32))

    def numbered_as(self, codes: Mapping[str, int]) -> Same:
        """Number the products of this model as another one does; by a negative number what that does not know."""
        asked, same = self._same
        if asked is not codes or same is None:
            own = enumerate(self.products)
            numbers = array("i", [codes.get(product, -1 - item) for item, product in own])
            same = Same(numbers, np.frombuffer(numbers, np.int32))
            self._same = codes, same
        return same

    def _best_of(self, known: list[int]) -> tuple[list[int], list[float], list[int]]:
        """Give the best items with their scores, and for each the one that says most for it.

        Sums run in the order of what she had; of equal largest weights the first speaks.
        """
        rows = [self._weights.row(code) for code in known]
        others = np.concatenate([row[0] for row in rows])
        weights = np.concatenate([row[1] for row in rows]).astype(np.float64)
        givers = np.repeat(np.array(known), [len(row[0]) for row in rows])
        count = len(self.products)
        sums = np.bincount(others, weights, count).astype(np.float64, copy=False)
        most = np.full(count, -np.inf)
        np.maximum.at(most, others, weights)
        largest = np.flatnonzero(weights == most[others])[::-1]  # the last that is set is the first
        speaker = np.zeros(count, np.int32)
        speaker[others[largest]] = givers[largest]
        touched = np.flatnonzero(most > -np.inf).astype(np.int64)
        items, scores = best_of(Scored(touched, sums[touched]), PROPOSED)
        return items.tolist(), scores.tolist(), speaker[items].tolist()

    def _compiled_best_of(
        self, rows: ModuleType, known: list[int]
    ) -> tuple[list[int], list[float], list[int]]:
        with self._turn:
            best = rows.row_best(self.rows(known), self._places, PROPOSED, 10.0**DIGITS)
        items, scores, speakers = best
        return items.tolist(), scores.tolist(), speakers.tolist()


def _learn(lesson: Lesson) -> Taught:
    bound = parameters(lesson.now, visitors_needed=lesson.visitors_needed, erased=lesson.erased)
    model = profile_model(lesson.ask(question(), bound), lesson.now)
    return Taught(model.card, write(model))


PROFILE = Kind(KIND, _learn, read, ProfileShelf, every=DAY)
