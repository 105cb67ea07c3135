"""Revenue, the past of the persons and the total against known truth: through rows, cases and reports.

Other than conversions these need sums of squares and products per person. They are drawn person by person, added up
to the rows that a warehouse gives, and handed to the product.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from figures import tell, times
from judging import luck, percent
from known_truth import CAP, MU, SIGMA, capped_order
from numpy.typing import NDArray

from etalage.domain.ids import CONTROL, HOLDOUT, ExperienceName, VariantName
from etalage.domain.report import ANY_MESSAGE, OVERALL, Effect, Plan
from etalage.domain.time import DAY
from etalage.measure.case import Case, Shop, case_of, everything
from etalage.measure.maturity import LEAST_CONVERSIONS_HARM, LEAST_ORDERS, evidence, judge
from etalage.measure.questions import Answers, Entered, Outcome
from etalage.measure.report import report
from etalage.measure.statistics.arms import Difference, average, difference
from etalage.measure.statistics.cuped import Pairs, adjusted
from etalage.measure.statistics.interval import always_valid

B, NAME = VariantName("b"), ExperienceName("welcome")
SHOP = Shop(currency="EUR")
NOTHING = dict.fromkeys(
    "orders revenue revenue_squares capped capped_squares foreign_orders valueless".split(), 0
)


Floats = NDArray[np.float64]


def outcome(arm: str, day: int, persons: int, conversions: int, **sums: Any) -> Outcome:
    """Make a row of the warehouse; what is not said is nothing."""
    known = {"experience": str(NAME), "policy": "1", "crossed": False, "cap": None, **NOTHING}
    counts = {"arm": arm, "day": day, "persons": persons, "conversions": conversions}
    return Outcome(**(known | counts | sums))


def case(rows: Sequence[Outcome], plan: Plan, days: int) -> Case:
    """Put rows where the product expects them."""
    return case_of(answers(rows, plan), plan, shop=SHOP, now=days * DAY)


def answers(rows: Sequence[Outcome], plan: Plan) -> Answers:
    persons = {arm: sum(r.persons for r in rows if r.arm == arm) for arm in plan.shares}
    entered = tuple(
        Entered(
            experience=plan.name,
            policy="1",
            arm=arm,
            crossed=False,
            day=0,
            propensity=round(1_000_000 * share),
            first=0,
            persons=persons[arm],
            visitors=persons[arm],
        )
        for arm, share in plan.shares.items()
    )
    return Answers(triggered=entered, outcomes=tuple(rows))


# ---- The past of the persons (CUPED) -------------------------------------------------------------------

DAILY, DAYS = 2_000, 28  # persons, half and half
BEFORE = 0.2  # of them bought in the 28 days before
AGAIN, NEW = (
    0.2,
    0.02,
)  # of those who did and who did not, the share that converts without a message


def with_past(lift: float, rng: np.random.Generator) -> list[Outcome]:
    """Draw four weeks in which most who convert had bought before."""
    rows = []
    for arm, factor in (("b", 1 + lift), ("control", 1.0)):
        had = rng.binomial(DAILY // 2, BEFORE, DAYS)
        both = rng.binomial(had, AGAIN * factor)
        new = rng.binomial(DAILY // 2 - had, NEW * factor)
        rows += [
            outcome(arm, day, DAILY // 2, int(b + n), before=int(h), both=int(b))
            for day, (h, b, n) in enumerate(zip(had, both, new, strict=True), start=1)
        ]
    return rows


class Judged(NamedTuple):
    """What became of many runs."""

    adjusted: float  # share in which the past was used
    verified: float
    held: float  # share in which every interval of every day holds the truth
    verified_plainly: float  # had the past not been used


PLAN = Plan(name=NAME, started=0, shares={B: 0.5, CONTROL: 0.5}, planned_sample=DAILY * DAYS)


def judged(lift: float, runs: int) -> Judged:
    """Judge many runs as a report does."""
    truth = lift * (BEFORE * AGAIN + (1 - BEFORE) * NEW)
    found: list[tuple[bool, ...]] = []
    for seed in range(runs):
        rows = with_past(lift, np.random.default_rng((20, seed)))
        less = case(rows, PLAN, DAYS)
        looks = less.looks(B)
        shown = [
            one
            for one in evidence(looks, less.rules(B))
            if one.look.least_conversions >= LEAST_CONVERSIONS_HARM
        ]
        plain = [_without_past(row) for row in rows]
        found.append(
            (
                less.uses_past(B).conversions,
                judge(looks, less.rules(B)).state == "verified_effect",
                all(one.difference.holds(truth) for one in shown),
                judge(case(plain, PLAN, DAYS).looks(B), less.rules(B)).state == "verified_effect",
            )
        )
    return Judged(*(sum(column) / runs for column in zip(*found, strict=True)))


def _without_past(row: Outcome) -> Outcome:
    return outcome(row.arm, row.day, row.persons, row.conversions)


@pytest.mark.parametrize("lift", [0.0, 0.1])
def test_less_the_past_intervals_hold_the_truth_and_more_is_found(lift: float) -> None:
    runs = times(40, 1_000)

    said = judged(lift, runs)

    tell(f"Less the past of the persons, {lift:+.0%}: judged daily for 28 days", "intervals hold the truth at all looks 95%, without an effect verified 2.5%", tests=runs, held=percent(said.held), verified=percent(said.verified), verified_plainly=percent(said.verified_plainly))  # fmt: skip
    assert said.adjusted == 1
    assert said.held >= 0.95
    assert said.verified >= said.verified_plainly if lift else said.verified <= 0.025


PERSONS, SEEDS = 1_000, 2_000  # per arm
OFTEN, LIFT = 0.3, 0.1  # orders a person in a window, by a Gamma of shape .5


def amounts(lift: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw what each person of an arm spent in the window, and before it."""
    rate = OFTEN * rng.gamma(0.5, 2.0, PERSONS)
    level = rng.lognormal(MU, 0.5, PERSONS)
    return level * rng.poisson(rate * (1 + lift)), level * rng.poisson(rate)


