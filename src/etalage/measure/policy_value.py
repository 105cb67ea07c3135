"""Step 7 of 8, measure: what another policy would have earned, from the log of the one that ran.

In:   per row what was done, with which probability it was done then and would be now, and what came of it.
Out:  `PolicyValue`: three estimates, or the reason why the log cannot tell.
Idea: a row that the other policy would have made more often counts for more.

      w_i = pi_e(a_i | x_i) / pi_0(a_i | x_i)          ESS = (sum w)^2 / sum w^2
      IPS = mean(w r)      SNIPS = sum(w r) / sum(w)   DR = mean( sum_a pi_e(a|x) q(x,a) + w (r - q(x,a_i)) )

      Where few rows carry nearly all the weight the estimates are noise, however many rows there are. So there is a
      guard before the result, and what it refuses is no result.
From: methods 2.2; Dudik et al. 2014 (DR).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from etalage.domain.experience import Language
from etalage.measure.refusal_words import number, why

LEAST_ESS = 500.0  # rows
LARGEST_WEIGHT = 100.0
FOLDS = 5
SHRINK = 100.0  # rows of the mean of all that each action's own mean begins with
SEED = 20_141_001
Z = 1.959963984540054  # of a 95% interval

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Refusal = Literal["low_ess", "large_weight", "not_covered"]


class Estimates(Struct, frozen=True):
    """What the formulas give, whether or not it means anything."""

    ips: float
    snips: float
    dr: float


class PolicyValue(Struct, frozen=True):
    """What a policy is worth, by a log; `estimates` mean nothing while there are `refusals`."""

    estimates: Estimates
    ess: float
    largest_weight: float
    rows: int
    error: float  # standard error of DR
    refusals: tuple[Refusal, ...] = ()

    @property
    def result(self) -> Estimates | None:
        """Give the estimates; None where they cannot be made from this log."""
        return None if self.refusals else self.estimates

    @property
    def interval(self) -> tuple[float, float]:
        """Give the 95% interval of DR."""
        return self.estimates.dr - Z * self.error, self.estimates.dr + Z * self.error


def policy_value(
    reward: Floats,
    logged: Floats,
    wanted: Floats,
    *,
    of_action: Floats,
    expected: Floats,
    covered: bool = True,
) -> PolicyValue:
    """Estimate what a policy would have earned per row.

    Args:
        reward: what came of it.
        logged: probability (0, 1] with which the action of the row was taken.
        wanted: probability with which the other policy takes it there.
        of_action: q(x, a_i), the reward foretold of the action of the row.
        expected: sum over all actions of wanted probability times foretold reward.
        covered: False if the other policy does what the log never shows.
    """
    weights = wanted / logged
    total, squares = float(weights.sum()), float(weights @ weights)
    parts = expected + weights * (reward - of_action)
    size = len(reward)
    ess = total**2 / squares if squares else 0.0
    largest = float(weights.max())
    refusals: list[Refusal] = []
    if not covered:
        refusals.append("not_covered")
    if ess < LEAST_ESS:
        refusals.append("low_ess")
    if largest > LARGEST_WEIGHT:
        refusals.append("large_weight")
    return PolicyValue(
        estimates=Estimates(
            ips=float(weights @ reward) / size,
            snips=float(weights @ reward) / total if total else 0.0,
            dr=float(parts.mean()),
        ),
        ess=ess,
        largest_weight=largest,
        rows=size,
        error=float(parts.std(ddof=1) / np.sqrt(size)) if size > 1 else 0.0,
        refusals=tuple(refusals),
    )


def foretold_rewards(reward: Floats, action: Longs, *, actions: int) -> tuple[Floats, Longs]:
    """Give the reward model of DR, and each row's fold: q float64 (folds, actions).

    q of a fold is the mean reward of the action over the rows of the other folds, drawn to the mean of all of them
    by a hundred rows. No row is foretold by itself; and where q is poor, DR is IPS with more words.
    """
    folds = np.random.default_rng(SEED).permutation(np.arange(len(reward)) % FOLDS)
    foretold = np.zeros((FOLDS, actions))
    for fold in range(FOLDS):
        known = folds != fold
        mean = float(reward[known].mean()) if known.any() else 0.0
        sums = np.bincount(action[known], weights=reward[known], minlength=actions)
        counts = np.bincount(action[known], minlength=actions)
        foretold[fold] = (sums + SHRINK * mean) / (counts + SHRINK)
    return foretold, folds


def in_words(reason: Refusal, found: PolicyValue, language: Language = "en") -> str:
    """Say why the log cannot tell."""
    return why(
        reason,
        language,
        ess=number(found.ess, language, digits=1),
        least=number(LEAST_ESS, language),
        weight=number(found.largest_weight, language),
        most=number(LARGEST_WEIGHT, language),
    )
