"""Step 4 of 8, recommend: what follows from her session and from her past, asked of both models at once.

In:   what she looked at lately, and all she had, the newest first.
Out:  one list, best first, as `blend` makes it.
Idea: where the compiler is loaded, both models are asked and blended in one go by the numbers of products: of a
      hundred products few are shown, and only those are named. Otherwise each is asked, and the lists are blended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any

import numpy as np

from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue
from etalage.recommend.blend import Blended, blended, share_of_session
from etalage.recommend.guards import Limits, is_sensitive
from etalage.recommend.near import NOBODY, PROPOSED
from etalage.recommend.profile_shelf import ASKED, ProfileShelf, Same
from etalage.recommend.session_scorer import DIGITS
from etalage.recommend.session_shelf import SessionShelf

UNIT = 10.0**DIGITS
UNKNOWN = -1  # to the model of profiles
NO, YES = 1, 2

Spoken = dict[str, int]  # products, each with its number in the model of profiles


class Both:
    """The models of a shop that know what somebody may come to now, as far as there are any."""

    __slots__ = ("_catalogue", "_codes", "_may", "_places", "_profile", "_sessions", "_turn")

    def __init__(
        self, sessions: SessionShelf | None, profile: ProfileShelf | None, catalogue: Catalogue
    ) -> None:
        self._sessions = sessions
        self._profile = profile
        self._catalogue = catalogue
        self._codes: Mapping[str, int] = {} if profile is None else profile.codes
        # What was found out of each product of the profile; of all others, who share the last place, never.
        self._may = bytearray(len(self._codes) + 1)
        sizes = [len(one.products) for one in (sessions, profile) if one is not None]
        self._places = np.zeros(max(sizes, default=0), np.int32)  # room; threads take turns
        self._turn = Lock()

    def spoken_of(self, products: Iterable[str], limits: Limits) -> Spoken:
        """Keep the products that are in the catalogue and may be spoken of, with their numbers in the profile."""
        code_of, known = self._codes.get, self._may
        found = {}
        for product in products:
            code = code_of(product, UNKNOWN)
            may = known[code] or self._found_out(product, code, limits)
            if may == YES:
                found[product] = code
        return found

    def _found_out(self, name: str, code: int, limits: Limits) -> int:
        product = self._catalogue.products.get(ProductId(name))
        may = NO if product is None or is_sensitive(product, limits) else YES
        if code != UNKNOWN:
            self._may[code] = may
        return may

    def lines(self, session: Spoken, had: Spoken, *, now: int) -> Iterator[Blended]:
        """Give the list of somebody who looked at these lately, and had those; each the newest first."""
        sessions, profile = self._sessions, self._profile
        share = share_of_session(len(session))
        rows = None if sessions is None else sessions.compiled
        same = None
        if sessions is not None and profile is not None:
            same = profile.numbered_as(sessions.codes)
            if rows is not None and sessions.by_knn:
                known = [code for code in had.values() if code != UNKNOWN][:ASKED]
                seen = _seen(session, same, sessions.codes) if known else []
                if seen:
                    asked = sessions.question(seen, now=now)
                    with self._turn:
                        found = rows.both_best(
                            *asked,
                            tuple(profile.rows(known)),
                            same.column,
                            share,
                            self._places,
                            PROPOSED,
                            UNIT,
                        )
                    return _named(found, sessions.products, profile.products)
        looked_at = [*session][::-1]
        near = sessions.nearest(looked_at, now=now) if sessions and session else NOBODY
        liked = profile.nearest(had, rows=rows) if profile and had else NOBODY
        if not near.items or not liked.items:
            share = float(bool(near.items))
        numbers = None if same is None else [same.codes[item] for item in liked.items]
        return blended(near, liked, share, numbers)


def _seen(session: Spoken, same: Same, codes: Mapping[str, int]) -> list[int]:
    """Give what she looked at as the sessions number it, the oldest first; what they do not know is left out."""
    found = [
        codes.get(product, UNKNOWN) if code == UNKNOWN else same.codes[code]
        for product, code in session.items()
    ]
    return [code for code in reversed(found) if code >= 0]


def _named(
    found: Sequence[Any], products: Sequence[str], liked: Sequence[str]
) -> Iterator[Blended]:
    """Name the products of a list one by one; those that the past speaks for are numbered -1, -2 and so on."""
    numbers, scores, speakers = (column.tolist() for column in found)
    for number, score, of in zip(numbers, scores, speakers, strict=True):
        if number >= 0:
            yield Blended(products[number], score, products[of], "session")
        else:
            yield Blended(liked[-1 - number], score, liked[of], "past")
