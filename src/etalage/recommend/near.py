"""Step 4 of 8, recommend: a product that a model puts near others, with the one that speaks for it most."""

from __future__ import annotations

from typing import NamedTuple

PROPOSED = 100  # products a model proposes; the guards leave a list of twenty of them


class Near(NamedTuple):
    """A product that others came to from here."""

    product: str
    score: float
    of: str  # the product that speaks for it most
