"""What others call an event, in our words: names, lines, money, pages, traits."""

from __future__ import annotations

from typing import Any

import pytest
from collect_examples import EXAMPLE, SHOP, call, consented, draft, logged, reason, send

from etalage.collect.call import Item
from etalage.collect.names import event_name, snake_case
from etalage.collect.refusal import Refusal
from etalage.domain.event import GA4_NAMES, Line


def refused(fields: dict[str, Any]) -> tuple[str, str | None]:
    with pytest.raises(Refusal) as caught:
        draft(fields)
    return caught.value.reason, caught.value.field


# ---- Names --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Products Searched", "search"),
        ("Product List Viewed", "view_item_list"),
        ("Viewed Product Category", "view_item_list"),
        ("Product List Filtered", "product_list_filtered"),
        ("Promotion Viewed", "view_promotion"),
        ("Promotion Clicked", "select_promotion"),
        ("Product Clicked", "select_item"),
        ("Clicked Product", "select_item"),
        ("Product Viewed", "view_item"),
        ("Viewed Product", "view_item"),
        ("Product Added", "add_to_cart"),
        ("Added Product", "add_to_cart"),
        ("Product Removed", "remove_from_cart"),
        ("Removed Product", "remove_from_cart"),
        ("Cart Viewed", "view_cart"),
        ("Checkout Started", "begin_checkout"),
        ("Checkout Step Viewed", "add_shipping_info"),
        ("Checkout Step Completed", "add_shipping_info"),
        ("Payment Info Entered", "add_payment_info"),
        ("Order Completed", "purchase"),
        ("Completed Order", "purchase"),
        ("Order Updated", "order_updated"),
        ("Order Cancelled", "order_cancelled"),
        ("Order Refunded", "refund"),
        ("Coupon Entered", "coupon_entered"),
        ("Coupon Applied", "coupon_applied"),
        ("Coupon Denied", "coupon_denied"),
        ("Coupon Removed", "coupon_removed"),
        ("Product Added to Wishlist", "add_to_wishlist"),
        ("Product Removed from Wishlist", "remove_from_wishlist"),
        ("Wishlist Product Added to Cart", "add_to_cart"),
        ("Product Shared", "share"),
        ("Cart Shared", "share"),
        ("Product Reviewed", "product_reviewed"),
        ("order completed", "purchase"),
        ("addToCart", "add_to_cart"),
        ("Maattabel geopend", "maattabel_geopend"),
        ("Café bekeken", "cafe_bekeken"),
    ],
)
def test_events_have_ga4s_names(said: str, name: str) -> None:
    assert event_name(said) == name


def test_ga4s_own_names_stay_as_they_are() -> None:
    assert {event_name(name) for name in GA4_NAMES} == GA4_NAMES


@pytest.mark.parametrize(
    "said", ["", "  ", "!!!", "x" * 65, "注文", "\u043erder completed", "order\u200bcompleted"]
)
def test_a_name_one_cannot_ask_for_or_that_only_looks_like_another_is_none(said: str) -> None:
    assert snake_case(said) is None


def test_a_track_call_needs_a_name() -> None:
    assert refused(call(event="")) == ("no_event_name", None)
    assert refused({"type": "track", "userId": "u-1"}) == ("no_event_name", None)
    assert refused(call(event="注文")) == ("bad_field", "event")
    assert refused(call() | {"event": 7}) == ("bad_field", "event")


def test_a_mail_address_is_no_name_of_an_event_and_no_id_of_a_product_or_an_order() -> None:
    address = "karel@shop.example"
    paid = {"transaction_id": address, "value": 10}

    assert refused(call(event=address)) == ("bad_field", "event")
    assert refused(call(properties={"product_id": address})) == ("bad_field", "product_id")
    assert refused(call("purchase", properties=paid)) == ("bad_field", "transaction_id")
    assert draft(call(properties={"product_id": "2@once"})).lines == (Line("2@once"),)


