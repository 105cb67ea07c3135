"""Step 2 of 8, unify: the views of `sql/` in the order in which they build on each other.

Who prepares these on a session of the warehouse can ask about persons: `people`, `numbered_events`, `orders`, `known_people`,
`known_visitors`, `known_events`, `standings`. They say in batch what person.py, links.py and orders.py say for one visitor. Who
somebody is, whom an order found and what is allowed are worked out once per session, as tables of a few columns;
what holds all columns of events stays a view, so that a question reads the columns and days that it is about.
"""

from __future__ import annotations

from importlib.resources import files

VIEWS = ("orders", "people", "known", "measured", "standing")
LATELY = ("lately", "standing")


def view_statements() -> list[str]:
    """Give the statements that make the views, in DuckDB's dialect."""
    return _texts(VIEWS)


def lately_statements(first_day: int) -> list[str]:
    """Give those for a question of every minute: people and their standing by the events since a day alone."""
    return [text.replace("$first_day", f"{first_day:d}") for text in _texts(LATELY)]


def _texts(names: tuple[str, ...]) -> list[str]:
    folder = files("etalage.unify") / "sql"
    texts = [(folder / f"{name}.sql").read_text(encoding="utf-8") for name in names]
    return [statement for text in texts for statement in _statements(text)]


def _statements(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [s.strip() for s in "\n".join(lines).split(";") if s.strip()]
