"""What goes together: the ratio of the method, complements of other kinds, and whole looks she can buy."""

from __future__ import annotations

import pytest
from decide_examples import NOW, catalogue, facts, product
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from etalage.deliver.explain import product_reason
from etalage.domain.context import Context
from etalage.domain.decision import PageProduct, Recommended
from etalage.domain.experience import StrategyName, Wanted
from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue, Offer, Product
from etalage.domain.profile import Written
from etalage.recommend.looks import looks_of
from etalage.recommend.model_file import Unusable
from etalage.recommend.popular import PopularIndex, Popularity, PopularModel
from etalage.recommend.shelf import Shelf
from etalage.recommend.strategy import recommend
from etalage.recommend.together import Chosen, Complement, complements, llr
from etalage.recommend.together_model import (
    TOGETHER,
    Learned,
    TogetherCard,
    TogetherShelf,
    kind_of,
    learn,
)
from etalage.unify.person import EMPTY

VECTORS = [
    ((100, 1000, 1000, 100000), 265.013064),
    ((1000, 1000, 1000, 100000), 5734.342525),
    ((1, 0, 0, 10000), 20.420781),
    ((10, 0, 0, 100000), 204.207807),
    ((5, 1, 0, 2), 5.178277),
]


def piece(
    name: str, category: str, *, sizes: tuple[str, ...] = (), gender: str | None = None, **told: str
) -> Product:
    offers = tuple(
        Offer(id=f"{name}-{size}", price=1_000, availability="in_stock", stock=5, size=size)
        for size in sizes
    )
    made = product(name, category=category)
    return replace(made, offers=offers or made.offers, gender=gender, labels=told)


WARDROBE = catalogue(
    piece("coat", "Women > Coats", gender="dames", look="rain"),
    piece("parka", "Women > Coats > Warm", gender="dames"),
    piece("boots", "Women > Shoes", sizes=("38", "39"), gender="dames", look="rain|town"),
    piece("clogs", "Women > Shoes", sizes=("38",), gender="dames"),
    piece("trousers", "Women > Trousers", sizes=("S", "M"), gender="dames", look="rain"),
    piece("hat", "Extras > Hats", gender="unisex"),
    piece("umbrella", "Extras > Umbrellas"),
    piece("men's shoes", "Men > Shoes", gender="heren"),
)


def shelf(learned: Learned | None, shop: Catalogue = WARDROBE) -> Shelf:
    ranked = tuple(Popularity(ProductId(i), 100 - n, 10, 3) for n, i in enumerate(shop.products))
    popular = PopularIndex(PopularModel("v", NOW, ranked), shop)
    models = {} if learned is None else {"together": TogetherShelf("v", learned)}
    return Shelf(shop, popular, (), models)


def asked(
    strategy: StrategyName,
    found: Shelf,
    here: str | None = "coat",
    *,
    cart: tuple[str, ...] = (),
    size: str | None = None,
) -> Recommended:
    told = replace(
        facts(),
        cart=tuple(ProductId(p) for p in cart),
        page=Context(page_type="product", product=here),
        here=None if here is None else PageProduct(ProductId(here), available=True),
    )
    part = EMPTY if size is None else replace(EMPTY, preferences={"size": Written(1, "a", size)})
    return recommend(Wanted(strategy, size=5), told, part, found)


def ids(found: Recommended) -> list[str]:
    return [str(one.product) for one in found.candidates]


def learned_from(*baskets: tuple[str, ...], times: int = 6) -> Learned:
    """Learn from baskets that so many people each had, among many that hold one thing."""
    rows = [(who * 100 + n, list(b)) for n, b in enumerate(baskets) for who in range(times)]
    alone = [(9_000 + n, ["umbrella"]) for n in range(200)]
    kinds = {str(key): kind_of(one.category) for key, one in WARDROBE.products.items()}
    chosen = [Chosen(who, things) for who, things in [*rows, *alone]]
    of_kinds = [Chosen(who, [kinds[t] for t in things]) for who, things in chosen]
    most = {"Women > Shoes": (Complement("boots", 0.5), Complement("clogs", 0.2))}
    return Learned(
        complements(chosen, lambda t: kinds[t]), complements(of_kinds, lambda k: k), most
    )


@pytest.mark.parametrize(("counts", "expected"), VECTORS)
def test_the_ratios_of_the_method_come_out(counts: tuple[int, ...], expected: float) -> None:
    assert llr(*counts) == pytest.approx(expected, abs=1e-6)


@given(*(st.integers(0, 10_000) for _ in range(4)))
def test_a_ratio_is_never_negative_and_the_same_from_both_sides(
    both: int, first: int, second: int, neither: int
) -> None:
    assert llr(both, first, second, neither) >= 0
    assert llr(both, first, second, neither) == pytest.approx(
        llr(both, second, first, neither), abs=1e-3
    )


def test_two_things_of_one_kind_are_rivals_however_often_they_are_bought_together() -> None:
    assert learned_from(("coat", "parka"), times=50).products == {}


