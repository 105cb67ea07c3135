"""Step 4 of 8, recommend: `back_in_stock` and `price_dropped`, what changed since she looked.

In:   what she looked at, and what was seen to happen to those products since.
Out:  those that could not be bought and can be again; those that cost less than when she looked.
Idea: both are claims, so both stand on what was seen: gone for an hour at least, back after she looked; a price below
      the one she saw and below all that was asked in the thirty days before it fell. The last is named beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from etalage.domain.experience import MILLION
from etalage.domain.ids import ProductId
from etalage.domain.profile import Part
from etalage.domain.time import DAY
from etalage.recommend.catalogue_past import Past, PastShelf
from etalage.recommend.guards import Limits, lowest, size_of
from etalage.recommend.shelf import Proposal, Shelf
from etalage.recommend.sizes import offers_for

CARED = frozenset({"view_item", "add_to_cart", "add_to_wishlist"})
LOOKED_AT = 100  # products, the newest
NEWS_FOR = 30 * DAY  # what came back longer ago is no news


class Look(NamedTuple):
    """When she last looked at a product, and what it cost by the event that says so."""

    product: str
    time: int
    price: int | None


def back_in_stock(limits: Limits, part: Part | None, shelf: Shelf) -> Iterator[Proposal]:
    """Propose what she looked at and came back since, the last to come back first."""
    past = shelf.learned(PastShelf)
    if past is None:
        return
    found = [
        (seen.back, look.product)
        for look in looks(part, limits.now, shelf.catalogue.currency)
        if (seen := past.of(look.product)) is not None and _came_back(seen, look, limits.now)
    ]
    for place, (_, product) in enumerate(sorted(found, key=lambda one: (-one[0], one[1]))):
        yield Proposal(ProductId(product), MILLION - place, "back_in_stock")


def price_dropped(limits: Limits, part: Part | None, shelf: Shelf) -> Iterator[Proposal]:
    """Propose what costs less than when she looked, the largest share off first."""
    past = shelf.learned(PastShelf)
    if past is None:
        return
    found = []
    for look in looks(part, limits.now, shelf.catalogue.currency):
        product = shelf.catalogue.products.get(ProductId(look.product))
        seen = past.of(look.product)
        if product is None or seen is None:
            continue
        price = product.price_at(limits.now)
        hers = lowest(offers_for(product, size_of(product, limits)), limits.now)
        if price is None or price != hers or price != _last(seen):
            continue  # her size costs something else, or what is asked now was not looked at yet
        before = seen.reduced_from(limits.now)
        if before is not None and _was_dearer(seen, look, price):
            off = MILLION - MILLION * price // before
            found.append(Proposal(ProductId(look.product), off, "price_dropped", str(before)))
    yield from sorted(found, key=lambda proposal: (-proposal.score, proposal.product))


def looks(part: Part | None, now: int, currency: str) -> Iterator[Look]:
    """Give the products she cared for up to now, each at its newest look, the newest first."""
    seen: set[str] = set()
    for recent in reversed(part.recents if part is not None else ()):
        if recent.name not in CARED or recent.time > now:
            continue
        is_ours = recent.currency is None or recent.currency == currency
        for line in recent.lines:
            if line.product not in seen:
                seen.add(line.product)
                yield Look(line.product, recent.time, line.price if is_ours else None)
        if len(seen) >= LOOKED_AT:
            return


def _came_back(seen: Past, look: Look, now: int) -> bool:
    return not seen.gone and look.time < seen.back <= now < seen.back + NEWS_FOR


def _was_dearer(seen: Past, look: Look, price: int) -> bool:
    """Whether it cost more when she looked: by what the shop asked then, and by what her page said if it did."""
    asked = seen.price_at(look.time)
    return asked is not None and price < asked and (look.price is None or price < look.price)


def _last(seen: Past) -> int | None:
    return seen.prices[-1][1] if seen.prices else None
