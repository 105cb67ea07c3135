"""Store, LMDB: whether every record is the one that was written, in a process of its own.

In:   the directory of the journal, the profiles or the index of keys; a server may be writing to it.
Out:  what is damaged, by table and record.
Idea: structure first, then records: a digest says that a record is whole, looking it up by its key that it can be
      found, and the counts that none is missing. All of it happens in a child, because a page that nobody has
      checked yet can end the process that opens it.
"""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import lmdb
import msgspec

from etalage.domain.event import Event
from etalage.domain.profile import Fold
from etalage.errors import Damaged
from etalage.ports import Manifest
from etalage.store.damage import Damage, Mend
from etalage.store.lmdb import journal, keys, profiles, reading
from etalage.store.lmdb.record import is_whole, payload_of, short_payload_of
from etalage.store.lmdb.structure import FILE, ROOM, copied, faults

LONGEST_SECONDS = 6 * 3_600
MOST = 50  # places named of one file; more of them say no more

Found = Iterator[tuple[str, str, Mend]]  # place, what it says, how it can be mended
Read = Callable[[str], Iterator[tuple[bytes, bytes]]]


class Part(NamedTuple):
    """One environment to look at."""

    kind: str  # "journal", "profiles" or "keys"
    directory: Path
    name: str  # under which people know the directory

    @property
    def file(self) -> str:
        """The file, as people know it."""
        return f"{self.name}/{FILE}"

    @property
    def mend(self) -> Mend:
        """How it can be mended where nothing can be read of it."""
        return _KINDS[self.kind].mend


def damage(parts: Sequence[Part]) -> dict[str, list[Damage]]:
    """Check several environments; give what is damaged, by kind."""
    found = {part.kind: [Damage(part.file, "", "is missing", part.mend)] for part in parts}
    left = [part for part in parts if (part.directory / FILE).is_file()]
    while left:
        lines, ended = _looked_at(left)
        for part, line in zip(left, lines, strict=False):
            found[part.kind] = [Damage(part.file, *one) for one in line]
        if len(lines) == len(left):
            return found
        broken = left[len(lines)]  # the one at which the child ended
        says = f"cannot be read at all ({ended})"
        found[broken.kind] = [Damage(broken.file, "", says, broken.mend)]
        left = left[len(lines) + 1 :]
    return found


def _looked_at(parts: Sequence[Part]) -> tuple[list[list[tuple[str, str, Mend]]], str]:
    """Let a child look; give a line for each part it got through, and how it ended."""
    told = [text for part in parts for text in (part.kind, str(part.directory))]
    command = [sys.executable, "-m", "etalage.store.lmdb.check", *told]
    done = subprocess.run(command, capture_output=True, timeout=LONGEST_SECONDS, check=False)  # noqa: S603  ourselves
    lines = [
        msgspec.json.decode(line, type=list[tuple[str, str, Mend]])
        for line in done.stdout.splitlines()
    ]
    last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    return lines, last or f"reading it ends with {done.returncode}"


def _check(kind: str, directory: Path) -> list[tuple[str, str, Mend]]:
    tables, dupsort, walk, mend = _KINDS[kind]
    with copied(directory) as copy:
        if broken := faults(copy, tables, dupsort):
            return [("structure", line, mend) for line in broken[:MOST]]
        env = lmdb.open(str(copy), readonly=True, lock=False, max_dbs=len(tables), map_size=ROOM)
        try:
            with env.begin() as txn:
                handles = {t: env.open_db(t.encode(), txn, create=False) for t in tables}
                found = [
                    (f"table {table}", "a record is there and cannot be found by its key", mend)
                    for table in tables
                    if table not in dupsort
                    and any(
                        txn.get(key, db=handles[table]) is None
                        for key in txn.cursor(handles[table]).iternext(values=False)
                    )
                ]
                return [*found, *walk(lambda table: iter(txn.cursor(handles[table])))][:MOST]
        finally:
            env.close()


# ---- The journal -------------------------------------------------------------------------------------


