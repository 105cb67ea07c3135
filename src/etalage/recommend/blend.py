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

from collections.abc import Iterable
from typing import Literal, NamedTuple

from etalage.recommend.near import PROPOSED, Near

CLICKS_BEFORE = 9  # as if she had clicked so often before
DIGITS = 6

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


def blended(session: Iterable[Near], past: Iterable[Near], share: float) -> list[Blended]:
    """Make one list of two, each best first; of equals the one that stands first in the session."""
    first = _parts(session, share, "session")
    second = _parts(past, 1 - share, "past")
    for product, other in second.items():
        own = first.get(product)
        if own is None:
            first[product] = other
        else:
            heavier = own if own.score >= other.score else other
            first[product] = heavier._replace(score=round(own.score + other.score, DIGITS))
    return sorted(first.values(), key=lambda one: -one.score)[:PROPOSED]


def _parts(found: Iterable[Near], weight: float, by: Spoken) -> dict[str, Blended]:
    listed = list(found)
    if not listed or weight <= 0:
        return {}
    scale = weight / max(listed[0].score, 10.0**-DIGITS)
    return {n.product: Blended(n.product, round(n.score * scale, DIGITS), n.of, by) for n in listed}
