"""`etalage report --sql QUESTION`: the whole way of figures from the events, as a script that runs by itself."""

from __future__ import annotations

from collections.abc import Sequence

from etalage.domain.report import ExperienceReport
from etalage.errors import Unknown
from etalage.measure.questions import ASKED, Asked, sources
from etalage.measure.script import FOLDER, script
from etalage.ports import InFiles
from etalage.unify.batch import view_statements


def named_question(name: str) -> Asked:
    """Give the question of this name; the names are those of `sources` in a report."""
    named = next((known for known in ASKED if known == name), None)
    if named is None:
        raise Unknown("question", name, ASKED, field="sql")
    return named


def told_script(question: Asked, reports: Sequence[ExperienceReport], files: InFiles) -> str:
    """Write the script, with what it answers and what it cannot see above it."""
    source = next(one for one in sources(causes=True) if one.question == question)
    said = [
        f"-- {question}, digest {source.digest}: {', '.join(source.figures)}",
        "-- Runs in DuckDB: duckdb -f FILE, or duckdb.sql(open(FILE).read()) in Python.",
        f"-- The digest is that of the text between 'PREPARE {question} AS' and its semicolon.",
    ]
    if not files.sql:
        said.append("-- No event lies in a file yet: they are sealed every night.")
    elif files.missing:
        said.append(
            f"-- {files.missing} newer events are in no file yet: they are sealed every night."
        )
    body = script(question, reports, views=view_statements(), events=files.sql or FOLDER)
    return "\n".join([*said, "", body])
