"""The bandit earns most of what could be earned, follows when the best arm changes, and the even tenth tells the truth."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from statistics import fmean, stdev

from bandit_world import STEADY, Ints, Run, run, steady, swapped
from figures import tell, times


@cache
def shops() -> list[Run]:
    """Play steady shops once for all that is asked of them."""
    return [run(seed, steady, floor=50_000) for seed in range(times(60, 400))]


def test_half_of_the_possible_gain_is_had_within_four_weeks() -> None:
    gained = [one.gained for one in shops()]

    error = stdev(gained) / len(gained) ** 0.5
    tell("gain of a bandit, 3.0/3.3/3.6%", ">= .50 of the possible", shops=len(gained), gained=round(fmean(gained), 3), error=round(error, 3))  # fmt: skip
    assert fmean(gained) >= 0.50


def test_after_the_best_arm_changed_forgetting_earns_more() -> None:
    count = times(24, 400)

    gains = [
        run(seed, swapped, half_life=7).gained - run(seed, swapped).gained for seed in range(count)
    ]

    error = stdev(gains) / count**0.5
    tell("gain of forgetting after a swap", "> 0", shops=count, more=round(fmean(gains), 3), error=round(error, 3))  # fmt: skip
    assert fmean(gains) > 2 * error


def test_the_plain_mean_of_an_arm_is_too_low_and_that_of_the_even_tenth_is_not() -> None:
    """An arm that had bad luck gets fewer visitors, so that its luck never evens out."""
    plain, plain_error = _off([_means(r.visitors, r.conversions) for r in shops()])
    even, even_error = _off([_means(r.even_visitors, r.even_conversions) for r in shops()])

    tell("bias of the arms' means", "even tenth within 3 errors of 0; the plain means below", shops=len(shops()), plain=round(plain, 5), plain_error=round(plain_error, 5), even=round(even, 5), even_error=round(even_error, 5))  # fmt: skip
    assert plain < -2 * plain_error
    assert abs(even) < 3 * even_error


def _means(visitors: Ints, conversions: Ints) -> list[float]:
    rates = conversions.sum(axis=0) / visitors.sum(axis=0)
    return [float(rate) for rate in rates]


def _off(means: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Give how far the arms' means are from their rates, averaged over the arms, with the standard error."""
    told = [fmean(one) - fmean(STEADY) for one in means]
    return fmean(told), stdev(told) / len(told) ** 0.5