@pytest.mark.parametrize("name", ["__proto__", "constructor", "prototype"])
def test_a_hostile_name_of_an_event_is_set_aside(name: str) -> None:
    assert refused(call(event=name)) == ("hostile_name", "event")


@pytest.mark.parametrize(
    "name", ["decision", "feature", "configuration", "purchase_claim", "identify"]
)
def test_what_only_the_engine_writes_cannot_be_tracked(name: str) -> None:
    assert refused(call(event=name)) == ("bad_field", "event")


def test_an_item_without_a_type_is_set_aside() -> None:
    assert refused({"event": "x", "userId": "u-1"}) == ("no_type", None)
    assert refused({"type": "delete", "userId": "u-1"}) == ("no_type", None)


def test_the_example_of_the_conventions_becomes_an_add_to_cart() -> None:
    event = logged(Item(EXAMPLE.replace(b'"ip"', b'"consent":{"device":true,"measure":true},"ip"')))

    assert event.name == "add_to_cart"
    assert event.lines == (Line("42", 1, 7995, None, None, None),)
    assert (event.value, event.currency) == (7995, "EUR")
    assert event.url == "/p/regenjas"
    assert (event.utm_source, event.utm_medium, event.utm_campaign) == (
        "nieuwsbrief",
        "email",
        "lente",
    )
    assert (event.language, event.referrer, event.trust) == ("nl", None, "confirmed")
    # sent 18 ms after it happened, by the same clock; received at NOW
    assert event.time == event.received - 18_000


# ---- Lines and money ----------------------------------------------------------------------------------


def lines(**properties: Any) -> tuple[Line, ...]:
    return draft(call(properties=properties)).lines


def test_lines_are_read_in_every_shape() -> None:
    expected = (Line("S-1", 2, 1000),)
    product = {"product_id": "S-1", "price": 10, "quantity": 2}
    item = {"item_id": "S-1", "price": 10, "quantity": "2"}

    assert lines(**product) == expected
    assert lines(products=[product]) == expected
    assert lines(items=[item]) == expected
    assert lines(items=item) == expected
    assert lines(items={"0": item}) == expected
    assert lines(items=[], product_id="S-1") == ()


def test_a_product_is_known_by_its_id_before_its_sku() -> None:
    assert (
        lines(products=[{"sku": "b", "product_id": "a"}, {"sku": "b"}, {"id": 42}])[0].product
        == "a"
    )
    assert [
        line.product for line in lines(products=[{"sku": "b"}, {"id": 42}, {"item_name": "Tent"}])
    ] == [
        "b",
        "42",
        "Tent",
    ]


def test_a_product_without_any_id_is_left_out_and_counted() -> None:
    found = draft(call(properties={"products": [{"price": 1}, {"product_id": "a"}, "b"]}))

    assert [line.product for line in found.lines] == ["a"]
    assert found.notes["product_without_id"] == 1


def test_categories_are_paths() -> None:
    assert (
        lines(product_id="a", category="Dames>Jassen > Regenjassen")[0].category
        == "Dames > Jassen > Regenjassen"
    )
    assert lines(items=[{"item_id": "a", "item_category": "Dames", "item_category2": "Jassen"}])[
        0
    ].category == ("Dames > Jassen")


@pytest.mark.parametrize(
    "price", [79.95, "79.95", "79,95", "€ 79,95", "79.95 EUR", "EUR 79,95", " 79,95 "]
)
def test_a_price_may_be_written_as_shops_write_it(price: object) -> None:
    assert lines(product_id="a", price=price, currency="EUR")[0].price == 7995


@pytest.mark.parametrize("price", ["gratis", -1, True, [79], "1e5", 10**15, "-5,00"])
def test_an_amount_that_is_none_sets_the_event_aside(price: object) -> None:
    assert refused(call(properties={"product_id": "a", "price": price})) == ("bad_money", "price")


@pytest.mark.parametrize("quantity", [-1, 100_001])
def test_an_impossible_quantity_sets_the_event_aside(quantity: int) -> None:
    assert refused(call(properties={"product_id": "a", "quantity": quantity})) == (
        "bad_field",
        "quantity",
    )


