"""What the product says of thousands of experiments whose truth is known: its own `judge`, and its own intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
import pytest
from known_truth import Truth, draw, runs, z_scores

from etalage.domain.report import State
from etalage.measure import maturity
from etalage.measure.maturity import LEAST_CONVERSIONS, evidence, judge
from etalage.measure.statistics import interval
from etalage.measure.statistics.arms import difference


class Judged(NamedTuple):
    """What was said of many runs of one kind."""

    number: int
    states: Counter[State]
    shown: int  # runs with a verdict and its interval
    held: int  # of those, the interval holds the truth
    estimates: Sequence[float]  # of those, the difference that stands beside the interval

    def share(self, *states: State) -> float:
        """Give the share of the runs that ended in one of these states."""
        return sum(self.states[state] for state in states) / self.number


def judged(truth: Truth, number: int, *, seed: int = 1) -> Judged:
    """Let the product judge that many experiments of one kind."""
    verdicts = [judge(run, truth.rules) for run in runs(truth, number, seed=seed)]
    shown = [verdict.evidence for verdict in verdicts if verdict.evidence]
    return Judged(
        number=number,
        states=Counter(verdict.state for verdict in verdicts),
        shown=len(shown),
        held=sum(seen.difference.holds(truth.difference) for seen in shown),
        estimates=[difference(seen.look.treated, seen.look.control).estimate for seen in shown],
    )


def called_by_interval(truth: Truth, number: int, *, seed: int = 1) -> float:
    """Give the share of runs in which any daily interval leaves out 0, from the first look that may be shown."""
    found = 0
    for run in runs(truth, number, seed=seed):
        seen = [look for look in run if look.least_conversions >= LEAST_CONVERSIONS]
        found += not all(one.difference.holds(0) for one in evidence(seen, truth.rules))
    return found / number


def called_by_ordinary_test(truth: Truth, number: int, *, seed: int = 1) -> float:
    """Give the share of runs in which the ordinary 95% test calls an effect on any day."""
    return float((abs(z_scores(draw(truth, number, seed=seed))) > 1.96).any(axis=1).mean())


def put_ordinary_interval(patched: pytest.MonkeyPatch) -> None:
    """Put the ordinary 95% interval where the always-valid one stands."""
    for module in (interval, maturity):
        patched.setattr(module, "multiple", lambda *_: 1.96)


def luck(bar: float, number: int) -> float:
    """Give how far a count may lie beyond its bar by chance: 2.5 standard errors.

    Only for what uses up its budget, as a test with a planned end does: it lies at its bar, so half of all counts lie
    beyond. The other things lie well within, and all counts keep to their bars.
    """
    return 2.5 * sqrt(bar * (1 - bar) / number)


def percent(share: float) -> str:
    """Write a share."""
    return f"{np.round(share, 6):.2%}"
