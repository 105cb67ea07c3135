"""The way in, looking back: make memory again from the log, of one condition, of some visitors, or of all.

In:   the log from its beginning, and what the profiles hold.
Out:  folds as if what is asked now had been asked from the first event on.
Idea: the same folding as on the way in (`remember`), over the past: so what is made again is what was there, byte
      for byte, and a condition that came into force at position p counts exactly the events up to p here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

import msgspec

from etalage.domain.event import Event
from etalage.domain.ids import FeatureId, VisitorKey
from etalage.domain.profile import ActiveFeature, Fold, Part
from etalage.flow.remember import AT_ONCE, FEATURE, Memorist, remember
from etalage.ports import EventLog, Profiles, ProfilesWrite
from etalage.unify.fold import Memory, fold
from etalage.unify.merge import merge_parts
from etalage.unify.orders import as_remembered
from etalage.unify.person import EMPTY as EMPTY_PART


def back_fill(log: EventLog, profiles: Profiles, how: Memorist) -> tuple[FeatureId, ...]:
    """Count what happened before each new condition came into force; give those that are warm now."""
    waiting = [feature for feature in profiles.features() if not feature.warm]
    for feature in waiting:
        before = (event for _, event in log.read(0, upto=feature.position))
        counts = _counts(as_remembered(before), feature.id, how.memory([feature]))
        profiles.update(_warmer(feature, counts))
    return tuple(feature.id for feature in waiting)


def _counts(
    events: Iterable[Event], feature: FeatureId, memory: Memory
) -> dict[VisitorKey, dict[int, Part]]:
    """Count one condition per visitor and epoch; of a log of any length only some events are held at a time."""
    found: dict[VisitorKey, dict[int, Part]] = {}
    waiting = iter(events)
    while lot := list(islice(waiting, AT_ONCE)):
        for visitor, past in fold(lot, memory).items():
            for epoch, part in past.parts.items():
                if not (days := part.features.get(feature)):
                    continue
                alone = msgspec.structs.replace(EMPTY_PART, features={feature: days})
                own = found.setdefault(visitor, {})
                own[epoch] = merge_parts(own[epoch], alone) if epoch in own else alone
    return found


def _warmer(
    feature: ActiveFeature, counts: dict[VisitorKey, dict[int, Part]]
) -> Callable[[ProfilesWrite], None]:
    def change(write: ProfilesWrite) -> None:
        features = list(write.features())
        if any(one.id == feature.id and one.warm for one in features):
            return  # another process was first
        for visitor, past in counts.items():
            known = write.get(visitor)
            if known is not None:
                write.put(visitor, _with_counts(known, past))
        warm = msgspec.structs.replace(feature, warm=True)
        write.put_features([warm if one.id == feature.id else one for one in features])

    return change


def _with_counts(known: Fold, counted: dict[int, Part]) -> Fold:
    """Add what was counted to the epochs that are still remembered."""
    parts = dict(known.parts)
    for epoch, alone in counted.items():
        if epoch in parts:
            parts[epoch] = merge_parts(parts[epoch], alone)
    return msgspec.structs.replace(known, parts=parts)


def refold(
    log: EventLog, profiles: Profiles, how: Memorist, visitors: frozenset[VisitorKey]
) -> int:
    """Fold these visitors again from the whole log, as of the position the profiles have reached; give how many.

    None of them while a condition is warming: the back-fill would add what this has counted already.
    """
    if not visitors:
        return 0

    def change(write: ProfilesWrite) -> int:
        if not all(feature.warm for feature in write.features()):
            return 0
        history = (event for _, event in log.read(0, upto=write.position) if event.name != FEATURE)
        own = (event for event in as_remembered(history) if event.visitor in visitors)
        folds = fold(own, how.memory(write.features()))
        for visitor in visitors:
            write.put(visitor, folds[visitor]) if visitor in folds else write.remove(visitor)
            write.unmark(visitor)
        return len(visitors)

    return profiles.update(change)


def rebuild(log: EventLog, profiles: Profiles, how: Memorist) -> int:
    """Forget all folds and make them again from the log: the same folds, byte for byte."""
    profiles.update(_forget)
    position = remember(log, profiles, how)
    refold(log, profiles, how, profiles.marked())
    return position


def _forget(write: ProfilesWrite) -> None:
    features = [msgspec.structs.replace(one, position=0, warm=True) for one in write.features()]
    write.clear()
    write.put_features(features)
