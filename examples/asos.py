"""Real experiments judged day by day: how many first decisions does the end of the same experiment take back.

In:   the ASOS Digital Experiments Dataset (78 experiments of a fashion shop, 99 variants, four goals; Liu et al.,
      NeurIPS 2021) in ../shared/data: persons, mean and variance per arm, every 12 or 24 hours.
Out:  a table: the ordinary 95% test read daily, the same read by whole weeks, and the product's own verdicts.
Idea: nobody knows the truth of these experiments. But a decision that its own experiment takes back was made too
      early, whoever is right in the end. What the ordinary test says at the last look is the yardstick for all
      three, although it favours the first two.

    python examples/asos.py [FILE] [--precision 0.01]
"""  # noqa: INP001  a script, no package

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from math import ceil, isfinite
from pathlib import Path
from typing import Literal

import duckdb
import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from etalage.domain.report import State
from etalage.domain.time import DAY
from etalage.measure.maturity import LEAST_DAYS, Look, Rules, judge
from etalage.measure.statistics.arms import Mean, difference
from etalage.measure.statistics.interval import ALPHA

HERE = Path(__file__).resolve().parent
FILE = HERE.parents[1] / "shared" / "data" / "ab_asos" / "experiments.parquet"
GOALS = {1: "1 yes or no", 2: "2 count", 3: "3 count", 4: "4 amount"}
PLANNED_DAYS = 28  # N* is fixed at the start: what so many days bring at the pace of the first look
ORDINARY = 1.96
MATTERS = 0.10  # a lift within +-10% is no relevant difference
WIDTH = 120  # characters

Decision = Literal["better", "worse", "irrelevant"]
MEANS: dict[State, Decision] = {
    "verified_effect": "better",
    "harmful": "worse",
    "no_relevant_difference": "irrelevant",
}

QUERY = """
    SELECT
        experiment_id AS experiment, variant_id AS variant, metric_id AS goal, time_since_start AS days,
        count_t, mean_t, variance_t, count_c, mean_c, variance_c,
        count(DISTINCT variant_id) OVER (PARTITION BY experiment_id) AS variants
    FROM read_parquet(?)
    ORDER BY experiment, variant, goal, days
"""


class Row(Struct, frozen=True):
    """What was known of one variant, its control and one goal at one moment."""

    experiment: str
    variant: int
    goal: int
    days: float
    count_t: float
    mean_t: float | None
    variance_t: float | None
    count_c: float
    mean_c: float | None
    variance_c: float | None
    variants: int

    def look(self) -> Look | None:
        """Give it as the product knows it; None where a figure is missing or nobody did anything yet."""
        treated = _mean(self.count_t, self.mean_t, self.variance_t)
        control = _mean(self.count_c, self.mean_c, self.variance_c)
        if treated is None or control is None:
            return None
        return Look(
            at=round(self.days * DAY),
            day=ceil(self.days - 0.01),  # times are written as 1.5000000000000002
            treated=treated,
            control=control,
            least_conversions=min(_converted(treated), _converted(control)),
        )


def _mean(count: float, mean: float | None, variance: float | None) -> Mean | None:
    if mean is None or variance is None or not (isfinite(mean) and variance > 0 and count > 1):
        return None
    return Mean(n=round(count), mean=mean, variance=variance)


def _converted(mean: Mean) -> int:
    """Give how many did something at the least: (sum)^2 / sum of squares, exact where the goal is yes or no."""
    return int(mean.n * mean.mean**2 / (mean.variance + mean.mean**2))


class Course(Struct, frozen=True):
    """One variant beside its control, in one goal: the last known figures of each day."""

    goal: int
    looks: tuple[Look, ...]
    rules: Rules

    @property
    def end(self) -> Decision | None:
        """Say what the ordinary test says at the last look; None = nothing."""
        return _by_ordinary_test(self.looks[-1])

    @property
    def end_lift(self) -> float:
        """Give the lift at the last look."""
        last = self.looks[-1]
        return last.treated.mean / last.control.mean - 1


def courses(file: Path, precision: float = MATTERS) -> list[Course]:
    """Read all experiments, as daily looks."""
    found = duckdb.execute(QUERY, [str(file)])
    names = [column[0] for column in found.description]
    rows = [Row(**dict(zip(names, row, strict=True))) for row in found.fetchall()]
    grouped = groupby(rows, key=lambda row: (row.experiment, row.variant, row.goal))
    made = (_course(list(of_one), precision) for _, of_one in grouped)
    return [course for course in made if course]


