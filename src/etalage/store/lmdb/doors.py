"""Store, LMDB: who may not come into the log any more, and small numbers that the log keeps about itself.

Idea: both stand in the table `meta` of the journal, so that they change in one transaction with the events. An
      event is held against the list in the very transaction that would write it: whoever had it in hand when a
      person was erased, it does not get in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

import msgspec
from lmdb import _Database as Table

from etalage.domain.event import Event
from etalage.domain.ids import VisitorKey
from etalage.ports import ShutReason
from etalage.store.entry import is_shut_out
from etalage.store.lmdb.environment import Transaction
from etalage.store.lmdb.record import framed, payload_of

SHUT, NOTE = b"shut:", b"note:"

_encode = msgspec.msgpack.Encoder().encode
_decode_number = msgspec.msgpack.Decoder(int).decode


def shut(
    txn: Transaction, meta: Table, visitors: Iterable[VisitorKey], reason: ShutReason | None
) -> None:
    """Shut these visitors out for a reason, or let them in again; who was erased stays out."""
    for visitor in visitors:
        key = SHUT + visitor.encode()
        known = _reason(txn, meta, key)
        if known == "erased":
            continue
        if reason is None:
            txn.delete(key, db=meta)
        else:
            txn.put(key, framed(key, reason.encode()), db=meta)


def shut_out(txn: Transaction, meta: Table) -> Iterator[tuple[VisitorKey, ShutReason]]:
    """Give everybody who is shut out."""
    with txn.cursor(meta) as cursor:
        if not cursor.set_range(SHUT):
            return
        for key, record in cursor:
            if not key.startswith(SHUT):
                return
            reason = payload_of(key, record, "the list of who is shut out").decode()
            yield VisitorKey(key[len(SHUT) :].decode()), cast("ShutReason", reason)


def has_shut(txn: Transaction, meta: Table) -> bool:
    """Tell whether anybody is shut out at all: without, events need not be looked at."""
    return next(shut_out(txn, meta), None) is not None


def refusal(txn: Transaction, meta: Table, event: Event) -> ShutReason | None:
    """Give the reason for which an event may not come in; None if it may."""
    for who in (event.visitor, event.customer):
        if who is not None:
            reason = _reason(txn, meta, SHUT + who.encode())
            if reason is not None and is_shut_out(event, reason):
                return reason
    return None


def note(txn: Transaction, meta: Table, name: str) -> int:
    """Give a number kept under a name; 0 if there is none."""
    key = NOTE + name.encode()
    record = txn.get(key, db=meta)
    return 0 if record is None else _decode_number(payload_of(key, record, f"the note '{name}'"))


def put_note(txn: Transaction, meta: Table, name: str, number: int) -> None:
    """Keep a number under a name."""
    key = NOTE + name.encode()
    txn.put(key, framed(key, _encode(number)), db=meta)


def _reason(txn: Transaction, meta: Table, key: bytes) -> ShutReason | None:
    record = txn.get(key, db=meta)
    if record is None:
        return None
    return cast("ShutReason", payload_of(key, record, "the list of who is shut out").decode())
