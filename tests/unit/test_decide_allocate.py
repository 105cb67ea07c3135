"""Allocation: the same person always gets the same arm, and each arm gets its share."""

from __future__ import annotations

import hashlib
from math import sqrt

import pytest
from decide_examples import experience, split
from hypothesis import given
from hypothesis import strategies as st

from etalage.decide.allocate import (
    allocate,
    bucket,
    draw_holdout,
    odds_of,
    parts_of,
    policy_of,
)
from etalage.domain.decision import OPEN, Holdout
from etalage.domain.experience import MILLION, Experience
from etalage.domain.ids import CONTROL, HOLDOUT

UNITS = [f"{number:032x}" for number in range(20_000)]
BLOCK = {"nl": [{"type": "text", "text": "x"}]}


def three(control: float, shares: tuple[float, ...] = (0.5, 0.3, 0.2)) -> Experience:
    variants = [
        {"name": f"v{number}", "share": share, "content": BLOCK}
        for number, share in enumerate(shares)
    ]
    return split(control=control, variants=variants)


def test_the_bucket_is_the_formula_of_methods_3_1() -> None:
    digest = hashlib.sha256(b"salt:welcome-back:u-1").digest()
    exact = int.from_bytes(digest[:8], "big") / 2**64

    assert bucket("salt", "welcome-back", "u-1") == int(exact * MILLION)


def test_each_arm_gets_its_share_of_twenty_thousand_people() -> None:
    divided = three(0.2)

    drawn = [allocate(divided, unit).arm for unit in UNITS]

    for arm, share in {"control": 0.2, "v0": 0.4, "v1": 0.24, "v2": 0.16}.items():
        off = abs(drawn.count(arm) / len(UNITS) - share)  # type: ignore[arg-type]
        assert off < 4 * sqrt(share * (1 - share) / len(UNITS)), (arm, off)


def test_the_holdout_cuts_across_the_arms_of_an_experiment() -> None:
    held = [u for u in UNITS if draw_holdout(Holdout(100_000), u).arm == HOLDOUT]
    half = split()
    in_control = sum(allocate(half, unit).arm == CONTROL for unit in held)

    assert draw_holdout(Holdout(100_000), held[0]).propensity == 100_000
    assert {draw_holdout(Holdout(100_000), u).propensity for u in set(UNITS) - set(held)} == {
        900_000
    }
    assert abs(len(held) / len(UNITS) - 0.1) < 4 * sqrt(0.09 / len(UNITS))
    assert abs(in_control / len(held) - 0.5) < 4 * sqrt(0.25 / len(held))


def test_two_experiments_divide_people_independently() -> None:
    one, two = split("one"), split("two")
    both = sum(allocate(one, u).arm == CONTROL and allocate(two, u).arm == CONTROL for u in UNITS)

    assert abs(both / len(UNITS) - 0.25) < 4 * sqrt(0.25 * 0.75 / len(UNITS))


def test_another_salt_draws_everybody_anew() -> None:
    other = experience(allocation={"kind": "split", "control": 0.5, "salt": "2"})
    first = split()
    same = sum(allocate(first, u).arm == allocate(other, u).arm for u in UNITS)

    assert abs(same / len(UNITS) - 0.5) < 4 * sqrt(0.25 / len(UNITS))
    assert policy_of(split()) != policy_of(other)


@given(
    st.floats(0, 0.99),
    st.lists(st.integers(1, 1000), min_size=1, max_size=8),
    st.text(min_size=1, max_size=40),
)
def test_the_arms_divide_everybody_without_a_gap(
    control: float, weights: list[int], unit: str
) -> None:
    divided = three(control, tuple(weight / sum(weights) for weight in weights))
    parts = parts_of(divided)

    assert [part.start for part in parts] == [0, *(part.end for part in parts[:-1])]
    assert parts[-1].end == MILLION
    assert sum(part.share for part in parts) == MILLION
    drawn = allocate(divided, unit)
    assert drawn == allocate(divided, unit)
    assert drawn.propensity == next(part.share for part in parts if part.arm == drawn.arm)


def test_a_ghost_stands_for_the_variants_in_their_shares() -> None:
    divided = three(0.5)
    ghosts = [u for u in UNITS if allocate(divided, u).arm == CONTROL]

    seen = [odds_of(divided).would_see(unit) for unit in ghosts]

    for variant, share in {"v0": 0.5, "v1": 0.3, "v2": 0.2}.items():
        off = abs(seen.count(variant) / len(ghosts) - share)  # type: ignore[arg-type]
        assert off < 4 * sqrt(share * (1 - share) / len(ghosts))


@pytest.mark.parametrize("share", [0, MILLION])
def test_a_holdout_of_nobody_or_everybody_is_just_that(share: int) -> None:
    arms = {draw_holdout(Holdout(share), unit).arm for unit in UNITS[:200]}

    assert arms == {HOLDOUT if share else OPEN}


def test_the_policy_changes_with_the_shares_and_not_with_the_text() -> None:
    assert policy_of(split(control=0.5)) == policy_of(split(control=0.5, title="Anders"))
    assert policy_of(split(control=0.5)) != policy_of(split(control=0.4))
