"""A small world in DuckDB, counted by hand: what the questions and the report say of it, to the last figure."""

from __future__ import annotations

import pytest
from report_world import (
    NOW,
    START,
    Fields,
    asked,
    decided,
    event,
    link,
    moment,
    order,
)

from etalage.domain.ids import CONTROL, HOLDOUT, ExperienceName, VariantName
from etalage.domain.report import ANY_MESSAGE, ExperienceReport, Plan
from etalage.domain.time import DAY, HOUR
from etalage.errors import BadInput
from etalage.measure.case import Shop, everything
from etalage.measure.questions import Answers, stages
from etalage.measure.report import report

B, A = VariantName("b"), VariantName("a")
WELCOME, QUIZ = ExperienceName("welcome"), ExperienceName("quiz")

PLANS = [
    Plan(name=WELCOME, started=START, shares={B: 0.5, CONTROL: 0.5}),
    Plan(name=QUIZ, started=START, shares={A: 0.5, CONTROL: 0.5}, goal="sign_up", window=DAY),
    everything(started=START, holdout_share=0.05),
]

WORLD: list[Fields] = [
    # Karel, two browsers, one person. He buys on the second, returns a part later, and orders by phone.
    link("karel-phone", "C-karel"),
    link("karel-laptop", "C-karel"),
    moment("karel-phone", 1, "b"),
    moment("karel-phone", 1, "b", "view_promotion"),
    moment("karel-phone", 1, "b", "select_promotion"),
    moment("karel-laptop", 2, "b"),
    order("karel-laptop", 3, "o-1", 10_000),
    event("refund", None, 9, transaction="o-1", value=3_000, trust="confirmed", currency="EUR"),
    order(None, 4, "o-2", 2_500, customer="C-karel"),
    # A browser cannot refund what the shop confirmed.
    event("refund", "karel-phone", 9, transaction="o-2", trust="claimed"),
    # Fatima, control: one order before the moment, one after it that only her browser says is hers.
    order("fatima", 0.5, "o-3", 7_700),
    moment("fatima", 1, "control"),
    order(None, 2, "o-4", 5_000),
    event("purchase_claim", "fatima", 2, transaction="o-4", trust="claimed"),
    # Gita orders at the very moment that her window is over.
    moment("gita", 1, "b"),
    order("gita", 8, "o-5", 8_800),
    # Hans pays in dollars: a conversion, no euro.
    moment("hans", 2, "b"),
    order("hans", 3, "o-6", 4_000, currency="USD"),
    # Ivo met two arms; the first counts, and he is flagged.
    link("ivo-1", "C-ivo"),
    link("ivo-2", "C-ivo"),
    moment("ivo-1", 1, "control"),
    moment("ivo-2", 2, "b"),
    order("ivo-2", 4, "o-7", 2_000),
    # Jip never gives consent: in no figure.
    moment("jip", 1, "b", purposes=[]),
    event("page_view", "jip", 1, purposes=[]),
    # Kim is in the holdout.
    moment("kim", 1, "holdout"),
    order("kim", 2, "o-8", 1_000),
    # Lea saw it, but no moment was logged.
    moment("lea", 1, "b", "view_promotion"),
    # Mo's window is still open.
    moment("mo", 15, "control"),
    order("mo", 16, "o-9", 6_000),
    # Nora's order came twice.
    moment("nora", 1, "control"),
    order("nora", 2, "o-10", 1_500),
    order("nora", 2, "o-10", 1_500),
    # Piet only looks around, and buys; an order that finds nobody; an order from before the start.
    event("page_view", "piet", 5),
    order("piet", 6, "o-13", 1_200),
    order(None, 5, "o-11", 9_900),
    order("piet", -1, "o-12", 100),
    # The quiz: Karel signs up twice within the day, on the other browser; Fatima a day late.
    moment("karel-phone", 10, "a", experience="quiz"),
    event("sign_up", "karel-laptop", 10.5),
    event("sign_up", "karel-laptop", 10.6),
    moment("fatima", 10, "control", experience="quiz"),
    event("sign_up", "fatima", 12),
    event("sign_up", "fatima", 10.1, purposes=[]),
    # Everybody's page asked for messages; Kim was kept from all of them.
    *(decided(visitor, 1) for visitor in ("karel-phone", "fatima", "gita", "ivo-1", "nora", "lea")),
    *(decided(visitor, 2) for visitor in ("karel-laptop", "hans", "ivo-2")),
    decided("kim", 1, "holdout"),
    decided("piet", 5),
    decided("mo", 15),
]


