"""DuckDB as we run it: in memory, bounded, offline; and its errors in our own words.

In:   the directory of a shop's events.
Out:  connections that never fetch an extension, and `in_our_words`, which turns what DuckDB raises into errors
      a shop owner can act on.
Idea: questions may come from people, so the connection that answers them sees this one directory and nothing
      else of the machine, and cannot be talked out of that (`lock_configuration`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from etalage.errors import BadInput, Damaged, Overloaded
from etalage.store.duckdb.files import damaged

ASIDE = "aside"  # folder for what is not finished: exports, files being written, sorting that does not fit in memory

_OFFLINE: dict[str, str | bool] = {
    "autoinstall_known_extensions": False,  # json and parquet are built in
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "python_enable_replacements": False,  # a table name never means a Python variable
}
# What is wrong in a question before any file is read.
_WORDED_WRONGLY = (
    duckdb.ParserException,
    duckdb.CatalogException,
    duckdb.PermissionException,
    duckdb.NotImplementedException,
)
# What a person can get wrong in a question or in a value, unless a file is damaged: a bit in the name of a column
# of a Parquet file, and the column is not found.
_ASKED_WRONGLY = (
    duckdb.BinderException,
    duckdb.ConversionException,
    duckdb.OutOfRangeException,
    duckdb.InvalidTypeException,
    duckdb.TypeMismatchException,
    duckdb.InvalidInputException,
    duckdb.IOException,
)


def open_engine(directory: Path, *, threads: int, memory: str) -> duckdb.DuckDBPyConnection:
    """Open an engine of its own in memory, which may read and write files anywhere."""
    aside = directory / ASIDE
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside.mkdir(exist_ok=True)
    settings: dict[str, str | bool | int | float | list[str]] = {
        **_OFFLINE,
        "threads": threads,
        "memory_limit": memory,
        "temp_directory": str(aside),
    }
    return duckdb.connect(":memory:", config=settings)


def open_locked_engine(directory: Path, *, threads: int, memory: str) -> duckdb.DuckDBPyConnection:
    """Open an engine that sees `directory` and no other file, and whose settings are final."""
    connection = open_engine(directory, threads=threads, memory=memory)
    # Both spellings: DuckDB compares a path before it reads it as a pattern.
    allowed = ", ".join(quoted(f"{path}/") for path in (directory, exact_path(directory)))
    connection.execute(f"SET allowed_directories = [{allowed}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def quoted(text: str) -> str:
    """Write a text as an SQL literal, for statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def exact_path(path: Path) -> str:
    """Write a path so that DuckDB does not read it as a pattern."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))


@contextmanager
def in_our_words(directory: Path, files: Sequence[str]) -> Iterator[None]:
    """Turn DuckDB's errors into ours: the file that is damaged, the question that is wrong, the memory that ran out."""
    try:
        yield
    except _WORDED_WRONGLY as error:
        raise BadInput(f"the question cannot be answered: {error}") from error
    except duckdb.OutOfMemoryException as error:
        raise Overloaded(f"the question needs more memory than it may use: {error}") from error
    except duckdb.Error as error:
        if broken := damaged(directory, files):
            raise Damaged(
                f"{broken} is missing or damaged; etalage doctor --verify says what to do"
            ) from error
        if "No space left" in str(error):
            raise Overloaded(f"the disk is full: {error}") from error
        if isinstance(error, _ASKED_WRONGLY):
            raise BadInput(f"the question cannot be answered: {error}") from error
        raise
