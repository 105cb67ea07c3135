"""Step 4 of 8, recommend: what may not be recommended to this person, here and now.

In:   a product, and the limits of the person, the page and the list.
Out:  None, or the name of the first limit it breaks.
Idea: guards come before ranking. A list is filled with the best of what may be shown; it is never cut down
      afterwards, so a strategy cannot trade a guard for a score.
"""

from __future__ import annotations

from msgspec import Struct

from etalage.domain.decision import Because, Candidate, DecisionFacts, GuardReason
from etalage.domain.experience import Wanted
from etalage.domain.ids import ProductId
from etalage.domain.product import CATEGORY_SEPARATOR, Catalogue, Offer, Product, is_under
from etalage.domain.profile import Part
from etalage.domain.time import DAY
from etalage.recommend.recent import last_category
from etalage.recommend.sizes import NO_SIZES, Sizes, bought_sizes, offers_for, size_for, told_size

BOUGHT_MEMORY = 30 * DAY  # what was bought in this time is not offered again (methods 1.4)
NOTHING: frozenset[str] = frozenset()
_REFUSED = "product:"  # prefix of a refused product in a fold
_NOWHERE = "\x00"  # a category that no product has: the page's own, where the page does not tell


class Limits(Struct, frozen=True):
    """What is never crossed. Sets of product ids, categories as one text, prices in minor units."""

    now: int
    under: str | None = None
    prefer: str | None = None  # a category that goes first; no bound
    price_from: int | None = None
    price_to: int | None = None
    size: str | None = None  # as she told it
    sizes: Sizes = NO_SIZES  # as she buys them, per kind of product
    cart: frozenset[str] = NOTHING
    bought: frozenset[str] = NOTHING
    refused: frozenset[str] = NOTHING
    excluded: frozenset[str] = NOTHING  # the product of the page
    without: frozenset[str] = NOTHING  # what the shop keeps out of this list, ...
    not_under: tuple[str, ...] = ()  # ... and the categories
    sensitive: tuple[str, ...] = ()  # categories that are never recommended


def limits_of(
    wanted: Wanted,
    facts: DecisionFacts,
    part: Part | None,
    *,
    catalogue: Catalogue,
    sensitive: tuple[str, ...] = (),
) -> Limits:
    """Gather the limits of one list; `part` is None for somebody whose past may not be read."""
    here = facts.here.id if facts.here is not None else facts.page.product
    now = facts.now
    return Limits(
        now=now,
        under=_category(wanted, facts, catalogue),
        prefer=last_category(part, now, catalogue) if wanted.last_category else None,
        price_from=wanted.price_from,
        price_to=wanted.price_to,
        size=told_size(part),
        sizes=bought_sizes(part, now),
        cart=frozenset(facts.cart) if facts.cart else NOTHING,
        bought=_bought(part, now),
        refused=_refused(part),
        excluded=NOTHING if here is None else frozenset((here,)),
        without=frozenset(wanted.without) if wanted.without else NOTHING,
        not_under=wanted.not_under,
        sensitive=sensitive,
    )


def broken_guard(product: Product | None, limits: Limits) -> GuardReason | None:
    """Name the first guard a product breaks; None if it may be shown."""
    if product is None:
        return "unknown_product"
    return broken_for_her(product.id, limits) or broken_for_all(product, limits)


def broken_for_her(product: ProductId, limits: Limits) -> GuardReason | None:
    """Name the first guard a product breaks because of who asks, and where."""
    if product in limits.excluded or product in limits.without:
        return "excluded"
    if product in limits.cart:
        return "in_cart"
    if product in limits.bought:
        return "bought"
    return "refused" if product in limits.refused else None


def kept_from_her(limits: Limits) -> frozenset[str]:
    """Give all products for which `broken_for_her` names a guard."""
    return limits.excluded.union(limits.without, limits.cart, limits.bought, limits.refused)


def broken_for_all(product: Product, limits: Limits) -> GuardReason | None:
    """Name the first guard that follows from the product, the list and the size alone."""
    if not product.is_available:
        return "out_of_stock"
    if is_sensitive(product, limits):
        return "sensitive"
    if limits.under is not None and not _lies_under(product, limits.under):
        return "wrong_category"
    if any(_lies_under(product, category) for category in limits.not_under):
        return "excluded"
    offers = offers_for(product, size_of(product, limits))
    if not offers:
        return "no_size"
    return _broken_price(lowest(offers, limits.now), limits)


def size_of(product: Product, limits: Limits) -> str | None:
    """Give the person's size for a product; None if nothing is known of its kind."""
    told, bought = limits.size, limits.sizes
    return size_for(product, told, bought) if told is not None or bought else None


def candidate_of(
    product: Product, limits: Limits, score: int, because: Because, of: str | None = None
) -> Candidate:
    """Write down a product with the facts it was judged by."""
    size = size_of(product, limits)
    offers = offers_for(product, size)
    stocks = [offer.stock for offer in offers if offer.stock is not None]
    return Candidate(
        product=product.id,
        score=score,
        available=bool(offers),
        stock=sum(stocks) if stocks else None,
        price=lowest(offers, limits.now),
        size=size,
        because=because,
        of=of,
    )


def lowest(offers: tuple[Offer, ...], now: int) -> int | None:
    """Give the lowest price of some offers at a moment."""
    prices = [price for offer in offers if (price := offer.price_at(now)) is not None]
    return min(prices, default=None)


def _broken_price(price: int | None, limits: Limits) -> GuardReason | None:
    if price is None:
        return "no_price"
    too_low = limits.price_from is not None and price < limits.price_from
    too_high = limits.price_to is not None and price > limits.price_to
    return "wrong_price" if too_low or too_high else None


def _lies_under(product: Product, category: str) -> bool:
    return any(is_under(CATEGORY_SEPARATOR.join(path), category) for path in product.categories)


def is_sensitive(product: Product, limits: Limits) -> bool:
    """Whether a product is of a category that is never recommended, and never a reason either."""
    return any(_lies_under(product, category) for category in limits.sensitive)


def _category(wanted: Wanted, facts: DecisionFacts, catalogue: Catalogue) -> str | None:
    """Give the one category that bounds the list: the narrower of the shop's and the page's."""
    if not wanted.same_category:
        return wanted.under
    page = facts.page.category
    if page is None and facts.here is not None:
        product = catalogue.products.get(facts.here.id)
        page = None if product is None else product.category
    if page is None:
        return _NOWHERE
    if wanted.under is None or is_under(page, wanted.under):
        return page
    return wanted.under if is_under(wanted.under, page) else _NOWHERE


def _bought(part: Part | None, now: int) -> frozenset[str]:
    if part is None or not part.bought:
        return NOTHING
    since = now - BOUGHT_MEMORY
    return frozenset([product for product, at in part.bought.items() if at >= since])


def _refused(part: Part | None) -> frozenset[str]:
    if part is None or not part.refused:
        return NOTHING
    return frozenset(
        ProductId(key.removeprefix(_REFUSED))
        for key, written in part.refused.items()
        if key.startswith(_REFUSED) and written.value is True
    )
