"""Step 7 of 8, measure: the texts of `sql/`, and how a statement is put together from them.

Each file is one named table expression. A statement is its answer after all that it reads, so that "who is compared"
stands in one file only, whoever asks: the report, a bandit, a trial.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

from etalage.domain.report import Plan
from etalage.errors import BadInput

Parameters = dict[str, object]
MOST_PLANS = 4096  # places in a number that holds person and experience (plan.sql)


@cache
def text(name: str) -> str:
    """Give the text of a file, without its comments."""
    lines = (files("etalage.measure") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in lines.splitlines() if not line.startswith("--")).strip()


def named(name: str, said: str) -> str:
    """Name a table expression for those that follow it."""
    return f"{name} AS MATERIALIZED (\n{said}\n)"


def after(before: Iterable[str], answer: str) -> str:
    """Give an answer after all the named expressions that it reads, in their order."""
    parts = [*before, f"answer AS (\n{answer}\n)"]
    return "WITH " + ",\n".join(parts) + "\nSELECT * FROM answer"


def agreed(plans: Sequence[Plan], *, currency: str, now: int) -> Parameters:
    """Bind what was agreed about each experience, and the moment at which one looks.

    Raises:
        BadInput: more than 4,096 experiences at once.
    """
    if len(plans) > MOST_PLANS:
        raise BadInput(f"{len(plans):,} messages at once; a report tells of at most {MOST_PLANS:,}")
    return {
        "experience": [plan.name for plan in plans],
        "goal": [plan.goal for plan in plans],
        "span": [plan.window for plan in plans],
        "started": [plan.started for plan in plans],
        "ends": [plan.ends for plan in plans],
        "cap": [plan.revenue_cap for plan in plans],
        "currency": currency,
        "now": now,
    }
