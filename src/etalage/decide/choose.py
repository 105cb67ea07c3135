"""Step 5 of 8, choose: which experiences this person gets, in which arm, and which of them has the place.

In:   the facts of the moment and the live experiences.
Out:  a `Choice` for each that is shown or is a ghost, and a reason for every other.
Idea: all arms are treated alike. Somebody in control or holdout gets an entry for exactly those experiences she
      would have been asked for, and only there: a ghost uses up the caps of its own experience, it disappears
      where the message would have lost the place, and it never keeps another from it (design 7).

Who takes part (design 5):
  measure + personalise   experiments: arms, ghosts, tokens
  personalise only        personal content, outside every experiment and figure
  otherwise               experiences without a behavioural segment, outside every experiment and figure
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache

from etalage.decide.allocate import allocate, bucket, draw_holdout, would_see
from etalage.decide.page_rules import fits_page
from etalage.domain.context import Context
from etalage.domain.decision import Choice, Chosen, DecisionFacts, Skipped, SkipReason, StoredArm
from etalage.domain.experience import Experience, in_order
from etalage.domain.ids import CONTROL, HOLDOUT, ExperienceName
from etalage.domain.time import ShopZone


def choose(facts: DecisionFacts, experiences: Iterable[Experience]) -> Chosen:
    """Choose, in the order of design 7: the first reason not to show something is its reason."""
    ordered = sorted(experiences, key=in_order)
    if facts.protected:
        return Chosen(skipped=tuple(Skipped(e.name, "protected_page") for e in ordered))
    held = _holdout(facts)
    eligible: list[Experience] = []
    skipped: list[Skipped] = []
    for experience in ordered:
        reason = _first_reason(facts, experience)
        if reason is None:
            eligible.append(experience)
        else:
            skipped.append(Skipped(experience.name, reason))
    chosen = _arbitrate(_allocated(facts, eligible, held), skipped)
    return Chosen(choices=tuple(chosen), skipped=tuple(skipped), held=held)


def _holdout(facts: DecisionFacts) -> StoredArm | None:
    """Give her arm of the global holdout: the stored one, or a fresh draw; None outside experiments."""
    if not facts.is_measured or facts.unit is None:
        return None
    return facts.held or draw_holdout(facts.holdout, facts.unit)


def stands_here(experience: Experience, page: Context, slots: Collection[str]) -> bool:
    """Tell whether an experience is for this place at all; of the others nobody need know who is meant."""
    return experience.slot in slots and fits_page(experience.trigger.page, page)


# ---- Eligible? ---------------------------------------------------------------------------------------

Check = Callable[[DecisionFacts, Experience], SkipReason | None]


def _first_reason(facts: DecisionFacts, experience: Experience) -> SkipReason | None:
    for check in CHECKS:
        if reason := check(facts, experience):
            return reason
    return None


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
    clock = zone_of(facts.zone).local(facts.now).strftime("%Y-%m-%dT%H:%M")
    begun = schedule.start is None or schedule.start <= clock
    over = schedule.until is not None and schedule.until <= clock
    return None if begun and not over else "not_scheduled"


def _is_asked(facts: DecisionFacts, experience: Experience) -> SkipReason | None:
    return None if experience.slot in facts.slots else "wrong_slot"


def _is_meant(facts: DecisionFacts, experience: Experience) -> SkipReason | None:
    if experience.segment is None or experience.segment in facts.matched:
        return None
    return "warming" if experience.segment in facts.warming else "not_in_segment"


def _is_the_page(facts: DecisionFacts, experience: Experience) -> SkipReason | None:
    return None if fits_page(experience.trigger.page, facts.page) else "wrong_page"


def _can_be_bought(facts: DecisionFacts, experience: Experience) -> SkipReason | None:
    """Refuse to speak of a product that is not there; judged for all arms alike, hence before allocation."""
    if not experience.is_about_product:
        return None
    if facts.here is None:
        return "wrong_page"
    return None if facts.here.available else "out_of_stock"


def _is_welcome(facts: DecisionFacts, experience: Experience) -> SkipReason | None:
    return "refused_by_visitor" if experience.name in facts.refused else None


def _is_below_caps(facts: DecisionFacts, experience: Experience) -> SkipReason | None:
    used = facts.used.get(experience.name)
    if used is None:
        return None
    full = any(used.in_period(cap.per) >= cap.times for cap in experience.caps)
    return "capped" if full else None


def _is_below_pressure(facts: DecisionFacts, experience: Experience) -> SkipReason | None:
    full = experience.interrupts and facts.interruptions >= facts.pressure
    return "pressure" if full else None


def _still_exists(facts: DecisionFacts, experience: Experience) -> SkipReason | None:
    """A stored arm is never drawn again, so one whose variant was removed can show nothing."""
    stored = facts.arms.get(experience.name)
    if stored is None or not facts.is_measured or stored.arm in {CONTROL, HOLDOUT}:
        return None
    return None if experience.variant(stored.arm) else "variant_gone"


CHECKS: tuple[Check, ...] = (
    _is_on,
    _has_consent,  # before anything about her is looked at
    _is_scheduled,
    _is_asked,
    _is_the_page,
    _is_meant,  # behind the page: segments of experiences for other places are not even asked
    _can_be_bought,
    _is_welcome,
    _is_below_caps,
    _is_below_pressure,
    _still_exists,
)


# ---- Which arm? --------------------------------------------------------------------------------------


def _allocated(
    facts: DecisionFacts, experiences: Sequence[Experience], held: StoredArm | None
) -> list[tuple[Experience, Choice]]:
    if held is None:
        return [(e, _outside(e)) for e in experiences]
    return [(e, _in_arm(e, _arm(facts, e, held))) for e in experiences]


def _outside(experience: Experience) -> Choice:
    """Choose outside every experiment: no arm, no unit, no odds."""
    return Choice(
        experience=experience.name,
        slot=experience.slot,
        variant=experience.plain_variant.name,
        show=True,
        priority=experience.priority,
    )


def _arm(facts: DecisionFacts, experience: Experience, held: StoredArm) -> StoredArm:
    """Give the arm: the holdout's first, then the stored one, then a draw."""
    if held.arm == HOLDOUT:
        return held
    return facts.arms.get(experience.name) or allocate(experience, held.unit)


