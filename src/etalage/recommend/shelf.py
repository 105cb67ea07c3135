"""Step 4 of 8, recommend: what a shop recommends from, and what a strategy is.

In:   a catalogue and models, of one version each.
Out:  a product judged by all that is the same for everybody of one size, each judgement made once.
Idea: a strategy is a function of the limits, what is known of a person, and the shelf. It proposes, best first, and
      judges nothing: `strategy.recommend` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from msgspec import Struct

from etalage.domain.decision import Because, Candidate
from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue, Product
from etalage.domain.profile import Part
from etalage.recommend.artwork import Picture, pictures_of
from etalage.recommend.both import Both
from etalage.recommend.catalogue_past import PastShelf
from etalage.recommend.guards import Limits, broken_for_all, candidate_of, size_of
from etalage.recommend.looks import Looks, looks_of
from etalage.recommend.model_file import Unusable
from etalage.recommend.model_kind import Ready
from etalage.recommend.newest import Newest
from etalage.recommend.popular import PopularIndex
from etalage.recommend.profile_shelf import ProfileShelf
from etalage.recommend.session_shelf import SessionShelf

Model = TypeVar("Model", bound=Ready)
Models = Mapping[str, Ready | Unusable]  # by name
REMEMBERED = 20_000  # judgements of a shelf; beyond it products are judged anew


class Shelf:
    """What a shop can recommend from: its catalogue and models, of one version each.

    Whether a product may be shown, and by which facts, is the same for everybody of one size: judged once.
    """

    __slots__ = (
        "_both",
        "_judged",
        "_looks",
        "_newest",
        "_pictures",
        "_versions",
        "catalogue",
        "models",
        "popular",
        "sensitive",
    )

    def __init__(
        self,
        catalogue: Catalogue,
        popular: PopularIndex,
        sensitive: tuple[str, ...] = (),
        models: Models | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.popular = popular
        self.sensitive = sensitive  # categories that are never recommended
        self.models = models or {}
        self._judged: dict[tuple[object, ...], Candidate | None] = {}
        self._both: Both | None = None
        self._versions: dict[str, str] | None = None
        self._looks: Looks | None = None
        self._newest: Newest | None = None
        self._pictures: dict[ProductId, tuple[Picture, ...]] | None = None

    @property
    def pictures(self) -> Mapping[ProductId, tuple[Picture, ...]]:
        """The products of which there are several pictures for different people."""
        if self._pictures is None:
            told = ((p.id, pictures_of(p)) for p in self.catalogue.products.values() if p.images)
            self._pictures = {product: pictures for product, pictures in told if pictures}
        return self._pictures

    @property
    def looks(self) -> Looks:
        """What the shop's stylists put together; gathered when somebody first asks."""
        if self._looks is None:
            self._looks = looks_of(self.catalogue)
        return self._looks

    @property
    def newest(self) -> Newest:
        """What came into the shop, by category and brand; gathered when somebody first asks."""
        if self._newest is None:
            self._newest = Newest(self.catalogue, self.learned(PastShelf))
        return self._newest

    @property
    def both(self) -> Both:
        """The models of sessions and of profiles, asked at once."""
        if self._both is None:
            self._both = Both(
                self.learned(SessionShelf), self.learned(ProfileShelf), self.catalogue
            )
        return self._both

    @property
    def versions(self) -> Mapping[str, str]:
        """The models by version, for the record of a decision."""
        if self._versions is None:
            ready = {n: m.version for n, m in self.models.items() if not isinstance(m, Unusable)}
            self._versions = {"popular": self.popular.version, **ready}
        return self._versions

    def learned(self, kind: type[Model]) -> Model | None:
        """Give the model of a kind; None if nothing usable was learned."""
        found = self.models.get(kind.name)
        return found if isinstance(found, kind) else None

    def judged(self, proposal: Proposal, limits: Limits) -> Candidate | None:
        """Write down a product with the facts it was judged by; None if nobody of this size may be shown it."""
        product = self.catalogue.products.get(proposal.product)
        if product is None:
            return None
        size = size_of(product, limits)
        bounds = (limits.under, limits.not_under, limits.price_from, limits.price_to)
        key = (product.id, size, bounds)
        judged = self._judged.get(key)
        if judged is None and key not in self._judged:
            judged = _judged(product, proposal, limits)
            if any(offer.sale_price is not None for offer in product.offers):
                return judged  # its price has an hour
            if len(self._judged) >= REMEMBERED:
                self._judged.clear()
            self._judged[key] = judged
        return None if judged is None else _proposed_as(judged, proposal)


def _proposed_as(judged: Candidate, proposal: Proposal) -> Candidate:
    """Give what was judged for one proposal with the score and reason of another."""
    score, because, of = proposal.score, proposal.because, proposal.of
    if judged.score == score and judged.because == because and judged.of == of:
        return judged
    return Candidate(
        product=judged.product,
        score=score,
        available=judged.available,
        stock=judged.stock,
        price=judged.price,
        size=judged.size,
        because=because,
        of=of,
    )


def _judged(product: Product, proposal: Proposal, limits: Limits) -> Candidate | None:
    if broken_for_all(product, limits) is not None:
        return None
    return candidate_of(product, limits, proposal.score, proposal.because, proposal.of)


class Proposal(Struct, frozen=True, gc=False):
    """A product as a strategy proposes it."""

    product: ProductId
    score: int  # millionths
    because: Because
    of: str | None = None


Strategy = Callable[[Limits, Part | None, Shelf], Iterator[Proposal]]
