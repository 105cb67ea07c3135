"""What a report shows and hides, as an object, as JSON and in sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from etalage.domain.ids import CONTROL, ExperienceName, VariantName
from etalage.domain.report import (
    Effect,
    ExperienceReport,
    Fault,
    Guardrail,
    Missing,
    NoteKey,
    Part,
    Plan,
    State,
)
from etalage.domain.time import DAY
from etalage.measure.case import Shop, case_of
from etalage.measure.lines import headline, lines, words
from etalage.measure.questions import Answers, Covered, Entered, Found, Outcome
from etalage.measure.report import effects, report
from etalage.measure.shape import to_json

NAME, B, C = ExperienceName("welcome"), VariantName("b"), VariantName("c")
PLAN = Plan(name=NAME, started=0, shares={B: 0.5, CONTROL: 0.5})
SHOP = Shop(currency="EUR")


def entered(
    arm: str, persons: int, *, policy: str = "1", share: float = 0.5, day: int = 0
) -> Entered:
    return Entered(
        experience=NAME,
        policy=policy,
        arm=arm,
        crossed=False,
        day=day,
        propensity=round(1_000_000 * share),
        first=day * DAY,
        persons=persons,
        visitors=persons,
    )


def outcome(
    arm: str, persons: int, conversions: int, *, policy: str = "1", day: int = 8
) -> Outcome:
    """Let each converted person spend ten euro."""
    return Outcome(
        experience=NAME,
        policy=policy,
        arm=arm,
        crossed=False,
        day=day,
        cap=1_000,
        persons=persons,
        conversions=conversions,
        orders=conversions,
        revenue=1_000 * conversions,
        revenue_squares=1_000**2 * conversions,
        capped=1_000 * conversions,
        capped_squares=1_000**2 * conversions,
        foreign_orders=0,
        valueless=0,
    )


def reported(
    outcomes: Sequence[Outcome],
    *,
    days: int = 21,
    plan: Plan = PLAN,
    entries: Sequence[Entered] | None = None,
    unjoined: int = 0,
    shop: Shop = SHOP,
) -> ExperienceReport:
    entries = entries or [entered(row.arm, row.persons, policy=row.policy) for row in outcomes]
    given = Answers(
        triggered=tuple(entries),
        outcomes=tuple(outcomes),
        coverage=(Covered(experience=NAME, measurable=40_000, reached=10_000),),
        joined=(
            Found(experience=NAME, how="visitor", orders=1_000),
            Found(experience=NAME, how="none", orders=unjoined),
        ),
    )
    return report(given, [plan], shop=shop, now=days * DAY)[0]


CLEAR = [outcome("b", 5_000, 700), outcome("control", 5_000, 500)]
VAGUE = [outcome("b", 5_000, 520), outcome("control", 5_000, 500)]
WORSE = [outcome("b", 5_000, 300), outcome("control", 5_000, 500)]
SAME = [outcome("b", 200_000, 20_000), outcome("control", 200_000, 20_000)]


def test_a_verified_effect_shows_numbers_percentages_and_money() -> None:
    found = to_json(reported(CLEAR))
    variant, control = found["variants"]

    # By hand: SE .0064869 and .055032 of the log ratio, times c(N*) = 3.035209.
    assert found["state"] == "verified_effect"
    assert (found["coverage"], found["joined_share"], found["trust"]) == (0.25, 1.0, "confirmed")
    assert variant["extra_conversions"] == 200
    assert variant["extra_conversions_pct"] == 40
    assert variant["extra_revenue"] == 2_000  # euro
    assert variant["interval"]["low"] == 18.46
    assert variant["interval"]["high"] == 65.45
    assert variant["interval"]["extra_conversions"] == [101.6, 298.4]
    assert (variant["potential"], variant["cost_of_control"]) == (400, 200)
    assert (control["variant"], control["conversions"], control["interval"]) == (
        "control",
        500,
        None,
    )


def test_what_may_still_turn_round_is_not_shown() -> None:
    found = to_json(reported(VAGUE))
    variant = found["variants"][0]

    assert (found["state"], found["reason"]) == ("too_early", "interval_wide")
    assert found["expected_date"] == "1970-02-26"
    hidden = "extra_conversions extra_conversions_pct extra_revenue interval p potential".split()
    assert [variant[name] for name in hidden] == [None] * 6
    assert (variant["counted"], variant["conversions"]) == (5_000, 520)


def test_programs_see_no_more_of_what_may_still_turn_round_than_readers_do() -> None:
    watched = Guardrail(
        name="conversion", arm=B, treated=0.104, control=0.1, p_harm=1.0, state="fine"
    )
    early = replace(reported(VAGUE), guardrails=(watched,))
    late = replace(reported(CLEAR), guardrails=(watched,))

    assert early.arm(B).history  # it is known, but not told
    hidden, shown = to_json(early), to_json(late)
    assert [variant["history"] for variant in hidden["variants"]] == [[], []]
    assert shown["variants"][0]["history"][-1]["lift_pct"] == 40
    figures = [
        (one["guardrails"][0]["treated"], one["guardrails"][0]["control"])
        for one in (hidden, shown)
    ]
    assert figures == [(None, None), (0.104, 0.1)]
    assert hidden["guardrails"][0]["state"] == "fine"


def test_a_part_says_nothing_to_programs_before_the_whole_does() -> None:
    clear = reported(CLEAR)
    part = Part(dimension="device", value="phone", arms=clear.arms, state=clear.state)

    (early,) = to_json(replace(reported(VAGUE), parts=(part,)))["parts"]
    (late,) = to_json(replace(clear, parts=(part,)))["parts"]

    assert (early["state"], early["variants"][0]["state"]) == ("too_early", "too_early")
    assert early["variants"][0]["extra_conversions"] is None
    assert early["variants"][0]["counted"] == 5_000
    assert (late["state"], late["variants"][0]["extra_conversions"]) == ("verified_effect", 200)


def test_a_verdict_is_of_the_last_whole_week() -> None:
    late = [*CLEAR, outcome("b", 90, 9, day=16), outcome("control", 90, 9, day=16)]

    found = reported(late, days=18)

    assert found.look == 14 * DAY
    assert found.arm(B).counted == 5_000


def test_past_looks_follow_from_the_rows_of_their_days() -> None:
    # Verified after two weeks; in the third week very many come in whom it does nothing.
    faded = [outcome("b", 200_000, 20_000, day=20), outcome("control", 200_000, 20_000, day=20)]

    found = reported([*CLEAR, *faded], days=21)

    assert found.state == "verified_effect"
    assert [note.key for note in found.notes] == ["effect_changed"]
    assert reported(faded, days=21).state == "no_relevant_difference"


def test_an_undecided_question_says_how_long_it_would_still_take() -> None:
    plan = Plan(name=NAME, started=0, shares=PLAN.shares, ends=14 * DAY)

    found = reported(VAGUE, days=40, plan=plan)

    assert found.state == "undecided"
    assert found.look == 21 * DAY
    assert isinstance(found.arm(B).effect, Effect)
    assert found.unsettled is not None
    assert found.unsettled.need > 30_000
    assert found.unsettled.expected is not None
    assert found.unsettled.expected > 40 * DAY


def test_wrongly_filled_arms_hide_every_effect() -> None:
    found = reported([outcome("b", 5_000, 700), outcome("control", 4_500, 450)])

    assert found.state == "broken"
    assert found.faults == ("sample_ratio",)
    assert found.arm(B).effect is None
    assert to_json(found)["sample_ratio"]["counts"] == {"b": 5_000, "control": 4_500}


def test_arms_that_were_once_filled_wrongly_stay_suspect() -> None:
    entries = [
        entered("b", 800),
        entered("control", 500),
        entered("b", 4_200, day=5),
        entered("control", 4_500, day=5),
    ]

    found = reported(CLEAR, entries=entries)

    assert found.sample_ratio is not None
    assert found.sample_ratio.p_fixed == 1
    assert found.sample_ratio.p_continuous < 0.001
    assert found.state == "broken"


def test_an_uneven_split_that_was_configured_is_no_fault() -> None:
    plan = Plan(name=NAME, started=0, shares={B: 0.9, CONTROL: 0.1})
    outcomes = [outcome("b", 9_000, 1_260), outcome("control", 1_000, 100)]
    entries = [entered("b", 9_000, share=0.9), entered("control", 1_000, share=0.1)]

    assert reported(outcomes, plan=plan, entries=entries).state == "verified_effect"


def test_a_split_that_changed_is_compared_stretch_by_stretch() -> None:
    # No effect in either month. December sells thrice as much and was mostly treated: raw ratios would call it +143%.
    entries = [
        entered("b", 10_000, share=0.1),
        entered("control", 90_000, share=0.9),
        entered("b", 90_000, policy="2", share=0.9, day=10),
        entered("control", 10_000, policy="2", share=0.1, day=10),
    ]
    outcomes = [
        outcome("b", 10_000, 1_000),
        outcome("control", 90_000, 9_000),
        outcome("b", 90_000, 27_000, policy="2", day=18),
        outcome("control", 10_000, 3_000, policy="2", day=18),
    ]

    found = reported(outcomes, entries=entries)

    assert found.state == "no_relevant_difference"
    assert effects(found)[B].extra_conversions == pytest.approx(0, abs=1e-6)
    assert "split_changed" in [note.key for note in found.notes]


def test_new_content_with_the_same_split_is_one_stretch() -> None:
    entries = [entered(a, 2_500, policy=p) for a in ("b", "control") for p in ("1", "2")]
    outcomes = [outcome("b", 2_500, 350, policy=p) for p in ("1", "2")]
    outcomes += [outcome("control", 2_500, 250, policy=p) for p in ("1", "2")]

    found = reported(outcomes, entries=entries)

    assert effects(found) == effects(reported(CLEAR))
    assert found.notes == ()


def test_several_variants_share_the_five_per_cent() -> None:
    plan = Plan(name=NAME, started=0, shares={B: 0.4, C: 0.4, CONTROL: 0.2})
    outcomes = [
        outcome("b", 8_000, 1_120),
        outcome("c", 8_000, 800),
        outcome("control", 4_000, 400),
    ]
    entries = [entered("b", 8_000, share=0.4), entered("c", 8_000, share=0.4)]
    entries.append(entered("control", 4_000, share=0.2))

    found = reported(outcomes, plan=plan, entries=entries)

    assert found.state == "verified_effect"
    assert effects(found)[B].difference_interval.level == 0.975
    assert found.arm(C).state == "too_early"
    assert C not in effects(found)


def test_revenue_waits_for_a_hundred_orders_in_both_arms() -> None:
    quiz = Plan(name=NAME, started=0, shares=PLAN.shares, goal="sign_up")
    few = [row if row.arm == "b" else _with_orders(row, 99) for row in CLEAR]

    found = reported(few, plan=quiz)

    assert effects(found)[B].extra_conversions == pytest.approx(200)
    assert effects(found)[B].extra_revenue is None


def _with_orders(row: Outcome, orders: int) -> Outcome:
    fields = {name: getattr(row, name) for name in row.__struct_fields__}
    return Outcome(**{**fields, "orders": orders})


def test_without_a_control_there_is_nothing_to_say() -> None:
    found = reported([outcome("b", 5_000, 700)], plan=Plan(name=NAME, started=0, shares={B: 1.0}))

    assert (found.state, found.sample_ratio) == ("too_early", None)
    assert found.unsettled is not None
    assert found.unsettled.reason == "no_control"


# ---- Sentences ----------------------------------------------------------------------------------------


def test_a_verified_effect_in_both_languages() -> None:
    assert headline(reported(CLEAR), "nl") == (
        "welcome: bewezen effect. Variant b bracht 200 extra conversies (102 tot 298), +40% (+18,5% tot +65,5%)."
    )
    assert headline(reported(CLEAR), "en") == (
        "welcome: verified effect. b brought 200 extra conversions (102 to 298), +40% (+18.5% to +65.5%)."
    )


def test_too_early_names_what_is_missing_and_the_date() -> None:
    said = headline(reported([outcome("b", 950, 99), outcome("control", 950, 95)]), "nl")

    assert said.startswith(
        "welcome: nog te vroeg. De kleinste groep heeft 95 conversies, nodig zijn er 100."
    )
    assert re.search(r"Naar verwachting is er rond \d+ \w+ \d{4} een antwoord\.$", said)


def test_an_answer_that_is_years_away_is_not_promised() -> None:
    said = headline(reported([outcome("b", 500, 50), outcome("control", 500, 45)]), "nl")

    assert said.endswith(
        "Met dit aantal bezoekers komt er binnen een jaar geen antwoord; "
        "kies een doel dat dichter bij de boodschap ligt."
    )


def test_harm_counts_what_was_lost() -> None:
    assert headline(reported(WORSE), "en") == (
        "welcome: harmful. b cost 200 conversions (118 to 282); pause this experience."
    )


def test_broken_figures_say_why() -> None:
    found = reported([outcome("b", 5_000, 700), outcome("control", 4_500, 450)], unjoined=1_000)

    assert headline(found, "en") == (
        "welcome: measurement broken. The groups are not filled as configured: b 5,000, control 4,500. "
        "Only 50% of the orders were joined to a visitor."
    )


def test_the_joined_share_and_the_trust_stand_beside_every_purchase_figure() -> None:
    found = reported(CLEAR, shop=Shop(currency="EUR", orders="browser"), unjoined=250)

    assert lines(found, "en") == [
        "Coverage 25%: 10,000 of 40,000 measurable persons.",
        "80% of 1,250 orders were joined to a visitor.",
        "Not confirmed by the shop: the orders come from the browser.",
    ]


@pytest.mark.parametrize("outcomes", [CLEAR, VAGUE, WORSE, SAME])
def test_every_state_has_its_sentence_in_both_languages(outcomes: list[Outcome]) -> None:
    for language in ("nl", "en"):
        assert headline(reported(outcomes), language).startswith("welcome: ")


def test_both_languages_have_the_same_keys_and_fields() -> None:
    dutch, english = words()["nl"], words()["en"]

    assert dutch.keys() == english.keys()
    for key, sentence in dutch.items():
        assert set(re.findall(r"{\w+}", sentence)) == set(re.findall(r"{\w+}", english[key]))


def test_every_state_reason_fault_and_note_has_a_sentence() -> None:
    named = {key for kind in (State, Missing, Fault, NoteKey) for key in kind.__args__}
    others = {"nothing", "undecided_few", "expected", "expected_never", "joined", "coverage"}
    told = ("verified_effect", "no_relevant_difference", "undecided", "harmful")
    waits = ("expected_never", "nobody_triggered")
    of_all = {"total", *(f"{key}_total" for key in (*told, *waits))}

    assert words()["en"].keys() == named | others | of_all


@pytest.mark.parametrize("is_planned", [True, False])
def test_an_end_that_nobody_planned_is_judged_as_if_there_were_none(is_planned: bool) -> None:
    plan = Plan(
        name=NAME,
        started=0,
        shares=PLAN.shares,
        ends=28 * DAY,
        is_planned=is_planned,
        planned_sample=56_000,
    )

    rules = case_of(Answers(), plan, shop=Shop(currency="EUR"), now=40 * DAY).rules(B)

    assert rules.last_day == (35 if is_planned else None)
