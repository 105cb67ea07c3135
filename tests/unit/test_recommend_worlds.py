"""Guards hold whatever is recommended: ten thousand random catalogues, profiles and rules, with every strategy."""

from __future__ import annotations

from collections import Counter
from random import Random

from decide_examples import experience, products_variant
from msgspec.structs import replace
from random_lists import SENSITIVE, STRATEGIES, broken_rules, world

from etalage.decide.compose import compose
from etalage.domain.decision import Choice, Chosen, DecisionFacts, Entry, Recommended
from etalage.domain.experience import Wanted
from etalage.domain.ids import ExperienceName, VariantName
from etalage.recommend.guards import broken_guard, limits_of
from etalage.recommend.shelf import Shelf
from etalage.recommend.strategy import recommend

CASES = 10_000


def test_of_ten_thousand_random_shops_people_and_rules_no_result_breaks_a_guard() -> None:
    random = Random(20261122)
    broken: Counter[str] = Counter()
    guards: Counter[str] = Counter()
    used: Counter[str] = Counter()
    reasons: Counter[str] = Counter()

    for number in range(CASES):
        one = world(random)

        found = recommend(one.wanted, one.facts, one.part, one.shelf)

        broken.update(f"{rule}: {one.wanted.strategy}" for rule in broken_rules(one, found))
        if found.candidates:
            used[found.used] += 1
            reasons.update(candidate.because for candidate in found.candidates)
        if number % 20 == 0:
            shop = one.shelf.catalogue
            limits = limits_of(one.wanted, one.facts, one.part, catalogue=shop, sensitive=SENSITIVE)
            guards.update(broken_guard(p, limits) or "allowed" for p in shop.products.values())

    assert broken == {}
    # The generator must reach every guard and every strategy, or the zero above says nothing.
    reached = ("out_of_stock", "no_price", "no_size", "wrong_category", "wrong_price", "in_cart")
    reached += ("bought", "refused", "excluded", "sensitive", "allowed")
    assert all(guards[guard] >= 50 for guard in reached), guards
    assert all(used[strategy] >= 50 for strategy in STRATEGIES), used
    assert reasons["pinned"] >= 500, reasons
    assert sum(reasons.values()) >= 10_000


def test_a_shelf_that_judged_for_others_recommends_the_same_to_everybody() -> None:
    random = Random(20261123)
    for _ in range(200):
        one = world(random)
        for _ in range(3):
            other = world(random)
            recommend(other.wanted, other.facts, other.part, one.shelf)

        again = recommend(one.wanted, one.facts, one.part, one.shelf)

        shelf = one.shelf
        fresh = Shelf(shelf.catalogue, shelf.popular, shelf.sensitive, shelf.models)
        assert again == recommend(one.wanted, one.facts, one.part, fresh)


def test_the_last_look_keeps_the_order_and_stops_what_went_into_the_cart_since() -> None:
    random, stopped = Random(20261124), 0
    for _ in range(500):
        one = world(random)
        found = recommend(one.wanted, one.facts, one.part, one.shelf)
        if len(found.candidates) < one.wanted.at_least:
            continue

        entry = delivered(one.wanted, found, one.facts)
        assert [c.score for c in entry.products] == [c.score for c in found.candidates]
        assert {c.product for c in entry.products} == {c.product for c in found.candidates}

        first = found.candidates[0].product
        late = replace(one.facts, cart=tuple(sorted({*one.facts.cart, first})))
        entry = delivered(replace(one.wanted, at_least=1), found, late)
        assert first not in {c.product for c in entry.products}
        stopped += entry.guarded.get(first) == "in_cart"
    assert stopped >= 50


def delivered(wanted: Wanted, found: Recommended, given: DecisionFacts) -> Entry:
    """Give the entry that composing makes of a list; an empty one where too little is left."""
    name = ExperienceName("list")
    plain = experience("list", variants=[products_variant()], form="products")
    live = {name: replace(plain, variants=(replace(plain.variants[0], products=wanted),))}
    choice = Choice(name, "below", VariantName("a"), show=True)
    decision = compose(given, Chosen((choice,)), {name: found}, live)
    return decision.entries[0] if decision.entries else Entry(choice)
