"""Whose event it is, how far it is trusted, and how the log knows it again."""

from __future__ import annotations

from typing import Any

import pytest
from collect_examples import (
    AT_BROWSER,
    AT_SERVER,
    BROWSER,
    CHROME,
    NOW,
    SHOP,
    call,
    consented,
    key,
    logged,
    reason,
    send,
)
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from etalage.collect.identity import identity_of, is_signed, signature_of
from etalage.collect.intake import Door, Received
from etalage.domain.arrival import Arrival
from etalage.domain.event import NOT_FROM_BROWSER, Shown
from etalage.domain.ids import ExperienceName, VariantName
from etalage.domain.time import HOUR, SECOND

WITHOUT_TOKEN = Door(BROWSER, SHOP, Received(NOW, user_agent=CHROME))
BY_BROWSER = replace(AT_BROWSER, settings=replace(SHOP, orders="browser"))
SECRET = SHOP.identify_secret
SOON = NOW // SECOND + 3600
IDENTIFY = {
    "type": "identify",
    "anonymousId": "karel",
    "userId": "C-17",
    "traits": {"email": "Karel@Shop.example", "name": "Karel", "country": "NL"},
    "context": consented(),
}
ORDER: dict[str, Any] = {"transaction_id": "o-1", "value": 10}


def arrival(fields: dict[str, Any], door: Door = AT_SERVER) -> Arrival:
    found = send(fields, door).arrival
    assert found is not None
    return found


def signed(**changed: Any) -> str:
    said: dict[str, Any] = {"shop": "noord", "user": "C-17", "visitor": "v-token", "expires": SOON}
    return signature_of(SECRET, **(said | changed))


# ---- Visitors -----------------------------------------------------------------------------------------


def test_a_browser_is_who_its_token_says_whatever_its_body_says() -> None:
    event = logged(call(anonymousId="somebody-else", userId="C-17"), AT_BROWSER)

    assert (event.visitor, event.customer, event.trust) == (
        key("visitor", "v-token"),
        None,
        "claimed",
    )


def test_without_a_token_a_browser_is_a_visitor_that_no_token_selects() -> None:
    claimed = logged(call(anonymousId="v-token"), WITHOUT_TOKEN).visitor

    assert claimed == key("claimed", "v-token")
    assert claimed != logged(call(), AT_BROWSER).visitor
    assert logged(call(anonymousId=None, userId="C-17"), WITHOUT_TOKEN).visitor == key(
        "claimed", "user:C-17"
    )


def test_a_server_says_whose_event_it_is() -> None:
    assert logged(call()).visitor == key("visitor", "karel")
    assert logged(call(anonymousId="", userId="C-17")).visitor == key("user", "C-17")
    both = logged(call(userId="C-17"))
    assert (both.visitor, both.customer, both.trust) == (key("visitor", "karel"), None, "confirmed")


@pytest.mark.parametrize("door", [AT_SERVER, WITHOUT_TOKEN])
@pytest.mark.parametrize(
    "ids", [{}, {"userId": "guest"}, {"anonymousId": "undefined", "userId": ""}]
)
def test_an_event_of_nobody_is_set_aside(door: Door, ids: dict[str, str]) -> None:
    assert reason({"type": "track", "event": "x", "context": consented()} | ids, door) == "no_id"


def test_a_placeholder_for_a_customer_keeps_the_event_and_links_nobody() -> None:
    event = logged(IDENTIFY | {"userId": "guest", "traits": {"country": "NL"}})

    assert (event.visitor, event.customer) == (key("visitor", "karel"), None)


@pytest.mark.parametrize(
    ("one", "other"), [("C-17", "\uff23-17"), ("karel", "k\u0430rel"), ("v-1", "V-1")]
)
def test_ids_that_look_alike_are_two_visitors(one: str, other: str) -> None:
    assert logged(call(anonymousId=one)).visitor != logged(call(anonymousId=other)).visitor


def test_an_accent_may_be_written_in_two_ways() -> None:
    assert (
        logged(call(anonymousId="Ren\u00e9")).visitor
        == logged(call(anonymousId="Rene\u0301")).visitor
    )


# ---- Who is who ---------------------------------------------------------------------------------------


