"""Step 7 of 8, measure: the verdict on each variant, and its figures where a verdict allows to show them.

In:   all that is known of one experience.
Out:  per variant a verdict with an effect, its history, or what is missing.
Idea: numbers that may still turn round are not computed for show; who may not see them cannot be misled by them.
From: methods 3.2 (CUPED), 3.3, 3.6, 3.7.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from etalage.domain.ids import VariantName
from etalage.domain.report import Effect, Interval, Point, Raw, Unsettled
from etalage.measure import tally
from etalage.measure.case import Case
from etalage.measure.extra import cost_of_control, extra, potential
from etalage.measure.maturity import (
    LEAST_CONVERSIONS,
    LEAST_ORDERS,
    Evidence,
    Look,
    Verdict,
    evidence,
    judge,
    missing,
)
from etalage.measure.statistics.arms import Mean, difference, relative_lift, stratified
from etalage.measure.statistics.cuped import adjusted
from etalage.measure.statistics.interval import always_valid

Compared = tuple[Mean, Mean]  # a variant, its control


class Finding(Struct, frozen=True):
    """A variant's verdict; its effect where that may be shown; what is missing where it is not decided."""

    verdict: Verdict
    effect: Effect | Unsettled
    missing: Unsettled | None = None
    history: tuple[Point, ...] = ()


def finding(case: Case, arm: VariantName) -> Finding:
    """Judge a variant beside its control, and show what may be shown."""
    looks = case.looks(arm)
    verdict = judge(looks, case.rules(arm))
    needed = _missing(case, arm, looks)
    history = tuple(
        _point(seen)
        for seen in evidence(looks, case.rules(arm))
        if seen.look.is_weekly and seen.look.least_conversions >= LEAST_CONVERSIONS
    )
    if verdict.evidence is None:
        return Finding(verdict=verdict, effect=needed, missing=needed, history=history)
    return Finding(
        verdict=verdict,
        effect=_effect(case, arm, verdict.evidence),
        missing=needed if verdict.state == "undecided" else None,
        history=history,
    )


def _point(seen: Evidence) -> Point:
    """Say what one look said by itself; the verdict keeps what all looks since the first have in common."""
    look = seen.look
    known = look.control.mean > 0
    return Point(
        at=look.at,
        counted=look.n,
        difference=difference(look.treated, look.control).estimate,
        difference_interval=seen.difference,
        lift=relative_lift(look.treated, look.control).estimate if known else None,
        lift_interval=seen.lift,
    )


def _missing(case: Case, arm: VariantName, looks: list[Look]) -> Unsettled:
    if not case.triggered:
        return Unsettled(reason="nobody_triggered", need=1)
    share = case.share(arm)
    found = missing(looks, case.plan, case.rules(arm), treated_share=share, now=case.now)
    return _of_whom(case, arm, found) if found.reason == "too_few_conversions" else found


def _of_whom(case: Case, arm: VariantName, found: Unsettled) -> Unsettled:
    """Say whether too few converted, or too few did not: a share near 100% tells as little as one near 0%."""
    seen = tally.pairs(case.outcomes, arm, case.plan.control, case.stretches)
    converted = min(
        sum(treated.conversions for treated, _ in seen), sum(kept.conversions for _, kept in seen)
    )
    if converted < LEAST_CONVERSIONS:
        return msgspec.structs.replace(found, have=converted)
    return msgspec.structs.replace(found, reason="all_converted", expected=None)


def _effect(case: Case, arm: VariantName, seen: Evidence) -> Effect:
    treated, control = seen.look.treated, seen.look.control
    found = tally.pairs(case.outcomes_at(seen.look.at), arm, case.plan.control, case.stretches)
    shown = Effect(
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
        adjusted=case.uses_past(arm).conversions,
        raw=_raw(case, arm, found) if case.uses_past(arm).conversions else None,
    )
    return _with_revenue(case, arm, found, shown)


def _raw(case: Case, arm: VariantName, found: list[tally.Pair]) -> Raw:
    treated, control = stratified([tally.plain(t, c) for t, c in found])
    interval = _around(case, arm, (treated, control))
    return Raw(estimate=difference(treated, control).estimate, interval=interval)


def _with_revenue(case: Case, arm: VariantName, found: list[tally.Pair], shown: Effect) -> Effect:
    """Add the revenue per person of variant and control, capped and as it was; nothing below 100 orders."""
    orders = min(sum(t.orders for t, _ in found), sum(c.orders for _, c in found))
    if orders < LEAST_ORDERS:
        return shown
    capped = stratified([(t.capped_revenue(), c.capped_revenue()) for t, c in found])
    uncapped = stratified([(t.uncapped_revenue(), c.uncapped_revenue()) for t, c in found])
    raw = _raw_revenue(case, arm, capped)
    told = raw
    past = case.uses_past(arm).revenue
    if past:
        less = stratified([adjusted(t.revenue_past(), c.revenue_past()) for t, c in found])
        told = _raw_revenue(case, arm, less)
    return msgspec.structs.replace(
        shown,
        extra_revenue=told.estimate,
        extra_revenue_interval=told.interval,
        extra_revenue_uncapped=extra(*uncapped),
        revenue_adjusted=past,
        revenue_raw=raw if past else None,
    )


def _raw_revenue(case: Case, arm: VariantName, compared: Compared) -> Raw:
    treated, _ = compared
    interval = _around(case, arm, compared).times(treated.n)
    return Raw(estimate=extra(*compared), interval=interval)


def _around(case: Case, arm: VariantName, compared: Compared) -> Interval:
    treated, control = compared
    rules = case.rules(arm)
    found = difference(treated, control)
    return always_valid(found, treated.n + control.n, rules.planned, rules.alpha)
