"""Step 7 of 8, measure: whether a foretold effect orders people better than chance, than everyone, than response.

In:   effects foretold of people whom the model had not seen, whether each was treated, and what she did.
Out:  the Qini coefficient, and what choosing by it gains per person, each beside its bootstrap draws.
Idea: among those foretold to gain most, the treated and the others are still a fair comparison; so the effect of any
      choice that looks at nothing but what was known before can be read off the trial.

      q(k) = Y_T(k) - Y_C(k) n_T(k) / n_C(k)   over the k highest
      Q    = (area under q(k), k = 0..n, minus n q(n) / 2) / n^2
From: Radcliffe 2007; methods 4. People with equal effects come in no order: between the first and the last of them q
      is a straight line, so that no order of the rows changes Q.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from etalage.measure.uplift.learners import Flags
from etalage.measure.uplift.trees import Floats

DRAWS = 200
SEED = 20_071_001  # the same trial gives the same interval


class Tried(NamedTuple):
    """What was seen of the people of a trial, with a weight for each; all ones without a bootstrap."""

    treated: Flags
    outcome: Floats
    weights: Floats


def seen(treated: Flags, outcome: Floats) -> Tried:
    """Give everybody the weight of one person."""
    return Tried(treated, outcome, np.ones(len(treated)))


def drawn(tried: Tried, *, draws: int = DRAWS, seed: int = SEED) -> Iterator[Tried]:
    """Draw the people again, each with a Poisson weight."""
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        yield tried._replace(weights=rng.poisson(1.0, len(tried.treated)).astype(float))


class Ordered(NamedTuple):
    """People in the order of a foretold effect, the highest first; ties end where `ends` says."""

    order: np.ndarray[tuple[int], np.dtype[np.int64]]
    ends: np.ndarray[tuple[int], np.dtype[np.int64]]


def ordered(effects: Floats) -> Ordered:
    """Order people by what was foretold of them."""
    order = np.argsort(-effects, kind="stable")
    high = effects[order]
    ends = np.flatnonzero(np.append(high[1:] != high[:-1], True))
    return Ordered(order, ends)


def curve(people: Ordered, tried: Tried) -> tuple[Floats, Floats]:
    """Give k and q(k) at the end of each tie, from (0, 0) on."""
    weights, treated = tried.weights[people.order], tried.treated[people.order]
    did = tried.outcome[people.order] * weights
    n_t, n_c = np.cumsum(weights * treated), np.cumsum(weights * ~treated)
    y_t, y_c = np.cumsum(did * treated), np.cumsum(did * ~treated)
    rate = np.divide(y_c, n_c, out=np.zeros_like(y_c), where=n_c > 0)
    q = y_t - rate * n_t
    zero = np.zeros(1)
    return np.append(zero, (n_t + n_c)[people.ends]), np.append(zero, q[people.ends])


def qini(people: Ordered, tried: Tried) -> float:
    """Give Q: above zero if the order is better than chance."""
    k, q = curve(people, tried)
    size = float(k[-1])
    if not size:
        return 0.0
    return float((np.trapezoid(q, k) - size * q[-1] / 2) / size**2)


def effect(tried: Tried, rows: Flags | None = None) -> float:
    """Give what the treated did more, per person, among some of them; 0 where one of the arms is empty."""
    weights = tried.weights if rows is None else tried.weights * rows
    one, other = weights * tried.treated, weights * ~tried.treated
    if not one.sum() or not other.sum():
        return 0.0
    return float(one @ tried.outcome / one.sum() - other @ tried.outcome / other.sum())


def gain(tried: Tried, chosen: Flags, cost: float) -> float:
    """Give what a choice gains per person above treating nobody, less what treating costs."""
    share = float(tried.weights @ chosen / tried.weights.sum())
    return share * (effect(tried, chosen) - cost)
