"""Store, LMDB: letting go of the ids of events that are no longer kept.

In:   the shop day before which ids may go, and which of those stay.
Out:  how many went.
Idea: an id lies under its digest, in no order of time; so all are looked at, a page in each read transaction, and
      the old ones go in short writes. Whoever writes meanwhile waits for no more than one of those.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from etalage.store.lmdb.environment import Environment, Transaction
from etalage.store.lmdb.record import short_payload_of

DAY_BYTES = 4
LOOKED_AT = 20_000  # in one read transaction
DROPPED = 2_000  # in one write transaction


def forget(env: Environment, table: str, *, before: int, kept: Container[bytes]) -> int:
    """Drop the ids of a table that were received before a shop day; `Damaged` for one that is not whole."""
    dropped, after = 0, b""
    while True:
        after, old = _page(env, table, after=after, before=before, kept=kept)
        for start in range(0, len(old), DROPPED):
            dropped += _drop(env, table, old[start : start + DROPPED], before=before)
        if not after:
            return dropped


def _page(
    env: Environment, table: str, *, after: bytes, before: int, kept: Container[bytes]
) -> tuple[bytes, list[bytes]]:
    """Give the old ids among the next so many, and the last that was looked at; empty at the end."""
    old: list[bytes] = []
    with env.read() as txn, txn.cursor(env.table(table)) as cursor:
        if not cursor.set_range(after + b"\0"):
            return b"", old
        last = b""
        for (key, record), _ in zip(cursor, range(LOOKED_AT), strict=False):
            last = key
            if _day(record) < before and key not in kept:
                old.append(key)
    return last, old


def _drop(env: Environment, table: str, old: Sequence[bytes], *, before: int) -> int:
    def change(txn: Transaction) -> int:
        dropped = 0
        for key in old:
            record = txn.get(key, db=env.table(table))
            if record is None:
                continue
            whole = short_payload_of(key, record, "the memory of an event's id")
            if _day(whole) < before:  # it may have come again
                dropped += txn.delete(key, db=env.table(table))
        return dropped

    return env.write(change)


def _day(record: bytes) -> int:
    return int.from_bytes(record[:DAY_BYTES], "big", signed=True)
