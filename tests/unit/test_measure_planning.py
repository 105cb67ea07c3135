"""Planning: the chance foreseen is the chance that the rules keep, and what is offered can be decided."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.domain.time import DAY
from etalage.measure.maturity import Look, Rules, judge
from etalage.measure.planning.chance import (
    ENOUGH,
    Design,
    Traffic,
    chances,
    planned_sample,
    smallest_lift,
    steady,
)
from etalage.measure.planning.outlook import PILOTS, Outlook, outlook, persons_for
from etalage.measure.statistics.arms import proportion

HALVES, NINE_TO_ONE = Design(0.5, 0.5), Design(0.9, 0.1)
PILOT = PILOTS[0]
BASE = 0.03


def chance(design: Design, a_day: float, lift: float, days: int = 90) -> float:
    """Give the chance at the last look, at a base rate of 3% and a window of a week."""
    found = chances(design, steady(a_day, {}), rate=BASE, lift=lift, window_days=7, days=days)
    return found[-1][1]


# ---- Printed values -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a_day", "design", "printed"),
    [
        (300, HALVES, 0.37),
        (300, NINE_TO_ONE, 0.0),
        (1_000, HALVES, 0.96),
        (1_000, NINE_TO_ONE, 0.52),
        (2_000, NINE_TO_ONE, 0.869),
    ],
)
def test_what_users_will_meet_is_as_simulated(a_day: int, design: Design, printed: float) -> None:
    # Methods 3.7, base 3%, +20%, 90 days; simulated with some hundreds of runs.
    assert chance(design, a_day, 0.20) == pytest.approx(printed, abs=0.03)


@pytest.mark.parametrize(("lift", "printed"), [(0.10, 0.52), (0.20, 0.98)])
def test_the_power_of_weekly_looks_is_as_printed(lift: float, printed: float) -> None:
    assert chance(PILOT, 2_000, lift) == pytest.approx(printed, abs=0.006)


def test_without_an_effect_a_pilot_is_verified_in_one_of_forty() -> None:
    assert chance(PILOT, 2_000, 1e-6) == pytest.approx(0.025, abs=0.0005)
    assert chance(HALVES, 2_000, 1e-6) < 0.025


@pytest.mark.parametrize(("design", "is_planned"), [(PILOT, True), (HALVES, False)])
def test_so_many_persons_give_four_chances_in_five(design: Design, is_planned: bool) -> None:
    # The factors 1.03 and 1.91 of methods 3.4, held against the boundaries themselves.
    persons = persons_for(BASE, 0.10, is_planned=is_planned)

    assert chance(design, persons / 28, 0.10, days=35) == pytest.approx(0.80, abs=0.02)


def test_an_uneven_split_needs_more_persons() -> None:
    even = persons_for(BASE, 0.10, is_planned=True)

    assert persons_for(BASE, 0.10, treated_part=0.9, is_planned=True) == pytest.approx(
        even / 0.36, rel=1e-5
    )


# ---- Foreseen and kept --------------------------------------------------------------------------------


def kept(
    design: Design,
    a_day: int,
    lift: float,
    *,
    seeds: int,
    wanted: str = "verified_effect",
    until: int = 90,
) -> float:
    """Let the rules judge simulated runs; give the share that was judged as wanted."""
    part = design.treated / design.both
    sizes = round(a_day * part), round(a_day * (1 - part))
    days = until if design.ends is None else design.ends + 7
    planned = planned_sample(design, steady(a_day, {}))
    rules = Rules(planned=planned, last_day=None if design.ends is None else days)
    verified = 0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        drawn = [
            np.cumsum(rng.binomial(n, p, days - 7))
            for n, p in zip(sizes, (BASE * (1 + lift), BASE), strict=True)
        ]
        looks = []
        for day in range(8, days + 1):
            converted = int(drawn[0][day - 8]), int(drawn[1][day - 8])
            looks.append(
                Look(
                    at=day * DAY,
                    day=day,
                    treated=proportion(sizes[0] * (day - 7), converted[0]),
                    control=proportion(sizes[1] * (day - 7), converted[1]),
                    least_conversions=min(converted),
                    final=design.ends is not None and day == days,
                )
            )
        verified += judge(looks, rules).state == wanted
    return verified / seeds


@pytest.mark.parametrize(
    ("design", "a_day", "lift"),
    [(PILOT, 1_000, 0.20), (PILOTS[1], 600, 0.20), (HALVES, 400, 0.20), (NINE_TO_ONE, 1_500, 0.20)],
)
def test_the_rules_keep_what_was_foreseen(design: Design, a_day: int, lift: float) -> None:
    foreseen = chance(design, a_day, lift)

    # 200 runs: three standard deviations are at most .106
    assert kept(design, a_day, lift, seeds=200) == pytest.approx(foreseen, abs=0.106)


# ---- Traffic ------------------------------------------------------------------------------------------


def test_regular_visitors_are_met_once() -> None:
    traffic = Traffic(entered=(100, 60, 40, 20, 10, 10), rates={})

    assert traffic.persons_by(2) == 160
    assert traffic.persons_by(1.5) == 130
    assert traffic.persons_by(6) == 240
    assert traffic.later == pytest.approx(40 / 3)
    assert traffic.persons_by(9) == pytest.approx(240 + 40)


def test_nobody_comes_to_a_shop_without_a_past() -> None:
    nobody = Traffic(entered=(), rates={})

    assert nobody.persons_by(28) == 0
    assert chances(PILOT, nobody, rate=0.03, lift=0.1, window_days=7) == []
    plan = outlook(PILOT, nobody, goal="purchase", window_days=7)
    assert (plan.chosen.chance, plan.offers, plan.can_be_decided) == (0.0, (), False)
    assert plan.chosen.smallest is None


@settings(max_examples=40, deadline=None)
@given(
    st.integers(50, 5_000),
    st.floats(0.005, 0.3),
    st.floats(0.01, 0.6),
    st.sampled_from([*PILOTS, HALVES, NINE_TO_ONE]),
)
def test_a_chance_never_falls_as_time_goes_by(
    a_day: int, rate: float, lift: float, design: Design
) -> None:
    found = [c for _, c in chances(design, steady(a_day, {}), rate=rate, lift=lift, window_days=7)]

    assert found == sorted(found)
    assert all(0 <= one <= 1 for one in found)


def test_the_smallest_lift_has_its_four_chances_in_five() -> None:
    smallest = smallest_lift(PILOT, steady(1_000, {}), rate=BASE, window_days=7)

    assert smallest is not None
    assert chance(PILOT, 1_000, smallest) == pytest.approx(ENOUGH, abs=0.01)
    assert smallest_lift(PILOT, steady(3, {}), rate=BASE, window_days=7) is None


def test_two_variants_need_more_than_one() -> None:
    two = Design(0.333, 0.333, 28, variants=2)

    assert chance(two, 2_000, 0.15) < chance(Design(0.333, 0.333, 28), 2_000, 0.15)


# ---- The plan -----------------------------------------------------------------------------------------

RATES = {"purchase": 0.03, "begin_checkout": 0.06, "add_to_cart": 0.12, "view_item": 0.5}


def planned(
    a_day: float, design: Design, lift: float = 0.10, whole: float | None = None
) -> Outlook:
    return outlook(
        design,
        steady(a_day, RATES),
        goal="purchase",
        window_days=7,
        lift=lift,
        whole=None if whole is None else steady(whole, RATES),
    )


def test_a_plan_that_can_be_decided_offers_nothing_else() -> None:
    plan = planned(5_000, PILOT)

    assert plan.can_be_decided
    assert plan.offers == ()
    assert plan.chosen.decided is not None
    assert plan.chosen.decided <= 35


def test_both_designs_stand_side_by_side() -> None:
    four, six, programme = planned(1_000, NINE_TO_ONE, lift=0.20).beside

    assert (four.days, six.days, programme.days) == (35, 49, 90)
    assert four.chance < six.chance
    assert four.persons == 28_000


def test_another_split_is_offered_where_it_decides() -> None:
    plan = planned(2_000, NINE_TO_ONE, lift=0.15)

    split = next(offer for offer in plan.offers if offer.kind == "split")
    assert plan.chosen.chance < ENOUGH <= split.chance
    assert split.chance == pytest.approx(chance(PILOT, 2_000, 0.15))


def test_the_nearest_goal_that_can_be_decided_is_offered() -> None:
    plan = planned(1_500, PILOT)

    goal = next(offer for offer in plan.offers if offer.kind == "goal")
    assert goal.goal == "begin_checkout"  # not add_to_cart, which is further from a purchase
    assert goal.rate == 0.06


def test_all_messages_together_are_offered_where_one_is_too_small() -> None:
    offered = {offer.kind: offer for offer in planned(100, PILOT, whole=6_000).offers}

    assert offered["whole"].days <= 365
    assert offered["whole"].treated >= 0.8
    assert "split" not in offered
    assert "longer" not in offered


@settings(max_examples=12, deadline=None)
@given(st.integers(5, 3_000), st.sampled_from([*PILOTS, HALVES, NINE_TO_ONE]), st.floats(0.03, 0.5))
def test_nothing_is_offered_that_cannot_be_kept(a_day: int, design: Design, lift: float) -> None:
    plan = planned(a_day, design, lift, whole=2 * a_day)

    assert all(offer.chance >= ENOUGH and offer.days <= 371 for offer in plan.offers)
    assert not (plan.can_be_decided and plan.offers)


@pytest.mark.parametrize(
    ("design", "a_day"), [(HALVES, 4_000), (PILOTS[1], 4_000), (NINE_TO_ONE, 9_000)]
)
def test_without_an_effect_that_is_said_by_the_day_that_was_named(
    design: Design, a_day: int
) -> None:
    named = planned(a_day, design).chosen.no_difference

    assert named is not None
    said = kept(design, a_day, 0.0, seeds=60, wanted="no_relevant_difference", until=named)
    assert said >= 0.65  # 80% of 60 runs, less three standard deviations


def test_a_pilot_that_ends_too_soon_never_says_that_there_is_no_effect() -> None:
    assert planned(1_000, PILOTS[1], lift=0.20).chosen.no_difference is None
    assert planned(300, HALVES).chosen.no_difference is None
