"""`bench report`, one check: from the sums of each day to the verdict on one variant beside its control.

Measured: `measure.maturity.judge` over all daily looks: 28 of a message without an end, 35 of a pilot; and of a pilot
          the day on which a boundary must be worked out that nobody asked for yet.
Floor:    the plain difference with its error at each of the same looks.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from etalage.bench.rows import Row, row
from etalage.domain.time import DAY
from etalage.measure.maturity import Look, Rules, judge
from etalage.measure.statistics.arms import difference, proportion

A_DAY = 1_000  # persons, in each arm
WINDOW = 7  # days
TIMES = 30  # the best of so many
NEW = 12  # pilots of which no boundary is known


def bench_maturity() -> list[Row]:
    """Measure one check, in process time."""
    open_ended, pilot = Rules(planned=56_000), Rules(planned=56_000, last_day=35)
    month, whole = _looks(28 + WINDOW), _looks(35)
    return [
        row(
            "one check of 28 daily looks, open-ended",
            1e3 * _best(lambda: judge(month, open_ended)),
            "ms",
            floor=1e3 * _best(lambda: _plain(month)),
        ),
        row(
            "one check of a pilot at its end, boundaries known",
            1e3 * _best(lambda: judge(whole, pilot)),
            "ms",
            floor=1e3 * _best(lambda: _plain(whole)),
        ),
        row("one check of a pilot on a new day", 1e3 * _on_a_new_day(pilot, 34, A_DAY), "ms"),
        row(
            "one check of a pilot on a new weekly look",
            1e3 * _on_a_new_day(pilot, 28, A_DAY + NEW),
            "ms",
        ),
    ]


def _on_a_new_day(rules: Rules, day: int, smallest: int) -> float:
    """Take the median over pilots of other sizes, each judged up to the day before."""
    taken = []
    for number in range(NEW):
        looks = _looks(day, a_day=smallest + 1 + number)
        judge(looks[:-1], rules)
        began = time.process_time()
        judge(looks, rules)
        taken.append(time.process_time() - began)
    return sorted(taken)[NEW // 2]


def _best(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(TIMES):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def _plain(looks: list[Look]) -> None:
    for look in looks:
        difference(look.treated, look.control)


def _looks(days: int, *, a_day: int = A_DAY) -> list[Look]:
    """Draw what daily looks show where there is no effect; the planned end is day 35."""
    rng = random.Random(6)  # noqa: S311  drawn again the same, not secret
    looks, treated, control = [], 0, 0
    for day in range(WINDOW + 1, days + 1):
        n = a_day * (day - WINDOW)
        treated += round(rng.gauss(0.03 * a_day, (0.03 * a_day) ** 0.5))
        control += round(rng.gauss(0.03 * a_day, (0.03 * a_day) ** 0.5))
        looks.append(
            Look(
                at=day * DAY,
                day=day,
                treated=proportion(n, treated),
                control=proportion(n, control),
                least_conversions=min(treated, control),
                final=day == 35,  # noqa: PLR2004
            )
        )
    return looks
