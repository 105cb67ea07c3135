"""What the messages were really worth: the difference between two worlds, person by person.

In:   the world, and who met which message when, in which arm.
Out:  per experience the planted effect, and what it came to among those who met it: exact sums, no estimate.
Idea: each person lives twice, once with the message and once without it, with all her other messages as they
      were. What differs is the effect; nobody outside a simulation can see both lives.
From: methods 9 ("paired worlds").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from msgspec import Struct

from etalage.domain.time import DAY
from etalage.simulate.person import Sight, basket, buying_moment, buys, chance, group
from etalage.simulate.world import World

WINDOW = 7 * DAY  # of the goal of all simulated experiences


class Met(Struct, frozen=True):
    """The first time one experience's moment came for a person: triggered, in whichever arm."""

    person: int
    experience: str
    arm: str
    shown: bool
    at: int  # micros after the start of the world
    again: tuple[int, ...] = ()  # later moments, idem

    def sight(self, moment: int) -> Sight:
        """Give how often its moment had come by another moment, that of buying."""
        return Sight(self.at, 1 + sum(at <= moment for at in self.again))


class GroupTruth(Struct, frozen=True):
    """What one experience was worth in one group of shoppers; fields as in `Truth`."""

    triggered: int
    shown: int
    planted: float
    conversions_with: int
    conversions_without: int
    extra_conversions: int
    extra_revenue: int  # cents


class Truth(Struct, frozen=True):
    """What one experience was worth, among persons whose window was closed at `upto`.

    Of all messages together (`total`): `triggered` are all of whom the holdout was drawn, `shown` those who were not
    held out, and both lives are theirs alone, as it went and without any message.
    """

    experience: str
    planted: float  # relative effect on the chance to buy; the exact mean where shoppers differ
    upto: int  # micros after the start of the world
    triggered: int  # persons
    shown: int  # of them
    conversions_with: int  # had all of them seen it
    conversions_without: int  # had none of them seen it
    extra_conversions: int  # what it changed among those who did see it
    extra_revenue: int  # cents, idem
    persons: dict[str, int]  # per arm
    conversions: dict[str, int]  # per arm, as it really went
    groups: dict[str, GroupTruth] = {}

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


class Lives(Struct, frozen=True):
    """One person beside one experience, with the message and without it."""

    met: Met
    group: str
    bought: tuple[bool, bool]
    chance: tuple[float, float]  # both 0 where the moment to buy lies outside the window
    value: int  # cents, of what she would buy

    @property
    def extra(self) -> int:
        """Give what the message changed about her, if she saw it."""
        return (self.bought[0] - self.bought[1]) if self.met.shown else 0


def _truth(world: World, experience: str, people: Collection[list[Met]], upto: int) -> Truth:
    lives = [
        _both_lives(world, own, meetings)
        for meetings in people
        for own in meetings
        if own.experience == experience and own.at + WINDOW <= upto
    ]
    planted = world.effects.get(experience, 0.0)
    total = added_up(lives, planted if world.is_plain else None)
    conversions: Counter[str] = Counter()
    for one in lives:
        conversions[one.met.arm] += one.bought[0] if one.met.shown else one.bought[1]
    return Truth(
        experience=experience,
        planted=total.planted,
        upto=upto,
        triggered=total.triggered,
        shown=total.shown,
        conversions_with=total.conversions_with,
        conversions_without=total.conversions_without,
        extra_conversions=total.extra_conversions,
        extra_revenue=total.extra_revenue,
        persons=dict(Counter(one.met.arm for one in lives)),
        conversions=dict(conversions),
        groups={name: added_up(those, None) for name, those in by_group(lives).items()},
    )


def by_group(lives: Iterable[Lives]) -> dict[str, list[Lives]]:
    """Sort lives by the group of the shopper; none in a world without groups."""
    found: dict[str, list[Lives]] = {}
    for one in lives:
        if one.group:
            found.setdefault(one.group, []).append(one)
    return dict(sorted(found.items()))


def added_up(lives: Collection[Lives], planted: float | None) -> GroupTruth:
    """Add lives up; what was planted is the mean of their chances, unless it is the same for everybody."""
    if planted is None:
        with_it = sum(one.chance[0] for one in lives)
        without = sum(one.chance[1] for one in lives)
        planted = with_it / without - 1 if without else 0.0
    return GroupTruth(
        triggered=len(lives),
        shown=sum(one.met.shown for one in lives),
        planted=planted,
        conversions_with=sum(one.bought[0] for one in lives),
        conversions_without=sum(one.bought[1] for one in lives),
        extra_conversions=sum(one.extra for one in lives),
        extra_revenue=sum(one.extra * one.value for one in lives),
    )


def _both_lives(world: World, own: Met, meetings: Iterable[Met]) -> Lives:
    """Tell whether she buys within the window with the message, and without it."""
    person = own.person
    moment = buying_moment(world, person)
    mine = group(world, person)
    name = "" if mine is None else mine.name
    if not own.at <= moment < own.at + WINDOW:
        return Lives(own, name, (False, False), (0.0, 0.0), 0)
    without = {
        one.experience: one.sight(moment)
        for one in meetings
        if one.shown and one.at <= moment and one.experience != own.experience
    }
    with_it = without | {own.experience: own.sight(moment)}
    return Lives(
        own,
        name,
        (buys(world, person, with_it), buys(world, person, without)),
        (chance(world, person, with_it), chance(world, person, without)),
        basket(world, person),
    )


def to_json(found: Truth) -> dict[str, Any]:
    """Write a truth in the shape of a report: euro, per cent."""
    return {
        "planted_pct": round(100 * found.planted, 2),
        "triggered": found.triggered,
        "shown": found.shown,
        "persons": found.persons,
        "conversions": found.conversions,
        "extra_conversions": found.extra_conversions,
        "extra_conversions_pct": None if found.lift is None else round(100 * found.lift, 2),
        "extra_revenue": round(found.extra_revenue / 100, 2),
        "groups": {
            name: {
                "planted_pct": round(100 * one.planted, 2),
                "triggered": one.triggered,
                "shown": one.shown,
                "extra_conversions": one.extra_conversions,
                "extra_revenue": round(one.extra_revenue / 100, 2),
            }
            for name, one in found.groups.items()
        },
    }
