"""Store, LMDB: new files in the place of old ones, while others have the old ones open.

Idea: LMDB leaves in its file what was deleted: in pages that are free, and between the records of pages that are
      not. So what must be gone is left behind: everything alive is copied, record by record, into a directory
      beside the old one, and the two change names. Whoever has the old files open keeps them, sees at its next
      transaction that another file bears the name, and opens that one.

      journal/                 journal/ (old)       journal.old/ (old)        journal/ (new)
      journal.next/ (growing)  journal.next/ whole  journal.next/ whole  -->  journal.old/  is removed

      Killed in between: an opener that finds no directory finishes what was begun; what is left over is swept.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FILE = "data.mdb"
WHOLE = "whole"  # marks a copy that lacks nothing


def next_of(path: Path) -> Path:
    """Give where the new files grow."""
    return path.with_name(f"{path.name}.next")


def recover(path: Path) -> None:
    """Finish an exchange that was cut off between its two renames."""
    if not path.exists() and (next_of(path) / WHOLE).exists():
        with suppress(FileNotFoundError):  # another process was first
            next_of(path).rename(path)
            sync(path.parent)


def exchange(path: Path) -> None:
    """Put the new files in the place of the old ones, which are removed; call it with the old ones locked."""
    old = _old_of(path)
    (next_of(path) / WHOLE).touch()
    sync(next_of(path))
    with holding(path, alone=True):
        path.rename(old)
        next_of(path).rename(path)
        sync(path.parent)
    shutil.rmtree(old)
    (path / WHOLE).unlink(missing_ok=True)


def sweep(path: Path) -> bool:
    """Remove what an exchange that was cut off left; tell whether there was anything."""
    recover(path)
    left = [one for one in (next_of(path), _old_of(path)) if one.exists()]
    for one in left:
        shutil.rmtree(one)
    (path / WHOLE).unlink(missing_ok=True)
    return bool(left)


def identity(path: Path) -> tuple[int, int] | None:
    """Tell which file bears the name now; None in the moment in which none does."""
    try:
        found = (path / FILE).stat()
    except FileNotFoundError:
        return None
    return (found.st_dev, found.st_ino)


def is_lost(path: Path) -> bool:
    """Tell whether there are no files, nor new ones that `recover` would put in their place."""
    with holding(path):
        file = path / FILE
        is_there = file.exists() and file.stat().st_size > 0
        return not is_there and not (not path.exists() and (next_of(path) / WHOLE).exists())


@contextmanager
def holding(path: Path, *, alone: bool = False) -> Iterator[None]:
    """Keep the name where it is while files are opened, or keep openers out while it changes hands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def sync(path: Path) -> None:
    """Make the names of new files durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _old_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.old")
