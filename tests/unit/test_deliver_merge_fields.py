"""Merge fields: values are live facts and plain text, and an unknown one never makes half a sentence."""

from __future__ import annotations

import pytest
from decide_examples import NOW, product
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from etalage.deliver.merge_fields import (
    Situation,
    cart_of,
    field_values,
    fill,
    fill_block,
    money,
    plain,
)
from etalage.domain.context import Context
from etalage.domain.event import Line
from etalage.domain.experience import Block, Button, Image, ProductList, Question, Text
from etalage.domain.merge_field import MERGE_FIELDS
from etalage.domain.product import Offer
from etalage.domain.profile import CartLine
from etalage.domain.time import DAY, ShopZone
from etalage.unify.person import EMPTY

SPACE = "\u00a0"
SITUATION = Situation(NOW, ShopZone("Europe/Amsterdam"), "EUR", shop="Noord")
HOSTILE = [
    "{{cart.value}}",
    "}}{{shop.name}}",
    "{{customer.first_name|<script>}}",
    "<script>alert(1)</script>",
    "'\"><img src=x onerror=alert(1)>",
    "{0}{situation}",
    "%s%(shop)s",
    "${7*7}",
    "\\1\\g<0>",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_value_is_shown_as_the_text_it_is(hostile: str) -> None:
    values = field_values(replace_situation(first_name=hostile), "nl")

    assert (
        fill("Dag {{customer.first_name|jij}}, {{shop.name}}!", values) == f"Dag {hostile}, Noord!"
    )


def replace_situation(**changes: object) -> Situation:
    return replace(SITUATION, **changes)


@given(st.text())
def test_no_value_holds_a_character_that_is_not_seen(value: str) -> None:
    shown = plain(value)

    assert len(shown) <= 200
    assert not any(ord(c) < 32 or c in "\u202e\u2066\u200b\x7f\ufeff" for c in shown)
    assert plain(shown) == shown


def test_an_unknown_fact_takes_its_fallback_or_leaves_the_block_out() -> None:
    assert fill("Dag {{customer.first_name|jij}}", {}) == "Dag jij"
    assert fill("Nog {{product.stock}} op voorraad", {}) is None
    assert fill("Dag {{customer.first_name|}}", {}) == "Dag "


def test_every_field_has_a_value_where_its_fact_is_known() -> None:
    sale = Offer(
        "o", price=1000, sale_price=800, sale_until=NOW + DAY, availability="in_stock", stock=3
    )
    here = replace(product("S-42", brand="Noord"), offers=(sale,))
    known = replace_situation(
        product=here,
        buyers=12,
        cart_count=2,
        cart_value=3000,
        free_delivery_from=5000,
        first_name="Fatima",
        segment="Hondenliefhebbers",
        query="voer",
    )

    nl, en = field_values(known, "nl"), field_values(known, "en")

    assert set(nl) == set(en) == MERGE_FIELDS
    assert nl["product.price"] == f"€{SPACE}8,00"
    assert en["product.price"] == "€8.00"
    assert nl["free_delivery.missing"] == f"€{SPACE}20,00"
    assert (nl["product.stock"], nl["product.buyers"], nl["product.category"]) == (
        "3",
        "12",
        "Voer",
    )
    assert (nl["sale.ends"], en["sale.ends"]) == ("21 november 13:00", "21 November 13:00")


def test_of_an_unknown_stock_nothing_is_claimed() -> None:
    unsure = product("x")
    offers = (*unsure.offers, Offer("y", price=1, availability="in_stock", stock=None))

    for here in (product("x", stock=0), replace(unsure, offers=offers), None):
        assert "product.stock" not in field_values(replace_situation(product=here), "nl")


def test_who_has_free_delivery_already_misses_nothing() -> None:
    assert "free_delivery.missing" not in field_values(
        replace_situation(cart_value=5000, free_delivery_from=5000), "nl"
    )


def test_the_cart_is_what_the_page_says_and_half_a_sum_is_no_sum() -> None:
    remembered = replace(
        EMPTY, cart={"a": CartLine(1, "x", 2, 500), "gone": CartLine(1, "y", 0, 900)}
    )

    assert cart_of(Context(cart=(Line("a", 3, 100),)), remembered) == (3, 300)
    assert cart_of(Context(cart=(Line("a", 3, 100), Line("b"))), None) == (4, None)
    assert cart_of(Context(cart=(Line("a"),), cart_value=70), None) == (1, 70)
    assert cart_of(Context(), remembered) == (2, 1000)
    assert cart_of(Context(), None) == (None, None)


@pytest.mark.parametrize(
    ("units", "currency", "nl", "en"),
    [(123450, "EUR", f"€{SPACE}1.234,50", "€1,234.50"), (500, "JPY", f"JP¥{SPACE}500", "JP¥500")],
)
def test_money_is_written_as_people_write_it(units: int, currency: str, nl: str, en: str) -> None:
    assert (money(units, currency, "nl"), money(units, currency, "en")) == (nl, en)


@pytest.mark.parametrize(
    ("block", "filled"),
    [
        (Text("{{shop.name}}", 2), Text("Noord", 2)),
        (Text("{{cart.value}}"), None),
        (Image("/a.jpg", "{{shop.name}}"), Image("/a.jpg", "Noord")),
        (ProductList("{{cart.value}}"), ProductList("")),
        (Button("Naar {{shop.name}}", "/"), Button("Naar Noord", "/")),
        (Question("Wat?", "pet", ("{{cart.value}}", "b")), None),
        (Question("Wat?", "pet", ("{{shop.name}}", "b")), Question("Wat?", "pet", ("Noord", "b"))),
    ],
)
def test_a_block_is_filled_as_a_whole_or_left_out(block: Block, filled: Block | None) -> None:
    assert fill_block(block, {"shop.name": "Noord"}) == filled
