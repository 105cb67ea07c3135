"""A plan in words: honest in both languages, and nothing sounds better than it is."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from etalage.domain.time import micros
from etalage.measure.lines import Language
from etalage.measure.planning.chance import Design, Traffic, steady
from etalage.measure.planning.lines import (
    _chance,
    headline,
    instead,
    sentences,
    table,
    to_json,
    words,
)
from etalage.measure.planning.outlook import PILOTS, Forecast, Public, outlook

NOW = micros(datetime(2026, 11, 22, 9, tzinfo=UTC))
RATES = {"purchase": 0.03, "begin_checkout": 0.06, "add_to_cart": 0.12, "view_item": 0.5}
BOTH: tuple[Language, Language] = ("nl", "en")


def plan(
    a_day: float,
    design: Design | None = PILOTS[0],
    *,
    days: int = 28,
    lift: float = 0.1,
    rates: dict[str, float] | None = None,
    is_own: bool = False,
    at_most: bool = False,
) -> Forecast:
    traffic = steady(a_day, RATES if rates is None else rates)
    traffic = traffic if a_day else Traffic(entered=(0,) * 28, rates={})
    public = Public(
        days=days, traffic=traffic, whole=steady(3 * a_day, RATES), is_own=is_own, at_most=at_most
    )
    found = None
    if design is not None and days >= 7:
        found = outlook(
            design, traffic, goal="purchase", window_days=7, lift=lift, whole=public.whole
        )
    return Forecast("welkom", NOW, public, lift, design is not None, found)


def everything(told: Forecast, language: Language) -> str:
    rows = [" ".join(row) for row in table(told, language)]
    return "\n".join(
        [headline(told, language), *sentences(told, language), *rows, *instead(told, language)]
    )


def test_both_languages_have_the_same_sentences_with_the_same_fields() -> None:
    def fields(language: Language) -> dict[str, set[str]]:
        return {key: set(re.findall(r"{(\w+)}", said)) for key, said in words()[language].items()}

    assert fields("nl") == fields("en")


def test_a_plan_that_can_be_decided_names_its_chance_and_its_day() -> None:
    said = everything(plan(5_000), "nl")

    assert said.startswith("welkom: dit kan beslist worden.")
    assert "gemiddeld 5.000 nieuwe personen" in said
    assert "3% van hen bereikt het doel 'purchase' binnen 7 dagen" in said
    assert "is de kans 88% op dit oordeel: bewezen effect" in said
    assert "Rond 27 december 2026 is die kans 80%." in said
    assert "Wat wel" not in said


def test_a_plan_that_cannot_be_decided_says_so_first_and_offers_what_can() -> None:
    said = everything(plan(1_500), "en")

    assert said.startswith("welkom: this cannot be decided as it is.")
    assert "What can be decided:" in said
    assert "Take 'begin_checkout' as the goal (6% reach it)" in said
    assert "if the message changes that goal by +10% too" in said


def test_where_nothing_can_be_decided_nothing_is_offered() -> None:
    told = plan(5)

    assert told.outlook is not None
    assert told.outlook.offers == ()
    (only,) = instead(told, "en")
    assert "cannot be verified within a year" in only
    assert "No reasonable effect has an 80% chance" in everything(told, "en")
    assert "ongeveer 2 conversies; onder de 100" in everything(told, "nl")


@pytest.mark.parametrize("language", BOTH)
def test_an_upper_bound_is_called_one(language: Language) -> None:
    bound = {"nl": "bovengrens", "en": "upper bound"}[language]

    assert bound in everything(plan(500, at_most=True), language)
    assert bound not in everything(plan(500), language)
    assert words()[language]["own"] in everything(plan(500, is_own=True), language)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (plan(500, None), "geen controlegroep"),
        (plan(500, days=3), "3 van de 7 dagen"),
        (plan(0), "kwam er niemand"),
        (plan(500, rates={}), "bereikte niemand het doel 'purchase'"),
    ],
)
def test_without_something_to_go_by_there_is_one_sentence_and_no_figure(
    told: Forecast, says: str
) -> None:
    assert says in headline(told, "nl")
    assert (sentences(told, "nl"), table(told, "nl")) == ([], [])
    assert "%" not in everything(told, "nl").replace("+10%", "")


def test_the_designs_stand_side_by_side() -> None:
    titles, written, four, six, programme = table(plan(1_000, lift=0.2), "nl")

    assert titles == ["opzet", "geteld", "kans bij +20%", "kleinste effect", "80% rond"]
    assert written[0] == "zoals geschreven, tot 20 december 2026"
    assert [four[0], six[0]] == ["pilot, 50/50, 4 weken", "pilot, 50/50, 6 weken"]
    assert programme[0] == "programma, 20% controle"
    assert written[1:] == four[1:]


@pytest.mark.parametrize(
    ("chance", "said"),
    [(0.7999, "79%"), (0.8, "80%"), (0.999, "> 99%"), (1.0, "> 99%"), (0.0, "0%")],
)
def test_a_chance_is_never_rounded_up(chance: float, said: str) -> None:
    assert _chance(chance, "en") == said


def test_programs_get_the_same_plan() -> None:
    told = plan(1_500)
    plain = to_json(told)

    assert told.outlook is not None
    assert plain["can_be_decided"] is False
    assert plain["design"]["planned_days"] == 28
    assert plain["design"]["chance"] == pytest.approx(told.outlook.chosen.chance, abs=1e-4)
    assert [one["offer"] for one in plain["offers"]] == [one.kind for one in told.outlook.offers]
    assert all(one["decided_by"] > "2026-11-22" for one in plain["offers"])
    assert to_json(plan(500, None))["design"] is None
