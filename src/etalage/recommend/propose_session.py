"""Step 4 of 8, recommend: `for_you` and `also_viewed`, what others came to from here.

In:   what she looked at lately, or only the product of the page, and the session model.
Out:  products, best first, each because of one of those it was found from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from etalage.domain.decision import Because
from etalage.domain.experience import MILLION
from etalage.domain.ids import ProductId
from etalage.domain.profile import Part
from etalage.recommend.guards import Limits
from etalage.recommend.recent import recently_viewed
from etalage.recommend.session_shelf import SessionShelf
from etalage.recommend.shelf import Proposal, Shelf

LOOKED_AT = 10  # distinct products, the newest (methods 1.2)


def for_you(limits: Limits, part: Part | None, shelf: Shelf) -> Iterator[Proposal]:
    """Propose what others came to from where she was lately, the page she is on last."""
    lately = list(islice(recently_viewed(part, limits.now), LOOKED_AT))
    here = [product for product in limits.excluded if product not in lately]
    if lately:
        yield from _near((*reversed(lately), *here), "looked_at", limits, shelf)


def also_viewed(limits: Limits, _: Part | None, shelf: Shelf) -> Iterator[Proposal]:
    """Propose what others looked at after the product of this page, which is the one that is excluded."""
    yield from _near(tuple(limits.excluded), "viewed_after", limits, shelf)


def _near(
    looked_at: Sequence[str], because: Because, limits: Limits, shelf: Shelf
) -> Iterator[Proposal]:
    products = shelf.catalogue.products
    known = [product for product in looked_at if product in products]
    sessions = shelf.learned(SessionShelf)
    if sessions is None or not known:
        return
    for near in sessions.near(known, now=limits.now):
        title = products[ProductId(near.of)].title
        yield Proposal(ProductId(near.product), round(near.score * MILLION), because, title)
