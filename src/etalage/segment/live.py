"""Step 3 of 8, segment: a tree as a Python closure over a person and the moment.

In:   a tree, compiled once.
Out:  a function of (person, context, now) that tells whether she belongs to it; microseconds.
Idea: windows in days read the counts that the fold keeps per shop day, hours and sequences read the recents.
      What most people never did is looked up before anything is asked (`needed_for`).
      sql.py gives the same people from the log, exactly; whatever is decided here is decided there too:

      - while `personalise` is closed (`person.part` is None) nobody is in a segment that asks about history;
      - a program (more than 5,000 events within three shop days in a row) is in no segment;
      - days after today, and in a window of hours moments after `now`, do not count.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Protocol, TypeAlias

from etalage.domain.context import Context
from etalage.domain.ids import FeatureId
from etalage.domain.profile import RECENT_LIMIT, Joined, Part, Person, Recent, Written
from etalage.domain.segment import (
    AllOf,
    AnyOf,
    Did,
    Fact,
    In,
    InOrder,
    Node,
    Not,
    OfContext,
    Preference,
    Trait,
    Window,
    has_history,
)
from etalage.domain.time import HOUR, SESSION_GAP, ShopZone
from etalage.segment.check import check_of
from etalage.segment.features import Matcher, feature_of, where_matcher

Answers: TypeAlias = dict[str, bool]  # to conditions, of one person at one moment
_Holds: TypeAlias = Callable[[Part, Context, int, Answers], bool]
_Named: TypeAlias = tuple[str, _Holds]


class IsIn(Protocol):
    """Tells whether somebody belongs to a segment."""

    def __call__(
        self, person: Person, context: Context, now: int, answers: Answers | None = None
    ) -> bool:
        """Ask. Segments that are asked about the same moment may share `answers`: each condition is asked once."""
        ...


FIRST_DAY = -1_000_000  # of any calendar
BUSY_DAYS = 3  # shop days in a row that hold the 48 hours of which a profile keeps all events

_PROGRAM = "is a program"  # no text of a condition

_NOBODY = Part({}, {}, (), {}, {}, {}, {}, {}, (0, ""), {}, {})


def compile_live(node: Node, *, zone: ShopZone, currency: str) -> IsIn:
    """Compile a tree; `zone` and `currency` are the shop's."""
    holds = _compile(node, zone, currency)
    asks_history = has_history(node)

    def is_in(person: Person, context: Context, now: int, answers: Answers | None = None) -> bool:
        part = person.part
        answers = {} if answers is None else answers
        if part is None:
            return not asks_history and holds(_NOBODY, context, now, answers)
        if not holds(part, context, now, answers):
            return False
        known = answers.get(_PROGRAM)
        if known is None:
            known = answers[_PROGRAM] = is_program(part)
        return not known

    return is_in


def holds_for_nobody(node: Node, context: Context, now: int, *, zone: ShopZone) -> bool:
    """Tell whether a person without any event would be in it, so that batch cannot leave her out."""
    return _compile(node, zone, "")(_NOBODY, context, now, {})


def is_program(part: Part) -> bool:
    """Tell whether this many events can only come from a program."""
    days = part.days
    if sum(days.values()) <= RECENT_LIMIT:  # as nearly everybody's
        return False
    return any(sum(days.get(d + i, 0) for i in range(BUSY_DAYS)) > RECENT_LIMIT for d in days)


def _compile(node: Node, zone: ShopZone, currency: str) -> _Holds:  # noqa: PLR0911  one per form
    match node:
        case AllOf(parts):
            named = [_named(p, zone, currency) for p in sorted(parts, key=_cost)]
            return _all(named, needed_for(node))
        case AnyOf(parts):
            ordered = sorted(parts, key=_cost)
            return _any([(_named(p, zone, currency), needed_for(p)) for p in ordered])
        case Not(part):
            return _not(_compile(part, zone, currency))
        case In(_, tree):
            return _compile(tree, zone, currency)
        case OfContext(field, tests):
            return _of_context(field, check_of(tests))
        case Did():
            return _did(node, zone, currency)
        case InOrder():
            return _in_order(node, zone)
        case _:
            return _register(node)


def _named(node: Node, zone: ShopZone, currency: str) -> _Named:
    """Compile a part under its text: equal parts of any segments are known by it, and asked once a moment."""
    if isinstance(node, In):
        return _named(node.tree, zone, currency)
    return sys.intern(repr(node)), _compile(node, zone, currency)


