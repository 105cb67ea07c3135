"""What others do, to be measured beside: VS-kNN over dictionaries, and the item-item search of `implicit`.

The first is how session kNN is published: dictionaries from item to sessions and from session to items, in plain
Python. The second is a package of its own, which the tests bring and a shop does not need; without it its rows are
left out, and the bench says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any
from warnings import catch_warnings

import numpy as np

from etalage.recommend.session_index import Clicks

SAMPLE = 5_000  # newest sessions that are compared with
NEIGHBOURS = 500
LISTED = 100


class DictionaryKnn:
    """VS-kNN as it is published: quadratic weights by position, neighbours by shared weight."""

    def __init__(self, clicks: Clicks) -> None:
        self._sessions: dict[int, list[int]] = {}
        self._items: dict[int, dict[int, int]] = {}
        for session, item in zip(clicks.session.tolist(), clicks.item.tolist(), strict=True):
            places = self._items.setdefault(session, {})
            if item not in places:
                self._sessions.setdefault(item, []).append(session)
            places[item] = len(places) + 1

    def best(self, session: Sequence[int]) -> list[tuple[int, float]]:
        """Give the best items after these, best first."""
        newest = {item: at + 1 for at, item in enumerate(session)}
        weights = {item: (at / len(session)) ** 2 for item, at in newest.items()}
        candidates: set[int] = set()
        for item in newest:
            candidates.update(self._sessions.get(item, [])[-SAMPLE:])
        sample = sorted(candidates, reverse=True)[:SAMPLE]
        alike = [(sum(weights[i] for i in self._items[one] if i in weights), one) for one in sample]
        scores: dict[int, float] = {}
        for similarity, one in sorted(alike, reverse=True)[:NEIGHBOURS]:
            items = self._items[one]
            step = max(newest[item] for item in items if item in newest)
            for item in items:
                scores[item] = scores.get(item, 0.0) + similarity / (len(session) - step + 1)
        return sorted(scores.items(), key=lambda line: -line[1])[:LISTED]


def has_implicit() -> bool:
    """Whether the package is installed."""
    return find_spec("implicit") is not None


def implicit_search(had: Any) -> Callable[[int], object] | None:
    """Give the cosine item-item search of `implicit` over (people x items); None where it is not installed."""
    if not has_implicit():
        return None
    from implicit.nearest_neighbours import CosineRecommender  # type: ignore[import-untyped,unused-ignore]

    model = CosineRecommender(K=LISTED, num_threads=1)
    with catch_warnings(action="ignore"):  # it warns of a conversion of its own
        model.fit(had, show_progress=False)

    def search(person: int) -> object:
        return model.recommend(person, had[person], N=LISTED, filter_already_liked_items=False)

    return search


def timed(ask: Callable[[Any], object], questions: Sequence[Any], seconds: float) -> list[float]:
    """Ask each question once, for so many seconds; the first is asked before, to load what is compiled."""
    ask(questions[0])
    taken: list[float] = []
    until = time.perf_counter() + seconds
    for question in questions:
        began = time.perf_counter()
        ask(question)
        ended = time.perf_counter()
        taken.append(ended - began)
        if ended > until:
            break
    return taken


def people_by_items(user: Any, item: Any, items: int) -> Any:
    """Give who had what as the matrix that `implicit` learns from."""
    from scipy.sparse import csr_matrix

    ones = np.ones(len(user), np.float32)
    matrix = csr_matrix((ones, (user, item)), shape=(int(user.max()) + 1, items))
    matrix.data[:] = 1  # whatever stood there twice is one
    return matrix
