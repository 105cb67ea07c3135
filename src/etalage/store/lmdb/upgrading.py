"""Store, LMDB: folds as format 2 writes them, from those of format 1.

In:   a shop's directory.
Out:  its folds without what need not be said: whose each event is, and the names of the fields of its lines.
Idea: a fold that is in the new form already is left alone, so whoever was killed halfway begins again and ends where
      he would have. The folds are read as plain lists, not as today's types: those will change, this step must not.

    format 1   fold[5][epoch][2] = events of 20 fields, the 4th lines {product: ...}, the last the visitor
    format 2   the same of 19 fields, lines [product, quantity, price, category, brand, size]
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from etalage.store.lmdb.environment import GIB, Environment, Transaction
from etalage.store.lmdb.profiles import LmdbProfiles
from etalage.store.lmdb.reading import TABLES
from etalage.store.lmdb.record import framed, payload_of

AT_ONCE = 2_000  # folds in one transaction
_PARTS, _RECENTS, _LINES = 5, 2, 3
_FIELDS = 19  # of an event in format 2
_OF_LINE = ("product", "quantity", "price", "category", "brand", "size")

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Any]).decode


def to_format_2(home: Path) -> None:
    """Write the folds of a shop in the form of format 2, and give back the room they no longer need."""
    directory = home / "profiles"
    if (
        not directory.is_dir()
    ):  # kept elsewhere, or never made: old ones are made again from the log
        return
    env = Environment(directory, TABLES, map_size=16 * GIB, dupsort=("linked",), metasync=False)
    try:
        changed, after = 0, b""
        while keys := _keys(env, after):
            changed += env.write(lambda txn, keys=keys: _rewrite(env, txn, keys))  # type: ignore[misc]
            after = keys[-1]
    finally:
        env.close()
    if changed:
        profiles = LmdbProfiles(directory)
        try:
            profiles.renew(lambda: ())
        finally:
            profiles.close()


def in_format_2(payload: bytes) -> bytes | None:
    """Give a fold in the form of format 2; None if it is in it."""
    fold = _decode(payload)
    old = [
        event for part in fold[_PARTS].values() for event in part[_RECENTS] if len(event) > _FIELDS
    ]
    for event in old:
        del event[_FIELDS:]
        event[_LINES] = [_line(line) for line in event[_LINES]]
    return _encode(fold) if old else None


def _line(named: dict[str, Any]) -> list[Any]:
    return [named.get(name, 1 if name == "quantity" else None) for name in _OF_LINE]


def _keys(env: Environment, after: bytes) -> list[bytes]:
    with env.read() as txn, txn.cursor(env.table("folds")) as cursor:
        if not cursor.set_range(after + b"\0"):
            return []
        return [bytes(key) for key, _ in zip(cursor.iternext(values=False), range(AT_ONCE))]  # noqa: B905


def _rewrite(env: Environment, txn: Transaction, keys: list[bytes]) -> int:
    table, changed = env.table("folds"), 0
    for key in keys:
        record = txn.get(key, db=table)
        if record is None:
            continue
        payload = in_format_2(payload_of(key, record, "the fold of a visitor"))
        if payload is not None:
            txn.put(key, framed(key, payload), db=table)
            changed += 1
    return changed
