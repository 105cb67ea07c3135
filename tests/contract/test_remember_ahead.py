"""Folding one's own events before the lock is there gives the folds of doing it all within: on both stores."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import pytest
from appending import AMSTERDAM, MONDAY, digest, viewed

from etalage.domain.arrival import Appended, Arrival, engines_own
from etalage.domain.event import Event
from etalage.domain.ids import EventId, FeatureId, VisitorKey
from etalage.domain.profile import ActiveFeature, Fold
from etalage.domain.time import MINUTE
from etalage.flow.remember import FEATURE, Memorist, remember
from etalage.ports import EventLog, Profiles, ProfilesWrite
from etalage.store.memory.profiles import MemoryProfiles

HOW = Memorist(AMSTERDAM, "EUR")
WHO = ("karel", "anna", "piet")


def order(number: int, name: str, transaction: str, source: str) -> Arrival:
    event = msgspec.structs.replace(
        viewed(number, source=source, at=MONDAY + number * MINUTE).event,
        id=EventId(f"{name}-{number}"),
        name=name,
        transaction=transaction,
        visitor=VisitorKey(digest(source).hex()) if name == "purchase_claim" else None,
        trust="claimed" if name == "purchase_claim" else "confirmed",
    )
    return Arrival(event, digest(name, number), digest(transaction), "wk_ab12")


def condition(product: str) -> Arrival:
    feature = ActiveFeature(FeatureId(product), "view_item", {}, 0)
    event = Event(
        id=EventId(f"feature-{product}"),
        name=FEATURE,
        time=MONDAY,
        received=MONDAY,
        trust="confirmed",
        source="engine",
        record=msgspec.json.encode(feature).decode(),
    )
    return engines_own(event)


def batches(rng: random.Random) -> list[list[Arrival]]:
    """Draw what two processes write in turns: views, claims of orders and the orders, now and then a condition."""
    made: list[list[Arrival]] = []
    for number in range(12):
        batch = [
            viewed(number * 10 + n, source=rng.choice(WHO)) for n in range(rng.randrange(1, 5))
        ]
        if rng.random() < 0.5:
            name = rng.choice(("purchase", "purchase_claim"))
            batch.append(order(number, name, f"T-{rng.randrange(3)}", rng.choice(WHO)))
        if rng.random() < 0.2:
            batch.append(condition(f"counted-{number}"))
        rng.shuffle(batch)
        made.append(batch)
    return made


def appended(log: EventLog, batch: list[Arrival]) -> Appended:
    """Write a batch; give what is new of it, as a committer does."""
    after = log.head()
    entered = log.append(batch)
    new = [arrival.event for arrival, one in zip(batch, entered, strict=True) if one.position]
    return Appended(after, new)


def all_of(profiles: Profiles) -> tuple[dict[VisitorKey, Fold], tuple[ActiveFeature, ...]]:
    return dict(profiles.visitors()), profiles.features()


@dataclass
class Overtaken:
    """Profiles of which another process takes the lock first: it does all there is, then we get it."""

    real: Profiles
    first: Callable[[], object]

    def update(self, change: Callable[[ProfilesWrite], object]) -> object:
        self.first()
        return self.real.update(change)

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)


@pytest.mark.parametrize("seed", range(12))
def test_whoever_folds_first_and_whatever_was_folded_ahead_the_folds_are_the_same(
    log: EventLog, profiles: Profiles, seed: int
) -> None:
    rng = random.Random(seed)
    waiting: list[Appended] = []  # what each process that has not folded yet wrote
    for batch in batches(rng):
        waiting.append(appended(log, batch))
        while waiting and rng.random() < 0.6:
            own = waiting.pop(rng.randrange(len(waiting)))
            others = rng.choice([lambda: None, lambda: remember(log, profiles, HOW)])
            overtaken = Overtaken(profiles, others)
            assert remember(log, overtaken, HOW, own=own) >= own.upto  # type: ignore[arg-type]

    reached = remember(log, profiles, HOW)

    plain = MemoryProfiles()
    assert reached == remember(log, plain, HOW) == log.head()
    assert all_of(profiles) == all_of(plain)


def test_what_is_not_of_this_process_only_is_left_to_the_lock(log: EventLog) -> None:
    log.append([viewed(1)])
    own = appended(log, [viewed(2), viewed(3)])
    log.append([viewed(4)])
    profiles = MemoryProfiles()

    assert (
        remember(log, profiles, HOW, own=own) == 3
    )  # also what came before it, not what came after

    (fold,) = dict(profiles.visitors()).values()
    assert [part.recents[-1].id for part in fold.parts.values()] == ["karel-3"]
    assert sum(len(part.recents) for part in fold.parts.values()) == 3
