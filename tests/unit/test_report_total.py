"""The chapter of all messages together speaks of messages and the holdout, never of one message and its control."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import pytest
from msgspec.structs import replace
from report_examples import BY_STATE, total

from etalage.domain.report import ExperienceReport, Guardrail, Note, Unsettled
from etalage.domain.time import ShopZone
from etalage.measure.lines import headline
from etalage.measure.page.chapter import chapter
from etalage.measure.page.say import Language, Say
from etalage.measure.page.told import Told

LANGUAGES = pytest.mark.parametrize("language", ["nl", "en"])
OF_ONE = {
    "nl": r"controlegroep|\bde aanleiding\b|\bde uiting\b(?! die schaadt)|\bdeze uiting\b|variant",
    "en": r"control group|\bthe moment\b|\bthe message\b(?! that harms)|\bthis message\b|variant",
}


def in_state(state: str) -> ExperienceReport:
    """Give a total in a state, with all there is to say in it."""
    alike, found = BY_STATE[state](), total()
    effect = alike.arms[0].effect
    arms = [replace(a, state=state, effect=effect) if a.state else a for a in found.arms]  # type: ignore[arg-type]
    rail = Guardrail(
        name="return_rate", arm=arms[0].arm, treated=None, control=None, p_harm=None, state="fine"
    )
    return replace(
        found,
        state=alike.state,
        unsettled=alike.unsettled,
        faults=alike.faults,
        arms=tuple(arms),
        guardrails=(rail,),
        notes=(Note("adjusted"), Note("split_changed", 1)),
    )


def texts(told: object) -> Iterator[str]:
    """Give every text of a chapter, those in its drawings too."""
    if isinstance(told, str):
        yield re.sub(r"<[^>]+>", " ", told)
    elif isinstance(told, dict):
        for value in told.values():
            yield from texts(value)
    elif isinstance(told, list | tuple):
        for value in told:
            yield from texts(value)


def said(reported: ExperienceReport, language: Language) -> list[str]:
    told = Told(reported, Say(language=language, zone=ShopZone("Europe/Amsterdam")))
    return list(texts(msgspec.to_builtins(chapter(told))))


@LANGUAGES
@pytest.mark.parametrize("state", BY_STATE)
def test_in_no_state_the_total_is_told_as_if_it_were_one_message(
    state: str, language: Language
) -> None:
    found = [text for text in said(in_state(state), language) if re.search(OF_ONE[language], text)]

    assert found == []


@LANGUAGES
@pytest.mark.parametrize("reason", ["nobody_triggered", "interval_wide", "windows_open"])
def test_a_total_that_waits_is_not_told_as_if_it_were_one_message(
    reason: str, language: Language
) -> None:
    waits = Unsettled(reason=reason, need=100, have=3, expected=None)  # type: ignore[arg-type]
    made = replace(in_state("too_early"), unsettled=waits)

    assert [text for text in said(made, language) if re.search(OF_ONE[language], text)] == []


def test_one_message_is_still_told_with_its_moment_and_its_control() -> None:
    told = " ".join(said(BY_STATE["verified_effect"](), "nl"))

    assert all(word in told for word in ("de aanleiding", "controlegroep", "variant"))


def test_who_waits_for_the_total_need_not_leave_the_messages_alone() -> None:
    told = " ".join(said(in_state("too_early"), "nl"))

    assert "laat het deel buitenstaanders zoals het is" in told
    assert "verander tot dan niets" not in told
    assert "Kopers, binnen 7 dagen na iemands eerste bezoek in de looptijd" in told


@LANGUAGES
@pytest.mark.parametrize("state", [state for state in BY_STATE if state != "broken"])
def test_in_the_terminal_the_total_has_a_name(state: str, language: Language) -> None:
    found = headline(in_state(state), language)

    assert found.startswith("alle uitingen samen:" if language == "nl" else "all messages together")
    assert "messages cost" not in found.removeprefix("all messages together")
    assert "*" not in found
    assert "Variant" not in found


@LANGUAGES
def test_in_the_terminal_nobody_yet_is_nobody_who_came_by(language: Language) -> None:
    waits = Unsettled(reason="nobody_triggered", need=100, have=0, expected=None)
    found = headline(replace(in_state("too_early"), unsettled=waits), language)

    assert ("kwam nog niemand langs" if language == "nl" else "has come by yet") in found
