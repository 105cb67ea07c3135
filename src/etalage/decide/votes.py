"""Step 5 of 8, decide: what suits whom, as votes for the arms in one context.

In:   per arm the weights of a logistic regression with their precisions, and the features that hold here.
Out:  the share of each arm for this context.
Idea: two hundred weight vectors per arm are drawn once, at the weighing. At a decision each votes for the arm it thinks
      best, and an arm gets as much as it has votes. There are no dice: the same context gives the same shares, so
      the odds of a draw are exact. Sums are of whole numbers below 2^53, hence the same on every machine.
From: methods 2.1; Chapelle & Li, An empirical evaluation of Thompson sampling (2011), algorithm 3.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from etalage.decide.bandit import floor_outside, shares_of
from etalage.domain.experience import MILLION
from etalage.domain.ids import VariantName
from etalage.domain.policy import Learned

VOTERS = 200
MOST_FEATURES = 20
_REMEMBERED = 1_024  # contexts
_FURTHEST = 8_000_000  # of a drawn normal, in millionths


class Votes:
    """The voters of one bandit."""

    __slots__ = ("_arms", "_features", "_floor", "_known", "_weights")

    def __init__(self, learned: Learned, arms: Sequence[VariantName], floor: int) -> None:
        self._arms = len(arms)
        self._floor = floor_outside(floor, len(arms))
        self._features = {name: 1 + number for number, name in enumerate(learned.features)}
        drawn = [_drawn(learned, arm) for arm in sorted(learned.means)]
        order = [sorted(learned.means).index(arm) for arm in arms]
        # (1 + features, voters x arms): one product gives all scores, with those of one voter side by side.
        side_by_side = np.stack([drawn[i] for i in order], axis=1)
        by_voter = side_by_side.reshape(VOTERS * self._arms, 1 + len(self._features))
        self._weights = np.ascontiguousarray(by_voter.T)
        self._known: dict[tuple[str, ...], tuple[int, ...]] = {}

    def shares(self, traits: Collection[str]) -> tuple[int, ...]:
        """Give the shares of the arms in a context, in millionths, in the order of the arms."""
        key = tuple(traits)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[key] = shares_of(self.counted(key), self._floor)
        return known

    def counted(self, traits: Collection[str]) -> list[int]:
        """Count the votes for each arm in a context."""
        here = np.zeros(len(self._weights))
        here[0] = 1.0
        places = self._features
        here[[places[trait] for trait in traits if trait in places]] = 1.0
        scores = (here @ self._weights).reshape(VOTERS, self._arms)
        votes: list[int] = np.bincount(scores.argmax(axis=1), minlength=self._arms).tolist()
        return votes


def _drawn(learned: Learned, arm: VariantName) -> NDArray[np.float64]:
    """Draw the weight vectors of one arm: N(mean, 1 / precision), in whole millionths."""
    means = np.array(learned.means[arm], dtype=np.float64)
    spread = 1.0 / np.sqrt(np.array(learned.precisions[arm], dtype=np.float64) / MILLION)
    place = sorted(learned.means).index(arm)
    return np.rint(means + normals(learned.seed, place, len(means)) * spread)


def normals(seed: int, arm: int, width: int) -> NDArray[np.float64]:
    """Draw standard normals for the voters of an arm, in whole millionths, by turning uniform ones round.

    The bits of a counting generator never change with the version of a library; what is made of them is rounded.
    """
    from scipy.special import ndtri

    bits = np.random.Philox(key=seed, counter=arm << 64).random_raw(VOTERS * width)
    uniform = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    drawn = np.clip(np.rint(ndtri(uniform) * MILLION), -_FURTHEST, _FURTHEST)
    return np.asarray(drawn, dtype=np.float64).reshape(VOTERS, width)
