"""Store, LMDB: what was read or written lately, so that it need not be read from its bytes again.

Idea: a record begins with the digest of its bytes. If the record that LMDB holds now begins with the digest of the
      one kept here, it is that one, whichever process wrote it last; so nothing has to be told to anybody, and a
      transaction that was taken back leaves nothing wrong behind.

Two generations: what is asked for moves to the young one; when that is full the old one is forgotten. Threads may
get in each other's way here; then something is forgotten early, and is read again.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MOST_BYTES = 4 << 20  # of records, a generation; as objects they take about ten times as much


class Warm(Generic[K, V]):
    """Values by key, each with the digest of the record it was made from."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Keep at most twice `most_bytes` of records."""
        self._most = most_bytes
        self._bytes = 0
        self._young: dict[K, tuple[bytes, V]] = {}
        self._old: dict[K, tuple[bytes, V]] = {}

    def get(self, key: K, digest: bytes, size: int) -> V | None:
        """Give the value of the record with this digest; None if it is not here."""
        found = self._young.get(key)
        if found is None:
            found = self._old.get(key)
            if found is not None and found[0] == digest:
                self.put(key, *found, size)
        return found[1] if found is not None and found[0] == digest else None

    def put(self, key: K, digest: bytes, value: V, size: int) -> None:
        """Keep the value of a record of `size` bytes."""
        if self._bytes > self._most:
            self._old, self._young, self._bytes = self._young, {}, 0
        self._bytes += 0 if key in self._young else size
        self._young[key] = digest, value

    def forget(self, key: K) -> None:
        """Let go of a value, for instance of somebody who was erased."""
        self._young.pop(key, None)
        self._old.pop(key, None)
