"""A greeting by name: of who is signed in now and allows it; to everybody else the same words without a name."""

from __future__ import annotations

import pytest
from shop import NOON, YES, Said, Shop, by_experience, experience, identify, view

from etalage.collect.identity import signature_of
from etalage.decide.token import issue_visitor_token
from etalage.domain.time import HOUR, SECOND

ONLY_MEASURE = {"device": True, "measure": True, "personalise": False}
GREETING = {
    language: [{"type": "text", "text": "Dag {{customer.first_name|welkom}}!"}]
    for language in ("nl", "en")
}


def token_of(shop: Shop, browser: str) -> str:
    return issue_visitor_token(browser, NOON, shop.ports.keys.secret("visitor"))


def signature(shop: Shop, browser: str, *, user: str = "C-7", hours: int = 1) -> str:
    return signature_of(
        shop.ports.keys.secret("identify"),
        shop=shop.created.shop.id,
        user=user,
        visitor=browser,
        expires=(NOON + hours * HOUR) // SECOND,
    )


def greeted(shop: Shop, *events: Said, consent: Said = YES, signed_visitor: bool = True) -> str:
    """Ask as the tag does, with the events of the page, and give the words of the greeting."""
    token = token_of(shop, "karel") if signed_visitor else None
    said = shop.ask(
        None, key=shop.write_key, visitorToken=token, consent=consent, events=list(events)
    )
    return str(by_experience(said)["hoi"]["content"]["blocks"][0]["text"])


@pytest.fixture(autouse=True)
def _greeting(shop: Shop) -> None:
    shop.go_live(
        experience("hoi", form="bar", caps=[], variants=[{"name": "a", "content": GREETING}])
    )


@pytest.mark.parametrize("trait", ["firstName", "first_name"])
def test_who_is_signed_in_is_greeted_by_the_name_that_the_page_says(shop: Shop, trait: str) -> None:
    her = identify(None, "C-7", signature=signature(shop, "karel"), **{trait: "Fatima"})

    assert greeted(shop, view("S-1", None), her, view("S-2", None)) == "Dag Fatima!"


def test_the_name_is_for_this_call_alone_and_stands_in_no_record(shop: Shop) -> None:
    her = identify(None, "C-7", signature=signature(shop, "karel"), firstName="Fatima")
    assert greeted(shop, her) == "Dag Fatima!"

    assert greeted(shop) == "Dag welkom!"
    assert shop.events("decision")
    assert not any("Fatima" in str(event) for event in shop.events())


def test_whoever_may_be_somebody_else_is_greeted_without_a_name(shop: Shop) -> None:
    good = signature(shop, "karel")
    doubtful = {
        "unsigned": identify(None, "C-7", firstName="Fatima"),
        "of another browser": identify(
            None, "C-7", signature=signature(shop, "jip"), firstName="Fatima"
        ),
        "of another customer": identify(None, "C-8", signature=good, firstName="Fatima"),
        "over": identify(
            None, "C-7", signature=signature(shop, "karel", hours=-1), firstName="Fatima"
        ),
        "no text": identify(None, "C-7", signature=good, firstName=["Fatima"]),
        "an address": identify(None, "C-7", signature=good, firstName="fatima@example.com"),
        "no name": identify(None, "C-7", signature=good),
    }

    words = {why: greeted(shop, call) for why, call in doubtful.items()}

    assert words == dict.fromkeys(doubtful, "Dag welkom!")


def test_who_does_not_allow_what_is_personal_is_greeted_without_a_name(shop: Shop) -> None:
    her = identify(
        None, "C-7", consent=ONLY_MEASURE, signature=signature(shop, "karel"), firstName="Fatima"
    )

    assert greeted(shop, her, consent=ONLY_MEASURE) == "Dag welkom!"


def test_a_browser_without_its_own_token_is_greeted_without_a_name(shop: Shop) -> None:
    her = identify("karel", "C-7", signature=signature(shop, "karel"), firstName="Fatima")

    assert greeted(shop, her, signed_visitor=False) == "Dag welkom!"
