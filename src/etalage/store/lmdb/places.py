"""Store, LMDB: a file of fixed places for wrapped keys, so that a key can be overwritten where it lies.

Idea: LMDB copies a page before it changes it and leaves the old one in the file; even a compacted copy carries
      what lay in the gaps of pages. Here a key stands in exactly one place of the file, and zeros can be put
      over it. (What the disk itself keeps of overwritten blocks is beyond any program; keys are wrapped for that.)
"""

from __future__ import annotations

import os
from pathlib import Path

PLACE_BYTES = 64  # nonce 12 + key 32 + tag 16, and 4 to make places line up
WRAPPED_BYTES = 60
_EMPTY = bytes(PLACE_BYTES)


class Places:
    """An open file of places, numbered from 0. Who writes which place is settled by the index beside it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def get(self, place: int) -> bytes | None:
        """Give the wrapped key of a place; None if it was erased."""
        held = os.pread(self._file, PLACE_BYTES, place * PLACE_BYTES)
        return None if held in {_EMPTY, b""} else held[:WRAPPED_BYTES]

    def put(self, first: int, wrapped: list[bytes]) -> None:
        """Fill places from `first` on, on disk when this returns."""
        held = b"".join(key.ljust(PLACE_BYTES, b"\0") for key in wrapped)
        self._write(first, held)

    def erase(self, place: int) -> None:
        """Put zeros over a place, on disk when this returns."""
        self._write(place, _EMPTY)

    def count(self) -> int:
        """Give how many places the file has."""
        return os.fstat(self._file).st_size // PLACE_BYTES

    def close(self) -> None:
        """Release the file."""
        os.close(self._file)

    def _write(self, first: int, held: bytes) -> None:
        written = os.pwrite(self._file, held, first * PLACE_BYTES)
        if written != len(held):
            raise OSError(f"only {written} of {len(held)} bytes of keys could be written")
        os.fdatasync(self._file)
