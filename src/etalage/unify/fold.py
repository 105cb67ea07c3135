"""Step 2 of 8, unify: what a set of events leaves behind in the memory of its visitors.

In:   events of any number of visitors, in any order, each once.
Out:  one `Fold` per visitor.
Idea: `merge(fold(A), fold(B)) == fold(A + B)` for sets without an event in common, exactly, in any order and
      grouping. So late and shuffled events, several machines, linking and rebuilding all give the same memory,
      and nobody ever has to fold anything twice. Each part below is a count, a newest, a set or a union.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from etalage.domain.consent import PURPOSES, Choice, Purpose, Register, merge_register, register_of
from etalage.domain.event import NOT_ACTIVITY, TRUSTED_FOR_IDENTITY, Event, Line
from etalage.domain.ids import ExperienceName, FeatureId, VariantName, VisitorKey
from etalage.domain.privacy import PAUSE, RESTRICTION
from etalage.domain.profile import (
    CAP_MEMORY,
    HOLDOUT_EXPERIENCE,
    Arm,
    Basket,
    CartLine,
    Fold,
    KeptLine,
    Part,
    Recent,
    Tally,
    Written,
)
from etalage.domain.time import ShopZone
from etalage.unify.merge import merge_spans, newest_baskets, newest_recents

WHOLE_CART = ("view_cart", "begin_checkout", "purchase")  # they say all that is in it
ABOUT_THE_CART = ("add_to_cart", "remove_from_cart", "view_cart", "begin_checkout")
LINKING = ("identify", "link", "unlink")
IN_AN_ARM = ("triggered", "decision")


# The conditions, counted per shop day, that an event satisfies; each once. Made by the segment step.
Counted = Callable[[Event], Collection[FeatureId]]


class Memory(NamedTuple):
    """How this shop remembers: its days, its currency, and what it counts."""

    zone: ShopZone
    currency: str
    counted: Counted


def fold(events: Iterable[Event], memory: Memory) -> dict[VisitorKey, Fold]:
    """Fold events into one memory per visitor; events without a visitor leave nothing behind."""
    by_visitor: dict[VisitorKey, list[Event]] = {}
    for event in events:
        if event.visitor is not None:
            by_visitor.setdefault(event.visitor, []).append(event)
    return {visitor: _fold(visitor, own, memory) for visitor, own in by_visitor.items()}


def adds_nothing(decision: Event, known: Fold) -> bool:
    """Tell whether a `decision` is in this memory already: it moves only first moments, and most are not the first.

    Then `merge(known, fold([decision])) == known`, and nothing need be worked out or written.
    """
    if decision.time < known.first_seen or (decision.epoch and decision.epoch not in known.parts):
        return False
    shown = decision.shown
    if shown is None or shown.experience != HOLDOUT_EXPERIENCE:
        return True
    arm = known.arms.get(shown.experience, {}).get(shown.arm)
    return arm is not None and (arm.time, arm.id) <= (decision.time, decision.id)


def _fold(visitor: VisitorKey, events: Sequence[Event], memory: Memory) -> Fold:
    by_epoch: dict[int, list[Event]] = {}
    for event in events:
        if event.epoch:
            by_epoch.setdefault(event.epoch, []).append(event)
    named = _by_name(events)
    return Fold(
        first_seen=min([event.time for event in events]),
        link=_link(_of(named, LINKING)),
        consent=_consent(named.get("consent", ())),
        arms=_arms(_of(named, IN_AN_ARM)),
        triggered=_triggered(named.get("triggered", ())),
        parts={epoch: _part(visitor, own, memory) for epoch, own in by_epoch.items()},
        restricted=_restricted(named.get(RESTRICTION, ())),
        paused=_paused(named.get(PAUSE, ())),
    )


def _by_name(events: Iterable[Event]) -> dict[str, list[Event]]:
    """Lay the events apart, so that each part looks at its own only; of most names there is none."""
    named: dict[str, list[Event]] = {}
    for event in events:
        named.setdefault(event.name, []).append(event)
    return named


def _of(named: Mapping[str, list[Event]], names: Iterable[str]) -> list[Event]:
    return [event for name in names if name in named for event in named[name]]


def _restricted(events: Iterable[Event]) -> Written | None:
    """Find whether she was last frozen or let go."""
    said = (Written(e.time, e.id, e.properties.get("restricted") is True) for e in events)
    return max(said, key=_written_order, default=None)


def _paused(events: Iterable[Event]) -> Written | None:
    """Find until when she last asked to be left alone; a moment that is over says that it is over."""
    said = (Written(e.time, e.id, e.properties.get("until", 0)) for e in events)
    return max(said, key=_written_order, default=None)


def _link(events: Iterable[Event]) -> Written | None:
    """Find whom the visitor was last said to be, by somebody who may say so."""
    said = (
        Written(e.time, e.id, None if e.name == "unlink" else e.customer)
        for e in events
        if (e.name == "unlink" or e.customer is not None) and e.trust in TRUSTED_FOR_IDENTITY
    )
    return max(said, key=_written_order, default=None)


def _consent(events: Iterable[Event]) -> dict[Purpose, Register]:
    """Read the registers from `consent` events: a property per purpose, `declared` when not first-hand."""
    registers: dict[Purpose, Register] = {}
    for event in events:
        said = event.properties
        for purpose in PURPOSES:
            if purpose not in said:
                continue
            choice = Choice(
                time=event.time,
                granted=said[purpose] is True,
                id=event.id,
                basis=str(said.get("basis", "")),
                text_version=str(said.get("text_version", "")),
                source=str(said.get("source", "")),
            )
            new = register_of(choice, first_hand=said.get("declared") is not True)
            known = registers.get(purpose)
            registers[purpose] = new if known is None else merge_register(known, new)
    return registers


def _arms(events: Iterable[Event]) -> dict[ExperienceName, dict[VariantName, Arm]]:
    """Keep the first moment in each arm: of experiences when they triggered, of the holdout when she first asked."""
    arms: dict[ExperienceName, dict[VariantName, Arm]] = {}
    for event in events:
        shown = event.shown
        if shown is None:
            continue
        if event.name == "decision" and shown.experience != HOLDOUT_EXPERIENCE:
            continue
        arm = Arm(event.time, event.id, shown.unit, shown.propensity, shown.policy)
        known = arms.setdefault(shown.experience, {}).get(shown.arm)
        if known is None or (arm.time, arm.id) < (known.time, known.id):
            arms[shown.experience][shown.arm] = arm
    return arms


def _triggered(events: Iterable[Event]) -> dict[ExperienceName, tuple[tuple[int, str], ...]]:
    moments: dict[ExperienceName, list[tuple[int, str]]] = {}
    for event in events:
        if event.shown is not None:
            moments.setdefault(event.shown.experience, []).append((event.time, event.id))
    return {name: tuple(sorted(times)[-CAP_MEMORY:]) for name, times in moments.items()}


# ---- Parts: one consent epoch ------------------------------------------------------------------------


def _part(visitor: VisitorKey, events: Sequence[Event], memory: Memory) -> Part:
    named = _by_name(events)
    active = [event for event in events if event.name not in NOT_ACTIVITY]
    cleared = max((e.order() for e in _of(named, WHOLE_CART)), default=(0, ""))
    spans = merge_spans([(e.time, e.time, 1) for e in active])
    bought = named.get("purchase", ())
    return Part(
        features=_features(active, memory),
        days=_days(active, memory.zone),
        recents=newest_recents([_recent(e) for e in active]),
        traits=_last_written(named.get("identify", ())),
        preferences=_last_written(named.get("preference", ())),
        scores=_last_written(named.get("score", ())),
        refused=_refused(named.get("feedback", ())),
        cart=_cart(_of(named, ABOUT_THE_CART), cleared),
        cleared=cleared,
        bought=_bought(bought),
        sessions={visitor: spans} if spans else {},
        baskets=newest_baskets([_basket(e) for e in bought]) if bought else (),
    )


def _features(events: Iterable[Event], memory: Memory) -> dict[FeatureId, dict[int, Tally]]:
    features: dict[FeatureId, dict[int, Tally]] = {}
    for event in events:
        satisfied = memory.counted(event)
        if not satisfied:
            continue
        day, value = memory.zone.day(event.time), counted_value(event, memory.currency)
        for feature in satisfied:
            days = features.setdefault(feature, {})
            known = days.get(day)
            days[day] = (
                Tally(1, value) if known is None else Tally(known.events + 1, known.value + value)
            )
    return features


def counted_value(event: Event | Recent, currency: str) -> int:
    """Give the value an event adds to a sum: currencies are never mixed."""
    return event.value if event.value is not None and event.currency == currency else 0


def _days(events: Iterable[Event], zone: ShopZone) -> dict[int, int]:
    days: dict[int, int] = {}
    for event in events:
        day = zone.day(event.time)
        days[day] = days.get(day, 0) + 1
    return days


def _recent(event: Event) -> Recent:
    return Recent(
        time=event.time,
        id=event.id,
        name=event.name,
        lines=tuple([_kept(line) for line in event.lines]),
        category=event.category,
        value=event.value,
        currency=event.currency,
        query=event.query,
        url=event.url,
        page_type=event.page_type,
        referrer=event.referrer,
        utm_source=event.utm_source,
        utm_medium=event.utm_medium,
        utm_campaign=event.utm_campaign,
        device=event.device,
        country=event.country,
        region=event.region,
        language=event.language,
        properties=event.properties,
    )


def _kept(line: Line) -> KeptLine:
    return KeptLine(line.product, line.quantity, line.price, line.category, line.brand, line.size)


def _written_order(written: Written) -> tuple[int, str]:
    return (written.time, written.id)


def _last_written(events: Iterable[Event]) -> dict[str, Written]:
    """Keep, of all properties of these events, each one's last value."""
    last: dict[str, Written] = {}
    for event in events:
        for key, value in event.properties.items():
            known = last.get(key)
            if known is None or (known.time, known.id) < event.order():
                last[key] = Written(event.time, event.id, value)
    return last


