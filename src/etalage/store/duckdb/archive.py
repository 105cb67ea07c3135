"""The sealed part of the log, read back as events.

In:   the manifest's files.
Out:  the events as they were logged, in order of position.
Idea: files are sorted by visitor, so a stretch of positions is sorted out of the files whose names overlap it, one
      stretch at a time: memory stays bounded however far back the reader starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from etalage.domain.event import Event
from etalage.ports import EVENT_COLUMNS, Manifest
from etalage.store.duckdb.engine import in_our_words, open_locked_engine
from etalage.store.duckdb.files import overlapping
from etalage.store.duckdb.rows import event_of
from etalage.store.duckdb.views import sealed

_STRETCH = 50_000  # positions read at a time


class ParquetArchive:
    """Answers `ports.Archive`; `manifest` gives what is sealed at the moment it is called."""

    def __init__(
        self,
        directory: Path,
        manifest: Callable[[], Manifest],
        *,
        threads: int = 2,
        memory: str = "1GB",
    ) -> None:
        self._directory = directory.resolve()
        self._manifest = manifest
        self._threads = threads
        self._memory = memory

    def read(self, after: int, upto: int) -> Iterator[tuple[int, Event]]:
        """Give all sealed events with after < position <= upto, in order."""
        upto = min(upto, self._manifest().sealed_to)
        if after >= upto:
            return
        engine = open_locked_engine(self._directory, threads=self._threads, memory=self._memory)
        try:
            for start in range(after, upto, _STRETCH):
                yield from self._stretch(engine, start, min(start + _STRETCH, upto))
        finally:
            engine.close()

    def _stretch(
        self, engine: duckdb.DuckDBPyConnection, after: int, upto: int
    ) -> Iterator[tuple[int, Event]]:
        # Asked anew for each stretch: a reader may take longer than files that were merged are kept.
        files = list(overlapping(self._manifest().files, after, upto))
        if not files:
            return
        with in_our_words(self._directory, files):
            rows = engine.execute(
                f"{sealed(self._directory, files)} WHERE position > $after AND position <= $upto ORDER BY position",
                {"after": after, "upto": upto},
            ).fetchall()
        for row in rows:
            named = dict(zip(EVENT_COLUMNS, row, strict=True))
            yield row[0], event_of(named)
