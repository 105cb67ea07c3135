"""When a result may be shown: each state, and simulations of what a shop will meet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from etalage.domain.ids import CONTROL, ExperienceName, VariantName
from etalage.domain.report import Plan
from etalage.domain.time import DAY
from etalage.measure.maturity import Evidence, Look, Rules, Verdict, judge, missing
from etalage.measure.maturity import evidence as intervals
from etalage.measure.statistics.arms import difference, proportion
from etalage.measure.statistics.interval import always_valid, around_lift

RULES = Rules(planned=10_000)
PLAN = Plan(name=ExperienceName("welcome"), started=0, shares={VariantName("b"): 0.5, CONTROL: 0.5})


def look(
    day: int, treated: tuple[int, int], control: tuple[int, int], *, final: bool = False
) -> Look:
    """Make a look from (persons, converted) of both arms."""
    return Look(
        at=day * DAY,
        day=day,
        treated=proportion(*treated),
        control=proportion(*control),
        least_conversions=min(treated[1], control[1]),
        final=final,
    )


def evidence(verdict: Verdict) -> Evidence:
    """Give the evidence of a verdict that must have some."""
    assert verdict.evidence is not None
    return verdict.evidence


# ---- The states ---------------------------------------------------------------------------------------

CLEAR = (5_000, 700), (5_000, 500)  # +40%, far outside any doubt
SAME = (200_000, 20_000), (200_000, 20_000)
WORSE = (5_000, 300), (5_000, 500)
VAGUE = (5_000, 520), (5_000, 500)


def test_a_clear_effect_is_verified_at_a_weekly_look() -> None:
    assert judge([look(14, *CLEAR)], RULES).state == "verified_effect"


@pytest.mark.parametrize("day", [7, 13, 15, 20])
def test_a_clear_effect_waits_for_two_whole_weeks(day: int) -> None:
    assert judge([look(day, *CLEAR)], RULES) == Verdict(state="too_early")


def test_a_clear_effect_waits_for_a_hundred_conversions_in_both_arms() -> None:
    seen = (1_000, 300), (1_000, 99)

    assert judge([look(14, *seen)], RULES).state == "too_early"
    assert judge([look(14, (1_000, 300), (1_000, 100))], RULES).state == "verified_effect"


def test_an_interval_within_ten_per_cent_is_no_relevant_difference() -> None:
    verdict = judge([look(14, *SAME)], RULES)

    assert verdict.state == "no_relevant_difference"
    lift = evidence(verdict).lift
    assert lift is not None
    assert -0.1 <= lift.low < 0 < lift.high <= 0.1


def test_a_narrow_interval_that_is_not_wholly_within_is_no_answer() -> None:
    # Half a width of 4%, but around +8%: the true effect may well be 12%.
    seen = look(14, (60_000, 6_480), (60_000, 6_000))
    lift = around_lift(seen.treated, seen.control, RULES.planned)

    assert lift is not None
    assert lift.high - lift.low < 0.2
    assert lift.high > 0.1
    assert judge([seen], RULES).state != "no_relevant_difference"


def test_harm_is_called_on_any_day_from_fifty_conversions_on() -> None:
    assert judge([look(3, *WORSE)], RULES).state == "harmful"
    assert judge([look(3, (5_000, 49), (5_000, 500))], RULES).state == "too_early"
    assert judge([look(3, (5_000, 50), (5_000, 500))], RULES).state == "harmful"


def test_harm_stands_when_the_damage_levels_off() -> None:
    verdict = judge([look(3, *WORSE), look(4, (9_000, 860), (9_000, 900))], RULES)

    assert verdict.state == "harmful"
    assert evidence(verdict).look.day == 4


def test_at_the_planned_end_an_open_question_is_undecided() -> None:
    verdict = judge([look(14, *VAGUE), look(16, *VAGUE, final=True)], RULES)

    assert verdict.state == "undecided"
    assert evidence(verdict).difference.holds(0)


def test_at_the_planned_end_too_few_conversions_show_no_interval() -> None:
    verdict = judge([look(16, (500, 30), (500, 20), final=True)], RULES)

    assert verdict == Verdict(state="undecided")


def test_after_a_verified_effect_the_interval_only_narrows() -> None:
    first = evidence(judge([look(14, *CLEAR)], RULES)).difference
    wider = look(21, (5_001, 700), (5_001, 470))  # a luckier week

    both = evidence(judge([look(14, *CLEAR), wider], RULES)).difference

    assert both.low > first.low
    assert both.high == first.high


def test_days_between_the_weeks_do_not_move_a_verified_effect() -> None:
    assert judge([look(14, *CLEAR), look(15, *SAME)], RULES) == judge([look(14, *CLEAR)], RULES)


def test_weeks_that_contradict_each_other_sound_an_alarm() -> None:
    verdict = judge([look(14, *CLEAR), look(21, *SAME), look(28, *SAME)], RULES)

    assert verdict.state == "verified_effect"
    assert verdict.alarms == ("effect_changed",)


def test_p_is_the_smallest_of_all_looks() -> None:
    clear = evidence(judge([look(14, *CLEAR)], RULES))
    later = evidence(judge([look(7, *VAGUE), look(14, *CLEAR), look(21, *VAGUE)], RULES))

    assert later.look.day == 21
    assert later.p == clear.p < 1e-6


def test_nothing_seen_is_too_early() -> None:
    assert judge([], RULES) == Verdict(state="too_early")


# ---- What is missing ----------------------------------------------------------------------------------


def why(looks: Sequence[Look], plan: Plan = PLAN) -> tuple[str, int, int, int | None]:
    now = looks[-1].at if looks else 3 * DAY
    found = missing(looks, plan, RULES, treated_share=0.5, now=now)
    days = None if found.expected is None else found.expected // DAY
    return found.reason, found.need, found.have, days


def test_before_a_window_is_over_that_is_the_reason() -> None:
    assert why([]) == ("windows_open", 1, 0, None)


def test_within_two_weeks_the_days_are_the_reason() -> None:
    # 121,228 persons at 10,000 in the one day of which the windows are over: day 20, the look of day 21.
    assert why([look(8, (5_000, 40), (5_000, 45))]) == ("too_few_days", 14, 8, 21)


def test_with_few_conversions_they_are_the_reason() -> None:
    # 2,000 in 7 days: 121,228 take 425 days and the window of the last one; the next look is week 62.
    assert why([look(14, (1_000, 30), (1_000, 45))]) == ("too_few_conversions", 100, 30, 62 * 7)


def test_with_enough_conversions_the_width_is_the_reason() -> None:
    reason, need, have, days = why([look(14, *VAGUE)])

    assert (reason, have) == ("interval_wide", 10_000)
    assert 32_000 < need < 34_500  # 9.2125 * 4 * (1 - .102) / .102 / .01 = 32,440, and a rung of 2%
    assert days == 35


def test_a_planned_end_answers_sooner() -> None:
    plan = Plan(name=PLAN.name, started=0, shares=PLAN.shares, ends=21 * DAY)

    assert why([look(14, (1_000, 30), (1_000, 45))], plan)[3] == 28


def test_an_effect_at_the_edge_of_the_precision_needs_more_than_was_planned() -> None:
    assert why([look(14, (50_000, 5_400), (50_000, 5_000))])[1] > 100_000


def test_a_goal_that_everybody_reaches_gives_an_answer_in_time() -> None:
    assert why([look(14, (50_000, 50_000), (50_000, 50_000))])[0] == "interval_wide"


# ---- Simulation ---------------------------------------------------------------------------------------


def run(
    rng: np.random.Generator, days: int, treated: tuple[int, float], control: tuple[int, float]
) -> list[Look]:
    """Draw what a run shows at each daily look: (persons a day, share that converts) of both arms."""
    drawn = [np.cumsum(rng.binomial(n, p, days)) for n, p in (treated, control)]
    return [
        look(
            day,
            (treated[0] * day, int(drawn[0][day - 1])),
            (control[0] * day, int(drawn[1][day - 1])),
        )
        for day in range(1, days + 1)
    ]


def held(looks: Sequence[Look], truth: tuple[float, float]) -> tuple[bool, bool, bool]:
    """Tell whether all weekly intervals hold the truth: always-valid ones of difference and lift; fixed ones."""
    gap, lift = truth[0] - truth[1], truth[0] / truth[1] - 1
    weekly = [seen for seen in looks if seen.is_weekly and seen.least_conversions >= 100]
    found = [difference(seen.treated, seen.control) for seen in weekly]
    absolute = [
        always_valid(f, seen.n, RULES.planned).holds(gap)
        for f, seen in zip(found, weekly, strict=True)
    ]
    relative = [around_lift(s.treated, s.control, RULES.planned) for s in weekly]
    fixed = [abs(f.estimate - gap) <= 1.96 * f.error for f in found]
    return all(absolute), all(r is not None and r.holds(lift) for r in relative), all(fixed)


def test_the_interval_holds_the_truth_at_every_weekly_look() -> None:
    seeds = 200
    truth = 0.11, 0.10
    runs = [
        held(run(np.random.default_rng(seed), 84, (90, truth[0]), (90, truth[1])), truth)
        for seed in range(seeds)
    ]

    absolute, relative, fixed = (sum(column) for column in zip(*runs, strict=True))

    least = 183  # 95% of 200, less 2.3 standard deviations
    assert absolute >= least
    assert relative >= least
    assert fixed < least  # the ordinary interval, looked at every week, does not


def test_without_an_effect_daily_looks_verify_hardly_any() -> None:
    # Methods 3.7: 90 days, 90/10, 2,000 visitors a day, base 3%; at most 2.5% (measured 1.0%; naively 37.6%).
    rules = Rules(planned=56_000)
    states = [
        judge(run(np.random.default_rng(seed), 90, (1_800, 0.03), (200, 0.03)), rules).state
        for seed in range(200)
    ]

    assert states.count("verified_effect") <= 10  # 2.5%, and 2.3 standard deviations
    assert states.count("harmful") <= 10


def test_with_a_true_effect_of_twenty_per_cent_half_and_half_verifies_nearly_all() -> None:
    rules = Rules(planned=56_000)
    verdicts = [
        judge(run(np.random.default_rng(seed), 90, (1_000, 0.036), (1_000, 0.03)), rules)
        for seed in range(100)
    ]

    assert sum(v.state == "verified_effect" for v in verdicts) >= 90
    assert not any(v.state == "harmful" for v in verdicts)
    shown = [v.evidence.difference for v in verdicts if v.evidence]
    assert sum(interval.holds(0.006) for interval in shown) >= 0.9 * len(shown)


# ---- A planned end ------------------------------------------------------------------------------------

PILOT = Rules(
    planned=56_000, last_day=35
)  # four weeks at 2,000 a day, and a week for the last windows


def pilot(
    rng: np.random.Generator, lift: float, *, days: int = 35, a_day: int = 1_000, base: float = 0.03
) -> list[Look]:
    """Draw the looks of a pilot half and half; who enters is counted a week later."""
    drawn = [np.cumsum(rng.binomial(a_day, p, days - 7)) for p in (base * (1 + lift), base)]
    return [
        look(
            day,
            (a_day * (day - 7), int(drawn[0][day - 8])),
            (a_day * (day - 7), int(drawn[1][day - 8])),
            final=day == days,
        )
        for day in range(8, days + 1)
    ]


def states(lift: float, seeds: int, rules: Rules = PILOT, **how: int) -> list[str]:
    return [
        judge(pilot(np.random.default_rng(seed), lift, **how), rules).state for seed in range(seeds)
    ]


def test_at_the_planned_end_less_is_needed_than_when_looking_for_ever() -> None:
    # Two and a half standard errors: beyond the last weekly boundary of 2.01, within the always-valid 3.04.
    end = look(35, (28_000, 924), (28_000, 819), final=True)
    same = [look(day, (n, 30 * n // 1_000), (n, 30 * n // 1_000)) for day, n in
            ((14, 7_000), (21, 14_000), (28, 21_000))]  # fmt: skip

    verdict = judge([*same, end], PILOT)

    assert verdict.state == "verified_effect"
    assert 0.005 < evidence(verdict).p < 0.05
    assert evidence(verdict).difference.low > 0
    assert judge([*same, end], Rules(planned=56_000)).state == "undecided"


def test_at_the_planned_end_harm_beyond_the_boundary_is_harm() -> None:
    end = look(35, (28_000, 800), (28_000, 924), final=True)

    verdict = judge([look(14, (7_000, 210), (7_000, 210)), end], PILOT)

    assert verdict.state == "harmful"
    assert evidence(verdict).difference.high < 0


def test_at_the_planned_end_an_open_question_says_what_can_be_excluded() -> None:
    end = look(35, (28_000, 850), (28_000, 840), final=True)

    verdict = judge([look(14, (7_000, 210), (7_000, 210)), end], PILOT)

    lift = evidence(verdict).lift
    assert verdict.state == "undecided"
    assert lift is not None
    assert -0.10 < lift.low < 0 < lift.high < 0.13
    assert evidence(verdict).p > 0.05


def test_harm_is_watched_for_every_day_of_a_pilot_too() -> None:
    verdict = judge([look(9, *WORSE)], PILOT)

    assert verdict.state == "harmful"
    assert evidence(verdict).difference.high < 0
    assert evidence(verdict).p < 1e-4


def test_benefit_waits_for_the_weekly_look_of_a_pilot() -> None:
    days = [look(day, (1_000 * (day - 7), 50 * (day - 7)), (1_000 * (day - 7), 30 * (day - 7)))
            for day in range(8, 21)]  # fmt: skip

    assert judge(days[:6], PILOT).state == "too_early"
    assert judge(days[:7], PILOT).state == "verified_effect"  # day 14


def test_more_visitors_than_planned_leave_something_for_the_end() -> None:
    # Three times as many as planned: at day 28 the whole of N_max is long over, and a fifth of the time is not.
    found = states(0.0, 300, a_day=3_000)
    late = [
        look(28, (63_000, 2_000), (63_000, 1_890)),
        look(35, (84_000, 2_680), (84_000, 2_520), final=True),
    ]

    assert found.count("verified_effect") <= 15  # 2.5% of 300, and 2.5 standard deviations
    assert judge(late, PILOT).state == "verified_effect"


def test_without_an_effect_a_pilot_errs_in_at_most_one_of_twenty() -> None:
    found = states(0.0, 1_000)

    assert found.count("verified_effect") <= 36  # 2.5% of 1,000, and 2.3 standard deviations
    assert found.count("harmful") <= 36
    assert found.count("verified_effect") + found.count("harmful") >= 25  # it does use its budget


def test_a_pilot_finds_what_it_was_planned_to_find() -> None:
    # Methods 3.7, power of weekly looks: +10% .52, +20% .98 (1,000 per arm and day, 28 days, base 3%).
    ten, twenty = states(0.10, 200), states(0.20, 100)

    assert 0.40 <= ten.count("verified_effect") / 200 <= 0.64
    assert twenty.count("verified_effect") >= 92
    assert "harmful" not in {*ten, *twenty}


def test_the_interval_of_a_pilot_holds_the_truth_at_every_look() -> None:
    missed = 0
    for seed in range(300):
        shown = intervals(pilot(np.random.default_rng(seed), 0.10), PILOT)
        missed += not all(seen.difference.holds(0.003) for seen in shown)

    assert 3 <= missed <= 24  # 5% of 300, and two and a half standard deviations


def test_an_effect_as_large_as_the_precision_is_hardly_ever_called_irrelevant() -> None:
    found = states(0.10, 200, a_day=5_000, rules=Rules(planned=280_000, last_day=35))

    assert found.count("no_relevant_difference") <= 10
