"""The memory of ids: exact, and as long as the events themselves are kept.

In:   how long things are kept, and the events that stay longer (orders, consent, whoever is frozen).
Out:  a log that still knows the id of every event it holds, and no longer those of the others.
Idea: without it the memory of ids would grow for ever, and be all that is left of somebody after thirteen months.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from etalage.collect.identity import identity_of
from etalage.domain.arrival import ENGINE, engine_identity
from etalage.domain.time import DAY, ShopZone
from etalage.govern.privacy import Keep
from etalage.ports import Erasable, Ports

_SENT = re.compile(r"[0-9a-f]{32}")  # the id of an event that somebody sent is its identity


def forget_ids(ports: Ports, log: Erasable, keep: Keep, zone: ShopZone, *, now: int) -> int:
    """Let go of the ids of events that are gone; give how many. Call it after those events went."""
    today = zone.day(now)
    events_day = today - keep.events
    first = min((line.day for line in ports.log.account()), default=today)
    if first >= events_day:
        return 0  # a younger shop: there is nothing that old
    kept = frozenset(_identities(ports, before=now - (keep.events - 1) * DAY))
    return log.forget_ids(events_day, orders_day=today - keep.orders, kept=kept)


def _identities(ports: Ports, *, before: int) -> Iterator[bytes]:
    """Give the identities under which the log knows the old events that it still holds."""
    rows = ports.warehouse.ask(
        "SELECT id FROM events WHERE received < $before AND name <> 'erased'", {"before": before}
    ).rows
    pepper = ports.keys.pepper
    for (found,) in rows:
        event = str(found)
        if _SENT.fullmatch(event):
            yield bytes.fromhex(event)
        else:  # one of ours: of the engine, or following from another
            yield engine_identity(event)
            yield identity_of(pepper, ENGINE, event)
