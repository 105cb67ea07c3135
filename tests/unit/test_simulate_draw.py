"""Draws by question: the same in any order, and of the right distribution."""

from __future__ import annotations

from statistics import fmean, pstdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etalage.simulate import draw, draws

SEEDS = st.integers(-(2**63), 2**63 - 1)


@given(seed=SEEDS, people=st.lists(st.integers(0, 10**9), min_size=2, max_size=20, unique=True))
def test_a_draw_does_not_depend_on_what_was_drawn_before(seed: int, people: list[int]) -> None:
    forwards = {person: draw.uniform(seed, person, 3, "buys") for person in people}

    backwards = {person: draw.uniform(seed, person, 3, "buys") for person in reversed(people)}

    assert forwards == backwards
    assert len(set(forwards.values())) == len(people)
    assert all(0 < value < 1 for value in forwards.values())


def test_another_seed_person_day_or_purpose_draws_anew() -> None:
    drawn = [
        draw.uniform(1, 2, 3, "buys"),
        draw.uniform(2, 2, 3, "buys"),
        draw.uniform(1, 3, 3, "buys"),
        draw.uniform(1, 2, 4, "buys"),
        draw.uniform(1, 2, 3, "delay"),
        draw.uniform(1, 23, 0, "buys"),
        draw.uniform(1, 2, 30, "buys"),
    ]

    assert len(set(drawn)) == len(drawn)


def test_the_draws_have_the_mean_and_spread_of_their_distribution() -> None:
    people = range(50_000)
    even = [draw.uniform(7, person, 0, "u") for person in people]
    bell = [draw.normal(7, person, 0, "n") for person in people]
    waits = [draw.exponential(7, person, 0, "e") for person in people]
    logs = [draw.lognormal(7, person, 0, "l", mu=0.5, sigma=0.25) for person in people]

    # four standard errors of the mean: sigma / sqrt(50,000) * 4
    assert fmean(even) == pytest.approx(0.5, abs=0.0052)
    assert fmean(bell) == pytest.approx(0.0, abs=0.018)
    assert pstdev(bell) == pytest.approx(1.0, abs=0.015)
    assert fmean(waits) == pytest.approx(1.0, abs=0.018)
    assert fmean(logs) == pytest.approx(1.7011, abs=0.008)  # exp(0.5 + 0.25^2 / 2)


def test_a_place_is_drawn_in_proportion_to_its_weight() -> None:
    drawn = [draw.one_of(7, person, 0, "device", (6, 3, 1)) for person in range(20_000)]

    shares = [drawn.count(place) / len(drawn) for place in range(3)]

    assert shares == pytest.approx([0.6, 0.3, 0.1], abs=0.015)


def test_the_mixing_is_that_of_splitmix64() -> None:
    # The first three numbers of the reference generator after seed 1234567.
    drawn = [draw.mix((1234567 + n * draw.GOLDEN) & draw.WHOLE) for n in (1, 2, 3)]

    assert drawn == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_gamma_and_beta_have_the_mean_and_spread_of_their_distribution() -> None:
    people = range(20_000)
    rates = [draw.gamma(7, person, 0, "rate", shape=3) for person in people]
    shares = [draw.beta(7, person, 0, "drops out", a=2, b=3) for person in people]

    assert fmean(rates) == pytest.approx(3.0, abs=0.049)  # 4 sqrt(3 / 20,000)
    assert pstdev(rates) == pytest.approx(3**0.5, rel=0.04)
    assert fmean(shares) == pytest.approx(0.4, abs=0.0057)  # 4 * 0.2 / sqrt(20,000)
    assert pstdev(shares) == pytest.approx(0.2, rel=0.03)


@given(
    seed=SEEDS,
    people=st.lists(st.integers(0, 10**9), min_size=1, max_size=20),
    day=st.integers(0, 400),
)
def test_many_draws_at_once_are_the_same_to_the_last_bit(
    seed: int, people: list[int], day: int
) -> None:
    persons = np.array(people)

    for purpose in ("buys", "delay"):
        assert draws.uniform(seed, persons, day, purpose).tolist() == [
            draw.uniform(seed, person, day, purpose) for person in people
        ]
    assert draws.exponential(seed, persons, day, "e").tolist() == [
        draw.exponential(seed, person, day, "e") for person in people
    ]
    assert draws.normal(seed, persons, day, "n").tolist() == [
        draw.normal(seed, person, day, "n") for person in people
    ]
    assert draws.beta(seed, persons, day, "b", a=2, b=1).tolist() == [
        draw.beta(seed, person, day, "b", a=2, b=1) for person in people
    ]
    assert draws.one_of(seed, persons, day, "o", (5, 3, 2)).tolist() == [
        draw.one_of(seed, person, day, "o", (5, 3, 2)) for person in people
    ]


def test_each_person_may_be_asked_for_a_day_of_her_own() -> None:
    persons, days = np.arange(50), np.arange(50) % 7

    drawn = draws.uniform(3, persons, days, "returns")

    assert drawn.tolist() == [draw.uniform(3, p, p % 7, "returns") for p in range(50)]