def _of_context(field: str, check: Callable[[object], bool]) -> _Holds:
    value = attrgetter(field)
    return lambda _part, context, _now, _answers: check(value(context))


def _cost(node: Node) -> int:
    """Order conditions by how long they take, so that most are never reached."""
    match node:
        case OfContext():
            return 0
        case Trait() | Preference() | Fact():
            return 1
        case Did(window=window):
            return 2 if window.hours is None else 4
        case InOrder():
            return 5
        case Not(part) | In(_, part):
            return _cost(part)
        case AllOf(parts) | AnyOf(parts):
            return max(3, *(_cost(part) for part in parts))


def needed_for(node: Node) -> frozenset[FeatureId]:
    """Give counted conditions without which a tree cannot hold: whoever never did one of them need not be asked."""
    match node:
        case AllOf(parts):
            return frozenset().union(*(needed_for(part) for part in parts))
        case In(_, tree):
            return needed_for(tree)
        case Did() if node.window.hours is None and not _is_meant(node, 0, 0):
            return frozenset({feature_of(node.name, node.where).id})
        case _:
            return frozenset()


def _all(parts: list[_Named], needed: frozenset[FeatureId]) -> _Holds:
    def holds(part: Part, context: Context, now: int, answers: Answers) -> bool:
        if not needed <= part.features.keys():
            return False
        for name, one in parts:
            known = answers.get(name)
            if known is None:
                known = answers[name] = one(part, context, now, answers)
            if not known:
                return False
        return True

    return holds


def _any(parts: list[tuple[_Named, frozenset[FeatureId]]]) -> _Holds:
    """Ask only what may hold: each part that needs something is looked up by what fewest of the others need."""
    shared = Counter(feature for _, needed in parts for feature in needed)
    rarest = (min(needed, key=lambda f: (shared[f], f), default=None) for _, needed in parts)
    rare = [(feature, *named) for feature, (named, _) in zip(rarest, parts, strict=True)]

    def holds(part: Part, context: Context, now: int, answers: Answers) -> bool:
        did = part.features
        for feature, name, one in rare:
            if feature is not None and feature not in did:
                continue
            known = answers.get(name)
            if known is None:
                known = answers[name] = one(part, context, now, answers)
            if known:
                return True
        return False

    return holds


def _not(one: _Holds) -> _Holds:
    return lambda part, context, now, answers: not one(part, context, now, answers)


# ---- What is known of her ----------------------------------------------------------------------------


def _register(node: Trait | Preference | Fact) -> _Holds:
    check = check_of(node.tests)
    if isinstance(node, Fact):
        key = node.key
        return lambda part, _context, _now, _answers: check(_value(part.scores, key))
    name = node.name
    if isinstance(node, Trait):
        return lambda part, _context, _now, _answers: check(_value(part.traits, name))
    return lambda part, _context, _now, _answers: check(_value(part.preferences, name))


def _value(written: Mapping[str, Written], name: str) -> object:
    found = written.get(name)
    return None if found is None else found.value


# ---- What she did ------------------------------------------------------------------------------------


def _did(node: Did, zone: ShopZone, currency: str) -> _Holds:
    if node.window.hours is None:
        return _did_in_days(node, zone)
    count = _count_hours(node, currency)
    return lambda part, _context, now, _answers: _is_meant(node, *count(part, now))


def _did_in_days(node: Did, zone: ShopZone) -> _Holds:
    """Add up what is counted per shop day, in one loop: it is what segments ask most."""
    feature, never = feature_of(node.name, node.where).id, _is_meant(node, 0, 0)
    bounds, is_meant, day_of = node.window.bounds, node.times.holds, zone.day
    total = node.sum

    def holds(part: Part, _context: Context, now: int, _answers: Answers) -> bool:
        days = part.features.get(feature)
        if not days:  # most of what a shop counts most people never did
            return never
        first, last = bounds(day_of(now))
        if first is None:
            first = FIRST_DAY
        events = value = 0
        for day, tally in days.items():
            if first <= day <= last:
                events += tally.events
                value += tally.value
        return is_meant(events) and (total is None or total.holds(value))

    return holds


def _is_meant(node: Did, events: int, value: int) -> bool:
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


def _in_order(node: InOrder, zone: ShopZone) -> _Holds:
    steps = tuple((step.name, where_matcher(step.where)) for step in node.steps)
    times, window = node.times, node.window

    def holds(part: Part, _context: Context, now: int, _answers: Answers) -> bool:
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
