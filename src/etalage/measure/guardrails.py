"""Step 7 of 8, measure: what must not get worse while the goal gets better, and figures per order.

In:   all that is known of one experience.
Out:  per variant conversion, return rate, unsubscribing and time on a page, each with a p-value of harm; revenue per
      order and the return rate with an interval.
Idea: one-sided at 5%, at every weekly look of the past, so that it may be watched; after Holm over all of them.
      How long a page was looked at, a shop tells by GA4's `user_engagement`; where none does, that one is never settled.
From: methods 3.2 (ratios), 3.6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from msgspec import Struct

from etalage.domain.ids import VariantName
from etalage.domain.report import Guardrail, RatioFigure
from etalage.domain.time import DAY
from etalage.measure.case import Case
from etalage.measure.effects import Finding
from etalage.measure.maturity import LEAST_CONVERSIONS_HARM, LEAST_ORDERS, WEEK_DAYS
from etalage.measure.statistics.arms import Mean, difference, proportion, stratified
from etalage.measure.statistics.interval import ALPHA, always_valid
from etalage.measure.statistics.quotient import Quotient, per_unit
from etalage.measure.statistics.several import holm, p_of_harm
from etalage.measure.tally import Pair, Running, Sums, pairs

Name = Literal["conversion", "return_rate", "unsubscribe", "page_time"]
LEAST_UNSUBSCRIBED = 25  # in both arms together
LEAST_TIMED = 100  # persons per arm of whom a page time is known; times have a long tail


class _Rail(Struct, frozen=True):
    """How one of them is measured."""

    name: Name
    mean: Callable[[Sums], Mean | None]
    enough: Callable[[Sums, Sums], bool]
    less_is_worse: bool = False
    is_share: bool = True  # of persons: then p (1 - p) is that of both arms together


def _returned(sums: Sums) -> Mean | None:
    return per_unit(sums.return_rate())


def _page_time(sums: Sums) -> Mean | None:
    return per_unit(sums.page_time())


_RAILS = (
    _Rail(
        name="conversion",
        mean=lambda sums: proportion(sums.persons, sums.buyers),
        enough=lambda t, c: min(t.buyers, c.buyers) >= LEAST_CONVERSIONS_HARM,
        less_is_worse=True,
    ),
    _Rail(
        name="return_rate",
        mean=_returned,
        enough=lambda t, c: min(t.orders, c.orders) >= LEAST_CONVERSIONS_HARM,
        is_share=False,
    ),
    _Rail(
        name="unsubscribe",
        mean=lambda sums: proportion(sums.persons, sums.unsubscribed),
        enough=lambda t, c: t.unsubscribed + c.unsubscribed >= LEAST_UNSUBSCRIBED,
    ),
    _Rail(
        name="page_time",
        mean=_page_time,
        enough=lambda t, c: min(t.timed, c.timed) >= LEAST_TIMED,
        less_is_worse=True,
        is_share=False,
    ),
)


def guardrails(case: Case) -> tuple[Guardrail, ...]:
    """Test each guardrail of each variant."""
    found = {
        (arm, rail.name): _watched(case, arm, rail) for arm in case.variants for rail in _RAILS
    }
    read = holm({key: seen[2] for key, seen in found.items() if seen[2] is not None})
    told = []
    for (arm, name), (treated, control, _) in found.items():
        p = read.get((arm, name))
        told.append(
            Guardrail(
                name=name,
                arm=arm,
                treated=treated,
                control=control,
                p_harm=p,
                state="unsettled" if p is None else "harm" if p < ALPHA else "fine",
            )
        )
    return tuple(told)


def _watched(
    case: Case, arm: VariantName, rail: _Rail
) -> tuple[float | None, float | None, float | None]:
    """Give both means as they are now, and the smallest p of harm over all weekly looks; None without an answer."""
    smallest, means = None, None
    for found in _weekly(case, arm):
        known = _known(found, rail.mean)
        if rail.is_share:
            known = [_as_if_alike(treated, control) for treated, control in known]
        means = stratified(known) if known else None
        if means is None or not rail.enough(*_together(found)):
            continue
        treated, control = means
        p = p_of_harm(
            difference(treated, control),
            treated.n + control.n,
            case.rules(arm).planned,
            less_is_worse=rail.less_is_worse,
        )
        smallest = p if smallest is None else min(smallest, p)
    if means is None or not (means[0].mean or means[1].mean):  # nobody ever said, so nobody knows
        return None, None, None
    return means[0].mean, means[1].mean, smallest


def _weekly(case: Case, arm: VariantName) -> Iterable[list[Pair]]:
    """Give the sums at each weekly look, and last as they are now if a final one is over."""
    running = Running(arm, case.plan.control, case.stretches)
    week = 0
    for row in sorted(case.outcomes, key=lambda one: one.day):
        while row.day > (week + 1) * WEEK_DAYS:
            week += 1
            yield running.pairs()
        running.add(row)
    whole = (case.last_look - case.plan.started) // DAY // WEEK_DAYS
    if whole > week:
        yield running.pairs()


def _known(found: Sequence[Pair], mean: Callable[[Sums], Mean | None]) -> list[tuple[Mean, Mean]]:
    compared = [(mean(treated), mean(control)) for treated, control in found]
    return [(t, c) for t, c in compared if t is not None and c is not None]


def _as_if_alike(treated: Mean, control: Mean) -> tuple[Mean, Mean]:
    """Give both the variance of the share of both together, as if nothing were worse (the score test).

    What is rare shows in a small control perhaps not once. Its own variance would then be 0, and chance would look
    like harm: with one in twenty kept from the message and one in a thousand who unsubscribes, in 24 tests of 100.
    """
    both = treated.n + control.n
    share = (treated.n * treated.mean + control.n * control.mean) / both
    variance = share * (1 - share)
    return (
        Mean(n=treated.n, mean=treated.mean, variance=variance),
        Mean(n=control.n, mean=control.mean, variance=variance),
    )


def _together(found: Sequence[Pair]) -> tuple[Sums, Sums]:
    treated, control = Sums(), Sums()
    for t, c in found:
        treated, control = treated.plus(t), control.plus(c)
    return treated, control


# ---- Figures per order ----------------------------------------------------------------------------------

_RATIOS: dict[Literal["revenue_per_order", "return_rate"], Callable[[Sums], Quotient]] = {
    "revenue_per_order": Sums.revenue_per_order,
    "return_rate": Sums.return_rate,
}


def ratios(case: Case, arm: VariantName, found: Finding) -> list[RatioFigure]:
    """Give the figures per order of a variant, at the look of its verdict; none before there is one."""
    if found.verdict.evidence is None:
        return []
    at = found.verdict.evidence.look.at
    here = pairs(case.outcomes_at(at), arm, case.plan.control, case.stretches)
    treated, control = _together(here)
    if min(treated.orders, control.orders) < LEAST_ORDERS:
        return []
    told = []
    for name, quotient in _RATIOS.items():
        known = _known(here, lambda sums, of=quotient: per_unit(of(sums)))  # type: ignore[misc]
        means = stratified(known) if known else None
        if means is None:
            continue
        apart = difference(*means)
        rules = case.rules(arm)
        persons = means[0].n + means[1].n
        told.append(
            RatioFigure(
                name=name,
                arm=arm,
                treated=means[0].mean,
                control=means[1].mean,
                difference=apart.estimate,
                interval=always_valid(apart, persons, rules.planned, rules.alpha),
            )
        )
    return told
