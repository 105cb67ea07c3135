"""What happens to events on the way from the browser: some never arrive, some arrive twice, late, or with a wrong clock.

In:   the events of a day, and the faults of the world.
Out:  what arrives today, in which order; what arrives tomorrow.
Idea: which event suffers hangs on its own message id, so a fault moves nothing else. Orders are told by the shop's
      server and suffer none of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zlib import crc32

from etalage.domain.ids import CONTROL, HOLDOUT
from etalage.domain.time import DAY, HOUR, iso, micros
from etalage.simulate import draw
from etalage.simulate.client import Event
from etalage.simulate.world import Faults, World

WIDEST_SKEW = 48 * HOUR  # ahead or behind
NONE = Faults()
_KEPT = {CONTROL, HOLDOUT}


def through(
    world: World, events: Sequence[Event], *, now: int, tomorrow: bool
) -> tuple[list[Event], list[Event]]:
    """Let the events of a day go wrong.

    Args:
        world: whose faults.
        events: in the order in which they happened.
        now: micros, when they are told.
        tomorrow: there is one, on which the late ones arrive; else they arrive today.
    """
    faults = world.faults
    if faults == NONE:
        return list(events), []
    today: list[Event] = []
    later: list[Event] = []
    for event in events:
        if _is_lost(world, event):
            continue
        delayed = tomorrow and _happens(world, event, "late", faults.late)
        told = now + DAY if delayed else now
        (later if delayed else today).extend(_arriving(world, event, now=told))
    if faults.disordered:
        today.sort(key=lambda event: _drawn(world, event["messageId"], "order"))
    return today, later


def _arriving(world: World, event: Event, *, now: int) -> list[Event]:
    """Give an event as it arrives: once or twice, by which clock."""
    if _happens(world, event, "doubled", world.faults.doubled):
        return [_skewed(world, event, now=now)] * 2
    return [_skewed(world, event, now=now)]


def _is_lost(world: World, event: Event) -> bool:
    if _happens(world, event, "dropped", world.faults.dropped):
        return True
    if event.get("event") != "triggered" or event["properties"]["creative_name"] in _KEPT:
        return False
    return _happens(world, event, "treated lost", world.faults.treated_lost)


def _skewed(world: World, event: Event, *, now: int) -> Event:
    """Give it by her clock, which also says when it was sent."""
    who = event.get("anonymousId", "")
    if event.get("event") == "purchase" or _drawn(world, who, "skewed") >= world.faults.skewed:
        return event
    off = int(WIDEST_SKEW * (2 * _drawn(world, who, "off by") - 1))
    at = micros(datetime.fromisoformat(event["timestamp"]))
    return event | {"timestamp": iso(at + off), "sentAt": iso(now + off)}


def _happens(world: World, event: Mapping[str, object], what: str, share: float) -> bool:
    if not share or event.get("event") == "purchase":
        return False
    return _drawn(world, str(event["messageId"]), what) < share


def _drawn(world: World, text: str, purpose: str) -> float:
    return draw.uniform(world.seed, crc32(text.encode()), 0, f"fault: {purpose}")
