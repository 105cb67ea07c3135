"""From orders in the log to what is due, and from baskets to what goes together; who went is not in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from shop import NO, Shop, order, track

from etalage.domain.ids import VisitorKey, visitor_key
from etalage.domain.product import Catalogue, Offer, Product
from etalage.domain.time import DAY, MINUTE
from etalage.flow import privacy
from etalage.flow.ask import recommended
from etalage.flow.learn import learn_models
from etalage.flow.who import person_behind
from etalage.recommend.again_model import AgainCard
from etalage.recommend.again_shelf import AGAIN, AgainShelf
from etalage.recommend.together_model import TOGETHER, TogetherShelf

HABITS = ("soap", "gas", "oil", "wax", "ink", "salt")  # each person has one
NAMES = (*HABITS, "coat", "boots", "hat", "tea")
PEOPLE = 18


def things() -> Catalogue:
    offers = {n: (Offer(id=n, price=900, availability="in_stock", stock=9),) for n in NAMES}
    products = (
        Product(id=n, title=n.title(), offers=offers[n], categories=((n.title(), n.title()),))  # type: ignore[arg-type]
        for n in NAMES
    )
    return Catalogue("c1", "EUR", {one.id: one for one in products})


def buys(shop: Shop, who: str, days: float, *names: str, **more: object) -> dict[str, object]:
    lines = [{"product_id": name, "price": 9, "quantity": 1} for name in names]
    number = f"{who}-{days}"
    return order(number, who, at=shop.now - round(days * DAY), products=lines, **more)


def fill(shop: Shop) -> None:
    """Everybody buys one thing every ten days; a third of them once bought a coat with boots."""
    for n in range(PEOPLE):
        own = [buys(shop, f"v{n}", 9.0 + 10 * week, HABITS[n % 6]) for week in range(6)]
        shop.batch(*own, buys(shop, f"v{n}", 63, *(("coat", "boots") if n % 3 else ("hat",))))


@pytest.fixture
def stocked(shop: Shop) -> Iterator[Shop]:
    shop.ports.records.put_catalogue(things(), source="test", actor="ann", now=shop.now)
    return shop  # type: ignore[return-value]


def learned(shop: Shop, needed: int = 2) -> AgainShelf:
    learn_models(shop.ports, now=shop.now, visitors_needed=needed)
    found = AGAIN.ready(shop.ports.models.get("again"))
    assert isinstance(found, AgainShelf), found
    return found


def known(shop: Shop, who: str) -> VisitorKey:
    return visitor_key(shop.ports.keys.pepper, "visitor", who)


def test_orders_of_half_a_year_are_remembered_and_what_is_due_is_found(stocked: Shop) -> None:
    fill(stocked)
    learned(stocked)

    part = person_behind(stocked.ports.profiles, known(stocked, "v6")).part
    assert part is not None
    assert len(part.baskets) == 7
    found = recommended(stocked.ports, "again", known(stocked, "v6"), most=2, now=stocked.now)
    first = found.candidates[0]
    assert (first.product, first.because, first.of) == (
        "soap",
        "again_days",
        "10",
    )


def test_an_order_outlives_the_five_hundred_events_that_are_kept_whole(stocked: Shop) -> None:
    stocked.batch(*(buys(stocked, "karel", 20 + 10 * n, "soap") for n in range(4)))
    for lot in range(6):
        views = (
            track(
                "view_item", "karel", product_id="hat", at=stocked.now - DAY * 3 - lot * MINUTE - n
            )
            for n in range(100)
        )
        stocked.batch(*views)

    part = person_behind(stocked.ports.profiles, known(stocked, "karel")).part
    assert part is not None
    assert {one.name for one in part.recents} == {"view_item"}
    assert len(part.baskets) == 4


def test_what_comes_after_another_order_was_forgotten(stocked: Shop) -> None:
    for n in range(6):
        stocked.batch(buys(stocked, f"f{n}", 50, "coat"), buys(stocked, f"f{n}", 48, "tea"))
        stocked.batch(buys(stocked, f"f{n}", 20, "hat"))  # weeks later: not forgotten
    fill(stocked)

    found = learned(stocked).often_forgotten
    assert found[0][0] == "tea"
    assert "hat" not in dict(found)


def test_who_does_not_let_herself_be_known_or_was_erased_teaches_nothing(stocked: Shop) -> None:
    fill(stocked)
    before = learned(stocked)
    stocked.batch(*(buys(stocked, f"jip{n}", 30, "tea", consent=NO) for n in range(5)))
    for days in (3, 13, 23):
        stocked.batch(buys(stocked, "gone", days, "tea"), buys(stocked, "gone too", days, "tea"))
    with_her = AGAIN.card(stocked.ports.models.get("again"))
    how = stocked.opened.configuration.how
    for who in ("gone", "gone too"):
        privacy.erase(stocked.ports, who, how, actor="ann", now=stocked.now)

    after = learned(stocked)

    assert isinstance(with_her, AgainCard)
    assert after.version == before.version
    assert dict(after.alike(["soap"])).keys() == dict(before.alike(["soap"])).keys()


def test_what_was_ordered_together_goes_together_and_a_forger_alone_moves_nothing(
    stocked: Shop,
) -> None:
    fill(stocked)
    for day in range(30):
        stocked.batch(buys(stocked, "forger", day, "hat", "tea"))
    stocked.batch(*(buys(stocked, f"x{n}", 5, "tea") for n in range(30)))
    stocked.batch(*(buys(stocked, f"y{n}", 1, "coat", "boots") for n in range(20)))
    learn_models(stocked.ports, now=stocked.now, visitors_needed=2)

    found = TOGETHER.ready(stocked.ports.models.get("together"))
    assert isinstance(found, TogetherShelf), found
    assert [one.thing for one in found.with_product("coat")] == ["boots"]
    assert found.with_product("hat") == ()
