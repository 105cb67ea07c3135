"""Step 7 of 8, measure: an interval that holds the truth at every look, however often one looks.

In:   an estimate with its error, the persons behind it, and the sample N* planned beforehand.
Out:  the interval, and a p-value that may be watched.
Idea: the fixed 95% interval is right at one look only; watched daily it calls every third message a success that
      is none. This one is wider, by a factor that hardly depends on N*, and may be read at breakfast every day.
From: methods 3.3; Waudby-Smith et al., Time-uniform central limit theory and asymptotic confidence sequences
      (arXiv 2103.06476); Howard et al., Time-uniform nonparametric confidence sequences (2021).
"""

from __future__ import annotations

from math import exp, inf, log, sqrt

from etalage.domain.report import Interval
from etalage.measure.statistics.arms import Difference, Mean
from etalage.measure.statistics.lift import by_log_ratio

ALPHA = 0.05


def tuning(planned: float, alpha: float = ALPHA) -> float:
    """Give rho, which makes the interval narrowest at the planned sample.

    rho = sqrt((-2 log alpha + log(1 - 2 log alpha)) / N*)
    """
    return sqrt((-2 * log(alpha) + log(1 - 2 * log(alpha))) / planned)


def multiple(n: float, rho: float, alpha: float = ALPHA) -> float:
    """Give c(N), by which the standard error is multiplied after N persons (a fixed test has 1.96).

    c(N) = sqrt(2 (N rho^2 + 1) / (N rho^2) * log(sqrt(N rho^2 + 1) / alpha))
    """
    k = n * rho * rho
    return sqrt(2 * (k + 1) / k * log(sqrt(k + 1) / alpha))


def always_valid(found: Difference, n: float, planned: float, alpha: float = ALPHA) -> Interval:
    """Put the interval around an estimate: estimate +- c(N) SE."""
    half = multiple(n, tuning(planned, alpha), alpha) * found.error
    return Interval(low=found.estimate - half, high=found.estimate + half, level=1 - alpha)


def around_lift(
    treated: Mean, control: Mean, planned: float, alpha: float = ALPHA
) -> Interval | None:
    """Put the interval around the relative lift, by way of the log ratio; None if a mean is not positive.

    log(m_T / m_C) +- c(N) sqrt(s_T^2 / (n_T m_T^2) + s_C^2 / (n_C m_C^2)), transformed back and minus 1.
    """
    n = treated.n + control.n
    found = by_log_ratio(treated, control, multiple(n, tuning(planned, alpha), alpha))
    return found and Interval(low=found.low, high=found.high, level=1 - alpha)


def p_at_look(found: Difference, n: float, planned: float, alpha: float = ALPHA) -> float:
    """Give the p-value of one look; what is shown is the smallest over all looks so far.

    min(1, sqrt(N rho^2 + 1) exp(-rho^2 N z^2 / (2 (N rho^2 + 1)))), z = estimate / SE. Below alpha exactly when the
    interval leaves out 0, since rho is tuned with the same alpha.
    """
    k = n * tuning(planned, alpha) ** 2
    z_squared = (
        (found.estimate / found.error) ** 2 if found.error else (inf if found.estimate else 0.0)
    )
    return min(1.0, sqrt(k + 1) * exp(-k * z_squared / (2 * (k + 1))))