def test_four_people_are_too_few_and_one_person_is_one_however_often_she_repeats_it() -> None:
    kind = {"coat": 1, "boots": 2, "hat": 3}.__getitem__
    four = [Chosen(who, ["coat", "boots"]) for who in range(4)]
    one = [Chosen(1, ["coat", "boots"])] * 500
    others = [Chosen(10 + n, ["hat"]) for n in range(100)]

    assert complements([*four, *others], kind) == {}
    assert complements([*one, *others], kind) == {}
    assert complements([*four, Chosen(99, ["coat", "boots"]), *others], kind)


def test_what_is_chosen_together_less_than_by_chance_does_not_go_together() -> None:
    kind = {"coat": 1, "boots": 2}.__getitem__
    apart = [Chosen(n, ["coat" if n % 2 else "boots"]) for n in range(400)]
    together = [Chosen(1_000 + n, ["coat", "boots"]) for n in range(6)]

    assert complements([*apart, *together], kind) == {}


def test_a_page_gets_what_people_chose_with_it_and_says_so() -> None:
    found = asked("goes_with", shelf(learned_from(("coat", "boots"))))

    assert ids(found)[0] == "boots"
    title = WARDROBE.products[ProductId("coat")].title
    assert product_reason(found.candidates[0], "nl") == f"Vaak samen gekozen met {title}"
    assert product_reason(found.candidates[0], "en") == f"Often chosen with {title}"


def test_a_product_nobody_bought_yet_gets_what_goes_with_its_kind() -> None:
    found = asked("goes_with", shelf(learned_from(("coat", "boots"))), "parka")

    assert ids(found) == ["boots", "clogs"]
    assert found.candidates[0].of == "Coats"


def test_without_a_page_the_basket_is_completed() -> None:
    known = shelf(learned_from(("coat", "boots"), ("boots", "hat")))

    assert ids(asked("goes_with", known, None, cart=("coat",)))[0] == "boots"
    assert "coat" not in ids(asked("goes_with", known, None, cart=("coat", "boots")))


def test_where_nothing_goes_with_it_nothing_else_fills_the_list() -> None:
    found = asked("goes_with", shelf(None))

    assert found.candidates == ()
    assert asked("look", shelf(None), "hat").candidates == ()


def test_a_look_of_the_shop_comes_first_in_its_order_with_one_piece_of_a_kind() -> None:
    found = asked("look", shelf(learned_from(("coat", "clogs"), ("coat", "hat"))))

    assert ids(found) == ["boots", "trousers", "hat"]
    assert [one.because for one in found.candidates] == ["in_look", "in_look", "together"]


def test_a_piece_that_is_not_there_in_her_size_makes_room_for_a_learned_one_that_is() -> None:
    gone = replace(
        WARDROBE.products[ProductId("boots")],
        offers=(Offer(id="b", price=1_000, availability="out_of_stock", stock=0, size="38"),),
    )
    shop = replace(WARDROBE, products={**WARDROBE.products, gone.id: gone})
    known = learned_from(("coat", "clogs"))

    assert ids(asked("look", shelf(known, shop))) == ["clogs", "trousers"]
    assert ids(asked("look", shelf(known), size="39")) == ["boots", "trousers"]
    assert ids(asked("look", shelf(known), size="XL")) == ["boots"]  # no trousers in her size


def test_a_look_for_her_holds_nothing_for_him() -> None:
    known = learned_from(("coat", "men's shoes"))

    assert "men's shoes" not in ids(asked("look", shelf(known)))


def test_a_look_of_one_piece_is_none_and_a_product_may_belong_to_several() -> None:
    looks = looks_of(WARDROBE)

    assert looks.pieces == {"rain": ("coat", "boots", "trousers")}
    boots = WARDROBE.products[ProductId("boots")]
    assert looks.around(boots) == ["coat", "trousers"]


def test_the_model_survives_its_file_and_earns_its_place() -> None:
    rows = [(n * 10 + pair, [f"a{pair}", f"b{pair}"]) for n in range(12) for pair in range(15)]
    shop = catalogue(
        *(product(f"a{n}", category="A > A") for n in range(15)),
        *(product(f"b{n}", category="B > B") for n in range(15)),
    )
    taught = learn(rows, shop, NOW)
    card = taught.card
    assert isinstance(card, TogetherCard)

    assert (card.predictions, card.hit_rate) == (36, 1.0)
    assert card.popular_hit_rate < 1
    found = TOGETHER.ready(taught.content)
    assert isinstance(found, TogetherShelf)
    assert [one.thing for one in found.with_product("a3")] == ["b3"]
    assert [one.thing for one in found.with_kind("A > A")] == []  # they are in every basket
    assert len(found.most_of("A > A")) == 10
    assert TOGETHER.card(taught.content) == card


def test_a_model_of_nothing_or_of_one_basket_is_not_used_and_a_torn_one_is_named() -> None:
    for rows in ([], [(1, ["coat", "boots"])], [(1, [])]):
        assert TOGETHER.ready(learn(rows, WARDROBE, NOW).content) == Unusable("below_popular")
    content = learn([(1, ["coat"])], WARDROBE, NOW).content
    assert TOGETHER.ready(content[:-9]) == Unusable("damaged")
    assert TOGETHER.ready(None) == Unusable("absent")
