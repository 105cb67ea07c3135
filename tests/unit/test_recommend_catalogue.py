"""What can be said of products from the catalogue alone: what is alike, new, back, and truly reduced."""

from __future__ import annotations

import pytest
from decide_examples import NOW, catalogue, facts, product
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from etalage.domain.context import Context
from etalage.domain.event import Line
from etalage.domain.experience import StrategyName, Wanted
from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue, Product
from etalage.domain.profile import Part, Recent, Written
from etalage.domain.time import DAY, HOUR, MINUTE
from etalage.recommend.catalogue_past import CataloguePast, PastShelf, look
from etalage.recommend.model_file import Unusable
from etalage.recommend.popular import PopularIndex, PopularModel
from etalage.recommend.shelf import Shelf
from etalage.recommend.similar_index import Likeness
from etalage.recommend.similar_model import SIMILAR, SimilarShelf, read, similar_model, write
from etalage.recommend.strategy import recommend
from etalage.unify.person import EMPTY


def titled(one: str, title: str, category: str = "Dames", **told: object) -> Product:
    return replace(product(one, category=category), title=title, **told)


def shelf_of(shop: Catalogue, past: CataloguePast | None = None) -> Shelf:
    models = {} if past is None else {PastShelf.name: PastShelf(past)}
    similar = SimilarShelf(similar_model(tuple(shop.products.values()), NOW))
    index = PopularIndex(PopularModel("", 0, ()), shop)
    return Shelf(shop, index, (), {**models, similar.name: similar})


def viewed(*looks: tuple[str, int], price: int | None = None, category: str | None = None) -> Part:
    recents = (
        Recent(NOW - ago, f"e{n}", "view_item", (Line(p, price=price, category=category),))
        for n, (p, ago) in enumerate(looks)
    )
    return replace(EMPTY, recents=tuple(sorted(recents, key=lambda r: (r.time, r.id))))


def listed(strategy: StrategyName, part: Part, shelf: Shelf, here: str | None = None) -> list[str]:
    page = Context(product=here)
    found = recommend(Wanted(strategy, size=8), facts(page=page), part, shelf)
    return [c.product for c in found.candidates] if found.used == strategy else []


# ---- Alike -------------------------------------------------------------------------------------------


def test_a_long_word_is_near_another_that_begins_like_it() -> None:
    titles = ("Regenjas", "Regenjack wol", "Theepot", *(f"{n}ding" for n in range(100, 150)))
    shop = [titled(f"p{n}", title) for n, title in enumerate(titles)]

    near = Likeness(shop).nearest()

    assert [place for place, _ in near[0]] == [1]
    assert near[2] == ()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.sampled_from(["rode", "blauwe", "jas", "regenjas", "trui", "pot"]),
        min_size=12,
        max_size=40,
    ),
    st.data(),
)
def test_a_product_that_is_put_in_has_the_neighbours_it_would_have_had(
    words: list[str], data: st.DataObject
) -> None:
    """Of one product in many, so that the rarity of words hardly moves: the same order up to near ties."""
    shop = [titled(f"p{n}", f"{word} {words[n - 1]}") for n, word in enumerate(words)] * 1
    many = [*shop, *(titled(f"q{n}", f"los{n} ding") for n in range(120))]
    late = data.draw(st.integers(0, len(shop) - 1))
    without = [p for p in many if p.id != many[late].id]

    put_in = similar_model(many, NOW, similar_model(without, NOW))
    at_once = similar_model(many, NOW)

    assert put_in.card.patched == 1
    own, whole = dict(put_in.near[many[late].id]), dict(at_once.near[many[late].id])
    assert own == whole  # its own neighbours are found among all, by the words of today
    for other, cosine in own.items():
        assert dict(put_in.near[other]).get(many[late].id, cosine) == cosine


