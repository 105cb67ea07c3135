"""What a shop says about a list: pins, boosts, variety, what stays out; and in which sizes she buys."""

from __future__ import annotations

from typing import Any

import pytest
from decide_examples import NOW, catalogue, facts, product
from msgspec.structs import replace

from etalage.decide.parse_wanted import parse_wanted
from etalage.domain.event import Line
from etalage.domain.experience import Boost, Wanted
from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue
from etalage.domain.profile import Part, Recent, Written
from etalage.domain.time import DAY, SECOND
from etalage.errors import BadExperience, Unknown
from etalage.recommend.affinity import affinity
from etalage.recommend.popular import PopularIndex, Popularity, PopularModel
from etalage.recommend.rank import rank
from etalage.recommend.session_model import session_model
from etalage.recommend.session_shelf import SessionShelf
from etalage.recommend.shelf import Shelf
from etalage.recommend.strategy import STRATEGIES, recommend
from etalage.unify.person import EMPTY

SHOP = catalogue(
    replace(product("a", brand="Noord"), labels={"margin": "low"}),
    replace(product("b", brand="Noord"), labels={"margin": "High "}),
    product("c", brand="Noord", category="Hond > Mand"),
    replace(product("d", category="Kat"), added=NOW - DAY),
    product("out", stock=0),
)


def shelf(shop: Catalogue = SHOP) -> Shelf:
    lines = tuple(Popularity(p, 1000 - 100 * n, 10, 1) for n, p in enumerate(shop.products))
    return Shelf(shop, PopularIndex(PopularModel("v", NOW, lines), shop))


def listed(part: Part | None = None, **wanted: Any) -> list[str]:
    found = recommend(Wanted("popular_now", **{"size": 8} | wanted), facts(), part, shelf())
    return [candidate.product for candidate in found.candidates]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, "abcd"),
        ({"per_brand": 1}, "ad"),
        ({"per_category": 1}, "acd"),
        ({"without": (ProductId("a"), ProductId("c"))}, "bd"),
        ({"not_under": ("Hond > Voer", "Kat")}, "c"),
        ({"pins": (ProductId("d"), ProductId("out"), ProductId("no"), ProductId("b"))}, "dbac"),
        ({"pins": (ProductId("d"),), "size": 1}, "d"),
        ({"boosts": (Boost(150, label="margin", value="high"),)}, "bacd"),
        ({"boosts": (Boost(200, new_days=2), Boost(50, label="margin", value="low"))}, "dbca"),
        ({"boosts": (Boost(200, new_days=1),)}, "abcd"),
        ({"pins": (ProductId("c"),), "per_brand": 1}, "cd"),
    ],
)
def test_a_list_is_as_the_shop_arranged_it(said: dict[str, Any], expected: str) -> None:
    assert "".join(listed(**said)) == expected


def test_a_pin_says_that_the_shop_chose_it_and_does_not_pass_what_she_refused() -> None:
    pinned = Wanted("popular_now", pins=(ProductId("d"), ProductId("c")))
    no = replace(EMPTY, refused={"product:d": Written(1, "x", value=True)})

    found = recommend(pinned, facts(), no, shelf())

    assert [(c.product, c.because) for c in found.candidates][:2] == [
        ("c", "pinned"),
        ("a", "popular"),
    ]


def test_pins_alone_make_no_list_that_promises_something_else() -> None:
    wanted = Wanted("back_in_stock", pins=(ProductId("a"),))

    assert recommend(wanted, facts(), EMPTY, shelf()).candidates == ()


# ---- As it is written --------------------------------------------------------------------------------


