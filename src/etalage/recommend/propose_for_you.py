"""Step 4 of 8, recommend: `for_you` and `viewed_next`, what this person may come to now.

In:   what she looked at, put in her cart and bought, the newest first, and two models: of sessions and of profiles.
Out:  products, best first, each with the product of hers that weighs most in its score.
Idea: where both models have something to say, the list is a blend of the two (`both`); where one is not there or
      knows none of her products, the other is the list. `viewed_next` needs only the product she saw last.

A product of a category that may never be recommended is never a reason either: nothing is asked of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice

from etalage.domain.decision import Because
from etalage.domain.experience import MILLION
from etalage.domain.ids import ProductId
from etalage.domain.profile import Part
from etalage.recommend.blend import Blended
from etalage.recommend.guards import Limits
from etalage.recommend.profile_shelf import ASKED
from etalage.recommend.recent import recently_had, recently_viewed
from etalage.recommend.session_shelf import SessionShelf
from etalage.recommend.shelf import Proposal, Shelf

LOOKED_AT = 10  # distinct products, the newest (methods 1.2)


def for_you(limits: Limits, part: Part | None, shelf: Shelf) -> Iterator[Proposal]:
    """Propose what follows from where she was lately and from all she did before."""
    both = shelf.both
    lately = both.spoken_of(islice(recently_viewed(part, limits.now), LOOKED_AT), limits)
    if not lately and part is None:
        return
    here = both.spoken_of([p for p in limits.excluded if p not in lately], limits)
    had = both.spoken_of(recently_had(part, limits.now, ASKED), limits)
    session = dict(islice((here | lately).items(), LOOKED_AT)) if lately else {}
    bought = {} if part is None else part.bought
    current = next(iter(session), None)  # she is there, or comes from it
    for line in both.lines(session, here | had if had else {}, now=limits.now):
        if line.product != current:
            yield _proposal(line, session, bought, shelf)


def viewed_next(limits: Limits, part: Part | None, shelf: Shelf) -> Iterator[Proposal]:
    """Propose what is looked at most right after the product she is on, or the one she saw last."""
    sessions = shelf.learned(SessionShelf)
    last = (*limits.excluded, *islice(recently_viewed(part, limits.now), 1))
    seen = next(iter(shelf.both.spoken_of(last, limits)), None)
    if sessions is None or seen is None:
        return
    title = shelf.catalogue.products[ProductId(seen)].title
    strongest = 0.0
    for near in sessions.after(seen):
        strongest = strongest or near.score
        score = round(near.score / strongest * MILLION)
        yield Proposal(ProductId(near.product), score, "viewed_after", title)


def _proposal(
    line: Blended, session: Collection[str], bought: Collection[str], shelf: Shelf
) -> Proposal:
    because: Because
    if line.product in session:
        because = "viewed"
    elif line.by == "session":
        because = "looked_at"
    else:
        because = "you_bought" if line.of in bought else "you_saw"
    title = None if because == "viewed" else shelf.catalogue.products[ProductId(line.of)].title
    return Proposal(ProductId(line.product), round(line.score * MILLION), because, title)
