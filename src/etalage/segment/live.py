"""Step 3 of 8, segment: a tree as a Python closure over a person and the moment.

In:   a tree, compiled once.
Out:  a function of (person, context, now) that tells whether she belongs to it; microseconds.
Idea: what most people never did is looked up before anything is asked (`needed_for`), what costs little is asked
      first, and what all alternatives ask is asked once, before them (`_factored`).
      sql.py gives the same people from the log, exactly; whatever is decided here is decided there too:

      - while `personalise` is closed (`person.part` is None) nobody is in a segment that asks about history;
      - a program (more than 5,000 events within three shop days in a row) is in no segment;
      - days after today, and in a window of hours moments after `now`, do not count.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from etalage.domain.context import Context
from etalage.domain.ids import FeatureId, SegmentName
from etalage.domain.profile import Person
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
    has_history,
)
from etalage.domain.time import ShopZone
from etalage.segment.conditions import (
    Asking,
    Holds,
    did,
    in_order,
    is_meant,
    of_context,
    register,
)
from etalage.segment.features import feature_of

_Named: TypeAlias = tuple[str, Holds]
_Alternative: TypeAlias = tuple[frozenset[FeatureId], Holds]


class IsIn:
    """Tells whether somebody belongs to a segment."""

    __slots__ = ("_zone", "asks_history", "holds")

    def __init__(self, node: Node, *, zone: ShopZone, currency: str) -> None:
        self.holds = _compile(node, currency=currency, zone=zone)
        self.asks_history = has_history(node)
        self._zone = zone

    def __call__(self, person: Person, context: Context, now: int) -> bool:
        """Ask of one person, on one page, at one moment."""
        asking = Asking(person.part, context, now, self._zone)
        if asking.is_program or (self.asks_history and not asking.has_past):
            return False
        return self.holds(asking)


class AreIn:
    """Tells to which of several segments somebody belongs."""

    __slots__ = ("_all", "_of_moment")

    def __init__(self, segments: Mapping[SegmentName, IsIn]) -> None:
        self._all = tuple((name, one.holds) for name, one in segments.items())
        self._of_moment = tuple(
            (n, one.holds) for n, one in segments.items() if not one.asks_history
        )

    def of(self, asking: Asking) -> list[SegmentName]:
        """Give those she belongs to, in the order in which they were given."""
        if asking.is_program:
            return []
        asked = self._all if asking.has_past else self._of_moment
        return [name for name, holds in asked if holds(asking)]


def compile_live(node: Node, *, zone: ShopZone, currency: str) -> IsIn:
    """Compile a tree; `zone` and `currency` are the shop's."""
    return IsIn(node, zone=zone, currency=currency)


def holds_for_nobody(node: Node, context: Context, now: int, *, zone: ShopZone) -> bool:
    """Tell whether a person without any event would be in it, so that batch cannot leave her out."""
    return _compile(node, zone, "")(Asking(None, context, now, zone))


def _compile(node: Node, zone: ShopZone, currency: str) -> Holds:  # noqa: PLR0911  one per form
    match node:
        case AllOf(parts):
            ordered = tuple(sorted(parts, key=_cost))
            looked_up = needed_for(AllOf(ordered[:1]))  # by the part that is asked first
            needed = needed_for(AllOf(ordered[1:])) - looked_up
            return _all([_named(p, zone, currency) for p in ordered], needed)
        case AnyOf(parts):
            factored = _factored(parts)
            if factored is not None:
                return _compile(factored, zone, currency)
            return _any([_alternative(p, zone, currency) for p in sorted(parts, key=_cost)])
        case Not(Did() as part) if part.window.hours is None:
            return did(part, currency, meant=False)
        case Not(part):
            return _not(_compile(part, zone, currency))
        case In(_, tree):
            return _compile(tree, zone, currency)
        case OfContext():
            return of_context(node)
        case Did():
            asked = did(node, currency)
            return asked if node.window.hours is None else _remembered(node, asked)
        case InOrder():
            return _remembered(node, in_order(node, zone))
        case _:
            return register(node)


