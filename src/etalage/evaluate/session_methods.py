"""Predicts sessions with each method, asked only this: at which rank does the true item stand.

In:   a prepared task.
Out:  rankers by name; making one trains it.
Idea: a rank is counted, not a list sorted: one more than the items with a higher score, or an equal score and a
      lower code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import signature

import numpy as np

from etalage.errors import BadInput
from etalage.evaluate.choice import check_method, check_parameters
from etalage.evaluate.interval import SEED
from etalage.evaluate.sessions import Ranker, SessionTask
from etalage.recommend.session_index import index_sessions
from etalage.recommend.session_recipe import NEVER, SECONDS_A_DAY, Recipe, vmis, vsknn, vstan
from etalage.recommend.session_rules import learn_rules, popularity_order
from etalage.recommend.session_scorer import SessionScorer


def _wide(**changed: float) -> Recipe:
    """VSTAN with the parameters of its published tables."""
    published = {
        "sample": 5000,
        "neighbours": 1500,
        "last": 0,
        "position": 0.5,
        "recency": 5 * SECONDS_A_DAY,
        "rarity": 2.0,
    }
    return vstan(name="vstan_wide", **{**published, **changed})  # type: ignore[arg-type]


RECIPES: dict[str, Callable[..., Recipe]] = {
    "vstan": vstan,
    "vstan_wide": _wide,
    "vsknn": vsknn,
    "vmis": vmis,
}
BASELINES = ("sr", "s-pop", "popularity", "random")
METHODS = (*RECIPES, *BASELINES)
WHOLE = {"sample", "neighbours", "last", "reach", "kept"}  # parameters that count something
NOUGHT = {
    "last",
    "rarity",
    "power",
}  # those that may be 0: all clicks, no matter how rare, or how far


def session_rankers(
    task: SessionTask, *, only: str | None = None, parameters: Mapping[str, float] | None = None
) -> dict[str, Callable[[], Ranker]]:
    """Give the methods to measure: all of them, or one beside the baselines.

    Args:
        task: what they learn from.
        only: one method; the baselines stay.
        parameters: of that one method.

    Raises:
        Unknown: no such method or parameter.
        BadInput: parameters for all methods at once.
    """
    check_method(only, METHODS, parameters)
    rankers: dict[str, Callable[[], Ranker]] = {}
    for name, recipe in RECIPES.items():
        if only in {None, name}:
            changed = _checked(name, recipe, parameters or {})
            rankers[name] = partial(_nearest, task, recipe(**changed))
    learned = _checked("sr", learn_rules, parameters or {}) if only == "sr" else {}
    rankers["sr"] = partial(_rules, task, learned)
    rankers["s-pop"] = partial(_session_popularity, task)
    rankers["popularity"] = partial(_popularity, task)
    rankers["random"] = partial(_random, task)
    return rankers


def _checked(
    name: str, recipe: Callable[..., object], parameters: Mapping[str, float]
) -> dict[str, float]:
    known = [
        one.name
        for one in signature(recipe if name != "vstan_wide" else vstan).parameters.values()
        if one.kind is one.KEYWORD_ONLY and one.name != "name"
    ]
    check_parameters(parameters, known)
    found = {one: int(value) if one in WHOLE else value for one, value in parameters.items()}
    for one, value in found.items():
        if not value and one not in NOUGHT:
            raise BadInput(
                f"{one} lies above 0, and is at least 1 where it counts", field="parameters"
            )
    return found


def _nearest(task: SessionTask, recipe: Recipe) -> Ranker:
    timed = recipe if task.is_timed else recipe._replace(recency=NEVER)
    scorer = SessionScorer(index_sessions(task.train, task.items), timed)

    def rank(seen: Sequence[int], now: float, true: int) -> int:
        items, scores = scorer.scored(seen, now=now)
        if task.switches.exclude_current:
            scores[items == seen[-1]] = -1.0
        found = np.flatnonzero(items == true)
        if not len(found) or scores[found[0]] <= 0:
            return 0
        own = scores[found[0]]
        return 1 + int(np.sum(scores > own)) + int(np.sum((scores == own) & (items < true)))

    return rank


def _rules(task: SessionTask, changed: Mapping[str, float]) -> Ranker:
    rules = learn_rules(task.train, task.items, **changed)  # type: ignore[arg-type]

    def rank(seen: Sequence[int], _now: float, true: int) -> int:
        followers, _ = rules.after(seen[-1])
        found = np.flatnonzero(followers == true)
        return int(found[0]) + 1 if len(found) else 0

    return rank


def _popularity_ranks(task: SessionTask) -> list[int]:
    ranks = np.empty(task.items, np.int64)
    ranks[popularity_order(task.train, task.items)] = np.arange(1, task.items + 1)
    found: list[int] = ranks.tolist()
    return found


def _popularity(task: SessionTask) -> Ranker:
    ranks = _popularity_ranks(task)

    def rank(seen: Sequence[int], _now: float, true: int) -> int:
        if not task.switches.exclude_current:
            return ranks[true]
        return 0 if true == seen[-1] else ranks[true] - (ranks[seen[-1]] < ranks[true])

    return rank


def _session_popularity(task: SessionTask) -> Ranker:
    """Rank the session's own items by clicks, of equals the newest first; behind them all others."""
    ranks = _popularity_ranks(task)

    def rank(seen: Sequence[int], _now: float, true: int) -> int:
        newest = {item: at for at, item in enumerate(seen)}
        if task.switches.exclude_current:
            newest.pop(seen[-1])
            if true == seen[-1]:
                return 0
        if true in newest:
            own = sorted(newest, key=lambda item: (-seen.count(item), -newest[item]))
            return own.index(true) + 1
        before = sum(ranks[item] < ranks[true] for item in {*newest, seen[-1]})
        return len(newest) + ranks[true] - before

    return rank


def _random(task: SessionTask) -> Ranker:
    rng = np.random.default_rng(SEED)

    def rank(seen: Sequence[int], _now: float, true: int) -> int:
        if task.switches.exclude_current and true == seen[-1]:
            return 0
        return int(rng.integers(1, task.items + 1 - task.switches.exclude_current))

    return rank
