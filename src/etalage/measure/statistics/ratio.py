"""Step 7 of 8, measure: whether the arms were filled as they were configured.

In:   triggered persons per arm and the configured shares, per stretch of time with one split.
Out:  a p-value for one look, and one that may be watched.
Idea: if they were not, persons got lost in one arm (a bot filter, a slow page, consent), and those who are left can
      no longer be compared. Then no effect is shown at all, however good it looks.
From: methods 3.5; Lindon & Malek, Anytime-valid inference for multinomial count data (2022).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from math import exp, lgamma, log
from typing import TypeVar

from etalage.measure.statistics.several import holm

Name = TypeVar("Name", bound=Hashable)  # of a part

BLOCKED_BELOW = 0.001
LEAST_EXPECTED = 5.0  # below it in an arm the chi-square approximation says nothing
PRIOR_WEIGHT = (
    100.0  # k of methods 3.5: how strongly we believe in the configured shares beforehand
)

# Counts and configured shares of one stretch with one split, arm by arm.
Filling = tuple[Sequence[int], Sequence[float]]


def fixed_p(fillings: Iterable[Filling]) -> float | None:
    """Give the chi-square p-value of one look; None below five expected persons in an arm.

    X^2 = sum (count - expected)^2 / expected, over all stretches; arms - 1 degrees of freedom each.
    """
    statistic, freedom = 0.0, 0
    for counts, shares in _there(fillings):
        expected = [sum(counts) * share for share in shares]
        if min(expected) < LEAST_EXPECTED:
            continue
        statistic += sum((c - e) ** 2 / e for c, e in zip(counts, expected, strict=True))
        freedom += len(expected) - 1
    if not freedom:
        return None
    from scipy.special import gammaincc

    return float(gammaincc(freedom / 2, statistic / 2))


def by_part(parts: Mapping[Name, Iterable[Filling]]) -> dict[Name, float]:
    """Test each browser, or each day, by itself: where were persons lost? P-values after Holm, together right.

    Parts too small to test are left out; they may not use up what the others are judged by.
    """
    found = {name: fixed_p(fillings) for name, fillings in parts.items()}
    return holm({name: p for name, p in found.items() if p is not None})


def inverse_bayes_factor(fillings: Iterable[Filling]) -> float:
    """Give 1 / BF of 'filled otherwise' against 'filled as configured'; above 1 it speaks for the latter.

    BF = Beta(k theta + c) / Beta(k theta) / prod theta^c, Beta multivariate, theta the shares, c the counts. Its
    minimum over all looks, at most 1, is a p-value that stays right under daily looks.
    """
    log_factor = 0.0
    for counts, shares in _there(fillings):
        prior = [PRIOR_WEIGHT * share for share in shares]
        posterior = [k + c for k, c in zip(prior, counts, strict=True)]
        log_factor += _log_beta(posterior) - _log_beta(prior)
        log_factor -= sum(c * log(share) for c, share in zip(counts, shares, strict=True))
    return exp(
        min(-log_factor, 700.0)
    )  # exp overflows at 710; such a number only says "as configured"


def _there(fillings: Iterable[Filling]) -> Iterator[Filling]:
    """Leave out, per stretch, the arms that were not there: of no share, and with nobody."""
    for counts, shares in fillings:
        there = [(c, s) for c, s in zip(counts, shares, strict=True) if c or s > 0]
        yield [count for count, _ in there], [share for _, share in there]


def _log_beta(parameters: Sequence[float]) -> float:
    return sum(lgamma(a) for a in parameters) - lgamma(sum(parameters))
