"""The protocol of new items for a known person (methods 1.3).

In:   events (user, item, time), and perhaps later ones.
Out:  rows per method: recall@20 and NDCG@20 of items new to her, with intervals.
Idea: what she did before is given, which items she comes to next is asked. Without a test file the last fifth of
      each person's items, by their first time, is held out; items she already had are never listed, nor the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from etalage.errors import BadInput
from etalage.evaluate.choice import check_method, check_parameters
from etalage.evaluate.interval import as_row, figure
from etalage.evaluate.lists import quality
from etalage.evaluate.tables import Table, codes_of
from etalage.recommend.ease import (
    PEOPLE_NEEDED,
    Had,
    ItemWeights,
    learn_cosine,
    learn_ease,
    scores_for,
    worth_learning,
)
from etalage.recommend.session_index import Floats, Longs

TOP = 20
HELD_OUT = 0.2  # share of a person's items, the newest, at least one
MOST_ITEMS = 4_000  # as in the reference figures


class ProfileTask(NamedTuple):
    """What everybody had, and what those who are asked came to next."""

    had: Had  # items as codes of what is worth learning
    truth: dict[int, frozenset[int]]  # by user
    users: int
    items: int
    has_test: bool


def profile_task(train: Table, test: Table | None) -> ProfileTask:
    """Split by time, and keep the items that enough people had."""
    tables = [train] if test is None else [train, test]
    users, names = codes_of(*(table["user"] for table in tables))
    items, _ = codes_of(*(table["item"] for table in tables))
    if test is None:
        had, later = _split(Had(users[0], items[0]), np.asarray(train["time"], float))
    else:
        had, later = Had(users[0], items[0]), Had(users[1], items[1])
    known = np.sort(worth_learning(had, most=MOST_ITEMS))
    had, later = _coded(had, known), _coded(later, known)
    before = _by_user(had)
    truth = {
        user: frozenset(new)
        for user, found in _by_user(later).items()
        if user in before and (new := found - before[user])
    }
    if not truth:
        raise BadInput("nobody with a past came to an item that is new to her and known to others")
    return ProfileTask(had, truth, len(names), len(known), has_test=test is not None)


def protocol(task: ProfileTask) -> dict[str, Any]:
    """Say under which rules the figures stand."""
    return {
        "truth": "new items of the test file"
        if task.has_test
        else "newest fifth of a person's items",
        "top": TOP,
        "recall": "found / truth",
        "most_items": MOST_ITEMS,
        "people_needed": PEOPLE_NEEDED,
        "users": task.users,
        "users_asked": len(task.truth),
        "items": task.items,
        "train_pairs": len(task.had.item),
        "interval": "95%, bootstrap over users",
    }


Scores = Callable[[Longs], Floats]  # (what she had) -> score of every item


def _popularity(task: ProfileTask) -> Scores:
    people = np.bincount(task.had.item, minlength=task.items).astype(float)
    return lambda _: people.copy()


def _ease(task: ProfileTask, **changed: float) -> Scores:
    return _learned(learn_ease(task.had, task.items, **_whole(changed)))


def _cosine(task: ProfileTask, **changed: float) -> Scores:
    return _learned(learn_cosine(task.had, task.items, **_whole(changed)))


def _random(task: ProfileTask) -> Scores:
    rng = np.random.default_rng(1)
    return lambda _: rng.random(task.items)


def _learned(weights: ItemWeights) -> Scores:
    return lambda history: scores_for(history, weights)


def _whole(changed: Mapping[str, float]) -> dict[str, Any]:
    return {name: int(value) if name == "kept" else value for name, value in changed.items()}


METHODS: dict[str, tuple[Callable[..., Scores], tuple[str, ...]]] = {
    "ease": (_ease, ("ridge", "kept")),
    "ease_1000": (partial(_ease, ridge=1000.0), ()),
    "cosine": (_cosine, ("shrink", "kept")),
    "popularity": (_popularity, ()),
    "random": (_random, ()),
}
BASELINES = ("popularity", "random")


def profile_rows(
    task: ProfileTask, *, only: str | None = None, parameters: Mapping[str, float] | None = None
) -> list[dict[str, Any]]:
    """Measure the methods, or one beside the baselines.

    Raises:
        Unknown: no such method or parameter.
        BadInput: parameters for all methods at once.
    """
    check_method(only, METHODS, parameters)
    if only is not None:
        check_parameters(parameters or {}, METHODS[only][1])
    return [
        _row(task, name, make(task, **((parameters or {}) if name == only else {})))
        for name, (make, _) in METHODS.items()
        if only in {None, name} or name in BASELINES
    ]


def _row(task: ProfileTask, name: str, scores: Scores) -> dict[str, Any]:
    before = _by_user(task.had)
    measured = []
    for user, truth in task.truth.items():
        history = np.array(sorted(before[user]), np.int64)
        found = scores(history)
        found[history] = -np.inf
        top = np.lexsort((np.arange(task.items), -found))[:TOP]
        measured.append(quality(top.tolist(), truth))
    columns = np.array(measured).T
    ones = np.ones(len(measured))
    names = (f"recall@{TOP}", f"ndcg@{TOP}", f"phr@{TOP}")
    figures = {name: figure(column, ones) for name, column in zip(names, columns, strict=True)}
    return {"method": name, **as_row(figures), "users": len(measured)}


def _split(had: Had, times: Floats) -> tuple[Had, Had]:
    """Hold out the items each person came to last."""
    order = np.lexsort((times, had.user))
    user, item = had.user[order], had.item[order]
    _, first = np.unique(user * (int(item.max()) + 1) + item, return_index=True)
    first = np.sort(first)
    user, item = user[first], item[first]
    lengths = np.bincount(user)
    from_end = np.cumsum(lengths)[user] - np.arange(len(user))
    late = (from_end <= np.maximum(1, lengths[user] * HELD_OUT)) & (lengths[user] > 1)
    return Had(user[~late], item[~late]), Had(user[late], item[late])


def _coded(had: Had, known: Longs) -> Had:
    place = np.searchsorted(known, had.item)
    kept = known[np.minimum(place, len(known) - 1)] == had.item if len(known) else place < 0
    return Had(had.user[kept], place[kept].astype(np.int64))


def _by_user(had: Had) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for user, item in zip(had.user.tolist(), had.item.tolist(), strict=True):
        found.setdefault(user, set()).add(item)
    return found
