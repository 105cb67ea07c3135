"""Step 7 of 8, measure: the questions to the warehouse, one answer for all experiences at once.

In:   what was agreed about each experience, and the moment at which one looks.
Out:  statements with their parameters; the rows they give, as types.
Idea: each file of `sql/` is one named table expression. A statement is the answer asked for after all that it reads,
      so that "who is compared" stands in one file only, and every figure can be traced to the text that made it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

import msgspec
from msgspec import Struct

from etalage.domain.report import Plan

Question = Literal["triggered", "outcomes", "exposures", "coverage", "joined"]
QUESTIONS: tuple[Question, ...] = get_args(Question)

# What each question reads, in the order in which they build on each other. `events`, `people` and `orders` are
# the warehouse's own.
_READS: dict[Question, tuple[str, ...]] = {
    "triggered": ("plan", "population"),
    "outcomes": ("plan", "population", "purchases"),
    "exposures": ("plan", "population", "seen"),
    "coverage": ("plan", "population", "seen"),
    "joined": ("plan",),
}

Parameters = dict[str, object]
Rows = Sequence[Mapping[str, object]]


class Entered(Struct, frozen=True):
    """A row of triggered.sql."""

    experience: str
    policy: str
    arm: str
    crossed: bool
    day: int
    propensity: int | None  # millionths
    first: int
    persons: int
    visitors: int


class Outcome(Struct, frozen=True):
    """A row of outcomes.sql."""

    experience: str
    policy: str
    arm: str
    crossed: bool
    day: int
    cap: int | None
    persons: int
    conversions: int
    orders: int
    revenue: int
    revenue_squares: int
    capped: int
    capped_squares: int
    foreign_orders: int
    valueless: int


class Exposed(Struct, frozen=True):
    """A row of exposures.sql."""

    experience: str
    arm: str
    exposures: int
    clicks: int
    outside: int


class Covered(Struct, frozen=True):
    """A row of coverage.sql."""

    experience: str
    measurable: int
    reached: int


class Found(Struct, frozen=True):
    """A row of joined.sql."""

    experience: str
    how: str
    orders: int


class Answers(Struct, frozen=True):
    """All that the warehouse said."""

    triggered: tuple[Entered, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    exposures: tuple[Exposed, ...] = ()
    coverage: tuple[Covered, ...] = ()
    joined: tuple[Found, ...] = ()


def answers(rows: Mapping[Question, Rows]) -> Answers:
    """Turn the rows of each question, as mappings of column to value, into types."""
    return msgspec.convert({name: [dict(row) for row in rows[name]] for name in rows}, Answers)


def ask(
    question: Question, plans: Sequence[Plan], *, currency: str, now: int
) -> tuple[str, Parameters]:
    """Give the statement of a question about these experiences, and its parameters to bind."""
    text = statement(question)
    every: Parameters = {
        "experience": [plan.name for plan in plans],
        "goal": [plan.goal for plan in plans],
        "span": [plan.window for plan in plans],
        "started": [plan.started for plan in plans],
        "ends": [plan.ends for plan in plans],
        "cap": [plan.revenue_cap for plan in plans],
        "currency": currency,
        "now": now,
    }
    asked = set(re.findall(r"\$(\w+)", text))
    return text, {name: value for name, value in every.items() if name in asked}


@cache
def statement(question: Question) -> str:
    """Give the text of a question, with all that it builds on in front of it."""
    parts = [f"{name} AS MATERIALIZED (\n{_text(name)}\n)" for name in _READS[question]]
    parts.append(f"answer AS (\n{_text(question)}\n)")
    return "WITH " + ",\n".join(parts) + "\nSELECT * FROM answer"


def _text(name: str) -> str:
    lines = (files("etalage.measure") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in lines.splitlines() if not line.startswith("--")).strip()
