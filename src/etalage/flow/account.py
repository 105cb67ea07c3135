"""The account of intake, and how a shop is doing: what `doctor` and `/metrics` print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct

from etalage.domain.arrival import ENGINE
from etalage.domain.time import DAY, iso
from etalage.errors import Overloaded
from etalage.flow.clean import CLEANED, erasable, is_missed
from etalage.flow.health import said_by
from etalage.ports import Ports

LOOK_BACK_DAYS = 28  # over which growth is measured

OUTCOMES = ("accepted", "duplicate", "quarantined", "refused")


def received(ports: Ports) -> dict[tuple[str, str], int]:
    """Give the account by (outcome, reason), over all keys and days; what the engine itself says is not received."""
    counts: Counter[tuple[str, str]] = Counter()
    for line in ports.log.account():
        if line.key != ENGINE:
            counts[line.outcome, line.reason] += line.count
    return dict(sorted(counts.items()))


def intake(ports: Ports) -> dict[str, object]:
    """Sum the account: received = accepted + duplicate + quarantined + refused, exactly."""
    by_outcome: Counter[str] = Counter(dict.fromkeys(OUTCOMES, 0))
    reasons: Counter[str] = Counter()
    for (outcome, reason), count in received(ports).items():
        by_outcome[outcome] += count
        if reason:
            reasons[reason] += count
    total = sum(by_outcome.values())
    return {"received": total, **by_outcome, "reasons": dict(sorted(reasons.items()))}


def components(ports: Ports, *, now: int) -> dict[str, object]:
    """Say of each store whether it answers, and how far it has come."""
    asked: dict[str, Callable[[], dict[str, object]]] = {
        "log": lambda: _log(ports),
        "profiles": lambda: _profiles(ports),
        "records": lambda: _records(ports),
        "catalogue": lambda: _catalogue(ports),
        "warehouse": lambda: {
            "events": ports.warehouse.ask("SELECT count(*) FROM events").rows[0][0]
        },
        "privacy": lambda: _privacy(ports, now),
        "conditions": lambda: _conditions(ports),
    }
    return {name: _said(ask) for name, ask in asked.items()}


def _said(ask: Callable[[], dict[str, object]]) -> dict[str, object]:
    try:
        return ask()
    except Exception as error:  # noqa: BLE001  an operator who asks wants to know exactly this
        return {"red": said_by(error)}


def _log(ports: Ports) -> dict[str, object]:
    said: dict[str, object] = {"events": ports.log.head()}
    try:
        ports.log.check_room()
    except Overloaded as error:
        said["red"] = error.message
    return said


def _profiles(ports: Ports) -> dict[str, object]:
    position = ports.profiles.position()
    return {"position": position, "behind": ports.log.head() - position}


def _records(ports: Ports) -> dict[str, object]:
    return {
        "generation": ports.records.generation(),
        "audit_broken_at": ports.records.verify_audit(),
    }


def _catalogue(ports: Ports) -> dict[str, object]:
    catalogue = ports.records.catalogue()
    return {"products": 0 if catalogue is None else len(catalogue.products)}


def _conditions(ports: Ports) -> dict[str, object]:
    features = ports.profiles.features()
    return {"counted": len(features), "warming": sum(not one.warm for one in features)}


class Alarms(NamedTuple):
    """What must not be: a retention run that was missed, and erasures that were not gone within a day."""

    missed: bool
    late: int


def privacy_alarms(ports: Ports, *, now: int) -> Alarms:
    """Say what should have been removed by now and was not."""
    under_way = [one for one in ports.keys.erasures() if not one.is_done]
    return Alarms(is_missed(ports, now), sum(one.requested < now - DAY for one in under_way))


def _privacy(ports: Ports, now: int) -> dict[str, object]:
    """Say when files were last cleaned, and which erasures are under way; `late`: not gone within a day."""
    cleaned = erasable(ports.log).note(CLEANED)
    alarms = privacy_alarms(ports, now=now)
    return {
        "cleaned": iso(cleaned) if cleaned else None,
        "missed": alarms.missed,
        "erasures": sum(not one.is_done for one in ports.keys.erasures()),
        "late": alarms.late,
    }


class Disk(Struct, frozen=True):
    """What a shop has of its disk, in bytes."""

    used: int  # by the shop's files
    free: int
    reserve: int  # must stay free: events are refused before that (safety.md 7)


class Forecast(Struct, frozen=True):
    """When the disk will be too full to take events, if things go on as they do."""

    disk: Disk
    events: int
    bytes_per_event: float | None  # all stores together; None without events
    events_per_day: float  # over the last 28 days, or since the first event
    bytes_per_day: int
    days_left: float | None  # until the reserve; None where nothing grows


def forecast(ports: Ports, disk: Disk, *, now: int) -> Forecast:
    """Measure what an event costs on disk and how many come; a day of a younger shop counts as a whole one."""
    since = now - LOOK_BACK_DAYS * DAY
    count, first = ports.warehouse.ask(
        "SELECT count(*), min(received) FROM events WHERE received > $since AND received <= $now",
        {"since": since, "now": now},
    ).rows[0]
    recent = int(str(count))
    days = max((now - int(str(first))) / DAY, 1.0) if recent else 1.0
    events = ports.log.head()
    per_event = disk.used / events if events else None
    per_day = (per_event or 0.0) * recent / days
    return Forecast(
        disk=disk,
        events=events,
        bytes_per_event=per_event,
        events_per_day=recent / days,
        bytes_per_day=round(per_day),
        days_left=max(disk.free - disk.reserve, 0) / per_day if per_day else None,
    )
