"""Segments: a named rule over people and the moment, as a small closed tree (design 6).

A tree is read twice, live over a `Person` (segment/live.py) and in batch as SQL (segment/sql.py), and told in one
sentence. It holds no text that is ever run: names, numbers and values only. Amounts are minor units of the shop's
currency, fractions of scores are millionths, dates are shop days.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from msgspec import Struct

from etalage.domain.event import Scalar
from etalage.domain.ids import FeatureId, SegmentName

# `between` is written, and read as at_least and at_most.
Operator = Literal[
    "is",
    "in",
    "at_least",
    "at_most",
    "contains",
    "starts_with",
    "under",
    "exists",
    "before",
    "after",
]


class Test(Struct, frozen=True, array_like=True):
    """One test of one value. `in` holds several values, `exists` a boolean; all others a single one.

    A value of another type than the test's fails it; a missing value fails all but `exists: false`.
    """

    operator: Operator
    value: Scalar | tuple[Scalar, ...]


Tests: TypeAlias = tuple[Test, ...]  # all must hold; in the order of `Operator`
Where: TypeAlias = tuple[tuple[str, Tests], ...]  # per field of an event, in order of field


class Range(Struct, frozen=True, array_like=True):
    """How many, or how much: both bounds inclusive, None = no bound."""

    at_least: int | None = None
    at_most: int | None = None

    def holds(self, number: int) -> bool:
        """Tell whether a number lies within both bounds."""
        above = self.at_least is None or number >= self.at_least
        return above and (self.at_most is None or number <= self.at_most)


ONCE = Range(at_least=1)


class Window(Struct, frozen=True, array_like=True):
    """When it must have happened. At most one of `hours` and `days`; never together with `since` or `until`.

    hours 36     (now - 36 h, now]               exact and rolling
    days 30      today and the 29 shop days before
    since/until  shop days, both inclusive; never later than today
    """

    hours: int | None = None
    days: int | None = None
    since: int | None = None
    until: int | None = None

    def bounds(self, today: int) -> tuple[int | None, int]:
        """Give the first and the last shop day that count; first None = from the beginning."""
        first = today - self.days + 1 if self.days is not None else self.since
        return first, today if self.until is None else min(today, self.until)


class Did(Struct, frozen=True, tag=True):
    """Something that was done so many times, for so much in total, within a window."""

    name: str  # of the event
    where: Where = ()
    times: Range = ONCE
    sum: Range | None = None  # minor units
    window: Window = Window()


class Step(Struct, frozen=True, array_like=True):
    """One step of a sequence."""

    name: str
    where: Where = ()


class InOrder(Struct, frozen=True, tag=True):
    """Sessions of one visitor in which these steps happened one after the other, others in between allowed.

    A session counts once and on the day it began. Only what a profile remembers whole is looked at (its recents).
    """

    steps: tuple[Step, ...]
    times: Range = ONCE
    window: Window = Window()


class Trait(Struct, frozen=True, tag=True):
    """A stated field of a person."""

    name: str
    tests: Tests


class Preference(Struct, frozen=True, tag=True):
    """An explicit answer of a person."""

    name: str
    tests: Tests


FactKind = Literal["phase", "persona", "rfm", "score"]


class Fact(Struct, frozen=True, tag=True):
    """A computed field of a person, stored with its date: phase, persona, a side of RFM, or a score."""

    kind: FactKind
    name: str  # of the score; the side of RFM; otherwise the kind itself
    tests: Tests

    @property
    def key(self) -> str:
        """Give the name under which `score` events write it."""
        return f"rfm.{self.name}" if self.kind == "rfm" else self.name


class OfContext(Struct, frozen=True, tag=True):
    """A field of the moment itself; unknown in batch."""

    field: str
    tests: Tests


class AllOf(Struct, frozen=True, tag=True):
    """All parts hold."""

    parts: tuple[Node, ...]


class AnyOf(Struct, frozen=True, tag=True):
    """At least one part holds."""

    parts: tuple[Node, ...]


class Not(Struct, frozen=True, tag=True):
    """The part does not hold."""

    part: Node


class In(Struct, frozen=True, tag=True):
    """She is in another segment, whose tree stands here too."""

    name: SegmentName
    tree: Node


Node: TypeAlias = AllOf | AnyOf | Not | Did | InOrder | Trait | Preference | Fact | OfContext | In


class Segment(Struct, frozen=True):
    """A named rule. An edited one is a new version."""

    name: SegmentName
    version: int
    tree: Node
    title: str = ""


class Feature(Struct, frozen=True):
    """A `did` without its window and thresholds: what is counted per shop day as events come in."""

    id: FeatureId
    name: str  # of the event
    where: Where


def walk(node: Node) -> Iterator[Node]:
    """Give the node and all below it, those of segments it refers to included, parents first."""
    yield node
    for part in _parts(node):
        yield from walk(part)


def has_context(node: Node) -> bool:
    """Tell whether some part asks about the moment itself, so that batch can only say "at most"."""
    return any(isinstance(part, OfContext) for part in walk(node))


def has_history(node: Node) -> bool:
    """Tell whether some part asks about the person, and hence needs her consent."""
    return any(not isinstance(p, OfContext | AllOf | AnyOf | Not | In) for p in walk(node))


def _parts(node: Node) -> tuple[Node, ...]:
    if isinstance(node, AllOf | AnyOf):
        return node.parts
    if isinstance(node, Not):
        return (node.part,)
    return (node.tree,) if isinstance(node, In) else ()
