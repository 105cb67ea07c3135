"""`bench segments`: the size of a segment over many events, against the same question written by hand.

Measured: `size_sql` of three trees on DuckDB over a month of daily Parquet, after who is known and who is a program
          was worked out, which is a figure of its own.
Floor:    what somebody who knows SQL would write over the same views, `known_people` and `known_events`; and the
          same over the bare table `events`, which leaves out who is linked to whom and what she allowed. All three
          must give the same number, or there is nothing to compare.

The events are made by DuckDB, not by intake, a day at a time: 50 to a person, all people allow everything and none
is linked.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from msgspec import Struct

from etalage.bench.memory import peak_mb
from etalage.bench.rows import Row, row
from etalage.bench.sealed import Sealed
from etalage.domain.time import ShopZone
from etalage.errors import Conflict
from etalage.ports import EVENT_COLUMNS, Manifest, Questions
from etalage.segment.parse import parse
from etalage.segment.sql import PROGRAMS, programs_statement, size_sql
from etalage.store.duckdb.files import finish
from etalage.store.duckdb.warehouse import DuckdbWarehouse
from etalage.unify.batch import view_statements

EVENTS_EACH, DAYS, ZONE = 50, 30, ShopZone("Europe/Amsterdam")
TURNS = 3  # of each question, in turns; the median counts


class Asked(Struct, frozen=True):
    """A question three ways. `{events}` and `{who}` stand for the table, and the column of whom to count."""

    name: str
    tree: object
    by_hand: str


QUESTIONS = (
    Asked(
        "viewed 3x, not bought",
        {
            "all": [
                {"did": "view_item", "times": {"at_least": 3}, "within": "7d"},
                {"not": {"did": "purchase", "within": "30d"}},
            ]
        },
        """SELECT count(*) FROM (
             SELECT {who} FROM {events} WHERE name IN ('view_item', 'purchase') AND day > $today - 30
             AND day <= $today GROUP BY {who}
             HAVING count(*) FILTER (name = 'view_item' AND day > $today - 7) >= 3
             AND count(*) FILTER (name = 'purchase') = 0)""",
    ),
    Asked(
        "viewed in a category",
        {"did": "view_item", "where": {"category": {"under": "Afdeling 3"}}, "within": "14d"},
        """SELECT count(DISTINCT {who}) FROM {events}
           WHERE name = 'view_item' AND day > $today - 14 AND day <= $today
           AND len(list_filter(lines, lambda line: line.category = 'Afdeling 3'
               OR starts_with(line.category, 'Afdeling 3 > '))) > 0""",
    ),
    Asked(
        "bought for 200 euro",
        {"did": "purchase", "sum": {"at_least": 200}, "within": "30d"},
        """SELECT count(*) FROM (
             SELECT {who} FROM {events} WHERE name = 'purchase' AND day > $today - 30 AND day <= $today
             GROUP BY {who} HAVING sum(value) FILTER (currency = 'EUR') >= 20000)""",
    ),
)


def bench_segments(directory: Path, *, events: int) -> list[Row]:
    """Measure three questions over so many events."""
    now = time.time_ns() // 1000
    with _warehouse(directory, events, now) as warehouse, warehouse.session() as questions:
        began = time.perf_counter()
        for statement in (*view_statements(), programs_statement()):
            questions.prepare(statement)
        prepared = (time.perf_counter() - began) * 1e3
        rows = [
            row("events", events, "events"),
            row("people", people_among(events), "people"),
            row("who is known, once a session", prepared, "ms"),
        ]
        for asked in QUESTIONS:
            rows += _rows(asked, questions, now)
    return [*rows, row("memory at most, making the events included", peak_mb(), "MB")]


def _rows(asked: Asked, questions: Questions, now: int) -> list[Row]:
    node = parse(asked.tree, known={}, currency="EUR")
    made = size_sql(node, zone=ZONE, currency="EUR", now=now, programs=PROGRAMS)
    today = {"today": ZONE.day(now)}
    ways: list[tuple[str, dict[str, object]]] = [
        (made.sql, made.parameters),
        (asked.by_hand.format(who="person", events="known_events"), dict(today)),
        (asked.by_hand.format(who="visitor", events="events"), dict(today)),
    ]
    found: list[set[object]] = [set() for _ in ways]
    seconds: list[list[float]] = [[] for _ in ways]
    for _ in range(TURNS):
        for number, (sql, parameters) in enumerate(ways):
            began = time.perf_counter()
            answer = questions.ask(sql, parameters)
            seconds[number].append(time.perf_counter() - began)
            found[number].add(answer.rows[0][0])
    if len(set.union(*found)) != 1:
        raise Conflict(f"'{asked.name}' has several answers: {found}")
    ours, by_hand, bare = (statistics.median(times) * 1e3 for times in seconds)
    return [
        row(f"{asked.name}: against SQL by hand", ours, "ms", floor=by_hand),
        row(f"{asked.name}: against SQL without people", ours, "ms", floor=bare),
        row(f"{asked.name}: people", float(str(found[0].pop())), "people"),
    ]


# ---- A month of events, straight into Parquet --------------------------------------------------------


@contextmanager
def _warehouse(directory: Path, events: int, now: int) -> Iterator[DuckdbWarehouse]:
    directory.mkdir(parents=True)
    files = _written(directory, events, now)
    warehouse = DuckdbWarehouse(
        directory, Sealed(Manifest(events + people_among(events), files)), ZONE
    )
    try:
        yield warehouse
    finally:
        warehouse.close()


def _written(directory: Path, events: int, now: int) -> tuple[str, ...]:
    """Write the events as a roll would: a file per shop day, sorted by visitor and time."""
    today = ZONE.day(now)
    first, people = today - DAYS, people_among(events)
    columns = ", ".join(
        f'{_quoted(name) if name in _COLUMNS else "NULL"}::{kind} AS "{name}"'
        for name, kind in EVENT_COLUMNS.items()
    )
    engine = duckdb.connect(config={"threads": 2, "memory_limit": "2GB"})
    try:
        engine.execute("SET temp_directory = $aside", {"aside": str(directory)})
        files = [_day(engine, directory, columns, _CONSENTS, first, first, (0, people), people)]
        for day in range(first + 1, today):
            done = (day - first - 1) * events // (DAYS - 1), (day - first) * events // (DAYS - 1)
            files.append(_day(engine, directory, columns, _ACTS, day, first, done, people))
    finally:
        engine.close()
    return tuple(files)


def _quoted(name: str) -> str:
    return f'"{name}"'


def _day(
    engine: duckdb.DuckDBPyConnection,
    directory: Path,
    columns: str,
    made: str,
    day: int,
    first: int,
    numbers: tuple[int, int],
    people: int,
) -> str:
    aside = directory / f"{day}.parquet"
    told = {
        "after": numbers[0],
        "upto": numbers[1],
        "people": people,
        "day": day,
        "start": ZONE.start(day),
        "epoch": ZONE.start(first),
    }
    engine.execute(
        f'COPY (SELECT {columns} FROM ({made}) ORDER BY visitor, "time", id) '
        f"TO '{aside}' (FORMAT parquet, COMPRESSION zstd)",
        told,
    )
    folder = directory / f"day={ZONE.date(day).isoformat()}"
    return finish(aside, folder, first=1, last=people + numbers[1])


_COLUMNS = frozenset(
    "position id name time received day trust source visitor lines value currency transaction "
    "properties purposes epoch device".split()
)
_SAME = """'confirmed' AS trust, 'server' AS source, 'phone' AS device, 'e-' || position AS id,
    ['device', 'measure', 'personalise'] AS purposes, $epoch AS epoch, "time" AS received, $day AS day"""
# A consent of everybody on the first day;
_CONSENTS = f"""
SELECT *, {_SAME} FROM (
    SELECT who + 1 AS position, $start AS "time", md5(who::VARCHAR) AS visitor, 'consent' AS name, [] AS lines,
        NULL AS value, NULL AS currency, NULL AS transaction,
        '{{"device": true, "measure": true, "personalise": true}}' AS properties
    FROM range($after, least($upto, $people)) AS everybody(who))
