"""Step 7 of 8, measure: what a bandit has to know, asked of the warehouse.

In:   what was agreed about the experiences, and the moment.
Out:  statements with their parameters; rows per arm and day of entry, per context, per picture.
Idea: who is compared and what counts is the same as in a report (`population`, `purchases`), but a bandit does not wait
      until windows are closed: it corrects for what is still to come.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

from msgspec import Struct

from etalage.domain.report import Plan
from etalage.measure.sql_text import Parameters, after, agreed, named, text

Asked = Literal["arms", "contexts", "pictures"]
_OF_REPORTS = ("plan", "kinds", "moments", "population", "placed", "purchases")
_BEFORE: dict[Asked, tuple[str, ...]] = {
    "arms": (*_OF_REPORTS, "acted"),
    "contexts": (*_OF_REPORTS, "acted", "told"),
    "pictures": (*_OF_REPORTS, "acted", "told"),
}


class ArmRow(Struct, frozen=True):
    """A row of bandit_arms.sql."""

    experience: str
    arm: str
    day: int
    age: int  # micros
    visitors: int
    conversions: int
    revenue: int
    squares: float
    waits: int
    waited: int
    lately: int
    taken: int


class ContextRow(Struct, frozen=True):
    """A row of bandit_contexts.sql."""

    experience: str
    arm: str
    day: int
    traits: str  # JSON
    age: int
    visitors: int
    conversions: int


class PictureRow(Struct, frozen=True):
    """A row of bandit_pictures.sql."""

    experience: str
    arm: str
    day: int
    picture: str
    age: int
    visitors: int
    conversions: int


def ask(
    question: Asked, plans: Sequence[Plan], *, currency: str, now: int
) -> tuple[str, Parameters]:
    """Give the statement of a question about these experiences, and its parameters to bind."""
    return statement(question), agreed(plans, currency=currency, now=now)


@cache
def statement(question: Asked) -> str:
    """Give the text of a question, with all that it builds on in front of it."""
    return after((named(name, _text(name)) for name in _BEFORE[question]), _text(question))


def _text(name: str) -> str:
    return text(name if name in _OF_REPORTS else f"bandit_{name}")