def test_a_server_links_a_browser_to_a_customer_and_her_address_to_her() -> None:
    admitted = send(IDENTIFY)

    assert admitted.arrival is not None
    event = admitted.arrival.event
    link = admitted.derived[-1].event
    assert (event.visitor, event.customer) == (key("visitor", "karel"), key("user", "C-17"))
    assert (link.name, link.visitor, link.customer) == (
        "link",
        key("email", "karel@shop.example"),
        key("user", "C-17"),
    )
    assert admitted.person == key("user", "C-17")


def test_a_customer_without_a_browser_is_her_own_visitor() -> None:
    event = logged(IDENTIFY | {"anonymousId": None})

    assert (event.visitor, event.customer) == (key("user", "C-17"), None)


def test_an_address_alone_identifies_too() -> None:
    event = logged(IDENTIFY | {"userId": ""})

    assert event.customer == key("email", "karel@shop.example")


def test_an_unsigned_browser_claims_and_nothing_more() -> None:
    admitted = send(IDENTIFY, AT_BROWSER)

    assert admitted.arrival is not None
    event = admitted.arrival.event
    assert (event.trust, event.customer, event.properties) == ("claimed", None, {"country": "NL"})
    assert admitted.personal is None
    assert [a.event.name for a in admitted.derived] == ["consent"]
    assert admitted.notes == {"unsigned_personal": 2}


@pytest.mark.parametrize("where", ["event", "context"])
def test_a_browser_with_the_shops_signature_is_believed(where: str) -> None:
    said = (
        {"signature": signed()} if where == "event" else {"context": consented(signature=signed())}
    )

    event = logged(IDENTIFY | said, AT_BROWSER)

    assert (event.trust, event.customer) == ("signed", key("user", "C-17"))
    assert event.visitor == key("visitor", "v-token")


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        7,
        "\u0661.aa",
        signed(user="C-18"),
        signed(visitor="v-other"),
        signed(shop="zuid"),
        signed(expires=NOW // SECOND - 1),
        signed() + "0",
        signed().replace(str(SOON), str(SOON + 1)),
        signature_of(b"x" * 32, shop="noord", user="C-17", visitor="v-token", expires=SOON),
    ],
)
def test_any_other_signature_is_none(signature: object) -> None:
    assert logged(IDENTIFY | {"signature": signature}, AT_BROWSER).trust == "claimed"


def test_a_signature_without_a_token_binds_nobody() -> None:
    assert (
        logged(IDENTIFY | {"signature": signed(visitor="karel")}, WITHOUT_TOKEN).trust == "claimed"
    )


def test_a_signature_is_a_known_text() -> None:
    said = {"shop": "noord", "user": "C-17", "visitor": "v-1"}
    text = signature_of(b"geheim", expires=1_795_296_184, **said)

    # printf 'noord|C-17|v-1|1795296184' | openssl dgst -sha256 -hmac geheim
    assert text == "1795296184.979f47360ae11299c1e9e452a416e797f6ba0fa989b6881c1792b5317f12cf34"
    assert is_signed(text, b"geheim", now=1_795_296_184 * SECOND, **said)
    assert not is_signed(text, b"geheim", now=1_795_296_185 * SECOND, **said)


def test_an_alias_links_and_only_a_server_may_say_so() -> None:
    alias = {"type": "alias", "previousId": "karel", "userId": "C-17", "context": consented()}

    event = logged(alias)

    assert (event.name, event.visitor, event.customer) == (
        "link",
        key("visitor", "karel"),
        key("user", "C-17"),
    )
    assert reason(alias, AT_BROWSER) == "not_from_browser"
    assert reason(alias | {"previousId": "guest"}) == "no_id"
    assert reason(alias | {"userId": "guest"}) == "no_id"


# ---- Who may say what ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(NOT_FROM_BROWSER))
def test_what_the_engine_and_the_server_write_a_browser_may_not(name: str) -> None:
    assert reason(call(name), AT_BROWSER) in {"not_from_browser", "bad_field"}


def test_a_browsers_order_only_says_whose_it_is_where_the_server_sends_orders() -> None:
    claim = logged(call("Order Completed", properties=ORDER), AT_BROWSER)
    order = logged(call("Order Completed", properties=ORDER), BY_BROWSER)

    assert (claim.name, claim.trust, claim.transaction) == ("purchase_claim", "claimed", "o-1")
    assert (order.name, order.trust) == ("purchase", "claimed")
    assert reason(call("refund", properties=ORDER), AT_BROWSER) == "not_from_browser"


