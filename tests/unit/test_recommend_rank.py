"""Ranking: the shop's own list in this person's order, and nothing added or lost."""

from __future__ import annotations

from decide_examples import NOW, catalogue, product
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from etalage.domain.event import Line
from etalage.domain.profile import Part, Recent
from etalage.domain.time import DAY
from etalage.recommend.affinity import HALF_LIFE, affinity
from etalage.recommend.popular import PopularIndex, PopularModel
from etalage.recommend.rank import rank
from etalage.recommend.shelf import Shelf
from etalage.unify.person import EMPTY

SHOP = catalogue(
    product("voer", category="Hond > Voer", brand="Noord"),
    product("mand", category="Hond > Mand", brand="Zuid"),
    product("krab", category="Kat > Krabpaal", brand="Noord"),
    product("muis", category="Kat > Speelgoed", brand="West"),
    product("vis", category="Vis > Bak"),
)

SHELF = Shelf(SHOP, PopularIndex(PopularModel("", 0, ()), SHOP))


def did(*acts: tuple[str, str, str | None, int]) -> Part:
    recents = tuple(
        Recent(NOW - age, f"e{n}", name, (Line("x", category=category, brand=brand),))
        for n, (name, category, brand, age) in enumerate(acts)
    )
    return replace(EMPTY, recents=recents)


def test_somebody_without_a_past_gets_the_shop_s_own_order() -> None:
    for part in (None, EMPTY):
        assert [line.product for line in rank(["vis", "voer"], part, SHELF, now=NOW)] == [
            "vis",
            "voer",
        ]


def test_what_lies_nearest_to_her_looks_comes_first_with_the_reason() -> None:
    looked = did(("view_item", "Hond > Voer", None, 0))

    ranked = rank(["vis", "mand", "voer"], looked, SHELF, now=NOW)

    assert [(r.product, r.because, r.of) for r in ranked] == [
        ("voer", "category", "Hond > Voer"),
        ("mand", "category", "Hond"),
        ("vis", None, None),
    ]


def test_a_brand_alone_brings_something_forward() -> None:
    looked = did(("view_item", "Elders", "Noord", 0))

    ranked = rank(["muis", "krab"], looked, SHELF, now=NOW)

    assert [(r.product, r.because, r.of) for r in ranked] == [
        ("krab", "brand", "Noord"),
        ("muis", None, None),
    ]


def test_a_look_of_a_half_life_ago_weighs_half() -> None:
    taste = affinity(
        did(("view_item", "Hond", None, 0), ("view_item", "Kat", None, HALF_LIFE)), now=NOW
    )

    assert abs(taste.categories["Hond"] - 2 / 3) < 1e-12
    assert abs(taste.categories["Kat"] - 1 / 3) < 1e-12


def test_buying_tells_more_than_looking_and_other_acts_tell_nothing() -> None:
    acts = did(
        ("view_item", "Kat", None, 0),
        ("purchase", "Hond", None, DAY),
        ("page_view", "Vis", None, 0),
    )

    assert [r.product for r in rank(["vis", "muis", "mand"], acts, SHELF, now=NOW)] == [
        "mand",
        "muis",
        "vis",
    ]


@given(
    st.lists(st.sampled_from(["voer", "mand", "krab", "muis", "vis", "unknown"]), max_size=12),
    st.lists(
        st.tuples(
            st.sampled_from(["view_item", "purchase", "login"]),
            st.sampled_from(["Hond > Voer", "Kat"]),
            st.sampled_from([None, "Noord"]),
            st.integers(-DAY, 30 * DAY),
        ),
        max_size=6,
    ),
)
def test_nothing_is_added_or_left_out_and_equal_ones_keep_their_order(
    ids: list[str], acts: list[tuple[str, str, str | None, int]]
) -> None:
    ranked = rank(ids, did(*acts), SHELF, now=NOW)

    assert sorted(r.product for r in ranked) == sorted(ids)
    assert [r.score for r in ranked] == sorted((r.score for r in ranked), reverse=True)
    unknown = [r.product for r in ranked if r.score == 0]
    assert unknown == [i for i in ids if i in set(unknown)]
    assert ranked == rank(ids, did(*acts), SHELF, now=NOW)
