"""The messages of a world tried on its whole crowd at once, without a server.

In:   a world, and how many are kept from each message.
Out:  per message who met it in which arm, what everybody did and would have done: counts as a report has them, and
      beside them the truth as exact sums of differences. The same of all together (`together`), as `total` says it.
Idea: for thousands of worlds, where only statistics are at stake. Arms are drawn here instead of by the server, and
      every message comes with a page's first load; what goes through the real API is `run`.
From: methods 9 ("paired worlds").
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from etalage.domain.time import DAY, SECOND
from etalage.simulate import draws
from etalage.simulate.crowd import Crowd, Seen, calendar, crowd
from etalage.simulate.draws import Bools, Floats, Ints
from etalage.simulate.truth import WINDOW, GroupTruth
from etalage.simulate.world import World

CONTROL = 0.5


class Counts(Struct, frozen=True):
    """One arm, as a report counts it: persons whose window was closed, and what they did in it."""

    persons: int
    conversions: int
    revenue: int  # cents


class Trial(Struct, frozen=True):
    """One message: all arrays are as long as the crowd, and speak of those who met it."""

    crowd: Crowd
    met: Bools
    held: Bools  # held out from every message
    seen: Seen
    at: Ints  # micros after the start of the world
    chance_with: (
        Floats  # to buy within the window, had she seen it; 0 where her moment lies outside
    )
    chance_without: Floats  # idem, had she not

    @property
    def shown(self) -> Bools:
        """Tell who fell in the arm that sees it."""
        return self.seen.who

    @property
    def with_it(self) -> Bools:
        """Tell who buys within the window with the message."""
        return np.asarray(self.crowd.bar < self.chance_with)

    @property
    def without(self) -> Bools:
        """Tell who buys within the window without it."""
        return np.asarray(self.crowd.bar < self.chance_without)

    @property
    def bought(self) -> Bools:
        """Tell who bought within the window, as it really went."""
        return np.where(self.shown, self.with_it, self.without)

    def closed(self, upto: int) -> Bools:
        """Tell whose window was closed at a moment, in micros after the start of the world."""
        return np.asarray(self.met & (self.at + WINDOW <= upto))

    def counts(self, upto: int, *, shown: bool) -> Counts:
        """Count one arm as the report does; who is held out is in neither."""
        those = self.closed(upto) & ~self.held & (self.shown == shown)
        return _counted(self.crowd, those, self.bought)

    def held_out(self, upto: int) -> Counts:
        """Count who would have met it, and was held out, as the report does."""
        return _counted(self.crowd, self.closed(upto) & self.held, self.bought)

    def by_day(self, *, shown: bool) -> tuple[Ints, Ints]:
        """Give the persons and the conversions of one arm after each daily look, cumulative."""
        days = self.crowd.world.days
        those = self.met & ~self.held & (self.shown == shown)
        closes = -(-(self.at + WINDOW) // DAY)
        persons = np.bincount(closes[those], minlength=days + 1)[: days + 1]
        bought = np.bincount(closes[those & self.bought], minlength=days + 1)[: days + 1]
        return persons.cumsum(), bought.cumsum()

    def sums(self, upto: int, group: int | None = None) -> GroupTruth:
        """Give all that is true of those who met it, as `truth` adds it up person by person."""
        those = self.closed(upto)
        if group is not None:
            those = those & (self.crowd.group == group)
        without = self.chance_without[those].sum()
        changed, cents = self.truth(upto, group)
        return GroupTruth(
            triggered=int(those.sum()),
            shown=int((those & self.shown).sum()),
            planted=float(self.chance_with[those].sum() / without - 1) if without else 0.0,
            conversions_with=int(self.with_it[those].sum()),
            conversions_without=int(self.without[those].sum()),
            extra_conversions=changed,
            extra_revenue=cents,
        )

    def truth(self, upto: int, group: int | None = None) -> tuple[int, int]:
        """Give what the message truly changed among those who saw it: conversions, and cents.

        Args:
            upto: micros after the start of the world; only windows closed by then count.
            group: the place of one group in the world; everybody by default.
        """
        those = self.closed(upto) & self.shown
        if group is not None:
            those = those & (self.crowd.group == group)
        changed = (self.with_it[those].astype(np.int64)) - self.without[those]
        return int(changed.sum()), int((changed * self.crowd.basket[those]).sum())


class Together(Struct, frozen=True):
    """All messages together, as `Trial` says it of one: of everybody of whom the holdout was drawn."""

    crowd: Crowd
    drawn: Bools
    held: Bools
    chance_with: Floats  # to buy within the window, as it went; 0 where her moment lies outside
    chance_without: Floats  # idem, without any message

    @property
    def bought(self) -> Bools:
        """Tell who bought within the window, as it really went."""
        return np.asarray(self.crowd.bar < self.chance_with)

    def closed(self, upto: int) -> Bools:
        """Tell whose window was closed at a moment, in micros after the start of the world."""
        return np.asarray(self.drawn & (self.crowd.arrives + WINDOW <= upto))

    def counts(self, upto: int, *, held: bool) -> Counts:
        """Count one arm as the report does."""
        return _counted(self.crowd, self.closed(upto) & (self.held == held), self.bought)

    def sums(self, upto: int, group: int | None = None) -> GroupTruth:
        """Give all that is true, as `total` adds it up person by person."""
        those = self.closed(upto)
        if group is not None:
            those = those & (self.crowd.group == group)
        others = those & ~self.held
        without = self.crowd.bar < self.chance_without
        changed = self.bought[others].astype(np.int64) - without[others]
        expected = self.chance_without[others].sum()
        return GroupTruth(
            triggered=int(those.sum()),
            shown=int(others.sum()),
            planted=float(self.chance_with[others].sum() / expected - 1) if expected else 0.0,
            conversions_with=int(self.bought[others].sum()),
            conversions_without=int(without[others].sum()),
            extra_conversions=int(changed.sum()),
            extra_revenue=int((changed * self.crowd.basket[others]).sum()),
        )


def trials(world: World, *, control: float = CONTROL) -> dict[str, Trial]:
    """Try all messages of a world on its crowd, each with a control group of its own.

    Args:
        world: without faults, bots or second devices: those are no matter of statistics.
        control: share that is kept from a message.
    """
    those = crowd(world)
    at = those.arrives + SECOND
    met = those.measured & (at < those.withdraws)
    held = held_out(world, those.person)
    times = _times(those) if world.fatigue else None
    seen = {
        name: Seen(met & ~held & shown_to(world, name, those.person, control=control), at, times)
        for name in world.effects
    }
    window = (at <= those.buys_at) & (those.buys_at < at + WINDOW)
    return {
        name: Trial(
            crowd=those,
            met=met,
            held=held,
            seen=sight,
            at=at,
            chance_with=window * those.chance(_but(seen, name, sight, who=met)),
            chance_without=window * those.chance(_but(seen, name, sight, who=np.zeros_like(met))),
        )
        for name, sight in seen.items()
    }


def together(tried: Mapping[str, Trial]) -> Together:
    """Take all messages of a world together; at least one."""
    one = next(iter(tried.values()))
    those, at = one.crowd, one.crowd.arrives
    window = (at <= those.buys_at) & (those.buys_at < at + WINDOW)
    return Together(
        crowd=those,
        drawn=those.measured & (at < those.withdraws),
        held=one.held,
        chance_with=window * those.chance({name: trial.seen for name, trial in tried.items()}),
        chance_without=window * those.chance({}),
    )


def visitor_days(world: World) -> int:
    """Play a world as far as a report and the truth beside it need; give how many visits that were."""
    visits = calendar(world)
    end = world.days * DAY
    for tried in trials(world).values():
        for shown in (True, False):
            tried.counts(end, shown=shown)
            tried.by_day(shown=shown)
        tried.truth(end)
    return len(visits.at)


def held_out(world: World, person: Ints) -> Bools:
    """Tell who is held out from every message."""
    if not world.holdout:
        return np.zeros(len(person), dtype=bool)
    return np.asarray(draws.uniform(world.seed, person, 0, "holdout") < world.holdout)


def shown_to(world: World, experience: str, person: Ints, *, control: float = CONTROL) -> Bools:
    """Tell who falls in the arm that sees a message."""
    return np.asarray(draws.uniform(world.seed, person, 0, f"arm of {experience}") >= control)


def _counted(those: Crowd, who: Bools, bought: Bools) -> Counts:
    """Count persons and what is known of their orders: after she took her consent back, nothing is."""
    known = who & bought & (those.buys_at < those.withdraws)
    return Counts(int(who.sum()), int(known.sum()), int(those.basket[known].sum()))


def _but(seen: Mapping[str, Seen], name: str, sight: Seen, *, who: Bools) -> dict[str, Seen]:
    """Give what everybody saw, but for one message, of which is said who saw it."""
    return {**seen, name: replace(sight, who=who)}


def _times(those: Crowd) -> Ints:
    """Count the visits of each up to the moment of buying: with each the message comes again."""
    visits = calendar(those.world)
    before = visits.at + SECOND <= those.buys_at[visits.person]
    return np.bincount(visits.person[before], minlength=len(those.person))
