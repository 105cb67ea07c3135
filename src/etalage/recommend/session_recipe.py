"""Step 4 of 8, recommend: the recipes of session kNN, and the walk back over one session.

In:   the clicks of a session, oldest first, as item codes.
Out:  a `Walk`: its distinct items, newest first, each with its weights.
Idea: VSTAN, VMIS-kNN and VS-kNN find neighbours and add up their items in the same way; they differ in five
      weights. A recipe is those five weights, so one scorer serves all three.

      steps back b:     3    2    1    0
      session:        tent  mat  tent stove      walk: stove (0), tent (1), mat (2)

From: Garg et al., STAN (2019); Ludewig et al. (2021): VSTAN; Kersbergen et al., Serenade (2022); methods 1.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from etalage.recommend.session_index import LONGEST, Floats, Ints, Part, SessionIndex

SECONDS_A_DAY = 86_400.0
NEVER = math.inf  # a scale over which nothing fades


class Recipe(NamedTuple):
    """How neighbours are found and weighed."""

    name: str
    sample: int  # newest sessions that are compared with (m)
    neighbours: int  # most similar of them that count (k)
    last: int  # clicks of the session that are looked at; 0 = all
    position: Callable[[int, int, int], float]  # (steps back, clicks, distinct items) -> weight
    step: Callable[[int], float]  # steps back of the newest shared item -> weight of a neighbour
    norm: Literal["cosine", "share", "none"]
    recency: float  # seconds over which a neighbour fades to 1/e
    distance: float  # places from the shared item over which a neighbour's item fades to 1/e
    rarity: Callable[[SessionIndex], Floats]  # weight of each item


class Walk(NamedTuple):
    """The distinct items of a session, newest first."""

    items: list[int]
    weights: Floats  # of similarity
    steps: Floats  # of a neighbour whose newest shared item this is
    norm: float  # what the sum of shared weights is divided by


class Rows(NamedTuple):
    """A question to a profile model as numba takes it: the model's rows, and those that are asked."""

    starts: Ints
    others: Ints
    weights: NDArray[np.float32]
    known: Ints


class Asked(NamedTuple):
    """A question to an index as numba takes it: arrays and numbers."""

    base: Part
    live: Part
    walked: Ints
    weights: Floats  # by place in the walk, as are the steps
    steps: Floats
    norm: float
    sample: int
    neighbours: int
    is_cosine: bool
    recency: float
    now: float
    nearness: Floats  # by places
    rarity: Floats  # by item

    def plain(self) -> tuple[Any, ...]:
        """Give it as plain tuples: numba takes them in a third of the time."""
        return tuple(self.base), tuple(self.live), *self[2:]


def vstan(  # noqa: PLR0913  one for each parameter of the paper
    *,
    sample: int = 1000,
    neighbours: int = 200,
    last: int = 10,
    position: float = 1.5,
    recency: float = 40 * SECONDS_A_DAY,
    distance: float = 2.0,
    step: float = 2.0,
    rarity: float = 1.0,
    name: str = "vstan",
) -> Recipe:
    """Give VSTAN with the product's own defaults: steps, seconds, places, steps, share."""
    return Recipe(
        name=name,
        sample=sample,
        neighbours=neighbours,
        last=last,
        position=lambda back, _clicks, _distinct: math.exp(-back / position),
        step=lambda back: math.exp(-back / step),
        norm="cosine",
        recency=recency,
        distance=distance,
        rarity=lambda index: 1 + rarity * _rarity_in_sessions(index),
    )


def vsknn(
    *, sample: int = 5000, neighbours: int = 500, last: int = 0, rarity: float = 5.0
) -> Recipe:
    """Give VS-kNN with quadratic positions, as in the published comparisons."""
    return Recipe(
        name="vsknn",
        sample=sample,
        neighbours=neighbours,
        last=last,
        position=lambda back, clicks, _: ((clicks - back) / clicks) ** 2,
        step=lambda back: 1 / (back + 1),
        norm="share",
        recency=NEVER,
        distance=NEVER,
        rarity=lambda index: 1 + rarity * _rarity_in_sessions(index),
    )


def vmis(
    *, sample: int = 500, neighbours: int = 100, last: int = 10, rarity: float = 1.0
) -> Recipe:
    """Give plain VMIS-kNN; a neighbour that shares nothing in the last nine clicks counts nothing."""
    return Recipe(
        name="vmis",
        sample=sample,
        neighbours=neighbours,
        last=last,
        position=lambda back, clicks, distinct: (clicks - back) / distinct,
        step=lambda back: max(0.0, 1 - 0.1 * (back + 1)),
        norm="none",
        recency=NEVER,
        distance=NEVER,
        rarity=lambda index: rarity * _rarity_in_clicks(index) if rarity else np.ones(index.items),
    )


def walk(session: Sequence[int], recipe: Recipe) -> Walk:
    """Walk back over a session: each item at its newest click.

    >>> walk([7, 3, 7], vmis()).items
    [7, 3]
    """
    seen = session[-recipe.last :] if recipe.last else session
    items = list(dict.fromkeys(reversed(seen)))
    return Walk(items, *_weighed(recipe, _backs(seen, len(items)), len(seen)))


def _backs(seen: Sequence[int], distinct: int) -> tuple[int, ...]:
    """Give how many clicks back the newest of each item lies, the newest first."""
    if distinct == len(seen):
        return tuple(range(distinct))
    newest: dict[int, int] = {}
    for back, item in enumerate(reversed(seen)):
        newest.setdefault(item, back)
    return tuple(newest.values())


@lru_cache(maxsize=1_024)  # sessions of one length mostly step back alike, whatever was clicked
def _weighed(recipe: Recipe, backs: tuple[int, ...], clicks: int) -> tuple[Floats, Floats, float]:
    """Give the weights, steps and norm of a walk over items that lie so many clicks back."""
    weights = [recipe.position(back, clicks, len(backs)) for back in backs]
    steps = [recipe.step(back) for back in backs]
    return np.array(weights), np.array(steps), _norm(weights, recipe)


def nearness(recipe: Recipe) -> Floats:
    """Give the weight of an item by how many places it lies from the shared one: (LONGEST + 1)."""
    return np.exp(-np.arange(LONGEST + 1) / recipe.distance)


def _norm(weights: list[float], recipe: Recipe) -> float:
    match recipe.norm:
        case "cosine":
            return math.sqrt(sum(weight * weight for weight in weights)) or 1.0
        case "share":
            return float(len(weights)) or 1.0
        case "none":
            return 1.0


def _rarity_in_sessions(index: SessionIndex) -> Floats:
    """log(S / df): df counts sessions. An item of no session scores nothing, whatever its rarity."""
    return np.log(max(1, index.sessions) / np.maximum(1, index.sessions_of_items()))


def _rarity_in_clicks(index: SessionIndex) -> Floats:
    """log(E / df): df counts clicks, repeats included, as Serenade's own figures need it."""
    return np.log(max(1, int(index.clicks.sum())) / np.maximum(1, index.clicks))
