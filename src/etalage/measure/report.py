"""Step 7 of 8, measure: the report of each experience.

In:   the rows of the warehouse, what was agreed beforehand, the shop's rules, and now.
Out:  one report per experience, with a state, or with what is missing.
Idea: one order of asking. Can the figures be trusted at all? Is anybody harmed? Is there a result? What is missing?
From: design 9, methods 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from etalage.domain.ids import VariantName
from etalage.domain.report import (
    OVERALL,
    ArmFigures,
    Effect,
    ExperienceReport,
    Fault,
    Guardrail,
    Note,
    NoteKey,
    Part,
    Plan,
    State,
    Unsettled,
)
from etalage.measure.case import Case, Shop, case_of
from etalage.measure.checks import faults, notes, sample_ratio
from etalage.measure.effects import Finding, finding
from etalage.measure.guardrails import guardrails, ratios
from etalage.measure.parts import parts_of
from etalage.measure.questions import Answers, sources
from etalage.measure.tally import cumulative, sums

Findings = Mapping[VariantName, Finding]


def report(
    answers: Answers, plans: Sequence[Plan], *, shop: Shop, now: int
) -> list[ExperienceReport]:
    """Report on each experience, in the order of the plans.

    For the total against the holdout, put `case.everything(...)` among the plans.
    """
    return [_report(case_of(answers, plan, shop=shop, now=now)) for plan in plans]


def _report(case: Case) -> ExperienceReport:
    plan = case.plan
    filled = sample_ratio(case)
    broken_by = faults(case, filled)
    findings = {arm: finding(case, arm) for arm in case.variants}
    state = "broken" if broken_by else _state([f.verdict.state for f in findings.values()])
    look = case.now if broken_by else _look(findings, case.now)
    watched = guardrails(case)
    return ExperienceReport(
        name=plan.name,
        state=state,
        goal=plan.goal,
        window=plan.window,
        currency=case.shop.currency,
        started=plan.started,
        now=case.now,
        look=look,
        trust=case.trust,
        coverage=case.coverage,
        joined=case.joined,
        arms=tuple(_figures(case, arm, look, findings, broken_by) for arm in case.arms),
        sample_ratio=filled,
        crossed=case.crossed,
        crossed_share=case.crossed / case.triggered if case.triggered else 0.0,
        revenue_cap=next((row.cap for row in case.outcomes), plan.revenue_cap),
        control=plan.control,
        unsettled=_unsettled(state, findings),
        faults=broken_by,
        notes=_notes(case, findings, watched),
        population="first_decision" if plan.name == OVERALL else "first_triggered",
        planned=plan.planned_sample,
        ends=plan.ends,
        parts=_parts(case, broken_by),
        guardrails=() if broken_by else watched,
        ratios=()
        if broken_by
        else tuple(one for arm, found in findings.items() for one in ratios(case, arm, found)),
        sources=sources(causes=bool(filled and "sample_ratio" in broken_by)),
    )


def _notes(case: Case, findings: Findings, watched: Sequence[Guardrail]) -> tuple[Note, ...]:
    alarms: list[NoteKey] = [key for f in findings.values() for key in f.verdict.alarms]
    shown = [f.effect for f in findings.values() if isinstance(f.effect, Effect)]
    if any(effect.adjusted or effect.revenue_adjusted for effect in shown):
        alarms.append("adjusted")
    goal = (
        "conversion" if case.plan.goal == "purchase" else None
    )  # its harm is the verdict, not a note
    harmed = [one for one in watched if one.state == "harm" and one.name != goal]
    return notes(case, alarms, harmed=len(harmed))


def _parts(case: Case, broken_by: tuple[Fault, ...]) -> tuple[Part, ...]:
    """Compare within each part; where the whole cannot be trusted, no part can."""
    told = []
    for (dimension, value), part in parts_of(case):
        findings = {arm: finding(part, arm) for arm in part.variants}
        look = part.now if broken_by else _look(findings, part.now)
        state = "broken" if broken_by else _state([f.verdict.state for f in findings.values()])
        arms = tuple(_figures(part, arm, look, findings, broken_by) for arm in part.arms)
        told.append(Part(dimension=dimension, value=value, arms=arms, state=state))
    return tuple(told)


def _state(states: Sequence[State]) -> State:
    """Let the loudest variant speak; all must agree that there is no relevant difference."""
    for loudest in ("harmful", "verified_effect", "too_early", "undecided"):
        if loudest in states:
            return loudest
    return "no_relevant_difference" if states else "too_early"


def _look(findings: Findings, now: int) -> int:
    """Give the newest look at which something was concluded; counts are of that look. Else those of now."""
    return max(
        (f.verdict.evidence.look.at for f in findings.values() if f.verdict.evidence), default=now
    )


def _unsettled(state: State, findings: Findings) -> Unsettled | None:
    """Say what is missing for the variant that needs longest."""
    if state not in {"too_early", "undecided"}:
        return None
    if not findings:
        return Unsettled(reason="no_control")
    missing = [f.missing for f in findings.values() if f.missing]
    return max(missing, key=lambda u: u.expected or 0, default=None)


def _figures(
    case: Case, arm: VariantName, look: int, findings: Findings, broken_by: tuple[Fault, ...]
) -> ArmFigures:
    entered = [row for row in case.entered if row.arm == arm]
    exposed = [row for row in case.exposed if row.arm == arm]
    counted = sums(row for row in case.outcomes_at(look) if row.arm == arm)
    found = findings.get(arm)
    return ArmFigures(
        arm=arm,
        visitors=sum(row.visitors for row in entered),
        triggered=sum(row.persons for row in entered),
        exposures=sum(row.exposures for row in exposed),
        clicks=sum(row.clicks for row in exposed),
        counted=counted.persons,
        conversions=counted.conversions,
        orders=counted.orders,
        revenue=counted.revenue,
        revenue_capped=counted.capped,
        state=_own_state(found, broken_by),
        effect=found.effect if found and not broken_by else None,
        history=found.history if found and not broken_by else (),
        days=cumulative(case.outcomes, arm, case.plan, upto=case.last_look),
    )


def _own_state(found: Finding | None, broken_by: tuple[Fault, ...]) -> State | None:
    if found is None:
        return None
    return "broken" if broken_by else found.verdict.state


def effects(reported: ExperienceReport) -> dict[VariantName, Effect]:
    """Give the effects that may be shown, by variant."""
    return {a.arm: a.effect for a in reported.arms if isinstance(a.effect, Effect)}
