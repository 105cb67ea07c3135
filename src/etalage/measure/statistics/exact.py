"""Step 7 of 8, measure: where a share lies, with few persons, looked at as often as one likes.

In:   how many of how many converted.
Out:  an interval that holds the true share at all looks together, also with one conversion of fifty.
Idea: everything else here rests on averages being normal, which below a hundred conversions they are not. A share
      has an exact law (binomial). Bet against each share with a Beta prior around it; a share against which the bet
      has multiplied its stake by 1/alpha is out. What is left is the interval.
From: Howard, Ramdas, McAuliffe & Sekhon, Time-uniform, nonparametric, nonasymptotic confidence sequences (2021),
      beta-binomial mixture; methods 3.3.
"""

from __future__ import annotations

from collections.abc import Callable
from math import lgamma, log

from etalage.domain.report import Interval
from etalage.measure.statistics.interval import ALPHA

_HALVINGS = 50
_LEAST_PRIOR = 1e-3  # of p (1 - p): the prior must have some weight, however early it is tuned


def share_interval(converted: int, n: int, *, planned: float, alpha: float = ALPHA) -> Interval:
    """Give the interval of a share at all looks, narrowest at `planned` persons.

    >>> found = share_interval(1, 50, planned=50)
    >>> round(found.low, 5), round(found.high, 5)
    (0.0, 0.13489)
    """
    if not n:
        return Interval(low=0.0, high=1.0, level=1 - alpha)
    limit, seen = -log(alpha), converted / n

    def is_out(share: float) -> bool:
        return _log_stake(share, converted, n, planned, alpha) >= limit

    low = _edge(is_out, out=0.0, within=seen) if converted else 0.0
    high = _edge(is_out, out=1.0, within=seen) if converted < n else 1.0
    return Interval(low=low, high=high, level=1 - alpha)


def _edge(is_out: Callable[[float], bool], *, out: float, within: float) -> float:
    for _ in range(_HALVINGS):
        middle = (out + within) / 2
        out, within = (middle, within) if is_out(middle) else (out, middle)
    return within


def _log_stake(share: float, converted: int, n: int, planned: float, alpha: float) -> float:
    """Give log [ Beta(a + x, b + n - x) / Beta(a, b) / (p^x (1 - p)^(n - x)) ], a = r / (1 - p), b = r / p.

    r is tuned as rho of the normal boundary is: v / (-2 log alpha + log(1 - 2 log alpha)) - p (1 - p), where
    v = planned p (1 - p).
    """
    variance = share * (1 - share)
    if variance <= 0:
        return float("inf")
    tuned = planned * variance / (-2 * log(alpha) + log(1 - 2 * log(alpha)))
    r = max(tuned - variance, _LEAST_PRIOR * variance)
    a, b = r / (1 - share), r / share
    return (
        _log_beta(a + converted, b + n - converted)
        - _log_beta(a, b)
        - converted * log(share)
        - (n - converted) * log(1 - share)
    )


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
