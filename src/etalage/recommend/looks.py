"""Step 4 of 8, recommend: the looks of a shop, as its stylists put them together.

In:   the catalogue, whose products name the looks they belong to (the label `look`; several with `|` between them).
Out:  the pieces of each look, and the looks of each product.
Idea: a look lives where its pieces live. It comes with the feed, changes with it, and needs no list of its own that
      would speak of products that are gone.
"""

from __future__ import annotations

from typing import NamedTuple

from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue, Product

LABEL = "look"
_SEPARATOR = "|"


class Looks(NamedTuple):
    """All looks of a catalogue, pieces in its order."""

    pieces: dict[str, tuple[ProductId, ...]]

    def around(self, product: Product) -> list[ProductId]:
        """Give the other pieces of the looks a product belongs to, each once, the first look first."""
        found = (piece for name in names_in(product) for piece in self.pieces.get(name, ()))
        return [piece for piece in dict.fromkeys(found) if piece != product.id]


def looks_of(catalogue: Catalogue) -> Looks:
    """Gather the looks of a catalogue; one of a single piece is none."""
    pieces: dict[str, list[ProductId]] = {}
    for product in catalogue.products.values():
        for name in names_in(product):
            pieces.setdefault(name, []).append(product.id)
    return Looks({name: tuple(own) for name, own in pieces.items() if len(own) > 1})


def names_in(product: Product) -> list[str]:
    """Read which looks a product belongs to.

    >>> names_in(Product(ProductId("P"), "Laars", labels={"look": "regendag | stad"}))
    ['regendag', 'stad']
    """
    told = product.labels.get(LABEL)
    if not told:
        return []
    return [name for part in told.split(_SEPARATOR) if (name := part.strip())]