@pytest.mark.parametrize("quantity", [0, None, "veel", 1.5, True])
def test_a_quantity_that_is_none_counts_as_one_and_is_noted(quantity: object) -> None:
    found = draft(call(properties={"product_id": "a", "quantity": quantity}))

    assert found.lines[0].quantity == 1
    assert found.notes["quantity_missing"] == 1


def test_a_missing_currency_is_the_shops_own_and_counted() -> None:
    stated = draft(call(properties={"product_id": "a", "price": 10, "currency": "usd"}))
    written = draft(call(properties={"product_id": "a", "price": "10 GBP"}))
    missing = draft(call(properties={"product_id": "a", "price": 10}))
    word = draft(call(properties={"product_id": "a", "price": 10, "currency": "euros"}))

    assert [d.currency for d in (stated, written, missing, word)] == ["USD", "GBP", "EUR", "EUR"]
    assert [d.notes.get("currency_missing") for d in (stated, written, missing, word)] == [
        None,
        None,
        1,
        None,
    ]
    assert (
        draft(call(properties={"product_id": "a", "price": 1000, "currency": "JPY"})).lines[0].price
        == 1000
    )


@pytest.mark.parametrize("currency", ["XYZ", "XAU", "punten", "EURX", 978, ["EUR"], True])
def test_an_amount_in_what_is_no_currency_is_not_taken_for_the_shops_own(currency: object) -> None:
    said = {"product_id": "a", "price": 10, "currency": currency}

    assert refused(call(properties=said)) == ("bad_money", "currency")
    assert refused(call(properties={"products": [said]})) == ("bad_money", "currency")
    assert draft(call(properties={"product_id": "a", "currency": currency})).currency == "EUR"


@pytest.mark.parametrize(
    ("amounts", "value"),
    [
        ({"total": 121, "revenue": 100, "tax": 21, "value": 1}, 12100),
        ({"value": "121,00"}, 12100),
        ({"revenue": 100, "tax": 21, "shipping": 4.95}, 12595),
        ({"revenue": 100}, 10000),
        ({"total": 0}, 0),
        ({}, 2 * 7995),
    ],
)
def test_an_order_is_worth_what_was_paid(amounts: dict[str, Any], value: int) -> None:
    properties = {
        "order_id": "o-1",
        "products": [{"product_id": "S-42", "price": 79.95, "quantity": 2}],
    } | amounts

    event = logged(call("Order Completed", properties=properties))

    assert (event.value, event.transaction) == (value, "o-1")


def test_an_order_without_its_number_is_set_aside() -> None:
    assert refused(call("purchase", properties={"value": 10})) == ("bad_field", "transaction_id")
    assert refused(call("Order Refunded")) == ("bad_field", "transaction_id")


def test_an_order_that_does_not_tell_its_worth_is_kept_and_noted() -> None:
    admitted = send(
        call("purchase", properties={"transaction_id": 1001, "items": [{"item_id": "x"}]})
    )

    assert admitted.arrival is not None
    assert (admitted.arrival.event.value, admitted.arrival.event.transaction) == (None, "1001")
    assert admitted.notes["value_missing"] == 1


def test_a_shops_own_event_may_mean_anything_by_value() -> None:
    assert logged(call("maattabel_geopend", properties={"value": "hoog"})).value is None
    assert reason(call("view_item", properties={"value": "hoog"})) == "bad_money"


def test_the_catalogue_knows_better_what_a_product_is() -> None:
    told = {"product_id": "S-42", "category": "Iets anders", "brand": "Nord"}

    now = logged(call(properties=told))
    long_ago = logged(call(properties=told, timestamp="2020-01-01T00:00:00Z"))

    assert now.lines == (Line("S-42", 1, 7995, "Dames > Jassen", "Noord", None),)
    assert long_ago.lines[0].price is None  # what it cost then is not known


# ---- Ids ----------------------------------------------------------------------------------------------


