"""Arrivals: what intake hands to the log, and the account of everything that was received.

Conservation (design 5): received = accepted + duplicate + quarantined + refused, exactly, per key and day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Literal

from msgspec import Struct

from etalage.domain.event import Event
from etalage.domain.ids import VisitorKey

ENGINE = "engine"  # the key under which the engine's own events stand in the account
_ENGINES = blake2b(digest_size=16, person=b"engine")  # before anything is said; each id goes on

Outcome = Literal["accepted", "duplicate", "quarantined", "refused"]

# Why something did not get in. A closed list: each has a line in docs/reference/reasons.md.
Reason = Literal[
    # refused: we may not or will not take it
    "no_consent",  # no purpose that allows to keep this is open
    "bot",  # a known crawler, an empty user agent or a headless browser
    "not_from_browser",  # this event may only come with the server key
    "invalid_token",  # triggered, exposure or click without a decision token valid for this visitor
    "erased",  # of somebody who was erased
    "restricted",  # of somebody whose data is frozen
    "conflicting_claim",  # a second visitor claims the same order
    "sensitive",  # of a category that is never remembered
    "staff",  # marked as the shop's own test traffic
    # quarantined: it may be right, but we cannot read it; kept encrypted, may be replayed
    "not_an_object",
    "no_type",
    "no_event_name",
    "no_id",  # neither userId nor anonymousId
    "bad_field",  # a field has the wrong type or an impossible value
    "too_deep",
    "too_large",
    "too_many_properties",
    "hostile_name",  # __proto__ and the like
    "ambiguous",  # a repeated key in the envelope or in consent
    "bad_money",
    "id_conflict",  # another event already has this id
    "merge_limit",  # this customer was linked to visitors as often today as is allowed
]


class Arrival(Struct, frozen=True):
    """An event at the door of the log, with what it takes to know it again.

    `identity` digests (source, visitor, event id): a stolen id of somebody else's event is another identity.
    `digest` covers the event without send and receive times: the same identity with another digest is an
    `id_conflict`. `once` is a second identity under which it may come in only once, whatever its digest: an
    order's transaction id.
    """

    event: Event
    identity: bytes  # 16
    digest: bytes  # 16
    key: str  # label of the key it came with, for the account
    once: bytes | None = None  # 16
    raw: bytes | Callable[[], bytes] | None = (
        None  # sealed original, or what seals it: for an id_conflict
    )


class Rejected(Struct, frozen=True):
    """Something that did not get as far as the log, to be counted, and kept sealed if quarantined."""

    key: str
    outcome: Outcome
    reason: Reason
    received: int  # micros
    day: int  # shop day
    sealed: bytes | None = None  # of a quarantined one: what came in, encrypted
    visitor: VisitorKey | None = None  # of a quarantined one: whose it is, where that is known


class Entered(Struct, frozen=True):
    """What the log did with an arrival: its position, or why it has none."""

    outcome: Outcome
    position: int | None = None
    reason: Reason | None = None


class Appended(Struct, frozen=True):
    """Events that were put at the end of the log one behind the other."""

    after: int  # position before the first
    events: Sequence[Event]

    @property
    def upto(self) -> int:
        """The position of the last."""
        return self.after + len(self.events)


def engines_own(event: Event) -> Arrival:
    """Wrap an event that the engine itself has to say; saying it twice is saying it once."""
    identity = engine_identity(event.id)
    return Arrival(event, identity=identity, digest=identity, key=ENGINE)


def engine_identity(event_id: str) -> bytes:
    """Give what the log knows an event of the engine's own by."""
    digest = _ENGINES.copy()
    digest.update(event_id.encode())
    return digest.digest()
