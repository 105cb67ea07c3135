"""Store, LMDB: the event log of one shop.

In:   arrivals, several processes at a time.
Out:  events by position, the account of intake, the quarantine; all of it on disk when `append` returns.
Idea: events, the memory of their ids and the counters change in one transaction, so they cannot disagree,
      whenever the process is killed. LMDB lets one writer in at a time over all processes: positions are
      handed out inside the transaction and have no gaps.

Tables:  events      position -> digest, event          ids   identity -> shop day of receipt, digest
         account     key, day, outcome, reason -> count  once  identity -> shop day of receipt
         quarantine  number -> what was set aside         meta  head, first, manifest
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from etalage.domain.arrival import Arrival, Entered, Outcome, Rejected
from etalage.domain.event import Event
from etalage.domain.ids import VisitorKey
from etalage.domain.privacy import Verdict
from etalage.domain.time import ShopZone
from etalage.errors import Conflict, Damaged
from etalage.ports import Account, Archive, Aside, Manifest, Retried, Rewritten, ShutReason
from etalage.store.entry import (
    AccountKey,
    account_lines,
    archived,
    conflict,
    judge,
    rejected_key,
    resealed,
)
from etalage.store.lmdb import doors, old_ids
from etalage.store.lmdb.environment import GIB, Environment, Transaction
from etalage.store.lmdb.record import (
    DIGEST_BYTES,
    framed,
    is_whole,
    number_key,
    payload_of,
    short_framed,
    short_payload_of,
)
from etalage.store.lmdb.renewing import renew

TABLES = ("events", "ids", "once", "account", "quarantine", "meta")
DAY_BYTES = 4
PAGE_EVENTS = 512  # read in one transaction; a slow reader must not hold old pages
PRUNE_EVENTS = 2_000  # dropped in one transaction; writers wait no longer than this takes

_encode = msgspec.msgpack.Encoder().encode
_decode_event = msgspec.msgpack.Decoder(Event).decode
_decode_rejected = msgspec.msgpack.Decoder(Rejected).decode
_decode_manifest = msgspec.msgpack.Decoder(Manifest).decode
_decode_number = msgspec.msgpack.Decoder(int).decode
_decode_account_key = msgspec.msgpack.Decoder(AccountKey).decode


class LmdbEventLog:
    """The answer of LMDB to `ports.EventLog` and `ports.Sealable`."""

    def __init__(
        self,
        path: Path | str,
        *,
        map_size: int = 16 * GIB,
        zone: ShopZone,
        archive: Archive | None = None,
    ) -> None:
        self._env = Environment(Path(path), TABLES, map_size=map_size)
        self._env.bind(self._bind)
        self._zone = zone
        self._archive = archive

    def _bind(self) -> None:
        self._events, self._ids, self._once, self._account, self._quarantine, self._meta = (
            self._env.table(name) for name in TABLES
        )

    # ---- in ----

    def append(
        self, arrivals: Sequence[Arrival], rejected: Sequence[Rejected] = ()
    ) -> list[Entered]:
        """Write what is new, count everything, sync; see `ports.EventLog.append`."""
        if not arrivals and not rejected:
            return []
        self._env.refuse_when_nearly_full()
        # Encoded before the transaction begins: other writers need not wait for it.
        payloads = [_encode(arrival.event) for arrival in arrivals]
        return self._env.write(lambda txn: self._enter_all(txn, arrivals, payloads, rejected))

    def _enter_all(
        self,
        txn: Transaction,
        arrivals: Sequence[Arrival],
        payloads: Sequence[bytes],
        rejected: Sequence[Rejected],
    ) -> list[Entered]:
        position = self._number(txn, b"head")
        aside = [one for one in rejected if one.outcome == "quarantined"]
        counts: Counter[AccountKey] = Counter(map(rejected_key, rejected))
        entered: list[Entered] = []
        is_anybody_out = doors.has_shut(txn, self._meta)
        for arrival, payload in zip(arrivals, payloads, strict=True):
            day = self._zone.day(arrival.event.received)
            refusal = doors.refusal(txn, self._meta, arrival.event) if is_anybody_out else None
            outcome = "refused" if refusal is not None else self._judge(txn, arrival)
            if refusal is not None:
                entered.append(Entered(outcome, reason=refusal))
            elif outcome == "accepted":
                position += 1
                self._remember(txn, arrival, day)
                key = number_key(position)
                record = framed(key, payload)
                if not txn.put(key, record, append=True, db=self._events):
                    raise _damaged(position)  # there already is one behind what `head` says
                entered.append(Entered(outcome, position))
            elif outcome == "duplicate":
                entered.append(Entered(outcome))
            else:
                aside.append(conflict(arrival, self._zone))
                entered.append(Entered(outcome, reason="id_conflict"))
            counts[arrival.key, day, outcome, entered[-1].reason or ""] += 1
        self._put_number(txn, b"head", position)
        self._set_aside(txn, aside)
        self._count(txn, counts)
        return entered

    def _judge(self, txn: Transaction, arrival: Arrival) -> Outcome:
        known = txn.get(arrival.identity, db=self._ids)
        once_known = arrival.once is not None and txn.get(arrival.once, db=self._once) is not None
        digest = None if known is None else _digest_of(arrival.identity, known)
        return judge(arrival, known_digest=digest, once_known=once_known)

    def _remember(self, txn: Transaction, arrival: Arrival, day: int) -> None:
        since = day.to_bytes(DAY_BYTES, "big", signed=True)
        known = short_framed(arrival.identity, since + arrival.digest)
        txn.put(arrival.identity, known, db=self._ids)
        if arrival.once is not None:
            txn.put(arrival.once, short_framed(arrival.once, since), db=self._once)

    def _set_aside(self, txn: Transaction, aside: Sequence[Rejected]) -> None:
        if not aside:
            return
        with txn.cursor(self._quarantine) as cursor:
            number = int.from_bytes(cursor.key(), "big") if cursor.last() else 0
            for number, one in enumerate(aside, number + 1):  # noqa: B020  counts on from the last
                key = number_key(number)
                cursor.put(key, framed(key, _encode(one)), append=True)

    def _count(self, txn: Transaction, counts: Counter[AccountKey]) -> None:
        for line, count in counts.items():
            key = _encode(line)
            known = self._read_number(txn.get(key, db=self._account), key, "a count of the account")
            if known + count:
                txn.put(key, framed(key, _encode(known + count)), db=self._account)
            else:  # all that was set aside on that day got in after all
                txn.delete(key, db=self._account)

    # ---- out ----

    def head(self) -> int:
        """Give the position of the newest event; 0 for an empty log."""
        with self._env.read() as txn:
            return self._number(txn, b"head")

    def read(self, after: int, *, upto: int | None = None) -> Iterator[tuple[int, Event]]:
        """Give events in order; those that were pruned come from the archive."""
        head = self.head()
        last = head if upto is None else min(upto, head)
        while after < last:
            with self._env.read() as txn:
                first = self._first(txn)
                page_end = min(last, after + PAGE_EVENTS)
                page = [] if after + 1 < first else list(self._walk(txn, after, page_end))
            if not page:
                page_end = min(first - 1, last)
                yield from archived(self._archive, after, page_end)
            yield from page
            after = page_end

    def _walk(self, txn: Transaction, after: int, last: int) -> Iterator[tuple[int, Event]]:
        """Give the events of one transaction; a missing one is as damaged as a changed one."""
        with txn.cursor(self._events) as cursor:
            cursor.set_range(number_key(after + 1))
            records = iter(cursor)
            for position in range(after + 1, last + 1):
                key, record = next(records, (b"", b""))
                if key != number_key(position):
                    raise _damaged(position)
                if not is_whole(key, record):
                    raise _damaged(position)
                yield position, _decode_event(record[DIGEST_BYTES:])

    def account(self) -> list[Account]:
        """Give the exact counts of everything received, in order."""
        counts: Counter[AccountKey] = Counter()
        with self._env.read() as txn, txn.cursor(self._account) as cursor:
            for key, record in cursor:
                line = _decode_account_key(key)
                counts[line] = self._read_number(record, key, f"the count of {line}")
        return account_lines(counts)

    def quarantine(self) -> Iterator[Rejected]:
        """Give what was set aside, oldest first."""
        number = 0
        while page := self._quarantine_page(number):
            yield from (rejected for _, rejected in page)
            number = page[-1][0]

    def _quarantine_page(self, after: int) -> list[tuple[int, Rejected]]:
        page: list[tuple[int, Rejected]] = []
        with self._env.read() as txn, txn.cursor(self._quarantine) as cursor:
            if not cursor.set_range(number_key(after + 1)):
                return page
            for (key, record), _ in zip(cursor, range(PAGE_EVENTS), strict=False):
                number = int.from_bytes(key, "big")
                payload = payload_of(key, record, f"record {number} of the quarantine")
                page.append((number, _decode_rejected(payload)))
        return page

    def aside(self, reason: str) -> Iterator[Aside]:
        """Give what was set aside for a reason, oldest first."""
        number = 0
        while page := self._quarantine_page(number):
            yield from (Aside(n, rejected) for n, rejected in page if rejected.reason == reason)
            number = page[-1][0]

    def retry(self, retried: Sequence[Retried]) -> list[list[Entered] | None]:
        """Enter what was set aside as what it is now; see `ports.Replayable`."""
        self._env.refuse_when_nearly_full()
        return self._env.write(lambda txn: [self._retry(txn, one) for one in retried])

    def _retry(self, txn: Transaction, one: Retried) -> list[Entered] | None:
        key = number_key(one.aside.number)
        record = txn.get(key, db=self._quarantine)
        if record is None:
            return None
        payload = payload_of(key, record, f"record {one.aside.number} of the quarantine")
        if _decode_rejected(payload) != one.aside.rejected:  # the number was given again
            return None
        txn.delete(key, db=self._quarantine)
        self._count(txn, Counter({rejected_key(one.aside.rejected): -1}))
        payloads = [_encode(arrival.event) for arrival in one.arrivals]
        return self._enter_all(txn, one.arrivals, payloads, one.rejected)

    def check_room(self) -> None:
        """Raise `Overloaded` where the disk is too full to append."""
        self._env.refuse_when_nearly_full()

    def verify(self) -> list[int]:
        """Walk over all events kept here and give the positions that are damaged or missing."""
        damaged = []
        after, head = 0, self.head()
        while after < head:
            with self._env.read() as txn:
                after = max(after, self._first(txn) - 1)
                upto = min(head, after + PAGE_EVENTS)
                damaged += [
                    position
                    for position in range(after + 1, upto + 1)
                    if not is_whole(
                        number_key(position), txn.get(number_key(position), b"", db=self._events)
                    )
                ]
            after = upto
        return damaged

    def put_back(self, position: int, event: Event) -> None:
        """Write a damaged event again, as the archive has it; refuse one that is whole."""
        key = number_key(position)
        payload = _encode(event)

        def change(txn: Transaction) -> None:
            if is_whole(key, txn.get(key, b"", db=self._events)):
                raise Conflict(f"event {position} is whole; it is not written again")
            txn.put(key, framed(key, payload), db=self._events)

        self._env.write(change)

    # ---- erasing ----

    def shut(self, visitors: Iterable[VisitorKey], reason: ShutReason | None) -> None:
        """Refuse events of (or naming) these visitors from now on; see `ports.Erasable`."""
        shut = tuple(visitors)
        self._env.write(lambda txn: doors.shut(txn, self._meta, shut, reason))

    def shut_out(self) -> dict[VisitorKey, ShutReason]:
        """Give everybody who is shut out."""
        with self._env.read() as txn:
            return dict(doors.shut_out(txn, self._meta))

    def note(self, name: str) -> int:
        """Give a number kept with the events; 0 if there is none."""
        with self._env.read() as txn:
            return doors.note(txn, self._meta, name)

    def put_note(self, name: str, number: int) -> None:
        """Keep a number with the events."""
        self._env.write(lambda txn: doors.put_note(txn, self._meta, name, number))

    def renew(self, verdicts: Mapping[int, Verdict], keep: Callable[[Rejected], bool]) -> Rewritten:
        """Carry out verdicts on the events kept here, into new files; see `ports.Erasable`."""
        done = renew(self._env, verdicts, keep, self._zone)
        return Rewritten(events=done.events, quarantine=done.quarantine)

    def forget_ids(self, events_day: int, *, orders_day: int, kept: Container[bytes]) -> int:
        """Let go of the ids of events that are gone; see `ports.Erasable`."""
        dropped = old_ids.forget(self._env, "ids", before=events_day, kept=kept)
        return dropped + old_ids.forget(self._env, "once", before=orders_day, kept=())

    # ---- sealing ----

    def manifest(self) -> Manifest:
        """Give what is sealed now."""
        with self._env.read() as txn:
            return self._manifest(txn)

    def seal(self, upto: int, files: Sequence[str], *, removed: Sequence[str] = ()) -> None:
        """State that all events up to `upto` are in `files`; see `ports.Sealable.seal`."""

        def change(txn: Transaction) -> None:
            head = self._number(txn, b"head")
            manifest = resealed(self._manifest(txn), upto, files, removed=removed, head=head)
            txn.put(b"manifest", framed(b"manifest", _encode(manifest)), db=self._meta)

        self._env.write(change)

    @contextmanager
    def snapshot(self) -> Iterator[tuple[Manifest, Iterator[tuple[int, Event]]]]:
        """Give the manifest and the events behind it, read at one moment."""
        with self._env.read() as txn:
            manifest = self._manifest(txn)
            yield manifest, self._walk(txn, manifest.sealed_to, self._number(txn, b"head"))

    def kept_from(self) -> int:
        """Give the position of the oldest event that was not pruned."""
        with self._env.read() as txn:
            return self._first(txn)

    def prune(self, upto: int) -> int:
        """Drop sealed events up to `upto`; give how many."""
        dropped = 0
        while step := self._env.write(lambda txn: self._drop_some(txn, upto)):
            dropped += step
        return dropped

    def _drop_some(self, txn: Transaction, upto: int) -> int:
        first = self._first(txn)
        end = min(upto, self._manifest(txn).sealed_to, first + PRUNE_EVENTS - 1)
        for position in range(first, end + 1):
            txn.delete(number_key(position), db=self._events)
        if end >= first:
            self._put_number(txn, b"first", end + 1)
        return max(0, end + 1 - first)

    def close(self) -> None:
        """Release the files; what was acknowledged stays."""
        self._env.close()

    # ---- meta ----

    def _manifest(self, txn: Transaction) -> Manifest:
        record = txn.get(b"manifest", db=self._meta)
        if record is None:
            return Manifest()
        return _decode_manifest(payload_of(b"manifest", record, "the list of sealed files"))

    def _first(self, txn: Transaction) -> int:
        return self._number(txn, b"first") or 1

    def _number(self, txn: Transaction, name: bytes) -> int:
        return self._read_number(txn.get(name, db=self._meta), name, f"the log's {name.decode()}")

    def _read_number(self, record: bytes | None, key: bytes, what: str) -> int:
        return 0 if record is None else _decode_number(payload_of(key, record, what))

    def _put_number(self, txn: Transaction, name: bytes, number: int) -> None:
        txn.put(name, framed(name, _encode(number)), db=self._meta)


def _digest_of(identity: bytes, known: bytes) -> bytes:
    return short_payload_of(identity, known, "the memory of an event's id")[DAY_BYTES:]


def _damaged(position: int) -> Damaged:
    return Damaged(f"event {position} of the log is missing or does not have its digest")
