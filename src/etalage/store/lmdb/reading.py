"""Store, LMDB: how records of the profiles are read, in whatever transaction.

In:   the bytes that LMDB holds of a visitor, or of how far the folds are complete.
Out:  what they say; the same object where a record was read or written lately (see `warm`).
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from lmdb import _Database as Table

from etalage.domain.ids import VisitorKey
from etalage.domain.profile import Fold
from etalage.ports import FoldHead
from etalage.store.lmdb.environment import Environment, Transaction
from etalage.store.lmdb.record import DIGEST_BYTES, payload_of
from etalage.store.lmdb.warm import Warm

TABLES = ("folds", "linked", "orders", "marks", "meta")
POSITION = b"position"

_decode_fold = msgspec.msgpack.Decoder(Fold).decode
_decode_head = msgspec.msgpack.Decoder(FoldHead).decode
_decode_number = msgspec.msgpack.Decoder(int).decode


class Tables(NamedTuple):
    """The tables of open files."""

    folds: Table
    linked: Table
    orders: Table
    marks: Table
    meta: Table


def tables_of(env: Environment) -> Tables:
    """Give the handles of the tables, which belong to the files that are open now."""
    return Tables(*[env.table(name) for name in TABLES])


class Reader:
    """Reads folds in the transactions of one environment."""

    tables: Tables  # set whenever files are opened

    def __init__(self, warm: Warm[VisitorKey, Fold]) -> None:
        """Keep what is read in `warm`."""
        self.warm = warm
        self._position = (b"", 0)  # the record that was read last, and what it says

    def fold(self, txn: Transaction, visitor: VisitorKey) -> Fold | None:
        """Give the fold of a visitor; None if there is none."""
        key = visitor.encode()
        record = txn.get(key, db=self.tables.folds)
        if record is None:
            return None
        digest = record[:DIGEST_BYTES]
        fold = self.warm.get(visitor, digest, len(record))
        if fold is None:
            fold = fold_in(key, record)
            self.warm.put(visitor, digest, fold, len(record))
        return fold

    def head(self, txn: Transaction, visitor: VisitorKey) -> FoldHead | None:
        """Give the first fields of a fold; None if there is none."""
        key = visitor.encode()
        record = txn.get(key, db=self.tables.folds)
        if record is None:
            return None
        fold = self.warm.get(visitor, record[:DIGEST_BYTES], len(record))
        if fold is None:
            return _decode_head(_payload(key, record))
        return FoldHead(fold.first_seen, fold.link, fold.consent)

    def linked(self, txn: Transaction, customer: VisitorKey) -> tuple[VisitorKey, ...]:
        """Give the visitors whose fold is linked to this customer key, in order of key."""
        key, table = customer.encode(), self.tables.linked
        if txn.get(key, db=table) is None:  # most have no other browser
            return ()
        with txn.cursor(table) as cursor:
            cursor.set_key(key)
            return tuple([VisitorKey(value.decode()) for value in cursor.iternext_dup()])

    def position(self, txn: Transaction, key: bytes = POSITION) -> int:
        """Give the log position up to which the folds are complete."""
        record = txn.get(key, db=self.tables.meta)
        if record is None:
            return 0
        known = self._position  # taken once: another thread may read a newer one
        if known[0] != record:
            number = _decode_number(payload_of(key, record, "the position of the profiles"))
            known = self._position = record, number
        return known[1]


def fold_in(key: bytes, record: bytes) -> Fold:
    """Read a fold from its record."""
    return _decode_fold(_payload(key, record))


def _payload(key: bytes, record: bytes) -> bytes:
    return payload_of(key, record, "the fold of a visitor")
