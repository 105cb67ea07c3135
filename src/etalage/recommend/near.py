"""Step 4 of 8, recommend: products that a model puts near others, with the one that speaks for each most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
    of: list[str]

    def lines(self) -> Iterator[Near]:
        """Give them one by one."""
        return map(Near, *self)


NOBODY = Nearest([], [], [])


def nearest_of(lines: Iterable[Near]) -> Nearest:
    """Write products one by one, best first, as columns."""
    found = list(lines)
    return Nearest([n.product for n in found], [n.score for n in found], [n.of for n in found])
