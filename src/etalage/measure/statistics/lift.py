"""Step 7 of 8, measure: a relative lift with an interval for one look, in three ways.

In:   two means, and how many standard errors the interval is wide (1.96 for 95% at one look).
Out:  the interval of m_T / m_C - 1.
Idea: all three agree where there is much data. With little, the plain delta method is symmetrical and goes too low;
      Fieller is exact for normal means; the log ratio is nearly Fieller, never falls below -100%, and is what people
      are shown (`interval.around_lift`, `maturity`).
From: Fieller, Some problems in interval estimation (1954); methods 3.2, 3.3, vectors in 3.6.
"""

from __future__ import annotations

from math import expm1, log, sqrt

from etalage.domain.report import Interval
from etalage.measure.statistics.arms import Difference, Mean, relative_lift

FIXED = 1.959963984540054  # standard errors of an ordinary 95% interval; right at one look only


def by_delta(treated: Mean, control: Mean, multiple: float = FIXED) -> Interval | None:
    """Put L +- multiple x SE(L) around the lift; None if the control's mean is 0."""
    if not control.mean:
        return None
    lift = relative_lift(treated, control)
    return Interval(
        low=lift.estimate - multiple * lift.error, high=lift.estimate + multiple * lift.error
    )


def by_fieller(treated: Mean, control: Mean, multiple: float = FIXED) -> Interval | None:
    """Give all lifts L for which m_T - (1 + L) m_C lies within `multiple` of its standard errors from 0.

    None where those are no interval: the control's mean cannot be told from 0.
    """
    squared = multiple * multiple
    control_left = control.mean**2 - squared * control.squared_error
    if control_left <= 0:
        return None
    treated_left = treated.mean**2 - squared * treated.squared_error
    both = treated.mean * control.mean
    root = sqrt(max(both * both - treated_left * control_left, 0.0))
    return Interval(low=(both - root) / control_left - 1, high=(both + root) / control_left - 1)


def log_ratio(treated: Mean, control: Mean) -> Difference | None:
    """Give log(m_T / m_C) with its error, sqrt(s_T^2/(n_T m_T^2) + s_C^2/(n_C m_C^2)); None if a mean is not positive."""
    if treated.mean <= 0 or control.mean <= 0:
        return None
    error = sqrt(treated.squared_error / treated.mean**2 + control.squared_error / control.mean**2)
    return Difference(estimate=log(treated.mean / control.mean), error=error)


def by_log_ratio(treated: Mean, control: Mean, multiple: float = FIXED) -> Interval | None:
    """Give the interval of the log ratio, transformed back."""
    found = log_ratio(treated, control)
    if found is None:
        return None
    half = multiple * found.error
    return Interval(low=expm1(found.estimate - half), high=expm1(found.estimate + half))
