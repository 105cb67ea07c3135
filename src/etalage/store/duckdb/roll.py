"""Rolling: what the journal holds moves into Parquet, one folder per shop day.

In:   the unsealed events, in chunks, each read in one short transaction of the log.
Out:  per chunk and shop day one file, sorted by visitor and time; then the manifest that lists it.
Idea: the manifest changes in one transaction of the log, after the files are durable. Killed anywhere before that,
      nothing has happened, and the next roll removes the files nobody ever saw. Killed after, it is done.

      snapshot -> export -> day=.../  day=.../ (aside, fsync, rename, fsync folder) -> seal -> next chunk
      a day with more than 8 files -> one file -> seal without the old ones -> these go after the grace
"""

from __future__ import annotations

import fcntl
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import duckdb

from etalage.domain.time import ShopZone
from etalage.ports import Manifest, Sealable
from etalage.store.duckdb.engine import ASIDE, in_our_words, open_engine, quoted
from etalage.store.duckdb.files import finish, part, retire, sweep, sweep_aside
from etalage.store.duckdb.rows import Exported, create_table, export
from etalage.store.duckdb.views import new_export, sealed

CHUNK = 200_000  # events in memory at a time, about 200 MB
MOST_FILES = 8  # of one day, before they are merged
GRACE_SECONDS = 3_600.0  # for readers that are still in a file that left the manifest

_SORTED = 'ORDER BY visitor, "time", id'
_PARQUET = "(FORMAT parquet, COMPRESSION zstd)"


class Roller:
    """Seals the log of one shop. Several may exist, in any process; one at a time works."""

    def __init__(
        self,
        directory: Path,
        log: Sealable,
        zone: ShopZone,
        *,
        threads: int = 2,
        memory: str = "2GB",
        chunk: int = CHUNK,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self._directory = directory
        self._log = log
        self._zone = zone
        self._threads = threads
        self._memory = memory
        self._chunk = chunk
        self._grace_seconds = grace_seconds

    def roll(self) -> int:
        """Seal all there is; give how many events. 0 also when another roll is at work."""
        with alone(self._directory) as is_alone:
            if not is_alone:
                return 0
            self._sweep()
            engine = open_engine(self._directory, threads=self._threads, memory=self._memory)
            try:
                count = self._seal_all(engine)
                self._merge_days(engine)
            finally:
                engine.close()
            return count

    def _sweep(self) -> None:
        sweep(
            self._directory,
            frozenset(self._log.manifest().files),
            grace_seconds=self._grace_seconds,
        )
        sweep_aside(self._directory / ASIDE)

    def _seal_all(self, engine: duckdb.DuckDBPyConnection) -> int:
        count = 0
        while True:
            sealed_now = self._seal_chunk(engine)
            count += sealed_now
            if sealed_now < self._chunk:
                return count

    def _seal_chunk(self, engine: duckdb.DuckDBPyConnection) -> int:
        exported = new_export(self._directory)
        try:
            with self._log.snapshot() as (manifest, tail):
                chunk = export(
                    islice(tail, self._chunk), exported, self._zone, after=manifest.sealed_to
                )
            if not chunk.events:
                return 0
            create_table(engine, "chunk", exported)
        finally:
            exported.unlink(missing_ok=True)
        self._write_days(engine, manifest, chunk)
        engine.execute("DROP TABLE chunk")
        return chunk.events

    def _write_days(
        self, engine: duckdb.DuckDBPyConnection, manifest: Manifest, chunk: Exported
    ) -> None:
        days = engine.execute(
            "SELECT day, min(position), max(position) FROM chunk GROUP BY day ORDER BY day"
        ).fetchall()
        files = [
            write_sorted(
                engine,
                self._directory,
                f"FROM chunk WHERE day = {day}",
                folder=f"day={self._zone.date(day).isoformat()}",
                first=first,
                last=last,
            )
            for day, first, last in days
        ]
        self._log.seal(chunk.last, (*manifest.files, *files))

    def _merge_days(self, engine: duckdb.DuckDBPyConnection) -> None:
        by_folder: dict[str, list[str]] = defaultdict(list)
        for file in self._log.manifest().files:
            by_folder[part(file).folder].append(file)
        for folder, files in by_folder.items():
            if len(files) > MOST_FILES:
                self._merge(engine, folder, files)

    def _merge(self, engine: duckdb.DuckDBPyConnection, folder: str, files: Sequence[str]) -> None:
        parts = [part(file) for file in files]
        with in_our_words(self._directory, files):
            merged = write_sorted(
                engine,
                self._directory,
                sealed(self._directory, files),
                folder=folder,
                first=min(named.first for named in parts),
                last=max(named.last for named in parts),
            )
        manifest = self._log.manifest()
        kept = [file for file in manifest.files if file not in files]
        retire(self._directory, files)
        self._log.seal(manifest.sealed_to, (*kept, merged), removed=files)


def write_sorted(
    engine: duckdb.DuckDBPyConnection,
    directory: Path,
    query: str,
    *,
    folder: str,
    first: int,
    last: int,
) -> str:
    """Write what a query gives as a durable file of one day; give its name. Nothing lists it yet."""
    written = new_export(directory).with_suffix(".parquet")
    try:
        engine.execute(f"COPY ({query} {_SORTED}) TO {quoted(str(written))} {_PARQUET}")
        return finish(written, directory / folder, first=first, last=last)
    finally:
        written.unlink(missing_ok=True)


@contextmanager
def alone(directory: Path) -> Iterator[bool]:
    """Tell whether nobody else, in any process, changes the files of this directory until we are done.

    The lock is the operating system's: it ends with the process that holds it, however that ends.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(directory / "roll.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield _locked(handle)
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