def _journal(read: Read) -> Found:
    meta = dict(read("meta"))
    for key, record in meta.items():
        yield from _framed("meta", key, record)
    try:
        head, first = (_number(meta.get(name), name) for name in (b"head", b"first"))
        sealed_to = _sealed_to(meta.get(b"manifest"))
    except Damaged:
        return
    yield from _events(read, head=head, first=first or 1, sealed_to=sealed_to)
    for table in ("ids", "once"):
        for key, record in read(table):
            try:
                short_payload_of(key, record, "")
            except Damaged:
                yield (
                    f"table {table}, record {key.hex()}",
                    "does not have the digest it was written with",
                    "backup",
                )
    for table in ("account", "quarantine"):
        for key, record in read(table):
            yield from _framed(table, key, record)
    accepted = sum(
        _number(record, key)
        for key, record in read("account")
        if is_whole(key, record) and journal._decode_account_key(key)[2] == "accepted"  # noqa: SLF001  its own folder
    )
    if accepted != head:
        yield (
            "table account",
            f"{accepted} events were accepted and {head} are in the log",
            "backup",
        )


def _events(read: Read, *, head: int, first: int, sealed_to: int) -> Found:
    decode = msgspec.msgpack.Decoder(Event).decode
    expected = first
    for key, record in read("events"):
        position = int.from_bytes(key, "big")
        mend: Mend = "from_parquet" if position <= sealed_to else "backup"
        while expected < min(position, head + 1):
            yield f"event {expected}", "is missing", "backup"
            expected += 1
        if not is_whole(key, record):
            yield f"event {position}", "does not have the digest it was written with", mend
        elif position > head:
            yield f"event {position}", f"is behind the end of the log at {head}", "backup"
        else:
            decode(payload_of(key, record, ""))
        expected = position + 1
    while expected <= head:
        yield f"event {expected}", "is missing", "backup"
        expected += 1


# ---- Profiles ----------------------------------------------------------------------------------------


def _profiles(read: Read) -> Found:
    decode = msgspec.msgpack.Decoder(Fold).decode
    links: dict[bytes, set[bytes]] = defaultdict(set)
    for key, record in read("folds"):
        if not is_whole(key, record):
            yield f"fold {key.hex()}", "does not have the digest it was written with", "rebuild"
            continue
        customer = profiles._customer(decode(payload_of(key, record, "")).link)  # noqa: SLF001  its own folder
        if customer is not None:
            links[customer.encode()].add(key)
    for table in ("orders", "marks", "meta"):
        for key, record in read(table):
            for place, says, _ in _framed(table, key, record):
                yield place, says, "rebuild"
    linked: dict[bytes, set[bytes]] = defaultdict(set)
    for customer_key, visitor in read("linked"):
        linked[customer_key].add(visitor)
    if linked != links:
        yield "table linked", "does not say what the folds say", "rebuild"


# ---- The index of keys -------------------------------------------------------------------------------


def _keys(read: Read) -> Found:
    for table in ("shop", "persons", "meta"):
        for key, record in read(table):
            yield from _framed(table, key, record)


def _framed(table: str, key: bytes, record: bytes) -> Found:
    if not is_whole(key, record):
        name = key.decode(errors="replace") if table == "meta" else key.hex()
        yield f"table {table}, {name}", "does not have the digest it was written with", "backup"


def _sealed_to(record: bytes | None) -> int:
    if record is None:
        return 0
    return msgspec.msgpack.decode(payload_of(b"manifest", record, ""), type=Manifest).sealed_to


def _number(record: bytes | None, key: bytes) -> int:
    if record is None:
        return 0
    return msgspec.msgpack.decode(payload_of(key, record, ""), type=int)


class _Kind(NamedTuple):
    tables: tuple[str, ...]
    dupsort: tuple[str, ...]
    walk: Callable[[Read], Found]
    mend: Mend


_KINDS = {
    "journal": _Kind(journal.TABLES, (), _journal, "backup"),
    "profiles": _Kind(reading.TABLES, ("linked",), _profiles, "rebuild"),
    "keys": _Kind(keys.TABLES, (), _keys, "backup"),
}


def main() -> None:
    """Check what the arguments name, in pairs of kind and directory; print a line of JSON for each."""
    told = iter(sys.argv[1:])
    for kind, directory in zip(told, told, strict=True):
        line = msgspec.json.encode(_check(kind, Path(directory)))
        sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
