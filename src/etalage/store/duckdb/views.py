"""The table `events` as of one moment: sealed files and unsealed tail together, each event exactly once.

In:   the log's snapshot: its manifest and what is not sealed, from one read transaction.
Out:  a `View`: a schema of its own with the table `tail` and the view `events` over the manifest's files and it.
Idea: a view never changes. The newest one is kept as long as the log does not move, so questions on an unchanged
      log share it; an older one lives until the last session on it ends.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

import duckdb

from etalage.domain.time import ShopZone
from etalage.ports import Manifest, Sealable
from etalage.store.duckdb.engine import ASIDE, exact_path, in_our_words, quoted
from etalage.store.duckdb.files import part
from etalage.store.duckdb.rows import COLUMN_NAMES, create_table, export

_export_numbers = count(1)


class SealableLog(Sealable, Protocol):
    """A log that can be sealed, and that can say how far it is."""

    def head(self) -> int:
        """Give the position of the newest event; 0 for an empty log."""
        ...


class View:
    """One frozen `events`; `users` counts the sessions that read it."""

    def __init__(self, schema: str, manifest: Manifest, head: int) -> None:
        self.schema = schema
        self.manifest = manifest
        self.head = head
        self.users = 0


class Views:
    """The views of one engine."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        directory: Path,
        log: SealableLog,
        zone: ShopZone,
    ) -> None:
        self._connection = connection
        self._directory = directory
        self._log = log
        self._zone = zone
        self._current: View | None = None
        self._numbers = count(1)
        self._lock = threading.Lock()  # one thread builds, the others then use what it built

    @contextmanager
    def reading(self) -> Iterator[tuple[View, duckdb.DuckDBPyConnection]]:
        """Give the log as it stands now, and a connection on which `events` means that."""
        view = self._take()
        cursor = self._connection.cursor()
        try:
            cursor.execute(f"USE {view.schema}")
            yield view, cursor
        finally:
            cursor.close()
            self._leave(view)

    def _take(self) -> View:
        with self._lock:
            if not self._is_current():
                self._replace(self.build())
            assert self._current is not None  # noqa: S101 # for mypy: it was just set
            self._current.users += 1
            return self._current

    def _is_current(self) -> bool:
        # Head first: were an event sealed between the two reads, then the manifest would differ from the view's.
        view, head = self._current, self._log.head()
        return view is not None and view.head == head and view.manifest == self._log.manifest()

    def _replace(self, view: View) -> None:
        old, self._current = self._current, view
        if old and not old.users:
            self._drop(old)

    def _leave(self, view: View) -> None:
        with self._lock:
            view.users -= 1
            if not view.users and view is not self._current:
                self._drop(view)

    def _drop(self, view: View) -> None:
        self._connection.execute(f"DROP SCHEMA {view.schema} CASCADE")

    def build(self) -> View:
        """Make the view of this moment; it is nobody's to drop but the caller's."""
        schema = f"view_{next(self._numbers)}"
        exported = new_export(self._directory)
        try:
            with self._log.snapshot() as (manifest, tail):
                last = export(tail, exported, self._zone, after=manifest.sealed_to).last
            with in_our_words(self._directory, manifest.files):
                self._create(schema, manifest, exported)
        finally:
            exported.unlink(missing_ok=True)
        return View(schema, manifest, last)

    def _create(self, schema: str, manifest: Manifest, exported: Path) -> None:
        run = self._connection.execute
        run("BEGIN")
        try:
            run(f"CREATE SCHEMA {schema}")
            create_table(self._connection, f"{schema}.tail", exported)
            run(f"CREATE VIEW {schema}.events AS {self._everything(schema, manifest)}")
        except duckdb.Error:
            run("ROLLBACK")
            raise
        run("COMMIT")

    def _everything(self, schema: str, manifest: Manifest) -> str:
        tail = f"SELECT {COLUMN_NAMES} FROM {schema}.tail"
        if not manifest.files:
            return tail
        return f"{sealed(self._directory, manifest.files)} UNION ALL {tail}"


def sealed(directory: Path, files: Sequence[str]) -> str:
    """Write the query that gives all events of these files."""
    parts = [part(file) for file in files]  # refuses a name that leads out of the directory
    # DuckDB guesses how many rows there are by the first file. A shop's first day is its smallest: by that guess every
    # join would keep the events in memory and look up what is small in them. So the largest is read first.
    most = max(range(len(files)), key=lambda at: parts[at].last - parts[at].first)
    ordered = [files[most], *files[:most], *files[most + 1 :]]
    paths = ", ".join(quoted(exact_path(directory / file)) for file in ordered)
    # The folders are for people and for erasing; their name is no column.
    return f"SELECT {COLUMN_NAMES} FROM read_parquet([{paths}], hive_partitioning = false)"


def new_export(directory: Path) -> Path:
    """Give a path for an export that no other thread or process uses."""
    return directory / ASIDE / f"{os.getpid()}-{next(_export_numbers)}.ndjson"
