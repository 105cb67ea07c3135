"""Step 1 of 8, set aside: what an event that could not be read must have with it to be sent again later.

In:   the door it came to; or what was set aside.
Out:  a short JSON text that stands in front of the event; and read back.
Idea: an event is judged by more than its own text: who sent it, whose token the call carried, what the browser's
      header said. All of it is sealed together with the event and goes with it.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from etalage.collect.call import BEFORE_EVENTS, DOOR
from etalage.collect.intake import Door, Received, Sender
from etalage.domain.consent import Purpose

MOST_AGENT = 512  # characters of a header that are kept; none that tells what it is has more


class KeptDoor(Struct, frozen=True, omit_defaults=True):
    """The part of a door that belongs to one call."""

    kind: Literal["write", "server"]
    purposes: tuple[Purpose, ...] = ()
    basis: str = ""
    source: str = ""
    visitor: str | None = None
    user_agent: str | None = None
    gpc: bool = False
    prefetch: bool = False
    staff: bool = False
    country: str | None = None
    region: str | None = None

    def received(self, now: int) -> Received:
        """Give what came with the call, at the moment it came."""
        return Received(
            now=now,
            user_agent=self.user_agent,
            gpc=self.gpc,
            prefetch=self.prefetch,
            staff=self.staff,
            country=self.country,
            region=self.region,
        )

    def sender(self, label: str) -> Sender:
        """Give who sent it, with what was declared then."""
        return Sender(self.kind, label, self.purposes, self.basis, self.source)


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(KeptDoor).decode


def kept(door: Door) -> bytes:
    """Write what of a door has to be kept with an event that is set aside."""
    sender, received = door.sender, door.received
    agent = received.user_agent
    return _encode(
        KeptDoor(
            kind=sender.kind,
            purposes=sender.purposes,
            basis=sender.basis,
            source=sender.source,
            visitor=door.visitor_id,
            user_agent=None if agent is None else agent[:MOST_AGENT],
            gpc=received.gpc,
            prefetch=received.prefetch,
            staff=received.staff,
            country=received.country,
            region=received.region,
        )
    )


def door_kept_in(original: bytes) -> KeptDoor | None:
    """Read what `kept` wrote in front of an event; None if there is nothing.

    Quotes in a text are written with a backslash, so the first `,"batch":[` ends it, whatever the event holds.
    """
    if not original.startswith(DOOR):
        return None
    written, found, _ = original[len(DOOR) :].partition(b"," + BEFORE_EVENTS)
    try:
        return _decode(written) if found else None
    except msgspec.MsgspecError:
        return None
