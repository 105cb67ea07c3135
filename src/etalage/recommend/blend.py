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

from collections.abc import Hashable, Iterator, Sequence
from typing import Literal, NamedTuple

from etalage.recommend.near import PROPOSED, SMALLEST, Nearest

CLICKS_BEFORE = 9  # as if she had clicked so often before

Spoken = Literal["session", "past"]
_SESSION: Spoken = "session"
_PAST: Spoken = "past"


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


def blended(
    session: Nearest, past: Nearest, share: float, same: Sequence[int] | None = None
) -> Iterator[Blended]:
    """Make one list of two, each best first; of equals the one that stands first in the session.

    Args:
        session: products near her session.
        past: products near her past.
        share: how much of a score the session makes.
        same: for each product of `past` its item in `session`, or a negative number of its own: numbers are compared
            in half the time of names.
    """
    near: Sequence[Hashable] = session.names() if same is None else session.items
    liked: Sequence[Hashable] = past.names() if same is None else same
    own, other = _parts(session, near, share), _parts(past, liked, 1 - share)
    total = own | other
    for product in own.keys() & other.keys():
        total[product] = own[product] + other[product]
    for product in sorted(total, key=total.__getitem__, reverse=True)[:PROPOSED]:
        if own.get(product, 0.0) >= other.get(product, 0.0):
            found, at, by = session, near.index(product), _SESSION
        else:
            found, at, by = past, liked.index(product), _PAST
        yield Blended(found.product(at), total[product], found.of(at), by)


def _parts(found: Nearest, named: Sequence[Hashable], weight: float) -> dict[Hashable, float]:
    if not named or weight <= 0:
        return {}
    scale = weight / max(found.scores[0], SMALLEST)
    return dict(zip(named, [score * scale for score in found.scores], strict=True))
