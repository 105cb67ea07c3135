"""The way in, second half: bring the memory of visitors up to the log.

In:   what the log holds after the position that the profiles have reached.
Out:  folds merged into the stored ones, and the new position, in one transaction.
Idea: whoever holds the write lock does all the work there is, in the order of the log, also that of other
      processes. So each event is folded exactly once, wherever it came in, and a crash costs nothing.

A counted condition (feature) comes into force by an event of its own in the log, at position p: events after p are
counted here as they come in, those up to p by `look_back.back_fill`; their sum is exact (design 4.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from etalage.domain.arrival import Appended
from etalage.domain.event import Event
from etalage.domain.ids import VisitorKey
from etalage.domain.profile import ActiveFeature, Fold
from etalage.domain.segment import Feature
from etalage.domain.time import ShopZone
from etalage.ports import EventLog, Profiles, ProfilesWrite
from etalage.segment.features import Counting, counted, where_of
from etalage.unify.fold import Memory, adds_nothing, fold
from etalage.unify.merge import merge
from etalage.unify.orders import is_of_transaction, settle

FEATURE = "feature"  # name of the event with which a counted condition comes into force
AT_ONCE = 5_000  # events per transaction


class Memorist(msgspec.Struct, frozen=True):
    """How one shop remembers: what it takes to turn its log into folds."""

    zone: ShopZone
    currency: str

    def memory(self, features: Iterable[ActiveFeature]) -> Memory:
        """Give the way of folding with these conditions counted."""
        return Memory(self.zone, self.currency, _counting(_Conditions(features)))


class _Conditions:
    """Conditions, the same if their ids are: an id is the digest of what it counts."""

    def __init__(self, features: Iterable[ActiveFeature]) -> None:
        self.features = tuple(features)
        self._ids = tuple(one.id for one in self.features)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Conditions) and self._ids == other._ids

    def __hash__(self) -> int:
        return hash(self._ids)


@lru_cache(maxsize=64)  # of all shops of this process; asked for with every commit
def _counting(conditions: _Conditions) -> Counting:
    return counted(Feature(c.id, c.name, where_of(c.where)) for c in conditions.features)


class _Ahead(NamedTuple):
    """What was folded before the write lock was ours, of events that this process wrote itself."""

    own: Appended
    features: tuple[ActiveFeature, ...]  # that were counted
    folds: dict[VisitorKey, Fold]
    rest: Sequence[Event]  # that cannot be folded without looking at what is stored


def remember(
    log: EventLog, profiles: Profiles, how: Memorist, *, own: Appended | None = None
) -> int:
    """Fold all that is in the log by now, or up to what this process just wrote; give the position reached.

    What other processes write meanwhile is theirs: who went after it too would wait for the lock they hold.

    Args:
        log: where the events are.
        profiles: where the folds are.
        how: the shop remembers.
        own: what this process just wrote. It folds that before it waits for the lock, so that the others wait less
            for it.
    """
    upto = log.head() if own is None else own.upto
    ahead = None if own is None else _fold_ahead(profiles, how, own)
    while (position := profiles.position()) < upto:
        profiles.update(lambda write: _take(log, write, how, upto, ahead))
    return position


def _fold_ahead(profiles: Profiles, how: Memorist, own: Appended) -> _Ahead | None:
    """Fold events of our own, and read the folds they will be merged with: what is read is known again by its digest."""
    if len(own.events) > AT_ONCE:
        return None
    features = profiles.features()
    alone = [event for event in own.events if _is_alone(event)]
    rest = [event for event in own.events if not _is_alone(event)]
    if any(event.name == FEATURE for event in rest):
        return None
    folds = fold(alone, how.memory(features))
    profiles.many(folds)
    return _Ahead(own, features, folds, rest)


def _is_alone(event: Event) -> bool:
    """Tell whether an event can be folded without a look at orders or folds."""
    return event.name not in {FEATURE, "decision"} and not is_of_transaction(event)


def _take(
    log: EventLog, write: ProfilesWrite, how: Memorist, wanted: int, ahead: _Ahead | None
) -> None:
    upto = min(wanted, write.position + AT_ONCE)
    if upto <= write.position:
        return  # another process was first
    if ahead is None or not write.position <= ahead.own.after < ahead.own.upto <= upto:
        _take_up(log, write, how, upto)
        return
    _take_up(log, write, how, ahead.own.after)
    if write.features() == ahead.features:
        _put(write, ahead.folds)
        _put(write, fold(_found(ahead.rest, write), how.memory(ahead.features)))
        write.position = ahead.own.upto
    _take_up(log, write, how, upto)


def _take_up(log: EventLog, write: ProfilesWrite, how: Memorist, upto: int) -> None:
    """Fold the events up to a position, if there are any."""
    if upto <= write.position:
        return
    features = list(write.features())
    events: list[Event] = []
    for position, event in log.read(write.position, upto=upto):
        if event.name == FEATURE:
            _put(write, fold(_found(events, write), how.memory(features)))
            events = []
            features = _with(features, event, position)
            write.put_features(features)
        else:
            events.append(event)
    _put(write, fold(_found(events, write), how.memory(features)))
    write.position = upto


def _found(events: Sequence[Event], write: ProfilesWrite) -> Iterator[Event]:
    """Give the events as they are remembered: orders with the visitor they were found to belong to."""
    for event in events:
        if not is_of_transaction(event) or event.transaction is None:
            if not _is_known(event, write):
                yield event
            continue
        settled = settle(event, write.order(event.transaction))
        write.put_order(event.transaction, settled.claim)
        if event.name != "purchase":
            yield event
        if settled.remember is not None:
            yield settled.remember
        if settled.again is not None:
            write.mark(settled.again)


def _is_known(event: Event, write: ProfilesWrite) -> bool:
    """Tell whether this is a decision that changes no memory: most are, and then no fold is written."""
    if event.name != "decision" or event.visitor is None:
        return False
    known = write.get(event.visitor)
    return known is not None and adds_nothing(event, known)


def _put(write: ProfilesWrite, folds: dict[VisitorKey, Fold]) -> None:
    for visitor, new in folds.items():
        known = write.get(visitor)
        write.put(visitor, new if known is None else merge(known, new))


def _with(known: list[ActiveFeature], event: Event, position: int) -> list[ActiveFeature]:
    feature = msgspec.json.decode(event.record or "", type=ActiveFeature)
    if any(one.id == feature.id for one in known):
        return known
    return [*known, msgspec.structs.replace(feature, position=position)]
