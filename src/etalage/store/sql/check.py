"""Whether the records on SQLite are what was written.

In:   the file; a server may be writing to it.
Out:  what is damaged.
Idea: SQLite checks its structure, the audit its chain, documents and catalogues their digests, and `state` all the
      rest. What was written last may still stand in the file beside it, whose frames carry a running checksum:
      SQLite takes the first wrong one for the end and says nothing, so it is read here first.
From: https://www.sqlite.org/fileformat2.html (4. The Write-Ahead Log), https://www.sqlite.org/pragma.html
"""

from __future__ import annotations

import sqlite3
import struct
from itertools import pairwise
from pathlib import Path

import sqlalchemy.exc
from sqlalchemy import URL, select

from etalage.errors import EtalageError
from etalage.store.damage import Damage
from etalage.store.sql import alerts, catalogues, documents, tables
from etalage.store.sql.audit import first_broken
from etalage.store.sql.records import SqlRecords
from etalage.store.sql.state import state_of

_UNFINISHED = (
    "does not have its checksum; it belongs to the last change. If the power went while that was made, nobody got "
    "an answer, and nothing is lost; else a change that was confirmed is damaged"
)
_HEADER_BYTES = 32
_FRAME_BYTES = 24
_MAGIC_LITTLE, _MAGIC_BIG = 0x377F0682, 0x377F0683


def damage(file: Path, name: str) -> list[Damage]:
    """Check a database of records; `name` is how people know the file."""
    if not file.is_file():
        return [Damage(name, "", "is missing")]
    if (broken := _broken_frame(file.with_name(file.name + "-wal"))) is not None:
        number, was_told = broken
        says = "does not have its checksum" if was_told else _UNFINISHED
        return [
            Damage(f"{name}-wal", f"frame {number}", says, "backup" if was_told else "unfinished")
        ]
    try:
        return [Damage(name, *found) for found in _structure(file) or _contents(file)]
    except (sqlite3.DatabaseError, sqlalchemy.exc.SQLAlchemyError) as error:
        return [Damage(name, "", f"cannot be read: {str(error).splitlines()[0]}")]
    except (ValueError, TypeError, EtalageError) as error:  # a value that is none of its column
        return [Damage(name, "", str(error))]


def open_once(file: Path) -> None:
    """Let SQLite go on from the last change that is whole, and begin its write-ahead log anew."""
    connection = sqlite3.connect(file)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.close()


def _structure(file: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(file)
    try:
        lines = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    finally:
        connection.close()
    return [] if lines == ["ok"] else [("structure", line) for line in lines]


def _contents(file: Path) -> list[tuple[str, str]]:
    records = SqlRecords(URL.create("sqlite", database=str(file)))
    try:
        records.upgrade()
        line = first_broken(records.audit_lines())
        found = [] if line is None else [(f"audit line {line}", "breaks the chain")]
        return found or _rows(records)
    finally:
        records.close()


def _rows(records: SqlRecords) -> list[tuple[str, str]]:
    found = []
    with records._engine.connect() as connection:  # noqa: SLF001  its own folder
        for row in connection.execute(select(tables.documents)):
            try:
                documents.whole(row)
            except (EtalageError, ValueError) as error:
                found.append((f"{row.kind}/{row.name}@{row.version}", str(error)))
        for version in connection.execute(select(tables.catalogues.c.version)).scalars():
            try:
                catalogues.read(connection, version)
            except (EtalageError, ValueError) as error:
                found.append((f"catalogue {version}", str(error)))
        for row in connection.execute(select(tables.alerts)):
            try:
                alerts.whole(row)
            except (EtalageError, ValueError) as error:
                found.append((f"alert {row.key}", str(error)))
        said = connection.execute(select(tables.generation.c.state)).scalar_one()
        if said is not None and said != state_of(connection):
            found.append(("settings, keys or documents", "are not what was decided last"))
    return found


def _broken_frame(wal: Path) -> tuple[int, bool] | None:
    """Give the first frame of a write-ahead log without its checksum, from 1, and whether its change was confirmed.

    A change is confirmed when it is on disk, and the next one begins after that. So where frames of a later change
    follow, the broken one was whole once; the last change of all may be one that a power cut left unfinished.
    """
    if not wal.is_file() or wal.stat().st_size < _HEADER_BYTES:
        return None
    raw = wal.read_bytes()
    magic, _, page_bytes = struct.unpack(">III", raw[:12])
    order = {_MAGIC_LITTLE: "<", _MAGIC_BIG: ">"}.get(magic)
    if order is None:
        return 0, True
    sums = _checksum(raw[:24], (0, 0), order)
    if struct.pack(">II", *sums) != raw[24:32]:
        return 0, True
    salts, size = raw[16:24], _FRAME_BYTES + page_bytes
    for number, at in enumerate(range(_HEADER_BYTES, len(raw) - size + 1, size), 1):
        frame = raw[at : at + size]
        if _differ_widely(frame[8:16], salts):
            return None  # left from before this log began again
        sums = _checksum(frame[24:], _checksum(frame[:8], sums, order), order)
        if struct.pack(">II", *sums) != frame[16:24] or frame[8:16] != salts:
            return number, _goes_on(raw[at:], size, salts, order)
    return None


def _goes_on(raw: bytes, size: int, salts: bytes, order: str) -> bool:
    """Tell whether a later change follows the one that the first, broken frame belongs to."""
    frames = [raw[at : at + size] for at in range(0, len(raw) - size + 1, size)]
    is_confirmed = any(frames[0][4:8])  # a frame that ends a change names the size of the database
    for before, frame in pairwise(frames):
        sums: tuple[int, int] = struct.unpack(">II", before[16:24])
        sums = _checksum(frame[24:], _checksum(frame[:8], sums, order), order)
        is_whole = struct.pack(">II", *sums) == frame[16:24] and frame[8:16] == salts
        if is_whole and is_confirmed:
            return True
        is_confirmed = is_confirmed or (is_whole and any(frame[4:8]))
    return False


def _differ_widely(one: bytes, other: bytes) -> bool:
    """A new log has new random salts; one flipped bit is damage."""
    return sum((a ^ b).bit_count() for a, b in zip(one, other, strict=True)) > 1


def _checksum(data: bytes, sums: tuple[int, int], order: str) -> tuple[int, int]:
    first, second = sums
    words = iter(struct.unpack(f"{order}{len(data) // 4}I", data))
    for one, other in zip(words, words, strict=True):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return first, second