def _course(rows: Sequence[Row], precision: float) -> Course | None:
    """Keep the last look of each day; None where there is none."""
    by_day = {look.day: look for row in rows if (look := row.look())}
    if not by_day:
        return None
    looks = list(by_day.values())
    looks[-1] = msgspec.structs.replace(looks[-1], final=True)
    pace = looks[0].n / looks[0].day
    return Course(
        goal=rows[0].goal,
        looks=tuple(looks),
        rules=Rules(
            planned=PLANNED_DAYS * pace, alpha=ALPHA / rows[0].variants, precision=precision
        ),
    )


# ---- Three ways of reading ----------------------------------------------------------------------------


def daily(course: Course) -> Iterator[Decision]:
    """Read the ordinary test every day, as most people do."""
    return filter(None, map(_by_ordinary_test, course.looks))


def weekly(course: Course) -> Iterator[Decision]:
    """Read it patiently: by whole weeks, from the fourteenth day on."""
    whole = (look for look in course.looks if look.is_weekly and look.day >= LEAST_DAYS)
    return filter(None, map(_by_ordinary_test, whole))


def ours(course: Course) -> Iterator[Decision]:
    """Let the product judge what was known after each day."""
    for known in range(1, len(course.looks) + 1):
        state = judge(course.looks[:known], course.rules).state
        if state in MEANS:
            yield MEANS[state]


def _by_ordinary_test(look: Look) -> Decision | None:
    found = difference(look.treated, look.control)
    if abs(found.estimate) <= ORDINARY * found.error:
        return None
    return "better" if found.estimate > 0 else "worse"


Reading = Callable[[Course], Iterator[Decision]]
READINGS: dict[str, Reading] = {
    "ordinary test, daily": daily,
    "ordinary test, by weeks": weekly,
    "Etalage": ours,
}


# ---- The table ----------------------------------------------------------------------------------------

COLUMNS = ("pairs", "better", "taken back", "worse", "taken back", "sign turned", "no difference", "taken back")  # fmt: skip


class Counted(Struct):
    """What one way of reading decided first, and what became of it."""

    courses: int = 0
    better: int = 0
    better_not_so: int = 0  # the last look does not say so any more
    worse: int = 0
    worse_not_so: int = 0
    turned: int = 0  # of both: at the end the difference lies on the other side
    irrelevant: int = 0
    irrelevant_not_so: int = 0  # at the end the lift is larger than what matters

    @property
    def decided(self) -> int:
        """Count what was called an effect."""
        return self.better + self.worse

    @property
    def not_so(self) -> int:
        """Count those that did not stand."""
        return self.better_not_so + self.worse_not_so

    def add(self, course: Course, first: Decision | None) -> None:
        """Count one course and its first decision."""
        self.courses += 1
        stands = first == course.end
        if first == "better":
            self.better += 1
            self.better_not_so += not stands
            self.turned += course.end_lift < 0
        elif first == "worse":
            self.worse += 1
            self.worse_not_so += not stands
            self.turned += course.end_lift > 0
        elif first == "irrelevant":
            self.irrelevant += 1
            self.irrelevant_not_so += abs(course.end_lift) > course.rules.precision


def count(of: Iterable[Course], read: Reading) -> Counted:
    """Count first decisions; whoever decides, acts, and does not wait for another one."""
    counted = Counted()
    for course in of:
        counted.add(course, next(read(course), None))
    return counted


def table(of: Sequence[Course]) -> Table:
    """Set the three ways of reading beside each other, per goal and for all."""
    shown = Table(title="First decisions, and how many the end of the same experiment takes back")
    for column in ("goal", "read"):
        shown.add_column(column, no_wrap=True)
    for column in COLUMNS:
        shown.add_column(column, justify="right")
    parts = {GOALS[goal]: [c for c in of if c.goal == goal] for goal in GOALS} | {"all": of}
    for goal, some in parts.items():
        for name, read in READINGS.items():
            shown.add_row(goal, name, *map(str, _cells(count(some, read))))
        shown.add_section()
    return shown


def _cells(c: Counted) -> tuple[int, ...]:
    return (
        c.courses,
        c.better,
        c.better_not_so,
        c.worse,
        c.worse_not_so,
        c.turned,
        c.irrelevant,
        c.irrelevant_not_so,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, default=FILE)
    parser.add_argument("--precision", type=float, default=MATTERS, help="lift that matters")
    given = parser.parse_args()
    console = Console()
    console.width = max(console.width, WIDTH)
    console.print(table(courses(given.file, given.precision)))


if __name__ == "__main__":
    main()
