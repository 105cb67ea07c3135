"""Step 4 of 8, recommend: `new_for_you`, what came into the shop lately, near what she likes.

In:   when products came, and her taste: what share of her looks, carts and orders fell on which category and brand.
Out:  new products of the categories and brands she comes back to, those nearest to her taste first.
Idea: new products have no past, so only what is written of them can be held against hers. Of two that are as near
      the newer goes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from etalage.domain.decision import Because
from etalage.domain.experience import MILLION
from etalage.domain.profile import Part
from etalage.domain.time import DAY
from etalage.recommend.affinity import Affinity, TasteReason, affinity, held_against
from etalage.recommend.guards import Limits
from etalage.recommend.newest import Arrival
from etalage.recommend.shelf import Proposal, Shelf

NEW_FOR = 30 * DAY
LOOKED_AT = 100  # new products that are held against her taste
TASTES = 6  # categories, and as many brands, of hers that are looked through
_BECAUSE: Mapping[TasteReason, Because] = {"category": "new_category", "brand": "new_brand"}


def new_for_you(limits: Limits, part: Part | None, shelf: Shelf) -> Iterator[Proposal]:
    """Propose what came in the last thirty days, near what she likes; nothing to somebody without a past."""
    if part is None or not part.recents:
        return
    taste = affinity(part, now=limits.now)
    scored = []
    for arrived, product in _new(shelf, taste, limits.now):
        near = held_against(product, taste)
        because = None if near.because is None else _BECAUSE.get(near.because)
        if because is not None:
            proposal = Proposal(product.id, min(near.score, MILLION), because, near.of)
            scored.append(((-proposal.score, -arrived, product.id), proposal))
    for _, proposal in sorted(scored):
        yield proposal


def _new(shelf: Shelf, taste: Affinity, now: int) -> Sequence[Arrival]:
    """Find what is new in her categories and brands, those that count most for her first."""
    newest = shelf.newest
    lists = [newest.under(category) for category in _first(taste.categories)]
    lists += [newest.of_brand(brand) for brand in _first(taste.brands)]
    found: dict[str, Arrival] = {}
    for arrivals in lists:
        for arrived, product in arrivals:
            if arrived <= now - NEW_FOR or len(found) >= LOOKED_AT:
                break
            if arrived <= now:
                found[product.id] = (arrived, product)
    return list(found.values())


def _first(shares: Mapping[str, float]) -> list[str]:
    return sorted(shares, key=lambda name: (-shares[name], name))[:TASTES]
