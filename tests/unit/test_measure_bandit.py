"""What a bandit filled unevenly on purpose is held against its own shares, stretch by stretch."""

from __future__ import annotations

import numpy as np
import pytest

from etalage.domain.ids import CONTROL, HOLDOUT, ExperienceName, VariantName
from etalage.domain.report import Plan
from etalage.measure.filled import Split
from etalage.measure.questions import Entered
from etalage.measure.statistics.arms import Difference, difference, proportion, stratified
from etalage.measure.statistics.ratio import fixed_p, inverse_bayes_factor
from etalage.measure.tally import stretches

A, B, C = VariantName("a"), VariantName("b"), VariantName("c")
PLAN = Plan(
    name=ExperienceName("hoi"), started=0, shares={CONTROL: 0.2, A: 0.8 / 3, B: 0.8 / 3, C: 0.8 / 3}
)


def entered(policy: str, day: int, **told: tuple[int, int]) -> list[Entered]:
    """Give rows of a policy: per arm the persons, and the share in thousandths."""
    return [
        Entered("hoi", policy, arm, False, day, share * 1_000, day, persons, persons)
        for arm, (persons, share) in told.items()
    ]


EVEN = entered("even", 0, control=(200, 200), a=(267, 267), b=(267, 267), c=(266, 266))


def test_each_weighing_is_a_stretch_and_the_even_tenth_is_one_all_the_time() -> None:
    first = entered("w1", 1, control=(200, 200), a=(600, 600), b=(100, 100), c=(100, 100))
    second = entered("w2", 2, control=(200, 200), a=(100, 100), b=(600, 600), c=(100, 100))
    later = entered("even", 2, control=(20, 200), a=(27, 267), b=(27, 267), c=(26, 266))

    of = stretches([*EVEN, *first, *second, *later])

    assert of == {"even": 0, "w1": 1, "w2": 2}


def test_a_weighing_of_which_only_the_control_was_met_is_not_taken_for_the_one_before() -> None:
    assert stretches([*EVEN, *entered("w1", 1, control=(3, 200))]) == {"even": 0, "w1": 1}


def test_the_holdout_is_drawn_apart_and_makes_no_stretch() -> None:
    held = entered("h", 1, holdout=(50, 50))

    of = stretches([*EVEN, *held])

    assert of == {"even": 0, "h": 0}
    assert Split([*EVEN, *held], PLAN, of).fillings([*EVEN, *held]) == Split(
        EVEN, PLAN, of
    ).fillings(EVEN)
    assert HOLDOUT == "holdout"


def test_an_arm_of_a_small_share_that_nobody_met_has_what_the_others_leave() -> None:
    small = entered("w1", 1, control=(20, 200), a=(70, 700), b=(5, 50))
    of = stretches([*EVEN, *small])

    (_, (counts, shares)) = Split([*EVEN, *small], PLAN, of).fillings([*EVEN, *small])

    assert counts == [20, 70, 5, 0]
    assert [round(share, 6) for share in shares] == [0.2, 0.7, 0.05, 0.05]


def test_an_arm_that_was_not_there_yet_is_no_reason_to_stop_the_report() -> None:
    before = entered("old", 0, control=(200, 200), a=(401, 400), b=(399, 400))
    after = entered("new", 5, control=(201, 200), a=(267, 267), b=(266, 267), c=(266, 266))
    rows = [*before, *after]
    of = stretches(rows)

    fillings = Split(rows, PLAN, of).fillings(rows)

    p = fixed_p(fillings)
    assert p is not None
    assert p > 0.9
    assert inverse_bayes_factor(fillings) > 1


def test_an_arm_that_was_taken_out_takes_its_share_with_it() -> None:
    plan = Plan(name=ExperienceName("hoi"), started=0, shares={CONTROL: 0.2, A: 0.4, B: 0.4})
    rows = [*EVEN, *entered("w1", 5, control=(200, 200), a=(700, 700), b=(100, 100))]
    of = stretches(rows)

    fillings = Split(rows, plan, of).fillings(rows)

    p = fixed_p(fillings)
    assert p is not None
    assert p > 0.9


def test_persons_lost_in_one_arm_are_still_found() -> None:
    first = entered("w1", 1, control=(2_000, 200), a=(5_400, 600), b=(1_000, 100), c=(1_000, 100))
    of = stretches([*EVEN, *first])

    p = fixed_p(Split([*EVEN, *first], PLAN, of).fillings([*EVEN, *first]))

    assert p is not None
    assert p < 0.001


def test_many_small_stretches_claim_no_more_than_they_know() -> None:
    """As of a bandit that knows its visitors: hundreds of stretches with a few persons each."""
    rng = np.random.default_rng(4)
    found: list[Difference] = []
    for _ in range(300):
        strata = []
        for treated, kept in rng.poisson((3, 5), size=(250, 2)).tolist():
            if treated and kept:
                counts = rng.binomial((treated, kept), 0.06).tolist()
                strata.append((proportion(treated, counts[0]), proportion(kept, counts[1])))
        found.append(difference(*stratified(strata)))

    spread = float(np.std([one.estimate for one in found]))

    assert float(np.mean([one.error for one in found])) == pytest.approx(spread, rel=0.12)
    assert abs(float(np.mean([one.estimate for one in found]))) < 4 * spread / len(found) ** 0.5
