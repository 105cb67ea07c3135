"""Step 4 of 8, recommend: her taste, as what she did says it.

In:   her recent acts: looks, carts and orders.
Out:  what share of them fell on each category and each brand; and how near a product is to that, with the reason.
Idea: 2^(-age / h) over her acts, shared out over the categories and brands of that moment. What is written of a
      product is enough to hold it against her taste, so it works for one that came a minute ago.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from etalage.domain.experience import MILLION
from etalage.domain.product import CATEGORY_SEPARATOR, Product
from etalage.domain.profile import Part
from etalage.domain.time import DAY

HALF_LIFE = 14 * DAY  # after two weeks a look weighs half: longer than one search for a product
_WEIGHTS = {"view_item": 1.0, "add_to_cart": 3.0, "purchase": 5.0}  # as in methods 1.4
_BRAND_WEIGHT = 0.5  # of a category's: two brands of one category are nearer than one brand of two
TasteReason = Literal["category", "brand"]


class Liked(NamedTuple):
    """How near a product is to her taste, and what says so."""

    score: int  # millionths, 0 = nothing known
    because: TasteReason | None = None
    of: str | None = None  # the category or brand


class Affinity(NamedTuple):
    """What share of her weighed acts fell on each category (its ancestors too) and each brand."""

    categories: Mapping[str, float]
    brands: Mapping[str, float]


def held_against(product: Product, taste: Affinity) -> Liked:
    """Hold a product against her taste alone."""
    paths = list(ancestors(product.category))
    # The mean over its path: a product of her very category scores above one that only shares the department.
    category = sum(taste.categories.get(path, 0.0) for path in paths) / max(len(paths), 1)
    brand = taste.brands.get(product.brand or "", 0.0) * _BRAND_WEIGHT
    score = round((category + brand) * MILLION)
    if not score:
        return Liked(0)
    if brand > category:
        return Liked(score, "brand", product.brand)
    nearest = next((path for path in paths if path in taste.categories), None)
    return Liked(score, "category", nearest)


def affinity(part: Part, *, now: int) -> Affinity:
    """Weigh the recent acts: shares from 0 to 1 per category path and per brand."""
    categories: dict[str, float] = {}
    brands: dict[str, float] = {}
    total = 0.0
    for recent in part.recents:
        weight = _WEIGHTS.get(recent.name, 0.0)
        if not weight or recent.time > now:
            continue
        weight *= 2.0 ** (-(now - recent.time) / HALF_LIFE)
        for line in recent.lines:
            total += weight
            for category in ancestors(line.category):
                categories[category] = categories.get(category, 0.0) + weight
            if line.brand is not None:
                brands[line.brand] = brands.get(line.brand, 0.0) + weight
    return Affinity(_shares(categories, total), _shares(brands, total))


def ancestors(category: str | None) -> Iterable[str]:
    """Give a category with all that lie above it, the nearest first.

    >>> list(ancestors("Hond > Voer"))
    ['Hond > Voer', 'Hond']
    """
    path = [] if category is None else category.split(CATEGORY_SEPARATOR)
    return (CATEGORY_SEPARATOR.join(path[:depth]) for depth in range(len(path), 0, -1))


def _shares(weights: Mapping[str, float], total: float) -> dict[str, float]:
    return {key: weight / total for key, weight in weights.items()} if total else {}
