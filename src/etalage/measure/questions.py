"""Step 7 of 8, measure: the questions to the warehouse, one answer for all experiences at once.

In:   what was agreed about each experience, and the moment at which one looks.
Out:  statements with their parameters; the rows they give, as types.
Idea: each file of `sql/` is one named table expression. A statement is the answer asked for after all that it reads,
      so that "who is compared" stands in one file only, and every figure can be traced to the text that made it.
      A report asks many questions at once: then what they read is worked out once, from the same files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Literal, get_args

import msgspec
from msgspec import Struct

from etalage.domain.report import Dimension, Plan, Source
from etalage.measure.sql_text import Parameters, after, agreed, named, text

Question = Literal["triggered", "outcomes", "parts", "entries", "exposures", "coverage", "joined"]
QUESTIONS: tuple[Question, ...] = get_args(Question)
Asked = Question | Literal["causes"]  # the last one only where the arms are filled otherwise
ASKED: tuple[Asked, ...] = (*QUESTIONS, "causes")

# What each name reads. `events`, `numbered_events`, `people` and `orders` are the warehouse's own.
_READS: dict[str, tuple[str, ...]] = {
    "plan": (),
    "kinds": (),
    "told": (),
    "moments": ("plan",),
    "population": ("kinds", "moments"),
    "seen": ("plan",),
    "placed": (),
    "purchases": ("placed",),
    "entered": ("plan", "kinds", "told", "population"),
    "outside": ("population", "seen"),
    "did": ("plan", "kinds", "population", "purchases"),
    "looked": ("plan", "population"),
    "caps": ("plan", "did"),
    "cells": ("plan", "kinds", "told", "population", "entered", "did", "looked", "caps"),
    "spans": (),
    "around": ("plan", "spans"),
    "triggered": ("entered",),
    "outcomes": ("cells",),
    "parts": ("cells",),
    "entries": ("entered",),
    "exposures": ("seen", "outside"),
    "coverage": ("plan", "population", "entered", "seen", "outside", "spans", "around"),
    "joined": ("plan", "placed"),
    "causes": ("plan", "kinds", "population"),
}
# What they read is named in this order. All of it but what one other name alone reads is kept for several questions:
# a table costs more to keep than to make.
_NAMES = (
    "plan", "kinds", "told", "moments", "population", "entered", "seen", "outside", "placed", "purchases", "did",
    "looked", "caps", "cells", "spans", "around",
)  # fmt: skip
_WITHIN = {"population": "moments"}
STAGES = tuple(name for name in _NAMES if name not in _WITHIN.values())

# Which fields of a report each question fills.
FIGURES: dict[Asked, tuple[str, ...]] = {
    "triggered": ("visitors", "triggered", "sample_ratio", "crossed"),
    "outcomes": (
        "counted",
        "conversions",
        "orders",
        "revenue",
        "effect",
        "history",
        "days",
        "guardrails",
        "ratios",
        "state",
    ),
    "parts": ("parts",),
    "entries": ("parts",),
    "exposures": ("exposures", "clicks"),
    "coverage": ("coverage",),
    "joined": ("joined",),
    "causes": ("sample_ratio.causes",),
}

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
    device: str | None = None
    late: int = 0


class Outcome(Struct, frozen=True):
    """A row of outcomes.sql: sums over persons (see cells.sql)."""

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
    before: int = 0
    both: int = 0
    buyers: int = 0
    unsubscribed: int = 0
    orders_squares: int = 0
    capped_orders: int = 0
    spent: int = 0
    spent_squares: int = 0
    spent_capped: int = 0
    returns: int = 0
    returns_squares: int = 0
    returns_orders: int = 0
    timed: int = 0
    pages: int = 0
    pages_squares: int = 0
    page_msec: int = 0
    page_msec_squares: int = 0
    page_msec_pages: int = 0


class OfPart(Outcome, frozen=True, kw_only=True):
    """A row of parts.sql."""

    dimension: Dimension
    value: str


class Entries(Struct, frozen=True):
    """A row of entries.sql."""

    dimension: Dimension
    value: str
    experience: str
    arm: str
    persons: int
    visitors: int


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


class Suspect(Struct, frozen=True):
    """A row of causes.sql."""

    experience: str
    key: Literal["programs", "consent"]
    arm: str
    persons: int


class Answers(Struct, frozen=True):
    """All that the warehouse said; `causes` is None where nobody asked."""

    triggered: tuple[Entered, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    parts: tuple[OfPart, ...] = ()
    entries: tuple[Entries, ...] = ()
    exposures: tuple[Exposed, ...] = ()
    coverage: tuple[Covered, ...] = ()
    joined: tuple[Found, ...] = ()
    causes: tuple[Suspect, ...] | None = None


def answers(rows: Mapping[Asked, Rows]) -> Answers:
    """Turn the rows of each question, as mappings of column to value, into types."""
    return msgspec.convert({name: [dict(row) for row in rows[name]] for name in rows}, Answers)


def ask(
    question: Asked, plans: Sequence[Plan], *, currency: str, now: int
) -> tuple[str, Parameters]:
    """Give the statement of a question about these experiences, and its parameters to bind."""
    said = statement(question)
    return said, _bound(said, plans, currency=currency, now=now)


def stages(plans: Sequence[Plan], *, currency: str, now: int) -> list[tuple[str, Parameters]]:
    """Give the statements that keep what several questions read, to be prepared in this order.

    After them `question(name)` is asked by itself; `ask` gives the same answer without them.
    """
    texts = [f"CREATE OR REPLACE TEMP TABLE {name} AS\n{_kept(name)}" for name in STAGES]
    return [(said, _bound(said, plans, currency=currency, now=now)) for said in texts]


def ask_staged(
    question: Asked, plans: Sequence[Plan], *, currency: str, now: int
) -> tuple[str, Parameters]:
    """Give a question for a session in which all `stages` are kept."""
    said = text(question)
    return said, _bound(said, plans, currency=currency, now=now)


def _kept(name: str) -> str:
    within = _WITHIN.get(name)
    if within is None:
        return text(name)
    return f"WITH {named(within, text(within))}\nSELECT * FROM (\n{text(name)}\n)"


def _bound(said: str, plans: Sequence[Plan], *, currency: str, now: int) -> Parameters:
    every = agreed(plans, currency=currency, now=now)
    asked = set(re.findall(r"\$([a-z]\w*)", said))
    return {name: value for name, value in every.items() if name in asked}


@cache
def statement(question: Asked) -> str:
    """Give the text of a question, with all that it builds on in front of it: a figure's whole way from the events."""
    needed = _needed(question)
    before = (named(name, text(name)) for name in _NAMES if name in needed)
    return after(before, text(question))


def _needed(name: str) -> set[str]:
    found = set(_READS[name])
    return found.union(*(_needed(one) for one in found))


@cache
def sources(*, causes: bool = False) -> tuple[Source, ...]:
    """Say where the figures of a report come from."""
    asked = [name for name in ASKED if causes or name != "causes"]
    return tuple(
        Source(
            question=name,
            digest=sha256(statement(name).encode()).hexdigest()[:16],
            figures=FIGURES[name],
        )
        for name in asked
    )
