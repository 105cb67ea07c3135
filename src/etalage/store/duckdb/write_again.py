"""A sealed file that is damaged, written again from the journal, where the journal still has its events.

In:   the name of a listed file; it says the shop day, and the first and last position.
Out:  a file with the same rows, listed in place of the old one; or an error, and nothing has changed.
Idea: the files of one day never overlap (a roll goes on where the last one ended, a merge takes all of a day), so what
      was in a file is every event of its day between its two positions. The first and the last must be found, and the
      journal gives each position with its digest or an error: so nothing is guessed. Erasing changes the journal
      before the files: what is made from it holds no more of a person than the file did.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import duckdb

from etalage.domain.event import Event
from etalage.domain.time import ShopZone
from etalage.errors import Conflict, Damaged
from etalage.ports import Manifest, Sealable
from etalage.store.duckdb.engine import open_engine
from etalage.store.duckdb.files import Part, part
from etalage.store.duckdb.roll import alone, write_sorted
from etalage.store.duckdb.rows import create_table, export
from etalage.store.duckdb.views import new_export


class Journal(Sealable, Protocol):
    """What is asked of the log: its events by position, without an archive to fall back on."""

    def read(self, after: int, *, upto: int | None = None) -> Iterator[tuple[int, Event]]:
        """Give events in order."""
        ...


def write_again(
    directory: Path,
    log: Journal,
    zone: ShopZone,
    file: str,
    *,
    threads: int = 1,
    memory: str = "1GB",
) -> str:
    """Write a listed file again and list it; give its name, which is the old one where the bytes are the same.

    Raises:
        NotFound: the journal was pruned beyond its first event.
        Damaged: an event of it is damaged in the journal too, or the file does not hold what its name says.
        Conflict: somebody else is changing the files of this directory.
    """
    named = part(file)
    with alone(directory) as is_alone:
        if not is_alone:
            raise Conflict("somebody is sealing or erasing in this directory; try again")
        manifest = log.manifest()
        if file not in manifest.files:
            raise Conflict(f"{file} is no part of the log any more")
        _refuse_overlap(manifest, file, named)
        engine = open_engine(directory, threads=threads, memory=memory)
        try:
            written = _write(engine, directory, log, zone, named)
        finally:
            engine.close()
        if written != file:
            files = tuple(written if one == file else one for one in manifest.files)
            log.seal(manifest.sealed_to, files, removed=(file,))
            (directory / file).unlink(
                missing_ok=True
            )  # nobody can read it, and it may name somebody
        return written


def _write(
    engine: duckdb.DuckDBPyConnection, directory: Path, log: Journal, zone: ShopZone, named: Part
) -> str:
    exported = new_export(directory)
    try:
        events = _of_the_day(log, zone, named)
        export(events, exported, zone, after=named.first - 1)
        create_table(engine, "again", exported)
    finally:
        exported.unlink(missing_ok=True)
    found = engine.execute("SELECT min(position), max(position) FROM again").fetchall()[0]
    if found != (named.first, named.last):
        raise Damaged(
            f"the journal has {found[0]} to {found[1]} of {named.folder}, and the file had {named.first} to {named.last}"
        )
    return write_sorted(
        engine, directory, "FROM again", folder=named.folder, first=named.first, last=named.last
    )


def _of_the_day(log: Journal, zone: ShopZone, named: Part) -> Iterator[tuple[int, Event]]:
    for position, event in log.read(named.first - 1, upto=named.last):
        if f"day={zone.date(zone.day(event.time)).isoformat()}" == named.folder:
            yield position, event


def _refuse_overlap(manifest: Manifest, file: str, named: Part) -> None:
    """Two files of a day with the same positions would leave it open which of them an event was in."""
    for other in manifest.files:
        two = part(other)
        is_same_day = other != file and two.folder == named.folder
        if is_same_day and two.first <= named.last and two.last >= named.first:
            raise Damaged(f"{file} and {other} claim the same events of a day")
