"""Changing sealed events: the files that hold one of them are written anew, in place of the old.

In:   verdicts by position (domain/privacy.py).
Out:  files of the same days and positions in which these events are what their verdict says.
Idea: nothing is deleted inside a file: deleted values stay in it. A new file is written, listed in the manifest in
      place of the old one in one transaction of the log, and the old one goes. Killed before that, nothing has
      happened. `domain.privacy.rewritten` says the same for the journal, and a test compares the two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import msgspec

from etalage.domain.privacy import ERASED, Verdict
from etalage.domain.time import ShopZone
from etalage.ports import EVENT_COLUMNS, Rewritten, Sealable
from etalage.store.duckdb.engine import ASIDE, exact_path, in_our_words, open_engine, quoted
from etalage.store.duckdb.files import finish, part, retire, sweep, sweep_aside
from etalage.store.duckdb.views import new_export, sealed

# What a tombstone has where it is not null, and what the books keep of an order.
_TOMBSTONE = {
    "id": quoted(ERASED),
    "name": quoted(ERASED),
    "time": "$start",
    "received": "$start",
    "trust": "'confirmed'",
    "source": "'engine'",
    "lines": "[]",
    "properties": "'{}'",
    "purposes": "[]",
    "epoch": "0",
}
_EVERYWHERE = frozenset({"position", "day"})
_BOOKS = frozenset(
    "id name time received trust source lines value tax currency transaction".split()
)
_KEEPS_ADDRESS = "events.name = 'identify' AND list_contains(verdicts.purposes, 'email')"
_SORTED = 'ORDER BY visitor, "time", id, position'
_PARQUET = "(FORMAT parquet, COMPRESSION zstd)"


class Rewriter:
    """Changes the sealed files of one shop; only while `roll.alone` is held."""

    def __init__(
        self, directory: Path, log: Sealable, zone: ShopZone, *, threads: int, memory: str
    ) -> None:
        self._directory = directory
        self._log = log
        self._zone = zone
        self._threads = threads
        self._memory = memory

    def rewrite(self, verdicts: Mapping[int, Verdict]) -> Rewritten:
        """Write anew every file that holds an event with a verdict; see `ports.Changing`."""
        by_day: dict[int, list[int]] = defaultdict(list)
        for position, verdict in verdicts.items():
            by_day[verdict.day].append(position)
        engine = open_engine(self._directory, threads=self._threads, memory=self._memory)
        try:
            engine.execute(
                "CREATE TABLE verdicts (position BIGINT, fate VARCHAR, purposes VARCHAR[], transaction VARCHAR)"
            )
            days = [self._day(engine, day, by_day[day], verdicts) for day in sorted(by_day)]
        finally:
            engine.close()
        old = tuple(file for one in days for file in one.old_files)
        return Rewritten(sum(one.events for one in days), old)

    def sweep(self) -> None:
        """Remove old files at once, also under readers that are still in them."""
        sweep(self._directory, frozenset(self._log.manifest().files), grace_seconds=-1.0)
        sweep_aside(self._directory / ASIDE)

    def _day(
        self,
        engine: duckdb.DuckDBPyConnection,
        day: int,
        positions: Sequence[int],
        verdicts: Mapping[int, Verdict],
    ) -> Rewritten:
        self._load(engine, positions, verdicts)
        folder = f"day={self._zone.date(day).isoformat()}"
        least, most = min(positions), max(positions)
        new: list[str] = []
        old: list[str] = []
        events = 0
        manifest = self._log.manifest()
        for file in manifest.files:
            named = part(file)
            if named.folder != folder or named.last < least or named.first > most:
                continue
            with in_our_words(self._directory, [file]):
                count = self._count(engine, file)
                if count:
                    new.append(self._write(engine, file, start=self._zone.start(day)))
                    old.append(file)
                    events += count
        if old:
            kept = [file for file in manifest.files if file not in old]
            retire(self._directory, old)
            self._log.seal(manifest.sealed_to, (*kept, *new), removed=old)
        return Rewritten(events, tuple(old))

    def _load(
        self,
        engine: duckdb.DuckDBPyConnection,
        positions: Sequence[int],
        verdicts: Mapping[int, Verdict],
    ) -> None:
        lines = new_export(self._directory)
        try:
            with lines.open("wb") as file:
                for position in positions:
                    told = msgspec.to_builtins(verdicts[position]) | {"position": position}
                    file.write(msgspec.json.encode(told) + b"\n")
            engine.execute("DELETE FROM verdicts")
            engine.execute(
                "INSERT INTO verdicts SELECT * FROM read_json($path, format = 'newline_delimited', "
                "columns = {position: 'BIGINT', fate: 'VARCHAR', purposes: 'VARCHAR[]', transaction: 'VARCHAR'})",
                {"path": exact_path(lines)},
            )
        finally:
            lines.unlink(missing_ok=True)

    def _count(self, engine: duckdb.DuckDBPyConnection, file: str) -> int:
        (count,) = engine.execute(
            f"SELECT count(*) FROM ({sealed(self._directory, [file])}) SEMI JOIN verdicts USING (position)"
        ).fetchall()[0]
        return int(count)

    def _write(self, engine: duckdb.DuckDBPyConnection, file: str, *, start: int) -> str:
        written = new_export(self._directory).with_suffix(".parquet")
        columns = ", ".join(_column(name).replace("$start", str(start)) for name in EVENT_COLUMNS)
        named = part(file)
        try:
            engine.execute(
                f"COPY (SELECT {columns} FROM ({sealed(self._directory, [file])}) AS events "
                f"LEFT JOIN verdicts USING (position) {_SORTED}) TO {quoted(str(written))} {_PARQUET}"
            )
            folder = self._directory / named.folder
            return finish(written, folder, first=named.first, last=named.last)
        finally:
            written.unlink(missing_ok=True)


def _column(name: str) -> str:
    """Write what a column is from now on, by the fate of its event."""
    kind = EVENT_COLUMNS[name]
    if name in _EVERYWHERE:
        return f'events."{name}"'
    gone = _TOMBSTONE.get(name, "NULL")
    empty = gone if name in {"lines", "properties", "purposes", "epoch"} else "NULL"
    cases = [f"WHEN 'gone' THEN {gone}"]
    if name == "transaction":
        cases.append("WHEN 'books' THEN coalesce(verdicts.transaction, events.transaction)")
    elif name not in _BOOKS:
        cases.append(f"WHEN 'books' THEN {empty}")
    cases += [f"WHEN '{fate}' THEN {value}" for fate, value in _CHANGED.get(name, {}).items()]
    # A CASE that compares with nothing is for events without a verdict.
    return (
        f'CAST(CASE verdicts.fate {" ".join(cases)} ELSE events."{name}" END AS {kind}) AS "{name}"'
    )


_CHANGED: dict[str, dict[str, str]] = {
    "customer": {"unnamed": "NULL"},
    "personal": {
        "unnamed": "NULL",
        "closed": f"CASE WHEN {_KEEPS_ADDRESS} THEN events.personal END",
    },
    "purposes": {"closed": "verdicts.purposes", "unmeasured": "verdicts.purposes"},
    "epoch": {"closed": "0"},
    "properties": {
        "closed": "CASE WHEN events.name = 'identify' THEN '{}' ELSE events.properties END"
    },
}
