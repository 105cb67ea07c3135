"""Everything that is kept about a person, for herself (AVG 15 and 20).

In:   a profile as people write it.
Out:  plain values for JSON, complete: what she did, said and bought, what was computed about her, every decision with
      its reasons, and what was set aside that may be about her; with what was encrypted made readable.
Idea: the log has everything and is read once; what is remembered of her comes from it and is told beside it, also
      what may not be used any more because she withdrew: it is kept until the night, so she may see it until then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, cast

import msgspec

from etalage.decide.replay import read_record
from etalage.domain.consent import PURPOSES
from etalage.domain.context import Context
from etalage.domain.decision import DecisionRecord
from etalage.domain.event import ORDERS
from etalage.domain.ids import VisitorKey
from etalage.domain.profile import Arm, Fold, Part, Person, Written
from etalage.domain.segment import has_context
from etalage.domain.time import iso
from etalage.errors import Damaged, KeysMissing, NotFound
from etalage.flow.clean import prepared
from etalage.flow.configuration import Configuration, configure
from etalage.flow.privacy import is_known, visitors_of
from etalage.flow.remember import Memorist
from etalage.flow.set_aside import Wanted, about
from etalage.govern.privacy import question
from etalage.ports import Keys, Ports
from etalage.unify.merge import merge_parts
from etalage.unify.person import EMPTY, as_known, is_restricted

Said = dict[str, Any]

MOMENTS = ("time", "received", "decided")
OF_DECISION = frozenset({"record"})  # told under decisions
OF_CUSTOMER = frozenset({"customer", "personal", "properties"})  # of an event that names a customer
OF_PERSON = frozenset({"record", "segments"})  # of a decision: read from all that is linked


def access(ports: Ports, profile: str, how: Memorist, *, actor: str, now: int) -> Said:
    """Give all that is kept about a person; the look is written into the audit.

    Raises:
        NotFound: nothing is known under this name.
    """
    visitors = visitors_of(ports, profile, how)
    return access_of(ports, visitors, named=profile, actor=actor, now=now)


def access_of(
    ports: Ports,
    visitors: Sequence[VisitorKey],
    *,
    named: str,
    actor: str,
    now: int,
    alone: bool = False,
) -> Said:
    """Give all that is kept about exactly these visitors.

    Args:
        ports: of the shop.
        visitors: whose copy it is.
        named: as she is named in it.
        actor: who looks.
        now: micros.
        alone: a browser asks of itself, and nobody says who sits before it: without what is of the customer it may
            be linked to (names, and what decisions read of the whole person).

    Raises:
        NotFound: nothing is known of them.
    """
    if not is_known(ports, visitors):
        raise NotFound(f"nothing is known of '{named[:60]}'", field="profile")
    ports.records.audit(actor, "privacy.access", f"visitor/{visitors[0]}", now=now)
    events = _events(ports, visitors, alone=alone)
    live = configure(ports)
    folds = ports.profiles.many(visitors)
    return {
        "profile": named,
        "shop": {"name": live.shop.name, "domain": live.shop.domain},
        "made": iso(now),
        "visitors": sorted(visitors),
        "erased": _erased(ports, visitors),
        "personal": _personal(events),
        **(_remembered(folds, live, now) if folds else {}),
        "orders": [one for one in events if one["name"] in ORDERS],
        "decisions": [_decision(one, alone=alone) for one in events if "record" in one],
        "events": [_without(one, OF_DECISION) for one in events],
        "set_aside": _set_aside(ports, visitors),
    }


def _erased(ports: Ports, visitors: Collection[VisitorKey]) -> str | None:
    """When all of these were erased; until the night has passed the files still hold something."""
    when = {v: one.requested for one in ports.keys.erasures() for v in one.visitors}
    if not all(visitor in when for visitor in visitors):
        return None
    return iso(max(when[visitor] for visitor in visitors))


# ---- The log -----------------------------------------------------------------------------------------


def _events(ports: Ports, visitors: Collection[VisitorKey], *, alone: bool) -> list[Said]:
    with prepared(ports) as questions:
        rows = questions.ask(question("access"), {"visitors": list(visitors)}).dicts()
    if alone:
        rows = [row if row["customer"] is None else _without(row, OF_CUSTOMER) for row in rows]
    return [_event(row, ports.keys) for row in rows]


def _event(row: Mapping[str, object], keys: Keys) -> Said:
    """Write an event with names and moments a person can read, without what is empty."""
    told: Said = {n: v for n, v in row.items() if v not in (None, [], "{}", 0) or n == "value"}
    told = {n: v for n, v in told.items() if v is not None}
    for name in MOMENTS:
        if name in told:
            told[name] = iso(cast("int", told[name]))
    if "epoch" in told:
        told["epoch"] = iso(cast("int", told["epoch"]))
    if "properties" in told:
        told["properties"] = msgspec.json.decode(cast("str", told["properties"]))
    if "lines" in told:
        told["lines"] = [_without_nothing(line) for line in cast("list[Said]", told["lines"])]
    if "record" in told:
        told["record"] = msgspec.json.decode(cast("str", told["record"]))
    if "personal" in told:
        told["personal"] = _readable(row, keys)
    return told


def _readable(row: Mapping[str, object], keys: Keys) -> object:
    """Decrypt what is personal; it was sealed for the customer an event names, or else for its visitor."""
    person = VisitorKey(str(row["customer"] or row["visitor"]))
    try:
        plain = keys.unseal(person, bytes(cast("bytes", row["personal"])))
    except (Damaged, KeysMissing):
        plain = None
    return "unreadable" if plain is None else msgspec.json.decode(plain)


def _personal(events: Iterable[Said]) -> Said:
    """Gather what names her, the last word on each."""
    personal: Said = {}
    for event in events:
        if event["name"] == "identify" and isinstance(event.get("personal"), dict):
            personal |= event["personal"]
    return personal


def _decision(event: Said, *, alone: bool) -> Said:
    """Tell a decision: what was shown and not, and why; the whole record stands below."""
    record = event["record"]
    read: DecisionRecord = read_record(msgspec.json.encode(record).decode())
    entries = [
        {
            "experience": entry.choice.experience,
            "variant": entry.choice.variant,
            "arm": entry.choice.arm,
            "shown": entry.choice.show,
            "reason": None
            if entry.choice.show
            else ("in_holdout" if read.decision.held and _is_held(read) else "in_control"),
            "products": [candidate.product for candidate in entry.products],
        }
        for entry in read.decision.entries
    ]
    told = {
        "time": event["time"],
        "segments": list(read.facts.matched),
        "purposes": list(read.facts.purposes),
        "entries": entries,
        "not_shown": [
            {"experience": one.experience, "reason": one.text} for one in read.decision.skipped
        ],
        "record": record,
    }
    return _without(told, OF_PERSON) | {"segments": []} if alone else told


def _is_held(record: DecisionRecord) -> bool:
    held = record.decision.held
    return held is not None and held.arm == "holdout"


# ---- The memory --------------------------------------------------------------------------------------


def _remembered(folds: Mapping[VisitorKey, Fold], live: Configuration, now: int) -> Said:
    person = as_known(folds)
    fold = person.fold
    parts = [part for one in folds.values() for part in one.parts.values()]
    part = reduce(merge_parts, parts) if parts else EMPTY
    return {
        "first_seen": iso(fold.first_seen),
        "restricted": is_restricted(fold),
        "used_to_personalise": person.part is not None,
        "consent": _consent(person),
        "traits": _values(part.traits),
        "preferences": _values(part.preferences),
        "scores": _values(part.scores),
        "segments": _segments(person, live, now),
        "not_for_me": sorted(name for name, said in part.refused.items() if said.value),
        **_shopping(part),
        "arms": [
            _arm(experience, variant, arm)
            for experience, arms in sorted(fold.arms.items())
            for variant, arm in sorted(arms.items())
        ],
        "shown_at": {
            name: [iso(at) for at, _ in times] for name, times in sorted(fold.triggered.items())
        },
    }


def _shopping(part: Part) -> Said:
    return {
        "cart": {product: line.quantity for product, line in part.cart.items() if line.quantity},
        "bought": {product: iso(at) for product, at in sorted(part.bought.items())},
        "orders": [{"at": iso(one.time), "products": list(one.products)} for one in part.baskets],
        "visits": [
            {"from": iso(start), "to": iso(end), "events": count}
            for start, end, count in sorted(s for spans in part.sessions.values() for s in spans)
        ],
        "remembered": [
            _named(one) | ({"lines": [line.named() for line in one.lines]} if one.lines else {})
            for one in part.recents
        ],
    }


def _named(one: object) -> Said:
    fields: tuple[str, ...] = getattr(one, "__struct_fields__", ())
    values = {name: getattr(one, name) for name in fields}
    return {name: value for name, value in values.items() if value not in (None, (), {})}


def _consent(person: Person) -> Said:
    said: Said = {}
    for purpose in PURPOSES:
        register = person.fold.consent.get(purpose)
        newest = None if register is None else register.newest()
        said[purpose] = {"open": purpose in person.open}
        if register is not None and newest is not None:
            said[purpose] |= {
                "granted": newest.granted,
                "time": iso(newest.time),
                "first_hand": newest is register.own,
                "basis": newest.basis,
                "text_version": newest.text_version,
                "source": newest.source,
            }
    return said


def _segments(person: Person, live: Configuration, now: int) -> list[str]:
    """Name the segments she is in now, as far as they do not ask about the moment."""
    if person.part is None:
        return []
    return [
        segment.name
        for segment in live.segments.values()
        if segment.is_warm
        and not has_context(segment.node)
        and segment.holds(person, Context(), now)
    ]


def _arm(experience: str, variant: str, arm: Arm) -> Said:
    return {
        "experience": experience,
        "arm": variant,
        "since": iso(arm.time),
        "chance": arm.propensity / 1_000_000,
    }


def _values(written: Mapping[str, Written]) -> Said:
    return {
        name: {"value": one.value, "since": iso(one.time)}
        for name, one in sorted(written.items())
        if one.value is not None
    }


# ---- What was set aside ------------------------------------------------------------------------------


def _set_aside(ports: Ports, visitors: Collection[VisitorKey]) -> list[Said]:
    hers, found = frozenset(visitors), []
    stays = Wanted(
        ports.keys, None, 0
    )  # what mentions somebody erased waits for the night, and is not read before
    for one in ports.log.quarantine():
        if not stays(one) or hers.isdisjoint(about(one, ports.keys)):
            continue
        raw = None
        if one.sealed is not None:
            raw = ports.keys.unseal_shop(one.sealed).decode("utf-8", errors="replace")
        found.append({"received": iso(one.received), "reason": one.reason, "as_it_came": raw})
    return found


def _without(said: Said, names: frozenset[str]) -> Said:
    return {name: value for name, value in said.items() if name not in names}


def _without_nothing(said: Said) -> Said:
    return {name: value for name, value in said.items() if value is not None}
