"""Step 7 of 8, measure: the verdict on each variant, and its figures where a verdict allows to show them.

In:   all that is known of one experience.
Out:  per variant a verdict with an effect, or what is missing.
Idea: numbers that may still turn round are not computed for show; who may not see them cannot be misled by them.
From: methods 3.3, 3.6, 3.7.
"""

from __future__ import annotations

from msgspec import Struct

from etalage.domain.ids import VariantName
from etalage.domain.report import Effect, Interval, Unsettled
from etalage.measure import tally
from etalage.measure.arms import Mean, difference, relative_lift, stratified
from etalage.measure.case import Case
from etalage.measure.extra import cost_of_control, extra, potential
from etalage.measure.interval import always_valid
from etalage.measure.maturity import LEAST_ORDERS, Evidence, Look, Verdict, judge, missing


class Finding(Struct, frozen=True):
    """A variant's verdict; its effect where that may be shown; what is missing where it is not decided."""

    verdict: Verdict
    effect: Effect | Unsettled
    missing: Unsettled | None = None


def finding(case: Case, arm: VariantName) -> Finding:
    """Judge a variant beside its control, and show what may be shown."""
    looks = case.looks(arm)
    verdict = judge(looks, case.rules(arm))
    needed = _missing(case, arm, looks)
    if verdict.evidence is None:
        return Finding(verdict=verdict, effect=needed, missing=needed)
    return Finding(
        verdict=verdict,
        effect=_effect(case, arm, verdict.evidence),
        missing=needed if verdict.state == "undecided" else None,
    )


def _missing(case: Case, arm: VariantName, looks: list[Look]) -> Unsettled:
    if not case.triggered:
        return Unsettled(reason="nobody_triggered", need=1)
    share = case.share(arm)
    return missing(looks, case.plan, case.rules(arm), treated_share=share, now=case.now)


def _effect(case: Case, arm: VariantName, seen: Evidence) -> Effect:
    treated, control = seen.look.treated, seen.look.control
    revenue = _revenue(case, arm, seen.look)
    return Effect(
        difference=difference(treated, control).estimate,
        difference_interval=seen.difference,
        extra_conversions=extra(treated, control),
        extra_conversions_interval=seen.difference.times(treated.n),
        lift=relative_lift(treated, control).estimate if control.mean else None,
        lift_interval=seen.lift,
        p=seen.p,
        look=seen.look.at,
        potential=potential(treated, control),
        cost_of_control=cost_of_control(treated, control),
        extra_revenue=revenue and extra(*revenue[0]),
        extra_revenue_interval=revenue and _revenue_interval(case, arm, *revenue[0]),
        extra_revenue_uncapped=revenue and extra(*revenue[1]),
    )


def _revenue(
    case: Case, arm: VariantName, look: Look
) -> tuple[tuple[Mean, Mean], tuple[Mean, Mean]] | None:
    """Give the revenue per person of variant and control, capped and as it was; None below 100 orders."""
    pairs = tally.pairs(case.outcomes_at(look.at), arm, case.plan.control, case.stretches)
    orders = min(sum(t.orders for t, _ in pairs), sum(c.orders for _, c in pairs))
    if orders < LEAST_ORDERS:
        return None
    capped = stratified([(t.capped_revenue(), c.capped_revenue()) for t, c in pairs])
    uncapped = stratified([(t.uncapped_revenue(), c.uncapped_revenue()) for t, c in pairs])
    return capped, uncapped


def _revenue_interval(case: Case, arm: VariantName, treated: Mean, control: Mean) -> Interval:
    rules = case.rules(arm)
    found = difference(treated, control)
    each = always_valid(found, treated.n + control.n, rules.planned, rules.alpha)
    return each.times(treated.n)
