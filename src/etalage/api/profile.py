"""What is known of a person, as her shop's server may read it.

In:   an identifier as the shop knows it.
Out:  plain values for JSON, or None if nobody is known under it.
Idea: as everywhere, what she did is read only while `personalise` is open, and only since her last refusal. Without
      it the answer has who she is linked to, what she allows and which arms she entered, and nothing else.
"""

from __future__ import annotations

from etalage.domain.consent import PURPOSES, Registers
from etalage.domain.context import Context
from etalage.domain.ids import VisitorKey, is_placeholder, visitor_named
from etalage.domain.profile import Arm, Part, Person, Recent, Written
from etalage.domain.segment import has_context
from etalage.domain.time import iso
from etalage.errors import BadInput
from etalage.flow.configuration import Configuration
from etalage.flow.privacy import KINDS
from etalage.flow.who import linked_folds
from etalage.ports import Profiles
from etalage.unify.person import as_known


def key_of(identifier: str, pepper: bytes) -> VisitorKey:
    """Give the pseudonym of `user:ID`, `email:ADDRESS`, or else of an anonymousId.

    Raises:
        BadInput: it names nobody in particular, such as 'guest'.
    """
    kind, sign, rest = identifier.partition(":")
    name = rest if sign and kind in KINDS else identifier
    if is_placeholder(name):
        raise BadInput(f"'{name[:40]}' names nobody in particular", field="id")
    return visitor_named(pepper, identifier)


def profile(
    profiles: Profiles, visitor: VisitorKey, live: Configuration, *, now: int
) -> dict[str, object] | None:
    """Tell what is known of the person behind a visitor now."""
    folds = linked_folds(profiles, visitor)
    if not folds:
        return None
    person = as_known(folds)
    fold = person.fold
    return {
        "visitors": len(person.visitors),
        "first_seen": iso(fold.first_seen),
        "consent": _consent(fold.consent, person),
        "arms": {
            name: [_arm(variant, arm) for variant, arm in sorted(arms.items())]
            for name, arms in sorted(fold.arms.items())
        },
        "triggered": {
            name: [iso(at) for at, _ in times] for name, times in sorted(fold.triggered.items())
        },
        "remembered": None if person.part is None else _part(person.part, person, live, now),
    }


def _consent(registers: Registers, person: Person) -> dict[str, object]:
    said: dict[str, object] = {}
    for purpose in PURPOSES:
        newest = registers[purpose].newest() if purpose in registers else None
        said[purpose] = {"open": purpose in person.open}
        if newest is not None:
            said[purpose] = {
                "open": purpose in person.open,
                "granted": newest.granted,
                "time": iso(newest.time),
                "first_hand": newest is registers[purpose].own,
                "basis": newest.basis,
                "text_version": newest.text_version,
            }
    return said


def _arm(variant: str, arm: Arm) -> dict[str, object]:
    return {"arm": variant, "since": iso(arm.time), "propensity": arm.propensity / 1_000_000}


def _part(part: Part, person: Person, live: Configuration, now: int) -> dict[str, object]:
    return {
        "segments": [
            segment.name
            for segment in live.segments.values()
            if segment.is_warm
            and not has_context(segment.node)
            and segment.holds(person, Context(), now)
        ],
        "traits": _values(part.traits),
        "preferences": _values(part.preferences),
        "scores": _values(part.scores),
        "not_for_me": sorted(name for name, said in part.refused.items() if said.value),
        "cart": {product: line.quantity for product, line in part.cart.items() if line.quantity},
        "bought": {product: iso(at) for product, at in part.bought.items()},
        "active_days": len(part.days),
        "recents": [_recent(one) for one in reversed(part.recents)],
    }


def _values(written: dict[str, Written]) -> dict[str, object]:
    return {name: one.value for name, one in sorted(written.items()) if one.value is not None}


def _recent(recent: Recent) -> dict[str, object]:
    """Write an event as it is remembered, without what is empty."""
    told: dict[str, object] = {"time": iso(recent.time)}
    for name in recent.__struct_fields__:
        value = getattr(recent, name)
        if name not in {"time", "lines"} and value not in (None, (), {}):
            told[name] = value
    if recent.lines:
        told["lines"] = [line.named() for line in recent.lines]
    return told
