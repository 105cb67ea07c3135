"""What a person had put right, and that it stays so (AVG 16).

In:   a profile as people write it, and the right values; or the rows of an import.
Out:  an identify in the log, as any other, of source `rectify`; rows without what was put right before.
Idea: the newest word on a trait counts, so a correction is simply said. But the file that was wrong will be imported
      again: what was put right is looked up once per import and left out of its rows. A list of our own would be one
      more thing to erase.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

import msgspec

from etalage.collect.call import Item, item_of
from etalage.collect.intake import Received, Sender
from etalage.collect.names import snake_case
from etalage.collect.plausible import fault_of
from etalage.collect.refusal import Refusal
from etalage.domain.ids import IdentifierKind, VisitorKey, visitor_key
from etalage.domain.time import iso
from etalage.errors import BadInput, Conflict, Damaged, KeysMissing, NotFound
from etalage.flow.configuration import Configuration
from etalage.flow.ingest import Receipt, Taken, door_of, receipt, take_in
from etalage.flow.privacy import is_known, members, visitors_of
from etalage.flow.remember import remember
from etalage.ports import Ports

SOURCE = "rectify"
Right = Mapping[VisitorKey, frozenset[str]]  # names of traits

_FOUND = """SELECT visitor, customer, properties, personal FROM events
WHERE name = 'identify' AND source = $source"""


def rectify(
    ports: Ports,
    profile: str,
    traits: Mapping[str, object],
    *,
    live: Configuration,
    actor: str,
    now: int,
    customer: str | None = None,
) -> Receipt:
    """Write down what is right about a person, or to which customer a visitor belongs.

    Raises:
        NotFound: nothing is known under this name.
        BadInput: a trait that this shop does not keep, a value that cannot be one, or nothing to put right.
        Conflict: she does not allow that it is kept.
    """
    if not traits and customer is None:
        raise BadInput("say what is right: --set NAME=VALUE or --customer ID", field="set")
    _refuse_implausible(traits, live, now)
    said = _identify(profile, traits, customer, now)
    visitors = visitors_of(ports, profile, live.how)
    if not is_known(ports, visitors):
        raise NotFound(f"nothing is known of '{profile[:60]}'", field="profile")
    door = door_of(
        Sender("server", SOURCE, source=SOURCE), Received(now=now), live, ports, visitor_id=None
    )
    taken = take_in([item_of(said)], door, ports)
    if "unknown_field" in taken.notes:
        raise BadInput("a trait that this shop does not keep; see etalage shop", field="set")
    if taken.rejected:
        raise Conflict(f"it cannot be kept: {taken.rejected[0].reason}", field="profile")
    kept = _kept(ports, taken)
    if kept is None or not {snake_case(name) for name in traits} <= kept:
        raise Conflict("it cannot be kept: she does not allow it", field="profile")
    entered = ports.log.append(taken.arrivals, taken.rejected)
    remember(ports.log, ports.profiles, live.how)
    ports.records.audit(actor, "privacy.rectify", f"visitor/{visitors[0]}", now=now)
    return receipt(taken, entered)


def _refuse_implausible(traits: Mapping[str, object], live: Configuration, now: int) -> None:
    today = live.zone.date(live.zone.day(now))
    for name, value in traits.items():
        if (fault := fault_of(snake_case(name) or name, value, today)) is not None:
            raise BadInput(f"the {name} given {fault}", field="set")


def _kept(ports: Ports, taken: Taken) -> frozenset[str] | None:
    """Name the traits that the log will hold; None if it will hold nothing of it."""
    for arrival in taken.arrivals:
        event = arrival.event
        if event.source == SOURCE and event.name == "identify":
            person = event.customer or event.visitor
            names = frozenset(event.properties)
            return names if person is None else names | _personal(ports, person, event.personal)
    return None


def _identify(
    profile: str, traits: Mapping[str, object], customer: str | None, now: int
) -> dict[str, object]:
    kind, _, rest = profile.partition(":")
    if kind == "email" and rest:
        raise BadInput("name her by her customer number or a visitor of hers", field="profile")
    who = {"anonymousId": profile}
    if rest and kind in {"user", "visitor"}:
        who = {"userId" if kind == "user" else "anonymousId": rest}
    if customer is not None:
        who["userId"] = customer
    return {
        "type": "identify",
        "messageId": f"{SOURCE}:{now}",
        "timestamp": iso(now),
        "traits": dict(traits),
        **who,
    }


# ---- Imports -----------------------------------------------------------------------------------------


def put_right(ports: Ports) -> dict[VisitorKey, frozenset[str]]:
    """Give by visitor and customer which traits were put right, also those that are encrypted."""
    found: dict[VisitorKey, frozenset[str]] = {}
    for row in ports.warehouse.ask(_FOUND, {"source": SOURCE}).dicts():
        keys = [VisitorKey(str(row[name])) for name in ("customer", "visitor") if row[name]]
        names = frozenset(msgspec.json.decode(str(row["properties"])))
        names |= _personal(ports, keys[0], cast("bytes | None", row["personal"]))
        for key in keys:
            for member in members(ports.profiles, key):
                found[member] = found.get(member, frozenset()) | names
    return found


def _personal(ports: Ports, person: VisitorKey, sealed: bytes | None) -> frozenset[str]:
    if sealed is None:
        return frozenset()
    try:
        plain = ports.keys.unseal(person, bytes(sealed))
    except (Damaged, KeysMissing):
        plain = None
    return frozenset() if plain is None else frozenset(msgspec.json.decode(plain))


def without(items: Iterable[Item], right: Right, pepper: bytes) -> list[Item]:
    """Leave out of imported rows what the person had put right."""
    return [_without(item, right, pepper) for item in items] if right else list(items)


def _without(item: Item, right: Right, pepper: bytes) -> Item:
    try:
        fields = item.fields()
    except Refusal:  # intake says what is wrong with it
        return item
    traits = fields.get("traits")
    if not isinstance(traits, dict):
        return item
    named: tuple[tuple[IdentifierKind, str], ...] = (("user", "userId"), ("visitor", "anonymousId"))
    keys = [visitor_key(pepper, kind, str(fields[n])) for kind, n in named if fields.get(n)]
    names = frozenset[str]().union(*(right.get(key, frozenset()) for key in keys))
    if not names:
        return item
    kept = {name: value for name, value in traits.items() if snake_case(name) not in names}
    return msgspec.structs.replace(item, raw=msgspec.json.encode({**fields, "traits": kept}))
