"""Adjusted means, quotients, lifts, small counts, several questions and sample sizes: printed values of methods 3."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.measure.statistics.arms import Difference, difference, proportion, relative_lift
from etalage.measure.statistics.cuped import Pairs, adjusted, theta
from etalage.measure.statistics.exact import share_interval
from etalage.measure.statistics.interval import multiple, p_at_look, tuning
from etalage.measure.statistics.lift import by_delta, by_fieller, by_log_ratio
from etalage.measure.statistics.quotient import Quotient, per_unit
from etalage.measure.statistics.ratio import by_part, fixed_p
from etalage.measure.statistics.sample_size import persons_per_arm
from etalage.measure.statistics.several import holm, one_sided_multiple, p_of_harm

SHOWN, KEPT = proportion(90_000, 2_970), proportion(10_000, 300)


# ---- What is known of each person before (CUPED) ------------------------------------------------------


def pairs(y: list[float], x: list[float]) -> Pairs:
    return Pairs(
        n=len(y),
        y=sum(y),
        y_squares=sum(v * v for v in y),
        x=sum(x),
        x_squares=sum(v * v for v in x),
        products=sum(a * b for a, b in zip(x, y, strict=True)),
    )


CONTROL = pairs([0, 3, 0, 7, 2, 9, 0, 4, 1, 5], [1, 2, 0, 6, 1, 8, 1, 3, 2, 4])
TREATED = pairs([1, 4, 0, 9, 3, 12, 2, 4, 0, 6], [1, 3, 0, 7, 2, 9, 1, 2, 1, 5])


def test_the_adjusted_difference_is_as_printed() -> None:
    found = difference(*adjusted(TREATED, CONTROL))

    assert theta(TREATED, CONTROL) == pytest.approx(1.267616, abs=1e-6)
    assert found.estimate == pytest.approx(0.619715, abs=1e-6)
    assert found.error == pytest.approx(0.346757, abs=1e-6)


def test_without_a_past_nothing_is_adjusted() -> None:
    bare = pairs([1, 4, 0], [0, 0, 0]), pairs([0, 3, 2], [0, 0, 0])

    treated, control = adjusted(*bare)

    assert theta(*bare) == 0
    assert difference(treated, control).estimate == pytest.approx(0)
    assert treated.variance == pytest.approx(np.var([1, 4, 0], ddof=1))


def test_adjusting_finds_the_same_effect_with_a_smaller_error() -> None:
    rng = np.random.default_rng(3)
    estimates, errors, raw = [], [], []
    for _ in range(300):
        x = rng.gamma(1.0, 10.0, (2, 200))
        y = 0.8 * x + rng.normal(0, 5, (2, 200)) + np.array([[1.0], [0.0]])
        arms = [pairs(list(y[i]), list(x[i])) for i in (0, 1)]
        found = difference(*adjusted(*arms))
        estimates.append(found.estimate)
        errors.append(found.error)
        raw.append(y[0].mean() - y[1].mean())

    assert np.mean(estimates) == pytest.approx(1.0, abs=0.1)  # three standard errors of 300 runs
    assert np.std(estimates) == pytest.approx(np.mean(errors), rel=0.15)
    assert np.std(estimates) < 0.65 * np.std(raw)


# ---- Per session --------------------------------------------------------------------------------------


def quotient(a: list[float], b: list[float]) -> Quotient:
    return Quotient(
        n=len(a),
        a=sum(a),
        a_squares=sum(v * v for v in a),
        b=sum(b),
        b_squares=sum(v * v for v in b),
        products=sum(x * y for x, y in zip(a, b, strict=True)),
    )


def test_revenue_per_session_is_as_printed() -> None:
    control = per_unit(quotient([10, 0, 25, 0, 40, 5, 0, 60], [1, 2, 3, 1, 4, 1, 2, 5]))
    treated = per_unit(quotient([12, 0, 30, 8, 55, 0, 0, 70], [1, 2, 3, 2, 5, 1, 1, 5]))

    assert control is not None
    assert treated is not None
    assert control.mean == pytest.approx(7.368421, abs=1e-6)
    assert control.squared_error**0.5 == pytest.approx(1.913564, abs=1e-6)
    assert treated.mean == pytest.approx(8.75)
    assert treated.squared_error**0.5 == pytest.approx(1.992755, abs=1e-6)
    found, lift = difference(treated, control), relative_lift(treated, control)
    assert (found.estimate, found.error) == pytest.approx((1.381579, 2.762752), abs=1e-6)
    assert (lift.estimate, lift.error) == pytest.approx((0.1875, 0.410178), abs=1e-6)


def test_without_sessions_there_is_no_figure_per_session() -> None:
    assert per_unit(quotient([0, 0], [0, 0])) is None
    assert per_unit(quotient([5], [1])) is None


def test_as_many_sessions_as_persons_is_the_ordinary_mean() -> None:
    values = [3.0, 0.0, 8.0, 1.0]
    found = per_unit(quotient(values, [1, 1, 1, 1]))

    assert found is not None
    assert found.mean == pytest.approx(3.0)
    assert found.variance == pytest.approx(np.var(values, ddof=1))


# ---- Lifts at one look --------------------------------------------------------------------------------


def test_the_three_intervals_of_a_lift_are_as_printed() -> None:
    delta, fieller, logs = (f(SHOWN, KEPT) for f in (by_delta, by_fieller, by_log_ratio))

    assert delta is not None
    assert fieller is not None
    assert logs is not None
    assert (100 * delta.low, 100 * delta.high) == pytest.approx((-2.86, 22.86), abs=0.005)
    assert (100 * fieller.low, 100 * fieller.high) == pytest.approx((-1.63, 24.40), abs=0.005)
    assert (100 * logs.low, 100 * logs.high) == pytest.approx((-2.14, 23.64), abs=0.005)


def test_a_control_that_may_be_zero_has_no_lift() -> None:
    nobody, few = proportion(100, 0), proportion(100, 1)

    assert by_delta(SHOWN, nobody) is None
    assert by_log_ratio(SHOWN, nobody) is None
    assert by_fieller(SHOWN, few) is None


# ---- Small counts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("converted", "n", "planned", "low", "high"),
    [
        (700, 1_000, 100, 0.651629, 0.745949),
        (15, 50, 50, 0.129556, 0.511896),
        (1, 50, 50, 0.0, 0.13489),
    ],
)
def test_the_exact_interval_of_a_share_is_as_printed(
    converted: int, n: int, planned: int, low: float, high: float
) -> None:
    found = share_interval(converted, n, planned=planned)

    assert (found.low, found.high) == pytest.approx((low, high), abs=3e-6)


def test_nobody_and_everybody_have_an_interval_too() -> None:
    assert share_interval(0, 0, planned=50).high == 1
    assert share_interval(50, 50, planned=50).high == 1
    assert 0.8 < share_interval(50, 50, planned=50).low < 1
    assert share_interval(0, 50, planned=50).low == 0


def test_the_exact_interval_holds_a_small_share_at_every_look() -> None:
    rng, missed = np.random.default_rng(11), 0
    for _ in range(120):
        converted = np.cumsum(rng.random(400) < 0.02)
        looks = [share_interval(int(converted[n - 1]), n, planned=200) for n in range(20, 401, 20)]
        missed += not all(interval.holds(0.02) for interval in looks)

    assert missed <= 12  # 5% of 120, and two and a half standard deviations


# ---- Several questions --------------------------------------------------------------------------------


def test_three_questions_are_read_together_as_printed() -> None:
    read = holm({"a": 0.01, "b": 0.04, "c": 0.03})

    assert list(read) == ["a", "b", "c"]
    assert list(read.values()) == pytest.approx([0.03, 0.06, 0.06])


@settings(max_examples=50)
@given(st.dictionaries(st.integers(), st.floats(0, 1), max_size=8))
def test_reading_together_never_makes_anything_surer(found: dict[int, float]) -> None:
    read = holm(found)

    assert all(found[name] <= read[name] <= 1 for name in found)
    in_order = [read[name] for name in sorted(found, key=lambda name: found[name])]
    assert in_order == sorted(in_order)


def test_the_day_on_which_persons_were_lost_is_found() -> None:
    even = (0.5, 0.5)
    days = {day: [([500, 500 + day % 3], even)] for day in range(20)}

    found = by_part(days | {20: [([500, 380], even)], 21: [([2, 1], even)]})

    assert min(found, key=lambda day: found[day]) == 20
    assert found[20] == pytest.approx(21 * (fixed_p([([500, 380], even)]) or 0))
    assert all(p == 1 for day, p in found.items() if day != 20)
    assert 21 not in found  # three persons say nothing


def test_the_one_sided_boundary_is_as_printed() -> None:
    assert 10 * one_sided_multiple(100, 100) == pytest.approx(27.66071, abs=1e-5)
    assert one_sided_multiple(5_000, 5_000) < multiple(5_000, tuning(5_000))


def test_harm_has_a_direction() -> None:
    fewer = Difference(estimate=-0.004, error=0.001)

    assert p_of_harm(fewer, 10_000, 10_000, less_is_worse=True) < 0.01
    assert p_of_harm(fewer, 10_000, 10_000, less_is_worse=False) == 1
    assert p_of_harm(Difference(0.0, 0.0), 100, 100, less_is_worse=True) == 1
    assert p_of_harm(Difference(-1.0, 0.0), 100, 100, less_is_worse=True) == 0


def test_one_side_finds_harm_that_two_sides_do_not_see_yet() -> None:
    reach = one_sided_multiple(10_000, 10_000)
    just = Difference(estimate=-0.001 * (reach + 0.001), error=0.001)

    assert p_of_harm(just, 10_000, 10_000, less_is_worse=True) < 0.05
    assert p_at_look(just, 10_000, 10_000) > 0.05


def test_watching_every_day_finds_harm_where_there_is_none_in_at_most_five_per_cent() -> None:
    rng = np.random.default_rng(4)
    steps = rng.standard_normal((2_000, 56)).cumsum(axis=1) / np.sqrt(np.arange(1, 57))
    reaches = np.array([one_sided_multiple(day * 100, 2_800) for day in range(1, 57)])

    false = (steps < -reaches).any(axis=1).mean()

    assert 0.005 < false <= 0.05


# ---- Sample sizes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base_rate", "lift", "printed"),
    [
        (0.01, 0.05, 637_008),
        (0.01, 0.10, 163_092),
        (0.01, 0.20, 42_691),
        (0.03, 0.05, 207_936),
        (0.03, 0.10, 53_208),
        (0.03, 0.20, 13_911),
    ],
)
def test_the_persons_per_arm_are_as_printed(base_rate: float, lift: float, printed: int) -> None:
    assert persons_per_arm(base_rate, lift) == printed
