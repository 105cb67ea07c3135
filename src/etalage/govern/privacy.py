"""Govern, privacy: what must go, for which of three reasons, and the receipt of what went.

In:   rows of the questions in `sql/` (erased, withdrawn, overdue), how long things are kept, a line of the ledger.
Out:  verdicts on events, and receipts.
Idea: which events change is asked of the log in SQL, once; what becomes of each is `domain.privacy.rewritten`. The
      number of an order goes with the person: the books keep a keyed digest of it, the same for its refunds.
From: safety.md 4 "Retention defaults", "Erasure"; AVG 5(1)(e), 17, 18.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Literal, cast

from msgspec import Struct

from etalage.domain.canonical import canonical_json, digest
from etalage.domain.consent import Purpose
from etalage.domain.event import ORDERS
from etalage.domain.ids import VisitorKey, keyed_digest
from etalage.domain.privacy import Erasure, Fate, Verdict
from etalage.domain.time import DAY, ShopZone, iso

Cause = Literal["erased", "withdrawn", "overdue"]
Question = Literal[Cause, "access"]

CLAIM = "purchase_claim"
# What stays of somebody who was erased, and why; in every receipt.
STAYS = (
    "confirmed orders, in the shop's books: what, when and how much, under a keyed digest of their number",
    "keyed digests of her identifiers and of the ids of her events: without them late data would bring her back",
    "the counts of intake, and the audit: who did what to which pseudonym",
)


class Keep(Struct, frozen=True):
    """How many days things are kept."""

    orders: int = 2_557  # seven years: the shop's books
    events: int = 396  # thirteen months; also: a profile without activity
    decisions: int = 183  # six months: as long as decisions can be replayed
    searches: int = 90  # the free text of a search
    quarantine: int = 30


class Judged(Struct, frozen=True):
    """An event that changes, with what it takes to change memories too."""

    position: int
    id: str
    name: str
    visitor: VisitorKey | None
    transaction: str | None
    verdict: Verdict

    @property
    def is_of_order(self) -> bool:
        """Whether the memory of an order may hold it."""
        return self.transaction is not None and (self.name in ORDERS or self.name == CLAIM)


def question(cause: Question) -> str:
    """Give the SQL that finds what must go for one reason, or all that is kept of a person."""
    text = (files("etalage.govern") / "sql" / f"{cause}.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))


def periods(keep: Keep, zone: ShopZone, *, now: int) -> dict[str, int]:
    """Give the parameters of overdue.sql."""
    today = zone.day(now)
    return {
        "orders_day": today - keep.orders,
        "events_day": today - keep.events,
        "decisions_day": today - keep.decisions,
        "searches_day": today - keep.searches,
        "quiet": now - keep.events * DAY,
    }


def judged(row: Mapping[str, object], cause: Cause, pepper: bytes) -> Judged:
    """Read one row of a question."""
    fate = cast("Fate", row["fate"])
    visitor, transaction = _text(row["visitor"]), _text(row["transaction"])
    digested = None
    if cause == "erased" and fate == "books" and transaction is not None:
        digested = order_digest(transaction, pepper)
    return Judged(
        position=int(str(row["position"])),
        id=str(row["id"]),
        name=str(row["name"]),
        visitor=None if visitor is None else VisitorKey(visitor),
        transaction=transaction,
        verdict=Verdict(
            fate,
            day=int(str(row["day"])),
            purposes=tuple(cast("Sequence[Purpose]", row["purposes"])),
            transaction=digested,
        ),
    )


def order_digest(transaction: str, pepper: bytes) -> str:
    """Give what stands in the books for the number of an order of somebody who was erased.

    Whoever has the number and the shop's keys can find the order again; nobody else can.
    """
    return f"erased:{keyed_digest(pepper, 'order', transaction)}"


def receipt(erasure: Erasure, secret: bytes) -> dict[str, object]:
    """Write what was done about an erasure; moments that did not come yet are null.

    With a hash over all of it, and the shop's signature over that: nobody without its keys can write a receipt or
    change one (`is_genuine`).
    """
    said: dict[str, object] = {
        "erasure": erasure.number,
        "by": erasure.actor,
        "visitors": len(erasure.visitors),
        "steps": {
            "requested": iso(erasure.requested),
            "keys_destroyed": _moment(erasure.keys_destroyed),
            "memory_gone": _moment(erasure.memory_gone),
            "files_gone": _moment(erasure.files_gone),
        },
        "done": erasure.is_done,
        "removed": dict(sorted(erasure.removed.items())),
        "stays": list(STAYS),
    }
    return said | {"hash": digest(said), "signature": _signature(said, secret)}


def is_genuine(said: Mapping[str, object], secret: bytes) -> bool:
    """Tell whether this shop wrote a receipt, and nobody changed it since."""
    rest = {name: value for name, value in said.items() if name not in {"hash", "signature"}}
    known = said.get("hash") == digest(rest)
    return known and hmac.compare_digest(str(said.get("signature")), _signature(rest, secret))


def _signature(said: Mapping[str, object], secret: bytes) -> str:
    return hmac.new(secret, canonical_json(said), hashlib.sha256).hexdigest()


def _moment(at: int) -> str | None:
    return iso(at) if at else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
