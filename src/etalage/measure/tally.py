"""Step 7 of 8, measure: from the rows of the warehouse to what was known at each look.

In:   counts per arm, stretch and day.
Out:  per arm the sums so far, and for a variant beside its control one `Look` a day.
Idea: rows are increments per day, so every look of the past follows from the log as it stands now; nobody has to
      have been watching, and late data repairs the past looks too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from etalage.domain.report import Plan
from etalage.domain.time import DAY
from etalage.measure.arms import Mean, average, proportion, stratified
from etalage.measure.maturity import Look
from etalage.measure.questions import Entered, Outcome
from etalage.measure.ratio import Filling, inverse_bayes_factor

MILLION = 1_000_000
_SPLIT_TOLERANCE = 2  # millionths: propensities are rounded

# A stretch of time with one split, by number; all sums are kept apart per stretch.
Stretches = Mapping[str, int]  # policy -> stretch


class Sums(Struct, frozen=True):
    """What a group of persons did, added up."""

    persons: int = 0
    conversions: int = 0
    orders: int = 0
    revenue: int = 0
    revenue_squares: int = 0
    capped: int = 0
    capped_squares: int = 0

    def plus(self, row: Outcome | Sums) -> Sums:
        """Add others to them."""
        return Sums(
            persons=self.persons + row.persons,
            conversions=self.conversions + row.conversions,
            orders=self.orders + row.orders,
            revenue=self.revenue + row.revenue,
            revenue_squares=self.revenue_squares + row.revenue_squares,
            capped=self.capped + row.capped,
            capped_squares=self.capped_squares + row.capped_squares,
        )

    def converted(self) -> Mean:
        """Give the share that converted."""
        return proportion(self.persons, self.conversions)

    def capped_revenue(self) -> Mean:
        """Give the revenue per person, capped."""
        return average(self.persons, self.capped, self.capped_squares)

    def uncapped_revenue(self) -> Mean:
        """Give the revenue per person as it was."""
        return average(self.persons, self.revenue, self.revenue_squares)


Pair = tuple[Sums, Sums]  # a variant, its control


def stretches(rows: Sequence[Entered]) -> dict[str, int]:
    """Number the stretches with one split: policies in order of time, together while their shares agree."""
    splits: list[dict[str, int]] = []
    number: dict[str, int] = {}
    firsts: dict[str, int] = {}
    for row in rows:
        firsts[row.policy] = min(row.first, firsts.get(row.policy, row.first))
    for policy in sorted(firsts, key=lambda p: (firsts[p], p)):
        shares = {r.arm: r.propensity for r in rows if r.policy == policy and r.propensity}
        if not splits or not _agree(splits[-1], shares):
            splits.append({})
        splits[-1].update(shares)
        number[policy] = len(splits) - 1
    return number


def _agree(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    return all(abs(one[arm] - other[arm]) <= _SPLIT_TOLERANCE for arm in one.keys() & other.keys())


def sums(rows: Iterable[Outcome]) -> Sums:
    """Add all rows up."""
    total = Sums()
    for row in rows:
        total = total.plus(row)
    return total


def pairs(rows: Sequence[Outcome], arm: str, control: str, of: Stretches) -> list[Pair]:
    """Give the sums of a variant and of its control per stretch, where both have somebody."""
    found: list[Pair] = []
    for stretch in sorted(set(of.values())):
        here = [row for row in rows if of.get(row.policy) == stretch]
        treated = sums(row for row in here if row.arm == arm)
        kept = sums(row for row in here if row.arm == control)
        if treated.persons and kept.persons:
            found.append((treated, kept))
    return found


def looks(rows: Sequence[Outcome], arm: str, plan: Plan, of: Stretches, *, now: int) -> list[Look]:
    """Give what was known of a variant beside its control after each day, and at the planned end."""
    mine = [row for row in rows if row.arm in {arm, plan.control}]
    over = plan.ends is not None and plan.ends + plan.window <= now
    last = plan.ends + plan.window if plan.ends is not None and over else now
    days = (last - plan.started) // DAY
    known = [
        look
        for day in range(1, days + 1)
        if (look := _look([r for r in mine if r.day <= day], arm, plan, of, day=day))
    ]
    if over and (final := _look(mine, arm, plan, of, day=days)):
        known.append(msgspec.structs.replace(final, at=last, final=True))
    return known


def _look(rows: Sequence[Outcome], arm: str, plan: Plan, of: Stretches, *, day: int) -> Look | None:
    found = pairs(rows, arm, plan.control, of)
    if not found:
        return None
    treated, control = stratified([(t.converted(), c.converted()) for t, c in found])
    return Look(
        at=plan.started + day * DAY,
        day=day,
        treated=treated,
        control=control,
        least_conversions=min(
            sum(t.conversions for t, _ in found), sum(c.conversions for _, c in found)
        ),
    )


# ---- How the arms were filled ---------------------------------------------------------------------------


def fillings(rows: Sequence[Entered], plan: Plan, of: Stretches) -> list[Filling]:
    """Give the persons per arm of the split and the shares they were drawn with, per stretch.

    The shares are those that the tokens say; where an arm has nobody, those configured now.
    """
    arms: list[str] = [arm for arm, share in plan.shares.items() if share > 0]
    found: list[Filling] = []
    for stretch in sorted(set(of.values())):
        here = [row for row in rows if of[row.policy] == stretch and row.arm in arms]
        if not here:
            continue
        drawn = {row.arm: row.propensity / MILLION for row in here if row.propensity}
        configured = {str(arm): share for arm, share in plan.shares.items()}
        shares = drawn if len(drawn) == len(arms) else configured
        whole = sum(shares[arm] for arm in arms)
        counts = [sum(row.persons for row in here if row.arm == arm) for arm in arms]
        found.append((counts, [shares[arm] / whole for arm in arms]))
    return found


def running_ratio_p(rows: Sequence[Entered], plan: Plan, of: Stretches) -> float:
    """Give the smallest p-value of the sample ratio over all days so far (methods 3.5, continuous)."""
    days = sorted({row.day for row in rows})
    seen = [fillings([r for r in rows if r.day <= day], plan, of) for day in days]
    return min([1.0, *(inverse_bayes_factor(filling) for filling in seen)])
