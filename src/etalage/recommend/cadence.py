"""Step 4 of 8, recommend: when somebody needs something again, from her own orders and from everybody's.

In:   her orders, oldest first, and how long each product lasts people in general.
Out:  a `Due` for each product she bought several times: how often, every how many days, and how far along she is.
Idea: what runs out has a rhythm. Her own is the median of the days between two of her orders of a thing; while she
      has few of them, everybody's counts with the weight of three:

          gap = (n * own + 3 * everybody's) / (n + 3)        due = days since the last one / gap

          weight  0 until .7, to 1 at 1.0, 1 until 2.0, then half for every further gap: she went elsewhere
From: methods 1.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from etalage.domain.profile import Basket
from etalage.domain.time import DAY
from etalage.recommend.baskets import decayed_frequency

OWN_GAPS = 3  # of a product, from which on her own rhythm is enough
SHRINK = 3  # everybody's rhythm weighs as much as so many gaps of her own
LEAST_TIMES = 3  # bought so often, a thing may be said to be forgotten
BEGINS, WHOLE, LAPSES = 0.7, 1.0, 2.0  # in gaps since the last time
LEAST_GAP_DAYS = 1.0  # two orders within a day are one


class Due(NamedTuple):
    """A product she buys again and again."""

    product: str
    times: int  # orders that held it
    frequency: float  # the same, older orders for less
    gap_days: float | None  # between two of them; None where nobody has a rhythm yet
    is_own: bool  # the rhythm is hers alone
    due: float  # gaps since the last one; 0 where no gap is known

    @property
    def weight(self) -> float:
        """How much it is time: 0 she still has it, 1 it is due."""
        return weight_of(self.due)

    @property
    def score(self) -> float:
        """The score of a forgotten product."""
        return self.frequency * self.weight


def weight_of(due: float) -> float:
    """Weigh how far along somebody is between two orders of a thing.

    >>> [round(weight_of(due), 3) for due in (0.5, 0.85, 1.0, 2.0, 3.0)]
    [0.0, 0.5, 1.0, 1.0, 0.5]
    """
    if due <= BEGINS:
        return 0.0
    if due < WHOLE:
        return (due - BEGINS) / (WHOLE - BEGINS)
    return 1.0 if due <= LAPSES else 0.5 ** (due - LAPSES)


def gap_of(gaps: Sequence[float], of_all: float | None) -> float | None:
    """Give the days between two orders of a thing: her own median, or that drawn toward everybody's.

    >>> gap_of([10.0], 30.0)
    25.0
    """
    if len(gaps) >= OWN_GAPS:
        return float(median(gaps))
    if of_all is None:
        return float(median(gaps)) if gaps else None
    own = median(gaps) if gaps else 0.0
    return (len(gaps) * own + SHRINK * of_all) / (len(gaps) + SHRINK)


def gaps_of(times: Sequence[int]) -> list[float]:
    """Give the days between moments (micros), in order; what lies within a day is one moment."""
    gaps = ((later - before) / DAY for before, later in pairwise(times))
    return [gap for gap in gaps if gap >= LEAST_GAP_DAYS]


def all_due(orders: Iterable[Basket], of_all: Mapping[str, float], now: int) -> list[Due]:
    """Tell of everything she ever ordered how far along she is; the highest score first, equal ones by product.

    Args:
        orders: of one person, in any order.
        of_all: days between two orders of a product, over all people.
        now: micros; orders after it are not known yet.
    """
    known = sorted((one for one in orders if one.time <= now), key=lambda one: (one.time, one.id))
    times: dict[str, list[int]] = {}
    for order in known:
        for product in dict.fromkeys(order.products):
            times.setdefault(product, []).append(order.time)
    frequency = decayed_frequency([order.products for order in known])
    found = [
        _due(product, at, frequency[product], of_all.get(product), now)
        for product, at in times.items()
    ]
    return sorted(found, key=lambda one: (-one.score, -one.frequency, one.product))


def _due(product: str, at: list[int], frequency: float, of_all: float | None, now: int) -> Due:
    gaps = gaps_of(at)
    gap = gap_of(gaps, of_all)
    return Due(
        product=product,
        times=len(at),
        frequency=frequency,
        gap_days=gap,
        is_own=len(gaps) >= OWN_GAPS,
        due=0.0 if gap is None else (now - at[-1]) / DAY / gap,
    )