def test_an_arranged_list_is_read_as_it_was_written() -> None:
    said = {
        "strategy": "for_you",
        "pins": ["S-7"],
        "without": ["S-8"],
        "not_under": ["Outlet"],
        "per_brand": 2,
        "boosts": [
            {"label": "margin", "is": "high", "percent": 120},
            {"new_days": 14, "percent": 150},
        ],
    }

    assert parse_wanted(said, "products") == Wanted(
        strategy="for_you",
        pins=(ProductId("S-7"),),
        without=(ProductId("S-8"),),
        not_under=("Outlet",),
        per_brand=2,
        boosts=(Boost(120, label="margin", value="high"), Boost(150, new_days=14)),
    )


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"strategy": "populair"}, "products.strategy"),
        ({"boosts": [{"percent": 120}]}, "products.boosts[0]"),
        (
            {"boosts": [{"label": "x", "is": "y", "new_days": 3, "percent": 120}]},
            "products.boosts[0]",
        ),
        ({"boosts": [{"label": "x", "percent": 120}]}, "products.boosts[0].is"),
        ({"boosts": [{"new_days": 3, "percent": 501}]}, "products.boosts[0].percent"),
        ({"boosts": [{"new_days": 3, "percent": float("nan")}]}, "products.boosts[0].percent"),
        ({"pins": ["a"], "without": ["a"]}, "products.pins"),
        ({"pins": [7]}, "products.pins[0]"),
        ({"per_brand": 0}, "products.per_brand"),
        ({"at_least": 5}, "products.at_least"),
        ({"pinned": ["a"]}, "products.pinned"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_field(said: dict[str, Any], field: str) -> None:
    with pytest.raises((BadExperience, Unknown)) as refused:
        parse_wanted({"strategy": "popular_now"} | said, "products")
    assert refused.value.field == field


# ---- Her size ----------------------------------------------------------------------------------------

CLOTHES = catalogue(
    product("shoe", category="Dames > Schoenen > Laarzen", sizes=("38", "39")),
    product("small", category="Dames > Schoenen", sizes=("36",)),
    product("dress", category="Dames > Jurken", sizes=("38", "42")),
    product("shirt", category="Dames > Truien", sizes=("S", "M")),
)


def bought(*lines: tuple[str, str], name: str = "purchase") -> Part:
    recents = tuple(
        Recent(NOW - 99 + n, f"e{n}", name, (Line(f"x{n}", category=kind, size=size),))
        for n, (kind, size) in enumerate(lines)
    )
    had = {f"x{n}": NOW - 99 + n for n in range(len(lines))} if name == "purchase" else {}
    return replace(EMPTY, recents=recents, bought=had)


SHOES = "Dames > Schoenen"


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (bought((SHOES, "39"), (SHOES, " 39")), {"shoe": "39", "dress": None, "shirt": None}),
        (bought((SHOES, "39")), {"shoe": None, "small": None, "dress": None, "shirt": None}),
        (bought((SHOES, "39"), (SHOES, "39"), (SHOES, "36"), (SHOES, "36")), {"small": None}),
        (bought((SHOES, "39"), (SHOES, "39"), name="view_item"), {"small": None}),
        (
            bought(("Heren > Schoenen", "44"), ("Heren > Schoenen", "44")),
            {"shoe": None, "small": None},
        ),
    ],
)
def test_a_size_is_hers_once_she_bought_it_twice_for_its_own_kind_of_clothes(
    part: Part, expected: dict[str, str | None]
) -> None:
    found = recommend(Wanted("popular_now", size=8), facts(), part, shelf(CLOTHES))
    sizes = {str(c.product): c.size for c in found.candidates}

    assert {one: sizes[one] for one in expected} == expected
    assert ("small" in sizes) == ("small" in expected)


def test_the_size_she_told_goes_before_the_one_she_buys() -> None:
    part = replace(
        bought((SHOES, "39"), (SHOES, "39")), preferences={"size": Written(1, "x", "38")}
    )

    found = recommend(Wanted("popular_now", size=8), facts(), part, shelf(CLOTHES))

    assert {str(c.product): c.size for c in found.candidates} == {
        "shoe": "38",
        "dress": "38",
        "shirt": None,
    }


# ---- The order of a list the shop has ----------------------------------------------------------------


def test_a_list_is_ordered_by_where_others_went_too_and_says_after_what() -> None:
    sessions = [
        (NOW / SECOND - n, ["a", "d"] if n % 2 else ["c", "out"]) for n in range(200, 0, -1)
    ]
    plain = shelf()
    learned = SessionShelf(session_model(sessions, NOW))
    near = Shelf(SHOP, plain.popular, (), {learned.name: learned})
    looked = replace(EMPTY, recents=(Recent(NOW - 9, "e", "view_item", (Line("a"),)),))

    assert [line.product for line in rank(["out", "c", "d"], looked, plain, now=NOW)] == [
        "out",
        "c",
        "d",
    ]
    ordered = rank(["out", "c", "d", "d", "no 🧦"], looked, near, now=NOW)

    assert [line.product for line in ordered] == ["d", "d", "out", "c", "no 🧦"]
    assert (ordered[0].because, ordered[0].of) == ("near", "Titel a")
    assert [line.because for line in ordered[2:]] == [None, None, None]


def test_of_equals_the_popular_one_comes_first_where_nobody_knows_where_others_went() -> None:
    looked = replace(
        EMPTY, recents=(Recent(NOW - 9, "e", "view_item", (Line("x", category="Hond > Voer"),)),)
    )

    ordered = rank(["d", "b", "a"], looked, shelf(), now=NOW)

    assert [(line.product, line.because) for line in ordered] == [
        ("a", "category"),
        ("b", "category"),
        ("d", None),
    ]
    assert affinity(looked, now=NOW).categories == {"Hond > Voer": 1.0, "Hond": 1.0}


# ---- Bad input ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
@pytest.mark.parametrize(
    "shop",
    [
        catalogue(),
        catalogue(product("a", stock=0), product("b", price=None)),
        catalogue(product("a 🧦'")),
        catalogue(replace(product("a"), offers=(), categories=())),
    ],
    ids=["empty", "nothing to buy", "one product", "without offers or category"],
)
def test_a_shop_with_next_to_nothing_gives_a_short_list_and_no_error(
    strategy: Any, shop: Catalogue
) -> None:
    ids = ["a", "a", "a 🧦'", "never seen", "", "\ud7ff"]
    part = replace(
        EMPTY,
        recents=tuple(
            Recent(NOW - 99 + n, f"e{n}", "view_item", (Line(i),)) for n, i in enumerate(ids * 2)
        ),
    )
    wanted = Wanted(
        strategy, pins=(ProductId("a"), ProductId("ghost")), boosts=(Boost(500, new_days=9),)
    )

    for known in (part, EMPTY, None):
        found = recommend(wanted, facts(), known, shelf(shop))
        assert {c.product for c in found.candidates} <= {"a 🧦'"}
        ordered = rank(ids, known, shelf(shop), now=NOW)
        assert sorted(line.product for line in ordered) == sorted(ids)
