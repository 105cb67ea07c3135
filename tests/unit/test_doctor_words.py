"""`etalage doctor` says first whether anything needs a person, then the rest, in both languages."""

from __future__ import annotations

import string
from typing import Any, get_args

import pytest

from etalage.cli.doctor_words import KIND, Line, files_line, lines_of, words
from etalage.domain.alert import AlertKind
from etalage.domain.experience import Language

LANGUAGES: tuple[Language, ...] = ("nl", "en")
MOMENT = "2026-11-20T22:13:20.000000Z"


def found(**changed: object) -> dict[str, Any]:
    """A shop that is well, but for what is changed."""
    components = {
        "log": {"events": 21_124},
        "profiles": {"position": 21_124, "behind": 0},
        "records": {"generation": 12, "audit_broken_at": None},
        "catalogue": {"products": 308},
        "warehouse": {"events": 21_124},
        "privacy": {"cleaned": MOMENT, "missed": False, "erasures": 0, "late": 0},
        "conditions": {"counted": 9, "warming": 0},
    }
    told = changed.pop("components", {})
    assert isinstance(told, dict)
    account = dict(received=7, accepted=5, duplicate=1, quarantined=0, refused=1)  # noqa: C408  as counts are read
    return {
        "shop": "noord",
        "intake": {**account, "reasons": {"bot": 1}},
        "quarantine": [],
        "components": components | told,
        "red": {},
        "alerts": {},
        "disk": {
            "disk": {"used": 16_736_256, "free": 71_917_510_656, "reserve": 268_435_456},
            "events": 21_124,
            "bytes_per_event": 792.3,
            "events_per_day": 20_973.0,
            "bytes_per_day": 16_616_621,
            "days_left": 4_311.9,
        },
        **changed,
    }


def aside(*, usable: bool = True) -> dict[str, Any]:
    example = {"key": "wk_ab12", "bytes": 1_204, "field": "price", "was": "a text of 9 characters", "event": "view_item", "still": False}  # fmt: skip
    return {
        "reason": "bad_money",
        "stage": "translate",
        "count": 1_204,
        "first": MOMENT,
        "last": MOMENT,
        "usable": usable,
        "example": example if usable else None,
    }


def said(told: dict[str, Any], language: Language) -> str:
    return "\n".join(line.text for line in lines_of(told, language))


def test_both_languages_have_the_same_sentences_with_the_same_fields() -> None:
    def fields(text: str) -> set[str]:
        return {field for _, field, _, _ in string.Formatter().parse(text) if field}

    nl, en = words()["nl"], words()["en"]
    assert nl.keys() == en.keys()
    assert set(nl[KIND]) == set(en[KIND]) == {*get_args(AlertKind), "damaged"}
    assert [key for key in nl if key != KIND and fields(nl[key]) != fields(en[key])] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_shop_that_is_well_is_said_to_be_so_in_the_first_line(language: Language) -> None:
    first, second, *_ = lines_of(found(), language)

    assert (first.style, second) == ("green", Line(""))
    assert "noord" in first.text
    assert not any(line.style in {"red", "yellow"} for line in lines_of(found(), language))


TROUBLES: dict[str, dict[str, object]] = {
    "a red part": {"red": {"records": {"since": MOMENT, "says": "the disk is gone"}}},
    "a store that cannot be read": {"components": {"catalogue": {"red": "the disk is gone"}}},
    "a broken chain": {"components": {"records": {"generation": 12, "audit_broken_at": 7}}},
    "a missed run": {
        "components": {"privacy": {"cleaned": None, "missed": True, "erasures": 0, "late": 0}}
    },
    "a late erasure": {
        "components": {"privacy": {"cleaned": MOMENT, "missed": False, "erasures": 2, "late": 1}}
    },
    "something set aside": {"quarantine": [aside()]},
    "rows of an import": {"quarantine": [aside(usable=False)]},
    "an alert": {"alerts": {"harmful": 1, "tracking": 2}},
    "a disk that fills": {"disk": {**found()["disk"], "days_left": 12.4}},
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("trouble", TROUBLES)
def test_whatever_needs_somebody_stands_above_the_account(trouble: str, language: Language) -> None:
    lines = lines_of(found(**TROUBLES[trouble]), language)

    above = lines[: lines.index(Line(""))]
    assert above[0].style == "bold"
    assert [line.style in {"red", "yellow"} for line in above[1:]] == [True]


def test_numbers_and_moments_are_written_as_people_write_them() -> None:
    nl, en = said(found(quarantine=[aside()]), "nl"), said(found(), "en")

    assert "21.124 gebeurtenissen" in nl
    assert "7 ontvangen = 5 aangenomen + 1 dubbel + 0 apart gezet + 1 geweigerd" in nl
    assert (
        "1.204 x bad_money (stap: translate), 2026-11-20 22:13 UTC tot 2026-11-20 22:13 UTC" in nl
    )
    assert "de nieuwste: 1.204 bytes met wk_ab12, view_item, price was a text of 9 characters, kan nu wel gelezen worden" in nl  # fmt: skip
    assert "Privacy: cleaned on 2026-11-20 22:13 UTC" in en
    assert "This shop uses 16.7 MB, 792 bytes per event" in en
    assert files_line({"files": 6, "events": 21_124}, "nl").startswith(
        "Bestanden: alle 6, met 21.124"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_shop_in_which_nothing_happened_yet_has_a_page_too(language: Language) -> None:
    disk = {**found()["disk"], "bytes_per_event": None, "days_left": None}
    behind = {"position": 3, "behind": 2}

    told = said(found(disk=disk, components={"profiles": behind}), language)

    assert "None" not in told
    assert ("2 nog te gaan" if language == "nl" else "2 to go") in told
