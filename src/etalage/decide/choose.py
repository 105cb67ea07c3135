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

from msgspec.structs import replace

from etalage.decide.allocate import draw_holdout
from etalage.decide.plan import Plan, Planned, planned
from etalage.domain.decision import (
    Choice,
    Chosen,
    DecisionFacts,
    Skipped,
    SkipReason,
    StoredArm,
    Used,
)
from etalage.domain.experience import Experience
from etalage.domain.ids import CONTROL, HOLDOUT


def choose(facts: DecisionFacts, experiences: Plan | Iterable[Experience]) -> Chosen:
    """Choose, in the order of design 7: the first reason not to show something is its reason."""
    plan = planned(experiences)
    standing, elsewhere = plan.standing(facts)
    if facts.protected:
        return Chosen(skipped=elsewhere)
    if facts.left_alone:  # before any draw: she is in no arm, so all arms miss the same people
        alone = (one.skipped["paused_by_visitor"] for one in standing)
        return Chosen(skipped=(*elsewhere, *alone))
    held = _holdout(facts)
    matched, absent, has_past = frozenset(facts.matched), _no_product(facts), _has_past(facts)
    eligible: list[Planned] = []
    skipped = list(elsewhere)
    for one in _by_expected(facts, standing) if facts.expected else standing:
        # Behind the page: segments of experiences for other places are not even asked.
        if one.segment is not None and one.segment not in matched:
            reason: SkipReason | None
            reason = "warming" if one.segment in facts.warming else "not_in_segment"
        else:
            reason = absent if one.is_about_product else None
            if reason is None and has_past:
                reason = _reason_in_past(facts, one)
        if reason is None:
            eligible.append(one)
        else:
            skipped.append(one.skipped[reason])
    chosen = _arbitrate(facts, _allocated(facts, plan, eligible, held), skipped)
    return Chosen(choices=tuple(chosen), skipped=tuple(skipped), held=held)


def _holdout(facts: DecisionFacts) -> StoredArm | None:
    """Give her arm of the global holdout: the stored one, or a fresh draw; None outside experiments."""
    if not facts.is_measured or facts.unit is None:
        return None
    return facts.held or draw_holdout(facts.holdout, facts.unit)


# ---- Eligible? (what does not depend on the person: plan.py) -------------------------------------------


def _no_product(facts: DecisionFacts) -> SkipReason | None:
    """Judge the product on the page for all arms alike, hence before allocation: what is not there is not spoken of."""
    if facts.here is None:
        return "wrong_page"
    return None if facts.here.available else "out_of_stock"


def _has_past(facts: DecisionFacts) -> bool:
    """Tell whether anything in her past may be a reason; most people have met none of these messages yet."""
    tired = facts.interruptions >= facts.pressure
    return bool(facts.refused or facts.used or facts.arms or tired)


def _reason_in_past(facts: DecisionFacts, one: Planned) -> SkipReason | None:
    name = one.name
    if name in facts.refused:
        return "refused_by_visitor"
    if name in facts.used and _is_full(facts.used[name], one.experience):
        return "capped"
    if one.interrupts and facts.interruptions >= facts.pressure:
        return "pressure"
    if name in facts.arms and facts.is_measured and not _is_there(facts.arms[name], one.experience):
        return "variant_gone"
    return None


def _is_full(used: Used, experience: Experience) -> bool:
    return any(used.in_period(cap.per) >= cap.times for cap in experience.caps)


def _is_there(stored: StoredArm, experience: Experience) -> bool:
    """Tell whether a stored arm can be shown: it is never drawn again, and its variant may have been removed."""
    return stored.arm in {CONTROL, HOLDOUT} or experience.variant(stored.arm) is not None


# ---- Which arm? --------------------------------------------------------------------------------------


def _allocated(
    facts: DecisionFacts, plan: Plan, eligible: Sequence[Planned], held: StoredArm | None
) -> list[tuple[Planned, Choice]]:
    """Give each its arm: the holdout's first, then the stored one, then a draw."""
    if held is None:
        return [(one, one.outside) for one in eligible]
    if held.arm == HOLDOUT:
        return [(one, _in_arm(facts, one, held, one.odds.place(held.unit))) for one in eligible]
    drawn, entered = plan.drawn(held.unit, facts.traits), facts.arms
    allocated: list[tuple[Planned, Choice]] = []
    for one in eligible:
        name = one.name
        if name in entered:
            stored = entered[name]
            choice = _in_arm(facts, one, stored, one.odds.place(stored.unit))
        elif name in drawn:
            choice = drawn[name]
        else:
            place = one.odds.place(held.unit)
            arm = one.odds.draw(place, held.unit, facts.traits)
            choice = drawn[name] = _in_arm(facts, one, arm, place)
        allocated.append((one, choice))
    return allocated


def _in_arm(facts: DecisionFacts, one: Planned, arm: StoredArm, place: int) -> Choice:
    """Choose within an experiment. Of the facts only the traits are read, by which a draw is remembered."""
    odds, experience = one.odds, one.experience
    ghost = arm.arm == CONTROL or arm.arm == HOLDOUT  # noqa: PLR1714  asked for every choice
    return Choice(
        experience=one.name,
        slot=experience.slot,
        variant=odds.would_see(arm.unit, facts.traits) if ghost else arm.arm,
        show=not ghost,
        arm=arm.arm,
        unit=arm.unit,
        propensity=arm.propensity,
        policy=arm.policy,
        bucket=place,
        priority=experience.priority,
    )


# ---- Which one has the place? ------------------------------------------------------------------------


def _by_expected(facts: DecisionFacts, standing: Iterable[Planned]) -> list[Planned]:
    """Order experiences of equal priority by what they are foretold to bring; nothing is expected of the others.

    All arms are ordered alike, by what was known of her before: who is in control stays as it was drawn.
    """
    expected = facts.expected
    return sorted(
        standing, key=lambda one: (-one.experience.priority, -expected.get(one.name, 0), one.name)
    )


def _arbitrate(
    facts: DecisionFacts, allocated: Iterable[tuple[Planned, Choice]], skipped: list[Skipped]
) -> list[Choice]:
    """Give each place to one unobtrusive message, the first in order; ghosts take no place.

    Interrupting ones all stay: which of them fires first only the browser knows.
    """
    holder: dict[str, int] = {}  # its place in `chosen`
    chosen: list[Choice] = []
    for one, choice in allocated:
        unobtrusive = not one.interrupts
        if unobtrusive and choice.slot in holder:
            winner = chosen[holder[choice.slot]]
            if facts.expected and _outbids(facts, winner, choice):
                chosen[holder[choice.slot]] = replace(winner, by_expected=True)
                skipped.append(Skipped(one.name, "lost_to", winner.experience, "expected"))
            else:
                skipped.append(one.lost_to[winner.experience])
            continue
        chosen.append(choice)
        if not choice.show:
            skipped.append(one.skipped["in_holdout" if choice.arm == HOLDOUT else "in_control"])
        elif unobtrusive:
            holder[choice.slot] = len(chosen) - 1
    return chosen


def _outbids(facts: DecisionFacts, winner: Choice, loser: Choice) -> bool:
    expected = facts.expected
    mine, other = expected.get(winner.experience, 0), expected.get(loser.experience, 0)
    return winner.priority == loser.priority and mine > other
