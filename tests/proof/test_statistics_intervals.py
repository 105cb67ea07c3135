"""Intervals against known truth: the always-valid ones hold it at all looks together, the fixed errors at one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from figures import tell, times
from judging import put_ordinary_interval
from known_truth import CAP, MU, SIGMA, Truth, capped_order, runs

from etalage.measure.maturity import LEAST_CONVERSIONS_HARM, evidence
from etalage.measure.statistics.arms import Difference, Mean, average, difference, relative_lift

TRUTHS = (
    Truth(daily=2_000, days=90),
    Truth(daily=2_000, days=90, treated_share=0.9, lift=0.2),
    Truth(daily=300, days=90, lift=0.1),
    Truth(daily=20_000, days=28, base=0.005, lift=-0.2),
)

PERSONS, BUY = 20_000, (0.033, 0.030)  # per arm; who has the message, who has not


# ---- At all looks together ----------------------------------------------------------------------------


def held(truth: Truth, number: int) -> tuple[float, float]:
    """Give the shares of runs in which every daily interval holds the truth: of the difference, of the lift.

    Every look counts at which the product may conclude anything: from the fiftieth conversion of both arms on.
    """
    differences, lifts = 0, 0
    for run in runs(truth, number, seed=2):
        shown = list(evidence(run, truth.rules))
        seen = [one for one in shown if one.look.least_conversions >= LEAST_CONVERSIONS_HARM]
        differences += all(one.difference.holds(truth.difference) for one in seen)
        lifts += all(one.lift is not None and one.lift.holds(truth.lift) for one in seen)
    return differences / number, lifts / number


@pytest.mark.parametrize("truth", TRUTHS)
def test_the_interval_holds_the_truth_at_every_daily_look_together(truth: Truth) -> None:
    number = times(100, 2_500)

    of_difference, of_lift = held(truth, number)

    tell("Intervals hold the truth at all daily looks together, in four kinds of shops", "95% of the runs, difference and lift", runs=number, difference=round(of_difference * number), lift=round(of_lift * number))  # fmt: skip
    assert of_difference >= 0.95
    assert of_lift >= 0.95


def test_the_ordinary_interval_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    put_ordinary_interval(monkeypatch)

    of_difference, of_lift = held(TRUTHS[0], 100)

    assert of_difference < 0.95
    assert of_lift < 0.95


# ---- At one look --------------------------------------------------------------------------------------

Pair = tuple[Mean, Mean]
Estimate = Callable[[Mean, Mean], Difference]


def rates(seeds: int) -> Iterator[Pair]:
    """Draw who converts."""
    truth = Truth(daily=2 * PERSONS, days=1, lift=0.1)
    for (look,) in runs(truth, seeds, seed=3):
        yield look.treated, look.control


def revenues(seeds: int) -> Iterator[Pair]:
    """Draw who buys and for how much, each person's amount capped."""
    for seed in range(seeds):
        rng = np.random.default_rng((4, seed))
        yield _revenue(rng, BUY[0]), _revenue(rng, BUY[1])


def _revenue(rng: np.random.Generator, buy: float) -> Mean:
    amounts = np.minimum(rng.lognormal(MU, SIGMA, rng.binomial(PERSONS, buy)), CAP)
    return average(PERSONS, float(amounts.sum()), float((amounts**2).sum()))


FIXED: dict[str, tuple[Callable[[int], Iterator[Pair]], Estimate, float]] = {
    "difference of shares": (rates, difference, 0.003),
    "relative lift": (rates, relative_lift, 0.1),
    "capped revenue a person": (revenues, difference, (BUY[0] - BUY[1]) * capped_order()),
}


def estimated(name: str, seeds: int) -> list[Difference]:
    """Give what is estimated in each of so many experiments."""
    draws, estimate, _ = FIXED[name]
    return [estimate(*pair) for pair in draws(seeds)]


def covered(found: list[Difference], truth: float) -> float:
    """Give the share of ordinary 95% intervals that hold the truth."""
    return sum(abs(f.estimate - truth) <= 1.96 * f.error for f in found) / len(found)


@pytest.mark.parametrize("name", FIXED)
def test_standard_errors_are_right_and_estimates_unbiased(name: str) -> None:
    truth = FIXED[name][2]
    found = estimated(name, times(2_000, 2_000))  # with 200 a right one fails one time in seven

    estimates = np.array([f.estimate for f in found])
    off = abs(estimates.mean() - truth) / (estimates.std() / np.sqrt(len(found)))
    tell(f"Standard error of the {name}", "ordinary intervals cover 93.5-96.5%, unbiased within 3 SE", seeds=len(found), covered=f"{covered(found, truth):.2%}", off=f"{off:.1f} SE")  # fmt: skip
    assert 0.935 <= covered(found, truth) <= 0.965
    assert off <= 3


@pytest.mark.parametrize("name", FIXED)
def test_an_error_of_a_tenth_in_them_would_be_found_out(name: str) -> None:
    found = estimated(name, 2_000)

    assert covered([Difference(f.estimate, 0.9 * f.error) for f in found], FIXED[name][2]) < 0.935
    assert covered([Difference(f.estimate, 1.1 * f.error) for f in found], FIXED[name][2]) > 0.965
