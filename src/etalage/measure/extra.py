"""Step 7 of 8, measure: what the difference means for the shop, in conversions and in money.

In:   the averages of those who may have seen a message and of those kept from it.
Out:  extra conversions (number and share), extra revenue, what the holdout costs and what it would have brought.
From: methods 3.6 and the last lines of 3.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil

from etalage.measure.statistics.arms import Mean, difference

CAPPED_SHARE = 0.99  # of the positive values per person; the highest 1% is brought down to there


def extra(treated: Mean, control: Mean) -> float:
    """Count what would not have been there without the message: n_T (m_T - m_C). May be negative.

    >>> from etalage.measure.statistics.arms import proportion
    >>> round(extra(proportion(90_000, 2_970), proportion(10_000, 300)), 6)
    270.0
    """
    return treated.n * difference(treated, control).estimate


def potential(treated: Mean, control: Mean) -> float:
    """Count what there would have been had nobody been kept from it: (n_T + n_C) d."""
    return (treated.n + control.n) * difference(treated, control).estimate


def cost_of_control(treated: Mean, control: Mean) -> float:
    """Count what keeping some from it took away: n_C d, the price of knowing."""
    return control.n * difference(treated, control).estimate


def revenue_cap(values: Iterable[int]) -> int | None:
    """Give the 99th percentile of the positive values per person; None if nobody spent anything.

    The smallest value that at least 99% do not exceed, an amount somebody really spent (SQL's quantile_disc).
    """
    spent = sorted(value for value in values if value > 0)
    return spent[ceil(CAPPED_SHARE * len(spent)) - 1] if spent else None


def capped(values: Sequence[int], cap: int | None) -> list[int]:
    """Bring values above the cap down to it (winsorise), so that one wholesale order decides nothing."""
    return list(values) if cap is None else [min(value, cap) for value in values]
