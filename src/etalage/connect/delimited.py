"""Delimited text: the rows of a CSV or TSV file, whatever its encoding and delimiter.

In:   a path.
Out:  a `Table`: the names in its header, and its rows as cells with their number.
Idea: the file is read once to learn its encoding and once for its rows; memory holds one row. A file that is
      neither UTF-8 nor Windows-1252 is refused rather than read as gibberish.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from msgspec import Struct

from etalage.collect.feed import ProblemReason, refuse_other_documents
from etalage.errors import BadFeed

Encoding = Literal["utf-8-sig", "utf-16", "cp1252"]
DELIMITERS = ";,\t|"
MAX_CELL = 1_000_000  # characters; a longer one is a quote that never closes
MAX_COLUMNS = 2_000
_CHUNK = 1 << 20  # bytes
_HEAD = 1024  # bytes, enough to see what kind of document it is


class Row(Struct, frozen=True):
    """One row below the header; `problem` tells why its cells cannot be trusted to be in their columns."""

    number: int  # from 1
    cells: list[str]
    problem: ProblemReason | None = None


class Table(Struct, frozen=True):
    """A delimited file that was looked at; `rows` reads it."""

    path: Path
    encoding: Encoding
    delimiter: str
    header: tuple[str, ...]
    ends_with_newline: bool

    def rows(self) -> Iterator[Row]:
        """Give the rows in order; blank lines do not count, and short rows are filled with empty cells."""
        width = len(self.header)
        with self.path.open(encoding=self.encoding, newline="") as file:
            records = _records(file, self.delimiter)
            next(records)  # the header
            for number, (cells, lines, is_last) in enumerate(_with_last(records), 1):
                missing = width - len(cells)
                if is_last and missing > 0 and (lines > 1 or not self.ends_with_newline):
                    yield Row(number, cells, "cut_off")
                elif any(cells[width:]):
                    yield Row(number, cells, "too_many_cells")
                else:
                    yield Row(number, cells[:width] + [""] * missing)

    def named(self, row: Row) -> dict[str, str]:
        """Give the cells by the name of their column; of a repeated name the first that is filled."""
        values: dict[str, str] = {}
        for name, cell in zip(self.header, row.cells, strict=True):
            if not values.get(name):
                values[name] = cell.strip()
        return values


def table(path: Path, *, delimiters: str = DELIMITERS) -> Table:
    """Look at a file: its encoding, delimiter and header.

    Raises:
        BadFeed: it is empty, a web page, binary, or in no encoding that we read.
    """
    with path.open("rb") as file:
        refuse_other_documents(file.read(_HEAD))
    encoding, ends_with_newline = _encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        delimiter = _delimiter(file.readline(MAX_CELL), delimiters)
        file.seek(0)
        cells, _ = next(_records(file, delimiter), ([], 0))
    if len(cells) > MAX_COLUMNS:
        raise BadFeed(f"the first row has {len(cells)} columns; a table has at most {MAX_COLUMNS}")
    return Table(path, encoding, delimiter, tuple(c.strip() for c in cells), ends_with_newline)


def _encoding(path: Path) -> tuple[Encoding, bool]:
    """Find the encoding, and whether the file ends with a newline."""
    utf8 = codecs.getincrementaldecoder("utf-8")("replace")
    broken = accented = 0
    last = b""
    with path.open("rb") as file:
        start = file.read(4)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16", True
        file.seek(0)
        while chunk := file.read(_CHUNK):
            if b"\0" in chunk:
                raise BadFeed("the file is not text (it holds zero bytes)")
            text = utf8.decode(chunk)
            broken += text.count("\ufffd")
            accented += len(chunk) - len(text)  # bytes that continue a valid sequence
            last = chunk[-1:]
    broken += len(utf8.decode(b"", final=True))
    if not broken:
        return "utf-8-sig", last == b"\n"
    # Text in Windows-1252 hardly ever holds a valid UTF-8 sequence: many of them beside broken bytes is UTF-8
    # that was damaged, and reading it as Windows-1252 would put gibberish in the shop.
    if accented > broken or not _is_cp1252(path):
        raise BadFeed("the text is neither valid UTF-8 nor Windows-1252; export it as UTF-8")
    return "cp1252", last == b"\n"


def _is_cp1252(path: Path) -> bool:
    try:
        with path.open(encoding="cp1252") as file:
            while file.read(_CHUNK):
                pass
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(line: str, delimiters: str) -> str:
    outside_quotes = "".join(line.split('"')[::2])
    return max(delimiters, key=outside_quotes.count)


def _records(file: Iterator[str], delimiter: str) -> Iterator[tuple[list[str], int]]:
    """Give (cells, number of lines) of each record that is not blank."""
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(file, delimiter=delimiter)
    line = 0
    try:
        for cells in reader:
            if any(cells):
                yield cells, reader.line_num - line
            line = reader.line_num
    except csv.Error as error:
        raise BadFeed(f"the table cannot be read from line {line + 1}: {error}") from error
    except UnicodeDecodeError as error:
        raise BadFeed("the text is damaged: not all of it is UTF-16") from error


def _with_last(
    records: Iterator[tuple[list[str], int]],
) -> Iterator[tuple[list[str], int, bool]]:
    held = next(records, None)
    for record in records:
        if held is not None:
            yield *held, False
        held = record
    if held is not None:
        yield *held, True
