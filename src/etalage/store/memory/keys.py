"""Store, memory: keys for tests, with the same contract as the durable ones."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from etalage.domain.ids import VisitorKey
from etalage.domain.privacy import Erasure
from etalage.errors import KeyDestroyed, KeysMissing
from etalage.store.sealing import KEY_BYTES, derived, opened, sealed


class MemoryKeys:
    """The answer of memory to `ports.Keys`. A fixed `root` makes pseudonyms the same in every run of a test."""

    def __init__(self, root: bytes | None = None) -> None:
        self._root = root or secrets.token_bytes(KEY_BYTES)
        self._lock = threading.Lock()
        self._ledger: list[Erasure] = []
        self._persons: dict[VisitorKey, bytes | None] = {}  # None: destroyed

    @property
    def pepper(self) -> bytes:
        """The secret under which identifiers are digested (32 bytes)."""
        return self.secret("pepper")

    def secret(self, purpose: str) -> bytes:
        """Give the 32-byte secret of the shop for one purpose."""
        return derived(self._root, purpose)

    def seal_shop(self, plain: bytes) -> bytes:
        """Encrypt what belongs to no person yet."""
        return sealed(self.secret("quarantine"), plain, about=b"shop")

    def unseal_shop(self, sealed_bytes: bytes) -> bytes:
        """Decrypt what `seal_shop` gave; `Damaged` if it is not that."""
        return opened(self.secret("quarantine"), sealed_bytes, about=b"shop")

    def seal(self, person: VisitorKey, plain: bytes) -> bytes:
        """Encrypt under the person's key."""
        return self.seal_many([(person, plain)])[0]

    def seal_many(self, fields: Sequence[tuple[VisitorKey, bytes]]) -> list[bytes]:
        """Encrypt several; `KeyDestroyed` for any of them seals none."""
        with self._lock:
            for person, _ in fields:
                if self.is_destroyed(person):
                    raise KeyDestroyed(person)
            return [sealed(self._key(p), plain, about=p.encode()) for p, plain in fields]

    def _key(self, person: VisitorKey) -> bytes:
        key = self._persons.get(person)
        if key is None:
            key = self._persons[person] = secrets.token_bytes(KEY_BYTES)
        return key

    def unseal(self, person: VisitorKey, sealed_bytes: bytes) -> bytes | None:
        """Decrypt; None when the person's key was destroyed, `KeysMissing` when she never had one here."""
        if person not in self._persons:
            raise KeysMissing(f"these keys are not those of person {person}")
        key = self._persons[person]
        return None if key is None else opened(key, sealed_bytes, about=person.encode())

    def at_one_moment(self) -> AbstractContextManager[None]:
        """Give a block that does nothing: reading costs nothing here."""
        return nullcontext()

    def is_destroyed(self, person: VisitorKey) -> bool:
        """Tell whether this person was erased."""
        return person in self._persons and self._persons[person] is None

    def destroy(self, person: VisitorKey) -> bool:
        """Destroy a person's key for ever, and refuse her a new one; give whether there was a key."""
        with self._lock:
            had_key = self._persons.get(person) is not None
            self._persons[person] = None
            return had_key

    def erasures(self) -> list[Erasure]:
        """Give the ledger of erasures, oldest first."""
        return list(self._ledger)

    def add_erasure(self, visitors: Sequence[VisitorKey], *, actor: str, requested: int) -> Erasure:
        """Write a new line into the ledger."""
        with self._lock:
            erasure = Erasure(len(self._ledger) + 1, actor, tuple(visitors), requested)
            self._ledger.append(erasure)
            return erasure

    def put_erasure(self, erasure: Erasure) -> None:
        """Write how far an erasure is."""
        self._ledger[erasure.number - 1] = erasure

    def close(self) -> None:
        """Do nothing: there is nothing to release."""