def _named(node: Node, zone: ShopZone, currency: str) -> _Named:
    """Compile a part under its text: equal parts of any segments are known by it, and asked once a moment."""
    plain = _plain(node)
    return sys.intern(repr(plain)), _compile(plain, zone, currency)


def _alternative(node: Node, zone: ShopZone, currency: str) -> _Alternative:
    """Compile a part of which one must hold. Few others ask what it asks: to remember that costs more than it saves."""
    needed = needed_for(node)
    asked = [_compile(p, zone, currency) for p in sorted(_parts_of(node), key=_cost)]
    looked_up = len(needed) == 1  # by `_any`
    return needed, _each(asked, frozenset() if looked_up else needed)


def _plain(node: Node) -> Node:
    """Give what a reference refers to, and the part of what has only one."""
    match node:
        case In(_, tree):
            return _plain(tree)
        case AllOf((part,)):
            return _plain(part)
        case _:
            return node


def _factored(alternatives: Sequence[Node]) -> Node | None:
    """Put what all alternatives ask before them: (a and b) or (a and c) is a and (b or c). None if they share nothing.

    What they share stays one part: other segments that share the same are answered with it. Parts are compared by
    their text, in which 1, true and "1" are three.
    """
    if len(alternatives) < 2:  # noqa: PLR2004  nothing to share
        return None
    asked = [{repr(part): part for part in _parts_of(one)} for one in alternatives]
    shared = [text for text in asked[0] if all(text in one for one in asked)]
    if not shared:
        return None
    common = AllOf(tuple(asked[0][text] for text in shared))
    rests = [tuple(part for text, part in one.items() if text not in shared) for one in asked]
    if not all(rests):  # one of them asks no more than this
        return common
    return AllOf((common, AnyOf(tuple(AllOf(rest) for rest in rests))))


def _parts_of(node: Node) -> list[Node]:
    """Give what must all hold."""
    plain = _plain(node)
    if not isinstance(plain, AllOf):
        return [plain]
    return [inner for part in plain.parts for inner in _parts_of(part)]


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
        case Did() if node.window.hours is None and not is_meant(node, 0, 0):
            return frozenset({feature_of(node.name, node.where).id})
        case _:
            return frozenset()


def _all(parts: list[_Named], needed: frozenset[FeatureId]) -> Holds:
    def holds(asking: Asking) -> bool:
        if needed and not needed <= asking.did.keys():
            return False
        answers = asking.answers
        for name, one in parts:
            known = answers.get(name)
            if known is None:
                known = answers[name] = one(asking)
            if not known:
                return False
        return True

    return holds


def _each(parts: list[Holds], needed: frozenset[FeatureId]) -> Holds:
    """Ask all, of which nothing is remembered."""

    def holds(asking: Asking) -> bool:
        if needed and not needed <= asking.did.keys():
            return False
        for one in parts:  # noqa: SIM110  asked ten times a decision
            if not one(asking):
                return False
        return True

    return parts[0] if len(parts) == 1 else holds


def _any(parts: list[_Alternative]) -> Holds:
    """Ask only what may hold: each part that needs something is looked up by what fewest of the others need."""
    shared = Counter(feature for needed, _ in parts for feature in needed)
    rarest = (min(needed, key=lambda f: (shared[f], f), default=None) for needed, _ in parts)
    rare = [(feature, one) for feature, (_, one) in zip(rarest, parts, strict=True)]

    def holds(asking: Asking) -> bool:
        done = asking.did
        for feature, one in rare:  # noqa: SIM110  asked ten times a decision
            if (feature is None or feature in done) and one(asking):
                return True
        return False

    return holds


def _remembered(node: Node, one: Holds) -> Holds:
    """Ask once a moment what takes long: it goes through all that she did lately."""
    name = sys.intern(repr(node))

    def holds(asking: Asking) -> bool:
        known = asking.answers.get(name)
        if known is None:
            known = asking.answers[name] = one(asking)
        return known

    return holds


def _not(one: Holds) -> Holds:
    return lambda asking: not one(asking)
