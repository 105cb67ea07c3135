"""Step 4 of 8, recommend: what follows from her session and from her past, asked of both models at once.

In:   what she looked at lately, and all she had, the newest first.
Out:  one list, best first, as `blend` makes it.
Idea: where the compiler is loaded, both models are asked and blended in one go by the numbers of products: of a
      hundred products few are shown, and only those are named. Otherwise each is asked, and the lists are blended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Any

import numpy as np

from etalage.recommend.blend import Blended, blended, share_of_session
from etalage.recommend.near import NOBODY, PROPOSED
from etalage.recommend.profile_shelf import ProfileShelf
from etalage.recommend.session_scorer import DIGITS
from etalage.recommend.session_shelf import SessionShelf

UNIT = 10.0**DIGITS


class Both:
    """The models of a shop that know what somebody may come to now, as far as there are any."""

    __slots__ = ("_places", "_profile", "_sessions", "_turn")

    def __init__(self, sessions: SessionShelf | None, profile: ProfileShelf | None) -> None:
        self._sessions = sessions
        self._profile = profile
        sizes = [len(one.products) for one in (sessions, profile) if one is not None]
        self._places = np.zeros(max(sizes, default=0), np.int32)  # room; threads take turns
        self._turn = Lock()

    def lines(self, session: Sequence[str], had: Sequence[str], *, now: int) -> Iterator[Blended]:
        """Give the list of somebody who looked at these lately, and had those; each the newest first."""
        sessions, profile = self._sessions, self._profile
        share = share_of_session(len(session))
        rows = None if sessions is None else sessions.compiled
        same = None
        if sessions is not None and profile is not None:
            same = profile.numbered_as(sessions.codes)
            if rows is not None and sessions.by_knn:
                seen, known = sessions.known(session[::-1]), profile.known(had)
                if seen and known:
                    asked = (*sessions.question(seen, now=now), profile.rows(known), same, share)
                    with self._turn:
                        found = rows.both_best(*asked, self._places, PROPOSED, UNIT)
                    return _named(found, sessions.products, profile.products)
        near = sessions.nearest(session[::-1], now=now) if sessions and session else NOBODY
        liked = profile.nearest(had, rows=rows) if profile and had else NOBODY
        if not near.items or not liked.items:
            share = float(bool(near.items))
        numbers = None if same is None else [int(same[item]) for item in liked.items]
        return blended(near, liked, share, numbers)


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
