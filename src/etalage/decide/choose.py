"""Step 5 of 8, choose: which experiences this person gets, in which arm, and which of them has the place.

In:   the facts of the moment and the live experiences, best as a `Plan`.
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

from collections.abc import Iterable, Sequence

from etalage.decide.allocate import draw_holdout
from etalage.decide.plan import Check, Plan, Planned, planned
from etalage.domain.decision import Choice, Chosen, DecisionFacts, Skipped, SkipReason, StoredArm
from etalage.domain.experience import Experience
from etalage.domain.ids import CONTROL, HOLDOUT, ExperienceName


def choose(facts: DecisionFacts, experiences: Plan | Iterable[Experience]) -> Chosen:
    """Choose, in the order of design 7: the first reason not to show something is its reason."""
    standing, elsewhere = planned(experiences).standing(facts)
    if facts.protected:
        return Chosen(skipped=elsewhere)
    held = _holdout(facts)
    eligible: list[Planned] = []
    skipped = list(elsewhere)
    for one in standing:
        reason = _is_meant(facts, one.experience)  # most are not
        if reason is None:
            reason = _first_reason(facts, one.experience)
        if reason is None:
            eligible.append(one)
        else:
            skipped.append(one.skipped(reason))
    chosen = _arbitrate(_allocated(facts, eligible, held), skipped)
    return Chosen(choices=tuple(chosen), skipped=tuple(skipped), held=held)


def _holdout(facts: DecisionFacts) -> StoredArm | None:
    """Give her arm of the global holdout: the stored one, or a fresh draw; None outside experiments."""
    if not facts.is_measured or facts.unit is None:
        return None
    return facts.held or draw_holdout(facts.holdout, facts.unit)


# ---- Eligible? (what does not depend on the person: plan.py) -------------------------------------------


def _first_reason(facts: DecisionFacts, experience: Experience) -> SkipReason | None:
    for check in CHECKS:
        if reason := check(facts, experience):
            return reason
    return None


def _is_meant(facts: DecisionFacts, experience: Experience) -> SkipReason | None:
    """Look whom it is for; behind the page, because segments for other places are not even asked."""
    if experience.segment is None or experience.segment in facts.matched:
        return None
    return "warming" if experience.segment in facts.warming else "not_in_segment"


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
    _can_be_bought,
    _is_welcome,
    _is_below_caps,
    _is_below_pressure,
    _still_exists,
)


# ---- Which arm? --------------------------------------------------------------------------------------


def _allocated(
    facts: DecisionFacts, eligible: Sequence[Planned], held: StoredArm | None
) -> list[tuple[Planned, Choice]]:
    if held is None:
        return [(one, _outside(one.experience)) for one in eligible]
    return [(one, _in_experiment(facts, one, held)) for one in eligible]


def _outside(experience: Experience) -> Choice:
    """Choose outside every experiment: no arm, no unit, no odds."""
    return Choice(
        experience=experience.name,
        slot=experience.slot,
        variant=experience.plain_variant.name,
        show=True,
        priority=experience.priority,
    )


def _in_experiment(facts: DecisionFacts, one: Planned, held: StoredArm) -> Choice:
    """Give the arm: the holdout's first, then the stored one, then a draw."""
    odds, experience = one.odds, one.experience
    stored = held if held.arm == HOLDOUT else facts.arms.get(one.name)
    unit = held.unit if stored is None else stored.unit
    place = odds.place(unit)
    arm = odds.draw(place, unit) if stored is None else stored
    ghost = arm.arm == CONTROL or arm.arm == HOLDOUT  # noqa: PLR1714  asked for every choice
    return Choice(
        experience=one.name,
        slot=experience.slot,
        variant=odds.would_see(unit) if ghost else arm.arm,
        show=not ghost,
        arm=arm.arm,
        unit=unit,
        propensity=arm.propensity,
        policy=arm.policy,
        bucket=place,
        priority=experience.priority,
    )


# ---- Which one has the place? ------------------------------------------------------------------------


def _arbitrate(allocated: Iterable[tuple[Planned, Choice]], skipped: list[Skipped]) -> list[Choice]:
    """Give each place to one unobtrusive message, the first in order; ghosts take no place.

    Interrupting ones all stay: which of them fires first only the browser knows.
    """
    holder: dict[str, ExperienceName] = {}
    chosen: list[Choice] = []
    for one, choice in allocated:
        unobtrusive = not one.experience.interrupts
        if unobtrusive and choice.slot in holder:
            skipped.append(Skipped(one.name, "lost_to", holder[choice.slot]))
            continue
        chosen.append(choice)
        if not choice.show:
            skipped.append(one.skipped("in_holdout" if choice.arm == HOLDOUT else "in_control"))
        elif unobtrusive:
            holder[choice.slot] = one.name
    return chosen
