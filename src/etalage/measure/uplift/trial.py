"""Step 7 of 8, measure: an experience seen as a random trial, asked of the warehouse.

In:   what was agreed about the experiences, and the moment.
Out:  statements with their parameters: what came of each arm under its odds; and, with what was known of each person
      beforehand, for whom it did more.
Idea: who is compared and what counts is the same as in a report (`population`, `purchases`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

from etalage.domain.event import NOT_ACTIVITY
from etalage.domain.report import Plan
from etalage.domain.time import ShopZone
from etalage.measure.sql_text import Parameters, after, agreed, named, text

Asked = Literal["rewards", "known"]
_BEFORE = ("plan", "kinds", "moments", "population", "placed", "purchases", "trial")
MOST_PERSONS = (
    200_000  # of an experience, the newest: more teach hardly more and take longer than a night has
)


def ask_rewards(plan: Plan, *, currency: str, now: int) -> tuple[str, Parameters]:
    """Ask what came of each arm of an experience."""
    return statement("rewards"), agreed([plan], currency=currency, now=now)


def ask_known(
    plans: Sequence[Plan], erased: Sequence[str], *, currency: str, zone: ShopZone, now: int
) -> tuple[str, Parameters]:
    """Ask for the persons of trials with what was known of them beforehand."""
    first = zone.day(min(plan.started for plan in plans)) - 2  # decided just before it started
    days = list(range(first, zone.day(now) + 1))
    return statement("known"), {
        **agreed(plans, currency=currency, now=now),
        "erased": list(erased),
        "quiet": sorted(NOT_ACTIVITY),
        "days": days,
        "starts": [zone.start(day) for day in days],
        "most": MOST_PERSONS,
    }


@cache
def statement(question: Asked) -> str:
    """Give the text of a question, with all that it builds on in front of it."""
    return after((named(name, text(name)) for name in _BEFORE), text(f"trial_{question}"))
