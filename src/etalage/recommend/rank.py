"""Step 4 of 8, recommend: put a list the shop already has in this person's order.

In:   product ids of a search, category or filter page, in the shop's own order.
Out:  the same ids, each once as it came, those nearest to her first, with a reason where there is one.
Idea: what she did speaks in two ways: her taste, and where others went from where she was lately. Without the
      latter, what is popular settles which of equals comes first. Whoever has no past, or may not be known, keeps
      the shop's order, and so does every product that nothing speaks for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Literal, NamedTuple

from etalage.domain.experience import MILLION
from etalage.domain.profile import Part
from etalage.recommend.affinity import Affinity, TasteReason, affinity, held_against
from etalage.recommend.near import Near
from etalage.recommend.recent import recently_viewed
from etalage.recommend.session_shelf import SessionShelf
from etalage.recommend.shelf import Shelf

LOOKED_AT = 10  # distinct products, the newest (methods 1.2)
# Measured on REES46's morning (1,397 next views among the products of their category, in the shop's order by id):
# within the first twelve .225 as it was, .332 by taste, .397 with where others went (MRR .073, .107, .116).
_NEAR_WEIGHT = 0.5  # of where others went, the nearest being 1
_POPULAR_WEIGHT = 0.02  # only where nobody knows where others went: .349 within the first twelve
RankReason = TasteReason | Literal["near"]


class Ranked(NamedTuple):
    """A product in its new place."""

    product: str
    score: int  # millionths, 0 = nothing known
    because: RankReason | None = None
    of: str | None = None  # the category or brand, or the title of what she looked at


def rank(ids: Sequence[str], part: Part | None, shelf: Shelf, *, now: int) -> list[Ranked]:
    """Order ids by what speaks for them; equal ones stay in the order they came, and nothing is added or left out."""
    if part is None or not part.recents:
        return [Ranked(product, 0) for product in ids]
    taste = affinity(part, now=now)
    near = _near(part, shelf, now)
    ranked = [_ranked(product, taste, near, shelf) for product in ids]
    return sorted(ranked, key=lambda line: -line.score)


def _near(part: Part, shelf: Shelf, now: int) -> Mapping[str, Near]:
    """Give where others went from where she was lately, the nearest at a score of 1."""
    sessions = shelf.learned(SessionShelf)
    if sessions is None:
        return {}
    lately = [*islice(recently_viewed(part, now), LOOKED_AT)]
    found = list(sessions.near(lately[::-1], now=now))
    most = max((near.score for near in found), default=0.0)
    return {n.product: n._replace(score=n.score / most) for n in found} if most > 0 else {}


def _ranked(product: str, taste: Affinity, near: Mapping[str, Near], shelf: Shelf) -> Ranked:
    known = shelf.catalogue.find(product)
    if known is None:
        return Ranked(product, 0)
    liked = held_against(known, taste)
    met = near.get(product)
    followed = 0 if met is None else round(_NEAR_WEIGHT * met.score * MILLION)
    score = liked.score + followed
    if not score:
        return Ranked(product, 0)
    if not near:
        score += round(_POPULAR_WEIGHT * shelf.popular.score(product))
    looked_at = None if met is None else shelf.catalogue.find(met.of)
    if looked_at is None or followed <= liked.score:
        return Ranked(product, score, liked.because, liked.of)
    return Ranked(product, score, "near", looked_at.title)
