"""Step 7 of 8, measure: a figure per something that persons have a different number of, such as revenue per session.

In:   per arm the sums of a (revenue) and b (sessions) per person.
Out:  mean(a) / mean(b) with a variance that knows that the sessions of one person belong together.
Idea: persons were drawn, not sessions. Counting sessions as if they had been drawn makes errors too small and
      effects out of nothing. The delta method keeps the person as the unit.
From: Deng, Knoblich & Lu, Applying the Delta Method in Metric Analytics (2018); methods 3.2, vector in 3.6.
"""

from __future__ import annotations

from msgspec import Struct

from etalage.measure.statistics.arms import Mean


class Quotient(Struct, frozen=True):
    """The sums of one arm, over persons."""

    n: int
    a: float
    a_squares: float
    b: float
    b_squares: float
    products: float  # sum of a b


def per_unit(sums: Quotient) -> Mean | None:
    """Give R = a/b with the variance of one person: s_a^2/b^2 + s_b^2 a^2/b^4 - 2 cov a/b^3 (a, b the means).

    None where nobody has any b, or where there is one person only. As a `Mean` it can be compared, capped in an
    interval and made relative like any other: `difference`, `always_valid`, `relative_lift`.
    """
    if sums.n < 2 or sums.b <= 0:  # noqa: PLR2004  a variance needs two
        return None
    n, a, b = sums.n, sums.a / sums.n, sums.b / sums.n
    variance_a = (sums.a_squares - n * a * a) / (n - 1)
    variance_b = (sums.b_squares - n * b * b) / (n - 1)
    together = (sums.products - n * a * b) / (n - 1)
    variance = variance_a / b**2 + variance_b * a**2 / b**4 - 2 * together * a / b**3
    return Mean(n=n, mean=a / b, variance=max(variance, 0.0))
