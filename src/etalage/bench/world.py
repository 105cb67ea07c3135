"""The shop that benches are run on: 5,000 products, 200 live segments, 20 experiences, people with 20 to 60 events.

In:   a directory and a seed.
Out:  a shop in that directory, as `etalage serve` opens it, and its `World`: keys, products and people.
Idea: nothing is put into a store from the side. Documents are applied and approved, events go through intake, so
      what is measured is what a shop would have.

Of the 20 experiences 10 are for product pages, three of these with a list of products. Each asks whether somebody
is in any of ten segments of five conditions: together all 200 (20 that only refer, 180 that ask).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from etalage.app import create_shop, new_shop, open_ports
from etalage.bench.traffic import batch, eager, history
from etalage.collect.call import items_of
from etalage.collect.feed import version_of
from etalage.collect.intake import Received
from etalage.collect.parse import parse_batch
from etalage.config import load
from etalage.domain.experience import StrategyName
from etalage.domain.ids import ProductId, ShopId
from etalage.domain.product import Catalogue, Offer, Product
from etalage.domain.shop import QUOTAS
from etalage.domain.time import DAY
from etalage.flow.configuration import configure
from etalage.flow.ingest import door_of, sender_of, take_in
from etalage.flow.nightly import Night, count_popular
from etalage.flow.publish import Draft, apply, approve
from etalage.flow.remember import remember
from etalage.ports import Ports

PRODUCTS, PEOPLE = 5_000, 500
GROUPS, RULES = 20, 9  # segments that refer, and how many each refers to: 20 + 20 * 9 = 200
RULE = "regel-"  # names of the segments that ask begin so
MAIN, SUB = 25, 4  # categories, and those below each
PRODUCT_PAGES = 10  # of the experiences; the others are for other pages
SLOTS = ("overlay", "top_bar", "product_below", "home_hero")
AUTHOR, APPROVER = "ann", "bob"


class Shape(Struct, frozen=True):
    """How much there is to a shop; as it stands, what docs/performance.md tells of."""

    people: int = PEOPLE
    rules: int = RULES  # segments that ask, for each experience


REFERENCE = Shape()


class World(Struct, frozen=True):
    """A shop made for benches."""

    directory: Path
    shop: ShopId
    server_key: str
    products: tuple[Product, ...]
    people: tuple[str, ...]  # the ids by which the shop knows its visitors


def make_world(
    directory: Path,
    *,
    now: int,
    shape: Shape = REFERENCE,
    often: Callable[[random.Random], int] = eager,
    offered: int = PRODUCTS,
    lists: Sequence[StrategyName] = ("popular_now", "recently_viewed"),
    seed: int = 1,
) -> World:
    """Make the shop in a directory, with the past of its people in its log.

    Args:
        directory: of the data; empty.
        now: the moment at which the shop has its past.
        shape: how many people have one, and how much is live.
        often: draws how much one of them does.
        offered: products of the catalogue.
        lists: the strategies of the three lists of products, in turn.
        seed: of all that is drawn.
    """
    rng = random.Random(seed)  # noqa: S311  drawn again the same, not secret
    created = create_shop(
        directory,
        new_shop("Bench", "bench.example", **dict.fromkeys(QUOTAS, 0)),
        now=now - 40 * DAY,
    )
    products = tuple(_product(number, rng) for number in range(offered))
    settings = load(directory)
    _, ports = open_ports(directory, created.shop.id, settings=settings)
    try:
        _go_live(ports, products, lists, shape.rules, now=now - 40 * DAY)
        world = World(
            directory,
            created.shop.id,
            created.server_key,
            products,
            tuple(f"v-{number}" for number in range(shape.people)),
        )
        _live_a_month(ports, world, rng, now=now, often=often)
        count_popular(Night(ports, configure(ports).how, now, settings.popular_least_visitors))
    finally:
        ports.close()
    return world


def _product(number: int, rng: random.Random) -> Product:
    price = rng.randrange(995, 19_995, 100)
    offers = tuple(
        Offer(
            f"P-{number}-{size}",
            price=price,
            availability="in_stock",
            stock=rng.randrange(30),
            size=size,
        )
        for size in ("S", "M", "L")
    )
    return Product(
        id=ProductId(f"P-{number}"),
        title=f"Artikel {number}",
        offers=offers,
        categories=((main(number % MAIN), f"Soort {number // MAIN % SUB}"),),
        brand=f"Merk {number % 40}",
        link=f"https://bench.example/p/{number}",
        image=f"https://bench.example/i/{number}.jpg",
    )


def main(number: int) -> str:
    """Give the name of a main category."""
    return f"Afdeling {number}"


def _go_live(
    ports: Ports,
    products: Sequence[Product],
    lists: Sequence[StrategyName],
    each: int,
    *,
    now: int,
) -> None:
    by_id = {product.id: product for product in products}
    catalogue = Catalogue(version_of(products, "EUR"), "EUR", by_id)
    ports.records.put_catalogue(catalogue, source="bench", actor=AUTHOR, now=now)
    rules = [Draft("segment", f"{RULE}{n}", {"tree": _rule(n)}) for n in range(GROUPS * each)]
    groups = [Draft("segment", f"groep-{n}", {"tree": _group(n, each)}) for n in range(GROUPS)]
    wanted = [Draft("experience", f"uiting-{n}", _experience(n, lists)) for n in range(GROUPS)]
    apply(ports, [*rules, *groups, *wanted], actor=AUTHOR, now=now)
    for one in wanted:
        approve(ports, one.name, actor=APPROVER, now=now)


def _rule(number: int) -> object:
    """Write a segment of five conditions; the first two make each one different."""
    category = main(number % MAIN)
    if number >= MAIN:  # further rules ask one level deeper
        category = f"{category} > Soort {number // MAIN % SUB}"
    viewed = {
        "did": "view_item",
        "where": {"category": {"under": category}},
        "times": {"at_least": 1 + number // 100},
        "within": "30d",
    }
    return {
        "all": [
            viewed,
            {"not": {"did": "purchase", "where": {"category": {"under": main(number % MAIN)}}}},
            {"did": "add_to_cart", "within": "14d"},
            {"trait": "country", "is": "NL"},
            {"context": "device", "in": ["phone", "desktop"]},
        ]
    }


def _group(number: int, each: int) -> object:
    return {"any": [{"in": f"{RULE}{number * each + one}"} for one in range(each)]}


def _experience(number: int, lists: Sequence[StrategyName]) -> dict[str, object]:
    on_product = number < PRODUCT_PAGES
    interrupts = number % 5 == 0
    slots = ("overlay",) if interrupts else SLOTS[1:3] if on_product else SLOTS[3:]
    blocks: list[dict[str, object]] = [
        {"type": "text", "text": "{{product.title|Dit artikel}} past bij wat je zocht."},
        {"type": "button", "label": "Bekijk", "link": "/verder"},
    ]
    variant: dict[str, object] = {"name": "a"}
    if on_product and number % 3 == 1:
        blocks.append({"type": "product_list"})
        variant["products"] = {"strategy": lists[number // 3 % len(lists)]}
    written: dict[str, object] = {
        "title": f"Uiting {number}",
        "slot": slots[number % len(slots)],
        "form": "popup" if interrupts else "inline",
        "segment": f"groep-{number}",
        "trigger": {"on": "load", "page": {"type": "product" if on_product else "home"}},
        "variants": [{**variant, "content": {"nl": blocks, "en": blocks}}],
        "goal": {"event": "purchase"},
        "priority": 40 + number,
        "purpose": "bench",
        "gain": {"nl": "Je ziet wat bij je past.", "en": "You see what suits you."},
    }
    return written | ({"caps": [{"times": 3, "per": "day"}]} if interrupts else {})


def _live_a_month(
    ports: Ports,
    world: World,
    rng: random.Random,
    *,
    now: int,
    often: Callable[[random.Random], int],
) -> None:
    """Send the past of everybody through intake, as the shop's server would have."""
    live = configure(ports)
    (key,) = [key for key in live.keys.values() if key.kind == "server"]
    for person in world.people:
        events = history(person, world.products, rng, now=now, often=often)
        door = door_of(sender_of(key), Received(now), live, ports, visitor_id=None)
        taken = take_in(items_of(parse_batch(batch(events, now=now))), door, ports)
        ports.log.append(taken.arrivals, taken.rejected)
    remember(ports.log, ports.profiles, live.how)
