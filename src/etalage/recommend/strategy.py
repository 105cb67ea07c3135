"""Step 4 of 8, recommend: run the strategy a list asks for, or the next one that has enough to say.

In:   what is wanted, the facts of the moment, the readable part of a profile, and the shop's shelf.
Out:  products with the facts they were judged by, the strategy that found them, and a reason for each.
Idea: a strategy only proposes, best first; the guards decide, and the list takes the first that pass. Every
      chain ends in `popular_now`, and what was used stands beside what was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from etalage.domain.decision import Because, Candidate, DecisionFacts, Recommended
from etalage.domain.experience import MILLION, StrategyName, Wanted
from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue
from etalage.domain.profile import Part
from etalage.recommend.guards import Limits, broken_guard, candidate_of, limits_of
from etalage.recommend.popular import PopularIndex
from etalage.recommend.recent import recently_viewed


class Shelf(NamedTuple):
    """What a shop can recommend from: its catalogue and models, of one version each."""

    catalogue: Catalogue
    popular: PopularIndex
    sensitive: tuple[str, ...] = ()  # categories that are never recommended

    @property
    def versions(self) -> dict[str, str]:
        """The models by version, for the record of a decision."""
        return {"popular": self.popular.version}


class Proposal(NamedTuple):
    """A product as a strategy proposes it."""

    product: ProductId
    score: int  # millionths
    because: Because
    of: str | None = None


Strategy = Callable[[Limits, Part | None, Shelf], Iterator[Proposal]]


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
    for used in (wanted.strategy, *FALLBACKS[wanted.strategy]):
        proposals = STRATEGIES[used](limits, known, shelf)
        found = tuple(islice(_allowed(proposals, limits, shelf), wanted.size))
        if len(found) >= wanted.at_least:
            break
    return Recommended(asked=wanted.strategy, used=used, candidates=found)


def _allowed(proposals: Iterator[Proposal], limits: Limits, shelf: Shelf) -> Iterator[Candidate]:
    for proposal in proposals:
        product = shelf.catalogue.products.get(proposal.product)
        if product is not None and broken_guard(product, limits) is None:
            yield candidate_of(product, limits, proposal.score, proposal.because, proposal.of)


def _popular_now(limits: Limits, _: Part | None, shelf: Shelf) -> Iterator[Proposal]:
    because: Because = "popular" if limits.under is None else "popular_in_category"
    for line in shelf.popular.best(limits.under):
        yield Proposal(line.product, line.score, because, limits.under)


def _recently_viewed(limits: Limits, part: Part | None, _: Shelf) -> Iterator[Proposal]:
    for place, product in enumerate(recently_viewed(part, limits.now)):
        yield Proposal(product, MILLION - place, "viewed")


STRATEGIES: dict[StrategyName, Strategy] = {
    "popular_now": _popular_now,
    "recently_viewed": _recently_viewed,
}
FALLBACKS: dict[StrategyName, tuple[StrategyName, ...]] = {
    "popular_now": (),
    "recently_viewed": ("popular_now",),
}
