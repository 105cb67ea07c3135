"""A bandit gives more to what sells better: as fast as the evidence allows, and never everything."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaln

from etalage.decide.allocate import UNIFORM
from etalage.decide.bandit import (
    Cohort,
    Evidence,
    best_means,
    best_rates,
    evidence,
    floor_outside,
    matured,
    seed_of,
    shares_of,
    why_not,
)
from etalage.decide.parse_allocation import standard_floor
from etalage.domain.experience import MILLION

VECTOR = [
    Evidence(1_000, 30),
    Evidence(1_000, 45),
    Evidence(1_000, 38),
]  # Beta(31,971) (46,956) (39,963)


def exactly_better(one: Evidence, other: Evidence) -> float:
    """P(other > one) of two Beta posteriors, summed in closed form."""
    a, b = 1 + one.conversions, 1 + one.visitors - one.conversions
    c, d = 1 + other.conversions, 1 + other.visitors - other.conversions
    terms = (
        betaln(a + i, b + d) - math.log(d + i) - betaln(1 + i, d) - betaln(a, b)
        for i in range(int(c))
    )
    return float(sum(math.exp(term) for term in terms))


def test_the_chance_to_be_best_is_that_of_methods_2_1() -> None:
    told = best_rates(VECTOR, seed_of("vector"))

    # Drawn 10,000 times, a chance of .77 has a standard error of .0042.
    assert told == pytest.approx([0.0225, 0.768, 0.210], abs=0.0126)
    assert exactly_better(VECTOR[0], VECTOR[1]) == pytest.approx(0.960623, abs=1e-6)


def test_over_many_seeds_the_chances_are_those_of_methods_2_1_to_two_thousandths() -> None:
    told = [best_rates(VECTOR, seed) for seed in range(40)]
    means = [sum(one[arm] for one in told) / len(told) for arm in range(3)]
    pair = [best_rates(VECTOR[:2], seed)[1] for seed in range(40)]

    assert means == pytest.approx([0.0225, 0.768, 0.210], abs=0.002)
    assert sum(pair) / len(pair) == pytest.approx(0.960623, abs=0.002)


def test_the_same_facts_give_the_same_shares_and_another_experience_draws_for_itself() -> None:
    assert best_rates(VECTOR, 7) == [0.021, 0.7723, 0.2067]
    assert best_rates(VECTOR, 7) != best_rates(VECTOR, 8)
    assert seed_of("welcome", "1") == 6_957_933_483_282_647_487


def test_no_arm_gets_less_than_the_floor_and_all_together_get_everything() -> None:
    assert shares_of([0.0, 1.0, 0.0], 50_000) == (50_000, 900_000, 50_000)
    assert standard_floor(2) == 100_000
    assert standard_floor(3) == 50_000


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8).filter(lambda w: sum(w) > 0.01))
def test_shares_are_whole_whatever_the_chances(weights: list[float]) -> None:
    best = [w / sum(weights) for w in weights]
    floor = standard_floor(len(best))

    shares = shares_of(best, floor)

    assert sum(shares) == MILLION
    assert all(share >= floor - 1 for share in shares)


def test_who_came_an_hour_ago_hardly_counts_yet() -> None:
    assert matured(2, 2) == pytest.approx(1 - math.exp(-1))
    assert matured(0, 2) == 0
    assert matured(7, 2, window=7) == 1
    assert matured(3, 0) == 1

    young = evidence([Cohort(0.5, 1_000, 6)], delay=2)

    assert young.visitors == pytest.approx(221.2, abs=0.05)
    assert young.conversions == 6


def test_without_the_correction_a_new_arm_would_be_punished() -> None:
    old = [Cohort(float(age), 300, 9) for age in range(7, 14)]
    new = [
        Cohort(0.5, 700, 5),
        Cohort(1.5, 700, 11),
    ]  # as good: 3% in the end, 2 days late on average
    both = [evidence(old, delay=2), evidence(new, delay=2)]
    naive = [evidence(old, delay=0), evidence(new, delay=0)]

    assert best_rates(both, 1)[1] > 0.3
    assert best_rates(naive, 1)[1] < 0.02


def test_what_was_seen_a_half_life_ago_counts_for_half() -> None:
    seen = evidence([Cohort(7, 1_000, 40, 900.0, 5_000.0)], delay=0, half_life=7)

    assert seen == Evidence(500, 20, 450, 2_500)


def test_more_conversions_than_matured_visitors_is_no_reason_to_stop() -> None:
    early = evidence([Cohort(0.01, 100, 40)], delay=2)

    assert early.visitors == early.conversions == 40
    assert sum(best_rates([early, Evidence(100, 3)], 1)) == pytest.approx(1)


def test_a_clock_that_went_back_makes_nobody_older_than_she_is() -> None:
    ahead = evidence([Cohort(-3, 100, 0)], delay=2, half_life=7)

    assert ahead == Evidence(0, 0)


def test_arms_where_everybody_or_nobody_converted_share_what_they_earn() -> None:
    everybody, nobody = Evidence(200, 200), Evidence(200, 0)

    assert best_rates([everybody, nobody], 1) == [1, 0]
    assert best_rates([everybody, everybody], 1) == pytest.approx([0.5, 0.5], abs=0.02)
    assert best_means([nobody, nobody, nobody], 1) == pytest.approx([1 / 3] * 3, abs=1e-6)


def test_revenue_follows_the_mean_and_its_error() -> None:
    # 400 visitors each: 10.00 and 10.50 a visitor, standard deviation 30.00: z = .5 / (30 sqrt(2/400)) = .2357.
    arms = [Evidence(400, 40, 400 * m, 400 * (m * m + 3_000.0**2)) for m in (1_000.0, 1_050.0)]

    assert best_means(arms, 3)[1] == pytest.approx(0.5932, abs=0.015)


def test_revenue_below_zero_counts_against_an_arm() -> None:
    loss = Evidence(400, 10, -40_000.0, 400 * 300.0**2)
    gain = Evidence(400, 10, 40_000.0, 400 * 300.0**2)

    assert best_means([loss, gain], 1) == [0, 1]


def test_an_arm_of_which_nothing_is_known_may_be_the_best_in_revenue() -> None:
    known = Evidence(400, 40, 400_000.0, 400 * 3_200_000.0)

    assert 0.2 < best_means([known, Evidence(0, 0)], 1)[1] < 0.8


def test_nothing_is_weighed_before_a_hundred_visitors_an_arm_and_two_days() -> None:
    full, thin = [Cohort(1, 60, 2), Cohort(2, 40, 1)], [Cohort(1, 99, 2)]

    assert why_not([full, full], days=1.9) == "too_few_days"
    assert why_not([full, thin], days=30) == "too_few_visitors"
    assert why_not([full, []], days=30) == "too_few_visitors"
    assert why_not([full, full], days=2) is None


def test_with_the_even_tenth_an_arm_gets_what_methods_2_1_says_of_all() -> None:
    best, floor = [0.0225, 0.7675, 0.21], 50_000

    outside = shares_of(best, floor_outside(floor, 3))

    for share, chance in zip(outside, best, strict=True):
        of_all = (UNIFORM / 3 + (MILLION - UNIFORM) / MILLION * share) / MILLION
        assert of_all == pytest.approx(0.05 + 0.85 * chance, abs=2e-6)


def test_under_no_policy_an_arm_has_odds_below_one_in_a_hundred() -> None:
    assert floor_outside(50_000, 2) == floor_outside(1, 8) == 10_000
