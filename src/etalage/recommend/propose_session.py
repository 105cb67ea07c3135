"""Step 4 of 8, recommend: `also_viewed`, what others came to from the product of this page.

In:   the product, and the session model; nothing of who asks.
Out:  products, best first.
"""

from __future__ import annotations

from collections.abc import Iterator

from etalage.domain.experience import MILLION
from etalage.domain.ids import ProductId
from etalage.domain.profile import Part
from etalage.recommend.guards import Limits
from etalage.recommend.session_shelf import SessionShelf
from etalage.recommend.shelf import Proposal, Shelf

LOOKED_AT = 10  # distinct products, the newest (methods 1.2)


def also_viewed(limits: Limits, _: Part | None, shelf: Shelf) -> Iterator[Proposal]:
    """Propose what others looked at after the product of this page, which is the one that is excluded."""
    sessions, products = shelf.learned(SessionShelf), shelf.catalogue.products
    here = [p for p in sorted(limits.excluded) if ProductId(p) in products]
    if sessions is None or not here:
        return
    for near in sessions.near(here, now=limits.now):
        title = products[ProductId(near.of)].title
        yield Proposal(ProductId(near.product), round(near.score * MILLION), "viewed_after", title)
