"""Store, LMDB: the journal in new files, without what must be gone.

In:   verdicts by position, and which records of the quarantine stay.
Out:  a journal with the same positions, the same memory of ids and the same account.
Idea: events are only added at the end, so nearly all of them are copied while others write; those that came
      meanwhile, and the tables that change anywhere, when the old files are locked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec
from msgspec import Struct

from etalage.domain.arrival import Rejected
from etalage.domain.event import Event
from etalage.domain.privacy import Verdict, rewritten
from etalage.domain.time import ShopZone
from etalage.store.lmdb.copying import Record, put_all, records
from etalage.store.lmdb.environment import Environment, Transaction
from etalage.store.lmdb.record import framed, number_key, payload_of

WHOLE_TABLES = ("ids", "once", "account", "meta")  # change anywhere: copied when nobody writes

_encode = msgspec.msgpack.Encoder().encode
_decode_event = msgspec.msgpack.Decoder(Event).decode
_decode_number = msgspec.msgpack.Decoder(int).decode
_decode_rejected = msgspec.msgpack.Decoder(Rejected).decode


class Renewed(Struct, frozen=True):
    """What was left behind."""

    events: int
    quarantine: int


class _Reached(Struct):
    """How far each table was copied, and what was left out so far."""

    event: bytes = b""
    rejected: bytes = b""
    events: int = 0
    quarantine: int = 0


def renew(
    env: Environment,
    verdicts: Mapping[int, Verdict],
    keep: Callable[[Rejected], bool],
    zone: ShopZone,
) -> Renewed:
    """Copy a journal into new files and put them in the place of the old."""
    reached = _Reached()

    def grown(txn: Transaction, new: Environment) -> None:
        if (
            not reached.event
        ):  # what was pruned just while another renewal copied it stays behind now
            reached.event = number_key(_first(env, txn) - 1)
        events = records(env, txn, "events", after=reached.event)
        put_all(new, "events", _judged(events, verdicts, zone, reached))
        aside = records(env, txn, "quarantine", after=reached.rejected)
        put_all(new, "quarantine", _kept(aside, keep, reached))

    def finish(txn: Transaction, new: Environment, _: None) -> None:
        grown(txn, new)
        for table in WHOLE_TABLES:
            put_all(new, table, records(env, txn, table))

    env.renew(grown, finish)
    return Renewed(reached.events, reached.quarantine)


def _first(env: Environment, txn: Transaction) -> int:
    """Give the position of the oldest event that is kept here."""
    record = txn.get(b"first", db=env.table("meta"))
    return 1 if record is None else _decode_number(payload_of(b"first", record, "the log's first"))


def _judged(
    found: Iterable[Record],
    verdicts: Mapping[int, Verdict],
    zone: ShopZone,
    reached: _Reached,
) -> Iterator[Record]:
    for key, record in found:
        reached.event = key
        position = int.from_bytes(key, "big")
        verdict = verdicts.get(position)
        if verdict is None:
            yield key, record
            continue
        event = _decode_event(payload_of(key, record, f"event {position} of the log"))
        reached.events += 1
        yield key, framed(key, _encode(rewritten(event, verdict, zone)))


def _kept(
    found: Iterable[Record], keep: Callable[[Rejected], bool], reached: _Reached
) -> Iterator[Record]:
    for key, record in found:
        reached.rejected = key
        number = int.from_bytes(key, "big")
        if keep(_decode_rejected(payload_of(key, record, f"record {number} of the quarantine"))):
            yield key, record
        else:
            reached.quarantine += 1
