"""Store: what every event log decides at its door, whatever engine is behind it.

In:   an arrival and what the log remembers of its identity; or a new state of the sealed files.
Out:  its outcome; or a refusal to seal.
Idea: the rules of "appending twice is appending once", of sealing and of reading back stand here once. Engines
      only remember.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from etalage.domain.arrival import Arrival, Outcome, Rejected
from etalage.domain.event import ORDERS, Event
from etalage.domain.time import ShopZone
from etalage.errors import Conflict, Damaged, NotFound
from etalage.ports import Account, Archive, Manifest, ShutReason

PASS_WHEN_RESTRICTED = ORDERS | {"consent", "restriction"}
AccountKey = tuple[str, int, str, str]  # key, shop day of receipt, outcome, reason


def judge(arrival: Arrival, *, known_digest: bytes | None, once_known: bool) -> Outcome:
    """Decide what becomes of an arrival: accepted, duplicate, or quarantined as `id_conflict`.

    Args:
        arrival: what stands at the door.
        known_digest: the digest the log has under its identity; None if it has none.
        once_known: an event with the same `once` is in the log.
    """
    if known_digest is not None:
        return "duplicate" if known_digest == arrival.digest else "quarantined"
    return "duplicate" if once_known else "accepted"


def conflict(arrival: Arrival, zone: ShopZone) -> Rejected:
    """Set an arrival aside whose id already belongs to another event."""
    received = arrival.event.received
    return Rejected(
        arrival.key,
        "quarantined",
        "id_conflict",
        received,
        zone.day(received),
        arrival.raw() if callable(arrival.raw) else arrival.raw,
        visitor=arrival.event.visitor or arrival.event.customer,
    )


def is_shut_out(event: Event, reason: ShutReason) -> bool:
    """Tell whether an event of somebody who is shut out is refused.

    Of a frozen person orders are written down all the same, and what she says of consent: both are kept and not used.
    """
    return reason == "erased" or event.name not in PASS_WHEN_RESTRICTED


def rejected_key(rejected: Rejected) -> AccountKey:
    """Give the line of the account on which something rejected is counted."""
    return (rejected.key, rejected.day, rejected.outcome, rejected.reason)


def account_lines(counts: Counter[AccountKey]) -> list[Account]:
    """Write counts as the lines of the account, in order."""
    return [Account(*key, count) for key, count in sorted(counts.items())]


def resealed(
    present: Manifest, upto: int, files: Sequence[str], *, removed: Sequence[str], head: int
) -> Manifest:
    """Give the manifest that follows the present one; `Conflict` if it would lose or invent events."""
    if not present.sealed_to <= upto <= head:
        raise Conflict(
            f"cannot seal to {upto}: the log is sealed to {present.sealed_to} and ends at {head}"
        )
    lost = set(present.files) - set(files) - set(removed)
    if lost:
        raise Conflict(f"somebody else sealed in between: {', '.join(sorted(lost))}")
    return Manifest(upto, tuple(files))


def archived(archive: Archive | None, after: int, upto: int) -> Iterator[tuple[int, Event]]:
    """Read pruned events from the archive, and raise `Damaged` at the first one it does not have."""
    if archive is None:
        raise NotFound(f"events up to {upto} are in the archive, and none was given")
    expected = after + 1
    for position, event in archive.read(after, upto):
        if position != expected:
            break
        yield position, event
        expected += 1
    if expected != upto + 1:
        raise Damaged(f"event {expected} of the log is missing in the archive")
