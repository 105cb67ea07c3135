"""The Parquet files of a shop: how they are named, finished, checked and thrown away.

Layout: DIRECTORY/day=2026-03-28/00000001-00200000-3f9ac01be55d20c7.parquet : the shop day, the first and last
        position in the file, and the start of the SHA-256 of its bytes. The name is in the manifest, so the
        manifest says what the bytes must be: a flipped bit that Parquet itself does not notice is found.
Idea:   only the manifest says which files exist for readers. A file is written aside, synced, and renamed before
        it is listed; one that is no longer listed stays for a while, for readers that are still in it.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from etalage.errors import Damaged

_NAME = re.compile(
    r"day=(?P<date>\d{4}-\d\d-\d\d)/(?P<first>\d+)-(?P<last>\d+)-(?P<digest>[0-9a-f]{16})\.parquet"
)
_RETIRED = ".retired"
_LONGEST_EXPORT = 3_600.0  # seconds; an export is read as soon as it is written
_LONGEST_SESSION = 86_400.0  # seconds; DuckDB's own files, of questions too large for memory


class Part(Struct, frozen=True):
    """What the name of a file says."""

    folder: str  # "day=2026-03-28"
    first: int  # position of the oldest event in it
    last: int
    digest: str  # first 16 hex digits of the SHA-256 of its bytes


def part(file: str) -> Part:
    """Read the name of a listed file; refuse one that is not ours."""
    match = _NAME.fullmatch(file)
    if not match:
        raise Damaged(f"the manifest lists '{file}', which is no name of an event file")
    return Part(
        folder=f"day={match['date']}",
        first=int(match["first"]),
        last=int(match["last"]),
        digest=match["digest"],
    )


def finish(written: Path, folder: Path, *, first: int, last: int) -> str:
    """Make a file that was written aside durable under its final name; give that name, as the manifest has it."""
    digest = _digest(written)
    with written.open("rb") as handle:
        os.fsync(handle.fileno())
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / f"{first:08d}-{last:08d}-{digest}.parquet"
    written.rename(final)
    _sync(folder)
    if is_new:
        _sync(folder.parent)
    return f"{folder.name}/{final.name}"


def damaged(directory: Path, files: Sequence[str]) -> str | None:
    """Give the first listed file that is missing or has other bytes than it was written with."""
    for file in files:
        path = directory / file
        if not path.is_file() or _digest(path) != part(file).digest:
            return file
    return None


def retire(directory: Path, files: Sequence[str]) -> None:
    """Note on files that are about to leave the manifest since when they are no longer needed."""
    for file in files:
        marker = directory / f"{file}{_RETIRED}"
        marker.touch()
        os.utime(marker)


def sweep(directory: Path, listed: Collection[str], *, grace_seconds: float) -> list[str]:
    """Remove what no reader can need; give the names. Only for who alone writes here.

    Unlisted files without a note are left from a roll that was killed: no reader ever saw them. Those with a note
    are removed when the note is older than the grace.
    """
    before = time.time() - grace_seconds
    removed = []
    for path in sorted(directory.glob("day=*/*.parquet")):
        file = f"{path.parent.name}/{path.name}"
        marker = Path(f"{path}{_RETIRED}")
        if file in listed:
            marker.unlink(missing_ok=True)  # killed between the note and the manifest
        elif not marker.exists() or marker.stat().st_mtime <= before:
            path.unlink()
            marker.unlink(missing_ok=True)
            removed.append(file)
    return removed


def unlisted(directory: Path, listed: Collection[str]) -> list[str]:
    """Give the event files that lie there and are not listed."""
    found = (f"{path.parent.name}/{path.name}" for path in directory.glob("day=*/*.parquet"))
    return sorted(file for file in found if file not in listed)


def sweep_aside(aside: Path) -> None:
    """Remove what processes that were killed left unfinished: nothing here is in use for so long."""
    now = time.time()
    for left in aside.glob("*"):
        longest = _LONGEST_EXPORT if left.suffix in {".ndjson", ".parquet"} else _LONGEST_SESSION
        if left.is_file() and left.stat().st_mtime < now - longest:
            left.unlink(missing_ok=True)


def overlapping(files: Sequence[str], after: int, upto: int) -> Iterator[str]:
    """Give the files that may hold events with after < position <= upto."""
    for file in files:
        named = part(file)
        if named.last > after and named.first <= upto:
            yield file


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()[:16]


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
