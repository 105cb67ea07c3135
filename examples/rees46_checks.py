"""Hold what Etalage says of the REES46 night against the same figures, counted another way.

In:   what was imported, what was played, and what Etalage says of both.
Out:  one `Check` per figure.
Idea: nothing here asks Etalage; it counts in the prepared file with SQL written by hand, and in what was sent.
"""  # noqa: INP001  a script, no package

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
from msgspec import Struct
from rees46_visits import Played, Row

ACCEPTED, DUPLICATE = 17_429, 5  # of the sample's 17,434 rows; five stand there twice
GOALS = {
    "back-to-phones": "purchase",
    "popular-here": "add_to_cart",
}  # as in rees46/experiences.yaml

# What three of the segments say, written by hand over the prepared file. Each: one number.
BY_HAND = {
    "phone-doubters": """
        SELECT count(*) FROM (
            SELECT user_pseudo_id FROM seen GROUP BY ALL
            HAVING count_if(event_name = 'view_item' AND (item_category = 'electronics > smartphone'
                    OR starts_with(item_category, 'electronics > smartphone > '))) >= 3
                AND count_if(event_name = 'purchase') = 0)""",
    "big-spenders": """
        SELECT count(*) FROM (
            SELECT user_pseudo_id FROM seen WHERE event_name = 'purchase' GROUP BY ALL
            HAVING sum(value::DECIMAL(18, 2)) >= 500)""",
    # A session of ours: events of one visitor with no gap above 30 minutes, whatever the sample calls a session.
    "cart-to-order": """
        WITH marked AS (
            SELECT *, coalesce(event_timestamp - lag(event_timestamp) OVER one > 1800000000, true) AS opens
            FROM seen WINDOW one AS (PARTITION BY user_pseudo_id ORDER BY event_timestamp, id)),
        visit AS (
            SELECT *, count_if(opens) OVER (PARTITION BY user_pseudo_id ORDER BY event_timestamp, id) AS number
            FROM marked)
        SELECT count(DISTINCT cart.user_pseudo_id)
        FROM visit cart JOIN visit bought USING (user_pseudo_id, number)
        WHERE cart.event_name = 'add_to_cart' AND bought.event_name = 'purchase'
            AND (cart.event_timestamp, cart.id) < (bought.event_timestamp, bought.id)""",
}


class Check(Struct, frozen=True):
    """A figure of Etalage beside the same figure, counted another way."""

    what: str
    found: Any
    counted: Any

    @property
    def holds(self) -> bool:
        """Whether both are the same."""
        return bool(self.found == self.counted)


class TakenOver(Struct, frozen=True):
    """What the import and the segments said."""

    receipt: dict[str, Any]
    account: dict[str, Any]
    sizes: dict[str, int]
    by_hand: dict[str, int]


class Replayed(Struct, frozen=True):
    """What was played, and what Etalage says of it."""

    rows: list[Row]
    played: Played
    account: dict[str, Any]
    reports: list[dict[str, Any]]
    replay: dict[str, Any]


class Arm(Struct, frozen=True):
    """What the persons of one arm did after their moment came."""

    persons: int = 0
    conversions: int = 0
    orders: int = 0
    revenue: int = 0  # cents


def checks_of_import(rows: int, taken: TakenOver) -> list[Check]:
    """Hold the import and the segments against the prepared file."""
    receipt = (taken.receipt["accepted"], taken.receipt["duplicate"])
    sizes = taken.sizes
    return [
        Check("import: received = rows of the file", taken.receipt["received"], rows),
        Check("import: accepted and duplicate", receipt, (ACCEPTED, DUPLICATE)),
        Check("import: received, as doctor says", taken.account["received"], rows),
        *(Check(f"segment {name}", sizes[name], count) for name, count in taken.by_hand.items()),
    ]


def checks_of_night(again: Replayed) -> list[Check]:
    """Hold the account, the reports and the decisions against what was sent."""
    played, account, replay = again.played, again.account, again.replay
    accepted = played.sent - played.repeated
    return [
        _about("server: received = events sent", account["received"], played.sent, again),
        _about("server: duplicate = rows sent again", account["duplicate"], played.repeated, again),
        Check("server: accepted = the rest", account["accepted"], accepted),
        *(check for report in again.reports for check in _of_report(report, again)),
        _about("decisions logged = page views", replay["decisions"], played.decisions, again),
        Check("decisions that replay the same", replay["same"], replay["decisions"]),
    ]


def _about(what: str, found: int, counted: int, again: Replayed) -> Check:
    """Hold two figures equal, but for what was asked twice: nobody but the server knows if the first got there."""
    most = counted + again.played.asked_again
    return Check(what, found, found if counted <= found <= most else counted)


def _of_report(report: dict[str, Any], again: Replayed) -> Iterator[Check]:
    name = report["experience"]
    counted = arms_of(name, again.rows, again.played)
    told = {
        arm["variant"]: Arm(
            arm["triggered"], arm["conversions"], arm["orders"], round(100 * arm["revenue"])
        )
        for arm in report["variants"]
    }
    for arm in sorted(told.keys() | counted.keys()):
        found, expected = told.get(arm, Arm()), counted.get(arm, Arm())
        yield Check(f"{name}, {arm}: persons triggered", found.persons, expected.persons)
        yield Check(f"{name}, {arm}: conversions", found.conversions, expected.conversions)
        yield Check(
            f"{name}, {arm}: orders, cents",
            (found.orders, found.revenue),
            (expected.orders, expected.revenue),
        )
    orders = {row.transaction for row in again.rows if row.name == "purchase"}
    yield Check(f"{name}: orders joined", report["orders_by_way"], {"visitor": len(orders)})
    claims = report["state"] in {"verified_effect", "harmful"}
    yield Check(f"{name}: claims an effect", claims, False)


def arms_of(experience: str, rows: Iterable[Row], played: Played) -> dict[str, Arm]:
    """Count per arm what the sample did from the moment the experience came to each visitor.

    All windows reach beyond the end of the sample, so every later event lies within one.
    """
    arms = {
        visitor: entered
        for (name, visitor), entered in played.entered.items()
        if name == experience
    }
    converted: dict[str, set[str]] = {entered.arm: set() for entered in arms.values()}
    orders: Counter[str] = Counter()
    revenue: Counter[str] = Counter()
    for row in rows:
        entered = arms.get(row.visitor)
        if entered is None or row.time < entered.time or row.is_repeated:
            continue
        if row.name == GOALS[experience]:
            converted[entered.arm].add(row.visitor)
        if row.name == "purchase":
            orders[entered.arm] += 1
            revenue[entered.arm] += round(100 * (row.value or 0))
    persons = Counter(entered.arm for entered in arms.values())
    return {
        arm: Arm(persons[arm], len(converted[arm]), orders[arm], revenue[arm]) for arm in persons
    }


def by_hand(events: Path) -> dict[str, int]:
    """Size the segments over the prepared file, without the rows that stand there twice."""
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TEMP TABLE seen AS SELECT DISTINCT * FROM read_parquet($source)",
            {"source": str(events)},
        )
        found = {name: connection.execute(sql).fetchone() for name, sql in BY_HAND.items()}
    return {name: row[0] for name, row in found.items() if row}
