"""Step 2 of 8, unify: two memories become one.

In:   two folds (or parts) of event sets that have no event in common.
Out:  the fold of both sets together; see the law in fold.py.
Idea: every part merges on its own and needs no look at the log: sums, newest, unions.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from msgspec.structs import replace

from etalage.domain.consent import merge_registers
from etalage.domain.ids import VariantName
from etalage.domain.profile import (
    BASKETS_KEPT,
    CAP_MEMORY,
    RECENT_EVENTS,
    RECENT_HOURS,
    RECENT_LIMIT,
    Arm,
    Basket,
    CartLine,
    Fold,
    Part,
    Recent,
    Tally,
    Written,
)
from etalage.domain.time import HOUR, SESSION_GAP

K = TypeVar("K")
V = TypeVar("V")
Span = tuple[int, int, int]  # start, end, events


def merge(one: Fold, other: Fold) -> Fold:
    """Merge the memories of two disjoint sets of events of one visitor, or of one person's visitors."""
    merged = merge_but_parts(one, other)
    return replace(merged, parts=_both(one.parts, other.parts, merge_parts))


def merge_but_parts(one: Fold, other: Fold) -> Fold:
    """Merge what does not depend on consent; who may read the parts is for the caller to say."""
    return Fold(
        first_seen=min(one.first_seen, other.first_seen),
        link=_newest(one.link, other.link),
        consent=merge_registers(one.consent, other.consent),
        arms=_both(one.arms, other.arms, _merge_arms),
        triggered=_both(one.triggered, other.triggered, _merge_moments),
        parts={},
        restricted=_newest(one.restricted, other.restricted),
        paused=_newest(one.paused, other.paused),
    )


def merge_parts(one: Part, other: Part) -> Part:
    """Merge two parts: of one epoch, or of all the epochs in which a person may be known."""
    cleared = max(one.cleared, other.cleared)
    return Part(
        features=_both(one.features, other.features, _merge_tallies),
        days=_both(one.days, other.days, int.__add__),
        recents=_merge_recents(one.recents, other.recents),
        traits=_both(one.traits, other.traits, _later),
        preferences=_both(one.preferences, other.preferences, _later),
        scores=_both(one.scores, other.scores, _later),
        refused=_both(one.refused, other.refused, _later),
        cart={
            product: line
            for product, line in _both(one.cart, other.cart, _later_line).items()
            if (line.time, line.id) >= cleared
        },
        cleared=cleared,
        bought=_both(one.bought, other.bought, max),
        sessions=_both(one.sessions, other.sessions, _merge_spans),
        baskets=_merge_baskets(one.baskets, other.baskets),
    )


def newest_baskets(baskets: Iterable[Basket]) -> tuple[Basket, ...]:
    """Keep the newest orders: what one set drops would be dropped from any larger set too."""
    return tuple(sorted(baskets, key=lambda one: (one.time, one.id)))[-BASKETS_KEPT:]


def _merge_baskets(one: tuple[Basket, ...], other: tuple[Basket, ...]) -> tuple[Basket, ...]:
    """Keep the newest of both; most events are no order, and then there is nothing to merge."""
    return newest_baskets((*one, *other)) if one and other else one or other


def newest_recents(events: Iterable[Recent]) -> tuple[Recent, ...]:
    """Keep the newest 500 by (time, id), and beyond them all of the last 48 hours up to 5,000.

    The two days are counted back from the newest event, not from now. What one set drops here would be dropped
    from any larger set too: its rank only grows and the newest event only gets newer. So the rule merges.
    """
    return _newest_of(tuple(sorted(events, key=_moment)))


def _merge_recents(one: tuple[Recent, ...], other: tuple[Recent, ...]) -> tuple[Recent, ...]:
    """Keep the newest of both; where the other's all come after, as they mostly do, nothing has to be sorted."""
    if not one or not other or _moment(one[-1]) < _moment(other[0]):
        return _newest_of((*one, *other))
    return newest_recents((*one, *other))


def since(kept: tuple[Recent, ...], events: tuple[Recent, ...]) -> tuple[Recent, ...]:
    """Give those of one of the merged that the merge kept: it keeps the newest of all, so what comes after its first."""
    if not kept or not events or _moment(events[0]) >= _moment(kept[0]):
        return events if kept else ()
    return events[bisect_left(events, _moment(kept[0]), key=_moment) :]


def _moment(event: Recent) -> tuple[int, str]:
    return (event.time, event.id)


def _newest_of(ordered: tuple[Recent, ...]) -> tuple[Recent, ...]:
    if len(ordered) <= RECENT_EVENTS:
        return ordered
    since = ordered[-1].time - RECENT_HOURS * HOUR
    kept = ordered[-RECENT_LIMIT:]
    surplus = len(kept) - RECENT_EVENTS
    first = next((i for i in range(surplus) if kept[i].time > since), surplus)
    return kept[first:]


def merge_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Join the stretches of one visitor that lie at most 30 minutes apart, adding up their events."""
    joined: list[Span] = []
    for start, end, events in sorted(spans):
        if joined and start - joined[-1][1] <= SESSION_GAP:
            before = joined[-1]
            joined[-1] = (before[0], max(before[1], end), before[2] + events)
        else:
            joined.append((start, end, events))
    return tuple(joined)


def _merge_spans(one: tuple[Span, ...], other: tuple[Span, ...]) -> tuple[Span, ...]:
    """Join the stretches of one visitor; where the other's begin in or after the last one, only it can grow."""
    if one and other and other[0] >= one[-1]:
        return (*one[:-1], *merge_spans((one[-1], *other)))
    return merge_spans((*one, *other))


def _both(one: Mapping[K, V], other: Mapping[K, V], join: Callable[[V, V], V]) -> dict[K, V]:
    merged = dict(one)
    for key, value in other.items():
        merged[key] = join(merged[key], value) if key in merged else value
    return merged


def _newest(one: Written | None, other: Written | None) -> Written | None:
    if one is None or other is None:
        return one or other
    return _later(one, other)


def _later(one: Written, other: Written) -> Written:
    return one if (one.time, one.id) > (other.time, other.id) else other


def _later_line(one: CartLine, other: CartLine) -> CartLine:
    return one if (one.time, one.id) > (other.time, other.id) else other


def _merge_tallies(one: Mapping[int, Tally], other: Mapping[int, Tally]) -> dict[int, Tally]:
    return _both(one, other, lambda a, b: Tally(a.events + b.events, a.value + b.value))


def _merge_arms(
    one: Mapping[VariantName, Arm], other: Mapping[VariantName, Arm]
) -> dict[VariantName, Arm]:
    return _both(one, other, lambda a, b: a if (a.time, a.id) < (b.time, b.id) else b)


def _merge_moments(
    one: tuple[tuple[int, str], ...], other: tuple[tuple[int, str], ...]
) -> tuple[tuple[int, str], ...]:
    return tuple(sorted((*one, *other))[-CAP_MEMORY:])
