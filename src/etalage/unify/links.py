"""Step 2 of 8, unify: which visitors are one person.

Visitors are stars around a customer key: a browser points at the customer number it was signed in with (or at
a verified mail address), a mail address points at the customer number it belongs to. Two customer numbers are
never joined: a browser used by two people belongs to the one who identified herself last.

    browser A ─┐
    browser B ─┼─> mail address ──> customer number      at most two hops; the last one is the person's root
    browser C ─┴──────────────────────┘
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from etalage.domain.ids import VisitorKey
from etalage.domain.profile import Fold
from etalage.ports import FoldHead

MOST_HOPS = 2


def root_of(visitor: VisitorKey, target: Callable[[VisitorKey], VisitorKey | None]) -> VisitorKey:
    """Follow the links of a visitor to the key that stands for the person."""
    for _ in range(MOST_HOPS):
        following = target(visitor)
        if following is None or following == visitor:
            return visitor
        visitor = following
    return visitor


def target_of(fold: Fold | FoldHead | None) -> VisitorKey | None:
    """Give the customer key that a visitor is linked to now."""
    if fold is None or fold.link is None or not isinstance(fold.link.value, str):
        return None
    return VisitorKey(fold.link.value)


def members_of(
    root: VisitorKey, linked_to: Callable[[VisitorKey], Collection[VisitorKey]]
) -> tuple[VisitorKey, ...]:
    """Give all visitors whose links end at `root`, `root` itself included, in order of key."""
    direct = linked_to(root)
    if not direct:  # of most there is one browser
        return (root,)
    first = set(direct) - {root}
    second = {visitor for key in first for visitor in linked_to(key)} - {root}
    return tuple(sorted({root} | first | second))
