"""Step 4 of 8, recommend: products that a model puts near others, with the one that speaks for each most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

SMALLEST = 1e-6  # a score that is not rounded to nothing
PROPOSED = 100  # products a model proposes; the guards leave a list of twenty of them


class Near(NamedTuple):
    """A product that others came to from here."""

    product: str
    score: float
    of: str  # the product that speaks for it most


class Nearest(NamedTuple):
    """Such products as columns, best first: of a hundred few are looked at one by one, and named."""

    items: Sequence[int]  # places in `products`
    scores: Sequence[float]
    speakers: Sequence[int]  # places in `named`
    products: Sequence[str]
    named: Sequence[str]

    def product(self, place: int) -> str:
        """Name the product at a place."""
        return self.products[self.items[place]]

    def of(self, place: int) -> str:
        """Name the product that speaks most for the one at a place."""
        return self.named[self.speakers[place]]

    def names(self) -> list[str]:
        """Name the products, best first."""
        return [self.products[item] for item in self.items]

    def lines(self) -> Iterator[Near]:
        """Give them one by one."""
        return map(Near, self.names(), self.scores, map(self.named.__getitem__, self.speakers))


NOBODY = Nearest((), (), (), (), ())
