"""The embedded warehouse: questions in SQL over the log as it stands, answered by DuckDB in this process.

In:   the directory of the Parquet files, and the log whose unsealed tail belongs to them.
Out:  an `Answer` per question; a `Session` where several questions must speak of the same moment.
Idea: a question reads, and reads only here: one SELECT at a time, on an engine that sees no other file, no network
      and no variable of ours. A data scientist gets an engine of her own through `relation`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from etalage.domain.time import ShopZone
from etalage.errors import BadInput, Conflict
from etalage.ports import Answer, InFiles, Manifest
from etalage.store.duckdb.engine import in_our_words, open_engine, open_locked_engine
from etalage.store.duckdb.files import damaged, unlisted
from etalage.store.duckdb.rewrite import Rewriter
from etalage.store.duckdb.roll import CHUNK, GRACE_SECONDS, Roller, alone
from etalage.store.duckdb.views import SealableLog, Views, sealed

_TEMPORARY = re.compile(r"\s*create\s+(or\s+replace\s+)?temp(orary)?\s", re.IGNORECASE)


class Session:
    """Several questions about one moment."""

    def __init__(
        self, cursor: duckdb.DuckDBPyConnection, directory: Path, manifest: Manifest, head: int
    ) -> None:
        self._cursor = cursor
        self._directory = directory
        self._files = manifest.files
        self.head = head  # position of the newest event in it

    def ask(self, sql: str, parameters: Mapping[str, object] | None = None) -> Answer:
        """Answer one question. `$name` in the text is bound, never formatted in."""
        with in_our_words(self._directory, self._files):
            self._check(sql, duckdb.StatementType.SELECT)
            self._cursor.execute(sql, dict(parameters or {}))
            columns = tuple(column[0] for column in self._cursor.description or ())
            return Answer(columns=columns, rows=self._cursor.fetchall())

    def prepare(self, sql: str, parameters: Mapping[str, object] | None = None) -> None:
        """Give a name to a part of the questions to come: one CREATE TEMP VIEW, TABLE or MACRO."""
        with in_our_words(self._directory, self._files):
            self._check(sql, duckdb.StatementType.CREATE)
            if not _TEMPORARY.match(sql):
                raise BadInput("only temporary views, tables and macros can be made in a session")
            self._cursor.execute(sql, None if parameters is None else dict(parameters))

    def _check(self, sql: str, kind: duckdb.StatementType) -> None:
        statements = self._cursor.extract_statements(sql)
        if [statement.type for statement in statements] != [kind]:
            raise BadInput(f"expected exactly one {kind.name} statement")


class DuckdbWarehouse:
    """Answers `ports.Warehouse` with DuckDB over Parquet and the tail of the log."""

    def __init__(
        self,
        directory: Path,
        log: SealableLog,
        zone: ShopZone,
        *,
        threads: int = 2,
        memory: str = "2GB",
        chunk: int = CHUNK,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self._directory = directory = directory.resolve()
        self._log = log
        self._zone = zone
        self._threads = threads
        self._memory = memory
        self._engine = open_locked_engine(directory, threads=threads, memory=memory)
        self._views = Views(self._engine, directory, log, zone)
        self._is_closed = False
        self._rewriter = Rewriter(directory, log, zone, threads=threads, memory=memory)
        self._roller = Roller(
            directory,
            log,
            zone,
            threads=threads,
            memory=memory,
            chunk=chunk,
            grace_seconds=grace_seconds,
        )

    def ask(self, sql: str, parameters: Mapping[str, object] | None = None) -> Answer:
        """Answer one question about the log as it stands now."""
        with self.session() as session:
            return session.ask(sql, parameters)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Freeze the log as it stands now, for several questions; use it in one thread."""
        if self._is_closed:
            raise Conflict("the warehouse is closed")
        with self._views.reading() as (view, cursor):
            yield Session(cursor, self._directory, view.manifest, view.head)

    def relation(self) -> duckdb.DuckDBPyRelation:
        """Give `events` as a DuckDB relation to build on, as of now.

        It stands on an engine of its own that may read and write other files; each call gives a new one.
        """
        engine = open_engine(self._directory, threads=self._threads, memory=self._memory)
        view = Views(engine, self._directory, self._log, self._zone).build()
        return engine.table(f"{view.schema}.events")

    def in_files(self) -> InFiles:
        """Say how who has only the files reads the events, and how many are in none yet."""
        manifest = self._log.manifest()
        files = manifest.files
        return InFiles(
            sql=sealed(self._directory, files) if files else "",
            missing=self._log.head() - manifest.sealed_to,
        )

    def roll(self, *, now: int) -> int:  # noqa: ARG002 # the port's; grace is about readers, who live in real time
        """Seal what the journal holds into daily Parquet; give how many events were sealed."""
        return self._roller.roll()

    @contextmanager
    def changing(self) -> Iterator[Rewriter | None]:
        """Keep everybody else from sealing, and change sealed events; None while somebody else is at it."""
        with alone(self._directory) as is_alone:
            yield self._rewriter if is_alone else None

    def leftovers(self) -> frozenset[str]:
        """Give the files that still lie there and are no part of the log any more."""
        return frozenset(unlisted(self._directory, frozenset(self._log.manifest().files)))

    def damaged(self) -> str | None:
        """Read all sealed files and give the first that is not what was written; None if all are whole."""
        return damaged(self._directory, self._log.manifest().files)

    def close(self) -> None:
        """Release the engine; sessions must have ended."""
        self._is_closed = True
        self._engine.close()
