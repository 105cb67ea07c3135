"""Step 7 of 8, measure: the questions that alerts and the scoreboard ask the warehouse.

In:   the shop days to ask about.
Out:  statements with their parameters. They read `events` and the views of unify.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

AlertQuestion = Literal["kpis", "signals", "books", "shown"]
MOST_KINDS = 500  # of events and pages that are watched, the commonest first


def ask_days(question: AlertQuestion, *, first: int, last: int) -> tuple[str, dict[str, object]]:
    """Give the statement of a question about these shop days, both included, and its parameters to bind."""
    bound: dict[str, object] = {"first": first, "last": last}
    return _text(question), bound | ({"most": MOST_KINDS} if question == "signals" else {})


@cache
def _text(name: str) -> str:
    text = (files("etalage.measure") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("--")).strip()
