"""The question that engagement is counted with: its chance beside SciPy's, and how often it is wrong."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import nbinom

from etalage.segment.engagement import question

TODAY, PAST, LATELY = 1_000, 168, 28
PERSONS = 1_000


def asked(days: dict[str, NDArray[np.int64]], most: int = 50_000) -> dict[str, tuple[int, int]]:
    """Ask of persons who came on these days; give engagement and certainty of those it names, in millionths."""
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE known_events (person TEXT, visitor TEXT, epoch BIGINT, name TEXT, day INT, time BIGINT, "
            "id TEXT, properties TEXT)"
        )
        rows = [(who, who, 1, "page_view", int(d), int(d), f"{who}-{d}", "{}") for who in days for d in days[who]]  # fmt: skip
        table = {name: [row[i] for row in rows] for i, name in enumerate(["person", "visitor", "epoch", "name", "day", "time", "id", "properties"])}  # fmt: skip
        for start in range(0, len(rows), 50_000):
            part = {name: values[start : start + 50_000] for name, values in table.items()}
            marks = ", ".join(f"unnest(${name})" for name in part)
            connection.execute(f"INSERT INTO known_events SELECT {marks}", part)
        found = connection.execute(question(), {"today": TODAY, "most": most}).fetchall()
    return {str(row[0]): (row[3], row[4]) for row in found}


def steady(dice: np.random.Generator, rate: float, *, lately: float) -> NDArray[np.int64]:
    """Draw the days of somebody who came at one rate, and then at another."""
    past = np.flatnonzero(dice.random(PAST) < rate) + TODAY - LATELY - PAST
    now = np.flatnonzero(dice.random(LATELY) < lately) + TODAY - LATELY
    return np.concatenate([past, now])


def test_the_certainty_is_that_of_the_negative_binomial() -> None:
    """Forty days after the first in 139, and then one in 28: scipy.stats.nbinom says how likely that is."""
    before = np.append(np.linspace(TODAY - 160, TODAY - 30, 40, dtype=np.int64), TODAY - 168)
    (found,) = asked({"her": np.append(before, TODAY - 5)}).values()

    since = TODAY - 29 - (TODAY - 168)
    expected = 1 - nbinom.cdf(1, 40.5, since / (since + 28))
    assert found[0] == pytest.approx(1e6 / (40 * 28 / since), abs=5_000)
    assert found[1] == pytest.approx(1e6 * expected, abs=600)


@pytest.mark.parametrize("rate", [0.05, 0.15, 0.4])
def test_of_people_who_come_as_ever_few_are_named(rate: float) -> None:
    dice = np.random.default_rng(9)
    people = {str(n): steady(dice, rate, lately=rate) for n in range(PERSONS)}

    assert len(asked(people)) <= 0.05 * PERSONS


def test_of_people_who_came_twice_a_week_and_stay_away_nearly_all_are_named() -> None:
    dice = np.random.default_rng(9)
    people = {str(n): steady(dice, 2 / 7, lately=0.0) for n in range(PERSONS)}

    found = asked(people)

    assert len(found) >= 0.99 * PERSONS
    assert {engagement for engagement, _ in found.values()} == {0}


def test_of_newcomers_and_of_who_comes_seldom_nothing_is_said() -> None:
    lately = np.arange(TODAY - 40, TODAY - 29)
    seldom = np.array([TODAY - 150, TODAY - 100, TODAY - 60])

    assert asked({"new": lately, "seldom": seldom}) == {}


def test_a_night_writes_a_bounded_number_of_people() -> None:
    days = np.arange(TODAY - 100, TODAY - 28, 3)

    assert sorted(asked({str(n): days for n in range(9)}, most=4)) == ["0", "1", "2", "3"]
