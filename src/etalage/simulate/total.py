"""What all messages together were really worth: each person beside herself without any of them.

In:   the world, of whom the holdout was drawn when and how, and who saw what.
Out:  one `Truth`, under the name and with the arms of the report's total.
Idea: the report compares who was held out with everybody else. What the held out would have been shown, only the
      server could say, and it was never asked. So the truth is that of the others: their lives as they went, against
      the same lives without any message. Who is held out is drawn, so in both arms the same is to be expected.
From: methods 3.6 and 9. Those compared are those of `measure/sql/population.sql`: from her first decision on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from etalage.domain.ids import HOLDOUT
from etalage.domain.report import ANY_MESSAGE, OVERALL
from etalage.simulate.person import Sight, basket, buying_moment, buys, chance, group
from etalage.simulate.truth import WINDOW, GroupTruth, Lives, Met, Truth, added_up, by_group
from etalage.simulate.world import World

Saw = tuple[int, str]  # the moment, in micros after the start of the world, and the message


class Drawn(Struct, frozen=True):
    """The first decision about a measured person: the holdout was drawn."""

    person: int
    at: int  # micros after the start of the world
    held: bool  # she is held out: no message is shown to her

    @property
    def met(self) -> Met:
        """Write it as one meeting with all messages together."""
        return Met(
            self.person, OVERALL, HOLDOUT if self.held else ANY_MESSAGE, not self.held, self.at
        )


def total(
    world: World, drawn: Iterable[Drawn], saw: Mapping[int, Sequence[Saw]], *, upto: int
) -> Truth:
    """Add up what all messages together were worth.

    Args:
        world: in which it happened.
        drawn: all of whom the holdout was drawn.
        saw: what each person saw, and when.
        upto: the moment of the report, in micros after the start of the world; only windows closed by then count.
    """
    closed = (one for one in drawn if one.at + WINDOW <= upto)
    lives = [_both_lives(world, one.met, saw.get(one.person, ())) for one in closed]
    found, persons, conversions = _of_the_others(lives), Counter[str](), Counter[str]()
    for one in lives:
        persons[one.met.arm] += 1
        conversions[one.met.arm] += one.bought[0]
    return Truth(
        experience=OVERALL,
        planted=found.planted,
        upto=upto,
        triggered=found.triggered,
        shown=found.shown,
        conversions_with=found.conversions_with,
        conversions_without=found.conversions_without,
        extra_conversions=found.extra_conversions,
        extra_revenue=found.extra_revenue,
        persons=dict(persons),
        conversions=dict(conversions),
        groups={name: _of_the_others(those) for name, those in by_group(lives).items()},
    )


def sights(saw: Iterable[Saw], moment: int) -> dict[str, Sight]:
    """Give the messages somebody had seen by a moment, each with how often."""
    found: dict[str, Sight] = {}
    for at, name in saw:
        if at <= moment:
            before = found.get(name, Sight(at, 0))
            found[name] = Sight(min(before.first, at), before.times + 1)
    return found


def _of_the_others(lives: Collection[Lives]) -> GroupTruth:
    """Add up both lives of who was not held out; the held out are only counted."""
    others = [one for one in lives if one.met.shown]
    return replace(added_up(others, None), triggered=len(lives))


def _both_lives(world: World, met: Met, saw: Iterable[Saw]) -> Lives:
    """Tell whether she buys within the window as it went, and without any message."""
    person = met.person
    moment, mine = buying_moment(world, person), group(world, person)
    name = "" if mine is None else mine.name
    if not met.at <= moment < met.at + WINDOW:
        return Lives(met, name, (False, False), (0.0, 0.0), 0)
    seen = sights(saw, moment)
    bought = buys(world, person, seen), buys(world, person, ())
    chances = chance(world, person, seen), chance(world, person, ())
    return Lives(met, name, bought, chances, basket(world, person))
