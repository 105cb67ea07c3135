"""Step 7 of 8, measure: how many persons a planned test needs.

In:   the share that converts, the effect one wants to find, and how often one wants to find it.
Out:  persons per arm.
From: methods 3.4.
"""

from __future__ import annotations

from math import ceil
from statistics import NormalDist

_NORMAL = NormalDist()

# How much larger than a test with one look, at 80% power and half and half (methods 3.4).
GROUP_SEQUENTIAL = 1.03  # weekly looks, planned end
ALWAYS_VALID = 1.91  # looked at as often as one likes, decided at N*


def persons_per_arm(
    base_rate: float, lift: float, *, power: float = 0.80, alpha: float = 0.05
) -> int:
    """Give n = (z_{1 - alpha/2} + z_{power})^2 (p0 (1 - p0) + p1 (1 - p1)) / (p1 - p0)^2, for one look.

    >>> persons_per_arm(0.03, 0.10), persons_per_arm(0.01, 0.05)
    (53208, 637008)
    """
    shown = base_rate * (1 + lift)
    spread = base_rate * (1 - base_rate) + shown * (1 - shown)
    reach = _NORMAL.inv_cdf(1 - alpha / 2) + _NORMAL.inv_cdf(power)
    return ceil(reach**2 * spread / (shown - base_rate) ** 2)
