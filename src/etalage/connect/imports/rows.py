"""Rows of a file, whatever it is: CSV, Parquet, JSON lines or one JSON list; memory holds a few at a time.

Parquet is read by DuckDB, which may open this one file and nothing else. CSV is read by `delimited`: DuckDB
guesses a dialect and gives up on what it cannot guess; a spreadsheet's export needs more patience than that.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

import msgspec

from etalage.connect.delimited import table
from etalage.connect.imports.items import Skipped
from etalage.errors import BadFeed

Fields = dict[str, object]
MAX_LINE = 1 << 20  # bytes of one JSON line
MAX_LIST = 256 << 20  # bytes of one JSON list, which is read whole
_BATCH = 1_000  # rows fetched at a time
_HEAD = 1024  # bytes


def columns(path: Path) -> tuple[str, ...]:
    """Give the names of the columns of a CSV or Parquet file."""
    if not is_parquet(path):
        return table(path).header
    return tuple(name for name, _ in _parquet_columns(path))


def table_rows(path: Path) -> Iterator[tuple[int, Fields] | Skipped]:
    """Give (row, values by column) of a CSV or Parquet file."""
    if is_parquet(path):
        yield from _parquet_rows(path)
        return
    opened = table(path)
    for row in opened.rows():
        if row.problem == "cut_off" or row.problem == "too_many_cells":  # noqa: PLR1714  narrows the type
            yield Skipped(row.number, row.problem)
        else:
            yield row.number, dict(opened.named(row))


def documents(path: Path) -> Iterator[tuple[int, Fields] | Skipped]:
    """Give (number, object) of a file of JSON lines, or of one JSON list."""
    with path.open("rb") as file:
        is_list = file.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")
    return _of_list(path) if is_list else _of_lines(path)


def is_parquet(path: Path) -> bool:
    """Tell whether a file is Parquet, by its first four bytes."""
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def is_json(path: Path) -> bool:
    """Tell whether a file holds JSON objects, by its first character."""
    with path.open("rb") as file:
        return file.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"["))


def _of_lines(path: Path) -> Iterator[tuple[int, Fields] | Skipped]:
    number = 0
    for line in _lines(path):
        if line is not None and not line.strip():
            continue
        number += 1
        found = None if line is None else _object(line)
        if found is None:
            yield Skipped(number, "too_large" if line is None else "not_an_object")
        else:
            yield number, found


def _lines(path: Path) -> Iterator[bytes | None]:
    """Give the lines of a file, None for one that is too long to be looked at."""
    with path.open("rb") as file:
        start = file.read(len(codecs.BOM_UTF8))
        file.seek(len(start) if start == codecs.BOM_UTF8 else 0)
        while line := file.readline(MAX_LINE):
            if line.endswith(b"\n") or len(line) < MAX_LINE:
                yield line
                continue
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE)
            yield None


def _object(line: bytes) -> Fields | None:
    try:
        return msgspec.json.decode(line, type=Fields)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _of_list(path: Path) -> Iterator[tuple[int, Fields] | Skipped]:
    if path.stat().st_size > MAX_LIST:
        raise BadFeed(f"the JSON list is larger than {MAX_LIST} bytes; write one object per line")
    try:
        found = msgspec.json.decode(path.read_bytes(), type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadFeed(f"the file is not one JSON list (was it cut off?): {error}") from error
    for number, raw in enumerate(found, 1):
        one = _object(bytes(raw))
        yield Skipped(number, "not_an_object") if one is None else (number, one)


def _parquet_columns(path: Path) -> list[tuple[str, str]]:
    described = _query(path, "DESCRIBE SELECT * FROM read_parquet($path)")
    return [(str(name), str(kind)) for name, kind, *_ in described]


def _parquet_rows(path: Path) -> Iterator[tuple[int, Fields]]:
    """Give the rows; moments with a zone come as microseconds, which need no library of time zones."""
    described = _parquet_columns(path)
    quoted = ['"' + name.replace('"', '""') + '"' for name, _ in described]
    wanted = [
        f"epoch_us({name})" if kind == "TIMESTAMP WITH TIME ZONE" else name
        for name, (_, kind) in zip(quoted, described, strict=True)
    ]
    names = [name for name, _ in described]
    rows = _query(path, f"SELECT {', '.join(wanted)} FROM read_parquet($path)")
    for number, cells in enumerate(rows, 1):
        yield number, dict(zip(names, cells, strict=True))


def _query(path: Path, sql: str) -> Iterator[tuple[object, ...]]:
    """Ask DuckDB about one Parquet file; it may open that file alone and may not change its mind."""
    import duckdb

    with duckdb.connect(config={"threads": 1, "memory_limit": "512MB"}) as connection:
        try:
            connection.execute("SET autoinstall_known_extensions = false")
            connection.execute("SET allowed_paths = [$path]", {"path": str(path)})
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            answer = connection.execute(sql, {"path": str(path)})
            while rows := answer.fetchmany(_BATCH):
                yield from rows
        except duckdb.Error as error:
            raise BadFeed(
                f"the Parquet file cannot be read: {str(error).splitlines()[0]}"
            ) from error
