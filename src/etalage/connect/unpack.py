"""Packed files: one gzip or zip around a feed or import is taken off, and nothing more.

In:   a path, and an empty directory of our own.
Out:  the path itself, or that of the unpacked copy, under a name of our own.
Idea: an archive is judged by the bytes that really come out, never by what it says about itself; one layer,
      one file, no links, at most 100 times its packed size.
From: safety.md 3 "Feeds and imports".
"""

from __future__ import annotations

import gzip
import stat
import zipfile
import zlib
from pathlib import Path
from typing import IO

from etalage.errors import BadFeed, TooLarge

MOST_RATIO = 100  # unpacked bytes per packed byte
_GZIP, _ZIP = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06")
_CHUNK = 1 << 20  # bytes


def unpacked(path: Path, scratch: Path, *, most_bytes: int) -> Path:
    """Take off one layer of gzip or zip, if there is one.

    Raises:
        BadFeed: the archive is damaged, encrypted, holds a link, several files, or another archive.
        TooLarge: what comes out is more than `most_bytes`, or more than 100 times what went in.
    """
    size = path.stat().st_size
    if size > most_bytes:
        raise TooLarge(f"the file is {size} bytes; at most {most_bytes} are read")
    kind = _kind(path)
    if kind is None:
        return path
    target = scratch / "unpacked"
    limit = min(most_bytes, MOST_RATIO * size)
    try:
        if kind == "gzip":
            with gzip.open(path) as source:
                _copy(source, target, limit)
        else:
            _unzip(path, target, limit)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
        raise BadFeed(f"the {kind} file is damaged or cannot be unpacked") from error
    if _kind(target) is not None:
        raise BadFeed("the archive holds another archive; pack the file once")
    return target


def _kind(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith(_GZIP):
        return "gzip"
    return "zip" if head in _ZIP else None


def _unzip(path: Path, target: Path, limit: int) -> None:
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) != 1:
            raise BadFeed(f"the zip holds {len(members)} files; it must hold exactly one")
        member = members[0]
        if stat.S_ISLNK(member.external_attr >> 16):
            raise BadFeed("the zip holds a link instead of a file")
        if member.flag_bits & 1:
            raise BadFeed("the zip is encrypted")
        with archive.open(member) as source:
            _copy(source, target, limit)


def _copy(source: IO[bytes] | gzip.GzipFile, target: Path, limit: int) -> None:
    written = 0
    with target.open("wb") as file:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > limit:
                raise TooLarge(
                    f"the archive unpacks to more than {limit} bytes "
                    f"(at most {MOST_RATIO} times its size)"
                )
            file.write(chunk)