@pytest.fixture(scope="module")
def seen() -> Answers:
    return asked(WORLD, PLANS)


@pytest.fixture(scope="module")
def welcome(seen: Answers) -> ExperienceReport:
    return report(seen, PLANS, shop=Shop(currency="EUR"), now=NOW)[0]


@pytest.fixture(scope="module")
def quiz(seen: Answers) -> ExperienceReport:
    return report(seen, PLANS, shop=Shop(currency="EUR"), now=NOW)[1]


@pytest.fixture(scope="module")
def total(seen: Answers) -> ExperienceReport:
    return report(seen, PLANS, shop=Shop(currency="EUR"), now=NOW)[2]


def counts(reported: ExperienceReport, arm: VariantName) -> dict[str, int]:
    names = "visitors triggered exposures clicks counted conversions orders revenue".split()
    return {name: getattr(reported.arm(arm), name) for name in names}


def test_the_variant_counts_persons_and_their_orders_in_the_window(
    welcome: ExperienceReport,
) -> None:
    assert counts(welcome, B) == {
        "visitors": 4,  # Karel's two browsers, Gita's, Hans's
        "triggered": 3,
        "exposures": 2,  # Karel and Lea
        "clicks": 1,
        "counted": 3,
        "conversions": 2,  # Karel, Hans
        "orders": 3,
        "revenue": 7_000 + 2_500,
    }


def test_the_control_counts_alike(welcome: ExperienceReport) -> None:
    assert counts(welcome, CONTROL) == {
        "visitors": 5,  # with both of Ivo's
        "triggered": 4,  # Fatima, Ivo, Mo, Nora
        "exposures": 0,
        "clicks": 0,
        "counted": 2,  # Mo's window is open; Ivo left, since more than 1% are crossed
        "conversions": 2,
        "orders": 2,
        "revenue": 5_000 + 1_500,
    }


def test_the_holdout_is_kept_apart_from_the_control(welcome: ExperienceReport) -> None:
    assert counts(welcome, HOLDOUT) == {
        "visitors": 1,
        "triggered": 1,
        "exposures": 0,
        "clicks": 0,
        "counted": 1,
        "conversions": 1,
        "orders": 1,
        "revenue": 1_000,
    }
    assert welcome.sample_ratio is not None
    assert welcome.sample_ratio.counts == {B: 3, CONTROL: 4}


def test_whoever_met_two_arms_counts_for_the_first_and_is_flagged(seen: Answers) -> None:
    crossed = [row for row in seen.triggered if row.crossed]

    assert [(row.experience, row.arm, row.persons, row.visitors) for row in crossed] == [
        ("welcome", "control", 1, 2)
    ]
    mine = [row for row in seen.outcomes if row.crossed]
    assert [(row.arm, row.conversions, row.revenue) for row in mine] == [("control", 1, 2_000)]


def test_too_many_crossed_persons_leave_the_analysis(welcome: ExperienceReport) -> None:
    assert welcome.crossed == 1
    assert welcome.crossed_share == 1 / 8
    assert "crossed_left_out" in [note.key for note in welcome.notes]


def test_a_few_crossed_persons_stay_where_they_were_first() -> None:
    others = [moment(f"v-{i}", 1, "b" if i % 2 else "control") for i in range(200)]

    found = report(asked([*WORLD, *others], PLANS), PLANS, shop=Shop(currency="EUR"), now=NOW)[0]

    assert found.arm(CONTROL).counted == 103  # with Ivo
    assert found.arm(CONTROL).revenue == 5_000 + 1_500 + 2_000
    assert "crossed" in [note.key for note in found.notes]


