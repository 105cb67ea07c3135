"""What lies in the quarantine and why: what `doctor` prints of it.

In:   the quarantine, and the configuration by which events are read today.
Out:  per reason how many, since when, at which step, and what was wrong with the newest of them, without its value.
Idea: an example shows a shop what to mend. It holds only names that our own code knows, kinds and lengths: nothing
      that somebody wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from etalage.collect.admit import FIRST_STEPS
from etalage.collect.refusal import Refusal
from etalage.collect.translate import translate
from etalage.domain.arrival import Reason, Rejected
from etalage.domain.event import GA4_NAMES
from etalage.flow.configuration import Configuration
from etalage.flow.send_again import Opened, Opener
from etalage.ports import Ports

Stage = Literal["bound", "translate", "recognise", "log"]
STAGES: Mapping[str, Stage] = {
    "not_an_object": "bound",
    "too_deep": "bound",
    "too_large": "bound",
    "too_many_properties": "bound",
    "hostile_name": "bound",
    "ambiguous": "bound",
    "no_type": "translate",
    "no_event_name": "translate",
    "bad_field": "translate",
    "bad_money": "translate",
    "no_id": "recognise",
    "merge_limit": "log",
    "id_conflict": "log",
}


class Example(Struct, frozen=True):
    """What was wrong with one event, without a word of what it said."""

    key: str  # the label of the key or import it came with
    bytes: int  # of what came in
    field: str | None = None
    was: str | None = None  # what stood there: its kind and length
    event: str | None = None  # if it is a name of GA4's
    still: bool = True  # whether it would be set aside again


class Held(Struct, frozen=True):
    """What lies in the quarantine for one reason."""

    reason: Reason
    stage: Stage
    count: int
    first: int  # micros
    last: int
    usable: int  # of which something was kept that can be sent again
    example: Example | None


def held(ports: Ports, live: Configuration) -> Iterator[Held]:
    """Give what lies in the quarantine, by reason."""
    counts: dict[Reason, int] = {}
    usable: dict[Reason, int] = {}
    first: dict[Reason, int] = {}
    newest: dict[Reason, Rejected] = {}
    for one in ports.log.quarantine():
        reason = one.reason
        counts[reason] = counts.get(reason, 0) + 1
        usable[reason] = usable.get(reason, 0) + (one.sealed is not None)
        first[reason] = min(first.get(reason, one.received), one.received)
        if reason not in newest or one.received >= newest[reason].received:
            newest[reason] = one
    opener = Opener(ports, live)
    for reason in sorted(counts):
        yield Held(
            reason=reason,
            stage=STAGES.get(reason, "log"),
            count=counts[reason],
            first=first[reason],
            last=newest[reason].received,
            usable=usable[reason],
            example=_example(newest[reason], opener),
        )


def _example(one: Rejected, opener: Opener) -> Example | None:
    opened = opener.opened(one)
    if opened is None:
        return None
    size = len(opened.item.raw)
    refusal = _refusal(opened)
    if refusal is None:  # said by the log, or by a step that looks at more than this one event
        return Example(one.key, size, event=_name(opened), still=one.reason in _BY_THE_LOG)
    field = refusal.field
    was = None if field is None else _kind(_found(_fields(opened), field))
    return Example(one.key, size, field, was, _name(opened), still=True)


_BY_THE_LOG = frozenset({"id_conflict", "merge_limit"})


def _refusal(opened: Opened) -> Refusal | None:
    try:
        draft = translate(opened.item, opened.door.settings)
        for step in FIRST_STEPS:
            draft = step(draft, opened.door)
    except Refusal as refusal:
        return refusal
    return None


def _fields(opened: Opened) -> Mapping[str, object]:
    try:
        return opened.item.fields()
    except Refusal:
        return {}


def _name(opened: Opened) -> str | None:
    said = _fields(opened).get("event")
    return said if isinstance(said, str) and said in GA4_NAMES else None


def _found(fields: Mapping[str, object], name: str) -> object:
    """Look for a field where events have them: at the top, in the properties, in the first line."""
    properties = fields.get("properties")
    places: list[object] = [fields, properties]
    if isinstance(properties, Mapping):
        for listed in (properties.get("items"), properties.get("products")):
            places += listed[:1] if isinstance(listed, list) else []
    for place in places:
        if isinstance(place, Mapping) and name in place:
            return place[name]
    return None


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return f"a text of {len(value)} characters"
    return f"a list of {len(value)}" if isinstance(value, list) else "an object"
