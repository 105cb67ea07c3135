"""Which categories are suggested to be kept out: a list to begin with, and never a decision."""

from __future__ import annotations

import pytest
from decide_examples import catalogue, product

from etalage.govern.sensitive import Suggestion, kind_of, suggested

SHOP = catalogue(
    product("a", category="Drogist > Zelfzorg > Pijnstillers"),
    product("b", category="Drogist > Zelfzorg"),
    product("c", category="Drogist > Shampoo"),
    product("d", category="Boeken > Bijbels"),
    product("e", category="Tuin > Vuurkorven"),
)


def test_the_widest_category_that_a_word_points_at_is_suggested_with_its_products() -> None:
    assert suggested(SHOP) == [
        Suggestion("Boeken > Bijbels", "religion", 1),
        Suggestion("Drogist > Zelfzorg", "health", 2),
    ]


def test_what_the_shop_decided_is_not_brought_up_again() -> None:
    assert suggested(SHOP, ["Drogist", "Boeken > Bijbels"]) == []
    assert suggested(catalogue()) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Rouwkaarten", "grief"),
        ("LHBTI+", "sexuality"),
        ("Babykleding", "children"),
        ("Trade Unions", "politics"),
        ("Sextanten", None),
        ("Kerkrade", "religion"),  # a word too many is a question too many, and no more
        ("Urnerdal", None),
        ("Regenjassen 🧦", None),
    ],
)
def test_a_word_counts_where_a_word_begins(name: str, kind: str | None) -> None:
    assert kind_of(name) == kind
