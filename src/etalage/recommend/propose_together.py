"""Step 4 of 8, recommend: `goes_with` and `look`, what completes what is on the page.

In:   the product of the page (or what lies in the basket), the looks of the shop, and the model of what goes together.
Out:  products of other kinds, best first.
Idea: people before numbers. A look that a stylist made comes first; a piece of it that cannot be bought (in her size) makes
      room for the learned piece of the same kind, and the rest of the look is learned. One piece of a kind: nobody
      needs three pairs of boots with one coat.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from etalage.domain.decision import Because
from etalage.domain.experience import MILLION
from etalage.domain.ids import ProductId
from etalage.domain.product import CATEGORY_SEPARATOR, Product
from etalage.domain.profile import Part
from etalage.recommend.guards import Limits, broken_guard
from etalage.recommend.shelf import Proposal, Shelf
from etalage.recommend.together_model import TogetherShelf, kind_of

OF_A_KIND = 3  # products of a kind that goes with it
_FOR_ANYBODY = {None, "", "unisex"}
_HALF = MILLION // 2


class _Piece(NamedTuple):
    """A product that goes with another, by how near it is (0 to 1)."""

    product: ProductId
    nearness: float
    of: str  # what it goes with, in words
    is_of_kind: bool = False


def goes_with(limits: Limits, _: Part | None, shelf: Shelf) -> Iterator[Proposal]:
    """Propose what others chose together with the product of the page; without one, with what is in the basket."""
    best: dict[ProductId, _Piece] = {}
    for product in _chosen(limits, shelf):
        for piece in _learned(product, shelf):
            if piece.product not in best or best[piece.product].nearness < piece.nearness:
                best[piece.product] = piece
    for piece in sorted(
        best.values(), key=lambda one: (one.is_of_kind, -one.nearness, one.product)
    ):
        # Two products that were chosen together come before two kinds that were.
        half = round(piece.nearness * _HALF)
        score = half if piece.is_of_kind else _HALF + half
        yield Proposal(piece.product, score, "together", piece.of)


def look(limits: Limits, _: Part | None, shelf: Shelf) -> Iterator[Proposal]:
    """Propose a look around the product of the page: one piece of each kind, each that she can buy."""
    products = shelf.catalogue.products
    here = next((products[p] for p in _ids(limits.excluded) if p in products), None)
    if here is None:
        return
    learned = [one for one in _learned(here, shelf) if _suits(products.get(one.product), here)]
    taken = {_kind(here)}
    place = MILLION
    for piece in (*_curated(here, learned, limits, shelf), *learned):
        product = products.get(piece.product)
        if product is None or _kind(product) in taken or broken_guard(product, limits) is not None:
            continue
        taken.add(_kind(product))
        place -= 1  # a stylist's order is kept
        because: Because = "in_look" if piece.nearness == 1 else "together"
        yield Proposal(piece.product, place, because, piece.of)


def _chosen(limits: Limits, shelf: Shelf) -> list[Product]:
    """Give the product of the page, or else those in the basket, as far as the catalogue has them."""
    ids = _ids(limits.excluded) or _ids(limits.cart)
    return [shelf.catalogue.products[one] for one in ids if one in shelf.catalogue.products]


def _ids(products: Iterable[str]) -> list[ProductId]:
    return [ProductId(product) for product in sorted(products)]


def _curated(
    here: Product, learned: list[_Piece], limits: Limits, shelf: Shelf
) -> Iterator[_Piece]:
    """Give the pieces of its looks; for one that she cannot buy the learned piece of its kind."""
    products = shelf.catalogue.products
    for other in shelf.looks.around(here):
        if broken_guard(products.get(other), limits) is None:
            yield _Piece(other, 1.0, here.title)
            continue
        kind = _kind(products[other])
        yield from (piece for piece in learned if _kind(products[piece.product]) == kind)


def _learned(here: Product, shelf: Shelf) -> Iterator[_Piece]:
    """Give what was chosen together with a product, then what is chosen most of kinds that go with its kind."""
    model = shelf.learned(TogetherShelf)
    if model is None:
        return
    products = shelf.catalogue.products
    for one in model.with_product(here.id):
        if one.thing in products:
            yield _Piece(ProductId(one.thing), min(one.nearness, 0.999999), here.title)
    own = _kind(here).split(CATEGORY_SEPARATOR)[-1]
    for kind in model.with_kind(_kind(here)):
        most = (ProductId(one.thing) for one in model.most_of(kind.thing))
        suiting = [product for product in most if _suits(products.get(product), here)]
        for product in suiting[:OF_A_KIND]:
            yield _Piece(product, min(kind.nearness, 0.999999), own, is_of_kind=True)


def _kind(product: Product) -> str:
    return kind_of(product.category)


def _suits(piece: Product | None, here: Product) -> bool:
    """Whether a piece is for the same people as the product it goes with."""
    if piece is None:
        return False
    either = {piece.gender, here.gender}
    return piece.gender == here.gender or not either.isdisjoint(_FOR_ANYBODY)