def test_what_is_gone_is_nobodys_neighbour_and_a_new_text_is_compared_again() -> None:
    shop = [
        titled("a", "Regenjas rood"),
        titled("b", "Regenjas blauw"),
        *(titled(f"q{n}", f"los{n}") for n in range(120)),
    ]
    model = similar_model(shop, NOW)

    gone = similar_model([p for p in shop if p.id != "b"], NOW, model)
    other = similar_model([titled("a", "Theepot blauw"), *shop[1:]], NOW, model)

    assert dict(model.near["a"])["b"] > 0
    assert "b" not in dict(gone.near["a"])
    assert dict(other.near["a"])["b"] < dict(model.near["a"])["b"]
    assert similar_model(shop, NOW + DAY, model) is model  # stock and prices change nothing


def test_the_model_of_what_is_alike_survives_its_file_with_any_id() -> None:
    shop = [titled("a b,'", "Regenjas rood"), titled("🧦", "Regenjas blauw"), titled("q", "Pot")]
    model = similar_model(shop, NOW)

    assert read(write(model)) == model
    assert read(write(model)[:-30]) == Unusable("damaged")
    assert SIMILAR.ready(None) == Unusable("absent")


@pytest.mark.parametrize(
    "products",
    [[], [titled("a", "Jas")], [titled("a", "Jas"), titled("b", "Jas")], [titled("a", "")]],
)
def test_an_empty_shop_and_one_of_a_single_product_have_nothing_alike(
    products: list[Product],
) -> None:
    model = similar_model(products, NOW)

    assert all(not near or len(products) == 2 for near in model.near.values())
    assert read(write(model)) == model


def test_a_product_page_shows_what_is_like_it_and_other_pages_what_is_like_her_last_looks() -> None:
    shop = catalogue(
        titled("a", "Regenjas rood"),
        titled("b", "Regenjas blauw"),
        titled("c", "Theepot"),
        titled("d", "Theepot groot"),
    )
    shelf = shelf_of(shop)

    assert listed("similar", EMPTY, shelf, here="a") == ["b"]
    assert listed("similar", viewed(("c", HOUR), ("gone", 1)), shelf) == ["d"]
    assert listed("similar", EMPTY, shelf) == []
    assert listed("similar", EMPTY, shelf, here="unknown 🧦") == []


# ---- New ---------------------------------------------------------------------------------------------


def test_new_things_near_her_taste_come_first_and_old_ones_never() -> None:
    shop = catalogue(
        titled("near", "x", "Dames > Jassen", added=NOW - 2 * DAY),
        titled("far", "x", "Dames > Rokken", added=NOW - DAY),
        titled("other", "x", "Tuin", added=NOW - DAY),
        titled("old", "x", "Dames > Jassen", added=NOW - 31 * DAY),
        titled("soon", "x", "Dames > Jassen", added=NOW + DAY),
    )
    part = viewed(("z", HOUR), category="Dames > Jassen")

    assert listed("new_for_you", part, shelf_of(shop)) == ["near", "far"]
    assert listed("new_for_you", EMPTY, shelf_of(shop)) == []


# ---- Back --------------------------------------------------------------------------------------------


def days(*states: tuple[int, dict[str, int | None]]) -> CataloguePast:
    """Look at a shop as it was so many micros ago: product -> price, None = sold out."""
    past = None
    for ago, shop in states:
        there = (product(p, price=c or 1000, stock=0 if c is None else 5) for p, c in shop.items())
        past = look(catalogue(*there), NOW - ago, past)
    assert past is not None
    return past


BACK = days(
    (9 * DAY, {"a": 1000, "b": 1000}),
    (5 * DAY, {"a": None, "b": 1000}),
    (DAY, {"a": 1000, "b": 1000}),
)


@pytest.mark.parametrize(("ago", "shown"), [(6 * DAY, ["a"]), (2 * DAY, ["a"]), (HOUR, [])])
def test_only_what_came_back_after_she_looked_is_back(ago: int, shown: list[str]) -> None:
    shelf = shelf_of(catalogue(product("a"), product("b")), BACK)

    assert listed("back_in_stock", viewed(("a", ago), ("b", ago)), shelf) == shown


