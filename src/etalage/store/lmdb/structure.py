"""Store, LMDB: whether a file is still the tree that LMDB wrote, read byte by byte without LMDB.

In:   a directory that a server may be writing to.
Out:  a private copy of one moment, and what is wrong with its structure.
Idea: LMDB trusts its pages; a flipped bit in one can end the process that reads it. So a copy is made page by page
      (no page is followed), and read with py-lmdb's own verifier before the engine may follow any of it. What the
      verifier does not ask we ask here: whether the newer state is the one right after the older, and whether the
      tables are those we made.
From: lmdb/verify.py of py-lmdb 3; http://www.lmdb.tech/doc/ (meta pages).
"""

from __future__ import annotations

import shutil
import struct
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import lmdb
from lmdb.verify import VerifyError, verify

from etalage.store.lmdb import exchange

FILE = "data.mdb"
ROOM = 1 << 40  # of addresses, not of memory: no file is larger
_TXNID_AT = 16 + 24 + 2 * 48 + 8  # page header, magic to map size, two tables, last page
_DUPSORT = 0x04
_FIRST_META_BYTES = 4096  # LMDB's page size wherever we run


def opened_to_read(directory: Path) -> lmdb.Environment:
    """Open the files that bear this name now; a server may be at work on them, or about to exchange them."""
    with exchange.holding(directory):
        exchange.recover(directory)
        return lmdb.open(str(directory), readonly=True, max_dbs=16, map_size=ROOM)


@contextmanager
def copied(directory: Path) -> Iterator[Path]:
    """Copy the file as of one moment, beside it; the copy goes afterwards."""
    aside = Path(tempfile.mkdtemp(prefix=".check-", dir=directory.parent))
    try:
        env = opened_to_read(directory)
        try:
            env.copy(str(aside), compact=False)
        finally:
            env.close()
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def faults(copy: Path, tables: Sequence[str], dupsort: Sequence[str] = ()) -> list[str]:
    """Say what is wrong with the structure; nothing of the file is trusted before this says nothing."""
    path = copy / FILE
    try:
        found = [str(line) for line in verify(str(path), subdir=False)]  # type: ignore[no-untyped-call]
    except (VerifyError, struct.error) as error:
        return [str(error)]
    return found or _meta_faults(path) or _table_faults(copy, tables, dupsort)


def _meta_faults(path: Path) -> list[str]:
    """A state is written over the one before the last: their numbers differ by one."""
    with path.open("rb") as file:
        head = file.read(2 * _FIRST_META_BYTES)
    first, second = (
        int.from_bytes(head[at : at + 8], "little")
        for at in (_TXNID_AT, _FIRST_META_BYTES + _TXNID_AT)
    )
    if abs(first - second) == 1 or (first, second) == (0, 0):
        return []
    return [f"the two states at its head have the numbers {first} and {second}, which cannot be"]


def _table_faults(copy: Path, tables: Sequence[str], dupsort: Sequence[str]) -> list[str]:
    env = lmdb.open(str(copy), readonly=True, lock=False, max_dbs=len(tables), map_size=ROOM)
    try:
        with env.begin() as txn, txn.cursor() as cursor:
            names = {bytes(key) for key, _ in cursor}
            if names != {name.encode() for name in tables}:
                said = ", ".join(sorted(name.decode(errors="replace") for name in names))
                return [f"it has the tables {said}; expected were {', '.join(tables)}"]
            found = []
            for name in tables:
                flags = (txn.get(name.encode()) or b"")[
                    4:6
                ]  # of MDB_db: md_pad 4 bytes, md_flags 2
                if int.from_bytes(flags, "little") != (_DUPSORT if name in dupsort else 0):
                    found.append(f"table {name} has flags that we did not give it")
            return found
    finally:
        env.close()