def test_ids_may_be_whole_numbers() -> None:
    found = draft(call(userId=17, anonymousId=2**53, messageId=3))

    assert (found.user, found.anonymous, found.message) == ("17", str(2**53), "3")


@pytest.mark.parametrize("field", ["userId", "anonymousId", "messageId"])
@pytest.mark.parametrize("wrong", [1.5, 42.0, True, ["a"], {"a": 1}, "a\u200bb", "a\nb", "x" * 257])
def test_an_id_that_is_none_sets_the_event_aside(field: str, wrong: object) -> None:
    assert refused(call(**{field: wrong})) == ("bad_field", field)


@pytest.mark.parametrize(
    "nobody", ["", "  ", None, "null", "undefined", "guest", "0", "anonymous", "[object Object]"]
)
def test_what_stands_for_nobody_is_no_id(nobody: object) -> None:
    assert draft(call(userId=nobody)).user is None
    assert draft(call(anonymousId=nobody)).anonymous is None


# ---- Pages, searches, traits --------------------------------------------------------------------------


def test_a_page_call_is_a_page_view() -> None:
    event = logged(
        {
            "type": "page",
            "anonymousId": "karel",
            "name": "Regenjassen",
            "category": "Dames > Jassen",
            "properties": {
                "url": "https://shop.example/c/jassen?page=2&u=karel",
                "type": "category",
            },
            "context": consented(page={"referrer": "https://www.zoek.example/?q=geheim"}),
        }
    )

    assert (event.name, event.category, event.page_type) == (
        "page_view",
        "Dames > Jassen",
        "category",
    )
    assert (event.url, event.referrer) == ("/c/jassen?page=2", "www.zoek.example")


def test_rudderstacks_direct_is_no_referrer_and_its_session_a_label() -> None:
    event = logged(
        call(userId="", context=consented(page={"referrer": "$direct"}, sessionId=1795292584936))
    )

    assert (event.referrer, event.session) == (None, "1795292584936")


def test_rudderstack_keeps_traits_in_the_context() -> None:
    identify = {"type": "identify", "anonymousId": "karel", "userId": "u-17"}

    segment = logged(identify | {"traits": {"loyaltyTier": "goud"}, "context": consented()})
    rudderstack = logged(identify | {"context": consented(traits={"loyaltyTier": "goud"})})

    assert segment.properties == rudderstack.properties == {"loyalty_tier": "goud"}


def test_a_group_is_a_trait() -> None:
    event = logged(
        {
            "type": "group",
            "anonymousId": "karel",
            "groupId": "zakelijk",
            "traits": {"name": "BV"},
            "context": consented(),
        }
    )

    assert (event.name, event.properties, event.customer) == (
        "identify",
        {"group": "zakelijk"},
        None,
    )


def test_of_properties_only_what_is_on_the_list_stays_and_the_rest_is_counted() -> None:
    admitted = send(
        call(
            "maattabel_geopend",
            properties={
                "method": "knop",
                "index": 2,
                "discount": 12.5,
                "rating": 4.0,
                "coupon": "karel@shop.example",
            }
            | {
                "colour_of_eyes": "blauw",
                "nested": {"a": 1},
                "step": ["a"],
                "gift": True,
                "reason": "",
            },
        )
    )

    assert admitted.arrival is not None
    assert admitted.arrival.event.properties == {
        "method": "knop",
        "index": 2,
        "discount": "12.5",
        "rating": "4",
        "gift": True,
    }
    assert admitted.notes == {"personal_value": 1, "unknown_field": 2, "unreadable_value": 1}


def test_scores_are_named_by_the_shop() -> None:
    event = logged(call("score", properties={"rfm.recency": 4, "phase": "loyalty", "churn": 0.125}))

    assert event.properties == {"rfm.recency": 4, "phase": "loyalty", "churn": "0.125"}


def test_the_currency_of_the_shop_is_the_one_of_its_settings() -> None:
    assert SHOP.currency == draft(call(properties={"product_id": "a", "price": 1})).currency
