"""Step 5 of 8, decide: gather what a decision may read about a person.

In:   the person, the page, and what the shop set.
Out:  `DecisionFacts`.
Idea: this is the only door. What is not in the facts cannot influence a decision, and what is in them is in the
      log; somebody we may not know leaves nothing but the page.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from etalage.decide.page_rules import is_protected
from etalage.decide.plan import zone_of
from etalage.domain.consent import Purpose
from etalage.domain.context import Context
from etalage.domain.decision import DecisionFacts, Holdout, PageProduct, StoredArm, Used
from etalage.domain.experience import Experience
from etalage.domain.ids import CONTROL, HOLDOUT, ExperienceName, ProductId, SegmentName, VariantName
from etalage.domain.product import Product
from etalage.domain.profile import HOLDOUT_EXPERIENCE, Arm, Person, Written
from etalage.domain.time import SESSION_GAP, ShopZone

_EXPERIENCE = "experience:"  # prefix of a refused experience in a fold
_GHOSTS = frozenset({CONTROL, HOLDOUT})


class Matched(Struct, frozen=True):
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
    context: frozenset[str] = frozenset()  # what the bandits ask: 'device', 'segment:vip'


class Asked(Struct, frozen=True):
    """The question: what the page said. `here` is the product on the page, if the catalogue has it."""

    now: int
    page: Context
    slots: Collection[str]
    here: Product | None = None
    opened: Collection[Purpose] = ()  # of somebody we may not know: what this call itself says
    expected: dict[ExperienceName, int] = {}


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
    past = NO_PAST if person is None else _past(person, asked.now, rules.zone, live)
    return DecisionFacts(
        now=asked.now,
        zone=rules.zone,
        visitor=None if person is None else person.asking,
        unit=None if person is None else person.oldest,
        purposes=_in_order(asked.opened if person is None else person.open),
        page=_with_product(asked),
        slots=_in_order(asked.slots),
        protected=is_protected(asked.page, rules.protected_segments),
        here=_page_product(asked),
        cart=_cart(person, asked.page),
        matched=_in_order(segments.matched),
        warming=_in_order(segments.warming),
        contextual=_in_order(segments.contextual),
        arms=past.arms,
        holdout=rules.holdout,
        held=past.held,
        used=past.used,
        interruptions=past.interruptions,
        pressure=rules.pressure,
        refused=past.refused,
        paused=_in_order(rules.paused),
        left_alone=person is not None and person.fold.paused_until > asked.now,
        expected=asked.expected,
        traits=traits_of(person, asked, segments.matched, rules) if rules.context else (),
    )


def traits_of(
    person: Person | None, asked: Asked, matched: Collection[SegmentName], rules: Rules
) -> tuple[str, ...]:
    """Say what holds of her and the page, as far as a bandit asks it; nothing of who is not measured by name.

    A bandit only learns from, and only draws for, somebody who allows measuring and a page of her own.
    """
    if person is None or person.part is None or not {"measure", "personalise"} <= person.open:
        return ()
    said = {f"segment:{name}" for name in matched} & rules.context
    if "device" in rules.context and asked.page.device:
        said.add(f"device:{asked.page.device}")
    if "page" in rules.context and asked.page.page_type:
        said.add(f"page:{asked.page.page_type}")
    if "returning" in rules.context:
        today = zone_of(rules.zone).day(asked.now)
        said |= {"returning"} if min(person.part.days, default=today) < today else set()
    phase = person.part.scores.get("phase")
    if "phase" in rules.context and phase is not None and isinstance(phase.value, str):
        said.add(f"phase:{phase.value}")
    return tuple(sorted(said))


Name = TypeVar("Name", bound=str)


def _in_order(names: Collection[Name]) -> tuple[Name, ...]:
    return tuple(sorted(names)) if names else ()


class _Past(Struct, frozen=True):
    """What live experiences have been to a person so far."""

    arms: dict[ExperienceName, StoredArm] = {}
    held: StoredArm | None = None
    used: dict[ExperienceName, Used] = {}
    interruptions: int = 0
    refused: tuple[str, ...] = ()


NO_PAST = _Past()


def _past(person: Person, now: int, zone: str, live: Mapping[ExperienceName, Experience]) -> _Past:
    fold = person.fold
    refused = _refused(person.part.refused) if person.part is not None else ()
    if not fold.arms and not fold.triggered:  # she has met none of them yet
        return _Past(refused=refused) if refused else NO_PAST
    arms = {name: first_arm(entered) for name, entered in fold.arms.items() if name in live}
    triggered = {name: times for name, times in fold.triggered.items() if name in live}
    used: dict[ExperienceName, Used] = {}
    interruptions = 0
    if triggered:
        starts = _period_starts(person, now, zone_of(zone))
        used = {name: _used([at for at, _ in times], starts) for name, times in triggered.items()}
        # A ghost interrupted nobody: only those who saw the message have had the interruption.
        interruptions = sum(
            used[name].day
            for name, arm in arms.items()
            if name in used and live[name].interrupts and arm.arm not in _GHOSTS
        )
    return _Past(
        arms=arms,
        held=_held(person),
        used=used,
        interruptions=interruptions,
        refused=refused,
    )


def _refused(refused: Mapping[str, Written]) -> tuple[str, ...]:
    """Give the experiences among what she does not want."""
    if not refused:
        return ()
    refusals = (
        key.removeprefix(_EXPERIENCE)
        for key, written in refused.items()
        if key.startswith(_EXPERIENCE) and written.value is True
    )
    return tuple(sorted(refusals))


def first_arm(arms: Mapping[VariantName, Arm]) -> StoredArm:
    """Give the arm that counts: the one entered first, by time and then by the event's id."""
    if len(arms) == 1:  # as nearly always
        ((name, arm),) = arms.items()
    else:
        name, arm = min(arms.items(), key=lambda item: (item[1].time, item[1].id))
    return StoredArm(name, arm.unit, arm.propensity, arm.policy)


