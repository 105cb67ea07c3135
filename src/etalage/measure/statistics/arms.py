"""Step 7 of 8, measure: what a group did on average, from sufficient statistics, and how two groups differ.

In:   n, the sum and the sum of squares of a value per person.
Out:  means with their variance, the difference, the relative lift.
Idea: nothing else about the persons is needed, so the database adds up and nobody's row travels.
From: methods 3.2; delta method as in Deng, Knoblich & Lu, Applying the Delta Method in Metric Analytics (2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from msgspec import Struct

_FEW = 100  # persons of a stretch, below which their own variance says little


class Mean(Struct, frozen=True):
    """An average over `n` persons; `variance` is that of one person's value (s^2), not of the mean."""

    n: int
    mean: float
    variance: float

    @property
    def squared_error(self) -> float:
        """Give s^2 / n, the variance of the mean."""
        return self.variance / self.n


def proportion(n: int, converted: int) -> Mean:
    """Average a yes or no: p = converted / n, s^2 = p (1 - p)."""
    share = converted / n
    return Mean(n=n, mean=share, variance=share * (1 - share))


def average(n: int, total: float, squares: float) -> Mean:
    """Average a value: m = sum / n, s^2 = (sum of squares - sum^2 / n) / (n - 1).

    A single person has no variance; it is given as 0 and never decides anything (see maturity).
    """
    variance = (squares - total * total / n) / (n - 1) if n > 1 else 0.0
    return Mean(n=n, mean=total / n, variance=max(variance, 0.0))


class Difference(Struct, frozen=True):
    """An estimate with its standard error."""

    estimate: float
    error: float


def difference(treated: Mean, control: Mean) -> Difference:
    """Subtract the control: d = m_T - m_C, SE = sqrt(s_T^2 / n_T + s_C^2 / n_C)."""
    error = sqrt(treated.squared_error + control.squared_error)
    return Difference(estimate=treated.mean - control.mean, error=error)


def relative_lift(treated: Mean, control: Mean) -> Difference:
    """Divide by the control: L = m_T / m_C - 1, var(L) = s_T^2/(n_T m_C^2) + m_T^2 s_C^2/(n_C m_C^4).

    The control's mean must not be 0. Symmetric around L; for what people read, `interval.around_lift` is better.
    """
    base = control.mean
    variance = treated.squared_error / base**2 + treated.mean**2 * control.squared_error / base**4
    return Difference(estimate=treated.mean / base - 1, error=sqrt(variance))


def stratified(strata: Sequence[tuple[Mean, Mean]]) -> tuple[Mean, Mean]:
    """Bring stretches with a different split together: each is compared within itself.

    With a split that changed on the way, raw ratios must not be pooled: a good month would fall mostly in one
    arm (Simpson's paradox). Each stretch k weighs w_k = N_k / N, N_k its persons in both arms: m = sum w_k m_k,
    var(m) = sum w_k^2 s_k^2 / n_k. One stretch gives itself back. In a stretch of a few persons, of which a bandit
    has many, nobody or everybody converted and s_k^2 would be 0: there that of the whole arm stands for it.

    From: Miratrix, Sekhon & Yu, Adjusting treatment effect estimates by post-stratification (2013).
    """
    if len(strata) == 1:
        return strata[0]
    everybody = sum(treated.n + control.n for treated, control in strata)
    weights = [(treated.n + control.n) / everybody for treated, control in strata]
    return (
        _weighted([treated for treated, _ in strata], weights),
        _weighted([control for _, control in strata], weights),
    )


def _weighted(means: Sequence[Mean], weights: Sequence[float]) -> Mean:
    n = sum(mean.n for mean in means)
    whole = _whole_variance(means)
    squared_error = sum(
        w * w * (m.variance if m.n >= _FEW else whole) / m.n
        for w, m in zip(weights, means, strict=True)
    )
    return Mean(
        n=n,
        mean=sum(w * m.mean for w, m in zip(weights, means, strict=True)),
        variance=n * squared_error,
    )


def _whole_variance(means: Sequence[Mean]) -> float:
    """Give the variance of one person's value in all stretches together: within them and between them."""
    n = sum(mean.n for mean in means)
    centre = sum(mean.n * mean.mean for mean in means) / n
    return sum(mean.n * (mean.variance + (mean.mean - centre) ** 2) for mean in means) / n
