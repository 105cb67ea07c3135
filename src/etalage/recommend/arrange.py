"""Step 4 of 8, recommend: what the shop says about the order of a list: pins, boosts, variety.

In:   products that passed every guard, best first, and what the list asks for.
Out:  those of them that are shown, in their order, each with the score that says it.
Idea: a shop may push, but never past a guard: whatever is arranged here was allowed before. A boost multiplies the
      score a strategy gave, so it moves what is nearly as good and not what nobody wants. A reason stays what it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from msgspec.structs import replace

from etalage.domain.decision import Candidate
from etalage.domain.experience import MILLION, Boost, Wanted
from etalage.domain.ids import ProductId
from etalage.domain.product import Product
from etalage.domain.time import DAY
from etalage.recommend.guards import Limits, broken_for_her
from etalage.recommend.shelf import Proposal, Shelf

ARRANGED = 120  # allowed products that are looked at to fill a list of twenty-four


def arranged(
    found: Iterator[Candidate], wanted: Wanted, limits: Limits, shelf: Shelf
) -> tuple[Candidate, ...]:
    """Give the products of a list as the shop arranged it; what a strategy found, without pins."""
    if not wanted.is_arranged:
        return tuple(islice(found, wanted.size))
    pool = list(islice(found, ARRANGED))
    if wanted.boosts:
        pool = _boosted(pool, wanted.boosts, limits.now, shelf)
    return tuple(islice(_varied(pool, wanted, shelf), wanted.size))


def with_pins(
    found: Sequence[Candidate], wanted: Wanted, limits: Limits, shelf: Shelf
) -> tuple[Candidate, ...]:
    """Put the shop's pins before what was found, as far as they pass the guards."""
    pins: dict[ProductId, Candidate] = {}
    score = max((candidate.score for candidate in found), default=MILLION) + len(wanted.pins)
    for product in dict.fromkeys(wanted.pins):
        if broken_for_her(product, limits) is None:
            candidate = shelf.judged(Proposal(product, MILLION, "pinned"), limits)
            if candidate is not None:
                pins[product] = replace(candidate, score=score - len(pins))
    rest = (candidate for candidate in found if candidate.product not in pins)
    both = [*pins.values(), *rest]
    return tuple(islice(_varied(both, wanted, shelf), wanted.size))


def _boosted(
    pool: Iterable[Candidate], boosts: Sequence[Boost], now: int, shelf: Shelf
) -> list[Candidate]:
    scored = []
    for candidate in pool:
        product = shelf.catalogue.products[candidate.product]
        score = candidate.score
        for boost in boosts:
            if _is_meant(product, boost, now, shelf):
                score = score * boost.percent // 100
        scored.append(candidate if score == candidate.score else replace(candidate, score=score))
    return sorted(scored, key=lambda candidate: (-candidate.score, candidate.product))


def _is_meant(product: Product, boost: Boost, now: int, shelf: Shelf) -> bool:
    if boost.new_days is not None:
        arrived = shelf.newest.arrived(product.id)
        return arrived is not None and now - boost.new_days * DAY < arrived <= now
    label = None if boost.label is None else product.labels.get(boost.label)
    return label is not None and label.strip().casefold() == (boost.value or "").strip().casefold()


def _varied(pool: Iterable[Candidate], wanted: Wanted, shelf: Shelf) -> Iterator[Candidate]:
    """Leave out what would be one too many of its brand or its category; no brand is no brand."""
    brands: Counter[str] = Counter()
    categories: Counter[str] = Counter()
    for candidate in pool:
        product = shelf.catalogue.products[candidate.product]
        brand, category = product.brand, product.category
        if wanted.per_brand and brand is not None and brands[brand] >= wanted.per_brand:
            continue
        if wanted.per_category and category is not None:
            if categories[category] >= wanted.per_category:
                continue
            categories[category] += 1
        if brand is not None:
            brands[brand] += 1
        yield candidate
