"""What the messages were really worth: the difference between two worlds, person by person.

In:   the world, and who met which message when, in which arm.
Out:  per experience the planted effect, and what it came to among those who met it: exact sums, no estimate.
Idea: each person lives twice, once with the message and once without it, with all her other messages as they
      were. What differs is the effect; nobody outside a simulation can see both lives.
From: methods 9 ("paired worlds").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from msgspec import Struct

from etalage.domain.time import DAY
from etalage.simulate.world import World, basket, buying_moment, buys

WINDOW = 7 * DAY  # of the goal of all simulated experiences


class Met(Struct, frozen=True):
    """The first time one experience's moment came for a person: triggered, in whichever arm."""

    person: int
    experience: str
    arm: str
    shown: bool
    at: int  # micros after the start of the world


class Truth(Struct, frozen=True):
    """What one experience was worth, among persons whose window was closed at `upto`."""

    experience: str
    planted: float  # relative effect on the chance to buy
    upto: int  # micros after the start of the world
    triggered: int  # persons
    shown: int  # of them
    conversions_with: int  # had all of them seen it
    conversions_without: int  # had none of them seen it
    extra_conversions: int  # what it changed among those who did see it
    extra_revenue: int  # cents, idem
    conversions: dict[str, int]  # per arm, as it really went

    @property
    def lift(self) -> float | None:
        """Give the relative effect as it came out among these persons; None without any conversion."""
        without = self.conversions_without
        return (self.conversions_with - without) / without if without else None


def truth(world: World, met: Iterable[Met], *, upto: Mapping[str, int]) -> dict[str, Truth]:
    """Add up what each experience was worth.

    Args:
        world: in which it happened.
        met: all first meetings of measured persons.
        upto: per experience the moment of the report; only windows closed by then count.
    """
    of_person: dict[int, list[Met]] = {}
    for one in met:
        of_person.setdefault(one.person, []).append(one)
    return {
        experience: _truth(world, experience, of_person.values(), moment)
        for experience, moment in upto.items()
    }


def _truth(world: World, experience: str, people: Collection[list[Met]], upto: int) -> Truth:
    triggered = shown = with_it = without_it = extra = revenue = 0
    conversions: dict[str, int] = {}
    for meetings in people:
        own = next((one for one in meetings if one.experience == experience), None)
        if own is None or own.at + WINDOW > upto:
            continue
        bought_with, bought_without = _both_lives(world, own, meetings)
        bought = bought_with if own.shown else bought_without
        conversions[own.arm] = conversions.get(own.arm, 0) + bought
        triggered += 1
        with_it += bought_with
        without_it += bought_without
        if own.shown:
            shown += 1
            extra += bought_with - bought_without
            revenue += (bought_with - bought_without) * basket(world, own.person)
    return Truth(
        experience=experience,
        planted=world.effects.get(experience, 0.0),
        upto=upto,
        triggered=triggered,
        shown=shown,
        conversions_with=with_it,
        conversions_without=without_it,
        extra_conversions=extra,
        extra_revenue=revenue,
        conversions=conversions,
    )


def _both_lives(world: World, own: Met, meetings: Iterable[Met]) -> tuple[bool, bool]:
    """Tell whether she buys within the window with the message, and without it."""
    moment = buying_moment(world, own.person)
    if not own.at <= moment < own.at + WINDOW:
        return False, False
    others = {
        one.experience
        for one in meetings
        if one.shown and one.at <= moment and one.experience != own.experience
    }
    return (
        buys(world, own.person, others | {own.experience}),
        buys(world, own.person, others),
    )


def to_json(found: Truth) -> dict[str, Any]:
    """Write a truth in the shape of a report: euro, per cent."""
    return {
        "planted_pct": round(100 * found.planted, 2),
        "triggered": found.triggered,
        "shown": found.shown,
        "conversions": found.conversions,
        "extra_conversions": found.extra_conversions,
        "extra_conversions_pct": None if found.lift is None else round(100 * found.lift, 2),
        "extra_revenue": round(found.extra_revenue / 100, 2),
    }
