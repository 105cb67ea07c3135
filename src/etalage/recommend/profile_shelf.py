"""Step 4 of 8, recommend: what somebody will like, from the products she had, each with the one that says so.

In:   a profile model, and the products a person had, the newest first.
Out:  products, best first, each because of the product that speaks for it most.
Idea: a score is a sum over what she had, so its largest term is its reason. The sums stand in room that is made once
      and cleared by what was touched; nothing is made anew in the size of the catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from types import ModuleType
from typing import ClassVar

import numpy as np

from etalage.domain.time import DAY
from etalage.recommend.model_file import Unusable
from etalage.recommend.model_kind import Card, Kind, Lesson, Taught
from etalage.recommend.near import PROPOSED, Near
from etalage.recommend.profile_model import (
    KIND,
    ProfileModel,
    parameters,
    profile_model,
    question,
    read,
    write,
)
from etalage.recommend.session_scorer import Scored, best_of

ASKED = 50  # products of a person, the newest


class ProfileShelf:
    """A model made ready to answer. It holds room to work in, so threads take turns."""

    __slots__ = (
        "_codes",
        "_compiled",
        "_most",
        "_products",
        "_speaker",
        "_sums",
        "_touched",
        "_turn",
        "_version",
        "_weights",
    )
    name: ClassVar[str] = KIND

    def __init__(self, model: ProfileModel, *, compiled: bool = True) -> None:
        items = len(model.products)
        self._version = model.card.version
        self._products = model.products
        self._codes = {product: code for code, product in enumerate(model.products)}
        self._weights = model.weights
        self._sums = np.zeros(items)
        self._most = np.zeros(items)
        self._speaker = np.zeros(items, np.int32)
        self._touched = np.zeros(items, np.int32)
        self._compiled = _compiled() if compiled else None
        self._turn = Lock()

    @property
    def version(self) -> str:
        """That of the model's card."""
        return self._version

    def near(self, had: Sequence[str]) -> list[Near]:
        """Give what somebody will like who had these, the newest first; products that nobody knows say nothing."""
        codes = self._codes
        known = list(dict.fromkeys(codes[product] for product in had if product in codes))[:ASKED]
        if not known:
            return []
        best, speakers = self._best_of(known)
        kept = sum(score > 0 for _, score in best)  # best first
        names = [self._products[item] for item, _ in best[:kept]]
        scores = [score for _, score in best[:kept]]
        return list(map(Near, names, scores, [self._products[known[at]] for at in speakers[:kept]]))

    def _best_of(self, known: list[int]) -> tuple[list[tuple[int, float]], list[int]]:
        """Give the best items with their scores, and for each the place of the one that says most for it."""
        if self._compiled is None:
            found, speakers = self._added_plainly(known)
            best = best_of(found, PROPOSED)
            return best, [speakers[item] for item, _ in best]
        with self._turn:
            count = self._compiled.add_up(
                *self._weights,
                np.array(known, np.int32),
                self._sums,
                self._most,
                self._speaker,
                self._touched,
            )
            touched = self._touched[:count]
            best = best_of(Scored(touched.astype(np.int64), self._sums[touched]), PROPOSED)
            self._sums[touched] = 0.0
            return best, self._speaker[[item for item, _ in best]].tolist()

    def _added_plainly(self, known: list[int]) -> tuple[Scored, dict[int, int]]:
        sums: dict[int, float] = {}
        most: dict[int, tuple[float, int]] = {}
        for place, code in enumerate(known):
            others, weights = self._weights.row(code)
            for item, weight in zip(others.tolist(), weights.tolist(), strict=True):
                sums[item] = sums.get(item, 0.0) + weight
                if item not in most or weight > most[item][0]:
                    most[item] = (weight, place)
        scored = Scored(np.fromiter(sums, np.int64), np.fromiter(sums.values(), np.float64))
        return scored, {item: place for item, (_, place) in most.items()}


def _compiled() -> ModuleType | None:
    try:
        from etalage.recommend import profile_compiled
    except ImportError:
        return None
    return profile_compiled


def _learn(lesson: Lesson) -> Taught:
    bound = parameters(lesson.now, visitors_needed=lesson.visitors_needed, erased=lesson.erased)
    model = profile_model(lesson.ask(question(), bound), lesson.now)
    return Taught(model.card, write(model))


def _card(content: bytes | None) -> Card | Unusable:
    found = read(content)
    return found if isinstance(found, Unusable) else found.card


def _ready(content: bytes | None) -> ProfileShelf | Unusable:
    found = read(content)
    if isinstance(found, Unusable):
        return found
    if not found.card.is_worth_it:
        return Unusable("below_popular")
    shelf = ProfileShelf(found)
    shelf.near(found.products[:1])  # as `SessionShelf.warm_up`
    return shelf


PROFILE = Kind(KIND, _learn, _card, _ready, every=DAY)
