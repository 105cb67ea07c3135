"""Step 5 of 8, plan: what can be known of the live experiences before anybody asks.

In:   the experiences of a configuration.
Out:  a `Plan`: them in order, with the odds of their arms; and per kind of page and of visitor which of them may
      still be chosen, with the reason of every other.
Idea: most reasons not to show something do not depend on who asks, but on the page, its slots and the open
      purposes, of which a shop sees few combinations. Each is judged once, by the same checks, and remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from etalage.decide.allocate import Odds, odds_of
from etalage.decide.page_rules import fits_page
from etalage.domain.context import Context
from etalage.domain.decision import Choice, DecisionFacts, Skipped, SkipReason
from etalage.domain.experience import Experience, in_order
from etalage.domain.ids import ExperienceName
from etalage.domain.policy import Policies, Weighing
from etalage.domain.time import ShopZone, micros

REMEMBERED = 1_024  # kinds of pages and visitors; beyond it they are judged anew
UNITS_REMEMBERED = 4_096  # units of whom draws are kept: some megabytes

Key = tuple[object, ...]


class _Reasons(dict[SkipReason, Skipped]):
    """Why one experience is not shown, made once for each reason."""

    def __init__(self, name: ExperienceName) -> None:
        super().__init__()
        self._name = name

    def __missing__(self, reason: SkipReason) -> Skipped:
        made = self[reason] = Skipped(self._name, reason)
        return made


class _Lost(dict[ExperienceName, Skipped]):
    """By which other one experience lost its place, made once for each."""

    def __init__(self, name: ExperienceName) -> None:
        super().__init__()
        self._name = name

    def __missing__(self, other: ExperienceName) -> Skipped:
        made = self[other] = Skipped(self._name, "lost_to", other)
        return made


class Planned:
    """One live experience, with what does not depend on who asks."""

    __slots__ = (
        "experience",
        "interrupts",
        "is_about_product",
        "lost_to",
        "name",
        "odds",
        "outside",
        "segment",
        "skipped",
    )

    def __init__(self, experience: Experience, weighing: Weighing | None = None) -> None:
        self.experience = experience
        self.name = experience.name
        self.segment = experience.segment
        self.interrupts = experience.interrupts
        self.is_about_product = experience.is_about_product
        self.odds: Odds = odds_of(experience, weighing)
        self.outside = Choice(  # outside every experiment: no arm, no unit, no odds
            experience=experience.name,
            slot=experience.slot,
            variant=experience.plain_variant.name,
            show=True,
            priority=experience.priority,
        )
        self.skipped = _Reasons(self.name)
        self.lost_to = _Lost(self.name)


Drawn = dict[ExperienceName, Choice]  # of one unit
Standing = tuple[tuple[Planned, ...], tuple[Skipped, ...]]  # who may be chosen; why the others not


class Plan:
    """The live experiences, in order of arbitration."""

    __slots__ = (
        "_clocked",
        "_drawn",
        "_kinds",
        "_paths",
        "_standing",
        "contested",
        "experiences",
        "ordered",
        "policies",
    )

    def __init__(self, experiences: Iterable[Experience], policies: Policies | None = None) -> None:
        self.policies = policies or Policies()
        weighed = {one.experience: one for one in self.policies.weighings}
        self.ordered = tuple(
            Planned(e, weighed.get(e.name)) for e in sorted(experiences, key=in_order)
        )
        self.experiences: Mapping[ExperienceName, Experience] = {
            planned.name: planned.experience for planned in self.ordered
        }
        rules = (planned.experience.trigger.page for planned in self.ordered)
        self._paths = tuple({r for r in rules if r.url is not None or r.under is not None})
        self._clocked = tuple(
            planned.experience
            for planned in self.ordered
            if planned.experience.schedule.start is not None
            or planned.experience.schedule.until is not None
        )
        self._kinds: dict[Key, Key] = {}  # of pages
        self._standing: dict[Key, Standing] = {}
        self._drawn: dict[tuple[str, tuple[str, ...]], Drawn] = {}
        self.contested = _contested(self.experiences.values())

    def kind_of(self, page: Context) -> Key:
        """Give all that the page parts of triggers may ask of a page."""
        if not self._paths:
            return (page.page_type,)
        said = (page.page_type, page.url, page.category)  # what `fits_page` reads
        known = self._kinds.get(said)
        if known is None:
            if len(self._kinds) >= REMEMBERED:
                self._kinds.clear()
            fits = [fits_page(rule, page) for rule in self._paths]
            known = self._kinds[said] = (page.page_type, *fits)
        return known

    def here(self, page: Context, slots: Collection[str]) -> list[Experience]:
        """Give the experiences for this place; of the others nobody need know who is meant."""
        live = self.experiences.values()
        return [e for e in live if e.slot in slots and fits_page(e.trigger.page, page)]

    def standing(self, facts: DecisionFacts) -> Standing:
        """Give, in order, who may be chosen by all that does not depend on the person, and why the others not."""
        key = (
            self.kind_of(facts.page),
            facts.slots,
            facts.purposes,
            facts.visitor is None,
            facts.unit is None,
            facts.contextual,
            facts.paused,
            facts.protected,
            tuple([_is_scheduled(facts, one) for one in self._clocked]) if self._clocked else (),
        )
        known = self._standing.get(key)
        if known is None:
            if len(self._standing) >= REMEMBERED:
                self._standing.clear()
            known = self._standing[key] = self._judged(facts)
        return known

    def drawn(self, unit: str, traits: tuple[str, ...]) -> Drawn:
        """Give what was drawn for a unit lately, to be filled: a draw says the same on each page she opens."""
        known = self._drawn.get((unit, traits))
        if known is None:
            if len(self._drawn) >= UNITS_REMEMBERED:
                self._drawn.clear()
            known = self._drawn[unit, traits] = {}
        return known

    def _judged(self, facts: DecisionFacts) -> Standing:
        standing: list[Planned] = []
        skipped: list[Skipped] = []
        for planned in self.ordered:
            reason = _first_reason(facts, planned.experience)
            if reason is None:
                standing.append(planned)
            else:
                skipped.append(planned.skipped[reason])
        return tuple(standing), tuple(skipped)


def _contested(experiences: Iterable[Experience]) -> dict[str, tuple[ExperienceName, ...]]:
    """Give, by slot, the unobtrusive experiences that have one of equal priority beside them."""
    together: dict[tuple[str, int], list[ExperienceName]] = {}
    for one in experiences:
        if not one.interrupts:
            together.setdefault((one.slot, one.priority), []).append(one.name)
    contested: dict[str, tuple[ExperienceName, ...]] = {}
    for (slot, _), names in together.items():
        if len(names) > 1:
            contested[slot] = (*contested.get(slot, ()), *names)
    return contested


def planned(experiences: Plan | Iterable[Experience]) -> Plan:
    """Make a plan of experiences, if it is none already."""
    return experiences if isinstance(experiences, Plan) else Plan(experiences)


# ---- Reasons that do not depend on the person --------------------------------------------------------

Check = Callable[[DecisionFacts, Experience], SkipReason | None]


def _first_reason(facts: DecisionFacts, experience: Experience) -> SkipReason | None:
    for check in CHECKS:
        if reason := check(facts, experience):
            return reason
    return None


def _is_open(facts: DecisionFacts, _: Experience) -> SkipReason | None:
    return "protected_page" if facts.protected else None


def _is_on(facts: DecisionFacts, experience: Experience) -> SkipReason | None:
    return "paused" if experience.name in facts.paused else None


def _has_consent(facts: DecisionFacts, experience: Experience) -> SkipReason | None:
    """Ask for `personalise` where the past is used, and for whatever the experience itself requires."""
    behavioural = experience.segment is not None and experience.segment not in facts.contextual
    if behavioural and not facts.is_personal:
        return "no_consent"
    # Where nothing may be remembered, a cap cannot be kept: then better not at all than on every page.
    forgets = not facts.is_measured and "device" not in facts.purposes
    if experience.caps and forgets:
        return "no_consent"
    return None if set(experience.requires) <= set(facts.purposes) else "no_consent"


def _is_scheduled(facts: DecisionFacts, experience: Experience) -> SkipReason | None:
    schedule = experience.schedule
    if schedule.start is None and schedule.until is None:
        return None
    begun = schedule.start is None or _moment(schedule.start, facts.zone) <= facts.now
    over = schedule.until is not None and _moment(schedule.until, facts.zone) <= facts.now
    return None if begun and not over else "not_scheduled"


@lru_cache(maxsize=REMEMBERED)
def _moment(wall_clock: str, zone: str) -> int:
    """Give the moment of a wall clock: the first of two where the clock goes back, so that nothing begins twice."""
    read = datetime.fromisoformat(wall_clock).replace(tzinfo=ZoneInfo(zone))
    return micros(read.astimezone(UTC))


def _is_asked(facts: DecisionFacts, experience: Experience) -> SkipReason | None:
    return None if experience.slot in facts.slots else "wrong_slot"


def _is_the_page(facts: DecisionFacts, experience: Experience) -> SkipReason | None:
    return None if fits_page(experience.trigger.page, facts.page) else "wrong_page"


# What a check reads of the facts is part of the key of `Plan.standing`.
CHECKS: tuple[Check, ...] = (
    _is_open,
    _is_on,
    _has_consent,  # before anything about her is looked at
    _is_scheduled,
    _is_asked,
    _is_the_page,
)


@lru_cache(maxsize=64)
def zone_of(name: str) -> ShopZone:
    """Give a shop's zone, made once."""
    return ShopZone(name)
