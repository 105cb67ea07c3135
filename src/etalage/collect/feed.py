"""Step 1 of 8, the guard of feeds: whether a file that was read may replace the catalogue in use.

In:   a `Feed` (what a parser made of a file) and the catalogue in use, if there is one.
Out:  nothing, or `BadFeed` with the reason a shop owner can act on; the last good catalogue then stays.
Idea: a broken export looks like a smaller shop. So a feed is judged as a whole, against the one before it:
      cut off, shrunk, unreadable, without prices, everything sold out, prices in cents instead of euros.
From: safety.md 3 "Feeds and imports"; conventions.md 4 (an empty feed or one 30% smaller is refused).
"""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec import Struct

from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue, Product
from etalage.errors import BadFeed

MOST_SHRINK = 0.30  # share of products that may be missing from the next feed (conventions.md 4)
MOST_UNREADABLE = 0.10  # share of rows that may be left out; a single row never condemns a feed
MOST_PRICE_JUMP = 10.0  # times the old median: cents taken for euros are 100 times
ENOUGH_TO_COMPARE = 20  # products; below it "all the same price" may simply be true
MOST_SOLD_OUT = 0.5  # share in stock before, from which "nothing in stock" is a fault of the feed

# Why a row, or part of it, was not taken over. A closed list.
ProblemReason = Literal[
    # the row is left out
    "no_id",
    "bad_id",
    "no_title",
    "duplicate_id",
    "cut_off",  # the file ends in the middle of this row
    "too_many_cells",
    "no_parent",  # a variant of a product that is not in the file
    # the row is there, without this part
    "no_price",
    "bad_price",
    "bad_sale_price",
    "bad_period",
    "other_currency",
    "bad_availability",
    "bad_stock",
    "bad_time",
    "missing_variant",  # a product names a variant that is not in the file
    # the shop itself does not show it
    "not_for_sale",
]
LEAVES_OUT: frozenset[ProblemReason] = frozenset(
    {"no_id", "bad_id", "no_title", "duplicate_id", "cut_off", "too_many_cells", "no_parent"}
)


class Problem(Struct, frozen=True, array_like=True):
    """What was wrong with one row; rows count from 1, the header not counted."""

    row: int
    reason: ProblemReason
    detail: str = ""


class Feed(Struct, frozen=True):
    """What a parser made of a catalogue file."""

    products: tuple[Product, ...]
    problems: tuple[Problem, ...]
    rows: int  # that the file holds, readable or not
    currency: str


def refuse_other_documents(head: bytes) -> None:
    """Refuse a file that is visibly something else, by its first kilobyte.

    Raises:
        BadFeed: it is empty, or a web page (a login or error page saved as a feed).
    """
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not text:
        raise BadFeed("the file is empty; what was there stays")
    if text.startswith((b"<!doctype html", b"<html")) or (b"<html" in text and b"<body" in text):
        raise BadFeed(
            "the file is a web page, not a feed or an export (often a login or error page); "
            "check where it comes from"
        )


def judge(
    new: Feed,
    old: Catalogue | None,
    *,
    most_shrink: float = MOST_SHRINK,
    most_unreadable: float = MOST_UNREADABLE,
) -> None:
    """Refuse a feed that does not look like the shop's catalogue.

    Args:
        new: what was read.
        old: the catalogue in use; None for the first import.
        most_shrink: share of products that may disappear at once.
        most_unreadable: share of rows that may be left out.

    Raises:
        BadFeed: with the first reason found.
    """
    _refuse_empty(new)
    _refuse_cut_off(new)
    _refuse_unreadable(new, most_unreadable)
    _refuse_odd_prices(new)
    if old is not None and old.products:
        _refuse_shrunk(new, old, most_shrink)
        _refuse_other_prices(new, old)
        _refuse_sold_out(new, old)


