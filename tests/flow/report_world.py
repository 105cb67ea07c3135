"""Small worlds in DuckDB: events written by hand, and all questions of a report asked about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from tempfile import NamedTemporaryFile

import duckdb
import msgspec

from etalage.domain.report import ExperienceReport, Plan
from etalage.domain.time import DAY
from etalage.measure.case import Shop
from etalage.measure.questions import ASKED, Answers, answers, ask_staged, stages
from etalage.measure.report import report
from etalage.ports import EVENT_COLUMNS
from etalage.unify.batch import view_statements

START = 1_780_000_000_000_000
NOW = START + 20 * DAY

Fields = dict[str, object]


def event(name: str, visitor: str | None, days: float, **fields: object) -> Fields:
    """Make an event of this browser, so many days after the start."""
    given = {"trust": "signed", "source": "browser", "purposes": ["measure", "personalise"]}
    time = START + round(days * DAY)
    return {"name": name, "visitor": visitor, "time": time, "received": time, **given, **fields}


def moment(
    visitor: str, days: float, arm: str, name: str = "triggered", **fields: object
) -> Fields:
    shown: Fields = {"experience": "welcome", "arm": arm, "policy": "1", "propensity": 500_000}
    return event(name, visitor, days, **{**shown, **fields})


def order(
    visitor: str | None, days: float, number: str, value: int | None, **fields: object
) -> Fields:
    given: Fields = {"trust": "confirmed", "source": "server", "currency": "EUR", "purposes": []}
    return event("purchase", visitor, days, transaction=number, value=value, **{**given, **fields})


def decided(visitor: str, days: float, arm: str = "open") -> Fields:
    """Let the page ask for messages: her arm of the shop's holdout is in the log, whatever came of it."""
    share = 950_000 if arm == "open" else 50_000
    drawn: Fields = {"experience": "@holdout", "arm": arm, "policy": "h", "propensity": share}
    return event("decision", visitor, days, source="engine", trust="confirmed", **drawn)


def link(visitor: str, customer: str) -> Fields:
    return event("identify", visitor, 0.1, customer=customer)


def warehouse(world: Iterable[Mapping[str, object]]) -> duckdb.DuckDBPyConnection:
    """Fill the table `events` and put the views of unify on it."""
    connection = duckdb.connect()
    columns = ", ".join(f'"{name}" {kind}' for name, kind in EVENT_COLUMNS.items())
    connection.execute(f"CREATE TABLE events ({columns})")
    same = {"properties": "{}", "epoch": 0}
    lines = [
        msgspec.json.encode({"position": position, "id": f"e-{position:04}", **same, **fields})
        for position, fields in enumerate(world, start=1)
    ]
    with NamedTemporaryFile(suffix=".ndjson") as file:
        file.write(b"\n".join(lines))
        file.flush()
        kinds = ", ".join(f"'{name}': '{kind}'" for name, kind in EVENT_COLUMNS.items())
        connection.execute(
            "INSERT INTO events BY NAME SELECT * FROM read_json($file, format = 'newline_delimited',"
            f" columns = {{{kinds}}})",
            {"file": file.name},
        )
    for statement in view_statements():
        connection.execute(statement)
    return connection


def asked(world: Iterable[Mapping[str, object]], plans: list[Plan], now: int = NOW) -> Answers:
    """Ask all questions about a world, as a report does: what they share is worked out once."""
    with warehouse(world) as connection:
        for text, parameters in stages(plans, currency="EUR", now=now):
            connection.execute(text, parameters)
        return answers(
            {
                question: rows(connection, *ask_staged(question, plans, currency="EUR", now=now))
                for question in ASKED
            }
        )


def rows(
    connection: duckdb.DuckDBPyConnection, text: str, parameters: Mapping[str, object]
) -> list[Fields]:
    """Ask one question."""
    found = connection.execute(text, dict(parameters))
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def reported(
    world: Iterable[Mapping[str, object]], plan: Plan, *, now: int = NOW, shop: Shop | None = None
) -> ExperienceReport:
    """Report on one experience of a world."""
    told = report(asked(world, [plan], now), [plan], shop=shop or Shop(currency="EUR"), now=now)
    return told[0]
