"""The answer: the promised form on the wire, ghosts that give nothing away, and the public configuration."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from decide_examples import (
    KAREL,
    NOW,
    SECRET,
    catalogue,
    experience,
    facts,
    product,
    products_variant,
    split,
)
from msgspec.structs import replace

from etalage.decide.choose import choose
from etalage.decide.compose import compose
from etalage.decide.token import read, tokens_of
from etalage.deliver.answer import Window, Words, answer, explained
from etalage.deliver.explain import WORDS, product_reason, rank_reason, why
from etalage.deliver.merge_fields import Situation
from etalage.deliver.message import messages_of, safe_link
from etalage.deliver.public_config import is_public, public_config
from etalage.domain.decision import Candidate, DecisionFacts, Recommended
from etalage.domain.experience import LANGUAGES, Experience, Texts
from etalage.domain.ids import ProductId, SegmentName
from etalage.domain.time import DAY, ShopZone

SHOP = catalogue(
    product("p1"), replace(product("p2"), link="javascript:alert(1)", image="//evil.example/x")
)
SITUATION = Situation(NOW, ShopZone("Europe/Amsterdam"), "EUR", shop="Noord")
CAPS = [{"times": 1, "per": "day"}]


def said(
    given: DecisionFacts, *live: Experience, situation: Situation = SITUATION
) -> dict[str, Any]:
    named = {e.name: e for e in live}
    candidates = (
        Candidate(ProductId("p1"), 2, price=1000),
        Candidate(ProductId("p2"), 1, price=250),
    )
    found = {name: Recommended("popular_now", "popular_now", candidates) for name in named}
    decision = compose(given, choose(given, live), found, named)
    tokens = tokens_of(decision, given.visitor, SECRET, now=given.now)
    sentences: dict[SegmentName, Texts] = {
        SegmentName("past"): {"nl": "Bezoekers die keken.", "en": "Visitors who looked."}
    }
    words = Words(messages_of(live, sentences), Window(SHOP), situation, "nl")
    body = explained(answer(decision, tokens, words, visitor_token="v1.x"), decision)
    wire: dict[str, Any] = json.loads(msgspec.json.encode(body))
    return wire


def test_a_shown_message_has_the_promised_form() -> None:
    live = experience(
        "list",
        form="products",
        segment="past",
        variants=[products_variant()],
        trigger={"on": "delay", "seconds": 5, "page": {"type": "product"}},
    )

    wire = said(facts(matched=(SegmentName("past"),)), live)
    entry = wire["decisions"][0]

    shown = read(entry.pop("id"), SECRET, KAREL)
    assert shown is not None
    assert (shown.experience, shown.arm, shown.decided) == ("list", "a", NOW)
    assert entry == {
        "slot": "below",
        "experience": "list",
        "variant": "a",
        "show": True,
        "form": "products",
        "priority": 50,
        "trigger": {"on": "delay", "seconds": 5},
        "content": {"language": "nl", "blocks": [{"type": "product_list", "title": "Populair"}]},
        "products": [
            {
                "product_id": "p1",
                "reason": "Populair op dit moment",
                "title": "Titel p1",
                "link": "https://shop.example/p/p1",
                "image": "https://shop.example/i/p1.jpg",
                "price": 1000,
                "currency": "EUR",
                "price_text": "€\u00a010,00",
            },
            {
                "product_id": "p2",
                "reason": "Populair op dit moment",
                "title": "Titel p2",
                "price": 250,
                "currency": "EUR",
                "price_text": "€\u00a02,50",
            },
        ],
        "why": {
            "nl": "Dit is voor bezoekers die keken. Wat je eraan hebt: Je kiest makkelijker.",
            "en": "This is for visitors who looked. What you gain: You choose more easily.",
        },
        "propensity": 1.0,
        "expires": "2026-11-20T12:30:00.000000Z",
    }
    assert (wire["visitorToken"], wire["degraded"], wire["skipped"]) == ("v1.x", [], [])


def test_a_ghost_gives_nothing_away_but_its_token_and_its_moment() -> None:
    wire = said(facts(), split("help", control=0.999999, form="popup", caps=CAPS))

    ghost = wire["decisions"][0]
    assert ghost.pop("id").startswith("d-")
    assert ghost == {
        "slot": "below",
        "experience": "help",
        "variant": "control",
        "show": False,
        "form": "popup",
        "priority": 50,
        "trigger": {"on": "load"},
        "propensity": 0.999999,
        "expires": "2026-11-20T12:30:00.000000Z",
    }
    assert wire["skipped"] == [{"experience": "help", "reason": "in_control"}]


def test_outside_experiments_there_is_no_token_and_the_browser_keeps_the_caps() -> None:
    wire = said(facts(visitor=None, unit=None, purposes=("device",)), experience(caps=CAPS))

    entry = wire["decisions"][0]
    assert "id" not in entry
    assert "propensity" not in entry
    assert entry["caps"] == CAPS


def test_a_clock_counts_down_to_the_real_end_and_is_gone_after_it() -> None:
    blocks = [{"type": "text", "text": "Actie"}, {"type": "countdown", "ends": "schedule"}]
    clock = experience(
        variants=[{"name": "a", "content": {"nl": blocks}}], schedule={"until": "2026-11-30"}
    )

    drawn = said(facts(), clock)["decisions"][0]["content"]["blocks"]
    late = said(facts(), clock, situation=replace(SITUATION, now=NOW + 30 * DAY))

    assert drawn[1] == {
        "type": "countdown",
        "ends": "schedule",
        "ends_at": "2026-11-30T23:00:00.000000Z",
        "until": "dinsdag 1 december 2026 om 00:00",
        "label": "Nog tot",
    }
    assert [block["type"] for block in late["decisions"][0]["content"]["blocks"]] == ["text"]


@pytest.mark.parametrize(
    ("link", "safe"),
    [
        ("https://shop.example/p", True),
        ("/p/42", True),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("http://shop.example", False),
        ("javascript:alert(1)", False),
        ("https://a\u202e", False),
        ("https://a b", False),
        ("", False),
    ],
)
def test_a_link_of_a_feed_leads_to_https_or_the_shop_itself(link: str, safe: bool) -> None:
    assert safe_link(link) == (link if safe else "")


def test_dutch_and_english_say_the_same_things() -> None:
    assert set(WORDS["nl"]) == set(WORDS["en"])
    for key in WORDS["nl"]:
        assert WORDS["nl"][key].count("{") == WORDS["en"][key].count("{"), key


def test_everybody_s_message_says_so_and_names_the_gain() -> None:
    assert why(experience(), {})["nl"] == (
        "Iedereen op deze pagina kan dit zien. Wat je eraan hebt: Je kiest makkelijker."
    )


def test_reasons_name_what_they_are_about() -> None:
    popular = Candidate(ProductId("p"), 1, because="popular_in_category", of="Hond > Voer")

    assert product_reason(popular, "en") == "Popular in Hond > Voer"
    assert rank_reason("brand", "Noord", "nl") == "Omdat je vaker kijkt naar Noord"
    assert rank_reason(None, None, "nl") == ""
    for because in ("popular", "popular_in_category", "viewed"):
        for language in LANGUAGES:
            assert product_reason(Candidate(ProductId("p"), 1, because=because), language)  # type: ignore[arg-type]


# ---- The public configuration ------------------------------------------------------------------------


def config(*live: Experience) -> dict[str, Any]:
    return public_config(live, SITUATION, ["checkout"])


@pytest.mark.parametrize(
    "changes",
    [
        {"segment": "past"},
        {"caps": CAPS},
        {"form": "popup", "caps": CAPS},
        {"form": "products", "variants": [products_variant()]},
        {"requires": ["email"]},
        {
            "variants": [
                {
                    "name": "a",
                    "content": {"nl": [{"type": "text", "text": "{{product.title|dit}}"}]},
                }
            ]
        },
    ],
)
def test_what_needs_memory_consent_or_facts_is_not_public(changes: dict[str, Any]) -> None:
    private = experience(**changes)

    assert not is_public(private)
    assert config(private)["contextual"] == []
    assert "past" not in json.dumps(config(private))


def test_what_is_public_carries_its_page_rule_and_no_shares() -> None:
    public = split("open", trigger={"on": "load", "page": {"url": {"prefix": "/hond"}}})

    wire = config(public, experience("later", schedule={"from": "2027-01-01"}, slot="secret"))

    assert [line["experience"] for line in wire["contextual"]] == ["open"]
    assert wire["contextual"][0]["trigger"]["page"] == {"url": {"kind": "prefix", "text": "/hond"}}
    assert wire["slots"] == ["below"]
    assert not {"allocation", "control", "purpose", "goal"} & set(wire["contextual"][0])
    assert "later" not in json.dumps(wire)


def test_the_public_configuration_has_a_version_that_names_its_content() -> None:
    one, other = experience("one"), experience("two")

    assert config(one, other) == config(other, one)
    assert config(one)["version"] != config(other)["version"]


def test_every_arm_tells_the_tag_what_it_needs_to_treat_arms_alike() -> None:
    arms = [
        said(facts(unit=f"{n:032x}"), split("help", control=0.5))["decisions"][0] for n in range(40)
    ]

    assert {entry["show"] for entry in arms} == {True, False}
    common = {
        "id",
        "slot",
        "experience",
        "variant",
        "show",
        "form",
        "priority",
        "trigger",
        "propensity",
        "expires",
    }
    assert all(common <= set(entry) for entry in arms)
