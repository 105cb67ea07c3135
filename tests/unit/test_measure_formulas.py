"""The formulas of measuring give the values printed in methods 3.2, 3.3, 3.5, 3.6 and 3.7, to the last digit."""

from __future__ import annotations

from math import exp

import pytest

from etalage.measure.extra import capped, cost_of_control, extra, potential, revenue_cap
from etalage.measure.maturity import Rules, persons_needed
from etalage.measure.statistics.arms import (
    Difference,
    Mean,
    average,
    difference,
    proportion,
    relative_lift,
    stratified,
)
from etalage.measure.statistics.interval import (
    always_valid,
    around_lift,
    multiple,
    p_at_look,
    tuning,
)
from etalage.measure.statistics.ratio import fixed_p, inverse_bayes_factor

A = average(3_000, 1396.87, 52377.9767)
B = average(3_461, 2422.7, 134698.29)
FIXED = 1.959964  # standard errors of an ordinary 95% interval

# The message of methods 3.6: 90,000 persons with it, 10,000 without.
SHOWN = proportion(90_000, 2_970)
KEPT = proportion(10_000, 300)


def last_digit(printed: str) -> float:
    """Give one unit of the last printed digit."""
    decimals = len(printed.partition("e")[0].partition(".")[2])
    power = int(printed.partition("e")[2] or 0)
    return 1.000001 * 10.0 ** (power - decimals)


def is_printed(value: float | None, printed: str) -> bool:
    return value is not None and abs(value - float(printed)) <= last_digit(printed)


# ---- The always-valid interval (3.3) ------------------------------------------------------------------


def test_rho_is_as_printed() -> None:
    assert is_printed(tuning(5_000), ".0398400668")


@pytest.mark.parametrize(
    ("times", "printed"), [(1, "3.035209"), (2, "3.061477"), (0.1, "3.855055")]
)
def test_the_multiple_of_the_error_is_as_printed(times: float, printed: str) -> None:
    assert is_printed(multiple(times * 5_000, tuning(5_000)), printed)


@pytest.mark.parametrize(
    ("n", "printed"),
    [(100, ".669439"), (1_000, ".106375"), (5_000, ".042924"), (10_000, ".030615")],
)
def test_the_half_width_for_a_standard_deviation_of_one_is_as_printed(n: int, printed: str) -> None:
    found = always_valid(Difference(estimate=0.0, error=n**-0.5), n, 5_000)

    assert is_printed(found.high, printed)
    assert is_printed(-found.low, printed)


def test_the_relative_interval_by_the_delta_method_is_as_printed() -> None:
    lift = relative_lift(treated=B, control=A)
    found = always_valid(lift, A.n + B.n, 1_000)

    assert is_printed(lift.estimate, ".50336")
    assert is_printed(found.low, "-.55844")
    assert is_printed(found.high, "1.56516")
    assert p_at_look(lift, A.n + B.n, 1_000) == 1


def test_the_relative_interval_of_shares_is_as_printed() -> None:
    lift = relative_lift(treated=proportion(3_461, 2_422), control=proportion(3_000, 1_396))
    found = always_valid(lift, 6_461, 5_000)

    assert is_printed(lift.estimate, ".50386")
    assert is_printed(found.low, ".40098")
    assert is_printed(found.high, ".60675")


def test_the_absolute_interval_and_its_p_are_as_printed() -> None:
    # Printed with the estimate .29, as the means of these sums over 3,407 and 3,461 persons give it.
    control = average(3_407, 1396.87, 52377.9767)
    found = difference(treated=B, control=control)
    interval = always_valid(found, control.n + B.n, 5_000)

    assert is_printed(found.estimate, ".29")
    assert is_printed(interval.low, "-.08941")
    assert is_printed(interval.high, ".66941")
    assert is_printed(p_at_look(found, control.n + B.n, 5_000), ".290745")