def test_coverage_is_of_those_who_may_be_measured(welcome: ExperienceReport) -> None:
    assert welcome.coverage.measurable == 10  # without Jip
    assert welcome.coverage.reached == 9  # all of them but Piet
    assert welcome.coverage.share == 0.9


def test_of_who_is_frozen_nothing_is_counted_on_any_of_her_browsers() -> None:
    def counted(*more: Fields) -> tuple[int, int, int, int]:
        found = report(asked([*WORLD, *more], PLANS), PLANS, shop=Shop(currency="EUR"), now=NOW)[0]
        arm = found.arm(B)
        return arm.triggered, arm.orders, arm.exposures, found.coverage.measurable

    vera = [
        link("vera-phone", "C-vera"),
        link("vera-laptop", "C-vera"),
        moment("vera-phone", 1, "b"),
        moment("vera-laptop", 1, "b", "view_promotion"),
        order("vera-laptop", 2, "N-vera", 900),
    ]
    frozen = event("restriction", "vera-phone", 3, properties='{"restricted": true}')

    before = counted()
    assert counted(*vera) == tuple(figure + 1 for figure in before)
    assert counted(*vera, frozen) == before


def test_a_report_tells_of_so_many_messages_at_once_and_no_more() -> None:
    plans = [Plan(name=WELCOME, started=START, shares={B: 0.5, CONTROL: 0.5})] * 4_097

    with pytest.raises(BadInput, match="4,097 messages at once; a report tells of at most 4,096"):
        stages(plans, currency="EUR", now=NOW)


def test_who_was_there_before_and_after_was_not_there_meanwhile() -> None:
    plans = [Plan(name=WELCOME, started=START, shares={B: 0.5, CONTROL: 0.5}, ends=START + 4 * DAY)]
    around = [event("page_view", "otto", -1), event("page_view", "otto", 6)]
    through = [
        event("page_view", "rosa", -1),
        event("page_view", "rosa", 2),
        event("page_view", "rosa", 6),
    ]
    after = [event("page_view", "sem", 6)]

    found = report(
        asked([*around, *through, *after], plans), plans, shop=Shop(currency="EUR"), now=NOW
    )

    assert (found[0].coverage.measurable, found[0].coverage.reached) == (1, 0)


def test_the_joined_share_of_the_orders_stands_beside_the_figures(
    welcome: ExperienceReport,
) -> None:
    assert welcome.joined.by_way == {"claim": 1, "identifier": 1, "none": 1, "visitor": 9}
    assert welcome.joined.share == 1 - 1 / 12


def test_what_was_left_out_is_said(welcome: ExperienceReport) -> None:
    said = {note.key: note.count for note in welcome.notes}

    assert said == {"other_currency": 1, "crossed_left_out": 1, "exposed_without_trigger": 1}


def test_revenue_is_capped_at_an_amount_somebody_spent(welcome: ExperienceReport) -> None:
    assert welcome.revenue_cap == 9_500
    assert welcome.arm(B).revenue_capped == 9_500


def test_a_cap_that_was_fixed_before_stays() -> None:
    plans = [Plan(name=WELCOME, started=START, shares={B: 0.5, CONTROL: 0.5}, revenue_cap=4_000)]

    found = report(asked(WORLD, plans), plans, shop=Shop(currency="EUR"), now=NOW)[0]

    assert found.revenue_cap == 4_000
    assert (found.arm(B).revenue, found.arm(B).revenue_capped) == (9_500, 4_000)
    assert (found.arm(CONTROL).revenue, found.arm(CONTROL).revenue_capped) == (6_500, 5_500)
    rows = [row for row in asked(WORLD, plans).outcomes if row.arm == "b" and row.revenue]
    assert [(r.revenue_squares, r.capped_squares) for r in rows] == [(9_500**2, 4_000**2)]


def test_nothing_is_concluded_from_five_persons(welcome: ExperienceReport) -> None:
    assert welcome.state == "too_early"
    assert welcome.unsettled is not None
    assert welcome.unsettled.reason == "too_few_conversions"
    assert (welcome.unsettled.need, welcome.unsettled.have) == (100, 2)
    assert welcome.trust == "confirmed"


