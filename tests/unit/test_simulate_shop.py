"""Noord: its catalogue, its files and its orders stand up to what every shop's must."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from string import Formatter

from etalage.collect.feed import version_of
from etalage.domain.product import is_under
from etalage.domain.time import DAY
from etalage.simulate.catalogue import lines, looked_at, noord, shelf
from etalage.simulate.person import basket
from etalage.simulate.shop import EFFECTS, documents
from etalage.simulate.world import World

WORLD = World(seed=3, effects={})
CATALOGUE = noord()
PIECES = shelf(CATALOGUE, now=1_000 * DAY)


def test_the_catalogue_passes_the_guard_of_feeds_with_every_row_readable() -> None:
    products = CATALOGUE.products.values()

    assert len(products) == 317
    assert CATALOGUE.version == version_of(products, "EUR")
    assert len({product.title for product in products}) == 317
    assert len({product.description for product in products}) == 317
    assert all(len(product.categories[0]) >= 2 for product in products)
    assert all(product.price_at(1_000 * DAY) for product in products if product.is_available)
    assert sum(product.is_available for product in products) >= 300
    assert any(not offer.is_available for product in products for offer in product.offers)


def test_it_has_what_the_segment_of_the_demo_asks_for() -> None:
    coats = [
        p
        for p in PIECES
        if any(is_under(p.category, f"{who} > Jassen") for who in ("Dames", "Heren", "Kinderen"))
    ]

    assert len(coats) >= 10


def test_a_basket_is_worth_what_its_lines_and_the_shipping_cost() -> None:
    for person in range(2_000):
        value = basket(WORLD, person)
        found, shipping = lines(WORLD, person, value, PIECES)
        assert sum(line.price * line.quantity for line in found) + shipping == value
        assert 0 <= shipping < 695  # the cheapest product
        assert all(line.quantity >= 1 and line.price > 0 for line in found)


def test_a_shopper_keeps_to_the_category_of_her_taste() -> None:
    for person in range(200):
        looked = [p for day in range(5) for p in looked_at(WORLD, person, day, PIECES)]
        assert len({piece.category for piece in looked}) == 1


def test_every_message_of_the_demo_has_a_planted_effect_and_its_own_place() -> None:
    experiences = [one for one in documents(EFFECTS) if one.kind == "experience"]

    assert {one.name for one in experiences} == set(EFFECTS)
    assert len({one.body["slot"] for one in experiences}) == len(EFFECTS)
    assert all(one.body["goal"] == {"event": "purchase", "window_days": 7} for one in experiences)


def test_the_texts_of_the_demo_stand_in_both_languages_with_the_same_fields() -> None:
    said = tomllib.loads((files("etalage.simulate") / "words.toml").read_text(encoding="utf-8"))

    assert said["nl"].keys() == said["en"].keys()
    for key, dutch in said["nl"].items():
        assert _fields(dutch) == _fields(said["en"][key]), key


def _fields(text: str) -> set[str | None]:
    return {field for _, field, _, _ in Formatter().parse(text)}