def test_the_interval_agrees_with_the_boundary_of_howard() -> None:
    # The boundary of a sum with variance 100, tuned there, is the multiple times its standard deviation.
    rho = tuning(100)

    assert is_printed(10 * multiple(100, rho), "30.35209")
    assert is_printed(1 / rho**2, "12.60056")


def test_p_is_below_alpha_exactly_when_the_interval_leaves_out_zero() -> None:
    for estimate in (0.00542, 0.00543, 0.0054841, 0.0054843, 0.006):
        found = Difference(estimate=estimate, error=0.00180681)
        interval = always_valid(found, 100_000, 100_000)

        assert (p_at_look(found, 100_000, 100_000) < 0.05) == (interval.low > 0)


def test_no_difference_at_all_has_no_evidence_against_it() -> None:
    assert p_at_look(Difference(estimate=0.0, error=0.0), 10, 100) == 1


# ---- The sample ratio (3.5) ---------------------------------------------------------------------------

EVEN = (0.5, 0.5)


@pytest.mark.parametrize(
    ("counts", "printed"),
    [([821_588, 815_482], "1.8218e-6"), ([5_000, 5_200], ".047670"), ([10_000, 10_300], ".035240")],
)
def test_the_fixed_sample_ratio_test_is_as_printed(counts: list[int], printed: str) -> None:
    assert is_printed(fixed_p([(counts, EVEN)]), printed)


@pytest.mark.parametrize(
    ("counts", "printed"),
    [([100, 150], ".0515172"), ([821_588, 815_482], ".0014556"), ([5_000, 5_200], "1.459045")],
)
def test_the_sample_ratio_test_for_every_day_is_as_printed(counts: list[int], printed: str) -> None:
    assert is_printed(inverse_bayes_factor([(counts, EVEN)]), printed)


def test_a_changed_split_is_tested_stretch_by_stretch() -> None:
    first, second = ([5_000, 5_200], EVEN), ([9_000, 1_000], (0.9, 0.1))

    assert fixed_p([first, second]) == pytest.approx(
        exp(-(2 * 100**2 / 5_100) / 2)  # the second fits exactly; two degrees of freedom
    )
    assert inverse_bayes_factor([first, second]) == pytest.approx(
        inverse_bayes_factor([first]) * inverse_bayes_factor([second])
    )


def test_a_handful_of_persons_says_nothing_about_the_ratio() -> None:
    assert fixed_p([([4, 0], EVEN)]) is None
    assert inverse_bayes_factor([([4, 0], EVEN)]) > 0.05


# ---- Extra conversions (3.6) --------------------------------------------------------------------------


def test_the_difference_of_the_holdout_example_is_as_printed() -> None:
    found = difference(SHOWN, KEPT)

    assert is_printed(SHOWN.mean, ".033")
    assert is_printed(KEPT.mean, ".030")
    assert is_printed(found.estimate, ".0030")
    assert is_printed(found.error, ".00180681")
    assert is_printed(found.estimate - FIXED * found.error, "-.000541")
    assert is_printed(found.estimate + FIXED * found.error, ".006541")


def test_the_extra_conversions_of_the_holdout_example_are_as_printed() -> None:
    found = difference(SHOWN, KEPT)

    assert extra(SHOWN, KEPT) == pytest.approx(270)
    assert is_printed(SHOWN.n * (found.estimate - FIXED * found.error), "-48.7")
    assert is_printed(SHOWN.n * (found.estimate + FIXED * found.error), "588.7")


def test_the_always_valid_interval_of_the_holdout_example_is_as_printed() -> None:
    interval = always_valid(difference(SHOWN, KEPT), 100_000, 100_000)

    assert is_printed(interval.low, "-.002484")
    assert is_printed(interval.high, ".008484")


