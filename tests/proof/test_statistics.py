"""Verdicts against known truth: the product's own `judge` over thousands of experiments, looked at every day.

All bars are those of methods 3.7, and the same for small and full counts: the seeds are fixed. Each bar is shown to
bite: with the ordinary interval, or the rule on the width alone, in its place it is missed.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
from figures import tell, times
from judging import (
    called_by_interval,
    called_by_ordinary_test,
    judged,
    percent,
    put_ordinary_interval,
)
from known_truth import Truth, runs

from etalage.domain.report import State
from etalage.measure import maturity
from etalage.measure.maturity import Evidence, Rules, judge

NO_EFFECT = Truth(daily=2_000, days=28)
NO_EFFECT_LONG = Truth(daily=2_000, days=90, treated_share=0.9)
OTHER_SHOPS = (
    Truth(daily=300, days=28),
    Truth(daily=300, days=28, base=0.1),
    Truth(daily=2_000, days=28, base=0.01),
    Truth(daily=2_000, days=28, treated_share=0.9),
    Truth(daily=20_000, days=28, treated_share=0.95, base=0.005),
    Truth(daily=20_000, days=28, base=0.1),
)
# Of ninety days, the persons of the last seven are not counted yet: their windows are open.
NINETY_DAYS = 83
TWENTY_PER_CENT = {
    share: Truth(daily=2_000, days=NINETY_DAYS, treated_share=share, lift=0.2)
    for share in (0.5, 0.9)
}
AT_THE_PRECISION = tuple(Truth(daily=4_000, days=180, lift=lift) for lift in (0.1, -0.1))

# What methods 3.7 says that users will meet, by persons a day and share of the treated: base 3%, +20%, 90 days.
MET = {(300, 0.5): 0.37, (300, 0.9): 0.0, (1_000, 0.5): 0.96, (1_000, 0.9): 0.52}


# ---- No effect ----------------------------------------------------------------------------------------


def test_of_tests_without_an_effect_hardly_any_is_called_one_though_looked_at_daily() -> None:
    number = times(400, 10_000)

    by_interval = called_by_interval(NO_EFFECT, number)
    said = judged(NO_EFFECT, number)
    ordinary = called_by_ordinary_test(NO_EFFECT, number)

    tell("No effect, looked at daily for 28 days: what is called an effect", "interval at any look 5%, verified effect 2.5%", tests=number, interval=percent(by_interval), verified=percent(said.share("verified_effect")), harmful=percent(said.share("harmful")), ordinary_test=percent(ordinary))  # fmt: skip
    assert by_interval <= 0.05 < ordinary
    assert said.share("verified_effect") <= 0.025
    assert said.share("harmful") <= 0.025


@pytest.mark.parametrize("shop", OTHER_SHOPS)
def test_so_it_is_in_small_shops_and_large_ones(shop: Truth) -> None:
    number = times(100, 10_000)

    by_interval = called_by_interval(shop, number)
    said = judged(shop, number)

    tell("The same in six other shops, 300 to 20,000 persons a day", "in each: interval at any look 5%, verified effect 2.5%", tests=number, interval=round(by_interval * number), verified=said.states["verified_effect"], harmful=said.states["harmful"], ordinary_test=round(called_by_ordinary_test(shop, number) * number))  # fmt: skip
    assert by_interval <= 0.05
    assert said.share("verified_effect") <= 0.025
    assert said.share("harmful") <= 0.025


def test_nor_in_ninety_days_with_one_in_ten_kept_from_it() -> None:
    number = times(400, 10_000)

    said = judged(NO_EFFECT_LONG, number)
    ordinary = called_by_ordinary_test(NO_EFFECT_LONG, number)

    tell("No effect, 90 days, 90/10: what is called an effect", "verified effect 2.5%", tests=number, verified=percent(said.share("verified_effect")), harmful=percent(said.share("harmful")), ordinary_test=percent(ordinary))  # fmt: skip
    assert said.share("verified_effect") <= 0.025 < ordinary
    assert said.share("harmful") <= 0.025


def test_with_the_ordinary_interval_in_its_place_far_too_many_would_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_ordinary_interval(monkeypatch)

    said = judged(NO_EFFECT_LONG, 400)

    assert called_by_interval(NO_EFFECT, 400) > 0.05
    assert said.share("verified_effect") > 0.025
    assert said.share("harmful") > 0.025


# ---- A true effect ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "bar"), [(0.5, 0.95), (0.9, 0.80)])
def test_twenty_per_cent_more_is_verified_within_ninety_days(share: float, bar: float) -> None:
    truth = TWENTY_PER_CENT[share]

    said = judged(truth, times(200, 10_000))

    held = said.held / said.shown
    beside = float(np.mean(said.estimates)) / truth.difference
    tell(f"+20%, {share:.0%} treated: verified within 90 days", f"{percent(bar)}, wrong sign 0, truth in the interval shown 95%", tests=said.number, verified=percent(said.share("verified_effect")), wrong_sign=said.states["harmful"], truth_in_interval=percent(held), estimate_shown=f"{beside:.2f} times the truth")  # fmt: skip
    assert said.share("verified_effect") >= bar
    assert said.states["harmful"] == 0
    assert held >= 0.95


@pytest.mark.parametrize(("daily", "share"), MET)
def test_what_smaller_shops_will_meet_is_as_the_planner_is_told(daily: int, share: float) -> None:
    truth = Truth(daily=daily, days=NINETY_DAYS, treated_share=share, lift=0.2)
    number = times(200, 10_000)

    verified = judged(truth, number).share("verified_effect")

    expected = MET[daily, share]
    chance = 4 * (expected * (1 - expected) / number) ** 0.5
    tell(f"+20%, {daily} a day, {share:.0%} treated: verified within 90 days", f"{expected:.2f} within .02", tests=number, verified=f"{verified:.3f}")  # fmt: skip
    assert abs(verified - expected) <= 0.02 + chance


# ---- An effect just as large as what would matter ------------------------------------------------------


@pytest.mark.parametrize("truth", AT_THE_PRECISION)
def test_an_effect_that_just_matters_is_not_called_irrelevant(truth: Truth) -> None:
    said = judged(truth, times(100, 2_500))

    irrelevant = said.share("no_relevant_difference")
    tell(f"{truth.lift:+.0%}, just what matters: called no relevant difference", "5%", tests=said.number, called_so=percent(irrelevant), still_open=percent(said.share("too_early")))  # fmt: skip
    assert irrelevant <= 0.05


def test_a_rule_on_the_width_of_the_interval_alone_would_call_it_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def by_width(seen: Evidence, rules: Rules) -> State | None:
        lift = seen.lift
        narrow = lift and lift.high - lift.low <= 2 * rules.precision
        return "no_relevant_difference" if narrow else None

    monkeypatch.setattr(maturity, "_conclusion", by_width)

    assert judged(AT_THE_PRECISION[0], 50).share("no_relevant_difference") > 0.05


def test_no_effect_is_called_irrelevant_in_the_end() -> None:
    truth = Truth(daily=4_000, days=90)

    said = judged(truth, times(100, 2_500))

    answered = said.share("no_relevant_difference")
    tell("No effect, 4,000 a day, 50/50: called no relevant difference within 90 days", "90%", tests=said.number, called_so=percent(answered))  # fmt: skip
    assert answered >= 0.90


# ---- Time ---------------------------------------------------------------------------------------------


@pytest.mark.alone
def test_a_check_takes_less_than_a_millisecond() -> None:
    (run,) = runs(NO_EFFECT_LONG, 1, seed=1)

    spent = []
    for _ in range(20):
        begin = time.process_time()
        judge(run, NO_EFFECT_LONG.rules)
        spent.append(time.process_time() - begin)

    tell("One check of ninety daily looks takes little", "1 ms", milliseconds=round(1e3 * min(spent), 2))  # fmt: skip
    assert min(spent) <= 1e-3
