"""The warehouse: batch questions over events."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from msgspec import Struct

from etalage.domain.privacy import Verdict
from etalage.ports.changes import Rewritten

Row = tuple[object, ...]


class Answer(Struct, frozen=True):
    """Columns and rows of a question."""

    columns: tuple[str, ...]
    rows: list[Row]

    def dicts(self) -> list[dict[str, object]]:
        """Give the rows with their column names."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class InFiles(Struct, frozen=True):
    """The sealed part of the log, for an engine elsewhere that reads the same files."""

    sql: str  # the query that gives its events; "" while nothing is sealed
    missing: int  # newer events, in no file yet


class Questions(Protocol):
    """Several questions about one frozen moment of the log; used in one thread."""

    def ask(self, sql: str, parameters: Mapping[str, object] | None = None) -> Answer: ...
    def prepare(self, sql: str, parameters: Mapping[str, object] | None = None) -> None:
        """Create a temporary view, table or macro for the questions that follow; parameters for tables only."""
        ...


class Changing(Protocol):
    """The right to change sealed events, held while nobody seals."""

    def rewrite(self, verdicts: Mapping[int, Verdict]) -> Rewritten:
        """Carry out verdicts on sealed events: the files that hold one of them are written anew."""
        ...

    def sweep(self) -> None:
        """Remove old files at once, also under readers that are still in them."""
        ...


class Warehouse(Protocol):
    """Questions in SQL (DuckDB's dialect; other engines translate) over the table `events`.

    One row per event of the log as it stands at the call, sealed or not; columns as in `EVENT_COLUMNS`.
    """

    def ask(self, sql: str, parameters: Mapping[str, object] | None = None) -> Answer:
        """Answer one question. `$name` in the text is bound, never formatted in."""
        ...

    def session(self) -> AbstractContextManager[Questions]:
        """Freeze the log as it stands now, for several questions from one moment."""
        ...

    def relation(self) -> Any:
        """Give the events as the engine's own kind of table, for people who query in a notebook."""
        ...

    def in_files(self) -> InFiles:
        """Say how who has only the files reads the events, and how many are in none yet."""
        ...

    def roll(self, *, now: int) -> int:
        """Seal what the journal holds into daily Parquet; give how many events were sealed."""
        ...

    def changing(self) -> AbstractContextManager[Changing | None]:
        """Keep everybody else from sealing, and change sealed events; None while somebody else is at it."""
        ...

    def leftovers(self) -> frozenset[str]:
        """Give the files that still lie there and are no part of the log any more, for who is still reading them."""
        ...

    def close(self) -> None: ...
