"""Step 5 of 8, decide: gather what a decision may read about a person.

In:   the person, the page, and what the shop set.
Out:  `DecisionFacts`.
Idea: this is the only door. What is not in the facts cannot influence a decision, and what is in them is in the
      log; somebody we may not know leaves nothing but the page.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from etalage.decide.choose import zone_of
from etalage.decide.page_rules import is_protected
from etalage.domain.consent import Purpose
from etalage.domain.context import Context
from etalage.domain.decision import DecisionFacts, Holdout, PageProduct, StoredArm, Used
from etalage.domain.experience import Experience
from etalage.domain.ids import CONTROL, HOLDOUT, ExperienceName, ProductId, SegmentName, VariantName
from etalage.domain.product import Product
from etalage.domain.profile import HOLDOUT_EXPERIENCE, Arm, Person
from etalage.domain.time import SESSION_GAP

_EXPERIENCE = "experience:"  # prefix of a refused experience in a fold
_GHOSTS = frozenset({CONTROL, HOLDOUT})


class Matched(NamedTuple):
    """What the segment step said of the segments that live experiences use."""

    matched: Collection[SegmentName] = ()
    warming: Collection[SegmentName] = ()
    contextual: Collection[SegmentName] = ()


class Rules(NamedTuple):
    """What the shop set about all its experiences."""

    zone: str
    holdout: Holdout = Holdout()
    pressure: int = 3
    paused: Collection[ExperienceName] = ()
    protected_segments: frozenset[str] = frozenset()


class Asked(NamedTuple):
    """The question: what the page said. `here` is the product on the page, if the catalogue has it."""

    now: int
    page: Context
    slots: Collection[str]
    here: Product | None = None
    opened: Collection[Purpose] = ()  # of somebody we may not know: what this call itself says


def gather(
    person: Person | None,
    asked: Asked,
    segments: Matched,
    rules: Rules,
    *,
    live: Mapping[ExperienceName, Experience],
) -> DecisionFacts:
    """Gather the facts of one decision.

    Args:
        person: None without a valid visitor token, and without `device` in a browser: a contextual answer.
        asked: the page and the moment.
        segments: matched, warming and contextual ones.
        rules: the shop's.
        live: the experiences that are live, by name.
    """
    facts = DecisionFacts(
        now=asked.now,
        zone=rules.zone,
        purposes=tuple(sorted(asked.opened if person is None else person.open)),
        page=_with_product(asked),
        slots=tuple(sorted(asked.slots)),
        protected=is_protected(asked.page, rules.protected_segments),
        here=_page_product(asked),
        cart=_cart(person, asked.page),
        matched=tuple(sorted(segments.matched)),
        warming=tuple(sorted(segments.warming)),
        contextual=tuple(sorted(segments.contextual)),
        holdout=rules.holdout,
        pressure=rules.pressure,
        paused=tuple(sorted(rules.paused)),
    )
    if person is None:
        return facts
    return _with_person(facts, person, live)


def _with_person(
    facts: DecisionFacts, person: Person, live: Mapping[ExperienceName, Experience]
) -> DecisionFacts:
    arms = {name: first_arm(person.fold.arms[name]) for name in live if name in person.fold.arms}
    triggered = person.fold.triggered
    starts = _period_starts(facts, person)
    refused = person.part.refused if person.part is not None else {}
    used = {
        name: _used([at for at, _ in triggered[name]], starts) for name in live if name in triggered
    }
    # A ghost interrupted nobody: only those who saw the message have had the interruption.
    interrupting = [
        name for name, arm in arms.items() if live[name].interrupts and arm.arm not in _GHOSTS
    ]
    refusals = (
        key.removeprefix(_EXPERIENCE)
        for key, written in refused.items()
        if key.startswith(_EXPERIENCE) and written.value is True
    )
    return replace(
        facts,
        visitor=person.asking,
        unit=person.oldest,
        arms=arms,
        held=_held(person),
        used=used,
        interruptions=sum(used[name].day for name in interrupting if name in used),
        refused=tuple(sorted(refusals)),
    )


def first_arm(arms: Mapping[VariantName, Arm]) -> StoredArm:
    """Give the arm that counts: the one entered first, by time and then by the event's id."""
    name, arm = min(arms.items(), key=lambda item: (item[1].time, item[1].id))
    return StoredArm(name, arm.unit, arm.propensity, arm.policy)


def _held(person: Person) -> StoredArm | None:
    entered = person.fold.arms.get(HOLDOUT_EXPERIENCE)
    return first_arm(entered) if entered else None


def _period_starts(facts: DecisionFacts, person: Person) -> dict[str, int]:
    """Find when the periods of caps began: this session, this shop day, and six shop days before."""
    zone = zone_of(facts.zone)
    today = zone.day(facts.now)
    spans = person.part.sessions.get(person.asking, ()) if person.part is not None else ()
    going_on = bool(spans) and facts.now - spans[-1][1] <= SESSION_GAP
    # Without a session on record the last half hour stands for it: what was shown in it is not shown again.
    session = spans[-1][0] if going_on else facts.now - SESSION_GAP
    return {"session": session, "day": zone.start(today), "week": zone.start(today - 6)}


def _used(moments: list[int], starts: Mapping[str, int]) -> Used:
    return Used(
        session=sum(at >= starts["session"] for at in moments),
        day=sum(at >= starts["day"] for at in moments),
        week=sum(at >= starts["week"] for at in moments),
        ever=len(moments),
    )


def _with_product(asked: Asked) -> Context:
    """Let the page name its product also where only the catalogue was asked."""
    if asked.here is None or asked.page.product is not None:
        return asked.page
    return replace(asked.page, product=asked.here.id)


def _page_product(asked: Asked) -> PageProduct | None:
    if asked.here is None:
        return None
    return PageProduct(asked.here.id, asked.here.is_available, asked.here.price_at(asked.now))


def _cart(person: Person | None, page: Context) -> tuple[ProductId, ...]:
    """Give what is in the cart: as the page says it, or else as remembered."""
    if page.cart is not None:
        return tuple(sorted({ProductId(line.product) for line in page.cart}))
    if person is None or person.part is None:
        return ()
    lines = person.part.cart.items()
    return tuple(sorted(ProductId(product) for product, line in lines if line.quantity > 0))