def test_an_order_waits_for_its_browser_if_the_server_does_not_know_it() -> None:
    order = call("purchase", anonymousId=None, userId="C-17", properties=ORDER)

    found = logged(order)
    guest = logged(
        order | {"userId": None, "context": consented(traits={"email": "karel@shop.example"})}
    )

    assert (found.visitor, found.customer) == (None, key("user", "C-17"))
    assert (guest.visitor, guest.customer) == (None, key("email", "karel@shop.example"))
    assert logged(order | {"userId": None, "context": {}}).transaction == "o-1"


def test_a_token_of_a_decision_must_be_this_visitors() -> None:
    shown = Shown(ExperienceName("welkom"), VariantName("b"), "u" * 32, 500_000, "p1", NOW)

    def read_token(token: str, visitor: str) -> Shown | None:
        return shown if (token, visitor) == ("d-1", key("visitor", "v-token")) else None

    def of(name: str, properties: dict[str, str]) -> str | None:
        return reason(call(name, properties=properties), AT_BROWSER, read_token=read_token)

    assert (
        logged(
            call("triggered", properties={"token": "d-1"}), AT_BROWSER, read_token=read_token
        ).shown
        == shown
    )
    assert of("view_promotion", {"decision": "d-1"}) is None
    assert of("view_promotion", {"promotion_id": "of-the-shop"}) is None
    assert of("triggered", {}) == "invalid_token"
    assert of("triggered", {"token": "d-2"}) == "invalid_token"
    assert of("select_promotion", {"token": "d-2"}) == "invalid_token"
    assert of("sign_up", {"token": "of-the-shop"}) is None
    assert (
        reason(call("triggered", properties={"token": "d-1"}), read_token=read_token)
        == "invalid_token"
    )


# ---- Known again --------------------------------------------------------------------------------------


def test_the_same_event_twice_is_known_again_however_it_was_delivered() -> None:
    first = arrival(call(timestamp="2026-11-21T20:00:00Z", sentAt="2026-11-21T20:00:01Z"))
    again = arrival(
        call(
            timestamp="2026-11-21T20:00:00Z",
            sentAt="2026-11-21T22:00:01Z",
            writeKey="k",
            receivedAt="x",
            _metadata={"retryCount": 2},
        ),
        replace(AT_SERVER, received=Received(NOW + HOUR)),
    )

    assert (first.identity, first.digest) == (again.identity, again.digest)
    assert first.event.id == again.event.id == first.identity.hex()
    assert len(first.identity) == len(first.digest) == 16


@pytest.mark.parametrize(
    "changed", [{"properties": {"index": 2}}, {"originalTimestamp": "2026-11-21T20:00:00Z"}]
)
def test_the_same_id_with_another_content_is_a_conflict(changed: dict[str, Any]) -> None:
    one, other = arrival(call()), arrival(call() | changed)

    assert one.identity == other.identity
    assert one.digest != other.digest


def test_a_stolen_id_cannot_keep_anothers_event_out() -> None:
    hers = arrival(call())
    of_another_visitor = arrival(call(anonymousId="dief"))
    of_a_browser = arrival(call(), WITHOUT_TOKEN)
    of_a_token = arrival(call(), AT_BROWSER)

    identities = {a.identity for a in (hers, of_another_visitor, of_a_browser, of_a_token)}
    assert len(identities) == 4


def test_without_an_id_the_content_is_the_id() -> None:
    anonymous = call(messageId=None)

    assert arrival(anonymous).identity == arrival(anonymous).identity
    assert arrival(anonymous).identity != arrival(anonymous | {"properties": {"index": 1}}).identity


def test_an_order_counts_once_whatever_id_it_comes_with() -> None:
    def once(message: str, door: Door = AT_SERVER, who: str = "karel") -> bytes | None:
        return arrival(
            call("purchase", messageId=message, anonymousId=who, properties=ORDER), door
        ).once

    assert once("m-1") == once("m-2") == once("m-3", BY_BROWSER) is not None
    assert once("m-1", AT_BROWSER) == once("m-2", AT_BROWSER) != once("m-1")
    assert once("m-1", WITHOUT_TOKEN) != once("m-1", WITHOUT_TOKEN, "fatima")
    assert arrival(call("refund", properties=ORDER)).once is None
    assert arrival(call()).once is None


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
@example(["ab", "c"], ["a", "bc"])
@example(["a"], ["a", ""])
@example(["1:a"], ["1", "a"])
def test_parts_of_an_identity_are_never_run_together(one: list[str], other: list[str]) -> None:
    assert (identity_of(b"k", *one) == identity_of(b"k", *other)) == (one == other)
