"""What a report says where the data is poor: never a figure that is none, never a p of 1 or an effect of 0 for 'unknown'."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from report_world import NOW, START, Fields, asked, decided, event, moment, order, reported

from etalage.domain.ids import CONTROL, ExperienceName, VariantName
from etalage.domain.report import ExperienceReport, Plan, Unsettled
from etalage.domain.time import DAY
from etalage.measure.case import Shop
from etalage.measure.lines import headline
from etalage.measure.report import report

B = VariantName("b")
WELCOME = ExperienceName("welcome")
PLAN = Plan(name=WELCOME, started=START, shares={B: 0.5, CONTROL: 0.5})


def crowd(
    arm: str, persons: int, buyers: int, *, days: float = 1, **fields: object
) -> Iterator[Fields]:
    """Let so many persons meet the message in this arm, of whom the first ones buy for ten euro an hour later."""
    for number in range(persons):
        visitor = f"{arm}-{days}-{number}"
        yield moment(visitor, days, arm, **fields)
        if number < buyers:
            yield order(visitor, days + 1 / 24, f"o-{visitor}", 1_000)


def shows_no_effect(told: ExperienceReport) -> bool:
    """Tell whether no variant has any figure of an effect."""
    return all(arm.effect is None or isinstance(arm.effect, Unsettled) for arm in told.arms)


def test_without_a_control_there_is_no_effect_but_a_reason() -> None:
    plan = Plan(name=WELCOME, started=START, shares={B: 1.0})

    told = reported(crowd("b", 300, 150), plan)

    assert (told.state, told.unsettled) == ("too_early", Unsettled(reason="no_control"))
    assert shows_no_effect(told)
    assert (told.guardrails, told.ratios) == ((), ())
    assert headline(told, "en").startswith(
        "welcome: cannot be measured. There is no control group, so nothing to compare with, however"
    )
    assert "{kind: split, control: 0.1}" in headline(told, "nl")


def test_an_empty_arm_is_broken_and_not_an_effect_of_everything() -> None:
    told = reported(crowd("b", 300, 150), PLAN)

    assert (told.state, told.faults) == ("broken", ("sample_ratio",))
    assert told.arm(B).effect is None


def test_before_an_empty_arm_can_be_no_accident_it_is_too_early() -> None:
    told = reported(crowd("b", 4, 2), PLAN)

    assert told.state == "too_early"
    assert told.unsettled is not None
    assert told.unsettled.reason == "windows_open"
    assert shows_no_effect(told)


def test_one_conversion_is_no_effect() -> None:
    told = reported([*crowd("b", 200, 1), *crowd("control", 200, 0)], PLAN)

    assert told.state == "too_early"
    assert told.unsettled is not None
    assert (told.unsettled.reason, told.unsettled.have) == ("too_few_conversions", 0)
    assert shows_no_effect(told)
    assert [rail.p_harm for rail in told.guardrails] == [None] * 4
    assert told.arm(B).history == ()


def test_where_everybody_converts_there_is_nothing_to_be_learned() -> None:
    told = reported([*crowd("b", 200, 200), *crowd("control", 200, 200)], PLAN)

    assert told.state == "too_early"
    assert told.unsettled is not None
    assert (told.unsettled.reason, told.unsettled.have) == ("all_converted", 0)
    assert shows_no_effect(told)


def test_an_order_below_zero_is_an_order_without_an_amount() -> None:
    world = [*crowd("b", 3, 1), *crowd("control", 3, 1), order("b-1-1", 1.1, "minus", -5_000)]

    told = reported(world, PLAN)

    assert (told.arm(B).orders, told.arm(B).revenue) == (2, 1_000)
    assert "without_value" in [note.key for note in told.notes]


def test_more_paid_back_than_was_paid_is_no_negative_revenue() -> None:
    world = [
        *crowd("b", 3, 2),
        *crowd("control", 3, 1),
        event("refund", None, 9, transaction="o-b-1-0", value=9_900, trust="confirmed"),
    ]

    told = reported(world, PLAN)

    assert told.arm(B).revenue == 1_000  # of the other order
    assert told.arm(B).orders == 2


def test_currencies_are_never_added_up() -> None:
    dollars = order("b-1-1", 1.1, "dollars", 7_000, currency="USD")

    told = reported([*crowd("b", 3, 1), *crowd("control", 3, 1), dollars], PLAN)

    assert (told.arm(B).conversions, told.arm(B).revenue) == (2, 1_000)
    assert {note.key: note.count for note in told.notes}["other_currency"] == 1


def test_a_split_that_changed_half_way_is_never_pooled() -> None:
    # Nothing works, but the second week sells four times as much and is mostly treated: pooled it would be +88%.
    world = [
        *crowd("b", 200, 20, days=1, propensity=100_000),
        *crowd("control", 1_800, 180, days=1, propensity=900_000),
        *crowd("b", 1_800, 720, days=8, policy="2", propensity=900_000),
        *crowd("control", 200, 80, days=8, policy="2", propensity=100_000),
    ]
    plan = Plan(name=WELCOME, started=START, shares={B: 0.9, CONTROL: 0.1})

    told = reported(world, plan, now=START + 21 * DAY)

    assert "split_changed" in [note.key for note in told.notes]
    assert told.arm(B).history[-1].difference == pytest.approx(0)
    assert told.sample_ratio is not None
    assert told.sample_ratio.p_fixed == pytest.approx(1)


def test_an_order_counts_in_each_message_and_is_never_added_up() -> None:
    quiz = Plan(name=ExperienceName("quiz"), started=START, shares={B: 0.5, CONTROL: 0.5})
    world = [
        *crowd("b", 2, 1),
        *crowd("control", 2, 0),
        moment("b-1-0", 1, "control", experience="quiz"),
        decided("b-1-0", 1),
    ]
    total = Plan(
        name=ExperienceName("*"),
        started=START,
        shares={VariantName("messages"): 0.95, VariantName("holdout"): 0.05},
        control=VariantName("holdout"),
    )
    plans = [PLAN, quiz, total]

    told = report(asked(world, plans), plans, shop=Shop(currency="EUR"), now=NOW)

    assert told[0].arm(B).orders == 1
    assert told[1].arm(CONTROL).orders == 1
    assert told[2].arm(VariantName("messages")).orders == 1  # and not two


def test_programs_in_one_arm_break_it_and_are_named_with_their_day_and_device() -> None:
    people = [*crowd("b", 40, 6), *crowd("control", 40, 6)]
    phones = [dict(one, device="phone") for one in people]
    robots = [
        moment(f"robot-{number}", 2.0 + number / 1e5, "b", device="desktop") for number in range(60)
    ]
    noise = [
        event("page_view", f"robot-{number}", 2.1, day=7)
        for number in range(60)
        for _ in range(301)
    ]

    told = reported([*phones, *robots, *noise], PLAN)

    assert (told.state, told.faults) == ("broken", ("sample_ratio",))
    assert told.sample_ratio is not None
    uneven = {(part.dimension, part.value) for part in told.sample_ratio.parts if part.p < 0.001}
    assert uneven == {("device", "desktop"), ("day", "2")}
    assert [cause.key for cause in told.sample_ratio.causes] == ["programs"]
    assert told.sample_ratio.causes[0].counts == {B: 60, CONTROL: 0}


def test_moments_that_came_late_in_one_arm_are_named() -> None:
    late = [
        moment(f"late-{number}", 2, "b", decided=START + DAY, propensity=500_000)
        for number in range(90)
    ]

    told = reported([*crowd("b", 90, 60), *crowd("control", 90, 60), *late], PLAN)

    assert told.sample_ratio is not None
    assert [cause.key for cause in told.sample_ratio.causes] == ["late"]


def test_a_consent_that_got_lost_in_one_arm_is_named() -> None:
    silent = [moment(f"silent-{number}", 2, "control", purposes=[]) for number in range(80)]

    told = reported([*crowd("b", 200, 60), *crowd("control", 120, 40), *silent], PLAN)

    assert told.state == "broken"
    assert told.sample_ratio is not None
    assert [cause.key for cause in told.sample_ratio.causes] == ["consent"]


def test_arms_that_are_filled_well_have_no_causes() -> None:
    told = reported([*crowd("b", 150, 60), *crowd("control", 150, 60)], PLAN)

    assert told.sample_ratio is not None
    assert told.sample_ratio.causes == ()
    assert "causes" not in [source.question for source in told.sources]


def test_a_window_is_as_long_in_the_night_of_the_clock_change() -> None:
    # On 25 October 2026 Amsterdam's day has 25 hours. A window of a day is 24 hours all the same, in both arms.
    evening = round(datetime(2026, 10, 24, 20, tzinfo=UTC).timestamp() * 1e6)
    at = (evening - START) / DAY
    plan = Plan(name=WELCOME, started=evening - DAY, shares={B: 0.5, CONTROL: 0.5}, window=DAY)
    hour = 1 / 24
    world = [
        moment("in", at, "b"),
        order("in", at + 23.5 * hour, "o-in", 1_000),
        moment("out", at, "control"),
        order("out", at + 24.5 * hour, "o-out", 1_000),
    ]

    told = reported(world, plan, now=evening + 5 * DAY)

    assert [told.arm(arm).conversions for arm in (B, CONTROL)] == [1, 0]
    assert [told.arm(arm).counted for arm in (B, CONTROL)] == [1, 1]


def test_an_order_before_the_moment_is_no_conversion() -> None:
    world = [*crowd("b", 1, 0), order("b-1-0", 0.9, "before", 5_000), *crowd("control", 1, 0)]

    told = reported(world, PLAN)

    assert (told.arm(B).conversions, told.arm(B).revenue) == (0, 0)


def test_with_four_in_ten_orders_joined_nothing_is_concluded() -> None:
    strays = [order(None, 2, f"stray-{number}", 1_000) for number in range(330)]

    told = reported([*crowd("b", 400, 150), *crowd("control", 400, 70), *strays], PLAN)

    assert told.joined.share == pytest.approx(0.4)
    assert (told.state, told.faults) == ("broken", ("joined_orders",))
    assert told.arm(B).effect is None
    assert told.arm(B).history == ()


def test_a_person_in_two_arms_counts_once_in_the_first() -> None:
    linked = [event("identify", v, 0.1, customer="C-1") for v in ("b-1-0", "control-1-0")]

    told = reported([*crowd("b", 200, 0), *crowd("control", 200, 0), *linked], PLAN)

    assert told.crossed == 1
    assert sum(arm.triggered for arm in told.arms) == 399
