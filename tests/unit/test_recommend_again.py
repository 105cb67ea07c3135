"""What somebody buys again: her rhythm, what is due, and what people with such baskets buy."""

from __future__ import annotations

import json

import numpy as np
import pytest
from decide_examples import NOW, catalogue, facts, product
from msgspec.structs import replace

from etalage.deliver.explain import product_reason
from etalage.domain.decision import Recommended
from etalage.domain.experience import StrategyName, Wanted
from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue
from etalage.domain.profile import BASKETS_KEPT, Basket, Part
from etalage.domain.time import DAY
from etalage.recommend.again_model import AgainCard, learn, often_forgotten
from etalage.recommend.again_shelf import AGAIN, AgainShelf
from etalage.recommend.baskets import Lines, blended, frequencies, recent_shares, those_alike
from etalage.recommend.cadence import all_due, gap_of, weight_of
from etalage.recommend.model_file import Unusable
from etalage.recommend.popular import PopularIndex, Popularity, PopularModel
from etalage.recommend.shelf import Shelf
from etalage.recommend.strategy import recommend
from etalage.unify.merge import newest_baskets
from etalage.unify.person import EMPTY

NAMES = ("wax", "soap", "gas", "coffee", "coat", "socks")


def shop_of(*names: str) -> Catalogue:
    return catalogue(*(product(name, category=f"Thing > {name}") for name in names))


def orders(product_id: str, *days_ago: float) -> list[Basket]:
    return [Basket(NOW - round(d * DAY), f"{product_id}-{d}", (product_id,)) for d in days_ago]


def part_with(*baskets: Basket) -> Part:
    known = tuple(sorted(baskets, key=lambda one: (one.time, one.id)))
    return replace(EMPTY, baskets=known, bought={p: o.time for o in known for p in o.products})


def rows_of(*people: list[tuple[float, tuple[str, ...]]]) -> list[tuple[object, ...]]:
    """Give rows as the log's question does: per person (days ago, products), oldest first."""
    return [
        (who, NOW - round(days * DAY), f"o{who}-{number}", name, 0)
        for who, baskets in enumerate(people)
        for number, (days, products) in enumerate(baskets)
        for name in products
    ]


def regulars(count: int = 30) -> list[tuple[object, ...]]:
    """Give people who buy soap every week, gas every third, and something of their own."""
    people = []
    for n in range(count):
        weeks = [
            (70.0 - 7 * week, ("soap", "gas") if (week + n) % 3 == 0 else ("soap",))
            for week in range(10)
        ]
        own = "coffee" if n % 2 else "wax"
        people.append([(days, (*products, own)) for days, products in weeks])
    return rows_of(*people)


def model(rows: list[tuple[object, ...]] | None = None) -> AgainShelf:
    found = AGAIN.ready(learn(regulars() if rows is None else rows, shop_of(*NAMES), NOW).content)
    assert isinstance(found, AgainShelf)
    return found


def shelf(found: AgainShelf | None, *names: str) -> Shelf:
    shop = shop_of(*(names or NAMES))
    ranked = tuple(Popularity(ProductId(i), 100 - n, 10, 3) for n, i in enumerate(shop.products))
    popular = PopularIndex(PopularModel("v", NOW, ranked), shop)
    return Shelf(shop, popular, (), {} if found is None else {found.name: found})


def recommended(
    part: Part, strategy: StrategyName, found: Shelf, *, cart: tuple[str, ...] = (), size: int = 3
) -> Recommended:
    asked = replace(facts(), cart=tuple(ProductId(p) for p in cart))
    return recommend(Wanted(strategy, size=size), asked, part, found)


def test_the_weight_of_being_due_is_that_of_the_method() -> None:
    found = [weight_of(due) for due in (0, 0.7, 0.85, 1.0, 1.5, 2.0, 3.0, 4.0)]

    assert found == pytest.approx([0, 0, 0.5, 1, 1, 1, 0.5, 0.25])


def test_few_gaps_of_her_own_are_drawn_toward_those_of_everybody() -> None:
    assert gap_of([], 30) == 30
    assert gap_of([10.0], 30) == pytest.approx((1 * 10 + 3 * 30) / 4)
    assert gap_of([10.0, 12.0], 30) == pytest.approx((2 * 11 + 3 * 30) / 5)
    assert gap_of([10.0, 12.0, 20.0], 30) == 12
    assert gap_of([], None) is None


