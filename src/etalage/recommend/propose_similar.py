"""Step 4 of 8, recommend: `similar`, what is like the product of this page, or like what she looked at last.

In:   the product of the page; where there is none, the newest products she viewed.
Out:  products that are alike by what is written of them, best first, each with the one it is like.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from etalage.domain.ids import ProductId
from etalage.domain.profile import Part
from etalage.recommend.guards import Limits, is_sensitive
from etalage.recommend.recent import recently_viewed
from etalage.recommend.shelf import Proposal, Shelf
from etalage.recommend.similar_model import SimilarShelf

LOOKED_AT = 3  # of the newest products, where the page has none
_OLDER = 0.8  # what is like an older one has to be so much nearer


def similar(limits: Limits, part: Part | None, shelf: Shelf) -> Iterator[Proposal]:
    """Propose what is like the product of this page, or like what she looked at last."""
    model = shelf.learned(SimilarShelf)
    if model is None:
        return
    products = shelf.catalogue.products
    here = [product for product in limits.excluded if product in products]
    viewed = (product for product in recently_viewed(part, limits.now) if product in products)
    bases = here or list(islice(viewed, LOOKED_AT))
    found: dict[str, Proposal] = {}
    for place, base in enumerate(bases):
        if is_sensitive(products[ProductId(base)], limits):
            continue  # nor is it a reason
        title = products[ProductId(base)].title
        for product, cosine in model.near(base):
            score = round(cosine * _OLDER**place)
            known = found.get(product)
            if product not in bases and (known is None or known.score < score):
                found[product] = Proposal(ProductId(product), score, "similar", title)
    yield from sorted(found.values(), key=lambda proposal: (-proposal.score, proposal.product))
