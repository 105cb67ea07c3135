"""From a catalogue that changes to what an open shop can say of it a minute later."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from shop import Shop, experience, track, view

from etalage.domain.product import Catalogue, Offer, Product
from etalage.domain.time import DAY, HOUR, MINUTE
from etalage.flow.nightly import look
from etalage.recommend.catalogue_past import PastShelf
from etalage.recommend.similar_model import SimilarShelf


def product(name: str, title: str, price: int = 5_000, stock: int = 3) -> Product:
    offer = Offer(id=name, price=price, stock=stock, availability="in_stock")
    return Product(id=name, title=title, offers=(offer,), categories=(("Dames", "Jassen"),))  # type: ignore[arg-type]


def put(shop: Shop, version: str, *products: Product) -> None:
    catalogue = Catalogue(version, "EUR", {p.id: p for p in products})
    shop.ports.records.put_catalogue(catalogue, source="test", actor="ann", now=shop.now)


def later(shop: Shop, ago: int) -> int:
    """Look at the catalogue as of so long ago, and open it for decisions."""
    changed = look(shop.night()._replace(now=shop.now - ago))
    shop.opened.refresh(shop.now)
    return changed


COAT = product("a", "Regenjas Texel")
LIKE = product("b", "Regenjas Vlieland")
POT = product("c", "Bloempot terracotta")


def test_a_product_of_a_minute_ago_has_neighbours_and_is_known_to_be_new(shop: Shop) -> None:
    put(shop, "v1", COAT, POT)
    assert later(shop, DAY) == 2
    assert later(shop, DAY - MINUTE) == 0  # nothing changed, nothing is written
    put(shop, "v2", COAT, POT, LIKE)

    assert later(shop, 0) == 2

    similar, past = shop.opened.shelf.learned(SimilarShelf), shop.opened.shelf.learned(PastShelf)
    assert similar is not None
    assert past is not None
    assert similar.near("b")[0][0] == "a"
    assert past.arrived("b") == shop.now
    assert past.arrived("a") == 0  # it was there before anybody looked
    assert {"similar", "catalogue-past"} <= set(shop.opened.shelf.versions)


def test_what_came_back_is_known_also_after_the_process_began_again(shop: Shop) -> None:
    gone = replace(COAT, offers=(replace(COAT.offers[0], stock=0),))
    for version, one, ago in (("v1", COAT, 3 * DAY), ("v2", gone, 2 * DAY), ("v3", COAT, HOUR)):
        put(shop, version, one, POT)
        later(shop, ago)

    past = shop.opened.shelf.learned(PastShelf)

    assert past is not None
    seen = past.of("a")
    assert seen is not None
    assert (seen.gone, seen.left, seen.back) == (0, shop.now - 2 * DAY, shop.now - HOUR)


@pytest.mark.parametrize("name", ["similar", "catalogue-past"])
def test_a_damaged_file_is_made_again(shop: Shop, name: str) -> None:
    put(shop, "v1", COAT, LIKE)
    later(shop, HOUR)
    shop.ports.models.put(name, b"half a fi")

    assert later(shop, 0) == 1
    shop.opened.prove_models()


# ---- In a list ---------------------------------------------------------------------------------------


def lists(shop: Shop, *strategies: str) -> None:
    block = {"nl": [{"type": "product_list", "title": "Voor jou"}]}
    shop.go_live(
        *(
            experience(
                strategy.replace("_", "-"),
                slot=strategy,
                form="products",
                allocation={"kind": "fixed"},
                variants=[
                    {"name": "a", "content": block, "products": {"strategy": strategy, "size": 8}}
                ],
            )
            for strategy in strategies
        )
    )


def shown(shop: Shop, strategy: str, **page: str) -> list[tuple[str, str]]:
    said = {"type": "home", "url": "https://noord.example/"} | page
    answer = shop.ask("karel", slots=[strategy], page=said)
    return [
        (one["product_id"], one["reason"].replace("\xa0", " "))
        for entry in answer["decisions"]
        for one in entry["products"]
    ]


def test_what_came_back_since_she_looked_is_in_her_list_until_she_says_not_for_me(
    shop: Shop,
) -> None:
    gone = replace(COAT, offers=(replace(COAT.offers[0], stock=0),))
    lists(shop, "back_in_stock")
    for version, one, ago in (("v1", COAT, 3 * DAY), ("v2", gone, 2 * DAY), ("v3", COAT, HOUR)):
        put(shop, version, one, POT)
        later(shop, ago)
    assert shown(shop, "back_in_stock") == []
    shop.batch(view("a", at=shop.now - DAY), view("c", at=shop.now - DAY))

    assert shown(shop, "back_in_stock") == [("a", "Weer op voorraad sinds je keek")]

    shop.batch(track("feedback", product_id="a"))
    assert shown(shop, "back_in_stock") == []


def test_a_true_reduction_since_she_looked_is_told_with_the_price_before_it(shop: Shop) -> None:
    lists(shop, "price_dropped")
    offers = {p: (replace(COAT.offers[0], price=p),) for p in (4_000, 5_000)}
    put(shop, "v1", COAT, POT)
    later(shop, 40 * DAY)
    shop.batch(view("a", at=shop.now - 2 * DAY), view("c", at=shop.now - 2 * DAY))
    put(shop, "v2", replace(COAT, offers=offers[4_000]), POT)
    later(shop, HOUR)

    assert shown(shop, "price_dropped") == [
        ("a", "Goedkoper dan toen je keek; laagste prijs in de 30 dagen ervoor: € 50,00")
    ]

    put(shop, "v3", COAT, POT)  # the price goes up again: nothing is reduced, at once
    shop.opened.refresh(shop.now)
    assert shown(shop, "price_dropped") == []


def test_a_product_page_shows_what_is_like_it_and_new_things_near_her_taste(shop: Shop) -> None:
    lists(shop, "similar", "new_for_you")
    put(shop, "v1", COAT, POT)
    later(shop, DAY)
    put(shop, "v2", COAT, POT, LIKE)
    later(shop, 0)
    shop.batch(view("a", at=shop.now - HOUR))

    assert shown(shop, "similar", product_id="c", type="product") == []  # nothing is like a pot
    assert shown(shop, "similar", product_id="a", type="product") == [
        ("b", "Lijkt op Regenjas Texel")
    ]
    assert shown(shop, "new_for_you") == [("b", "Nieuw bij Dames > Jassen, waar je vaker kijkt")]
