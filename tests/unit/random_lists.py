"""Random shops, people and rules of lists, with models learned of the same products; and a judge apart from the code."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any, NamedTuple, get_args

from decide_examples import NOW, catalogue, facts, product
from msgspec.structs import replace

from etalage.domain.context import Context
from etalage.domain.decision import Candidate, DecisionFacts, Recommended
from etalage.domain.event import Line
from etalage.domain.experience import Boost, StrategyName, Wanted
from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue, Offer, Product, is_under
from etalage.domain.profile import Basket, Part, Recent, Written
from etalage.domain.time import DAY, HOUR
from etalage.recommend import again_model, again_shelf, together_model
from etalage.recommend.catalogue_past import CataloguePast, Past, PastCard, PastShelf
from etalage.recommend.model_kind import Ready
from etalage.recommend.popular import PopularIndex, Popularity, PopularModel
from etalage.recommend.profile_model import profile_model
from etalage.recommend.profile_shelf import ProfileShelf
from etalage.recommend.session_model import session_model
from etalage.recommend.session_shelf import SessionShelf
from etalage.recommend.shelf import Shelf
from etalage.recommend.similar_model import SimilarShelf, similar_model
from etalage.unify.person import EMPTY

STRATEGIES: tuple[StrategyName, ...] = get_args(StrategyName)
# Ids as shops have them: with spaces, letters of other alphabets, pictures, and quotes.
IDS = tuple(ProductId(f"{'p 🧦é_'[n % 5]}{n}'") for n in range(24))
KINDS = ("Hond > Voer", "Hond > Voer > Nat", "Hond > Voerbak", "Kat", "Kat > Mand")
CATEGORIES = (*KINDS, "Hond", "Gezondheid > Test")
SENSITIVE = ("Gezondheid",)
BRANDS = ("Noord", "Zuid", None)
SIZES = ((None,), (None,), ("S", "M"), ("L",), ("38", "39"))
VARIANTS = 50  # of each product, of which a shop has one


class World(NamedTuple):
    """A shop with its models, somebody in it, and a list that is asked for."""

    shelf: Shelf
    wanted: Wanted
    facts: DecisionFacts
    part: Part


def world(random: Random) -> World:
    """Make a shop of about twenty products, a person, a page and a list."""
    variants = _variants()
    here = [random.choice(variants[one]) for one in IDS if random.random() < 0.9]
    shop = catalogue(*here)
    ids = list(shop.products)
    shelf = Shelf(shop, _popular(random, shop), SENSITIVE, _models(random))
    page = Context(product=random.choice([None, *ids]), category=random.choice([None, *CATEGORIES]))
    cart = tuple(sorted(random.sample(ids, random.choice([0, 2]))))
    return World(shelf, _wanted(random, ids), facts(page=page, cart=cart), _part(random, ids))


def _offer(random: Random, product_id: str, size: str | None) -> Offer:
    return Offer(
        id=f"{product_id}-{size}",
        price=random.choice([None, 500, 1500, 1500, 5000]),
        sale_price=random.choice([None, None, 400]),
        sale_until=NOW + random.choice([-DAY, DAY]),
        availability=random.choice(
            ["in_stock", "in_stock", "out_of_stock", "unknown", "backorder"]
        ),
        stock=random.choice([None, 0, 1, 9, 9]),
        size=size,
    )


def _product(random: Random, one: ProductId) -> Product:
    plain = product(one, category=random.choice(CATEGORIES), brand=random.choice(BRANDS))
    return replace(
        plain,
        offers=tuple(_offer(random, one, size) for size in random.choice(SIZES)),
        labels=random.choice([{}, {"margin": "high"}, {"look": "rain|town"}]),
        gender=random.choice([None, "dames", "heren"]),
        added=random.choice([None, NOW - DAY, NOW - 60 * DAY]),
    )


@cache
def _variants() -> dict[ProductId, list[Product]]:
    random = Random(1)
    return {one: [_product(random, one) for _ in range(VARIANTS)] for one in IDS}


@cache
def _learned() -> dict[str, Ready]:
    """Learn every model of the same products, so that each has much to say."""
    random = Random(2)
    shop = catalogue(*(random.choice(_variants()[one]) for one in IDS))
    pairs = [list(IDS[n : n + 2]) for n in range(0, len(IDS), 2)]
    sessions = [(NOW / 1e6 - n, random.choice(pairs)) for n in range(400, 0, -1)]
    had = [(random.sample(IDS[8 * (n % 3) : 8 * (n % 3) + 8], 4),) for n in range(400)]
    bought = [
        (who, NOW - round((70 - 7 * week) * DAY), f"o{who}-{week}", one, one == IDS[6])
        for who in range(40)
        for week in range(10)
        for one in (IDS[who % 6], *([IDS[6]] if (week + who) % 3 == 0 else []))
    ]
    together = [(n, random.choice(pairs)) for n in range(400)]
    models: list[Any] = [
        SessionShelf(session_model(sessions, NOW)),
        ProfileShelf(profile_model(had, NOW)),
        SimilarShelf(similar_model(tuple(shop.products.values()), NOW)),
        again_shelf.AGAIN.ready(again_model.learn(bought, shop, NOW).content),
        together_model.TOGETHER.ready(together_model.learn(together, shop, NOW).content),
    ]
    return {model.name: model for model in models}


def _models(random: Random) -> dict[str, Ready]:
    """Give what was learned, now and then without one of them, and a past of this shop."""
    past = CataloguePast(
        PastCard("v", NOW, NOW - 90 * DAY, len(IDS)), {one: _past(random) for one in IDS}
    )
    models = {**_learned(), PastShelf.name: PastShelf(past)}
    if random.random() < 0.2:
        del models[random.choice(sorted(models))]
    return models


def _past(random: Random) -> Past:
    seen = NOW - random.choice([5, 90]) * DAY
    return Past(
        seen=seen,
        arrived=random.choice([0, seen]),
        gone=random.choice([0, 0, 0, NOW - HOUR]),
        back=random.choice([0, NOW - 12 * HOUR, NOW - 40 * DAY]),
        left=NOW - 50 * DAY,
        prices=((seen, random.choice([600, 1600])), (NOW - HOUR, random.choice([400, 500, 1500]))),
    )


def _popular(random: Random, shop: Catalogue) -> PopularIndex:
    chosen = random.sample(list(shop.products), max(1, len(shop.products) - 4))
    lines = tuple(
        Popularity(p, 100 - n, 10, 1, standing=n % 3, trend=random.choice([0, 2_000_000]))
        for n, p in enumerate(chosen)
    )
    return PopularIndex(PopularModel("v", NOW, lines), shop)


def _part(random: Random, ids: list[ProductId]) -> Part:
    acts = [
        Recent(
            NOW - DAY * random.randrange(3) - 1000 + n,
            f"e{n}",
            random.choice(["view_item", "view_item", "add_to_cart", "purchase"]),
            (
                Line(
                    random.choice(ids),
                    price=random.choice([None, 2000]),
                    category=random.choice(CATEGORIES),
                    brand=random.choice(BRANDS),
                    size=random.choice([None, "M", "39"]),
                ),
            ),
        )
        for n in range(random.randrange(12))
    ]
    size = random.choice([None, None, "M", "m ", "39", "XL"])
    weekly = random.sample(ids, 2)
    refused = {
        f"product:{p}": Written(1, "a", random.random() < 0.8) for p in random.sample(ids, 2)
    }
    return replace(
        EMPTY,
        recents=tuple(sorted(acts, key=lambda act: (act.time, act.id))),
        preferences={} if size is None else {"size": Written(1, "a", size)},
        bought={p: NOW - random.choice([DAY, 60 * DAY]) for p in random.sample(ids, 2)},
        refused=refused,
        baskets=tuple(
            Basket(NOW - 7 * DAY * week, f"b{week}", tuple(weekly)) for week in range(5, 0, -1)
        ),
    )


def _wanted(random: Random, ids: list[ProductId]) -> Wanted:
    pinned = random.sample(ids, random.choice([0, 0, 3]))
    return Wanted(
        strategy=random.choice(STRATEGIES),
        size=random.choice([1, 4, 8]),
        at_least=random.choice([1, 1, 1, 3]),
        under=random.choice([None, None, None, "Hond", "Hond > Voer"]),
        same_category=random.random() < 0.15,
        last_category=random.random() < 0.2,
        price_from=random.choice([None, None, 450]),
        price_to=random.choice([None, None, 2000]),
        pins=tuple(pinned),
        without=tuple(p for p in random.sample(ids, 3) if p not in pinned),
        not_under=random.choice([(), (), ("Kat",), ("Hond > Voerbak",)]),
        per_brand=random.choice([None, None, 1, 2]),
        per_category=random.choice([None, None, 1, 2]),
        boosts=random.choice(
            [(), (), (Boost(300, label="margin", value="high"), Boost(20, new_days=30))]
        ),
    )


# ---- The judge ---------------------------------------------------------------------------------------


def broken_rules(one: World, found: Recommended) -> list[str]:
    """Judge a list by the words of design 8, written again and apart from the code under test."""
    shown = [one.shelf.catalogue.products[c.product] for c in found.candidates]
    broken = [
        rule
        for candidate, chosen in zip(found.candidates, shown, strict=True)
        for rule, is_kept in _rules(one, found, candidate, chosen).items()
        if not is_kept
    ]
    wanted = one.wanted
    brands = [p.brand for p in shown if p.brand is not None]
    scores = [candidate.score for candidate in found.candidates]
    pins = [c.product for c in found.candidates if c.because == "pinned"]
    whole = {
        "size of the list": len(shown) <= wanted.size,
        "twice": len({p.id for p in shown}) == len(shown),
        "per brand": all(brands.count(b) <= (wanted.per_brand or 99) for b in brands),
        "per category": all(
            [p.category for p in shown].count(p.category) <= (wanted.per_category or 99)
            for p in shown
        ),
        "best first": scores == sorted(scores, reverse=True),
        "pins first": pins == [c.product for c in found.candidates][: len(pins)],
        "pins in order": pins == [p for p in wanted.pins if p in pins],
    }
    return broken + [rule for rule, is_kept in whole.items() if not is_kept]


def _rules(
    one: World, found: Recommended, candidate: Candidate, chosen: Product
) -> dict[str, bool]:
    wanted, given, part = one.wanted, one.facts, one.part
    can_buy = _in_her_size(chosen, part)
    prices = [p for o in can_buy if (p := o.price_at(NOW)) is not None]
    price = candidate.price
    refusal = part.refused.get(f"product:{chosen.id}")
    buys_again = found.used in ("again", "forgotten") and candidate.because != "pinned"
    return {
        "stock or size": bool(can_buy),
        "price": price is not None
        and price == min(prices, default=None)
        and (wanted.price_from or 0) <= price <= (wanted.price_to or 10**9),
        "category": wanted.under is None or is_under(chosen.category, wanted.under),
        "page category": not wanted.same_category
        or is_under(chosen.category, given.page.category or "?"),
        "cart": chosen.id not in given.cart,
        "page": chosen.id != given.page.product,
        "bought": buys_again or NOW - part.bought.get(chosen.id, -DAY * 999) > 30 * DAY,
        "refused": refusal is None or refusal.value is not True,
        "sensitive": not any(is_under(chosen.category, s) for s in SENSITIVE),
        "without": chosen.id not in wanted.without,
        "not under": not any(is_under(chosen.category, c) for c in wanted.not_under),
    }


def _in_her_size(chosen: Product, part: Part) -> list[Offer]:
    """Give the offers in the size she told, else in the one she buys of this kind of product."""
    can_buy = [o for o in chosen.offers if o.is_available]
    told = part.preferences["size"].value if "size" in part.preferences else None
    for size in (told, _buys(chosen, part)):
        if isinstance(size, str):
            plain = size.strip().lower()
            kind = plain[0].isdigit()
            if any(o.size is not None and o.size[0].isdigit() == kind for o in chosen.offers):
                return [o for o in can_buy if o.size is not None and o.size.lower() == plain]
    return can_buy


def _buys(chosen: Product, part: Part) -> str | None:
    def kind(category: str | None) -> list[str]:
        return (category or "").split(" > ")[:2]

    pieces = [
        line.size.lower()
        for recent in part.recents
        if recent.name == "purchase"
        for line in recent.lines
        if line.size and kind(line.category) == kind(chosen.category)
    ]
    most = max(sorted(set(pieces)), key=pieces.count, default=None)
    if most is None or pieces.count(most) < 2 or 3 * pieces.count(most) < 2 * len(pieces):
        return None
    return most
