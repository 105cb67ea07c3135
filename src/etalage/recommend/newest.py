"""Step 4 of 8, recommend: what came into the shop, by category and brand, the newest first.

In:   a catalogue, and what was seen of it.
Out:  per category (with all below it) and per brand the products whose arrival is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from etalage.domain.product import CATEGORY_SEPARATOR, Catalogue, Product
from etalage.recommend.catalogue_past import PastShelf

Arrival = tuple[int, Product]  # when, in micros


class Newest:
    """The products of a catalogue whose arrival is known, the newest first."""

    __slots__ = ("_arrived", "_by_brand", "_by_category")

    def __init__(self, catalogue: Catalogue, past: PastShelf | None) -> None:
        self._by_category: dict[str, list[Arrival]] = {}
        self._by_brand: dict[str, list[Arrival]] = {}
        self._arrived: dict[str, int] = {}
        for arrived, product in sorted(_arrivals(catalogue, past), key=_newest_first):
            self._arrived[product.id] = arrived
            for category in _categories(product):
                self._by_category.setdefault(category, []).append((arrived, product))
            if product.brand is not None:
                self._by_brand.setdefault(product.brand, []).append((arrived, product))

    def arrived(self, product: str) -> int | None:
        """Give when a product came; None if nobody knows."""
        return self._arrived.get(product)

    def under(self, category: str) -> Sequence[Arrival]:
        """Give what came into a category or below it."""
        return self._by_category.get(category, ())

    def of_brand(self, brand: str) -> Sequence[Arrival]:
        """Give what came of a brand."""
        return self._by_brand.get(brand, ())


def _arrivals(catalogue: Catalogue, past: PastShelf | None) -> Iterator[Arrival]:
    for product in catalogue.products.values():
        arrived = product.added or (0 if past is None else past.arrived(product.id))
        if arrived:
            yield arrived, product


def _newest_first(one: Arrival) -> tuple[int, str]:
    return (-one[0], one[1].id)


def _categories(product: Product) -> set[str]:
    return {
        CATEGORY_SEPARATOR.join(path[: depth + 1])
        for path in product.categories
        for depth in range(len(path))
    }
