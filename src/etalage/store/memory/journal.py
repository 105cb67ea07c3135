"""Store, memory: the event log for tests, with the same contract as the durable ones and nothing on disk."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from etalage.domain.arrival import Arrival, Entered, Rejected
from etalage.domain.event import Event
from etalage.domain.ids import VisitorKey
from etalage.domain.privacy import Verdict, rewritten
from etalage.domain.time import ShopZone
from etalage.ports import Account, Archive, Aside, Manifest, Retried, Rewritten, ShutReason
from etalage.store.entry import (
    AccountKey,
    account_lines,
    archived,
    conflict,
    is_shut_out,
    judge,
    rejected_key,
    resealed,
)


class MemoryEventLog:
    """The answer of memory to `ports.EventLog` and `ports.Sealable`; several threads may use it."""

    def __init__(self, *, zone: ShopZone, archive: Archive | None = None) -> None:
        self._zone = zone
        self._archive = archive
        self._lock = threading.RLock()
        self._events: dict[int, Event] = {}
        self._head = 0
        self._first = 1
        self._digests: dict[bytes, bytes] = {}
        self._once: set[bytes] = set()
        self._since: dict[bytes, int] = {}  # shop day of receipt of both kinds of ids
        self._counts: Counter[AccountKey] = Counter()
        self._quarantine: list[Rejected] = []
        self._manifest = Manifest()
        self._shut: dict[VisitorKey, ShutReason] = {}
        self._notes: dict[str, int] = {}

    def append(
        self, arrivals: Sequence[Arrival], rejected: Sequence[Rejected] = ()
    ) -> list[Entered]:
        """Keep what is new and count everything; see `ports.EventLog.append`."""
        with self._lock:
            self._counts.update(map(rejected_key, rejected))
            self._quarantine += [one for one in rejected if one.outcome == "quarantined"]
            return [self._enter(arrival) for arrival in arrivals]

    def _enter(self, arrival: Arrival) -> Entered:
        refusal = self._refusal(arrival.event)
        outcome = judge(
            arrival,
            known_digest=self._digests.get(arrival.identity),
            once_known=arrival.once in self._once,
        )
        if refusal is not None:
            outcome = "refused"
            entered = Entered(outcome, reason=refusal)
        elif outcome == "accepted":
            self._head += 1
            self._events[self._head] = arrival.event
            self._digests[arrival.identity] = arrival.digest
            self._since[arrival.identity] = self._zone.day(arrival.event.received)
            if arrival.once is not None:
                self._once.add(arrival.once)
                self._since[arrival.once] = self._zone.day(arrival.event.received)
            entered = Entered(outcome, self._head)
        elif outcome == "duplicate":
            entered = Entered(outcome)
        else:
            self._quarantine.append(conflict(arrival, self._zone))
            entered = Entered(outcome, reason="id_conflict")
        day = self._zone.day(arrival.event.received)
        self._counts[arrival.key, day, outcome, entered.reason or ""] += 1
        return entered

    def head(self) -> int:
        """Give the position of the newest event; 0 for an empty log."""
        return self._head

    def read(self, after: int, *, upto: int | None = None) -> Iterator[tuple[int, Event]]:
        """Give events in order; those that were pruned come from the archive."""
        last = self._head if upto is None else min(upto, self._head)
        while after < last:
            event = self._events.get(after + 1)
            if event is not None:
                after += 1
                yield after, event
            else:
                end = min(self._first - 1, last)
                yield from archived(self._archive, after, end)
                after = end

    def account(self) -> list[Account]:
        """Give the exact counts of everything received, in order."""
        with self._lock:
            return account_lines(self._counts)

    def quarantine(self) -> Iterator[Rejected]:
        """Give what was set aside, oldest first."""
        return iter(tuple(self._quarantine))

    def aside(self, reason: str) -> Iterator[Aside]:
        """Give what was set aside for a reason, oldest first."""
        held = enumerate(self._quarantine, 1)
        return iter([Aside(n, one) for n, one in held if one.reason == reason])

    def retry(self, retried: Sequence[Retried]) -> list[list[Entered] | None]:
        """Enter what was set aside as what it is now; see `ports.Replayable`."""
        with self._lock:
            return [self._retry(one) for one in retried]

    def _retry(self, one: Retried) -> list[Entered] | None:
        known = one.aside.rejected
        if not any(held is known for held in self._quarantine):
            return None
        self._quarantine = [held for held in self._quarantine if held is not known]
        self._counts[rejected_key(known)] -= 1
        self._counts = +self._counts
        return self.append(one.arrivals, one.rejected)

    def check_room(self) -> None:
        """Memory has room until it has none; nothing to say before."""

    def manifest(self) -> Manifest:
        """Give what is sealed now."""
        return self._manifest

    def seal(self, upto: int, files: Sequence[str], *, removed: Sequence[str] = ()) -> None:
        """State that all events up to `upto` are in `files`; see `ports.Sealable.seal`."""
        with self._lock:
            self._manifest = resealed(self._manifest, upto, files, removed=removed, head=self._head)

    @contextmanager
    def snapshot(self) -> Iterator[tuple[Manifest, Iterator[tuple[int, Event]]]]:
        """Give the manifest and the events behind it, read at one moment."""
        with self._lock:
            manifest = self._manifest
            behind = [(p, e) for p, e in self._events.items() if p > manifest.sealed_to]
        yield manifest, iter(behind)

    def prune(self, upto: int) -> int:
        """Drop sealed events up to `upto`; give how many."""
        with self._lock:
            end = min(upto, self._manifest.sealed_to)
            dropped = range(self._first, end + 1)
            for position in dropped:
                del self._events[position]
            self._first = max(self._first, end + 1)
            return len(dropped)

    def shut(self, visitors: Iterable[VisitorKey], reason: ShutReason | None) -> None:
        """Refuse events of (or naming) these visitors from now on; see `ports.Erasable`."""
        with self._lock:
            for visitor in visitors:
                if self._shut.get(visitor) == "erased":
                    continue
                if reason is None:
                    self._shut.pop(visitor, None)
                else:
                    self._shut[visitor] = reason

    def shut_out(self) -> dict[VisitorKey, ShutReason]:
        """Give everybody who is shut out."""
        return dict(self._shut)

    def note(self, name: str) -> int:
        """Give a number kept with the events; 0 if there is none."""
        return self._notes.get(name, 0)

    def put_note(self, name: str, number: int) -> None:
        """Keep a number with the events."""
        self._notes[name] = number

    def renew(self, verdicts: Mapping[int, Verdict], keep: Callable[[Rejected], bool]) -> Rewritten:
        """Carry out verdicts on the events kept here; see `ports.Erasable`."""
        with self._lock:
            changed = [position for position in verdicts if position in self._events]
            for position in changed:
                verdict = verdicts[position]
                self._events[position] = rewritten(self._events[position], verdict, self._zone)
            kept = [one for one in self._quarantine if keep(one)]
            dropped = len(self._quarantine) - len(kept)
            self._quarantine = kept
            return Rewritten(events=len(changed), quarantine=dropped)

    def forget_ids(self, events_day: int, *, orders_day: int, kept: Container[bytes]) -> int:
        """Let go of the ids of events that are gone; see `ports.Erasable`."""
        with self._lock:
            ids = [k for k in self._digests if self._since[k] < events_day and k not in kept]
            once = [k for k in self._once if self._since[k] < orders_day]
            for key in ids:
                del self._digests[key]
            self._once.difference_update(once)
            return len(ids) + len(once)

    def _refusal(self, event: Event) -> ShutReason | None:
        for who in (event.visitor, event.customer):
            reason = None if who is None else self._shut.get(who)
            if reason is not None and is_shut_out(event, reason):
                return reason
        return None

    def close(self) -> None:
        """Do nothing: there is nothing to release."""
