"""Backup of a workspace while its server writes: one moment of each shop, encrypted, read back before it counts.

In:   the shops' directories and a place that does not exist yet.
Out:  that place, complete; or nothing.
Idea: the log is copied as of one moment, then everything it speaks of: the sealed days of that moment (nobody may
      merge or sweep them meanwhile), and the documents, which were there before the log could name them. Profiles
      are not copied: they are made again from the log. Keys never travel with the data; they have a backup of
      their own, made after it, so that it holds every key that the data needs.

Layout:  TO/backup.json   TO/etalage.toml   TO/noord/manifest   TO/noord/journal/data.mdb ...  (sealed, except the first two)
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import lmdb
import msgspec
from msgspec import Struct

from etalage.errors import Conflict, Damaged, KeysMissing, Overloaded
from etalage.ports import Manifest
from etalage.store.duckdb.files import damaged
from etalage.store.duckdb.roll import alone
from etalage.store.keeping import parcel
from etalage.store.keeping.home import Home
from etalage.store.keeping.verify import verify
from etalage.store.lmdb.keys import LmdbKeys
from etalage.store.lmdb.record import payload_of
from etalage.store.lmdb.structure import FILE, opened_to_read

BACKUP_FORMAT = 1
FRONT = "backup.json"
MANIFEST = "manifest"
SETTINGS = "etalage.toml"
PURPOSE = "backup"  # of the shop's secret
PATIENCE_SECONDS = 600.0  # for the night shift to finish sealing


class Front(Struct, frozen=True):
    """What anybody may know of a backup."""

    etalage_backup: int
    format: str  # of the data directory
    made: int  # micros
    code: str  # version of Etalage
    shops: tuple[str, ...]


class Packed(Struct, frozen=True):
    """What a backup holds of one shop: its sealed manifest."""

    shop: str
    made: int
    head: int  # position of the newest event
    sealed_to: int
    settings: str  # digest of the workspace's etalage.toml, empty without one
    files: tuple[parcel.Content, ...]

    @property
    def bytes(self) -> int:
        """Size of what is in it, before encryption."""
        return sum(one.bytes for one in self.files)


def back_up(directory: Path, homes: Sequence[Home], to: Path, *, front: Front) -> list[Packed]:
    """Back up all shops of a workspace into a new directory; it appears when it is complete and was read back.

    Raises:
        Conflict: there is something at `to`.
        Damaged: a shop's files are not whole; its last good backup is worth more than a new one.
    """
    if to.exists():
        raise Conflict(f"{to} is there already; a backup never overwrites another")
    aside = to.with_name(f"{to.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)  # of a backup that was killed
    aside.mkdir(mode=0o700, parents=True)
    settings = directory / SETTINGS
    if settings.is_file():
        _write_plain(aside / SETTINGS, settings.read_bytes())
    packed = [_pack(home, aside, made=front.made) for home in homes]
    _write_plain(aside / FRONT, msgspec.json.encode(front))
    for home in homes:
        read_back(home, aside)
    for folder in (aside, *(path for path in aside.rglob("*") if path.is_dir())):
        sync_directory(folder)
    aside.rename(to)
    sync_directory(to.parent)
    return packed


def read_back(home: Home, backup: Path) -> Packed:
    """Read a whole backup of one shop and compare all digests; give its manifest."""
    with secret_of(home) as key:
        packed = manifest_of(home, backup, key)
        for content in packed.files:
            for _ in parcel.checked(backup / home.shop / content.name, key, content):
                pass
    return packed


def manifest_of(home: Home, backup: Path, key: bytes) -> Packed:
    """Read the manifest of one shop; `Damaged` if it is missing or not of these keys."""
    path = backup / home.shop / MANIFEST
    if not path.is_file():
        raise Damaged(f"{path} is missing: this is half a backup")
    raw = b"".join(parcel.read(path, key, f"{home.shop}/{MANIFEST}"))
    packed = msgspec.json.decode(raw, type=Packed)
    settings = backup / SETTINGS
    found = hashlib.sha256(settings.read_bytes()).hexdigest() if settings.is_file() else ""
    if found != packed.settings:
        raise Damaged(f"{settings} is missing or not what was backed up")
    return packed


@contextmanager
def secret_of(home: Home) -> Iterator[bytes]:
    """Give the key under which a shop's backups are sealed; it comes from the shop's own keys."""
    keys = LmdbKeys(home.keys)
    try:
        yield keys.secret(PURPOSE)
    finally:
        keys.close()


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pack(home: Home, aside: Path, *, made: int) -> Packed:
    of_the_log = {"backup", "from_parquet", "from_journal"}
    serious = [one for one in verify(home).damage if one.mend in of_the_log]
    if serious:
        raise Damaged(f"{serious[0]}; what is damaged is not backed up: see etalage doctor")
    to = aside / home.shop
    with secret_of(home) as key, _nobody_seals(home), _journal(home) as (txn, env, manifest, head):
        files = [parcel.write(to / "journal" / FILE, key, f"journal/{FILE}", _copied(env, txn))]
        for file in manifest.files:
            if damaged(home.events, [file]):
                raise Damaged(f"{home.named(home.events / file)} is missing or damaged")
            files.append(_packed_file(home, to, key, home.events / file))
        files.append(parcel.write(to / "records.db", key, "records.db", [_records(home.records)]))
        files += [_packed_file(home, to, key, path) for path in sorted(home.models.glob("*.model"))]
        settings = aside / SETTINGS
        packed = Packed(
            shop=home.shop,
            made=made,
            head=head,
            sealed_to=manifest.sealed_to,
            settings=hashlib.sha256(settings.read_bytes()).hexdigest()
            if settings.is_file()
            else "",
            files=tuple(files),
        )
        raw = msgspec.json.encode(packed)
        parcel.write(to / MANIFEST, key, f"{home.shop}/{MANIFEST}", [raw])
    return packed


@contextmanager
def _nobody_seals(home: Home) -> Iterator[None]:
    """Keep the night shift from merging and sweeping sealed days; events go on coming in."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        with alone(home.events) as is_alone:
            if is_alone:
                yield
                return
        if time.monotonic() > until:
            raise Overloaded("the journal is being sealed all the time; try again later")
        time.sleep(0.05)