def _refused(events: Iterable[Event]) -> dict[str, Written]:
    """Keep what she said "not for me" to (or took back), as `product:ID` or `experience:NAME`."""
    refused: dict[str, Written] = {}
    for event in events:
        experience = event.properties.get("experience")
        keys = [f"product:{line.product}" for line in event.lines]
        keys += [f"experience:{experience}"] if experience is not None else []
        for key in keys:
            known = refused.get(key)
            if known is None or (known.time, known.id) < event.order():
                taken_back = event.properties.get("refused") is False
                refused[key] = Written(event.time, event.id, not taken_back)
    return refused


def _cart(events: Iterable[Event], cleared: tuple[int, str]) -> dict[str, CartLine]:
    """Keep the last word on each product in the cart since it was last said as a whole."""
    cart: dict[str, CartLine] = {}
    for event in events:
        if event.order() < cleared:
            continue
        for line in event.lines:
            known = cart.get(line.product)
            if known is None or (known.time, known.id) < event.order():
                quantity = 0 if event.name == "remove_from_cart" else line.quantity
                cart[line.product] = CartLine(event.time, event.id, quantity, line.price)
    return cart


def _bought(events: Iterable[Event]) -> dict[str, int]:
    bought: dict[str, int] = {}
    for event in events:
        for line in event.lines:
            bought[line.product] = max(event.time, bought.get(line.product, 0))
    return bought


def _basket(event: Event) -> Basket:
    products = dict.fromkeys(line.product for line in event.lines)
    return Basket(event.time, event.id, tuple(products))
