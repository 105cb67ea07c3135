"""How sure a figure is: the bootstrap over those who were asked.

In:   per person or session: the sum of a measure, and how many times it was measured.
Out:  the mean of the measure and its 95% interval.
Idea: the predictions within one session are no independent witnesses, so whole sessions are drawn again.
From: Efron & Tibshirani, An Introduction to the Bootstrap (1993): the percentile interval; the draws are Poisson,
      which needs no sorting and gives the same in large samples (Chamandy et al., 2012).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from etalage.recommend.session_index import Floats

DRAWS = 1_000
AT_ONCE = 50  # draws held in memory at a time
SEED = 20_140_408  # the same data gives the same interval
LOW, HIGH = 2.5, 97.5  # per cent


class Figure(NamedTuple):
    """A mean with its 95% interval."""

    mean: float
    low: float
    high: float


def figure(sums: Floats, counts: Floats) -> Figure:
    """Give the mean of a measure over all that was measured, with its interval over the units."""
    total = float(counts.sum())
    if not total:
        return Figure(0.0, 0.0, 0.0)
    rng = np.random.default_rng(SEED)
    both = np.column_stack([sums, counts])
    means: list[float] = []
    for _ in range(0, DRAWS, AT_ONCE):
        drawn = rng.poisson(1.0, (AT_ONCE, len(sums))) @ both
        whole = drawn[:, 1] > 0
        means.extend((drawn[whole, 0] / drawn[whole, 1]).tolist())
    low, high = np.percentile(means, [LOW, HIGH])
    return Figure(float(sums.sum()) / total, float(low), float(high))


def as_row(figures: dict[str, Figure]) -> dict[str, Any]:
    """Write figures as the keys of a row, with the intervals beside them."""
    row: dict[str, Any] = {name: round(one.mean, 6) for name, one in figures.items()}
    row["interval"] = {
        name: [round(one.low, 6), round(one.high, 6)] for name, one in figures.items()
    }
    return row
