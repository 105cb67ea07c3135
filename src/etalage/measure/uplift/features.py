"""Step 7 of 8, measure: what an uplift model knows of a person, read live.

In:   the part of her memory that may be read, and the shop day.
Out:  numbers in the order of `FEATURES`; nan = not known.
Idea: the same sentence twice, here over a fold and in `sql/trial_known.sql` over the log; a test holds them together.
      Few, plain and of her own doing: nothing about what she looked at, and nothing anybody stated of her.
"""

from __future__ import annotations

from math import nan

from etalage.domain.profile import Part
from etalage.domain.time import ShopZone

FEATURES = ("events_30d", "days_30d", "days_known", "days_away", "orders", "days_since_order")
LATELY = 30  # shop days, today included


def features_of(part: Part, now: int, zone: ShopZone) -> tuple[float, ...]:
    """Give what is known of a person.

    events_30d and days_30d: what she did in the last thirty days, and on how many of them.
    days_known: since her first day. days_away: since the last day before today. orders: at most forty.
    """
    today = zone.day(now)
    lately = [count for day, count in part.days.items() if today - LATELY < day <= today]
    before = max((day for day in part.days if day < today), default=None)
    first = min((day for day in part.days if day <= today), default=None)
    ordered = part.baskets[-1].time if part.baskets else None
    return (
        float(sum(lately)),
        float(len(lately)),
        nan if first is None else float(today - first),
        nan if before is None else float(today - before),
        float(len(part.baskets)),
        nan if ordered is None else float(today - zone.day(ordered)),
    )
