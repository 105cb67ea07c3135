"""Step 4 of 8, recommend: one list of two: what follows from this session, and what follows from all she did before.

In:   products near her session, and products near her past, each with a score and the product that speaks for it.
Out:  one list, best first, each product with the reason that weighs most in its score.
Idea: the two scores are in different units, so each list counts in shares of its own best. The session counts for most
      of a score, and for more the longer it is: one click says less than five of what she is after.

          share = (clicks + 9) / (clicks + 10)       score = share * s / max s + (1 - share) * p / max p

      Measured by `etalage evaluate person` (docs/recommendations.md): with shares from .9 to .95 the blend is at least
      as good as either of the two alone on all data there is, and mostly better.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from etalage.recommend.near import PROPOSED, Nearest

CLICKS_BEFORE = 9  # as if she had clicked so often before
SMALLEST = 1e-6  # a score that is not rounded to nothing

Spoken = Literal["session", "past"]


class Blended(NamedTuple):
    """A product of the list."""

    product: str
    score: float
    of: str
    by: Spoken  # which of the two weighs most in the score


def share_of_session(clicks: int) -> float:
    """Give how much of a score a session of so many distinct products makes, from 0 to 1.

    >>> share_of_session(0), share_of_session(10)
    (0.0, 0.95)
    """
    return (clicks + CLICKS_BEFORE) / (clicks + CLICKS_BEFORE + 1) if clicks else 0.0


def blended(session: Nearest, past: Nearest, share: float) -> Iterator[Blended]:
    """Make one list of two, each best first; of equals the one that stands first in the session."""
    own, other = _parts(session, share), _parts(past, 1 - share)
    total = own | other
    for product in own.keys() & other.keys():
        total[product] = own[product] + other[product]
    for product in sorted(total, key=total.__getitem__, reverse=True)[:PROPOSED]:
        if own.get(product, 0.0) >= other.get(product, 0.0):
            of = session.of(session.products.index(product))
            yield Blended(product, total[product], of, "session")
        else:
            of = past.of(past.products.index(product))
            yield Blended(product, total[product], of, "past")


def _parts(found: Nearest, weight: float) -> dict[str, float]:
    if not found.products or weight <= 0:
        return {}
    scale = weight / max(found.scores[0], SMALLEST)
    return dict(zip(found.products, [score * scale for score in found.scores], strict=True))
