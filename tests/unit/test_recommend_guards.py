"""Guards: nothing is ever recommended that this person cannot buy, has, or does not want."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from decide_examples import NOW, catalogue, experience, facts, product, products_variant
from msgspec.structs import replace

from etalage.decide.compose import compose
from etalage.domain.context import Context
from etalage.domain.decision import Choice, Chosen, DecisionFacts, PageProduct, Recommended
from etalage.domain.event import Line
from etalage.domain.experience import Wanted
from etalage.domain.ids import ExperienceName, ProductId, VariantName
from etalage.domain.product import Catalogue, Offer, Product, is_under
from etalage.domain.profile import Part, Recent, Written
from etalage.domain.time import DAY
from etalage.recommend.guards import broken_guard, limits_of
from etalage.recommend.popular import PopularIndex, Popularity, PopularModel
from etalage.recommend.recent import recently_viewed
from etalage.recommend.shelf import Shelf
from etalage.recommend.sizes import offers_for
from etalage.recommend.strategy import recommend
from etalage.unify.person import EMPTY

CASES = 2_000
CATEGORIES = (
    "Hond",
    "Hond > Voer",
    "Hond > Voer > Nat",
    "Hond > Voerbak",
    "Kat",
    "Gezondheid > Test",
)
SIZES = ("S", "M", "L", "38", "39")
SENSITIVE = ("Gezondheid",)


def _offer(random: Random, product_id: str, size: str | None) -> Offer:
    return Offer(
        id=f"{product_id}-{size}",
        price=random.choice([None, 500, 1500, 5000]),
        sale_price=random.choice([None, None, 400]),
        sale_until=NOW + random.choice([-DAY, DAY]),
        availability=random.choice(["in_stock", "out_of_stock", "unknown", "backorder"]),
        stock=random.choice([None, 0, 1, 9]),
        size=size,
    )


def _product(random: Random, number: int) -> Product:
    sizes = random.choice([(None,), ("S", "M"), ("L",), ("38", "39")])
    plain = product(f"p{number}", category=random.choice(CATEGORIES))
    return replace(plain, offers=tuple(_offer(random, plain.id, size) for size in sizes))


def _part(random: Random, ids: list[ProductId]) -> Part:
    recents = tuple(
        Recent(
            NOW - 1000 + n,
            f"e{n}",
            random.choice(["view_item", "add_to_cart"]),
            (Line(random.choice(ids)),),
        )
        for n in range(random.randrange(12))
    )
    size = random.choice([None, "M", "m ", "39", "XL"])
    return replace(
        EMPTY,
        recents=recents,
        preferences={} if size is None else {"size": Written(1, "a", size)},
        bought={p: NOW - random.choice([DAY, 60 * DAY]) for p in random.sample(ids, 2)},
        refused={
            f"product:{p}": Written(1, "a", random.random() < 0.8) for p in random.sample(ids, 2)
        },
    )


def _breaks(
    chosen: Product, wanted: Wanted, given: DecisionFacts, part: Part, price: int | None
) -> str | None:
    """Judge a result by the words of design 8, written again and apart from the code under test."""
    size = part.preferences["size"].value if "size" in part.preferences else None
    can_buy = [o for o in chosen.offers if o.is_available]
    if isinstance(size, str):
        kind = size.strip()[0].isdigit()
        if any(o.size is not None and o.size[0].isdigit() == kind for o in chosen.offers):
            can_buy = [
                o for o in can_buy if o.size is not None and o.size.lower() == size.strip().lower()
            ]
    prices = [p for o in can_buy if (p := o.price_at(NOW)) is not None]
    lowest, highest = wanted.price_from or 0, wanted.price_to or 10**9
    rules = {
        "stock or size": bool(can_buy),
        "price": bool(prices) and price == min(prices) and lowest <= price <= highest,
        "category": wanted.under is None or is_under(chosen.category, wanted.under),
        "page category": not wanted.same_category
        or is_under(chosen.category, given.page.category or "?"),
        "cart": chosen.id not in given.cart,
        "page": chosen.id != given.page.product,
        "bought": NOW - part.bought.get(chosen.id, -DAY * 999) > 30 * DAY,
        "refused": f"product:{chosen.id}" not in part.refused
        or part.refused[f"product:{chosen.id}"].value is not True,
        "sensitive": not any(is_under(chosen.category, s) for s in SENSITIVE),
    }
    return next((name for name, kept in rules.items() if not kept), None)


def _wanted(random: Random) -> Wanted:
    return Wanted(
        strategy=random.choice(["popular_now", "recently_viewed"]),
        size=random.choice([1, 4, 8]),
        at_least=random.choice([1, 1, 3]),
        under=random.choice([None, None, "Hond", "Hond > Voer"]),
        same_category=random.random() < 0.3,
        price_from=random.choice([None, None, 450]),
        price_to=random.choice([None, None, 2000]),
    )


def test_of_two_thousand_random_shops_and_people_no_result_breaks_a_guard() -> None:
    random = Random(20261121)
    broken: list[str] = []
    seen: Counter[str] = Counter()
    results = 0

    for _ in range(CASES):
        shop = catalogue(*(_product(random, n) for n in range(24)))
        ids = list(shop.products)
        ranked = tuple(Popularity(p, 100 - n, 10, 1) for n, p in enumerate(random.sample(ids, 20)))
        shelf = Shelf(shop, PopularIndex(PopularModel("v", NOW, ranked), shop), SENSITIVE)
        part, wanted = _part(random, ids), _wanted(random)
        page = Context(
            product=random.choice([None, *ids]), category=random.choice([None, *CATEGORIES])
        )
        given = facts(page=page, cart=tuple(sorted(random.sample(ids, 2))))
        limits = limits_of(wanted, given, part, catalogue=shop, sensitive=SENSITIVE)
        seen.update(broken_guard(p, limits) or "allowed" for p in shop.products.values())

        found = recommend(wanted, given, part, shelf)

        assert len(found.candidates) <= wanted.size
        for candidate in found.candidates:
            results += 1
            reason = _breaks(shop.products[candidate.product], wanted, given, part, candidate.price)
            if reason:
                broken.append(reason)
    assert broken == []
    assert results > 2_000
    # The generator must reach every guard, or the zero above says nothing.
    guards = (
        "out_of_stock",
        "no_price",
        "no_size",
        "wrong_category",
        "wrong_price",
        "in_cart",
        "bought",
    )
    assert all(
        seen[guard] >= 50 for guard in (*guards, "refused", "excluded", "sensitive", "allowed")
    ), seen


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


def test_a_shelf_that_judged_for_others_recommends_the_same_to_everybody() -> None:
    random = Random(20261122)
    shop = catalogue(*(_product(random, n) for n in range(24)))
    ids = list(shop.products)
    index = PopularIndex(
        PopularModel("v", NOW, tuple(Popularity(p, 100 - n, 10, 1) for n, p in enumerate(ids))),
        shop,
    )
    shared, found = Shelf(shop, index, SENSITIVE), 0

    for _ in range(300):
        page = Context(
            product=random.choice([None, *ids]), category=random.choice([None, *CATEGORIES])
        )
        given = facts(
            page=page, cart=tuple(sorted(random.sample(ids, 2))), now=NOW + random.randrange(-9, 9)
        )
        wanted, part = _wanted(random), _part(random, ids)
        alone = recommend(wanted, given, part, Shelf(shop, index, SENSITIVE))
        assert recommend(wanted, given, part, shared) == alone
        found += len(alone.candidates)
    assert found > 100
