"""Step 4 of 8, recommend: what others looked at after this, by product id, each with the product that says so.

In:   a session model, and the products somebody just looked at.
Out:  products, best first, each because of one of those.
Idea: a reason has to be true. A score is a sum over sessions of the past; a recommendation is given "because of" the
      product that the session shares who gave the largest part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from etalage.domain.time import DAY, SECOND
from etalage.recommend.model_kind import Kind, Lesson, Live, Ready, Taught
from etalage.recommend.near import NOBODY, PROPOSED, Near, Nearest
from etalage.recommend.session_index import Floats, Ints
from etalage.recommend.session_live import learn_live, with_live
from etalage.recommend.session_model import (
    KIND,
    SessionModel,
    parameters,
    question,
    read,
    session_model,
    write,
)
from etalage.recommend.session_recipe import vstan
from etalage.recommend.session_scorer import Best, SessionScorer
from etalage.recommend.session_trial import FADES, mixed, own_items

NO_ITEMS, NO_SHARES = np.zeros(0, np.int32), np.zeros(0)
SMALL = 20_000  # sessions of the night; so few are compared in 0.3 ms without a compiler, which takes 66 MB


class SessionShelf:
    """A model made ready to answer."""

    __slots__ = ("_card", "_rules", "_scorer", "_version", "codes", "model", "products")
    name: ClassVar[str] = KIND

    def __init__(self, model: SessionModel, *, version: str | None = None) -> None:
        """Prepare; `version` where sessions were added to it since."""
        self.model = model
        self._card = model.card
        self._version = version or model.card.version
        self.products = model.products
        self.codes = {product: code for code, product in enumerate(model.products)}
        self._rules = model.rules
        self._scorer = SessionScorer(model.past, vstan(), compiled=model.past.base.sessions > SMALL)

    def warm_up(self) -> None:
        """Ask once: where nothing was compiled yet it takes ten seconds, and no visitor is to wait for that."""
        self._scorer.best_with_speakers([0], now=0.0, count=1)
        if self.compiled is not None:
            self.compiled.compile_both(self.question([0], now=0))

    @property
    def compiled(self) -> ModuleType | None:
        """What asks a profile model faster, and both at once, where these sessions needed a compiler."""
        return self._scorer.compiled

    @property
    def by_knn(self) -> bool:
        """Whether neighbours answer, and not the rules."""
        return self._card.method != "rules"

    @property
    def version(self) -> str:
        """That of the model's card."""
        return self._version

    def near(self, looked_at: Sequence[str], *, now: int) -> Iterator[Near]:
        """Give what comes next for who looked at these, oldest first; products of no session say nothing."""
        return self.nearest(looked_at, now=now).lines()

    def nearest(self, looked_at: Sequence[str], *, now: int) -> Nearest:
        """Give the same as columns."""
        seen = self.known(looked_at)
        if not seen:
            return NOBODY
        if self._card.method == "rules":
            return self._followers(seen[-1])
        found = self._scorer.best_with_speakers(seen, now=now / SECOND, count=PROPOSED)
        items, scores, speakers = found if not self._card.repeats else self._mixed(found, seen)
        return Nearest(items, scores, speakers, self.products, self.products)

    def known(self, products: Iterable[str]) -> list[int]:
        """Give the products that these sessions know as they are numbered here."""
        codes = self.codes
        return [codes[product] for product in products if product in codes]

    def question(
        self, seen: Sequence[int], *, now: int
    ) -> tuple[tuple[Any, ...], Ints, float, Floats]:
        """Put a question as the compiled path takes it; with what of the session's own is to be mixed in, and how much."""
        asked = self._scorer.asked(seen, now=now / SECOND).plain()
        repeats = self._card.repeats
        if not repeats:
            return asked, NO_ITEMS, 0.0, NO_SHARES
        own = own_items(seen)
        fades = [FADES**place for place in range(len(own))]
        return asked, np.array(own, np.int32), repeats, np.array(fades)

    def _mixed(self, found: Best, seen: Sequence[int]) -> Best:
        """Bring the session's own products forward; they speak for themselves, if nobody names them."""
        best = mixed([*zip(found.items, found.scores, strict=True)], seen, self._card.repeats)
        of = dict(zip(found.items, found.speakers, strict=True))
        items = [code for code, _ in best]
        return Best(items, [score for _, score in best], [of.get(code, code) for code in items])

    def after(self, product: str) -> Iterator[Near]:
        """Give what is looked at most right after this product (sequential rules)."""
        code = self.codes.get(product)
        return iter(()) if code is None else self._followers(code).lines()

    def _followers(self, code: int) -> Nearest:
        if code >= len(self._rules.starts) - 1:  # it came after the night
            return NOBODY
        items, weights = (column.tolist() for column in self._rules.after(code))
        return Nearest(items, weights, [code] * len(items), self.products, self.products)


def _learn(lesson: Lesson) -> Taught:
    bound = parameters(lesson.now, visitors_needed=lesson.visitors_needed, erased=lesson.erased)
    model = session_model(lesson.ask(question(), bound), lesson.now)
    return Taught(model.card, write(model))


def _warm(model: SessionModel) -> SessionShelf:
    shelf = SessionShelf(model)
    shelf.warm_up()
    return shelf


def _with_live(ready: Ready, content: bytes | None) -> Ready:
    if not isinstance(ready, SessionShelf):
        return ready
    model, version = with_live(ready.model, content)
    return ready if model is ready.model else SessionShelf(model, version=version)


SESSIONS = Kind(KIND, _learn, read, _warm, every=DAY, live=Live(learn_live, _with_live))