def _held(person: Person) -> StoredArm | None:
    entered = person.fold.arms.get(HOLDOUT_EXPERIENCE)
    return first_arm(entered) if entered else None


class _Starts(NamedTuple):
    """When the periods of caps began."""

    session: int
    day: int
    week: int


def _period_starts(person: Person, now: int, zone: ShopZone) -> _Starts:
    """Find when the periods of caps began: this session, this shop day, and six shop days before."""
    today = zone.day(now)
    spans = person.part.sessions.get(person.asking, ()) if person.part is not None else ()
    going_on = bool(spans) and now - spans[-1][1] <= SESSION_GAP
    # Without a session on record the last half hour stands for it: what was shown in it is not shown again.
    session = spans[-1][0] if going_on else now - SESSION_GAP
    return _Starts(session, day=zone.start(today), week=zone.start(today - 6))


def _used(moments: list[int], starts: _Starts) -> Used:
    return Used(
        session=sum(at >= starts.session for at in moments),
        day=sum(at >= starts.day for at in moments),
        week=sum(at >= starts.week for at in moments),
        ever=len(moments),
    )


def _with_product(asked: Asked) -> Context:
    """Let the page name its product also where only the catalogue was asked."""
    if asked.here is None or asked.page.product is not None:
        return asked.page
    return replace(asked.page, product=asked.here.id)


def _page_product(asked: Asked) -> PageProduct | None:
    here = asked.here
    if here is None:
        return None
    price = here.price_at(asked.now)  # of what can be bought
    return PageProduct(here.id, price is not None or here.is_available, price)


def _cart(person: Person | None, page: Context) -> tuple[ProductId, ...]:
    """Give what is in the cart: as the page says it, or else as remembered."""
    if page.cart is not None:
        return _in_order({ProductId(line.product) for line in page.cart})
    if person is None or person.part is None or not person.part.cart:
        return ()
    lines = person.part.cart.items()
    return tuple(sorted([ProductId(product) for product, line in lines if line.quantity > 0]))
