"""Step 4 of 8, recommend: what is popular now.

In:   the rows of `sql/popular.sql`, made now and then by the background process.
Out:  a model that is a plain list, and for a live decision the products of a category, best first.
Idea: popularity is the end of every fallback chain, so it must be cheap, harmless and hard to forge: one vote per
      person per product per day, at least ten persons before a product counts at all, and whoever the shop itself
      knows goes before whoever only a browser speaks of. No number of made-up visitors passes a product that enough
      known ones chose (decision 39).
From: methods 1.4; safety 1 (row 9), 8.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from etalage.domain.experience import MILLION
from etalage.domain.ids import ProductId
from etalage.domain.product import CATEGORY_SEPARATOR, Catalogue
from etalage.domain.time import DAY, HOUR

VISITORS_NEEDED = 10  # different visitors before a product is called popular (safety 8)
VIEW_HALF_LIFE = 24 * HOUR
ORDER_HALF_LIFE = 3 * DAY
WINDOW = 28 * DAY  # older acts weigh less than a thousandth
VOTES_A_DAY = 100  # products of one person; who looks at more is no shopper
TREND_PRIOR = (
    20  # votes of a usual day that every product is given, so that few say little (methods 1.4)
)
STANDINGS = (0, 1, 2)  # anybody, somebody of two days, somebody the shop itself has spoken of


class Popularity(Struct, frozen=True):
    """One product of the list."""

    product: ProductId
    score: int  # millionths
    visitors: int
    buyers: int
    standing: int = 0  # of the persons it was counted by
    trend: int = (
        0  # millionths: how much more than usual it is chosen today; 0: no more than all together
    )


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
        "a_day": VOTES_A_DAY,
    }


def popular_model(rows: Iterable[Mapping[str, object]], now: int) -> PopularModel:
    """Make the model of the question's answer; equal rows in any order give the same version."""
    told = [dict(row) for row in rows]
    trends = _trends(told)
    lines = [
        Popularity(
            product=ProductId(str(row["product"])),
            score=round(_number(row, "score") * MILLION),
            visitors=int(_number(row, "visitors")),
            buyers=int(_number(row, "buyers")),
            standing=int(_number(row, "standing")),
            trend=trends.get(str(row["product"]), 0),
        )
        for row in told
    ]
    products = tuple(sorted(lines, key=lambda line: (-line.standing, -line.score, line.product)))
    digest = hashlib.sha256(msgspec.json.encode(products)).hexdigest()[:16]
    return PopularModel(version=digest, made=now, products=products)


def _trends(rows: Iterable[Mapping[str, object]]) -> dict[str, int]:
    """Give (today + 20 r) / (usual + 20) of what rises more than all together, r = all today / all usual."""
    told = [(str(row["product"]), _number(row, "today"), _number(row, "usual")) for row in rows]
    usual_of_all = math.fsum(usual for _, _, usual in told)
    overall = math.fsum(today for _, today, _ in told) / usual_of_all if usual_of_all else 0.0
    found = {}
    for product, today, usual in told:
        trend = (today + TREND_PRIOR * overall) / (usual + TREND_PRIOR)
        if today and trend > overall:
            found[product] = round(trend * MILLION)
    return found


def _number(row: Mapping[str, object], name: str) -> float:
    value = row.get(name)
    return 0.0 if value is None else float(str(value))


EMPTY = PopularModel(version="", made=0, products=())


class PopularIndex:
    """A model held against a catalogue: what is popular and what rises, in each category and in all, best first.

    A score here lies between 0 and a million: half of it says by whom a product was counted, so that no score
    passes one of a higher standing, and the rest how it compares with the best of its own.
    """

    __slots__ = ("_by_category", "_by_product", "_rising", "_scores", "version")

    def __init__(self, model: PopularModel, catalogue: Catalogue) -> None:
        self.version = model.version
        self._by_product = {line.product: line for line in model.products}
        known = [line for line in model.products if line.product in catalogue.products]
        popular = _scaled(known)
        self._scores = {line.product: line.score for line in popular}
        self._by_category = _by_category(popular, catalogue)
        rising = [replace(line, score=line.trend) for line in known if line.trend > 0]
        self._rising = _by_category(_scaled(rising), catalogue)

    def best(self, under: str | None = None) -> Iterator[Popularity]:
        """Give the popular products at or below a category, or of the whole shop."""
        return iter(self._by_category.get(under, ()))

    def rising(self, under: str | None = None) -> Iterator[Popularity]:
        """Give the products that are chosen more than usual today, at or below a category or of the whole shop."""
        return iter(self._rising.get(under, ()))

    def score(self, product: str) -> int:
        """Give how popular a product is, between 0 and a million."""
        return self._scores.get(ProductId(product), 0)

    def buyers(self, product: str) -> int | None:
        """Give how many visitors bought a product lately, if it is popular at all."""
        line = self._by_product.get(ProductId(product))
        return None if line is None else line.buyers


def _scaled(lines: Iterable[Popularity]) -> list[Popularity]:
    """Write scores as what can be compared over standings: a higher one begins where the lower one ends."""
    best: dict[int, int] = {}
    listed = sorted(lines, key=lambda line: (-line.standing, -line.score, line.product))
    for line in listed:
        best[line.standing] = max(best.get(line.standing, 1), line.score)
    step = MILLION // len(STANDINGS)
    return [
        replace(
            line,
            score=step * line.standing + max(0, line.score) * step // best[line.standing],
        )
        for line in listed
    ]


def _by_category(
    lines: Iterable[Popularity], catalogue: Catalogue
) -> dict[str | None, list[Popularity]]:
    found: dict[str | None, list[Popularity]] = {None: []}
    for line in lines:
        found[None].append(line)
        product = catalogue.products[line.product]
        paths = (path[: depth + 1] for path in product.categories for depth in range(len(path)))
        for category in sorted({CATEGORY_SEPARATOR.join(path) for path in paths}):
            found.setdefault(category, []).append(line)
    return found
