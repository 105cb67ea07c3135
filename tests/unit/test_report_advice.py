"""What a report advises follows from its figures: each rule speaks when it should, and only then."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from report_examples import (
    ABOUT,
    BY_STATE,
    A,
    broken,
    harmful,
    no_control,
    no_difference,
    too_early,
    total,
    undecided,
    verified,
)

from etalage.domain.report import (
    CONTROL,
    Coverage,
    Effect,
    ExperienceReport,
    Guardrail,
    Interval,
    Joined,
    Note,
    NoteKey,
    Unsettled,
)
from etalage.domain.time import DAY, ShopZone
from etalage.measure.page.advice import MOST_STEPS, NEXT, NOT_THIS, next_steps, not_to_conclude
from etalage.measure.page.say import Say
from etalage.measure.page.told import Told

Made = Callable[[], ExperienceReport]


def told(reported: ExperienceReport) -> Told:
    return Told(reported, Say(language="nl", zone=ShopZone("Europe/Amsterdam")))


def noted(reported: ExperienceReport, key: NoteKey, count: int = 3) -> ExperienceReport:
    return replace(reported, notes=(Note(key=key, count=count),))


def waiting(reason: str, *, days: int | None) -> ExperienceReport:
    made = too_early()
    expected = None if days is None else made.now + days * DAY
    missing = Unsettled(reason=reason, need=100, have=3, expected=expected)  # type: ignore[arg-type]
    return replace(made, unsettled=missing)


def reach(reported: ExperienceReport, share: float) -> ExperienceReport:
    return replace(reported, coverage=Coverage(measurable=1_000, reached=round(1_000 * share)))


def joined(reported: ExperienceReport, share: float) -> ExperienceReport:
    found = round(1_000 * share)
    return replace(reported, joined=Joined(by_way={"visitor": found, "none": 1_000 - found}))


def seen_by(reported: ExperienceReport, persons: int) -> ExperienceReport:
    arms = tuple(a if a.arm == CONTROL else replace(a, exposures=persons) for a in reported.arms)
    return replace(reported, arms=arms)


def closed(reported: ExperienceReport) -> ExperienceReport:
    return replace(reported, about=replace(ABOUT, state="paused"))


def worse(reported: ExperienceReport) -> ExperienceReport:
    rail = Guardrail(
        name="return_rate", arm=A, treated=0.2, control=0.1, p_harm=0.001, state="harm"
    )
    return replace(reported, guardrails=(rail,))


def part_is(state: str) -> ExperienceReport:
    made = verified()
    return replace(made, parts=(replace(made.parts[0], state=state),))  # type: ignore[arg-type]


def few() -> ExperienceReport:
    made = undecided()
    waits = Unsettled(reason="too_few_conversions", need=100, have=12)
    arms = tuple(a if a.arm == CONTROL else replace(a, effect=waits) for a in made.arms)
    return replace(made, arms=arms)


def alone(reported: ExperienceReport) -> ExperienceReport:
    return replace(
        reported, parts=(), arms=tuple(a for a in reported.arms if a.arm in {CONTROL, A})
    )


def poor() -> ExperienceReport:
    """More people buy, but the amount may be zero."""
    made = alone(verified())
    arms = tuple(
        replace(
            a,
            effect=replace(a.effect, extra_revenue_interval=Interval(low=-1_000.0, high=90_000.0)),
        )
        if isinstance(a.effect, Effect)
        else a
        for a in made.arms
    )
    return replace(made, arms=arms)


# Per rule: a report in which it speaks, and one like it in which it does not.
STEPS: dict[str, tuple[Made, Made]] = {
    "find_split": (broken, lambda: replace(broken(), faults=("joined_orders",))),
    "send_orders": (broken, lambda: replace(broken(), faults=("sample_ratio",))),
    "start_anew": (broken, undecided),
    "pause": (harmful, lambda: closed(harmful())),
    "pause_paused": (lambda: closed(harmful()), harmful),
    "look_again": (lambda: noted(verified(), "effect_changed", 0), verified),
    "guardrail": (lambda: worse(verified()), verified),
    "roll_out": (verified, lambda: closed(verified())),
    "drop_others": (verified, lambda: alone(verified())),
    "keep_all": (total, verified),
    "end_it": (no_difference, undecided),
    "end_it_all": (lambda: replace(total(), state="no_relevant_difference"), no_difference),
    "find_harm": (lambda: replace(total(), state="harmful"), harmful),
    "extend": (undecided, no_difference),
    "make_control": (no_control, too_early),
    "check_trigger": (lambda: waiting("nobody_triggered", days=None), too_early),
    "bolder": (lambda: waiting("interval_wide", days=400), too_early),
    "wait": (too_early, lambda: waiting("interval_wide", days=400)),
    "wait_open": (lambda: waiting("windows_open", days=None), too_early),
    "widen": (lambda: reach(alone(verified()), 0.1), lambda: reach(alone(verified()), 0.3)),
    "seen_little": (lambda: seen_by(no_difference(), 20_000), no_difference),
    "join_more": (lambda: joined(no_difference(), 0.8), lambda: joined(no_difference(), 0.9)),
    "confirm_orders": (lambda: noted(no_difference(), "not_confirmed"), no_difference),
    "keep_split": (lambda: noted(no_difference(), "split_changed"), no_difference),
    "check_tag": (lambda: noted(no_difference(), "exposed_without_trigger"), no_difference),
    "test_part": (lambda: part_is("verified_effect"), lambda: part_is("undecided")),
    "spare_part": (lambda: part_is("harmful"), lambda: part_is("undecided")),
}
WARNINGS: dict[str, tuple[Made, Made]] = {
    "not_good_or_bad": (broken, too_early),
    "not_time": (no_control, too_early),
    "not_direction": (too_early, broken),
    "not_proved_null": (undecided, few),
    "not_proved_few": (few, undecided),
    "not_nothing": (no_difference, verified),
    "not_idea": (harmful, verified),
    "not_exact": (verified, no_difference),
    "not_money": (poor, verified),
    "not_each": (total, verified),
    "not_sum": (verified, total),
    "not_parts": (verified, harmful),
    "not_profit": (verified, harmful),
    "not_forever": (lambda: alone(no_difference()), harmful),
    "not_untouched": (harmful, too_early),
}


def said(key: str, reported: ExperienceReport) -> bool:
    rules = dict(NEXT) | dict(NOT_THIS)
    return rules[key](told(reported)) is not None


@pytest.mark.parametrize("key", STEPS)
def test_a_step_is_advised_when_its_reason_is_there_and_not_else(key: str) -> None:
    there, not_there = STEPS[key]

    assert said(key, there())
    assert not said(key, not_there())


@pytest.mark.parametrize("key", WARNINGS)
def test_a_warning_is_given_when_it_applies_and_not_else(key: str) -> None:
    there, not_there = WARNINGS[key]

    assert said(key, there())
    assert not said(key, not_there())


def test_no_rule_goes_untested() -> None:
    assert list(STEPS) == [key for key, _ in NEXT]
    assert list(WARNINGS) == [key for key, _ in NOT_THIS]


@pytest.mark.parametrize("state", BY_STATE)
def test_in_each_state_there_is_something_to_do_and_something_not_to_conclude(state: str) -> None:
    one = told(BY_STATE[state]())

    assert 1 <= len(next_steps(one)) <= MOST_STEPS
    assert len(not_to_conclude(one)) >= 2
    assert all(item.point and item.why for item in (*next_steps(one), *not_to_conclude(one)))


@pytest.mark.parametrize("made", [harmful, broken])
def test_what_is_urgent_comes_first(made: Made) -> None:
    worst = noted(worse(made()), "not_confirmed")

    first = next_steps(told(worst))[0].point

    assert first in {"Zet deze uiting vandaag stil.", "Zoek eerst wie er ontbreekt."}


def test_advice_on_a_broken_measurement_names_no_effect() -> None:
    made = replace(verified(), state="broken", faults=("sample_ratio",))

    points = [item.point + item.why for item in next_steps(told(made))]

    assert not any("11,0%" in p or "extra kopers" in p or "proef" in p for p in points)
