"""Step 7 of 8, measure: a question as a script that runs elsewhere, in DuckDB alone.

In:   reports, the query that gives the events, and what a session is prepared with before its questions.
Out:  SQL that gives the figures of these reports again, without Etalage: the views, the question, its values.
Idea: the question stays letter for letter the text whose digest stands beside the figures. It is prepared as it is,
      and its values are written after it, so that nothing is put into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from etalage.domain.report import ExperienceReport, Plan
from etalage.measure.questions import Asked, ask
from etalage.measure.sql_text import Parameters

# For who has the folder of a shop's events before her: it holds one folder a day.
FOLDER = "SELECT * FROM read_parquet('events/day=*/*.parquet', hive_partitioning = false)"


def prepared(views: Sequence[str], events: str = FOLDER) -> str:
    """Write what stands before every question.

    Args:
        views: what a session of the warehouse is prepared with, in order.
        events: the query that gives all events.
    """
    first = f"CREATE OR REPLACE TEMP VIEW events AS {events}"
    return "\n\n".join(f"{statement};" for statement in (first, *views))


def asked(question: Asked, reports: Sequence[ExperienceReport]) -> str:
    """Write a question with the values of these reports; they must be of one moment. Its rows are those they are made of."""
    currency = reports[0].currency if reports else ""
    now = max((one.now for one in reports), default=0)
    said, bound = ask(question, [_agreed(one) for one in reports], currency=currency, now=now)
    if not bound:
        return f"PREPARE {question} AS\n{said};\n\nEXECUTE {question};"
    return f"PREPARE {question} AS\n{said};\n\nEXECUTE {question}(\n{_values(bound)}\n);"


def script(
    question: Asked, reports: Sequence[ExperienceReport], *, views: Sequence[str], events: str
) -> str:
    """Write a question with all that it stands on: a script that runs by itself."""
    return f"{prepared(views, events)}\n\n{asked(question, reports)}\n"


def _agreed(reported: ExperienceReport) -> Plan:
    """Give what was agreed, as far as a question asks for it; the cap that was found stands for one that was not fixed."""
    return Plan(
        name=reported.name,
        started=reported.started,
        shares={},
        goal=reported.goal,
        window=reported.window,
        ends=reported.ends,
        revenue_cap=reported.revenue_cap,
    )


def _values(bound: Parameters) -> str:
    return ",\n".join(f"    {name} := {_literal(value)}" for name, value in bound.items())


def _literal(value: object) -> str:
    """Write a value as SQL does."""
    if isinstance(value, list):
        return f"[{', '.join(_literal(one) for one in value)}]"
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    return _text(str(value))


def _text(value: str) -> str:
    r"""Write a text so that every character of it is seen: none hides, ends a line, or turns what follows round.

    >>> _text("it's"), _text("a\u202eb")
    ("'it''s'", "concat('a', chr(8238), 'b')")
    """
    quoted = value.replace("'", "''")
    if quoted.isprintable():
        return f"'{quoted}'"
    pieces = [
        f"'{''.join(some)}'" if seen else ", ".join(f"chr({ord(one)})" for one in some)
        for seen, some in groupby(quoted, str.isprintable)
    ]
    return f"concat({', '.join(pieces)})"
