"""Step 7 of 8, measure: several questions at once, and what must not get worse.

In:   the p-values of several tests; a difference with its error.
Out:  p-values that may be read together; the p-value of harm.
Idea: who asks twenty questions gets one false answer for nothing. Holm multiplies the smallest p by the number of
      questions, the next by one less, and so on: at most one time in twenty anything at all is wrongly called.
From: Holm, A simple sequentially rejective multiple test procedure (1979); Howard et al., Time-uniform nonparametric
      confidence sequences (2021), one-sided normal mixture; methods 3.3, 3.6.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from math import exp, inf, log, sqrt
from statistics import NormalDist
from typing import TypeVar

from etalage.measure.statistics.arms import Difference
from etalage.measure.statistics.interval import ALPHA, tuning

Name = TypeVar("Name", bound=Hashable)

_HALVINGS = 60
_LARGEST_EXPONENT = 700.0  # exp overflows at 710; such evidence is beyond doubt
_NORMAL = NormalDist()


def holm(found: Mapping[Name, float]) -> dict[Name, float]:
    """Give each p-value as it may be read beside the others, in their order.

    >>> {k: round(p, 6) for k, p in holm({"a": 0.01, "b": 0.04, "c": 0.03}).items()}
    {'a': 0.03, 'b': 0.06, 'c': 0.06}
    """
    ranked = sorted(found, key=lambda name: found[name])
    read: dict[Name, float] = {}
    largest = 0.0
    for rank, name in enumerate(ranked):
        largest = max(largest, min(1.0, (len(ranked) - rank) * found[name]))
        read[name] = largest
    return {name: read[name] for name in found}


def p_of_harm(
    found: Difference, n: float, planned: float, *, less_is_worse: bool, alpha: float = ALPHA
) -> float:
    """Give the p-value of one look for "it got worse"; the smallest over all looks may be watched every day.

    1 / (2 exp(k z^2 / (2 (k + 1))) Phi(z sqrt(k / (k + 1))) / sqrt(k + 1)), z the harm in standard errors, k = N rho^2.
    """
    harm = -found.estimate if less_is_worse else found.estimate
    if not found.error:
        return 0.0 if harm > 0 else 1.0
    return min(1.0, exp(-_log_evidence(harm / found.error, n * _tuned(planned, alpha))))


def one_sided_multiple(n: float, planned: float, alpha: float = ALPHA) -> float:
    """Give by how many standard errors harm must show after N persons, looked at as often as one likes.

    >>> round(10 * one_sided_multiple(100, 100), 5)
    27.66071
    """
    k, limit = n * _tuned(planned, alpha), -log(alpha)
    low, high = 0.0, 2.0
    while _log_evidence(high, k) < limit:
        high *= 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _log_evidence(middle, k) < limit else (low, middle)
    return high


def _tuned(planned: float, alpha: float) -> float:
    """Give rho^2, tuned as for two sides at twice the alpha."""
    return tuning(planned, 2 * alpha) ** 2


def _log_evidence(z: float, k: float) -> float:
    weight = k / (k + 1)
    side = _NORMAL.cdf(z * sqrt(weight))
    if not side:
        return -inf
    evidence = log(2 * side) + weight * z * z / 2 - log(k + 1) / 2
    return max(min(evidence, _LARGEST_EXPONENT), -_LARGEST_EXPONENT)
