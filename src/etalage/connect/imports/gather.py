"""Rows that belong together but lie apart: set aside on disk by key, and given back group by group.

Idea: an order may be spread over a file of any size, and memory must not grow with it. SQLite in the child's
      own directory keeps the rows; groups come back in the order in which they were first seen.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Self

import msgspec

Fields = dict[str, object]
_BATCH = 1_000  # rows written at a time


class Gathered:
    """Rows by key; a context manager, because it holds a file."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;"
            "CREATE TABLE row (key TEXT, number INTEGER, fields BLOB)"
        )
        self._waiting: list[tuple[str, int, bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def add(self, key: str, number: int, fields: Fields) -> None:
        """Set a row aside."""
        self._waiting.append((key, number, msgspec.msgpack.encode(fields)))
        if len(self._waiting) >= _BATCH:
            self._write()

    def __iter__(self) -> Iterator[list[tuple[int, Fields]]]:
        """Give the groups, each with its rows in order."""
        self._write()
        self._database.execute("CREATE INDEX by_key ON row (key, number)")
        found = self._database.execute(
            "SELECT row.key, number, fields FROM row JOIN "
            "(SELECT key, min(number) AS first FROM row GROUP BY key) AS seen USING (key) "
            "ORDER BY first, number"
        )
        for _, rows in groupby(found, key=lambda row: row[0]):
            yield [(number, msgspec.msgpack.decode(told, type=Fields)) for _, number, told in rows]

    def _write(self) -> None:
        self._database.executemany("INSERT INTO row VALUES (?, ?, ?)", self._waiting)
        self._waiting.clear()