def _in_arm(experience: Experience, arm: StoredArm) -> Choice:
    ghost = arm.arm in {CONTROL, HOLDOUT}
    return Choice(
        experience=experience.name,
        slot=experience.slot,
        variant=would_see(experience, arm.unit) if ghost else arm.arm,
        show=not ghost,
        arm=arm.arm,
        unit=arm.unit,
        propensity=arm.propensity,
        policy=arm.policy,
        bucket=bucket(experience.allocation.salt, experience.name, arm.unit),
        priority=experience.priority,
    )


# ---- Which one has the place? ------------------------------------------------------------------------


def _arbitrate(
    allocated: Iterable[tuple[Experience, Choice]], skipped: list[Skipped]
) -> list[Choice]:
    """Give each place to one unobtrusive message, the first in order; ghosts take no place.

    Interrupting ones all stay: which of them fires first only the browser knows.
    """
    holder: dict[str, ExperienceName] = {}
    chosen: list[Choice] = []
    for experience, choice in allocated:
        if not experience.interrupts and choice.slot in holder:
            skipped.append(Skipped(experience.name, "lost_to", holder[choice.slot]))
            continue
        chosen.append(choice)
        if choice.show and not experience.interrupts:
            holder[choice.slot] = experience.name
        if not choice.show:
            reason: SkipReason = "in_holdout" if choice.arm == HOLDOUT else "in_control"
            skipped.append(Skipped(experience.name, reason))
    return chosen


@lru_cache(maxsize=64)
def zone_of(name: str) -> ShopZone:
    """Give a shop's zone, made once."""
    return ShopZone(name)