@contextmanager
def _journal(
    home: Home,
) -> Iterator[tuple[lmdb.Transaction[bytes], lmdb.Environment, Manifest, int]]:
    env = opened_to_read(home.journal)
    try:
        with env.begin() as txn:
            meta = env.open_db(b"meta", txn, create=False)
            listed, head = txn.get(b"manifest", db=meta), txn.get(b"head", db=meta)
            manifest = Manifest()
            if listed is not None:
                raw = payload_of(b"manifest", listed, "the list of sealed files")
                manifest = msgspec.msgpack.decode(raw, type=Manifest)
            position = 0
            if head is not None:
                raw = payload_of(b"head", head, "the log's head")
                position = msgspec.msgpack.decode(raw, type=int)
            yield txn, env, manifest, position
    finally:
        env.close()


def _copied(env: lmdb.Environment, txn: lmdb.Transaction[bytes]) -> Iterator[bytes]:
    """Give an LMDB file as of this transaction, without what is free in it; it never lies on disk in the clear."""
    reading, writing = os.pipe()
    failed: list[lmdb.Error] = []

    def copy() -> None:
        try:
            env.copyfd(writing, compact=True, txn=txn)
        except lmdb.Error as error:
            failed.append(error)
        finally:
            os.close(writing)

    thread = threading.Thread(target=copy, name="copy")
    thread.start()
    with os.fdopen(reading, "rb") as file:
        while piece := file.read(parcel.PIECE_BYTES):
            yield piece
    thread.join()
    if failed:
        raise Damaged(f"the journal cannot be copied: {failed[0]}") from failed[0]


def _records(path: Path) -> bytes:
    source, copy = sqlite3.connect(path), sqlite3.connect(":memory:")
    try:
        source.backup(copy)
        return bytes(copy.serialize())
    finally:
        copy.close()
        source.close()


def _packed_file(home: Home, to: Path, key: bytes, path: Path) -> parcel.Content:
    name = str(path.relative_to(home.path))
    with path.open("rb") as file:
        return parcel.write(to / name, key, name, _pieces(file))


def _pieces(file: object) -> Iterable[bytes]:
    return iter(lambda: file.read(parcel.PIECE_BYTES), b"")  # type: ignore[attr-defined]


def _write_plain(path: Path, raw: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())


# ---- Keys --------------------------------------------------------------------------------------------


def back_up_keys(homes: Sequence[Home], to: Path) -> None:
    """Copy the keys of all shops to a place of their own, in the clear: whoever has it can read the data.

    Raises:
        Conflict: there is something at `to`.
    """
    if to.exists():
        raise Conflict(f"{to} is there already; a backup never overwrites another")
    aside = to.with_name(f"{to.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700, parents=True)
    for home in homes:
        _copy_keys(home.keys, aside / home.shop)
    aside.rename(to)
    sync_directory(to.parent)


def _copy_keys(keys: Path, to: Path) -> None:
    """Copy the index before the places: places are filled first, so the copy has all that the index names."""
    if not (keys / "index" / FILE).is_file():
        raise KeysMissing(f"there are no keys in {keys}")
    (to / "index").mkdir(mode=0o700, parents=True)
    env = opened_to_read(keys / "index")
    try:
        env.copy(str(to / "index"), compact=True)
    finally:
        env.close()
    for path in sorted(keys.iterdir()):
        if path.is_file():
            _write_plain(to / path.name, path.read_bytes())
    with suppress(FileNotFoundError):
        (to / "index" / "lock.mdb").unlink()
    LmdbKeys(to).close()  # a copy that does not open is none
    with (to / "index" / FILE).open("rb") as file:
        os.fsync(file.fileno())
    sync_directory(to / "index")
    sync_directory(to)
