"""Real experiments replayed, `examples/asos.py`: what is called an effect stands until their end far more often."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from figures import tell

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def example() -> Iterator[ModuleType]:
    """Import the script as Python runs it: its folder comes first on the path."""
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(EXAMPLES))
        yield importlib.import_module("asos")


@pytest.fixture(scope="module")
def courses(example: ModuleType) -> Any:
    if not example.FILE.exists():
        pytest.skip(f"{example.FILE.parent.name} is not beside this checkout")
    return example.courses(example.FILE)


def test_all_real_experiments_are_replayed(example: ModuleType, courses: Any) -> None:
    goals = [course.goal for course in courses]

    # 15 of 396 have a variance or mean that is missing or 0 throughout.
    assert [goals.count(goal) for goal in example.GOALS] == [99, 94, 94, 94]


def test_first_decisions_of_ours_are_taken_back_less_often_than_those_of_the_ordinary_test(
    example: ModuleType, courses: Any
) -> None:
    by_day, by_week, ours = (example.count(courses, read) for read in example.READINGS.values())

    tell("78 real experiments (ASOS) replayed: effects called, and taken back by the end of the same experiment", "verified effects taken back 0; all at most half as often as by the ordinary test", pairs=ours.courses, verified=f"{ours.better}, taken back {ours.better_not_so}", harmful=f"{ours.worse}, taken back {ours.worse_not_so}", no_relevant_difference=f"{ours.irrelevant}, beyond 10% at the end {ours.irrelevant_not_so}", ordinary_test_daily=f"{by_day.decided}, taken back {by_day.not_so}", by_weeks=f"{by_week.decided}, taken back {by_week.not_so}")  # fmt: skip
    assert ours.better_not_so == 0 < ours.better
    assert ours.irrelevant_not_so == 0 < ours.irrelevant
    assert ours.not_so / ours.decided <= 0.5 * by_day.not_so / by_day.decided


def test_the_table_has_a_line_for_each_goal_and_way_of_reading(
    example: ModuleType, courses: Any
) -> None:
    assert example.table(courses).row_count == 15
