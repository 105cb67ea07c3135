"""Products of the catalogue: what can be recommended, at which price, in which sizes, and whether it is in stock."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from etalage.domain.ids import ProductId

Availability = Literal["in_stock", "out_of_stock", "preorder", "backorder", "unknown"]
CATEGORY_SEPARATOR = " > "


class Offer(Struct, frozen=True, omit_defaults=True):
    """One buyable form of a product: its size and colour, price and stock (a variant in the shop's words)."""

    id: str
    price: int | None = None  # minor units, gross; None = unknown, hence not recommended
    sale_price: int | None = None
    sale_from: int | None = None  # micros; None = no bound
    sale_until: int | None = None
    availability: Availability = "unknown"
    stock: int | None = None  # pieces; None = the source does not tell
    size: str | None = None
    colour: str | None = None

    def price_at(self, now: int) -> int | None:
        """Give the price asked at a moment: the sale price only within its period."""
        if self.sale_price is None or self.price is None:
            return self.price
        begun = self.sale_from is None or self.sale_from <= now
        over = self.sale_until is not None and self.sale_until < now
        return self.sale_price if begun and not over else self.price

    @property
    def is_available(self) -> bool:
        """Whether it can be bought now. Unknown stock with stated availability is trusted, unknown both is not."""
        if self.stock is not None:
            return self.stock > 0 or self.availability == "backorder"
        return self.availability in {"in_stock", "backorder"}


class Product(Struct, frozen=True, omit_defaults=True):
    """One entry of the catalogue with all its offers.

    `categories` are paths such as ("Dames", "Jassen"); the first one is the product's own.
    """

    id: ProductId
    title: str
    offers: tuple[Offer, ...] = ()
    categories: tuple[tuple[str, ...], ...] = ()
    brand: str | None = None
    description: str = ""
    link: str = ""
    image: str = ""
    images: tuple[str, ...] = ()
    gender: str | None = None
    age_group: str | None = None
    gtin: str | None = None
    labels: dict[str, str] = {}  # custom labels and attributes, as the source names them
    added: int | None = None  # micros, when the source tells

    @property
    def category(self) -> str | None:
        """Give the product's category as one text: 'Dames > Jassen'."""
        return CATEGORY_SEPARATOR.join(self.categories[0]) if self.categories else None

    @property
    def is_available(self) -> bool:
        """Whether any of its offers can be bought."""
        return any(offer.is_available for offer in self.offers)

    def price_at(self, now: int) -> int | None:
        """Give the lowest price at which it can be bought now; None if that is not known."""
        lowest: int | None = None
        for offer in self.offers:
            asked = offer.price if offer.sale_price is None else offer.price_at(now)
            if asked is not None and (lowest is None or asked < lowest) and offer.is_available:
                lowest = asked
        return lowest

    def sizes_available(self) -> frozenset[str]:
        """Give the sizes that can be bought now."""
        return frozenset(o.size for o in self.offers if o.size is not None and o.is_available)


class Catalogue(Struct, frozen=True):
    """All products of a shop at one version; `version` is the digest of the import that made it."""

    version: str
    currency: str
    products: dict[ProductId, Product]

    def find(self, any_id: str) -> Product | None:
        """Find a product by its own id; events name products (or item groups), never rows of a feed."""
        return self.products.get(ProductId(any_id))


def is_under(category: str | None, ancestor: str) -> bool:
    """Tell whether a category path lies at or below another: 'Hond > Voer > Nat' is under 'Hond > Voer'."""
    if category is None:
        return False
    return category == ancestor or category.startswith(ancestor + CATEGORY_SEPARATOR)
