"""Step 4 of 8, recommend: what happened to each product: when it came, was gone, came back, and cost what.

In:   the catalogue as it is now, and what was known before.
Out:  the same with what changed; ready to answer what is new, what came back, and what was truly reduced.
Idea: a feed only says how things are. Looking at it every minute says what happened, and only what was seen to
      happen is told to anybody. A price is called reduced if it lies below all that was asked in the thirty days
      before it fell (directive 98/6/EC, article 6a), and only where those days were seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import ClassVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue, Product
from etalage.domain.time import DAY, HOUR
from etalage.recommend.model_file import Unusable
from etalage.recommend.model_kind import Kind, Lesson, Taught

NAME = "catalogue-past"
LAYOUT = 1
REMEMBERED = 90 * DAY  # prices, and products that are no longer in the catalogue
REFERENCE = 30 * DAY  # before a reduction, in which the lowest price is looked for
AWAY = HOUR  # for less than this something was not gone, but counted again
MOST_PRICES = 60  # of one product; of more changes the oldest are forgotten


class Past(Struct, frozen=True, omit_defaults=True, array_like=True):
    """What was seen of one product. Times in micros, prices in minor units."""

    seen: int  # since when it is looked at
    arrived: int = 0  # when it came into the shop; 0: it was there before anybody looked
    gone: int = 0  # since when it cannot be bought; 0: it can
    back: int = 0  # when it could be bought again for the last time; 0: never seen
    left: int = 0  # since when it had been gone then
    prices: tuple[tuple[int, int], ...] = ()  # (from when, lowest price), oldest first
    dropped: int = 0  # when it was last in the catalogue; 0: it is

    def price_at(self, moment: int) -> int | None:
        """Give what it cost at a moment; None if that was not seen."""
        return next((price for since, price in reversed(self.prices) if since <= moment), None)

    def reduced_from(self, now: int) -> int | None:
        """Give the lowest price of the thirty days before its price fell, if it fell below all of them lately."""
        if len(self.prices) < 2:  # noqa: PLR2004  a price, and one before it
            return None
        fell, price = self.prices[-1]
        start = fell - REFERENCE
        is_whole = len(self.prices) < MOST_PRICES or self.prices[0][0] <= start
        is_known = is_whole and (self.seen <= start or bool(self.arrived))
        if not is_known or not fell <= now < fell + REFERENCE:
            return None
        # The price that was asked when the thirty days began counts as well.
        asked = [p for since, p in self.prices[:-1] if since > start]
        at_start = self.price_at(start)
        lowest = min([*asked, *([] if at_start is None else [at_start])], default=None)
        return lowest if lowest is not None and price < lowest else None


class PastCard(Struct, frozen=True):
    """What the file is."""

    version: str
    made: int  # micros: when something last changed
    since: int  # when looking began
    products: int

    @property
    def is_worth_it(self) -> bool:
        """Whether there is anything in it."""
        return self.products > 0


class CataloguePast(Struct, frozen=True):
    """All products, those that left lately included."""

    card: PastCard
    products: dict[str, Past]
    layout: int = LAYOUT
    kind: str = NAME


class PastShelf:
    """What happened, ready to answer."""

    __slots__ = ("_products", "_version")
    name: ClassVar[str] = NAME

    def __init__(self, past: CataloguePast) -> None:
        self._version = past.card.version
        self._products: Mapping[str, Past] = past.products

    @property
    def version(self) -> str:
        """That of its card."""
        return self._version

    def of(self, product: str) -> Past | None:
        """Give what was seen of a product."""
        return self._products.get(product)

    def arrived(self, product: str) -> int:
        """Give when a product was seen to come into the shop; 0 if it was there before anybody looked."""
        past = self._products.get(product)
        return 0 if past is None else past.arrived


def look(catalogue: Catalogue, now: int, before: CataloguePast | None = None) -> CataloguePast:
    """Look at the catalogue: what came, went, came back or changed its price since the last look."""
    known = {} if before is None else before.products
    is_first = not known
    products: dict[str, Past] = {}
    for product in catalogue.products.values():
        past = known.get(product.id) or Past(seen=now, arrived=0 if is_first else now)
        products[product.id] = _looked_at(product, past, now)
    for one, past in known.items():
        if ProductId(one) not in catalogue.products:
            left = past if past.dropped else replace(past, dropped=now, gone=past.gone or now)
            if now - left.dropped < REMEMBERED:
                products[one] = left
    if before is not None and products == before.products:
        return before
    since = now if before is None else before.card.since
    return CataloguePast(PastCard(f"{now:x}", now, since, len(products)), products)


def _looked_at(product: Product, past: Past, now: int) -> Past:
    is_available = product.is_available
    gone, back, left = past.gone, past.back, past.left
    if not is_available:
        gone = gone or now
    elif gone:
        was_here = gone > past.seen or not past.arrived  # what came in empty does not come back
        if was_here and now - gone >= AWAY:
            back, left = now, gone
        gone = 0
    prices = past.prices
    price = product.price_at(now) if is_available else None
    if price is not None and (not prices or prices[-1][1] != price):
        prices = _kept((*prices, (now, price)), now)
    same = (gone, back, left, prices) == (past.gone, past.back, past.left, past.prices)
    if same and not past.dropped:
        return past
    return replace(past, gone=gone, back=back, left=left, prices=prices, dropped=0)


def _kept(prices: tuple[tuple[int, int], ...], now: int) -> tuple[tuple[int, int], ...]:
    """Forget prices that were replaced long ago."""
    kept = [price for price, following in pairwise(prices) if now - following[0] < REMEMBERED]
    return (*kept, prices[-1])[-MOST_PRICES:]


# ---- As a file ---------------------------------------------------------------------------------------


def read(content: bytes | None) -> CataloguePast | Unusable:
    """Read the file, or say why it cannot be used."""
    if content is None:
        return Unusable("absent")
    try:
        past = msgspec.msgpack.decode(content, type=CataloguePast)
    except msgspec.DecodeError:
        return Unusable("damaged")
    if past.kind != NAME:
        return Unusable("other_kind")
    return past if past.layout == LAYOUT else Unusable("older_version")


def _learn(lesson: Lesson) -> Taught:
    before = read(lesson.before)
    known = None if isinstance(before, Unusable) else before
    past = look(lesson.catalogue, lesson.now, known)
    return Taught(past.card, msgspec.msgpack.encode(past))


PAST = Kind(NAME, _learn, read, PastShelf, unworthy=None)
