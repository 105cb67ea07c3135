"""Guards: nothing is ever recommended that this person cannot buy, has, or does not want."""

from __future__ import annotations

import pytest
from decide_examples import NOW, catalogue, experience, facts, product, products_variant
from msgspec.structs import replace

from etalage.decide.compose import compose
from etalage.domain.context import Context
from etalage.domain.decision import Choice, Chosen, PageProduct, Recommended
from etalage.domain.event import Line
from etalage.domain.experience import Wanted
from etalage.domain.ids import ExperienceName, ProductId, VariantName
from etalage.domain.product import Catalogue
from etalage.domain.profile import Part, Recent, Written
from etalage.recommend.guards import broken_guard, limits_of
from etalage.recommend.popular import PopularIndex, Popularity, PopularModel
from etalage.recommend.recent import recently_viewed
from etalage.recommend.shelf import Shelf
from etalage.recommend.sizes import offers_for
from etalage.recommend.strategy import recommend
from etalage.unify.person import EMPTY


def test_a_size_is_held_against_its_own_kind_of_sizes() -> None:
    shirt, shoe = product("shirt", sizes=("S", "L")), product("shoe", sizes=("38", "39"))

    assert offers_for(shirt, "M") == ()
    assert [o.size for o in offers_for(shirt, " l")] == ["L"]
    assert len(offers_for(shoe, "M")) == 2
    assert offers_for(product("bowl"), "M") != ()


def test_an_unknown_product_is_never_recommended() -> None:
    limits = limits_of(Wanted("popular_now"), facts(), None, catalogue=catalogue())

    assert broken_guard(None, limits) == "unknown_product"


def _shelf(*ids: str) -> Shelf:
    shop = catalogue(*(product(i) for i in ids))
    ranked = tuple(Popularity(ProductId(i), 100 - n, 10, 3) for n, i in enumerate(ids))
    return Shelf(shop, PopularIndex(PopularModel("v", NOW, ranked), shop))


def _viewed(*ids: str) -> Part:
    return replace(
        EMPTY,
        recents=tuple(
            Recent(NOW - 99 + n, f"e{n}", "view_item", (Line(i),)) for n, i in enumerate(ids)
        ),
    )


def test_a_refusal_that_was_taken_back_guards_nothing() -> None:
    for refused, expected in ((True, ["b"]), (False, ["a", "b"])):
        part = replace(EMPTY, refused={"product:a": Written(1, "x", refused)})

        found = recommend(Wanted("popular_now"), facts(), part, _shelf("a", "b"))

        assert [c.product for c in found.candidates] == expected


def test_recently_viewed_are_each_once_and_the_newest_first() -> None:
    assert list(recently_viewed(_viewed("a", "b", "a", "c"), NOW)) == ["c", "a", "b"]
    assert list(recently_viewed(_viewed("a"), NOW - 1000)) == []
    assert list(recently_viewed(None, NOW)) == []


def test_what_she_viewed_is_shown_with_that_reason() -> None:
    found = recommend(Wanted("recently_viewed"), facts(), _viewed("a", "b"), _shelf("a", "b", "c"))

    assert [(c.product, c.because) for c in found.candidates] == [("b", "viewed"), ("a", "viewed")]
    assert not found.is_fallback


def test_too_little_history_falls_back_to_what_is_popular_and_says_so() -> None:
    wanted = Wanted("recently_viewed", at_least=2)

    found = recommend(wanted, facts(), _viewed("c"), _shelf("a", "b", "c"))

    assert (found.asked, found.used, found.is_fallback) == ("recently_viewed", "popular_now", True)
    assert [c.product for c in found.candidates] == ["a", "b", "c"]


def test_without_consent_to_personalise_the_past_is_not_read() -> None:
    closed = facts(purposes=("device", "measure"))
    past = replace(_viewed("c"), bought={"a": NOW})

    found = recommend(Wanted("recently_viewed"), closed, past, _shelf("a", "b"))

    assert found.used == "popular_now"
    assert [c.product for c in found.candidates] == ["a", "b"]


@pytest.mark.parametrize(
    ("page", "here", "expected"),
    [
        (Context(category="Kat"), None, []),
        (Context(category="Hond"), None, ["a", "b"]),
        (Context(), None, []),
        (Context(), PageProduct(ProductId("a"), available=True), ["b"]),
    ],
)
def test_a_list_of_the_page_s_own_category_knows_no_other(
    page: Context, here: PageProduct | None, expected: list[str]
) -> None:
    found = recommend(
        Wanted("popular_now", same_category=True),
        facts(page=page, here=here),
        None,
        _shelf("a", "b"),
    )

    assert [c.product for c in found.candidates] == expected


def test_the_last_look_agrees_with_the_guards() -> None:
    """What recommend lets through, compose lets through: the two look at the same facts."""
    given = facts(cart=(ProductId("b"),))
    found: Recommended = recommend(Wanted("popular_now"), given, None, _shelf("a", "b", "c"))
    name = ExperienceName("list")
    live = {name: experience("list", variants=[products_variant()], form="products")}
    chosen = Chosen((Choice(name, "below", VariantName("a"), show=True),))

    decision = compose(given, chosen, {name: found}, live)

    assert [c.product for c in decision.entries[0].products] == ["a", "c"]
    assert decision.entries[0].guarded == {}


def test_an_empty_shop_recommends_nothing() -> None:
    empty: Catalogue = catalogue()
    shelf = Shelf(empty, PopularIndex(PopularModel("", 0, ()), empty))

    assert recommend(Wanted("recently_viewed"), facts(), None, shelf).candidates == ()
