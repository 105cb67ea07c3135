"""The protocol of the next basket (methods 1.5).

In:   lines (user, order, item), and perhaps later ones.
Out:  rows per method: recall@10, NDCG@10 and PHR@10, over all items, over those she bought before ("repeat") and
      over those that are new to her.
Idea: whoever has three baskets or more is asked for her last one, or for the first one of the test file. Repeat
      and new are two tasks: there only such items may be listed, and only such items are the truth; otherwise a
      method that repeats everything would hide that it finds nothing new.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np

from etalage.errors import BadInput
from etalage.evaluate.choice import check_method, check_parameters
from etalage.evaluate.interval import as_row, figure
from etalage.evaluate.lists import Quality, best_first, filled, quality
from etalage.evaluate.tables import Table, codes_of
from etalage.recommend.baskets import (
    Lines,
    Matrix,
    blended,
    frequencies,
    recent_shares,
    those_alike,
)
from etalage.recommend.session_index import Longs

TOP = 10
BASKETS_NEEDED = 3  # the one that is asked for included
Kind = Literal["all", "repeat", "new"]
KINDS: tuple[Kind, ...] = ("all", "repeat", "new")


class BasketTask(NamedTuple):
    """Histories, and the basket that is asked for."""

    history: Lines
    truth: dict[int, frozenset[int]]  # by user
    users: int
    items: int
    popular: Longs  # codes of items, those in most baskets first
    has_test: bool


def basket_task(train: Table, test: Table | None) -> BasketTask:
    """Number users, baskets and items, and take off the basket that is asked for."""
    tables = [train] if test is None else [train, test]
    users, user_names = codes_of(*(table["user"] for table in tables))
    items, item_names = codes_of(*(table["item"] for table in tables))
    lines = [
        Lines(user, _numbered(table, user), item)
        for table, user, item in zip(tables, users, items, strict=True)
    ]
    counts = (len(user_names), len(item_names))
    if test is None:
        return _without_last(lines[0], counts)
    baskets = _baskets(lines[0], len(user_names))
    enough = baskets[lines[1].user] >= BASKETS_NEEDED - 1
    return _task(lines[0], _only(lines[1], (lines[1].basket == 0) & enough), counts, has_test=True)


def _without_last(lines: Lines, counts: tuple[int, int]) -> BasketTask:
    """Take off the last basket of everybody who has enough of them."""
    baskets = _baskets(lines, counts[0])[lines.user]
    asked = (lines.basket == baskets - 1) & (baskets >= BASKETS_NEEDED)
    return _task(_only(lines, ~asked), _only(lines, asked), counts, has_test=False)


def _task(history: Lines, told: Lines, counts: tuple[int, int], *, has_test: bool) -> BasketTask:
    truth: dict[int, set[int]] = {}
    for user, item in zip(told.user.tolist(), told.item.tolist(), strict=True):
        truth.setdefault(user, set()).add(item)
    if not truth:
        raise BadInput(f"nobody has {BASKETS_NEEDED} baskets, of which the last can be predicted")
    sold = frequencies(history, *counts, fades=1.0).values.sum(axis=0)
    return BasketTask(
        history=history,
        truth={user: frozenset(found) for user, found in sorted(truth.items())},
        users=counts[0],
        items=counts[1],
        popular=np.lexsort((np.arange(len(sold)), -sold))[: np.count_nonzero(sold)],
        has_test=has_test,
    )


def protocol(task: BasketTask) -> dict[str, Any]:
    """Say under which rules the figures stand."""
    return {
        "truth": "first basket of the test file" if task.has_test else "last basket",
        "baskets_needed": BASKETS_NEEDED,
        "top": TOP,
        "ndcg": "ideal over the whole truth",
        "repeat_and_new": "candidates and truth are both bought before, or both not; others are not asked",
        "users": task.users,
        "users_asked": len(task.truth),
        "items": task.items,
        "train_lines": len(task.history.item),
        "interval": "95%, bootstrap over users",
    }


def basket_rows(
    task: BasketTask, *, only: str | None = None, parameters: Mapping[str, float] | None = None
) -> list[dict[str, Any]]:
    """Measure the methods, or one beside the baselines `global` and `personal`.

    Raises:
        Unknown: no such method or parameter.
    """
    check_method(only, METHODS, parameters)
    changed = _checked(only, parameters or {})
    counted = frequencies(task.history, task.users, task.items, fades=1.0)
    rows: list[dict[str, Any]] = []
    for name, method in METHODS.items():
        if only in {None, name} or name in BASELINES:
            scores = method.make(task, counted, **(changed if name == only else {}))
            rows += [_row(task, name, kind, scores, counted) for kind in KINDS if method.says(kind)]
    return rows


class Method(NamedTuple):
    """Scores per person, and whether the popular fill what they leave open."""

    make: Callable[..., Matrix | None]
    is_filled: bool = True
    parameters: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = KINDS

    def says(self, kind: Kind) -> bool:
        """Whether it has anything to say about such items."""
        return kind in self.kinds


def _decayed(task: BasketTask, _: Matrix, *, fades: float = 0.95) -> Matrix:
    return frequencies(task.history, task.users, task.items, fades=fades)


def _alike(task: BasketTask, counted: Matrix, **changed: float) -> Matrix:
    recent = int(changed.pop("recent", 10))
    shares = recent_shares(task.history, task.users, task.items, recent=recent)
    return those_alike(shares, counted, **changed)  # type: ignore[arg-type]


def _blended(task: BasketTask, counted: Matrix) -> Matrix:
    """Blend her own decayed frequency with those alike, in the way that does best on the last basket of training.

    How fast habits fade and how much others tell differs per shop, so it is learned; never from what is asked.
    """
    try:
        training = _without_last(task.history, (task.users, task.items))
    except BadInput:  # too few baskets to learn it from
        return _decayed(task, counted)
    return _blend(task, counted, *_best_blend(training))


def _blend(task: BasketTask, counted: Matrix, fades: float, share: float) -> Matrix:
    own = frequencies(task.history, task.users, task.items, fades=fades)
    return blended(own, _wider(task, counted), share) if share else own


def _wider(task: BasketTask, counted: Matrix) -> Matrix:
    """Give UP-CF over more baskets and more people than alone: beside her own habits it needs to say less."""
    return _alike(task, counted, recent=25, locality=3.0)


def _best_blend(task: BasketTask) -> tuple[float, float]:
    counted = frequencies(task.history, task.users, task.items, fades=1.0)
    others = _wider(task, counted)
    ranks = _ranks(task)
    tried: dict[tuple[float, float], float] = {}
    for fades in FADES_TRIED:
        own = frequencies(task.history, task.users, task.items, fades=fades)
        for share in SHARES_TRIED:
            scores = blended(own, others, share) if share else own
            found = [
                quality(_listed(scores, user, ranks, "all", set()), truth).recall
                for user, truth in task.truth.items()
            ]
            tried[fades, share] = sum(found) / len(found)
    return max(tried, key=tried.__getitem__)


def _ranks(task: BasketTask) -> Longs:
    """Give the place of each item in the order of popularity."""
    ranks = np.full(task.items, task.items, np.int64)
    ranks[task.popular] = np.arange(len(task.popular))
    return ranks


FADES_TRIED = (0.9, 0.95, 0.97, 0.98, 0.99, 1.0)
SHARES_TRIED = (0.0, 0.3)
METHODS: dict[str, Method] = {
    "blended": Method(_blended),
    "global": Method(lambda _, __: None),
    "personal": Method(lambda _, counted: counted, is_filled=False, kinds=("all", "repeat")),
    "personal_popular": Method(lambda _, counted: counted),
    "decayed": Method(_decayed, parameters=("fades",)),
    "up_cf": Method(_alike, parameters=("recent", "alike", "locality", "asymmetry")),
}
BASELINES = ("global", "personal")


def _row(
    task: BasketTask, name: str, kind: Kind, scores: Matrix | None, counted: Matrix
) -> dict[str, Any]:
    ranks = _ranks(task)
    popular = task.popular.tolist()
    measured: list[Quality] = []
    for user, bought in task.truth.items():
        own = set(counted.row(user)[0].tolist())
        truth = _of_kind(kind, bought, own)
        if truth:
            listed = [] if scores is None else _listed(scores, user, ranks, kind, own)
            if METHODS[name].is_filled and len(listed) < TOP:
                listed = filled(listed, (i for i in popular if _is_kind(kind, i, own)), TOP)
            measured.append(quality(listed, truth))
    columns = np.array(measured).reshape(-1, 3).T
    ones = np.ones(len(measured))
    names = (f"recall@{TOP}", f"ndcg@{TOP}", f"phr@{TOP}")
    figures = {name: figure(column, ones) for name, column in zip(names, columns, strict=True)}
    return {"method": name, "items": kind, **as_row(figures), "users": len(measured)}


def _listed(scores: Matrix, user: int, ranks: Longs, kind: Kind, own: set[int]) -> list[int]:
    items, values = scores.row(user)
    if kind == "new":
        new = ~np.isin(items, np.fromiter(own, np.int64, len(own)))
        return best_first(items[new], values[new], ranks, allowed=None, count=TOP)
    return best_first(items, values, ranks, allowed=own if kind == "repeat" else None, count=TOP)


def _is_kind(kind: Kind, item: int, own: set[int]) -> bool:
    return kind == "all" or (item in own) == (kind == "repeat")


def _of_kind(kind: Kind, truth: frozenset[int], own: set[int]) -> frozenset[int]:
    return frozenset(item for item in truth if _is_kind(kind, item, own))


def _checked(only: str | None, parameters: Mapping[str, float]) -> dict[str, float]:
    check_parameters(parameters, METHODS[only].parameters if only else ())
    whole = {"alike"}
    return {name: int(value) if name in whole else value for name, value in parameters.items()}


def _numbered(table: Table, user: Longs) -> Longs:
    """Number each user's baskets from 0, by time where the file tells it, else by order id."""
    (orders,), _ = codes_of(table["order"])
    times = np.asarray(table["time"], float) if table.has("time") else np.zeros(len(user))
    key = user * (int(orders.max()) + 1) + orders
    baskets, first, which = np.unique(key, return_index=True, return_inverse=True)
    earliest = np.full(len(baskets), np.inf)
    np.minimum.at(earliest, which, times)
    owner = user[first]
    ranked = np.lexsort((orders[first], earliest, owner))
    starts = np.flatnonzero(np.diff(owner[ranked], prepend=-1))
    lengths = np.diff(np.append(starts, len(ranked)))
    numbers = np.empty(len(baskets), np.int64)
    numbers[ranked] = np.arange(len(ranked)) - np.repeat(starts, lengths)
    return np.asarray(numbers[which], np.int64)


def _baskets(lines: Lines, users: int) -> Longs:
    counts = np.zeros(users, np.int64)
    np.maximum.at(counts, lines.user, lines.basket + 1)
    return counts


def _only(lines: Lines, which: Any) -> Lines:
    return Lines(lines.user[which], lines.basket[which], lines.item[which])
