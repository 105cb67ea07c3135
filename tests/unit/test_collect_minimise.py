"""What is kept of an event: what a list allows, and nothing that names somebody in the clear."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from collect_examples import (
    AT_BROWSER,
    AT_SERVER,
    NOW,
    SHOP,
    YES,
    call,
    consented,
    logged,
    reason,
    send,
)
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from etalage.collect.address import host, read_address
from etalage.collect.intake import Received, settings_of
from etalage.domain.ids import ShopId
from etalage.domain.shop import Shop

CANARIES = {
    "karel@shop.example": "mail",
    "Karel van der Linden": "name",
    "0612345678": "phone",
    "Dorpsstraat 1": "street",
    "192.0.2.7": "ip",
    "1984-05-06": "birthday",
}


def url(address: str) -> str | None:
    return logged(call(context=consented(page={"url": address}))).url


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://shop.example/p/regenjas", "/p/regenjas"),
        ("https://shop.example", "/"),
        ("https://shop.example?page=2", "/?page=2"),
        ("/p/regenjas#maten", "/p/regenjas"),
        (
            "/c/jassen?sort=prijs&page=2&utm_source=x&email=karel@shop.example&q=karel",
            "/c/jassen?page=2&sort=prijs",
        ),
        ("/c/jassen?page=karel%40shop.example", "/c/jassen"),
        ("/c/jassen?category=Dames%20%26%20Heren", "/c/jassen?category=Dames+%26+Heren"),
        ("/account/karel@shop.example/orders", "/account/*/orders"),
        ("/account/karel%40shop.example", "/account/*"),
        ("/reset/5f4dcc3b5aa765d61d8327deb882cf99", "/reset/*"),
        ("/bestelling/71ef0786-9382-4208-9998-a5ef83bc03f5", "/bestelling/*"),
        ("/login/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x", "/login/*"),
        ("/t/aB3dE5gH7jK9mN1pQ3sT5vW7", "/t/*"),
        (
            "/p/regenjas-noord-geel-maat-m-2024-waterdicht",
            "/p/regenjas-noord-geel-maat-m-2024-waterdicht",
        ),
        ("//shop.example/p", "/shop.example/p"),
    ],
)
def test_of_an_address_the_path_stays_and_what_is_on_the_list(address: str, kept: str) -> None:
    assert url(address) == kept


@pytest.mark.parametrize(
    ("referrer", "kept"),
    [
        ("https://www.zoek.example/?q=regenjas", "www.zoek.example"),
        ("http://Shop.EXAMPLE:8080", "shop.example"),
        ("https://karel:geheim@mail.example/inbox", "mail.example"),
        ("https://mail.example\\@evil.example/", "mail.example"),
        ("android-app://com.example", None),
        ("$direct", None),
        ("", None),
        ("javascript:alert(1)", None),
        ("https://<script>/", None),
    ],
)
def test_of_where_she_came_from_the_host_stays(referrer: str, kept: str | None) -> None:
    assert host(referrer) == kept


@given(st.from_regex(r"[a-z0-9][a-z0-9.-]{0,20}", fullmatch=True), st.text(max_size=9))
def test_a_host_is_the_same_with_and_without_who_asked_it(name: str, rest: str) -> None:
    plain = host(f"https://{name}/{rest}")

    assert plain == name
    assert plain == host(f"https://karel:geheim@{name}:8080/{rest}")


def test_the_same_link_keeps_what_each_shop_allows() -> None:
    link = "https://noord.example/p?sort=price&page=2&utm_source=nieuwsbrief"

    kept = [
        read_address(link, frozenset(allowed), {}).url
        for allowed in (("sort",), ("page", "sort"), (), ("sort",))
    ]

    assert kept == ["/p?sort=price", "/p?page=2&sort=price", "/p", "/p?sort=price"]


def test_of_a_search_the_words_of_the_catalogue_stay_and_the_rest_is_encrypted() -> None:
    admitted = send(call("Products Searched", properties={"query": "Regenjas, voor Karel (Noord)"}))
    known = send(call("search", properties={"search_term": "regenjas noord"}))

    assert admitted.arrival is not None
    assert known.arrival is not None
    assert admitted.arrival.event.query == "regenjas noord"
    assert msgspec.json.decode(admitted.personal or b"") == {
        "search": "Regenjas, voor Karel (Noord)"
    }
    assert (known.arrival.event.query, known.personal) == ("regenjas noord", None)


def test_the_address_of_a_call_is_never_kept_only_the_country_it_is_in() -> None:
    told = consented(ip="192.0.2.7", location={"country": "be", "region": "Gent"})
    at_browser = replace(AT_BROWSER, received=replace(AT_BROWSER.received, country="NL"))

    assert logged(call(context=told), at_browser).country == "NL"
    assert logged(call(context=told), AT_SERVER).country == "BE"
    assert logged(call(context=told), AT_SERVER).region == "Gent"
    assert logged(call(context=consented(location={"country": "Nederland"}))).country is None


def test_traits_that_name_her_are_encrypted_and_the_rest_of_the_list_stays() -> None:
    traits = {
        "email": "karel@shop.example",
        "firstName": "Karel",
        "phone": "0612345678",
        "birthday": "1984-05-06",
        "address": {"street": "Dorpsstraat 1", "country": "NL", "city": "Gent"},
        "newsletter": True,
        "loyalty_points": 12.5,
        "favourite_colour": "blauw",
    }

    admitted = send(
        {"type": "identify", "userId": "C-17", "traits": traits, "context": consented()}
    )

    assert admitted.arrival is not None
    assert admitted.arrival.event.properties == {
        "country": "NL",
        "newsletter": True,
        "loyalty_points": "12.5",
    }
    assert set(msgspec.json.decode(admitted.personal or b"")) == {
        "address",
        "birthday",
        "email",
        "first_name",
        "phone",
    }
    assert admitted.notes == {"unknown_field": 1}


def test_who_may_not_be_personalised_has_no_traits() -> None:
    consent = {"device": True, "measure": True, "personalise": False}
    identify = {"type": "identify", "userId": "C-17", "traits": {"name": "Karel", "country": "NL"}}

    admitted = send(identify | {"context": consented(consent)})

    assert admitted.arrival is not None
    assert (admitted.arrival.event.properties, admitted.personal) == ({}, None)


def test_the_address_for_mail_may_be_kept_by_who_allows_mail_alone() -> None:
    consent = {"measure": True, "email": True}
    identify = {"type": "identify", "userId": "C-17", "traits": {"email": "karel@shop.example"}}

    assert (
        send(identify | {"context": consented(consent)}).personal
        == b'{"email":"karel@shop.example"}'
    )


@pytest.mark.parametrize("kind", ["track", "page", "screen", "identify", "group"])
def test_what_names_her_is_nowhere_in_the_clear(kind: str) -> None:
    """A canary in every field that a source may fill, known and unknown ones."""
    for canary in CANARIES:
        fields = {
            "type": kind,
            "event": "Products Searched",
            "anonymousId": canary,
            "userId": canary,
            "messageId": canary,
            "name": canary,
            "groupId": "g-1",
            "signature": canary,
            canary: canary,
            "properties": dict.fromkeys(
                ["query", "name", "title", "text", "message", canary], canary
            ),
            "traits": dict.fromkeys(
                ["name", "email", "phone", "street", "username", canary], canary
            ),
            "context": consented(
                ip=canary,
                traits=dict.fromkeys(["name", "email", "phone"], canary),
                page={"title": canary, "url": f"https://shop.example/p?naam={canary}#{canary}"},
                device={"id": canary, "advertisingId": canary},
            ),
        }

        admitted = send(fields)

        assert admitted.arrival is not None, admitted.rejected
        stored = msgspec.json.encode([admitted.arrival.event, [a.event for a in admitted.derived]])
        assert canary.encode() not in stored


@pytest.mark.parametrize("where", ["coupon", "affiliation", "item_list_name", "reason", "method"])
def test_a_mail_address_in_a_field_that_may_stay_is_dropped(where: str) -> None:
    admitted = send(call(properties={where: "karel@shop.example"}))

    assert admitted.arrival is not None
    assert admitted.arrival.event.properties == {}
    assert admitted.notes == {"personal_value": 1}


def test_a_shop_adds_its_own_names_and_maps_its_categories() -> None:
    shop = Shop(
        ShopId("noord"),
        "Noord",
        "shop.example",
        properties=("favouriteColour",),
        traits=("Shoe Size",),
        consent_mapping={"Analytics": ("measure", "unknown")},
    )

    settings = settings_of(
        shop,
        zone=SHOP.zone,
        catalogue=SHOP.catalogue,
        words=SHOP.words,
        pepper=SHOP.pepper,
        identify_secret=SHOP.identify_secret,
    )
    door = replace(AT_SERVER, settings=settings)
    identify = {
        "type": "identify",
        "userId": "C-17",
        "traits": {"shoe_size": 43},
        "context": consented(),
    }

    assert logged(call(properties={"favourite_colour": "blauw"}), door).properties == {
        "favourite_colour": "blauw"
    }
    assert logged(identify, door).properties == {"shoe_size": 43}
    assert settings.consent_mapping == {"Analytics": ("measure",)}


def test_what_is_about_a_sensitive_category_is_never_remembered() -> None:
    sensitive = replace(AT_SERVER, settings=replace(SHOP, sensitive=frozenset({"Dames"})))

    assert (
        reason(call(properties={"product_id": "S-42"}), sensitive) == "sensitive"
    )  # by the catalogue
    assert (
        reason(call(properties={"product_id": "x", "category": "Dames > Jurken"}), sensitive)
        == "sensitive"
    )
    assert reason(call(properties={"product_id": "x", "category": "Dames2"}), sensitive) is None


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(-1e15, 1e15)
    | st.text(max_size=12)
)


@given(
    properties=st.dictionaries(
        st.sampled_from(
            ["coupon", "method", "step", "index", "other", "items", "price", "a b", "é"]
        ),
        SCALARS
        | st.lists(SCALARS, max_size=2)
        | st.dictionaries(st.text(max_size=4), SCALARS, max_size=2),
    )
)
def test_nothing_stored_is_a_fraction_nested_or_unlisted(properties: dict[str, Any]) -> None:
    admitted = send(call("maattabel_geopend", properties=properties))

    if admitted.arrival is not None:
        kept = admitted.arrival.event.properties
        assert set(kept) <= SHOP.properties
        assert all(isinstance(value, str | int) for value in kept.values())
    assert (admitted.arrival is None) != (admitted.rejected is None)


def test_the_moment_of_receipt_is_written_beside_the_moment_it_happened() -> None:
    event = logged(call(context=consented(YES), timestamp="2026-11-01T12:00:00Z"))

    assert (event.received, event.time) == (NOW, 1_793_534_400_000_000)
    assert Received(NOW).country is None