def test_a_recount_of_a_minute_and_a_first_delivery_are_no_return() -> None:
    flicker = days((9 * DAY, {"a": 1000}), (DAY, {"a": None}), (DAY - MINUTE, {"a": 1000}))
    first = days(
        (9 * DAY, {"b": 1000}), (5 * DAY, {"a": None, "b": 1000}), (DAY, {"a": 1000, "b": 1000})
    )

    for past in (flicker, first):
        shelf = shelf_of(catalogue(product("a")), past)
        assert listed("back_in_stock", viewed(("a", 2 * DAY)), shelf) == []


# ---- Reduced -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "before"),
    [
        ([(60, 5000), (1, 4000)], 5000),
        (
            [(60, 5000), (20, 3900), (10, 5000), (1, 4000)],
            None,
        ),  # it was cheaper within thirty days
        ([(60, 4000), (3, 6000), (1, 4500)], None),  # raised first, to fall from higher
        ([(60, 5000), (40, 3900), (35, 5000), (1, 4000)], 5000),  # cheaper, but longer ago
        ([(60, 5000), (1, 4000), (0, 4500)], None),  # it went up again
        ([(60, 5000), (40, 4000)], None),  # no news after thirty days
        ([(20, 5000), (1, 4000)], None),  # thirty days were not seen
    ],
)
def test_a_price_is_reduced_only_below_all_of_the_thirty_days_before(
    states: list[tuple[int, int]], before: int | None
) -> None:
    past = days(*((ago * DAY, {"a": price}) for ago, price in states))

    assert past.products["a"].reduced_from(NOW) == before


def test_a_newer_product_is_judged_by_its_own_few_days() -> None:
    past = days((60 * DAY, {"b": 1}), (9 * DAY, {"a": 5000, "b": 1}), (DAY, {"a": 4000, "b": 1}))

    assert past.products["a"].reduced_from(NOW) == 5000


@pytest.mark.parametrize(
    ("ago", "paid", "shown"),
    [(2 * DAY, None, ["a"]), (2 * DAY, 4500, ["a"]), (2 * DAY, 3500, []), (HOUR, None, [])],
)
def test_only_what_is_cheaper_than_when_she_looked_is_cheaper(
    ago: int, paid: int | None, shown: list[str]
) -> None:
    shelf = shelf_of(
        catalogue(product("a", price=4000)), days((60 * DAY, {"a": 5000}), (DAY, {"a": 4000}))
    )

    assert listed("price_dropped", viewed(("a", ago), price=paid), shelf) == shown


def test_a_reduction_of_another_size_is_none_for_her() -> None:
    both = product("a", price=4000, sizes=("S", "L"))
    hers = replace(both, offers=(both.offers[0], replace(both.offers[1], price=5000)))
    shelf = shelf_of(catalogue(hers), days((60 * DAY, {"a": 5000}), (DAY, {"a": 4000})))
    look_at = viewed(("a", 2 * DAY))

    assert listed("price_dropped", look_at, shelf) == ["a"]
    large = replace(look_at, preferences={"size": Written(1, "x", "L")})
    assert listed("price_dropped", large, shelf) == []


def test_nothing_is_written_when_nothing_changed_and_what_left_is_forgotten_in_time() -> None:
    shop = catalogue(product("a"), product("b"))
    first = look(shop, NOW - DAY)

    assert look(shop, NOW, first) is first
    left = look(catalogue(product("b")), NOW, first)
    assert left.products["a"].dropped == NOW
    assert "a" not in look(catalogue(product("b")), NOW + 91 * DAY, left).products
    assert look(shop, NOW + DAY, left).products["a"].back == NOW + DAY


def test_without_a_look_at_the_catalogue_nothing_is_claimed() -> None:
    shelf = shelf_of(catalogue(product("a")))

    for strategy in ("back_in_stock", "price_dropped", "new_for_you"):
        assert listed(strategy, viewed(("a", DAY)), shelf) == []  # type: ignore[arg-type]
    assert ProductId("a") in shelf.catalogue.products
