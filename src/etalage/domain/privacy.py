"""What becomes of an event when a person is erased, withdraws, or a period ends; and the ledger that says so.

Idea: positions of the log have no gaps, so nothing is taken out of it: an event that must go leaves a tombstone at
its position, the same for everybody, with nothing of her and no moment but the shop day. Orders leave the shop's
books: what was sold, when and for how much. `rewritten` is the one rule; the Parquet files say it again in SQL, and
a test holds the two together.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from etalage.domain.consent import Purpose
from etalage.domain.event import Event
from etalage.domain.ids import EventId, VisitorKey
from etalage.domain.time import ShopZone

ERASED = "erased"  # name and id of a tombstone
RESTRICTION = "restriction"  # the event that freezes a person, or ends it
PAUSE = "pause"  # the event by which she asks to be left alone until a moment, or ends that

# What becomes of one event:
#   gone        a tombstone
#   books       an order without whoever placed it
#   unnamed     without the customer it named and what is encrypted
#   closed      no longer used to personalise; a link to a customer stays a link
#   unmeasured  no longer used to measure
Fate = Literal["gone", "books", "unnamed", "closed", "unmeasured"]


class Verdict(Struct, frozen=True):
    """The fate of the event at one position."""

    fate: Fate
    day: int  # shop day of the event
    purposes: tuple[Purpose, ...] = ()  # that remain, of `closed` and `unmeasured`
    transaction: str | None = None  # of `books`: what stands for the order's number from now on


def rewritten(event: Event, verdict: Verdict, zone: ShopZone) -> Event:
    """Give an event as it stands in the log from now on."""
    if verdict.fate == "gone":
        return tombstone(zone.start(verdict.day))
    if verdict.fate == "books":
        return for_the_books(event, verdict.transaction)
    if verdict.fate == "unnamed":
        return msgspec.structs.replace(event, customer=None, personal=None)
    if verdict.fate == "unmeasured":
        return msgspec.structs.replace(event, purposes=verdict.purposes)
    is_identify = event.name == "identify"
    keeps_address = is_identify and "email" in verdict.purposes
    return msgspec.structs.replace(
        event,
        purposes=verdict.purposes,
        epoch=0,
        properties={} if is_identify else event.properties,
        personal=event.personal if keeps_address else None,
    )


def tombstone(day_start: int) -> Event:
    """Give what stands in the log where an event was."""
    return Event(
        id=EventId(ERASED),
        name=ERASED,
        time=day_start,
        received=day_start,
        trust="confirmed",
        source="engine",
    )


def for_the_books(event: Event, transaction: str | None) -> Event:
    """Give of an order what the shop's books need."""
    return Event(
        id=event.id,
        name=event.name,
        time=event.time,
        received=event.received,
        trust=event.trust,
        source=event.source,
        lines=event.lines,
        value=event.value,
        tax=event.tax,
        currency=event.currency,
        transaction=transaction if transaction is not None else event.transaction,
    )


class Erasure(Struct, frozen=True):
    """One line of the ledger of erasures: whom, and how far it is. Times are micros; 0: not yet.

    `visitors` are her pseudonyms: keyed digests, the tombstones by which late data is known and refused.
    """

    number: int  # from 1
    actor: str
    visitors: tuple[VisitorKey, ...]
    requested: int
    keys_destroyed: int = 0
    memory_gone: int = 0
    rewritten: int = 0  # the files; those before them may still lie there for readers
    files_gone: int = 0
    removed: dict[str, int] = {}  # what, and how many
    waiting: tuple[str, ...] = ()  # old files, there until nobody can be reading them

    @property
    def is_done(self) -> bool:
        """Whether nothing of her is left."""
        return self.files_gone > 0
