"""Step 7 of 8, measure: from the rows of the warehouse to what was known at each look.

In:   counts per arm, stretch and day.
Out:  per arm the sums so far, and for a variant beside its control one `Look` a day.
Idea: rows are increments per day, so every look of the past follows from the log as it stands now; nobody has to
      have been watching, and late data repairs the past looks too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import add, attrgetter

import msgspec
from msgspec import Struct

from etalage.domain.report import Plan, Tally
from etalage.domain.time import DAY
from etalage.measure.maturity import LEAST_DAYS, Look
from etalage.measure.questions import Entered, Outcome
from etalage.measure.statistics.arms import Mean, average, proportion, stratified
from etalage.measure.statistics.cuped import Pairs, adjusted
from etalage.measure.statistics.quotient import Quotient

_SPLIT_TOLERANCE = 2  # millionths: propensities are rounded

# A stretch of time with one split, by number; all sums are kept apart per stretch.
Stretches = Mapping[str, int]  # policy -> stretch


class Sums(Struct, frozen=True):
    """What a group of persons did, added up; the names are those of cells.sql."""

    persons: int = 0
    conversions: int = 0
    orders: int = 0
    revenue: int = 0
    revenue_squares: int = 0
    capped: int = 0
    capped_squares: int = 0
    before: int = 0
    both: int = 0
    buyers: int = 0
    unsubscribed: int = 0
    orders_squares: int = 0
    capped_orders: int = 0
    spent: int = 0
    spent_squares: int = 0
    spent_capped: int = 0
    returns: int = 0
    returns_squares: int = 0
    returns_orders: int = 0
    timed: int = 0  # persons of whom a page time is known
    pages: int = 0
    pages_squares: int = 0
    page_msec: int = 0
    page_msec_squares: int = 0
    page_msec_pages: int = 0

    def plus(self, row: Outcome | Sums) -> Sums:
        """Add others to them."""
        return Sums(*map(add, _FIGURES(self), _FIGURES(row)))

    def converted(self) -> Mean:
        """Give the share that converted."""
        return proportion(self.persons, self.conversions)

    def capped_revenue(self) -> Mean:
        """Give the revenue per person, capped."""
        return average(self.persons, self.capped, self.capped_squares)

    def uncapped_revenue(self) -> Mean:
        """Give the revenue per person as it was."""
        return average(self.persons, self.revenue, self.revenue_squares)

    def conversions_past(self) -> Pairs:
        """Give who converted beside who had already, before."""
        y, x = self.conversions, self.before
        return Pairs(n=self.persons, y=y, y_squares=y, x=x, x_squares=x, products=self.both)

    def revenue_past(self) -> Pairs:
        """Give capped revenue beside what was spent before."""
        return Pairs(
            n=self.persons,
            y=self.capped,
            y_squares=self.capped_squares,
            x=self.spent,
            x_squares=self.spent_squares,
            products=self.spent_capped,
        )

    def revenue_per_order(self) -> Quotient:
        """Give capped revenue beside orders."""
        return Quotient(
            n=self.persons,
            a=self.capped,
            a_squares=self.capped_squares,
            b=self.orders,
            b_squares=self.orders_squares,
            products=self.capped_orders,
        )

    def return_rate(self) -> Quotient:
        """Give orders that were paid back, beside orders."""
        return Quotient(
            n=self.persons,
            a=self.returns,
            a_squares=self.returns_squares,
            b=self.orders,
            b_squares=self.orders_squares,
            products=self.returns_orders,
        )

    def page_time(self) -> Quotient:
        """Give milliseconds in which a page was looked at, beside how often one was."""
        return Quotient(
            n=self.persons,
            a=self.page_msec,
            a_squares=self.page_msec_squares,
            b=self.pages,
            b_squares=self.pages_squares,
            products=self.page_msec_pages,
        )


_FIGURES = attrgetter(*Sums.__struct_fields__)


Pair = tuple[Sums, Sums]  # a variant, its control


def stretches(rows: Sequence[Entered]) -> dict[str, int]:
    """Number the stretches with one split: policies in order of time, together while their shares agree."""
    splits: list[dict[str, int]] = []
    number: dict[str, int] = {}
    firsts: dict[str, int] = {}
    told: dict[str, dict[str, int]] = {}
    for row in rows:
        firsts[row.policy] = min(row.first, firsts.get(row.policy, row.first))
        told.setdefault(row.policy, {}).update({row.arm: row.propensity} if row.propensity else {})
    for policy in sorted(firsts, key=lambda p: (firsts[p], p)):
        shares = told[policy]
        if not splits or not _agree(splits[-1], shares):
            splits.append({})
        splits[-1].update(shares)
        number[policy] = len(splits) - 1
    return number


def _agree(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    common = one.keys() & other.keys()
    if len(common) == 1:  # a bandit changes everything but its control
        return False
    return all(abs(one[arm] - other[arm]) <= _SPLIT_TOLERANCE for arm in common)


def sums(rows: Iterable[Outcome]) -> Sums:
    """Add all rows up."""
    total = Sums()
    for row in rows:
        total = total.plus(row)
    return total


def pairs(rows: Iterable[Outcome], arm: str, control: str, of: Stretches) -> list[Pair]:
    """Give the sums of a variant and of its control per stretch, where both have somebody."""
    running = Running(arm, control, of)
    for row in rows:
        running.add(row)
    return running.pairs()


class Running:
    """The sums of a variant and of its control so far, per stretch."""

    def __init__(self, arm: str, control: str, of: Stretches) -> None:
        self._sides = {arm: 0, control: 1}
        self._of = of
        self._sums: dict[int, list[Sums]] = {}

    def add(self, row: Outcome) -> None:
        """Add a row, if it is of one of the two and of a known stretch."""
        side, stretch = self._sides.get(row.arm), self._of.get(row.policy)
        if side is not None and stretch is not None:
            both = self._sums.setdefault(stretch, [Sums(), Sums()])
            both[side] = both[side].plus(row)

    def pairs(self) -> list[Pair]:
        """Give the pairs in which both have somebody, in order of time."""
        found = ((both[0], both[1]) for _, both in sorted(self._sums.items()))
        return [(treated, kept) for treated, kept in found if treated.persons and kept.persons]


Means = Callable[[Sums, Sums], tuple[Mean, Mean]]  # what is compared, of a variant and its control


def plain(treated: Sums, control: Sums) -> tuple[Mean, Mean]:
    """Compare the shares that converted."""
    return treated.converted(), control.converted()


def less_the_past(treated: Sums, control: Sums) -> tuple[Mean, Mean]:
    """Compare the shares that converted, less what the past of the persons explains."""
    return adjusted(treated.conversions_past(), control.conversions_past())


def looks(
    rows: Iterable[Outcome], arm: str, plan: Plan, of: Stretches, *, now: int, means: Means = plain
) -> list[Look]:
    """Give what was known of a variant beside its control after each day, and at the planned end.

    Args:
        rows: of one experience.
        arm: the variant.
        plan: of the experience.
        of: the stretch of each policy.
        now: micros; later looks are not there yet.
        means: what is compared from the fourteenth day on; before it, and where nothing else is said, plain shares.
    """
    over = plan.ends is not None and plan.ends + plan.window <= now
    last = plan.ends + plan.window if plan.ends is not None and over else now
    waiting = deque(sorted(rows, key=lambda row: row.day))
    running, known = Running(arm, plan.control, of), []
    days = (last - plan.started) // DAY
    for day in range(1, days + 1):
        while waiting and waiting[0].day <= day:
            running.add(waiting.popleft())
        if look := _look(running, plan, day=day, means=means if day >= LEAST_DAYS else plain):
            known.append(look)
    if over:
        for row in waiting:
            running.add(row)
        if look := _look(running, plan, day=days, means=means if days >= LEAST_DAYS else plain):
            known.append(msgspec.structs.replace(look, at=last, final=True))
    return known


def _look(running: Running, plan: Plan, *, day: int, means: Means) -> Look | None:
    found = running.pairs()
    if not found:
        return None
    treated, control = stratified([means(t, c) for t, c in found])
    return Look(
        at=plan.started + day * DAY,
        day=day,
        treated=treated,
        control=control,
        least_conversions=min(_least([t for t, _ in found]), _least([c for _, c in found])),
        converted=_converted(found),
    )


def _converted(found: Sequence[Pair]) -> tuple[int, int] | None:
    """Give how many converted of each; None over several stretches, whose shares cannot be read as one."""
    if len(found) != 1:
        return None
    ((treated, control),) = found
    return treated.conversions, control.conversions


def _least(arm: Sequence[Sums]) -> int:
    """Count who converted, or who did not where they are fewer: near 100% as little can be learned as near 0%."""
    converted = sum(one.conversions for one in arm)
    return min(converted, sum(one.persons for one in arm) - converted)


def cumulative(rows: Iterable[Outcome], arm: str, plan: Plan, *, upto: int) -> tuple[Tally, ...]:
    """Give the counts of an arm after each day, from the first window that closed."""
    waiting = deque(sorted((row for row in rows if row.arm == arm), key=lambda row: row.day))
    found: list[Tally] = []
    persons = conversions = capped = 0
    for day in range(waiting[0].day if waiting else 1, (upto - plan.started) // DAY + 1):
        while waiting and waiting[0].day <= day:
            row = waiting.popleft()
            persons += row.persons
            conversions += row.conversions
            capped += row.capped
        if persons:
            found.append(
                Tally(
                    at=plan.started + day * DAY,
                    counted=persons,
                    conversions=conversions,
                    revenue_capped=capped,
                )
            )
    return tuple(found)
