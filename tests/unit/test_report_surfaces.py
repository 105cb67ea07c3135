"""What is strange about a shop's figures takes no report down: as JSON, sentences, page and mail, in both languages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import get_args

import pytest
from msgspec.structs import replace
from test_measure_report import CLEAR, NAME, PLAN, VAGUE, B, outcome, reported

from etalage.domain.ids import CONTROL
from etalage.domain.report import ExperienceReport, Missing, Plan, State, Unsettled
from etalage.domain.time import DAY, ShopZone
from etalage.measure.lines import Language, headline, lines
from etalage.measure.page.build import page
from etalage.measure.page.html import html
from etalage.measure.page.mail import mail
from etalage.measure.questions import Outcome
from etalage.measure.shape import to_json
from etalage.unify.batch import view_statements

NEVER_ALIKE = Plan(name=NAME, started=0, shares={B: 0.9, CONTROL: 0.1})
HUGE = Plan(name=NAME, started=0, shares={B: 0.5, CONTROL: 0.5}, planned_sample=10_000_000)

WORLDS: dict[str, tuple[Sequence[Outcome], Plan, int]] = {
    "nobody": ([], PLAN, 60),
    "one person each": ([outcome("b", 1, 0), outcome("control", 1, 0)], NEVER_ALIKE, 400),
    "one conversion each": ([outcome("b", 2, 1), outcome("control", 2, 1)], HUGE, 30),
    "all converted": ([outcome("b", 500, 500), outcome("control", 500, 500)], PLAN, 30),
    "nearly all": ([outcome("b", 5_000, 4_990), outcome("control", 5_000, 4_980)], PLAN, 30),
    "nobody any more": ([outcome("b", 20_000, 0), outcome("control", 20_000, 600)], PLAN, 30),
    "hardly anybody": ([outcome("b", 20_000, 30), outcome("control", 20_000, 600)], PLAN, 30),
    "no control": ([outcome("b", 500, 50)], PLAN, 30),
}


def told(found: ExperienceReport, language: Language, *, now: int) -> str:
    """Tell it in every way; give all that was said."""
    paper = page(
        [found],
        shop="Noord",
        zone=ShopZone("Europe/Amsterdam"),
        language=language,
        views=view_statements(),
        now=now,
    )
    said = json.dumps(to_json(found), allow_nan=False)
    return "\n".join(
        [said, headline(found, language), *lines(found, language), html(paper), mail(paper).html]
    )


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("world", WORLDS)
def test_every_surface_tells_of_every_strange_world(world: str, language: Language) -> None:
    outcomes, plan, days = WORLDS[world]

    said = told(reported(outcomes, plan=plan, days=days), language, now=days * DAY)

    assert "Noord" in said
    assert "{" not in headline(reported(outcomes, plan=plan, days=days), language)


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("state", ["too_early", "undecided"])
@pytest.mark.parametrize("reason", get_args(Missing))
def test_every_reason_to_wait_is_told_on_every_surface(
    reason: Missing, state: State, language: Language
) -> None:
    found = reported(VAGUE)
    for need in (0, 1, 100):
        for expected in (None, 40 * DAY, 4_000 * DAY):
            missing = Unsettled(reason=reason, need=need, have=10, expected=expected)
            arms = tuple(
                arm if arm.effect is None else replace(arm, effect=missing, state=state)
                for arm in found.arms
            )
            open_one = replace(found, state=state, unsettled=missing, arms=arms)

            assert told(open_one, language, now=30 * DAY)


def test_a_date_that_is_ages_away_is_still_a_date() -> None:
    outcomes, plan, days = WORLDS["one person each"]

    said = to_json(reported(outcomes, plan=plan, days=days))

    assert "2050" < said["expected_date"] < "2073"  # at most a hundred years after 1971


@pytest.mark.parametrize(
    ("converted", "of", "state"),
    [
        (0, 600, "harmful"),
        (30, 600, "harmful"),
        (0, 60, "harmful"),
        (0, 40, "too_early"),  # too few in the control to know what is usual
        (45, 60, "too_early"),  # as chance may have it
    ],
)
def test_harm_does_not_wait_for_people_who_no_longer_buy(
    converted: int, of: int, state: State
) -> None:
    found = reported([outcome("b", 20_000, converted), outcome("control", 20_000, of)])

    assert found.state == state


def test_a_clear_effect_is_not_taken_for_harm() -> None:
    assert reported(CLEAR).state == "verified_effect"