def test_what_she_still_has_is_not_due_and_what_ran_out_is() -> None:
    bought = [*orders("soap", 31, 21, 11, 1), *orders("gas", 40, 30, 20, 10)]

    due = {one.product: one for one in all_due(bought, {}, NOW)}

    assert due["soap"].weight == 0
    assert due["gas"].weight == 1
    assert due["gas"].gap_days == 10
    assert due["gas"].is_own


def test_an_order_of_tomorrow_is_not_known_today() -> None:
    bought = orders("soap", 20, 10, -1)

    assert all_due(bought, {}, NOW)[0].times == 2


def test_the_newest_forty_orders_are_remembered_in_whichever_order_they_come() -> None:
    many = orders("soap", *range(60))

    kept = newest_baskets(many)

    assert len(kept) == BASKETS_KEPT
    assert kept == newest_baskets([*newest_baskets(many[::2]), *newest_baskets(many[1::2])])
    assert kept[-1].time == NOW


def test_a_reminder_names_only_what_is_due_was_bought_three_times_and_lies_not_in_the_cart() -> (
    None
):
    bought = [
        *orders("soap", 40, 30, 20, 10),  # due
        *orders("gas", 90, 60, 30),  # due
        *orders("coffee", 31, 21, 11, 1),  # she has it
        *orders("wax", 20, 10),  # twice is no habit
        *orders("socks", 40, 30, 20, 10),  # in the cart
    ]

    found = recommended(part_with(*bought), "forgotten", shelf(model()), cart=("socks",))

    assert found.used == "forgotten"
    assert {one.product for one in found.candidates} == {"soap", "gas"}


def test_nothing_else_ever_fills_a_reminder() -> None:
    found = recommended(part_with(*orders("coffee", 3)), "forgotten", shelf(model()))

    assert found.candidates == ()


def test_who_may_not_be_known_is_reminded_of_nothing() -> None:
    nobody = replace(facts(), purposes=(), visitor=None)
    bought = part_with(*orders("soap", 40, 30, 20, 10))

    assert recommend(Wanted("forgotten"), nobody, bought, shelf(model())).candidates == ()


def test_the_list_begins_with_what_is_due_then_her_own_then_what_people_like_her_buy() -> None:
    bought = [*orders("soap", 40, 30, 20, 10), *orders("gas", 41, 21, 1)]

    found = recommended(part_with(*bought), "again", shelf(model()), size=4)

    assert [one.product for one in found.candidates][:2] == ["soap", "gas"]
    assert {one.product for one in found.candidates[2:]} == {"wax", "coffee"}
    assert [one.because for one in found.candidates] == [
        "again_days",
        "again_times",
        "alike",
        "alike",
    ]
    scores = [one.score for one in found.candidates]
    assert scores == sorted(scores, reverse=True)


def test_what_she_bought_last_week_may_be_offered_again_here_and_nowhere_else() -> None:
    bought = part_with(*orders("soap", 28, 21, 14, 7))

    assert recommended(bought, "again", shelf(model())).candidates[0].product == "soap"
    popular = recommended(bought, "popular_now", shelf(model()), size=9)
    assert "soap" not in {one.product for one in popular.candidates}


def test_a_shop_that_learned_nothing_says_so_and_shows_what_is_popular() -> None:
    bought = part_with(*orders("soap", 40, 30, 20, 10))

    found = recommended(bought, "again", shelf(None))

    assert found.used == "popular_now"
    assert recommended(bought, "forgotten", shelf(None)).candidates == ()


def test_a_reason_tells_her_own_rhythm_in_days_or_weeks() -> None:
    weeks = recommended(part_with(*orders("gas", 84, 63, 42, 21)), "forgotten", shelf(model()))
    days = recommended(part_with(*orders("soap", 40, 30, 20, 10)), "forgotten", shelf(model()))

    assert product_reason(weeks.candidates[0], "nl") == "Je koopt dit ongeveer elke 3 weken"
    assert product_reason(days.candidates[0], "en") == "You buy this every 10 days or so"


