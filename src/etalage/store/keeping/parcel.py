"""A file of a backup: encrypted in pieces, so that a large one needs no memory.

Layout: 4 bytes length, one sealed piece, and so on. To each piece are bound the name of the file, its number and
        whether it is the last: pieces cannot be left out, repeated, exchanged or taken from another file.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from etalage.errors import Damaged
from etalage.store.sealing import opened, sealed

PIECE_BYTES = 1 << 20
_LENGTH_BYTES = 4


class Content(Struct, frozen=True):
    """What a file of a backup must hold."""

    name: str  # below the shop's directory
    bytes: int
    digest: str  # SHA-256 of its plain bytes, hex


def write(path: Path, key: bytes, name: str, pieces: Iterable[bytes]) -> Content:
    """Write a new file, on disk when this returns; its directory is not synced yet."""
    digest, size = hashlib.sha256(), 0
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        number, held = 0, b""
        for piece in _evenly(pieces):
            if number:
                _put(file, key, held, _about(name, number, last=False))
            number, held = number + 1, piece
            digest.update(piece)
            size += len(piece)
        _put(file, key, held, _about(name, max(number, 1), last=True))
        file.flush()
        os.fsync(file.fileno())
    return Content(name, size, digest.hexdigest())


def read(path: Path, key: bytes, name: str) -> Iterator[bytes]:
    """Give the plain bytes; `Damaged` where they are not what was written, or end too early."""
    with path.open("rb") as file:
        number, box = 1, _next(file)
        while box:
            after = _next(file)
            try:
                yield opened(key, box, about=_about(name, number, last=not after))
            except Damaged as error:
                raise Damaged(
                    f"{path} is damaged, cut short or not of these keys (piece {number})"
                ) from error
            number, box = number + 1, after
        if number == 1:
            raise Damaged(f"{path} is empty")


def checked(path: Path, key: bytes, content: Content) -> Iterator[bytes]:
    """Give the plain bytes of a file and raise `Damaged` at the end if they are not those of its manifest."""
    digest, size = hashlib.sha256(), 0
    if not path.is_file():
        raise Damaged(f"{path} is missing: this is half a backup")
    for piece in read(path, key, content.name):
        digest.update(piece)
        size += len(piece)
        yield piece
    if (size, digest.hexdigest()) != (content.bytes, content.digest):
        raise Damaged(f"{path} does not hold what its manifest says")


def _evenly(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= PIECE_BYTES:
            yield bytes(held[:PIECE_BYTES])
            del held[:PIECE_BYTES]
    if held:
        yield bytes(held)


def _put(file: BinaryIO, key: bytes, piece: bytes, about: bytes) -> None:
    box = sealed(key, piece, about=about)
    file.write(len(box).to_bytes(_LENGTH_BYTES, "big") + box)


def _next(file: BinaryIO) -> bytes:
    length = int.from_bytes(file.read(_LENGTH_BYTES), "big")
    if length > PIECE_BYTES + 64:
        return b"\0"  # no length that we wrote: opening this will say so
    return file.read(length)


def _about(name: str, number: int, *, last: bool) -> bytes:
    return f"etalage backup 1\0{name}\0{number}\0{int(last)}".encode()
