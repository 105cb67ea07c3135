"""The privacy of small groups: of fewer than ten people nothing is said, whoever asks and in whatever way.

In:   a segment.
Out:  its size or its people; or that they are too few, which is all that is told then.
Idea: the one place of the rule, for the command line, the Python face and whatever comes. Those outside a segment are
      a group too (the difference with everybody), and nobody at all is a group of fewer than ten: whoever may tell 0
      from 1 can find out of one person what is known of her. `flow/ask.py` counts; nothing of it is shown unasked here.
From: safety.md 3 "Coupons, mail, exports".
"""

from __future__ import annotations

from msgspec import Struct

from etalage.domain.segment import Node
from etalage.domain.shop import Shop
from etalage.flow.ask import Size, members, size
from etalage.ports import Ports

FEWEST = 10  # people of whom anything is said: fewer are too easily somebody in particular


class Group(Struct, frozen=True):
    """What may be said of the size of a segment."""

    people: int | None  # None: they, or those outside it, are too few
    of: int | None  # all people who may be known; None where they are too few
    at_most: bool  # it asks about the moment too, which batch does not know
    few_inside: bool = False
    few_outside: bool = False

    @property
    def is_told(self) -> bool:
        """Whether anything is said of it."""
        return self.people is not None

    def __repr__(self) -> str:
        if self.people is not None and self.of is not None:
            most = "at most " if self.at_most else ""
            return f"{most}{self.people:,} of {self.of:,} people who may be known"
        where = "in it" if self.few_inside else "outside it"
        return f"Fewer than {FEWEST} people, or nobody, are {where}; nothing is said about so few."


def may_be_told(counted: Size) -> Group:
    """Give what may be said of an exact count."""
    few_inside = counted.people < FEWEST
    few_outside = not few_inside and counted.of - counted.people < FEWEST
    of = counted.of if counted.of >= FEWEST else None
    people = None if few_inside or few_outside else counted.people
    return Group(people, of, counted.at_most, few_inside, few_outside)


def group_of(ports: Ports, node: Node, shop: Shop, *, now: int) -> Group:
    """Give the size of a segment, over the log as it stands, as far as it may be told."""
    return may_be_told(size(ports, node, shop, now=now))


def people_of(
    ports: Ports, node: Node, shop: Shop, *, now: int, limit: int
) -> tuple[Group, list[str]]:
    """Give the people of a segment by their pseudonyms, in order of key; none where they are too few to be told."""
    group = group_of(ports, node, shop, now=now)
    found = members(ports, node, shop, now=now, limit=limit) if group.is_told else []
    return group, found