def test_what_is_often_forgotten_is_the_same_for_everybody_and_needs_several_people() -> None:
    late = [
        (who, NOW - DAY * (9 - n), f"o{who}-{n}", name, int(name == "wax" and n == 1))
        for who in range(6)
        for n, name in enumerate(("coat", "wax"))
    ]
    once = [(7, NOW - DAY, "o7", "gas", 1)]
    taught = learn(
        [*regulars(), *[(100 + int(str(w)), t, o, p, x) for w, t, o, p, x in [*late, *once]]],
        shop_of(*NAMES),
        NOW,
    )
    found = AGAIN.ready(taught.content)
    assert isinstance(found, AgainShelf)

    assert [name for name, _ in found.often_forgotten] == ["wax"]
    one = recommended(EMPTY, "often_forgotten", shelf(found))
    assert [c.product for c in one.candidates] == ["wax"]
    assert product_reason(one.candidates[0], "en") == "Often forgotten"


def test_people_alike_without_names_say_what_the_evaluated_matrix_says() -> None:
    people = [
        [(9.0, ("wax", "soap")), (8.0, ("soap",))],
        [(9.0, ("soap", "gas")), (7.0, ("gas", "coffee"))],
        [(6.0, ("wax", "soap", "coffee"))],
    ]
    her = [(5.0, ("wax", "soap")), (4.0, ("wax",))]
    codes = {name: code for code, name in enumerate(NAMES)}
    lines = [
        (who, number, codes[name])
        for who, baskets in enumerate([*people, her])
        for number, (_, products) in enumerate(baskets)
        for name in products
    ]
    table = Lines(*np.array(lines).T)
    had = frequencies(table, 4, len(NAMES), fades=1)
    expected = those_alike(recent_shares(table, 4, len(NAMES)), had).values.toarray()[3]

    taught = learn(rows_of(*people), shop_of(*NAMES), NOW)
    found = AgainShelf(AgainCard(**card_of(taught.card)), arrays_of(taught.content))
    alike = dict(found.alike(["wax", "soap"]))

    assert alike == pytest.approx({name: expected[codes[name]] for name in ("gas", "coffee")})
    assert blended(had, had, 0.0).values.shape == (4, len(NAMES))


def card_of(card: object) -> dict[str, object]:
    return {name: getattr(card, name) for name in AgainCard.__struct_fields__}


def arrays_of(content: bytes) -> dict[str, object]:
    from etalage.recommend.again_model import KIND, LAYOUT
    from etalage.recommend.model_file import from_bytes

    read = from_bytes(content, KIND, LAYOUT)
    assert not isinstance(read, Unusable)
    return read.arrays


def test_the_card_holds_both_ways_against_what_is_popular() -> None:
    card = learn(regulars(), shop_of(*NAMES), NOW).card

    assert isinstance(card, AgainCard)
    assert card.predictions == 30
    assert card.precision == max(card.frequency_precision, card.due_precision)
    assert card.is_worth_it == (card.precision > card.popular_precision)


def test_a_model_of_one_person_one_product_or_none_is_not_used() -> None:
    for rows in (
        [],
        rows_of([(3.0, ("soap",))]),
        rows_of([(d, ("soap",)) for d in (9.0, 6.0, 3.0)]),
    ):
        assert AGAIN.ready(learn(rows, shop_of(*NAMES), NOW).content) == Unusable("below_popular")


def test_a_file_that_is_torn_or_of_another_kind_is_named_so() -> None:
    content = learn(regulars(), shop_of(*NAMES), NOW).content

    assert AGAIN.ready(content[:-40]) == Unusable("damaged")
    assert AGAIN.ready(None) == Unusable("absent")
    assert AGAIN.card(content[: len(content) // 2]) == Unusable("damaged")


def test_no_name_of_a_person_is_in_the_file() -> None:
    read = arrays_of(learn(regulars(), shop_of(*NAMES), NOW).content)

    texts = [json.loads(bytes(a.tobytes())) for a in read.values() if a.dtype == np.uint8]  # type: ignore[attr-defined]
    assert {text for one in texts for text in one} <= set(NAMES)


def test_an_order_with_a_product_that_is_gone_teaches_nothing_of_it() -> None:
    rows = [*regulars(), (99, NOW - DAY, "o", "gone 🎒", 0)]

    assert AGAIN.ready(learn(rows, shop_of(*NAMES), NOW).content) is not None
    assert often_forgotten([]) == []
