"""Step 7 of 8, measure: the questions that alerts and the scoreboard ask the warehouse.

In:   the shop days to ask about.
Out:  statements with their parameters. They read `events` and the views of unify.
"""

from __future__ import annotations

from typing import Literal

from etalage.measure.sql_text import text

AlertQuestion = Literal["kpis", "signals", "books", "shown"]
MOST_KINDS = 500  # of events and pages that are watched, the commonest first


def ask_days(question: AlertQuestion, *, first: int, last: int) -> tuple[str, dict[str, object]]:
    """Give the statement of a question about these shop days, both included, and its parameters to bind."""
    bound: dict[str, object] = {"first": first, "last": last}
    return text(question), bound | ({"most": MOST_KINDS} if question == "signals" else {})