"""
# then 80% views, 16% carts, 4% purchases at moments spread by a hash.
_ACTS = f"""
SELECT *, {_SAME} FROM (
    SELECT i + $people + 1 AS position, $start + later AS "time", md5(who::VARCHAR) AS visitor,
        CASE WHEN kind < 80 THEN 'view_item' WHEN kind < 96 THEN 'add_to_cart' ELSE 'purchase' END AS name,
        [{{'product': 'P-' || product, 'quantity': 1::BIGINT, 'price': (995 + product * 3)::BIGINT,
          'category': 'Afdeling ' || (product % 25) || ' > Soort ' || (product // 25 % 4), 'brand': 'Merk',
          'size': NULL::VARCHAR}}] AS lines,
        (995 + product * 3)::BIGINT AS value, 'EUR' AS currency,
        CASE WHEN kind >= 96 THEN 'T-' || i END AS transaction, '{{}}' AS properties
    FROM (
        SELECT i, hash(i) % 100 AS kind, hash(i * 7 + 1) % $people AS who, hash(i * 13 + 2) % 5000 AS product,
            (hash(i * 37 + 4) % 82800000000)::BIGINT AS later
        FROM range($after, $upto) AS numbers(i)))
"""


def people_among(events: int) -> int:
    """Give how many people did so many events."""
    return max(1_000, events // EVENTS_EACH)
