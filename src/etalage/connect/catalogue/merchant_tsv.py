"""Google's merchant feed as text: a header row and tab separated values.

In:   a path and the shop's settings.
Out:  a `Feed`.
Idea: names may hold spaces or underscores and a `g:` in front; a name may stand over several columns.
From: conventions.md 4.
"""

from __future__ import annotations

from pathlib import Path

from etalage.collect.feed import Feed
from etalage.connect.catalogue.assemble import Entry, Notes, assemble
from etalage.connect.catalogue.merchant import MerchantReader
from etalage.connect.catalogue.settings import FeedSettings
from etalage.connect.delimited import Row, Table, table
from etalage.errors import BadFeed

REQUIRED = frozenset({"id", "title"})


def attribute_name(column: str) -> str:
    """Give the attribute a column is called after: 'g:Image Link' is image_link.

    >>> attribute_name(" g:Image Link ")
    'image_link'
    """
    return column.strip().casefold().removeprefix("g:").replace(" ", "_").replace("-", "_")


def is_merchant(header: tuple[str, ...]) -> bool:
    """Tell whether a header is that of a merchant feed."""
    names = {attribute_name(column) for column in header}
    return names >= REQUIRED and bool(names & {"availability", "price"}) and "link" in names


def read(path: Path, settings: FeedSettings) -> Feed:
    """Read a merchant feed in TSV (or another delimiter: exports differ)."""
    opened = table(path)
    names = tuple(attribute_name(column) for column in opened.header)
    if missing := sorted(REQUIRED - set(names)):
        raise BadFeed(
            f"the file has no column {', '.join(missing)}; it has: {', '.join(names[:20])}"
        )
    return read_columns(opened, names, settings)


def read_columns(opened: Table, names: tuple[str, ...], settings: FeedSettings) -> Feed:
    """Read a table of which the columns are known by their merchant attribute; '' is passed over."""
    notes = Notes()
    reader = MerchantReader(settings, notes)
    entries: list[Entry] = []
    rows = 0
    for row in opened.rows():
        rows = row.number
        if row.problem:
            notes.add(row.number, row.problem)
        else:
            entries.append(reader.entry(row.number, _attributes(names, row)))
    return assemble(entries, notes, rows=rows, currency=reader.currency, settings=settings)


def _attributes(names: tuple[str, ...], row: Row) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, cell in zip(names, row.cells, strict=True):
        if name and cell.strip():
            values.setdefault(name, []).append(cell.strip())
    return values
