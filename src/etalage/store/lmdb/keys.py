"""Store, LMDB: the keys that make pseudonyms and personal fields readable, in a directory of their own.

In:   the master key (a file of the directory, or the environment variable ETALAGE_MASTER_KEY in base64).
Out:  the shop's secrets, and personal fields encrypted under one key per person.
Idea: master key -> shop root -> person key; each is stored only as wrapped by the one before, and the secrets of
      the shop are derived from its root and stored nowhere. Destroying a person's key overwrites it where it
      lies (`places`), and leaves a mark in the index so that nobody ever gets a second key for her.

Files:   master.key   32 bytes, readable for its owner only      persons.keys   64 bytes a place
         index/       LMDB: shop (root), persons (visitor -> place, or destroyed),
                            meta (places in use, the ledger of erasures)
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from etalage.domain.ids import VisitorKey
from etalage.domain.privacy import Erasure
from etalage.errors import Conflict, Damaged, KeyDestroyed, KeysMissing
from etalage.store.lmdb import ledger
from etalage.store.lmdb.environment import GIB, Environment, Transaction
from etalage.store.lmdb.places import Places
from etalage.store.lmdb.record import framed, payload_of
from etalage.store.sealing import KEY_BYTES, derived, opened, sealed

MASTER_VARIABLE = "ETALAGE_MASTER_KEY"
MASTER_FILE = "master.key"
TABLES = ("shop", "persons", "meta")
MAP_SIZE = 4 * GIB  # 60 bytes a person
PLACE_KEY_BYTES = 8
DESTROYED = b"destroyed"


class LmdbKeys:
    """The answer of LMDB to `ports.Keys`."""

    def __init__(self, directory: Path | str) -> None:
        directory = Path(directory)
        if not (directory / "index").is_dir():
            raise KeysMissing(
                f"there are no keys in {directory}; restore them from their own backup"
            )
        master = _master_key(directory)
        self._places = Places(directory / "persons.keys")
        self._env = Environment(directory / "index", TABLES, map_size=MAP_SIZE)
        self._shop, self._persons, self._meta = map(self._env.table, TABLES)
        try:
            self._root = self._unwrapped_root(master)
            self._refuse_lost_places()
        except BaseException:
            self.close()
            raise
        self._secrets: dict[str, bytes] = {}

    @classmethod
    def create(cls, directory: Path | str, *, root: bytes | None = None) -> LmdbKeys:
        """Make the keys of a new shop, on disk when this returns; `Conflict` if there are some already.

        `root` (32 bytes) fixes all pseudonyms, for a simulated shop that must come out the same in every run.
        """
        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if MASTER_VARIABLE not in os.environ and not (directory / MASTER_FILE).exists():
            _write_secret(directory / MASTER_FILE, secrets.token_bytes(KEY_BYTES))
        wrapped = sealed(
            _master_key(directory), root or secrets.token_bytes(KEY_BYTES), about=b"root"
        )
        env = Environment(directory / "index", TABLES, map_size=MAP_SIZE)
        shop = env.table("shop")
        try:
            is_new = env.write(
                lambda txn: txn.put(b"root", framed(b"root", wrapped), overwrite=False, db=shop)
            )
        finally:
            env.close()
        if not is_new:
            raise Conflict(f"{directory} already holds keys; they are never overwritten")
        return cls(directory)

    # ---- of the shop ----

    @property
    def pepper(self) -> bytes:
        """The secret under which identifiers are digested (32 bytes)."""
        return self.secret("pepper")

    def secret(self, purpose: str) -> bytes:
        """Give the 32-byte secret of the shop for one purpose."""
        known = self._secrets.get(purpose)
        if known is None:
            known = self._secrets[purpose] = derived(self._root, purpose)
        return known

    def seal_shop(self, plain: bytes) -> bytes:
        """Encrypt what belongs to no person yet."""
        return sealed(self.secret("quarantine"), plain, about=b"shop")

    def unseal_shop(self, sealed_bytes: bytes) -> bytes:
        """Decrypt what `seal_shop` gave; `Damaged` if it is not that."""
        return opened(self.secret("quarantine"), sealed_bytes, about=b"shop")

    # ---- of a person ----

    def seal(self, person: VisitorKey, plain: bytes) -> bytes:
        """Encrypt under the person's key; a new key is on disk before this returns."""
        return self.seal_many([(person, plain)])[0]

    def seal_many(self, fields: Sequence[tuple[VisitorKey, bytes]]) -> list[bytes]:
        """Encrypt several at the cost of one sync; `KeyDestroyed` for any of them seals none."""
        keys = self._keys_of({person for person, _ in fields})
        return [sealed(keys[person], plain, about=person.encode()) for person, plain in fields]

    def unseal(self, person: VisitorKey, sealed_bytes: bytes) -> bytes | None:
        """Decrypt; None when the person's key was destroyed, `KeysMissing` when she never had one here."""
        with self._env.read() as txn:
            place = self._place(txn, person)
        if place is None:
            raise KeysMissing(f"the keys in this directory are not those of person {person}")
        key = None if place == DESTROYED else self._key_at(place, person)
        return None if key is None else opened(key, sealed_bytes, about=person.encode())

    def at_one_moment(self) -> AbstractContextManager[object]:
        """Let this thread read at one moment; see `ports.Keys.at_one_moment`."""
        return self._env.at_one_moment()

    def is_destroyed(self, person: VisitorKey) -> bool:
        """Tell whether this person was erased."""
        with self._env.read() as txn:
            place = self._place(txn, person)
        return place == DESTROYED or (place is not None and self._key_at(place, person) is None)

    def destroy(self, person: VisitorKey) -> bool:
        """Destroy a person's key for ever, and refuse her a new one; give whether there was a key."""

        def change(txn: Transaction) -> bool:
            place = self._place(txn, person)
            had_key = place is not None and place != DESTROYED
            if place is not None and had_key:
                # Erased before the index says so: after a crash in between, an empty place says it too.
                self._places.erase(int.from_bytes(place, "big"))
            key = person.encode()
            txn.put(key, framed(key, DESTROYED), db=self._persons)
            return had_key

        return self._env.write(change)

    def damaged(self) -> list[VisitorKey]:
        """Give the persons whose key cannot be unwrapped; those who were erased have none to unwrap."""
        broken = []
        with self._env.read() as txn, txn.cursor(self._persons) as cursor:
            for key, record in cursor:
                person = VisitorKey(key.decode())
                try:
                    place = payload_of(key, record, "the key of a person")
                    if place != DESTROYED:
                        self._key_at(place, person)
                except Damaged:
                    broken.append(person)
        return broken

    # ---- the ledger of erasures ----

    def erasures(self) -> list[Erasure]:
        """Give the ledger of erasures, oldest first."""
        with self._env.read() as txn:
            return list(ledger.lines(txn, self._meta))

    def add_erasure(self, visitors: Sequence[VisitorKey], *, actor: str, requested: int) -> Erasure:
        """Write a new line into the ledger, on disk when this returns."""
        return self._env.write(
            lambda txn: ledger.add(txn, self._meta, visitors, actor=actor, requested=requested)
        )

    def put_erasure(self, erasure: Erasure) -> None:
        """Write how far an erasure is."""
        self._env.write(lambda txn: ledger.put(txn, self._meta, erasure))

    def close(self) -> None:
        """Release the files."""
        self._env.close()
        self._places.close()

    def _keys_of(self, persons: Iterable[VisitorKey]) -> dict[VisitorKey, bytes]:
        with self._env.read() as txn:
            places = {person: self._place(txn, person) for person in persons}
        keys: dict[VisitorKey, bytes] = {}
        for person, place in places.items():
            if place is not None:
                key = None if place == DESTROYED else self._key_at(place, person)
                if key is None:
                    raise KeyDestroyed(person)
                keys[person] = key
        missing = [person for person, place in places.items() if place is None]
        if missing:
            self._env.write(lambda txn: self._make(txn, missing))
            keys |= self._keys_of(missing)
        return keys

    def _make(self, txn: Transaction, persons: Iterable[VisitorKey]) -> None:
        new = [person for person in persons if self._place(txn, person) is None]
        used = self._used(txn)
        wrapping = self.secret("persons")
        self._places.put(
            used,
            [sealed(wrapping, secrets.token_bytes(KEY_BYTES), about=p.encode()) for p in new],
        )
        for place, person in enumerate(new, used):
            key = person.encode()
            record = framed(key, place.to_bytes(PLACE_KEY_BYTES, "big"))
            txn.put(key, record, db=self._persons)
        count = (used + len(new)).to_bytes(PLACE_KEY_BYTES, "big")
        txn.put(b"used", framed(b"used", count), db=self._meta)

    def _place(self, txn: Transaction, person: VisitorKey) -> bytes | None:
        key = person.encode()
        record = txn.get(key, db=self._persons)
        return None if record is None else payload_of(key, record, f"the key of person {person}")

    def _key_at(self, place: bytes, person: VisitorKey) -> bytes | None:
        wrapped = self._places.get(int.from_bytes(place, "big"))
        if wrapped is None:
            return None
        return opened(self.secret("persons"), wrapped, about=person.encode())

    def _used(self, txn: Transaction) -> int:
        record = txn.get(b"used", db=self._meta)
        if record is None:
            return 0
        return int.from_bytes(payload_of(b"used", record, "the number of keys"), "big")

    def _unwrapped_root(self, master: bytes) -> bytes:
        with self._env.read() as txn:
            record = txn.get(b"root", db=self._shop)
        if record is None:
            raise KeysMissing(f"there is no shop's key in {self._env.path}")
        try:
            wrapped = payload_of(b"root", record, "the shop's key")
            return opened(master, wrapped, about=b"root")
        except Damaged as error:
            raise KeysMissing("the master key is not the one of this shop's keys") from error

    def _refuse_lost_places(self) -> None:
        with self._env.read() as txn:
            used = self._used(txn)
        if self._places.count() < used:
            raise KeysMissing(f"{used} persons have keys, and the file persons.keys does not")


def _master_key(directory: Path) -> bytes:
    given = os.environ.get(MASTER_VARIABLE)
    if given is None:
        path = directory / MASTER_FILE
        if not path.is_file():
            raise KeysMissing(f"there is no {path}, and {MASTER_VARIABLE} is not set")
        master = path.read_bytes()
    else:
        try:
            master = base64.b64decode(given, validate=True)
        except binascii.Error as error:
            raise KeysMissing(f"{MASTER_VARIABLE} is not base64") from error
    if len(master) != KEY_BYTES:
        raise KeysMissing(f"the master key has {len(master)} bytes and must have {KEY_BYTES}")
    return master


def _write_secret(path: Path, secret: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, secret)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