def version_of(products: Iterable[Product], currency: str) -> str:
    """Give the name of this content: 16 hex digits, the same whatever the order of the rows."""
    ordered = sorted(products, key=lambda product: product.id)
    content = msgspec.json.encode((currency, ordered), order="deterministic")
    return hashlib.sha256(content).hexdigest()[:16]


def catalogue_of(feed: Feed) -> Catalogue:
    """Make the catalogue of a feed that was judged."""
    products: dict[ProductId, Product] = {product.id: product for product in feed.products}
    return Catalogue(version_of(feed.products, feed.currency), feed.currency, products)


def _refuse_empty(new: Feed) -> None:
    if new.rows == 0:
        raise BadFeed("the feed has no rows; the last good catalogue stays")
    if not new.products:
        worst = _most_frequent(new)
        raise BadFeed(f"none of the {new.rows} rows is a product{worst}")


def _refuse_cut_off(new: Feed) -> None:
    """Refuse half a file: a download that broke off lost what nobody can count, whatever share that was."""
    if any(problem.reason == "cut_off" for problem in new.problems):
        raise BadFeed(
            f"the file ends in the middle of row {new.rows}: it was cut off; "
            "the last good catalogue stays"
        )


def _refuse_unreadable(new: Feed, most: float) -> None:
    left_out = [p for p in new.problems if p.reason in LEAVES_OUT]
    repeated = sum(p.reason == "duplicate_id" for p in left_out)
    allowed = max(1.0, most * new.rows)
    if repeated > allowed:
        raise BadFeed(f"ids are not unique: {repeated} of {new.rows} rows repeat an id")
    if len(left_out) > allowed:
        raise BadFeed(
            f"{len(left_out)} of {new.rows} rows could not be read, "
            f"more than {most:.0%}{_most_frequent(new)}"
        )


def _most_frequent(new: Feed) -> str:
    reasons = [p.reason for p in new.problems if p.reason in LEAVES_OUT | {"not_for_sale"}]
    return f"; mostly: {statistics.mode(reasons)}" if reasons else ""


def _refuse_odd_prices(new: Feed) -> None:
    prices = _prices(new.products)
    if not prices:
        raise BadFeed("no row has a readable price above zero")
    if len(prices) >= ENOUGH_TO_COMPARE and len(set(prices)) == 1:
        raise BadFeed(f"all {len(prices)} products have the same price")


_IF_RIGHT = "(if this is right: etalage import catalogue --anyway)"


def _refuse_shrunk(new: Feed, old: Catalogue, most: float) -> None:
    have, had = len(new.products), len(old.products)
    if have < had * (1 - most):
        raise BadFeed(
            f"the feed shrank from {had} to {have} products ({1 - have / had:.0%}), "
            f"more than {most:.0%}; the last good catalogue stays {_IF_RIGHT}"
        )


def _refuse_other_prices(new: Feed, old: Catalogue) -> None:
    if new.currency != old.currency:
        raise BadFeed(f"the currency changed from {old.currency} to {new.currency}")
    before = _prices(old.products.values())
    if not before:
        return
    jump = statistics.median(_prices(new.products)) / statistics.median(before)
    if not 1 / MOST_PRICE_JUMP <= jump <= MOST_PRICE_JUMP:
        raise BadFeed(
            f"the median price is {jump:.3g} times the one before; are these cents or another currency? "
            f"{_IF_RIGHT}"
        )


def _refuse_sold_out(new: Feed, old: Catalogue) -> None:
    had = sum(product.is_available for product in old.products.values())
    has = any(product.is_available for product in new.products)
    if not has and had > MOST_SOLD_OUT * len(old.products):
        raise BadFeed(f"nothing is in stock any more; before, {had} products were {_IF_RIGHT}")


def _prices(products: Iterable[Product]) -> list[int]:
    lowest = (
        min((o.price for o in product.offers if o.price), default=None) for product in products
    )
    return [price for price in lowest if price is not None]
