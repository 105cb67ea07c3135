"""Tests with a planned end against known truth: read every week, decided at the end almost as by a single look."""

from __future__ import annotations

import time

import pytest
from figures import tell, times
from judging import judged, luck, percent, put_ordinary_interval
from known_truth import Truth, runs

from etalage.measure import maturity
from etalage.measure.maturity import LEAST_CONVERSIONS_HARM, evidence, judge
from etalage.measure.statistics.group_sequential import Bounds

# 1,000 persons a day in each arm, four weeks; methods 3.7 has the power of weekly boundaries by simulation.
NO_EFFECT = Truth(daily=2_000, days=28, planned_end=True)
POWER = {0.1: 0.52, 0.2: 0.98}


def test_of_planned_tests_without_an_effect_at_most_one_in_twenty_is_called_one() -> None:
    said = judged(NO_EFFECT, times(1_000, 10_000))

    called = said.share("verified_effect", "harmful")
    tell("Planned end, no effect, 28 days: what is called an effect", "5%, of which verified effect 2.5%, and 2.5 SE of chance", tests=said.number, called_so=percent(called), verified=percent(said.share("verified_effect")), harmful=percent(said.share("harmful")))  # fmt: skip
    assert called <= 0.05 + luck(0.05, said.number)
    assert said.share("verified_effect") <= 0.025 + luck(0.025, said.number)


@pytest.mark.parametrize("expected", [0.6, 1.6])
def test_nor_where_more_persons_come_than_were_planned_for_or_fewer(expected: float) -> None:
    said = judged(NO_EFFECT._replace(expected=expected), times(300, 10_000), seed=13)

    called = said.share("verified_effect", "harmful")
    tell("Planned end, no effect, for 0.6 and 1.6 times as many persons as come: what is called an effect", "5%, of which verified effect 2.5%, and 2.5 SE of chance", tests=said.number, verified=said.states["verified_effect"], harmful=said.states["harmful"])  # fmt: skip
    assert called <= 0.05 + luck(0.05, said.number)
    assert said.share("verified_effect") <= 0.025 + luck(0.025, said.number)


@pytest.mark.parametrize("lift", POWER)
def test_a_planned_end_finds_what_a_single_look_at_the_end_would(lift: float) -> None:
    truth = NO_EFFECT._replace(lift=lift)

    said = judged(truth, times(300, 10_000))
    open_ended = judged(truth._replace(planned_end=False), said.number)

    verified = said.share("verified_effect")
    held = said.held / said.shown
    tell(f"Planned end, +{lift:.0%}, 28 days: verified", f"{POWER[lift]:.2f} within .02, wrong sign below 1 in 1,000, truth in the interval shown 95%", tests=said.number, verified=percent(verified), wrong_sign=said.states["harmful"], truth_in_interval=percent(held), without_planned_end=percent(open_ended.share("verified_effect")))  # fmt: skip
    assert abs(verified - POWER[lift]) <= 0.02 + luck(POWER[lift], said.number)
    assert verified > open_ended.share("verified_effect")
    assert said.states["harmful"] <= 0.001 * said.number
    assert held >= 0.95 - luck(0.95, said.number)


@pytest.mark.parametrize("lift", [0.0, 0.1, -0.2])
def test_intervals_of_planned_tests_hold_the_truth_at_all_looks_together(lift: float) -> None:
    truth = NO_EFFECT._replace(lift=lift)
    number = times(300, 10_000)

    held = all_hold(truth, number)

    tell("Planned end: intervals hold the truth at all looks together, effects of 0, +10% and -20%", "95% of the runs less .5% (sums are not quite normal) and 2.5 SE of chance", runs=number, held=round(held * number))  # fmt: skip
    assert held >= 0.945 - luck(0.95, number)


def all_hold(truth: Truth, number: int) -> float:
    """Give the share of runs in which the interval of every look holds the true difference."""
    found = 0
    for run in runs(truth, number, seed=12):
        shown = evidence(run, truth.rules)
        seen = [one for one in shown if one.look.least_conversions >= LEAST_CONVERSIONS_HARM]
        found += all(one.difference.holds(truth.difference) for one in seen)
    return found / number


def test_the_ordinary_boundaries_in_their_place_would_be_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_ordinary_interval(monkeypatch)
    monkeypatch.setattr(maturity, "boundaries", lambda asked, _: [Bounds(1.96, 1.96)] * len(asked))

    assert judged(NO_EFFECT, 300).share("verified_effect", "harmful") > 0.05 + luck(0.05, 300)
    assert all_hold(NO_EFFECT, 300) < 0.945 - luck(0.95, 300)


@pytest.mark.alone
def test_a_check_of_a_planned_test_takes_less_than_a_millisecond_a_look() -> None:
    spent = []
    for seed in range(20):
        truth = NO_EFFECT._replace(expected=1 + seed / 50)  # other boundaries each time
        (run,) = runs(truth, 1, seed=seed)
        begin = time.process_time()
        judge(run, truth.rules)
        spent.append((time.process_time() - begin) / len(run))

    tell("One more look of a test with a planned end takes little", "1 ms", milliseconds=round(1e3 * min(spent), 2))  # fmt: skip
    assert min(spent) <= 1e-3
