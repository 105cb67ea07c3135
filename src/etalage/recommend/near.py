"""Step 4 of 8, recommend: products that a model puts near others, with the one that speaks for each most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

PROPOSED = 100  # products a model proposes; the guards leave a list of twenty of them


class Near(NamedTuple):
    """A product that others came to from here."""

    product: str
    score: float
    of: str  # the product that speaks for it most


class Nearest(NamedTuple):
    """Such products as columns, best first: of a hundred few are looked at one by one."""

    products: list[str]
    scores: list[float]
    speakers: list[int]  # by place in `named`
    named: Sequence[str]

    def of(self, place: int) -> str:
        """Give the product that speaks most for the one at a place."""
        return self.named[self.speakers[place]]

    def lines(self) -> Iterator[Near]:
        """Give them one by one."""
        return map(Near, self.products, self.scores, map(self.named.__getitem__, self.speakers))


NOBODY = Nearest([], [], [], ())


def nearest_of(lines: Iterable[Near]) -> Nearest:
    """Write products one by one, best first, as columns."""
    found = list(lines)
    products, scores = [near.product for near in found], [near.score for near in found]
    return Nearest(products, scores, [*range(len(found))], [near.of for near in found])
