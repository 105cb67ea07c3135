"""Step 4 of 8, recommend: what is popular now.

In:   the rows of `sql/popular.sql`, made now and then by the background process.
Out:  a model that is a plain list, and for a live decision the products of a category, best first.
Idea: popularity is the end of every fallback chain, so it must be cheap, harmless and hard to forge: one vote per
      visitor per product per day, and at least ten visitors before a product counts at all.
From: methods 1.4; safety 8.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files

import msgspec
from msgspec import Struct

from etalage.domain.experience import MILLION
from etalage.domain.ids import ProductId
from etalage.domain.product import CATEGORY_SEPARATOR, Catalogue
from etalage.domain.time import DAY, HOUR

VISITORS_NEEDED = 10  # different visitors before a product is called popular (safety 8)
VIEW_HALF_LIFE = 24 * HOUR
ORDER_HALF_LIFE = 3 * DAY
WINDOW = 28 * DAY  # older acts weigh less than a thousandth


class Popularity(Struct, frozen=True):
    """One product of the list."""

    product: ProductId
    score: int  # millionths
    visitors: int
    buyers: int


class PopularModel(Struct, frozen=True):
    """The list, best first, with the moment it was made and a version that names its content."""

    version: str
    made: int  # micros
    products: tuple[Popularity, ...]


def question() -> str:
    """Give the SQL that the model is made from."""
    return files("etalage.recommend").joinpath("sql", "popular.sql").read_text("utf-8")


def parameters(now: int, *, visitors_needed: int = VISITORS_NEEDED) -> dict[str, object]:
    """Give what is bound in the question. A small shop may need fewer visitors; that is its own choice."""
    return {
        "now": now,
        "since": now - WINDOW,
        "visitors_needed": visitors_needed,
        "view_half_life": VIEW_HALF_LIFE,
        "order_half_life": ORDER_HALF_LIFE,
    }


def popular_model(rows: Iterable[Mapping[str, object]], now: int) -> PopularModel:
    """Make the model of the question's answer; equal rows in any order give the same version."""
    lines = [
        Popularity(
            product=ProductId(str(row["product"])),
            score=round(float(str(row["score"])) * MILLION),
            visitors=int(str(row["visitors"])),
            buyers=int(str(row["buyers"])),
        )
        for row in rows
    ]
    products = tuple(sorted(lines, key=lambda line: (-line.score, line.product)))
    digest = hashlib.sha256(msgspec.json.encode(products)).hexdigest()[:16]
    return PopularModel(version=digest, made=now, products=products)


EMPTY = PopularModel(version="", made=0, products=())


class PopularIndex:
    """A model held against a catalogue: the popular products of each category and of all, best first."""

    __slots__ = ("_by_category", "_by_product", "version")

    def __init__(self, model: PopularModel, catalogue: Catalogue) -> None:
        self.version = model.version
        self._by_product = {line.product: line for line in model.products}
        self._by_category: dict[str | None, list[Popularity]] = {None: []}
        for line in model.products:
            product = catalogue.products.get(line.product)
            if product is None:
                continue
            self._by_category[None].append(line)
            paths = (path[: depth + 1] for path in product.categories for depth in range(len(path)))
            for category in sorted({CATEGORY_SEPARATOR.join(path) for path in paths}):
                self._by_category.setdefault(category, []).append(line)

    def best(self, under: str | None = None) -> Iterator[Popularity]:
        """Give the popular products at or below a category, or of the whole shop."""
        return iter(self._by_category.get(under, ()))

    def buyers(self, product: str) -> int | None:
        """Give how many visitors bought a product lately, if it is popular at all."""
        line = self._by_product.get(ProductId(product))
        return None if line is None else line.buyers
