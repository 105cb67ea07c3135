"""Step 7 of 8, measure: a sharper difference, by taking out what was to be expected of each person anyway.

In:   per arm the sums of a value y and of the same value x from before the first `triggered` (14 to 28 days).
Out:  both means without the part that x explains, and the variance that is left.
Idea: who bought much before buys much again, whatever we show. That part of the difference is luck of the draw; it
      is known, so it can be subtracted, and the variance falls by the squared correlation. Nobody is left out: a
      person without a past has x = 0. Only the past is used; what happens afterwards may be the effect itself.
From: Deng, Xu, Kohavi & Walker, Improving the sensitivity of online controlled experiments by utilizing
      pre-experiment data (2013); methods 3.2, vector in 3.6.
"""

from __future__ import annotations

from msgspec import Struct

from etalage.measure.statistics.arms import Mean


class Pairs(Struct, frozen=True):
    """The sums of one arm: y is the value in the window, x the one before it."""

    n: int
    y: float
    y_squares: float
    x: float
    x_squares: float
    products: float  # sum of x y

    def plus(self, other: Pairs) -> Pairs:
        """Add another arm or day."""
        return Pairs(
            n=self.n + other.n,
            y=self.y + other.y,
            y_squares=self.y_squares + other.y_squares,
            x=self.x + other.x,
            x_squares=self.x_squares + other.x_squares,
            products=self.products + other.products,
        )

    @property
    def _within(self) -> tuple[float, float, float]:
        """Give the sums of squares of y and x and of their products, each around the arm's own means."""
        return (
            self.y_squares - self.y * self.y / self.n,
            self.x_squares - self.x * self.x / self.n,
            self.products - self.x * self.y / self.n,
        )


def theta(treated: Pairs, control: Pairs) -> float:
    """Give how much of y goes with one unit of x: cov(y, x) / var(x), over all persons of both arms.

    0 where nobody has a past, or all have the same: then nothing is adjusted.
    """
    _, spread, together = treated.plus(control)._within  # noqa: SLF001  of the same noun
    return together / spread if spread > 0 else 0.0


def adjusted(treated: Pairs, control: Pairs) -> tuple[Mean, Mean]:
    """Give both means of y' = y - theta (x - mean of x over both arms), with the variance of y'.

    Their mean over both arms stays what it was; theta is worked out anew at each analysis.
    """
    factor = theta(treated, control)
    both = treated.plus(control)
    return (
        _adjusted(treated, factor, both.x / both.n),
        _adjusted(control, factor, both.x / both.n),
    )


def _adjusted(arm: Pairs, factor: float, usual: float) -> Mean:
    ys, xs, together = arm._within  # noqa: SLF001  of the same noun
    left = ys - 2 * factor * together + factor * factor * xs
    return Mean(
        n=arm.n,
        mean=arm.y / arm.n - factor * (arm.x / arm.n - usual),
        variance=max(left / (arm.n - 1), 0.0) if arm.n > 1 else 0.0,
    )
