"""What was decided about a shop as a whole can be changed, by name, and works at once."""

from __future__ import annotations

import pytest
from shop import Shop, experience, names, track, view

from etalage.domain.product import Catalogue, Offer, Product
from etalage.domain.shop import changed
from etalage.domain.time import DAY
from etalage.errors import BadInput, Unknown


def change(shop: Shop, **settings: object) -> None:
    shop.ports.records.change_shop(settings, actor="ann", now=shop.now)
    shop.opened.refresh(shop.now)


def test_what_is_of_a_sensitive_category_is_not_remembered(shop: Shop) -> None:
    product = Product("S-9", "Zalf", (Offer("S-9", 995),), categories=(("Gezondheid", "Huid"),))  # type: ignore[arg-type]
    catalogue = Catalogue("1", "EUR", {product.id: product})
    shop.ports.records.put_catalogue(catalogue, source="test", actor="ann", now=shop.now)
    change(shop, sensitive=["Gezondheid"])

    became = shop.batch(view("S-9"), view("S-1"))

    assert became == {"refused: sensitive": 1, "accepted": 1}
    assert [e.product for e in shop.events("view_item")] == ["S-1"]


def test_a_setting_counts_from_the_next_call_with_the_same_key(shop: Shop) -> None:
    product = Product("S-9", "Zalf", (Offer("S-9", 995),), categories=(("Gezondheid", "Huid"),))  # type: ignore[arg-type]
    catalogue = Catalogue("1", "EUR", {product.id: product})
    shop.ports.records.put_catalogue(catalogue, source="test", actor="ann", now=shop.now)
    shop.opened.refresh(shop.now)

    before = shop.batch(view("S-9"))
    change(shop, sensitive=["Gezondheid"])
    after = shop.batch(view("S-9"))

    assert (before, after) == ({"accepted": 1}, {"refused: sensitive": 1})


def test_another_origin_may_call_once_it_is_set(shop: Shop) -> None:
    headers = {"origin": "https://www.noord.example"}
    before = shop.post("/v1/batch", {"batch": []}, key=shop.write_key, headers=headers)

    change(shop, origins=["https://noord.example", "https://www.noord.example"])
    after = shop.post("/v1/batch", {"batch": []}, key=shop.write_key, headers=headers)

    assert (before.status, after.status) == (403, 200)


def test_a_token_of_an_earlier_day_says_nothing_about_this_page(shop: Shop) -> None:
    shop.go_live(experience("hoi"))
    shop.batch(view("S-1"))
    (entry,) = shop.ask("karel")["decisions"]
    shop.now += 2 * DAY

    became = shop.batch(track("triggered", "karel", token=entry["id"]))

    assert became == {"refused: invalid_token": 1}
    assert names(shop.events("triggered")) == []


def test_a_wrong_setting_is_refused_with_the_nearest_name(shop: Shop) -> None:
    known = shop.opened.configuration.shop

    with pytest.raises(Unknown, match="did you mean 'origins'"):
        changed(known, {"orign": []})
    with pytest.raises(BadInput, match="cannot be changed"):
        changed(known, {"currency": "USD"})
    with pytest.raises(BadInput, match="share between"):
        changed(known, {"holdout_share": 2})
    with pytest.raises(BadInput, match="no origin"):
        changed(known, {"origins": ["noord.example"]})
