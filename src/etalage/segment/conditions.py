"""Step 3 of 8, segment: one condition as a Python closure over a person at one moment.

In:   a condition of a tree: of the moment, of what is known of her, of what she did.
Out:  a function of `Asking` that tells whether it holds; live.py puts them together.
Idea: windows in days read the counts that the fold keeps per shop day, hours and sequences read the recents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import TypeAlias

from etalage.domain.context import Context
from etalage.domain.ids import FeatureId
from etalage.domain.profile import RECENT_LIMIT, Joined, Part, Recent, Written
from etalage.domain.segment import Did, Fact, InOrder, OfContext, Preference, Trait, Window
from etalage.domain.time import HOUR, SESSION_GAP, ShopZone
from etalage.segment.check import check_of
from etalage.segment.features import Matcher, feature_of, where_matcher

BUSY_DAYS = 3  # shop days in a row that hold the 48 hours of which a profile keeps all events

_FIRST_DAY = -1_000_000  # of any calendar
_NOBODY = Part({}, {}, (), {}, {}, {}, {}, {}, (0, ""), {}, {})


class Asking:
    """One person at one moment, and what was answered of her so far: equal conditions are asked once.

    `part` is None of somebody whose past may not be read, or who has none.
    """

    __slots__ = ("answers", "context", "did", "has_past", "is_program", "now", "part", "today")

    def __init__(self, part: Part | None, context: Context, now: int, zone: ShopZone) -> None:
        self.has_past = part is not None
        self.part = _NOBODY if part is None else part
        self.did = self.part.features
        self.context = context
        self.now = now
        self.today = zone.day(now)
        self.is_program = is_program(self.part)
        self.answers: dict[str, bool] = {}  # to conditions, by their text


Holds: TypeAlias = Callable[[Asking], bool]
_Bounds: TypeAlias = Callable[[int], tuple[int, int]]  # of a window, given today


def is_program(part: Part) -> bool:
    """Tell whether this many events can only come from a program."""
    days = part.days
    if sum(days.values()) <= RECENT_LIMIT:  # as nearly everybody's
        return False
    return any(sum(days.get(d + i, 0) for i in range(BUSY_DAYS)) > RECENT_LIMIT for d in days)


# ---- What is known of the moment, and of her -----------------------------------------------------------


def of_context(node: OfContext) -> Holds:
    """Compile a condition of the moment."""
    value, check = attrgetter(node.field), check_of(node.tests)
    return lambda asking: check(value(asking.context))


def register(node: Trait | Preference | Fact) -> Holds:
    """Compile a condition of what is written of her."""
    check = check_of(node.tests)
    if isinstance(node, Fact):
        key = node.key
        return lambda asking: check(_value(asking.part.scores, key))
    name = node.name
    if isinstance(node, Trait):
        return lambda asking: check(_value(asking.part.traits, name))
    return lambda asking: check(_value(asking.part.preferences, name))


def _value(written: Mapping[str, Written], name: str) -> object:
    found = written.get(name)
    return None if found is None else found.value


# ---- What she did ------------------------------------------------------------------------------------


def did(node: Did, currency: str, *, meant: bool = True) -> Holds:
    """Compile a condition of what she did, or where it is not `meant` did not; `currency` is the shop's."""
    if node.window.hours is None:
        return _did_in_days(node, meant)
    count = _count_hours(node, currency)
    return lambda asking: is_meant(node, *count(asking.part, asking.now)) is meant


def _did_in_days(node: Did, meant: bool) -> Holds:
    """Add up what is counted per shop day, in one loop: it is what segments ask most."""
    feature, never = feature_of(node.name, node.where).id, is_meant(node, 0, 0) is meant
    bounds, times, total = _bounds_of(node.window), node.times, node.sum
    if times.at_least and times.at_most is None and total is None:
        return _did_at_least(feature, times.at_least, bounds, meant)

    def holds(asking: Asking) -> bool:
        days = asking.did.get(feature)
        if not days:  # most of what a shop counts most people never did
            return never
        first, last = bounds(asking.today)
        events = value = 0
        for day, tally in days.items():
            if first <= day <= last:
                events += tally.events
                value += tally.value
        return (times.holds(events) and (total is None or total.holds(value))) is meant

    return holds


def _did_at_least(feature: FeatureId, least: int, bounds: _Bounds, meant: bool) -> Holds:
    """Count no further than it takes: most conditions ask whether something was done at all."""
    unmeant = not meant

    def holds(asking: Asking) -> bool:
        days = asking.did.get(feature)
        if not days:
            return unmeant
        first, last = bounds(asking.today)
        missing = least
        for day, tally in days.items():
            if first <= day <= last:
                missing -= tally.events
                if missing <= 0:
                    return meant
        return unmeant

    return holds


@lru_cache(maxsize=1_024)
def _bounds_of(window: Window) -> _Bounds:
    """Give the first and the last day that count, worked out once a day for all conditions of a window."""

    @lru_cache(maxsize=2)
    def bounds(today: int) -> tuple[int, int]:
        first, last = window.bounds(today)
        return _FIRST_DAY if first is None else first, last

    return bounds


def is_meant(node: Did, events: int, value: int) -> bool:
    """Tell whether it was done often enough, and for enough."""
    return node.times.holds(events) and (node.sum is None or node.sum.holds(value))


def _count_hours(node: Did, currency: str) -> Callable[[Part, int], tuple[int, int]]:
    name, matches, length = node.name, where_matcher(node.where), (node.window.hours or 0) * HOUR

    def count(part: Part, now: int) -> tuple[int, int]:
        events = value = 0
        for event in reversed(part.recents):
            if event.time <= now - length:
                break
            if event.time <= now and event.name == name and matches(event):
                events += 1
                if event.value is not None and event.currency == currency:
                    value += event.value
        return events, value

    return count


# ---- What she did one after the other ----------------------------------------------------------------


def in_order(node: InOrder, zone: ShopZone) -> Holds:
    """Compile a sequence."""
    steps = tuple((step.name, where_matcher(step.where)) for step in node.steps)
    times, window = node.times, node.window

    def holds(asking: Asking) -> bool:
        part, now = asking.part, asking.now
        visitors = part.apart if isinstance(part, Joined) else (part.recents,)
        starts = [start for recents in visitors for start in _complete_sessions(recents, steps)]
        return times.holds(sum(_began_within(start, window, zone, now) for start in starts))

    return holds


def _began_within(start: int, window: Window, zone: ShopZone, now: int) -> bool:
    if window.hours is not None:
        return now - window.hours * HOUR < start <= now
    first, last = window.bounds(zone.day(now))
    day = zone.day(start)
    return day <= last and (first is None or day >= first)


def _complete_sessions(
    recents: tuple[Recent, ...], steps: tuple[tuple[str, Matcher], ...]
) -> list[int]:
    """Give the beginnings of the sessions of one visitor in which all steps were taken in order.

    Taking each step at the first event that fits is enough: a later one leaves less room for the next.
    """
    complete: list[int] = []
    start = newest = recents[0].time if recents else 0
    taken = 0
    for event in recents:
        if event.time - newest > SESSION_GAP:
            start, taken = event.time, 0
        newest = event.time
        if taken < len(steps):
            name, matches = steps[taken]
            if event.name == name and matches(event):
                taken += 1
                if taken == len(steps):
                    complete.append(start)
    return complete
