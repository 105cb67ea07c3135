"""Step 4 of 8, recommend: the model of what people buy again, ready to answer.

In:   its file, and one person's orders.
Out:  what is due for her, what others forget, and what people with baskets like hers buy (UP-CF).
Idea: nobody is looked up. Her products are held against the baskets in the model, so that the model needs no name:

          alike(u, v) = |both| / (|u|^.75 |v|^.25), the hundred most alike, to the power 10
          score(x)    = sum over those of alike(u, v) * share of v's last ten orders that held x
From: Faggioli, Polato & Aiolli (2020); methods 1.5.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from etalage.domain.profile import Basket
from etalage.recommend.again_model import KIND, LAYOUT, AgainCard, taught
from etalage.recommend.baskets import ALIKE, ASYMMETRY, LOCALITY
from etalage.recommend.cadence import Due, all_due
from etalage.recommend.model_file import reader, unpacked
from etalage.recommend.model_kind import Kind
from etalage.recommend.session_index import Floats, Longs


class _Lines(NamedTuple):
    """Whose basket held what, in the order of a product, and again in the order of a person."""

    people_of: Longs  # by product: from `starts[product]` to the next
    starts: Longs
    products_of: Longs  # by person
    shares_of: Floats
    own_starts: Longs

    @property
    def sizes(self) -> Longs:
        """How many products each person had."""
        return np.diff(self.own_starts)


class AgainShelf:
    """A model made ready to answer."""

    __slots__ = ("_card", "_codes", "_lasts", "_late", "_lines", "_products")
    name: ClassVar[str] = KIND

    def __init__(self, card: AgainCard, arrays: Mapping[str, Any]) -> None:
        self._card = card
        names = unpacked(arrays["rhythm_of"])
        self._lasts = dict(zip(names, arrays["rhythm_days"].tolist(), strict=True))
        late = unpacked(arrays["late_of"])
        self._late = tuple(zip(late, arrays["late_share"].tolist(), strict=True))
        self._products = unpacked(arrays["products"])
        self._codes = {product: code for code, product in enumerate(self._products)}
        self._lines = _ordered(arrays, card.people, len(self._products))

    @property
    def version(self) -> str:
        """That of the model's card."""
        return self._card.version

    @property
    def asks_whether_due(self) -> bool:
        """Whether this shop's people buy by rhythm: else only how often they buy a thing counts."""
        return self._card.asks_whether_due

    @property
    def often_forgotten(self) -> tuple[tuple[str, float], ...]:
        """What people forget most often, with the share of its buyers that did."""
        return self._late

    def due(self, orders: Sequence[Basket], now: int) -> list[Due]:
        """Tell of everything somebody ordered how far along she is, the highest score first."""
        return all_due(orders, self._lasts, now)

    def alike(self, had: Collection[str]) -> list[tuple[str, float]]:
        """Give what people with such baskets buy and she never did, the highest score first."""
        own = np.array(sorted({self._codes[p] for p in had if p in self._codes}), np.int64)
        if not len(own):
            return []
        scores = self._scores(own)
        scores[own] = 0.0
        best = np.lexsort((np.arange(len(scores)), -scores))
        return [(self._products[code], float(scores[code])) for code in best if scores[code] > 0]

    def _scores(self, own: Longs) -> Floats:
        lines = self._lines
        both = np.zeros(len(lines.sizes))
        for code in own:
            both[lines.people_of[lines.starts[code] : lines.starts[code + 1]]] += 1
        sizes = np.maximum(lines.sizes, 1).astype(float)
        similar = both / (len(own) ** ASYMMETRY * sizes ** (1 - ASYMMETRY))
        people = np.flatnonzero(similar)
        if len(people) > ALIKE:
            people = np.sort(people[np.argpartition(-similar[people], ALIKE)[:ALIKE]])
        scores = np.zeros(len(self._products))
        for person in people:
            part = slice(lines.own_starts[person], lines.own_starts[person + 1])
            scores[lines.products_of[part]] += similar[person] ** LOCALITY * lines.shares_of[part]
        return scores


def _ordered(arrays: Mapping[str, Any], people: int, products: int) -> _Lines:
    person = arrays["line_person"].astype(np.int64)
    product = arrays["line_product"].astype(np.int64)
    by_product = np.argsort(product, kind="stable")
    by_person = np.argsort(person, kind="stable")
    return _Lines(
        people_of=person[by_product],
        starts=np.searchsorted(product[by_product], np.arange(products + 1)),
        products_of=product[by_person],
        shares_of=arrays["line_share"][by_person],
        own_starts=np.searchsorted(person[by_person], np.arange(people + 1)),
    )


AGAIN = Kind(KIND, taught, reader(KIND, LAYOUT, AgainCard), lambda kept: AgainShelf(*kept))
