"""Hold what Etalage says of the REES46 night against the same figures, counted another way.

In:   what was imported, what was played, and what Etalage says of both.
Out:  one `Check` per figure.
Idea: nothing here asks Etalage; it counts in the prepared file with SQL written by hand, and in what was sent.
"""  # noqa: INP001  a script, no package

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
from msgspec import Struct
from rees46_visits import Played

ACCEPTED, DUPLICATE = 17_429, 5  # of the sample's 17,434 rows; five stand there twice

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

    played: Played
    account: dict[str, Any]
    reports: list[dict[str, Any]]
    replay: dict[str, Any]
    orders: int  # different transactions among the purchases played


def checks_of(rows: int, taken: TakenOver, again: Replayed) -> list[Check]:
    """Hold every figure against an independent one."""
    played, account = again.played, again.account
    receipt = (taken.receipt["accepted"], taken.receipt["duplicate"])
    return [
        Check("import: accepted and duplicate", receipt, (ACCEPTED, DUPLICATE)),
        Check("import: received = rows of the file", taken.receipt["received"], rows),
        Check("doctor says the same as the import", taken.account["received"], rows),
        *(
            Check(f"segment {name}, against SQL by hand", taken.sizes[name], count)
            for name, count in taken.by_hand.items()
        ),
        Check("server: received = events sent", account["received"], played.sent),
        Check("server: duplicate = rows sent again", account["duplicate"], played.repeated),
        Check(
            "server: accepted = the rest", account["accepted"], played.sent - played.repeated
        ),
        *(check for report in again.reports for check in _of_report(report, again)),
        Check("decisions in the log = page views asked for", again.replay["decisions"], played.decisions),
        Check("decisions that replay to the same answer", again.replay["same"], played.decisions),
    ]  # fmt: skip


def _of_report(report: dict[str, Any], again: Replayed) -> Iterator[Check]:
    name = report["experience"]
    persons = again.played.persons(name)
    arms = {arm["variant"]: arm["triggered"] for arm in report["variants"] if arm["triggered"]}
    yield Check(f"{name}: persons triggered, per arm", dict(sorted(arms.items())), dict(sorted(persons.items())))  # fmt: skip
    yield Check(f"{name}: persons triggered, all arms", sum(arms.values()), persons.total())
    yield Check(f"{name}: orders joined", report["orders_by_way"], {"visitor": again.orders})
    claims = report["state"] in {"verified_effect", "harmful", "broken"}
    yield Check(f"{name}: claims an effect that nobody had", claims, False)


def by_hand(events: Path) -> dict[str, int]:
    """Size the segments over the prepared file, without the rows that stand there twice."""
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TEMP TABLE seen AS SELECT DISTINCT * FROM read_parquet($source)",
            {"source": str(events)},
        )
        found = {name: connection.execute(sql).fetchone() for name, sql in BY_HAND.items()}
    return {name: row[0] for name, row in found.items() if row}
