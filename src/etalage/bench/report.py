"""`bench report`: all reports of a shop with twenty messages after 28 days, from the log to the verdicts.

Measured: what `etalage report` does once the stores are open: who is who, the questions, and the statistics.
Floor:    one `GROUP BY experience, visitor` over the same events: nobody can say who is compared for less.

The events are made by DuckDB, not by intake: each visitor comes on one of the 28 days, meets 5 of the 20 messages,
half of them as the control, looks around, and comes back once; 3% buy, 2% had bought before.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from etalage.bench.maturity import bench_maturity
from etalage.bench.memory import peak_mb
from etalage.bench.rows import Row, row
from etalage.bench.sealed import Sealed
from etalage.domain.ids import CONTROL, ExperienceName, ShopId, VariantName
from etalage.domain.report import Plan
from etalage.domain.shop import Shop
from etalage.domain.time import DAY, ShopZone
from etalage.flow.report import asked_of
from etalage.measure.case import everything
from etalage.measure.questions import QUESTIONS, ask_staged, stages
from etalage.ports import EVENT_COLUMNS, Manifest
from etalage.store.duckdb.files import finish
from etalage.store.duckdb.warehouse import DuckdbWarehouse
from etalage.unify.batch import view_statements

MESSAGES, MET, DAYS, ZONE = 20, 5, 28, ShopZone("UTC")
SHOP = Shop(id=ShopId("bench"), name="Bench", domain="bench.example", holdout_share=0.05)


def bench_report(directory: Path, *, visitors: int) -> list[Row]:
    """Measure the reports over so many visitors."""
    first = time.time_ns() // 1000 // DAY - DAYS - 9
    now = (first + DAYS + 8) * DAY  # the last window closed a while ago
    plans = _plans(first * DAY)
    with _warehouse(directory, visitors, first) as (warehouse, events):
        floor = _floor(warehouse)
        began, worked = time.perf_counter(), time.process_time()
        reports = asked_of(warehouse, plans, SHOP, now=now)
        whole, work = time.perf_counter() - began, time.process_time() - worked
        parts = _parts(warehouse, plans, now)
    triggered = sum(arm.triggered for told in reports[:-1] for arm in told.arms)
    return [
        row("events", events, "events"),
        row("visitors", visitors, "persons"),
        row("persons compared, over all messages", triggered, "persons"),
        row("all reports", whole, "s", floor=floor),
        row("all reports, time on a core", work, "s"),
        *parts,
        *bench_maturity(),
        row("memory at most, making the events included", peak_mb(), "MB"),
    ]


def _plans(started: int) -> list[Plan]:
    half = {VariantName("a"): 0.5, CONTROL: 0.5}
    names = (ExperienceName(f"message-{number}") for number in range(MESSAGES))
    ends = started + DAYS * DAY
    messages = [Plan(name=name, started=started, shares=half, ends=ends) for name in names]
    return [*messages, everything(started=started, holdout_share=SHOP.holdout_share)]


def _floor(warehouse: DuckdbWarehouse) -> float:
    began = time.perf_counter()
    warehouse.ask(
        "SELECT count(*) FROM (SELECT experience, visitor, min(time) FROM events"
        " WHERE experience IS NOT NULL GROUP BY experience, visitor)"
    )
    return time.perf_counter() - began


def _parts(warehouse: DuckdbWarehouse, plans: list[Plan], now: int) -> list[Row]:
    """Take the same way once more, step by step."""
    rows: list[Row] = []
    with warehouse.session() as questions:
        began = time.perf_counter()
        for statement in view_statements():
            questions.prepare(statement)
        rows.append(row("of these: who is who", time.perf_counter() - began, "s"))
        for text, bound in stages(plans, currency=SHOP.currency, now=now):
            began = time.perf_counter()
            questions.prepare(text, bound)
            name = text.split(maxsplit=6)[5]
            rows.append(row(f"of these: {name}", time.perf_counter() - began, "s"))
        began = time.perf_counter()
        for question in QUESTIONS:
            questions.ask(*ask_staged(question, plans, currency=SHOP.currency, now=now))
        rows.append(row("of these: the answers", time.perf_counter() - began, "s"))
    return rows


# ---- Five weeks of events, straight into Parquet -----------------------------------------------------


@contextmanager
def _warehouse(directory: Path, visitors: int, first: int) -> Iterator[tuple[DuckdbWarehouse, int]]:
    directory.mkdir(parents=True)
    files, events = _written(directory, visitors, first)
    warehouse = DuckdbWarehouse(directory, Sealed(Manifest(events, files)), ZONE)
    try:
        yield warehouse, events
    finally:
        warehouse.close()


def _written(directory: Path, visitors: int, first: int) -> tuple[tuple[str, ...], int]:
    """Write the events as a roll would: a file per day, sorted by visitor and time."""
    columns = ", ".join(
        f'({_COLUMNS.get(name, "NULL")})::{kind} AS "{name}"'
        for name, kind in EVENT_COLUMNS.items()
    )
    engine = duckdb.connect(config={"threads": 2, "memory_limit": "2GB"})
    files, written = [], 0
    try:
        engine.execute("SET temp_directory = $aside", {"aside": str(directory)})
        for day in range(first - 10, first + DAYS + 5):
            aside = directory / f"{day}.parquet"
            told = {"day": day, "first": first, "visitors": visitors, "after": written}
            engine.execute(
                f"COPY (SELECT {columns} FROM ({_EVENTS}) ORDER BY who, happened) "
                f"TO '{aside}' (FORMAT parquet, COMPRESSION zstd)",
                told,
            )
            made = engine.execute(f"SELECT count(*) FROM '{aside}'").fetchone()
            assert made is not None  # noqa: S101  a count always has a row
            folder = directory / f"day={ZONE.date(day).isoformat()}"
            if made[0]:
                files.append(finish(aside, folder, first=written + 1, last=written + made[0]))
                written += made[0]
            else:
                aside.unlink()
    finally:
        engine.close()
    return tuple(files), written


_COLUMNS = {
    "position": "row_number() OVER () + $after",
    "id": "name || who || '-' || met",
    "name": "name",
    "time": "happened",
    "received": "happened",
    "day": "$day",
    "trust": "'confirmed'",
    "source": "'server'",
    "visitor": "md5(who::VARCHAR)",
    "lines": "[]",
    "value": "CASE WHEN name = 'purchase' THEN 1000 + hash(who) % 9000 END",
    "currency": "CASE WHEN name = 'purchase' THEN 'EUR' END",
    "transaction": "CASE WHEN name = 'purchase' THEN 'T-' || who || '-' || happened END",
    "device": "CASE hash(who * 5) % 3 WHEN 0 THEN 'desktop' ELSE 'phone' END",
    "experience": "experience",
    "arm": "arm",
    "propensity": "CASE arm WHEN 'holdout' THEN 50000 WHEN 'open' THEN 950000 ELSE 500000 END",
    "policy": "CASE WHEN experience IS NOT NULL THEN '1' END",
    "decided": "CASE WHEN experience IS NOT NULL THEN decided END",
    "properties": "CASE name WHEN 'decision' THEN properties ELSE '{}' END",
    "purposes": "['device', 'measure', 'personalise']",
    "epoch": "1",
}
# Who comes on this day does what `here` says; who came earlier comes back, and some buy.
_EVENTS = """
WITH everybody AS (
    SELECT
        who,
        $first + hash(who) % 28 AS came,
        hash(who * 3 + 1) % 20 AS begins,
        (hash(who * 7 + 2) % 80000000000)::BIGINT AS later,
        CASE hash(who * 11 + 3) % 20 WHEN 0 THEN 'holdout' ELSE 'open' END AS held,
        hash(who * 13 + 4) % 100 AS luck
    FROM range($visitors) AS numbers(who)
),
moments AS (
    SELECT
        who, met, began AS decided,
        'message-' || ((begins + met * 3) % 20) AS experience,
        CASE WHEN held = 'holdout' THEN held WHEN hash(who * 17 + met) % 2 = 0 THEN 'a' ELSE 'control' END AS arm,
        began + (met + 1) * 1000000 AS happened
    FROM (SELECT *, $day * 86400000000 + later AS began FROM everybody WHERE came = $day), range(5) AS numbers(met)
)
SELECT who, met, 'triggered' AS name, happened, experience, arm, decided, NULL AS properties FROM moments
UNION ALL
SELECT who, met, 'view_promotion', happened, experience, arm, decided, NULL FROM moments WHERE arm = 'a'
UNION ALL
SELECT
    who, 0, 'decision', $day * 86400000000 + later, '@holdout', held, $day * 86400000000 + later,
    '{"matched": "' || CASE WHEN luck < 40 THEN 'lookers' ELSE 'lookers returning' END
        || '", "phase": "' || CASE luck % 3 WHEN 0 THEN 'awareness' ELSE 'consideration' END || '"}'
FROM everybody WHERE came = $day
UNION ALL
SELECT who, met, 'page_view', $day * 86400000000 + later + met * 60000000, NULL, NULL, NULL, NULL
FROM everybody, range(3) AS numbers(met)
WHERE came = $day OR (came = $day - 3 AND met = 0)
UNION ALL
SELECT who, 0, 'purchase', $day * 86400000000 + later + 300000000, NULL, NULL, NULL, NULL
FROM everybody
WHERE (luck < 3 AND came = $day - 1) OR (luck BETWEEN 2 AND 3 AND came = $day + 8)
"""