def test_the_lift_of_the_holdout_example_is_as_printed() -> None:
    lift = relative_lift(SHOWN, KEPT)

    assert lift.estimate == pytest.approx(0.10)
    assert is_printed(100 * (lift.estimate - FIXED * lift.error), "-2.86")
    assert is_printed(100 * (lift.estimate + FIXED * lift.error), "22.86")


def test_the_lift_by_log_ratio_of_the_holdout_example_is_as_printed() -> None:
    # Printed with the fixed multiple; a planned sample that makes c(N) smaller does not exist, so the width is scaled.
    found = around_lift(SHOWN, KEPT, planned=100_000)

    assert found is not None
    narrowing = FIXED / multiple(100_000, tuning(100_000))
    low, high = ((1 + end) / 1.1 for end in (found.low, found.high))
    assert is_printed(100 * (1.1 * low**narrowing - 1), "-2.14")
    assert is_printed(100 * (1.1 * high**narrowing - 1), "23.64")


def test_what_the_holdout_costs_and_hides_adds_up() -> None:
    assert potential(SHOWN, KEPT) == pytest.approx(300)
    assert cost_of_control(SHOWN, KEPT) == pytest.approx(30)
    assert potential(SHOWN, KEPT) == pytest.approx(
        extra(SHOWN, KEPT) + cost_of_control(SHOWN, KEPT)
    )


def test_without_conversions_in_an_arm_there_is_no_lift() -> None:
    assert around_lift(SHOWN, proportion(100, 0), planned=5_000) is None


# ---- Means and money (3.2) ----------------------------------------------------------------------------


def test_a_mean_from_sums_is_the_mean_of_the_values() -> None:
    values = [0, 3, 0, 7, 2, 9, 0, 4, 1, 5]
    found = average(10, sum(values), sum(v * v for v in values))

    assert found.mean == pytest.approx(3.1)
    assert found.variance == pytest.approx(9.877778)


def test_the_raw_difference_of_the_cuped_example_is_as_printed() -> None:
    control, treated = (0, 3, 0, 7, 2, 9, 0, 4, 1, 5), (1, 4, 0, 9, 3, 12, 2, 4, 0, 6)
    means = [average(10, sum(v), sum(x * x for x in v)) for v in (treated, control)]
    found = difference(*means)

    assert is_printed(found.estimate, "1.0")
    assert is_printed(found.error, "1.590947")


def test_one_stretch_gives_itself_back() -> None:
    assert stratified([(SHOWN, KEPT)]) == (SHOWN, KEPT)


def test_a_changed_split_does_not_make_an_effect_out_of_a_good_month() -> None:
    # Nothing happens in either month; December sells thrice as much and is mostly treated.
    quiet = proportion(1_000, 10), proportion(9_000, 90)
    december = proportion(9_000, 270), proportion(1_000, 30)

    treated, control = stratified([quiet, december])

    assert treated.mean == pytest.approx(control.mean)
    assert treated.mean == pytest.approx(0.02)
    assert treated.squared_error == pytest.approx(0.25 * (0.0099 / 1_000 + 0.0291 / 9_000))


def test_the_cap_is_an_amount_that_99_in_100_do_not_exceed() -> None:
    assert revenue_cap(range(1, 251)) == 248
    assert revenue_cap([0, 0, 500]) == 500
    assert revenue_cap([0, 0]) is None


def test_capped_values_above_the_cap_come_down_to_it() -> None:
    assert capped([0, 100, 9_900], 500) == [0, 100, 500]
    assert capped([0, 100], None) == [0, 100]


def test_a_single_person_has_no_variance() -> None:
    assert average(1, 5, 25) == Mean(n=1, mean=5.0, variance=0.0)


# ---- How many persons it takes (3.7) ------------------------------------------------------------------


@pytest.mark.parametrize(("share", "printed"), [(0.5, 121_228), (0.9, 332_872)])
def test_the_persons_needed_are_as_printed(share: float, printed: int) -> None:
    assert persons_needed(0.03, share, Rules(planned=5_000)) == printed
