"""Step 7 of 8, measure: an experience seen as a random trial, asked of the warehouse.

In:   what was agreed about the experiences, and the moment.
Out:  statements with their parameters: what came of each arm under its odds; and, with what was known of each person
      beforehand, for whom it did more.
Idea: who is compared and what counts is the same as in a report (`population`, `purchases`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

from etalage.domain.event import NOT_ACTIVITY
from etalage.domain.report import Plan
from etalage.domain.time import ShopZone

Asked = Literal["rewards", "known"]
_BEFORE = ("plan", "moments", "population", "placed", "purchases", "trial")
MOST_PERSONS = (
    200_000  # of an experience, the newest: more teach hardly more and take longer than a night has
)


def ask_rewards(plan: Plan, *, currency: str, now: int) -> tuple[str, dict[str, object]]:
    """Ask what came of each arm of an experience."""
    return statement("rewards"), _bound([plan], currency=currency, now=now)


def ask_known(
    plans: Sequence[Plan], erased: Sequence[str], *, currency: str, zone: ShopZone, now: int
) -> tuple[str, dict[str, object]]:
    """Ask for the persons of trials with what was known of them beforehand."""
    first = zone.day(min(plan.started for plan in plans)) - 2  # decided just before it started
    days = list(range(first, zone.day(now) + 1))
    return statement("known"), {
        **_bound(plans, currency=currency, now=now),
        "erased": list(erased),
        "quiet": sorted(NOT_ACTIVITY),
        "days": days,
        "starts": [zone.start(day) for day in days],
        "most": MOST_PERSONS,
    }


def _bound(plans: Sequence[Plan], *, currency: str, now: int) -> dict[str, object]:
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


@cache
def statement(question: Asked) -> str:
    """Give the text of a question, with all that it builds on in front of it."""
    parts = [f"{name} AS MATERIALIZED (\n{_text(name)}\n)" for name in _BEFORE]
    parts.append(f"answer AS (\n{_text(f'trial_{question}')}\n)")
    return "WITH " + ",\n".join(parts) + "\nSELECT * FROM answer"


def _text(name: str) -> str:
    lines = (files("etalage.measure") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in lines.splitlines() if not line.startswith("--")).strip()
