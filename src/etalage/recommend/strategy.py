"""Step 4 of 8, recommend: run the strategy a list asks for, or the next one that has enough to say.

In:   what is wanted, the facts of the moment, the readable part of a profile, and the shop's shelf.
Out:  products with the facts they were judged by, the strategy that found them, and a reason for each.
Idea: a strategy only proposes, best first; the guards decide, and the list takes the first that pass. Every
      chain ends in `popular_now`, and what was used stands beside what was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from etalage.domain.decision import Because, Candidate, DecisionFacts, Recommended
from etalage.domain.experience import MILLION, StrategyName, Wanted
from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue, Product
from etalage.domain.profile import Part
from etalage.recommend.guards import (
    Limits,
    broken_for_all,
    broken_for_her,
    candidate_of,
    limits_of,
)
from etalage.recommend.model_file import Unusable
from etalage.recommend.popular import PopularIndex
from etalage.recommend.recent import recently_viewed
from etalage.recommend.session_shelf import SessionShelf

NOTHING_LEARNED = Unusable("absent")
LOOKED_AT = 10  # distinct products, the newest (methods 1.2)
REMEMBERED = 20_000  # judgements of a shelf; beyond it products are judged anew


class Shelf:
    """What a shop can recommend from: its catalogue and models, of one version each.

    Whether a product may be shown, and by which facts, is the same for everybody of one size: judged once.
    """

    __slots__ = ("_judged", "catalogue", "popular", "sensitive", "sessions")

    def __init__(
        self,
        catalogue: Catalogue,
        popular: PopularIndex,
        sensitive: tuple[str, ...] = (),
        sessions: SessionShelf | Unusable = NOTHING_LEARNED,
    ) -> None:
        self.catalogue = catalogue
        self.popular = popular
        self.sensitive = sensitive  # categories that are never recommended
        self.sessions = sessions
        self._judged: dict[tuple[object, ...], Candidate | None] = {}

    @property
    def versions(self) -> dict[str, str]:
        """The models by version, for the record of a decision."""
        sessions = self.sessions
        learned = {} if isinstance(sessions, Unusable) else {"sessions": sessions.version}
        return {"popular": self.popular.version, **learned}

    def judged(self, proposal: Proposal, limits: Limits) -> Candidate | None:
        """Write down a product with the facts it was judged by; None if nobody of this size may be shown it."""
        product = self.catalogue.products.get(proposal.product)
        if product is None:
            return None
        if any(offer.sale_price is not None for offer in product.offers):  # its price has an hour
            return _judged(product, proposal, limits)
        key = (proposal, limits.under, limits.price_from, limits.price_to, limits.size)
        if key not in self._judged:
            if len(self._judged) >= REMEMBERED:
                self._judged.clear()
            self._judged[key] = _judged(product, proposal, limits)
        return self._judged[key]


def _judged(product: Product, proposal: Proposal, limits: Limits) -> Candidate | None:
    if broken_for_all(product, limits) is not None:
        return None
    return candidate_of(product, limits, proposal.score, proposal.because, proposal.of)


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
        if broken_for_her(proposal.product, limits) is None:
            candidate = shelf.judged(proposal, limits)
            if candidate is not None:
                yield candidate


def _popular_now(limits: Limits, _: Part | None, shelf: Shelf) -> Iterator[Proposal]:
    """Propose what is popular; where a category goes first, its products, and behind them the rest."""
    because: Because = "popular" if limits.under is None else "popular_in_category"
    if limits.prefer is None:
        for line in shelf.popular.best(limits.under):
            yield Proposal(line.product, line.score, because, limits.under)
        return
    first = set()
    for line in shelf.popular.best(limits.prefer):
        first.add(line.product)
        score = (MILLION + line.score) // 2  # above all others, and still best first
        yield Proposal(line.product, score, "popular_in_category", limits.prefer)
    for line in shelf.popular.best(limits.under):
        if line.product not in first:
            yield Proposal(line.product, line.score // 2, because, limits.under)


def _recently_viewed(limits: Limits, part: Part | None, _: Shelf) -> Iterator[Proposal]:
    for place, product in enumerate(recently_viewed(part, limits.now)):
        yield Proposal(product, MILLION - place, "viewed")


def _for_you(limits: Limits, part: Part | None, shelf: Shelf) -> Iterator[Proposal]:
    """Propose what others came to from where she was lately, the page she is on last."""
    lately = list(islice(recently_viewed(part, limits.now), LOOKED_AT))
    here = [product for product in limits.excluded if product not in lately]
    if lately:
        yield from _near((*reversed(lately), *here), "looked_at", limits, shelf)


def _also_viewed(limits: Limits, _: Part | None, shelf: Shelf) -> Iterator[Proposal]:
    """Propose what others looked at after the product of this page, which is the one that is excluded."""
    yield from _near(tuple(limits.excluded), "viewed_after", limits, shelf)


def _near(
    looked_at: Sequence[str], because: Because, limits: Limits, shelf: Shelf
) -> Iterator[Proposal]:
    products = shelf.catalogue.products
    known = [product for product in looked_at if product in products]
    if isinstance(shelf.sessions, Unusable) or not known:
        return
    for near in shelf.sessions.near(known, now=limits.now):
        title = products[ProductId(near.of)].title
        yield Proposal(ProductId(near.product), round(near.score * MILLION), because, title)


STRATEGIES: dict[StrategyName, Strategy] = {
    "popular_now": _popular_now,
    "recently_viewed": _recently_viewed,
    "for_you": _for_you,
    "also_viewed": _also_viewed,
}
FALLBACKS: dict[StrategyName, tuple[StrategyName, ...]] = {
    "popular_now": (),
    "recently_viewed": ("popular_now",),
    "for_you": ("also_viewed", "popular_now"),
    "also_viewed": ("popular_now",),
}
