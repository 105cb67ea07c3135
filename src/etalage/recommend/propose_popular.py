"""Step 4 of 8, recommend: `popular_now`, the end of every fallback chain, and `trending`.

In:   the list of popular products of a category, or of the shop.
Out:  those, or those chosen more than usual today, best first; where a category goes first, its products, and behind them the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

from etalage.domain.decision import Because
from etalage.domain.experience import MILLION
from etalage.domain.profile import Part
from etalage.recommend.guards import Limits
from etalage.recommend.shelf import Proposal, Shelf


def popular_now(limits: Limits, _: Part | None, shelf: Shelf) -> Iterator[Proposal]:
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


def trending(limits: Limits, _: Part | None, shelf: Shelf) -> Iterator[Proposal]:
    """Propose what is chosen more than usual today; of a category that goes first, its products first."""
    because: Because = "rising" if limits.under is None else "rising_in_category"
    first = set()
    if limits.prefer is not None:
        for line in shelf.popular.rising(limits.prefer):
            first.add(line.product)
            score = (MILLION + line.score) // 2
            yield Proposal(line.product, score, "rising_in_category", limits.prefer)
    for line in shelf.popular.rising(limits.under):
        if line.product not in first:
            yield Proposal(line.product, line.score // 2, because, limits.under)