def pairs(y: Floats, x: Floats) -> Pairs:
    """Add an arm up."""
    return Pairs(
        n=len(y),
        y=float(y.sum()),
        y_squares=float(y @ y),
        x=float(x.sum()),
        x_squares=float(x @ x),
        products=float(x @ y),
    )


class Spread(NamedTuple):
    """How estimates lie around the truth."""

    covered: float  # share of ordinary 95% intervals that hold it
    off: float  # standard errors of their mean
    variance: float  # of the plain one


def revenue_less_the_past(reached: float) -> Spread:
    """Estimate many times; `reached` is how far the message reached into what is called the past."""
    truth = LIFT * OFTEN * float(np.exp(MU + 0.5**2 / 2))
    found: list[Difference] = []
    plain: list[float] = []
    for seed in range(SEEDS):
        rng = np.random.default_rng((21, seed))
        y, x = amounts(LIFT, rng)
        treated, control = pairs(y, x + reached * y), pairs(*amounts(0.0, rng))
        found.append(difference(*adjusted(treated, control)))
        plain.append((treated.y - control.y) / PERSONS)
    estimates = np.array([f.estimate for f in found])
    return Spread(
        covered=float(np.mean([abs(f.estimate - truth) <= 1.96 * f.error for f in found])),
        off=_off(estimates, truth),
        variance=float(estimates.var() / np.var(plain)),
    )


def test_less_the_past_the_error_of_revenue_is_smaller_and_right() -> None:
    said = revenue_less_the_past(0.0)

    tell("Standard error of revenue less the past of the persons", "ordinary intervals cover 93.5-96.5%, unbiased within 3 SE", seeds=SEEDS, covered=percent(said.covered), off=f"{said.off:.1f} SE", variance=f"{said.variance:.2f} of the plain one")  # fmt: skip
    assert 0.935 <= said.covered <= 0.965
    assert said.off <= 3
    assert said.variance < 0.9


def test_a_past_that_the_message_reached_would_be_found_out() -> None:
    assert revenue_less_the_past(0.1).off > 3


# ---- Revenue, at all looks together --------------------------------------------------------------------

BUY = (0.033, 0.030)  # of those with the message, and of those without
WATCHED = 90  # days


