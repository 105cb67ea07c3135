"""Step 4 of 8, recommend: `recently_viewed`, what this person looked at lately, the newest first."""

from __future__ import annotations

from collections.abc import Iterator

from etalage.domain.experience import MILLION
from etalage.domain.profile import Part
from etalage.recommend.guards import Limits
from etalage.recommend.recent import recently_viewed
from etalage.recommend.shelf import Proposal, Shelf


def viewed_lately(limits: Limits, part: Part | None, _: Shelf) -> Iterator[Proposal]:
    """Propose what she looked at, the newest first."""
    for place, product in enumerate(recently_viewed(part, limits.now)):
        yield Proposal(product, MILLION - place, "viewed")
