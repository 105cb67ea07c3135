"""Reads a file of D12's form: named columns of a CSV or Parquet file, as arrays.

In:   a path, the fields a task needs, and `--map` for columns of another name.
Out:  one array per field, equal in length; rows in which a needed field is empty are left out and counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from etalage.errors import BadInput, Unknown
from etalage.store.duckdb.engine import exact_path

Column = NDArray[Any]
FIRST_BYTES = 4096  # of which at least one is no white space


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by field."""

    columns: dict[str, Column]
    rows: int
    left_out: int  # rows with an empty field

    def __getitem__(self, field: str) -> Any:
        """Give the column of a field."""
        return self.columns[field]

    def has(self, field: str) -> bool:
        """Whether the file has this field."""
        return field in self.columns


def read_table(
    path: Path,
    needed: Sequence[str],
    *,
    either: Sequence[str] = (),
    also: Sequence[str] = (),
    nullable: Sequence[str] = (),
    mapping: Mapping[str, str] | None = None,
) -> Table:
    """Read the fields of a file.

    Args:
        path: ends in .parquet, or is read as CSV.
        needed: fields that must be there.
        either: fields of which the first that is there is read too; at least one must be.
        also: fields that are read if they are there.
        nullable: columns that must be there too and may be empty in a row: masked arrays.
        mapping: field by column, for columns that carry another name.

    Raises:
        BadInput: no such file, empty, not readable, or no row is whole.
        Unknown: a column of the mapping, or a field, is not in the file.
    """
    _is_there(path)
    source = _source(path)
    try:
        with duckdb.connect(config={"autoinstall_known_extensions": False}) as engine:
            types = {row[0]: row[1] for row in engine.execute(f"DESCRIBE {source}").fetchall()}
            fields = _fields(types, (*needed, *nullable), either, also, mapping or {})
            chosen = ", ".join(_selected(c, types[c], field) for field, c in fields.items())
            whole = " AND ".join(
                f"{_name(field)} IS NOT NULL" for field in fields if field not in nullable
            )
            answer = engine.execute(f"SELECT * FROM (SELECT {chosen} {source}) WHERE {whole}")
            columns = answer.fetchnumpy()
            total = engine.execute(f"SELECT count(*) {source}").fetchall()[0][0]
    except duckdb.Error as error:
        raise BadInput(f"{path.name} cannot be read: {str(error).splitlines()[0]}") from error
    table = {
        field: np.ma.asarray(columns[field]) if field in nullable else np.asarray(columns[field])
        for field in fields
    }
    rows = len(next(iter(table.values())))
    if not rows:
        raise BadInput(f"{path.name} has no row in which {', '.join(fields)} are all filled")
    return Table(table, rows, int(total) - rows)


def columns_of(path: Path) -> list[str]:
    """Name the columns of a file.

    Raises:
        BadInput: no such file, empty, or not readable.
    """
    _is_there(path)
    try:
        with duckdb.connect(config={"autoinstall_known_extensions": False}) as engine:
            rows = engine.execute(f"DESCRIBE {_source(path)}").fetchall()
    except duckdb.Error as error:
        raise BadInput(f"{path.name} cannot be read: {str(error).splitlines()[0]}") from error
    return [str(row[0]) for row in rows]


def codes_of(*columns: Column) -> tuple[list[NDArray[np.int64]], Column]:
    """Number the values of columns together; give the numbers per column, and the values in order."""
    if len({column.dtype.kind for column in columns}) > 1:  # "7" in one file and 7 in the other
        columns = tuple(column.astype(str) for column in columns)
    values, numbers = np.unique(np.concatenate(columns), return_inverse=True)
    return np.split(numbers, np.cumsum([len(column) for column in columns])[:-1]), values


def _is_there(path: Path) -> None:
    """Refuse what holds nothing: of an empty file DuckDB would say that its one column is called `column0`."""
    if not path.is_file():
        raise BadInput(f"there is no file {path}", field="file")
    with path.open("rb") as opened:
        if not opened.read(FIRST_BYTES).strip():
            raise BadInput(f"{path.name} is empty", field="file")


def _source(path: Path) -> str:
    literal = "'" + exact_path(path).replace("'", "''") + "'"
    reader = "read_parquet" if path.suffix.lower() in {".parquet", ".pq"} else "read_csv"
    return f"FROM {reader}({literal})"


def _fields(
    types: Mapping[str, str],
    needed: Sequence[str],
    either: Sequence[str],
    also: Sequence[str],
    mapping: Mapping[str, str],
) -> dict[str, str]:
    """Give the column of each field."""
    for column, field in mapping.items():
        if column not in types:
            raise Unknown("column", column, types, field="map")
        if field not in {*needed, *either, *also}:
            raise Unknown("field", field, [*needed, *either, *also], field="map")
    columns = {column.lower(): column for column in types}
    columns |= {field: column for column, field in mapping.items()}
    for field in needed:
        if field not in columns:
            raise Unknown("column", field, types, field="map")
    found = [field for field in either if field in columns]
    if either and not found:
        raise Unknown("column", " or ".join(either), types, field="map")
    chosen = (*needed, *found[:1], *(field for field in also if field in columns))
    return {field: columns[field] for field in chosen}


def _selected(column: str, kind: str, field: str) -> str:
    """Read moments as seconds, and decimals as doubles; leave the rest as it is."""
    said = _name(column)
    if kind.startswith(("TIMESTAMP", "DATE")):
        said = f"epoch({said})"
    elif field in {"time", "pos"}:
        said = f"nullif(try_cast({said} AS DOUBLE), 'nan')"
    return f"{said} AS {_name(field)}"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
