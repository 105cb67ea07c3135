"""Store, LMDB: the ledger of erasures, beside the keys.

Idea: it lies where no backup of the data comes: data restored from yesterday meets the ledger of today, and whoever
      was erased since is erased again before anybody is served. A line holds pseudonyms and times, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from lmdb import _Database as Table

from etalage.domain.ids import VisitorKey
from etalage.domain.privacy import Erasure
from etalage.store.lmdb.environment import Transaction
from etalage.store.lmdb.record import framed, number_key, payload_of

LINE = b"erasure:"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Erasure).decode


def lines(txn: Transaction, meta: Table) -> Iterator[Erasure]:
    """Give the ledger, oldest first."""
    with txn.cursor(meta) as cursor:
        if not cursor.set_range(LINE):
            return
        for key, record in cursor:
            if not key.startswith(LINE):
                return
            number = int.from_bytes(key[len(LINE) :], "big")
            yield _decode(payload_of(key, record, f"line {number} of the ledger of erasures"))


def add(
    txn: Transaction, meta: Table, visitors: Sequence[VisitorKey], *, actor: str, requested: int
) -> Erasure:
    """Write the next line."""
    number = max((one.number for one in lines(txn, meta)), default=0) + 1
    erasure = Erasure(number, actor, tuple(visitors), requested)
    put(txn, meta, erasure)
    return erasure


def put(txn: Transaction, meta: Table, erasure: Erasure) -> None:
    """Write a line over the one of its number."""
    key = LINE + number_key(erasure.number)
    txn.put(key, framed(key, _encode(erasure)), db=meta)
