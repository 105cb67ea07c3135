"""Step 5 of 8, decide: learn what suits whom, from what people in each context did.

In:   per arm and context: visitors and conversions.
Out:  per arm the weights of a logistic regression with their precisions, as `votes` draws from them.
Idea: Bayes with a prior N(0, 1) on each weight: what was hardly seen stays uncertain, and is therefore still tried.
From: methods 2.1; Chapelle & Li (2011), algorithm 3. The minimum is found by L-BFGS:
      sum log(1 + exp(-y w'x)) + .5 sum q (w - mu)^2, and then q_i += sum x_i^2 p (1 - p).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etalage.decide.bandit import Evidence
from etalage.decide.votes import MOST_FEATURES
from etalage.domain.experience import MILLION
from etalage.domain.ids import VariantName
from etalage.domain.policy import Learned

LEAST_CONVERSIONS = 1_000  # of all arms, before anything is learned of contexts
PRIOR = 1.0  # precision of each weight
Floats = NDArray[np.float64]


class Told(NamedTuple):
    """What the visitors of one arm in one context did."""

    traits: tuple[str, ...]
    evidence: Evidence


def learn(told: Mapping[VariantName, Sequence[Told]], seed: int) -> Learned | None:
    """Learn from all arms; None while there are too few conversions, or nothing that tells visitors apart."""
    everything = [one for arm in told.values() for one in arm]
    if sum(one.evidence.conversions for one in everything) < LEAST_CONVERSIONS:
        return None
    features = _features(everything)
    if not features:
        return None
    fits = {arm: _fit(rows, features) for arm, rows in told.items()}
    return Learned(
        features=features,
        seed=seed,
        means={arm: _whole(means) for arm, (means, _) in fits.items()},
        precisions={arm: _whole(precisions) for arm, (_, precisions) in fits.items()},
    )


def _features(everything: Sequence[Told]) -> tuple[str, ...]:
    """Give the traits that tell most visitors apart; what everybody has or nobody says nothing."""
    counts: Counter[str] = Counter()
    total = 0.0
    for one in everything:
        total += one.evidence.visitors
        for trait in one.traits:
            counts[trait] += round(one.evidence.visitors)
    telling = [(min(n, total - n), trait) for trait, n in counts.items() if 0 < n < round(total)]
    kept = sorted(telling, key=lambda one: (-one[0], one[1]))[:MOST_FEATURES]
    return tuple(sorted(trait for _, trait in kept))


def _fit(rows: Sequence[Told], features: Sequence[str]) -> tuple[Floats, Floats]:
    """Give the most likely weights of one arm, the constant first, and their precisions."""
    from scipy.optimize import minimize

    width = 1 + len(features)
    x = np.array([[1.0, *(float(f in row.traits) for f in features)] for row in rows])
    x = x.reshape(len(rows), width)
    yes = np.array([row.evidence.conversions for row in rows])
    no = np.array([row.evidence.visitors for row in rows]) - yes

    def loss(w: Floats) -> tuple[float, Floats]:
        z = x @ w
        value = (yes * np.logaddexp(0, -z) + no * np.logaddexp(0, z)).sum() + PRIOR * (w @ w) / 2
        chance = 1 / (1 + np.exp(-z))
        return float(value), x.T @ (no * chance - yes * (1 - chance)) + PRIOR * w

    found = minimize(loss, np.zeros(width), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    means: Floats = found.x
    chance = 1 / (1 + np.exp(-(x @ means)))
    precisions = PRIOR + ((yes + no) * chance * (1 - chance)) @ (x * x)
    return means, precisions


def _whole(values: Floats) -> tuple[int, ...]:
    return tuple(int(value) for value in np.rint(values * MILLION))
