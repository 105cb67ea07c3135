"""Noord, a small Dutch shop for rain and outdoor wear, and how its shoppers choose from it.

In:   `noord.csv`, read and judged like the file of any shop.
Out:  its catalogue; what a shopper looks at; the lines of a basket of a given value.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import as_file, files

from msgspec import Struct, structs

from etalage.collect.feed import catalogue_of, judge
from etalage.connect.catalogue import detect
from etalage.connect.catalogue.settings import FeedSettings
from etalage.domain.product import Catalogue, Product
from etalage.simulate import draw
from etalage.simulate.person import favourite, price_sensitivity
from etalage.simulate.world import World

SITE = "https://noord.example"
SEVERAL = 4  # different products at least, before somebody takes two of one


class Piece(Struct, frozen=True):
    """A product as it stands on the shelf today."""

    id: str
    category: str
    link: str
    price: int  # cents


class Bought(Struct, frozen=True):
    """A line of an order; price is that of one piece, after discount."""

    piece: Piece
    quantity: int
    price: int


def noord(site: str = SITE) -> Catalogue:
    """Read the catalogue of the shop Noord.

    Args:
        site: where its pages and pictures are.

    Raises:
        BadFeed: the file would not pass the guard that every shop's feed has to pass.
    """
    with as_file(files("etalage.simulate") / "noord.csv") as path:
        feed = detect.read(path, "auto", FeedSettings())
    judge(feed, None)
    if site != SITE:
        products = (_at(product, site) for product in feed.products)
        feed = structs.replace(feed, products=tuple(products))
    return catalogue_of(feed)


def _at(product: Product, site: str) -> Product:
    links = {name: getattr(product, name).replace(SITE, site) for name in ("link", "image")}
    return structs.replace(product, **links)


def shelf(catalogue: Catalogue, *, now: int) -> list[Piece]:
    """Give what can be bought."""
    return [
        Piece(product.id, product.category or "", product.link, price)
        for product in catalogue.products.values()
        if (price := product.price_at(now)) is not None
    ]


def looked_at(world: World, person: int, day: int, pieces: Sequence[Piece]) -> list[Piece]:
    """Give what she looks at on a day, the page she lands on first: all of her favourite category."""
    weights: dict[str, float] = {}
    for piece in pieces:
        weights[piece.category] = weights.get(piece.category, 0.0) + 1
    wanted = favourite(world, person, weights)
    inside = [piece for piece in pieces if piece.category == wanted]
    dear = price_sensitivity(world, person)  # 0: prices make no difference

    def rank(piece: Piece) -> float:
        drawn = draw.uniform(world.seed, person, day, f"looks at {piece.id}")
        return drawn * float(piece.price**dear)

    order = sorted(inside, key=rank)
    most = int(world.views * draw.uniform(world.seed, person, day, "patience"))
    return order[: 1 + most]


def lines(
    world: World, person: int, value: int, pieces: Sequence[Piece]
) -> tuple[list[Bought], int]:
    """Fill a basket of this value: the lines, and the rest, which is what shipping costs.

    A value below the cheapest product is that product with a discount.
    """
    liked = {p.id: draw.uniform(world.seed, person, 0, f"buys {p.id}") for p in pieces}
    quantities: dict[str, int] = {}
    rest = value
    while fitting := [piece for piece in pieces if piece.price <= rest]:
        best = max(fitting, key=lambda piece: liked[piece.id] * piece.price)
        count = max(rest // (SEVERAL * best.price), 1)
        quantities[best.id] = quantities.get(best.id, 0) + count
        rest -= count * best.price
    if not quantities:
        return [Bought(min(pieces, key=lambda piece: piece.price), 1, value)], 0
    return [Bought(p, quantities[p.id], p.price) for p in pieces if p.id in quantities], rest