def spent(buy: float, rng: np.random.Generator) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Draw orders, amounts and their squares since the start, after each day; 1,000 persons a day."""
    bought = rng.binomial(1_000, buy, WATCHED)
    orders = np.minimum(rng.lognormal(MU, SIGMA, bought.sum()), CAP)
    until = np.cumsum(bought)
    sums, squares = (np.concatenate(([0.0], np.cumsum(v)))[until] for v in (orders, orders**2))
    return until, sums, squares


def revenue_held(seed: int, truth: float) -> bool:
    """Tell whether the daily intervals of revenue a person all hold the truth, from 100 orders on."""
    rng = np.random.default_rng((22, seed))
    treated, control = spent(BUY[0], rng), spent(BUY[1], rng)
    for day in range(WATCHED):
        if min(treated[0][day], control[0][day]) >= LEAST_ORDERS:
            n = 1_000 * (day + 1)
            t, c = (average(n, float(a[1][day]), float(a[2][day])) for a in (treated, control))
            if not always_valid(difference(t, c), 2 * n, 56_000).holds(truth):
                return False
    return True


def test_intervals_of_capped_revenue_hold_the_truth_at_every_daily_look_together() -> None:
    runs = times(100, 2_000)
    truth = (BUY[0] - BUY[1]) * capped_order()

    held = sum(revenue_held(seed, truth) for seed in range(runs)) / runs

    tell("Intervals of capped revenue hold the truth at all daily looks together", "95%", runs=runs, held=percent(held))  # fmt: skip
    assert held >= 0.95


# ---- The total, against the holdout --------------------------------------------------------------------

TOTAL = everything(started=0, holdout_share=0.1, planned_sample=40_000)
WEEKS, A_WEEK = (8, 15, 22, 28), 20_000
RATES = {ANY_MESSAGE: 0.045, HOLDOUT: 0.030}
ORDER = 5_000  # minor units; what an order is worth on average, spread evenly from 0 to twice that


def shop(rng: np.random.Generator) -> Iterator[Outcome]:
    """Draw four weeks of a shop in which one in ten is kept from all messages."""
    for day in WEEKS:
        for arm, share in TOTAL.shares.items():
            persons = round(share * A_WEEK)
            orders = rng.integers(0, 2 * ORDER + 1, rng.binomial(persons, RATES[arm]))
            sums = {"revenue": int(orders.sum()), "revenue_squares": int((orders**2).sum())}
            capped = {"capped": sums["revenue"], "capped_squares": sums["revenue_squares"]}
            bought = len(orders)
            yield outcome(arm, day, persons, bought, experience=OVERALL, orders=bought, **sums, **capped)  # fmt: skip


def test_the_total_against_the_holdout_is_what_the_messages_really_brought() -> None:
    seeds = times(150, 2_000)
    reached = len(WEEKS) * TOTAL.shares[ANY_MESSAGE] * A_WEEK
    truth = reached * (RATES[ANY_MESSAGE] - RATES[HOLDOUT])

    found: list[Effect] = []
    for seed in range(seeds):
        rows = list(shop(np.random.default_rng((23, seed))))
        (told,) = report(answers(rows, TOTAL), [TOTAL], shop=SHOP, now=29 * DAY)
        effect = told.arm(ANY_MESSAGE).effect
        if isinstance(effect, Effect):
            found.append(effect)

    extra = np.array([e.extra_conversions for e in found])
    revenue = np.array([e.extra_revenue for e in found], dtype=float)
    held = sum(e.extra_conversions_interval.holds(truth) for e in found) / seeds
    of_revenue = sum(
        e.extra_revenue_interval is not None and e.extra_revenue_interval.holds(truth * ORDER)
        for e in found
    )
    off = [_off(extra, truth), _off(revenue, truth * ORDER)]
    tell("The total against the holdout, through the report: extra conversions and revenue", "unbiased within 3 SE, intervals hold the truth 95%", seeds=seeds, off=f"{off[0]:.1f} and {off[1]:.1f} SE", held=percent(held), held_revenue=percent(of_revenue / seeds))  # fmt: skip
    assert len(found) == seeds  # so large an effect is verified every time: nothing is picked
    assert max(off) <= 3
    assert held >= 0.95 - luck(0.95, seeds)
    assert of_revenue / seeds >= 0.95


def _off(estimates: Floats, truth: float) -> float:
    """Give how many standard errors the mean of all estimates is away from the truth."""
    return float(abs(estimates.mean() - truth) / (estimates.std() / np.sqrt(len(estimates))))
