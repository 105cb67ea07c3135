"""What every import gives: calls in Segment's form, so that imports go through the same intake as HTTP.

An item is `{type, event, messageId, anonymousId, userId, timestamp, properties, context}`, without the parts
that the file does not tell. Amounts stay as the file writes them: intake reads money, here and from HTTP.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import Struct

Item = dict[str, object]
Kind = Literal["events", "orders", "customers"]

# Why a row became no item. A closed list.
SkipReason = Literal[
    "not_an_object",  # a line that is no JSON object
    "too_large",
    "cut_off",  # the file ends in the middle of it
    "too_many_cells",
    "bad_time",  # no time, or none that can be read: it must not count as now
    "no_order_id",
    "not_paid",  # an order that does not count (yet): pending, failed, on hold
    "cancelled",
    "no_customer",  # neither number nor mail address
]


class Skipped(Struct, frozen=True):
    """A row that became no item, and why; rows count from 1."""

    row: int
    reason: SkipReason


Given = Item | Skipped


class ImportSettings(Struct, frozen=True):
    """How to read a file of events, orders or customers."""

    mapping: dict[str, str] = {}  # column -> field (--map)
    zone: str = "Europe/Amsterdam"  # of times without an offset
    currency: str = "EUR"  # of orders that do not name one


def digest(*parts: object) -> str:
    """Give an id made of content: the same row gives the same id, so importing twice counts once."""
    content = msgspec.json.encode(parts, order="deterministic")
    return "row-" + hashlib.sha256(content).hexdigest()[:32]


def filled(fields: Mapping[str, object]) -> dict[str, object]:
    """Leave out what is not told."""
    return {name: value for name, value in fields.items() if value not in (None, "", {}, [])}
