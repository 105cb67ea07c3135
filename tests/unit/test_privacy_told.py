"""The access copy tells what is kept in the words of the person it is about."""

from __future__ import annotations

import pytest

from etalage.domain.consent import PURPOSES
from etalage.domain.event import GA4_NAMES, OUR_NAMES, Event, Line, Shown
from etalage.domain.experience import Language
from etalage.govern.privacy_told import IN_OTHER_COLUMNS, amount_of, details_of, name_of, terms

LANGUAGES: tuple[Language, ...] = ("nl", "en")
# Of the shop or for the engine, never about a person; a receipt stands for `erased`.
ABOUT_NOBODY = {"feature", "configuration", "policy", "product_seen", "erased"}
IN_RECORD = {"shown", "record"}  # of `shown` the fields stand in columns of their own
VIEW = {
    "name": "view_item",
    "time": "2026-11-22T18:59:41Z",
    "trust": "confirmed",
    "lines": [{"product": "S-42", "quantity": 1, "price": 7995, "category": "Dames > Jassen"}],
    "value": 7995,
    "currency": "EUR",
    "purposes": ["measure", "personalise"],
    "epoch": "2026-11-22T18:59:41.274389Z",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_event_field_and_purpose_has_a_name(language: Language) -> None:
    said = terms()[language]

    kept = {*Event.__struct_fields__, *Line.__struct_fields__, *Shown.__struct_fields__}
    assert set(said["field"]) == kept - IN_OTHER_COLUMNS - IN_RECORD
    assert set(said["event"]) == (GA4_NAMES | OUR_NAMES) - ABOUT_NOBODY
    assert set(said["purpose"]) == set(PURPOSES)


def test_money_is_told_as_money_and_nothing_looks_like_a_program() -> None:
    text = details_of(VIEW, "nl")

    assert text == (
        "artikelen: artikel: S-42; aantal: 1; prijs: €\xa079,95; "
        "categorie: Dames > Jassen; bedrag: €\xa079,95; munt: EUR; "
        "zekerheid: confirmed; mocht voor: meten, persoonlijk maken; persoonlijk mag sinds: 2026-11-22 18:59:41 UTC"
    )
    assert name_of("view_item", "en") == "looked at a product"


def test_a_currency_without_cents_is_not_divided() -> None:
    assert amount_of(1200, "JPY", "en") == "¥1,200"
    assert amount_of(1200, None, "en") == "1200"


def test_what_the_shop_names_itself_is_told_under_its_own_name() -> None:
    event = {"name": "fitting_booked", "properties": {"room": "b", "warm": True, "at": [1, 2]}}

    assert name_of("fitting_booked", "nl") == "fitting_booked"
    assert details_of(event, "nl") == "verder: room: b; warm: ja; at: 1, 2"


def test_a_consent_is_told_by_the_names_of_its_purposes() -> None:
    event = {"name": "consent", "properties": {"device": True, "ads": False}}

    said = details_of(event, "nl")

    assert said == "verder: onthouden in deze browser: ja; advertenties elders: nee"
