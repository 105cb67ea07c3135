"""Store, LMDB: copying records into new files, a handful in each transaction.

The new files hold what is copied and nothing else: see `exchange`. Who copies from a table that only grows at its
end can copy most of it while others write, and the rest when they wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from etalage.store.lmdb.environment import Environment, Transaction

Record = tuple[bytes, bytes]
AT_ONCE = 10_000  # records; a batch is held in memory, in case the map of the new files has to grow


def records(
    env: Environment, txn: Transaction, table: str, *, after: bytes = b""
) -> Iterator[Record]:
    """Give the records of a table behind a key, in order."""
    with txn.cursor(env.table(table)) as cursor:
        if not (cursor.set_range(after) if after else cursor.first()):
            return
        for key, value in cursor:
            if key != after:
                yield key, value


def put_all(new: Environment, table: str, found: Iterable[Record], *, dupsort: bool = False) -> int:
    """Write records, which come in order, to the end of a table; give how many."""
    source, count = iter(found), 0
    while batch := list(islice(source, AT_ONCE)):
        new.write(lambda txn, batch=batch: _put(txn, new, table, batch, dupsort=dupsort))  # type: ignore[misc]
        count += len(batch)
    return count


def _put(
    txn: Transaction, new: Environment, table: str, batch: list[Record], *, dupsort: bool
) -> None:
    with txn.cursor(new.table(table)) as cursor:
        cursor.putmulti(batch, dupdata=dupsort, append=not dupsort)