def test_another_goal_counts_persons_once_within_their_window(quiz: ExperienceReport) -> None:
    assert (quiz.arm(A).counted, quiz.arm(A).conversions) == (1, 1)
    assert (quiz.arm(CONTROL).counted, quiz.arm(CONTROL).conversions) == (1, 0)
    assert quiz.trust == "claimed"
    assert [note.key for note in quiz.notes] == ["measured_in_browser"]


def test_all_messages_together_are_compared_with_the_holdout(total: ExperienceReport) -> None:
    assert counts(total, ANY_MESSAGE) == {
        "visitors": 11,  # Karel 2, Ivo 2, Fatima, Gita, Hans, Lea, Mo, Nora, Piet
        "triggered": 9,  # also Lea and Piet, for whom no moment ever came
        "exposures": 2,
        "clicks": 1,
        "counted": 8,
        "conversions": 6,
        "orders": 7,
        "revenue": 9_500 + 5_000 + 2_000 + 1_500 + 1_200,
    }
    assert total.arm(HOLDOUT).conversions == 1
    assert total.crossed == 0  # for the total, Ivo was in one arm


def test_before_any_window_is_closed_nobody_is_counted() -> None:
    now = START + 7 * DAY

    found = report(asked(WORLD, PLANS, now), PLANS, shop=Shop(currency="EUR"), now=now)[0]

    assert (found.arm(B).triggered, found.arm(B).counted) == (3, 0)
    assert found.unsettled is not None
    assert found.unsettled.reason == "windows_open"


def test_who_is_triggered_after_the_planned_end_is_not_compared() -> None:
    plans = [
        Plan(name=WELCOME, started=START, shares={B: 0.5, CONTROL: 0.5}, ends=START + 10 * DAY)
    ]

    found = report(asked(WORLD, plans), plans, shop=Shop(currency="EUR"), now=NOW)[0]

    assert found.arm(CONTROL).triggered == 3  # without Mo
    assert found.state == "undecided"
    assert found.look == NOW


def test_a_shop_without_server_orders_says_so(seen: Answers) -> None:
    found = report(seen, PLANS, shop=Shop(currency="EUR", orders="browser"), now=NOW)[0]

    assert found.trust == "claimed"
    assert found.notes[0].key == "not_confirmed"


def test_orders_that_find_nobody_break_the_verdict() -> None:
    strays = [order(None, 6, f"s-{i}", 100) for i in range(4)]

    found = report(asked([*WORLD, *strays], PLANS), PLANS, shop=Shop(currency="EUR"), now=NOW)[0]

    assert found.joined.share == pytest.approx(11 / 16)
    assert found.state == "broken"
    assert found.faults == ("joined_orders",)


def test_an_empty_log_gives_reports_without_figures() -> None:
    found = report(asked([], PLANS), PLANS, shop=Shop(currency="EUR"), now=NOW)

    assert [r.state for r in found] == ["too_early"] * 3
    assert found[0].coverage.share is None
    assert found[0].joined.share is None
    assert found[0].unsettled is not None
    assert found[0].unsettled.reason == "nobody_triggered"


def test_the_order_of_the_log_changes_nothing(seen: Answers) -> None:
    shop = Shop(currency="EUR")
    backwards = asked(list(reversed(WORLD)), PLANS)

    assert report(backwards, PLANS, shop=shop, now=NOW) == report(seen, PLANS, shop=shop, now=NOW)


def test_one_hour_is_no_day() -> None:
    # The window of the quiz is a day: a sign-up 23 hours later counts, one after 24 does not.
    world = [
        moment("v-1", 1, "a", experience="quiz"),
        event("sign_up", "v-1", 1, time=START + DAY + 23 * HOUR),
        moment("v-2", 1, "a", experience="quiz"),
        event("sign_up", "v-2", 1, time=START + DAY + 24 * HOUR),
    ]

    found = report(asked(world, PLANS), PLANS, shop=Shop(currency="EUR"), now=NOW)[1]

    assert (found.arm(A).counted, found.arm(A).conversions) == (2, 1)
