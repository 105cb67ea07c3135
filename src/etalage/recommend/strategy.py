"""Step 4 of 8, recommend: run the strategy a list asks for, or the next one that has enough to say.

In:   what is wanted, the facts of the moment, the readable part of a profile, and the shop's shelf.
Out:  products with the facts they were judged by, the strategy that found them, and a reason for each.
Idea: a strategy only proposes, best first; the guards decide, and the list takes the first that pass. Every
      chain ends in `popular_now`, and what was used stands beside what was asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from msgspec.structs import replace

from etalage.domain.decision import Candidate, DecisionFacts, Recommended
from etalage.domain.experience import StrategyName, Wanted
from etalage.domain.profile import Part
from etalage.recommend.arrange import arranged, with_pins
from etalage.recommend.artwork import picture_for
from etalage.recommend.guards import Limits, kept_from_her, limits_of
from etalage.recommend.propose_again import again, forgotten, often_forgotten
from etalage.recommend.propose_for_you import for_you, viewed_next
from etalage.recommend.propose_new import new_for_you
from etalage.recommend.propose_past import back_in_stock, price_dropped
from etalage.recommend.propose_popular import popular_now, trending
from etalage.recommend.propose_recent import viewed_lately
from etalage.recommend.propose_session import also_viewed
from etalage.recommend.propose_similar import similar
from etalage.recommend.propose_together import goes_with, look
from etalage.recommend.shelf import Proposal, Shelf, Strategy

STRATEGIES: dict[StrategyName, Strategy] = {
    "popular_now": popular_now,
    "recently_viewed": viewed_lately,
    "for_you": for_you,
    "also_viewed": also_viewed,
    "viewed_next": viewed_next,
    "again": again,
    "forgotten": forgotten,
    "often_forgotten": often_forgotten,
    "goes_with": goes_with,
    "look": look,
    "trending": trending,
    "similar": similar,
    "new_for_you": new_for_you,
    "back_in_stock": back_in_stock,
    "price_dropped": price_dropped,
}
FALLBACKS: dict[StrategyName, tuple[StrategyName, ...]] = {
    "popular_now": (),
    "recently_viewed": ("popular_now",),
    "for_you": ("viewed_next", "also_viewed", "popular_now"),
    "also_viewed": ("popular_now",),
    "viewed_next": ("also_viewed", "popular_now"),
    "again": ("popular_now",),
    # What these promise nothing else can keep: popular things were not forgotten, and make no look.
    "forgotten": (),
    "often_forgotten": (),
    "goes_with": (),
    "look": ("goes_with",),
    "trending": ("popular_now",),
    "similar": ("also_viewed", "popular_now"),
    "new_for_you": ("for_you", "popular_now"),
    # Nothing else came back, or costs less.
    "back_in_stock": (),
    "price_dropped": (),
}
BUYS_AGAIN: frozenset[StrategyName] = frozenset(
    {"again", "forgotten"}
)  # what she bought lately, too


def recommend(wanted: Wanted, facts: DecisionFacts, part: Part | None, shelf: Shelf) -> Recommended:
    """Find the products of one list.

    Args:
        wanted: strategy, size and limits.
        facts: of the decision; without `personalise` the past is not read, whatever `part` holds.
        part: the readable part of the person's profile.
        shelf: catalogue and models.
    """
    known = part if facts.is_personal else None
    limits = limits_of(wanted, facts, known, catalogue=shelf.catalogue, sensitive=shelf.sensitive)
    found: tuple[Candidate, ...] = ()
    used = wanted.strategy
    if wanted.only_where is not None:
        others = _proposed(wanted.only_where, limits, known, shelf)
        if len(tuple(islice(others, wanted.at_least))) < wanted.at_least:
            return Recommended(asked=used, used=used)
    for used in (wanted.strategy, *FALLBACKS[wanted.strategy]):
        found = arranged(_proposed(used, limits, known, shelf), wanted, limits, shelf)
        if len(found) >= wanted.at_least:
            if wanted.pins:
                found = with_pins(found, wanted, limits, shelf)
            break
    if shelf.pictures and known is not None:
        found = tuple(_pictured(one, known, facts, shelf) for one in found)
    return Recommended(asked=wanted.strategy, used=used, candidates=found)


def _pictured(found: Candidate, part: Part, facts: DecisionFacts, shelf: Shelf) -> Candidate:
    """Give a product of several pictures the one for this person."""
    pictures = shelf.pictures.get(found.product)
    if pictures is None:
        return found
    name = picture_for(pictures, part, facts.now, seed=f"{found.product}:{facts.unit}")
    return found if name is None else replace(found, image=name)


def _proposed(
    strategy: StrategyName, limits: Limits, part: Part | None, shelf: Shelf
) -> Iterator[Candidate]:
    """Give what a strategy finds within the limits; a list of what is bought again may hold what was bought lately."""
    own = replace(limits, bought=frozenset()) if strategy in BUYS_AGAIN else limits
    return _allowed(STRATEGIES[strategy](own, part, shelf), own, shelf)


def _allowed(proposals: Iterator[Proposal], limits: Limits, shelf: Shelf) -> Iterator[Candidate]:
    kept = kept_from_her(limits)
    for proposal in proposals:
        if proposal.product not in kept:
            candidate = shelf.judged(proposal, limits)
            if candidate is not None:
                yield candidate
