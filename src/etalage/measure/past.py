"""Step 7 of 8, measure: whether what persons did before is worth subtracting (CUPED).

In:   the rows of a variant and its control.
Out:  yes or no, for conversions and for revenue.
Idea: the rule was fixed before anybody looked. It reads only the persons whose window closed in the first two weeks
      (a week after the first window, where that is later), both arms thrown together: it cannot know which answer
      it will bring. From then on the answer never changes, so nobody picks the interval that pleases. Late data and
      erased persons can move it only at the border, where both intervals are the same width.
From: methods 3.2; Deng, Xu, Kohavi & Walker (2013).
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from etalage.domain.report import Plan
from etalage.domain.time import DAY
from etalage.measure.maturity import LEAST_DAYS, WEEK_DAYS
from etalage.measure.questions import Outcome
from etalage.measure.statistics.cuped import Pairs
from etalage.measure.tally import Stretches, Sums, pairs

LEAST_EXPLAINED = 0.05  # of the variance: below it nothing is gained
LEAST_PERSONS = 200  # a correlation among fewer is chance


class UsesPast(Struct, frozen=True):
    """What is adjusted for the past."""

    conversions: bool = False
    revenue: bool = False


def uses_past(rows: Iterable[Outcome], arm: str, plan: Plan, of: Stretches) -> UsesPast:
    """Say whether the past of these persons explains at least 5% of what they did."""
    settled = max(LEAST_DAYS, -(-plan.window // DAY) + WEEK_DAYS)
    both = Sums()
    for treated, control in pairs((r for r in rows if r.day <= settled), arm, plan.control, of):
        both = both.plus(treated).plus(control)
    if both.persons < LEAST_PERSONS:
        return UsesPast()
    return UsesPast(
        conversions=_explained(both.conversions_past()) >= LEAST_EXPLAINED,
        revenue=_explained(both.revenue_past()) >= LEAST_EXPLAINED,
    )


def _explained(sums: Pairs) -> float:
    """Give the squared correlation of y and x; 0 where one of them does not vary."""
    y = sums.y_squares - sums.y * sums.y / sums.n
    x = sums.x_squares - sums.x * sums.x / sums.n
    together = sums.products - sums.x * sums.y / sums.n
    return together * together / (x * y) if x > 0 and y > 0 else 0.0
