"""Step 7 of 8, measure: the shop's figures day by day, as series that can be judged and compared.

In:   the rows of `sql/kpis.sql`.
Out:  one series per figure (and currency), with a point for every finished day, days without anything included.
Idea: three kinds. A count may be zero; a share has a whole that it is part of; an amount is money of one currency,
      whose worth as evidence is the number of orders behind it. On a log scale all three are judged alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf, log, sqrt
from typing import Literal

import msgspec
from msgspec import Struct

Kind = Literal["count", "share", "amount"]

COUNTS = ("visitors", "page_views", "add_to_cart", "orders", "refunds")
SHARES = ("conversion", "consent_share", "identified_share", "coverage", "click_share", "repeat")
REVENUE = "revenue"


class KpiRow(Struct, frozen=True):
    """A row of kpis.sql."""

    day: int
    name: str
    currency: str | None
    amount: int  # how many, or minor units
    whole: int | None  # of a share: what it is part of
    basis: int  # events behind it: of revenue, orders
    actual: int  # of revenue: with large orders in full


class Point(Struct, frozen=True, gc=False):
    """One day, or several added up."""

    amount: int = 0
    whole: int = 0
    basis: int = 0
    actual: int = 0

    def __add__(self, other: Point) -> Point:
        """Add up two days."""
        return Point(
            self.amount + other.amount,
            self.whole + other.whole,
            self.basis + other.basis,
            self.actual + other.actual,
        )


NOTHING = Point()


class Series(Struct, frozen=True):
    """A figure over time; from its first whole day on every day counts, with zero where nothing came."""

    name: str  # "orders", "revenue:EUR"
    kind: Kind
    first: int
    points: dict[int, Point]

    def at(self, day: int) -> Point:
        """Give a day; zero where nothing came."""
        return self.points.get(day, NOTHING)

    def over(self, days: Iterable[int]) -> Point:
        """Add up several days."""
        total = NOTHING
        for day in days:
            total += self.points.get(day, NOTHING)
        return total

    def level(self, point: Point) -> float | None:
        """Give a point on the scale of logarithms, ln(y + .5); None for a share of nothing."""
        if self.kind == "share":
            return log((point.amount + 0.5) / (point.whole + 0.5)) if point.whole else None
        return log(point.amount + 0.5)

    def evidence(self, point: Point) -> float:
        """Give how many events stand behind a point: of a share the rarer side."""
        if self.kind == "share":
            return min(point.amount, point.whole - point.amount)
        return point.basis if self.kind == "amount" else point.amount

    def floor(self, expected: float, point: Point, basis: float) -> float:
        """Give the least error that the level of this point can have, from counting alone.

        1/sqrt(expected) of a count, of an amount that of its orders, of a share the binomial error of its logarithm,
        sqrt((1 - p) / (n p)).
        """
        if self.kind == "share":
            p = min(max(expected, 0.5 / (point.whole + 1)), 1 - 0.5 / (point.whole + 1))
            return sqrt((1 - p) / (point.whole * p)) if point.whole else inf
        counted = basis if self.kind == "amount" else expected
        return 1 / sqrt(max(counted, 0.5))


def kpi_rows(rows: Iterable[Mapping[str, object]]) -> list[KpiRow]:
    """Turn the rows of the question into types."""
    return msgspec.convert([dict(row) for row in rows], list[KpiRow])


def series_of(rows: Sequence[KpiRow]) -> list[Series]:
    """Put the rows of finished days into series, by name.

    A series begins on the day after its first event: that day was no whole one, and before it the shop did not tell
    of this at all (orders are often imported from years before the tag was there).
    """
    points: dict[str, dict[int, Point]] = {}
    for row in rows:
        name = row.name if row.name != REVENUE else f"{REVENUE}:{row.currency}"
        if row.amount or row.whole:
            point = Point(row.amount, row.whole or 0, row.basis, row.actual)
            points.setdefault(name, {})[row.day] = point
    return [
        Series(name, _kind(name), min(of_days) + 1, of_days)
        for name, of_days in sorted(points.items())
    ]


def _kind(name: str) -> Kind:
    if name.startswith(f"{REVENUE}:"):
        return "amount"
    return "share" if name in SHARES else "count"
