"""The format of a data directory, and the steps from one to the next.

In:   a directory, and the steps that this version knows.
Out:  the directory in the format of this version.
Idea: a step is done shop by shop and written so that doing it again does no harm; only when all shops are done does
      the file `format` say so, in one rename. Until then it says "1 to 2": whoever finds that goes on where it
      ended, and an older version refuses it. Never more than the one step before: who is further behind installs
      the versions between, whose steps were tested with the data of their time.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from etalage.errors import Conflict, NoShop
from etalage.store.keeping.backup import sync_directory
from etalage.store.lmdb.upgrading import to_format_2

FILE = "format"
_LOCK = "format.lock"
Step = Callable[[Path], None]  # changes one shop's directory; once more changes nothing

STEPS: Mapping[str, Step] = {"2": to_format_2}  # by the format that a step makes: from 1 to 2


def found_in(directory: Path) -> str:
    """Read the format of a directory; `NoShop` if it is none of ours."""
    file = directory / FILE
    if not file.exists():
        raise NoShop(f"{directory} is no data directory of Etalage")
    return file.read_text(encoding="utf-8", errors="replace").strip()


def bring_up(directory: Path, to: str, steps: Mapping[str, Step] = STEPS) -> str:
    """Bring a directory to a format if it is one step behind; give the format it had.

    Raises:
        NoShop: it is no data directory, of a newer format, or more than one step behind.
        Conflict: another process is at it.
    """
    had = found_in(directory)
    if had == to:
        return had
    with _alone(directory):
        had = found_in(directory)
        if had == to:
            return had
        before = str(int(to) - 1)
        if had not in {before, _under_way(before, to)} or to not in steps:
            raise NoShop(_refusal(directory, had, to))
        write(directory, _under_way(before, to))
        homes = directory / "shops"
        for home in sorted(homes.iterdir()) if homes.is_dir() else []:
            if home.is_dir():
                steps[to](home)
        write(directory, to)
    return had


def write(directory: Path, said: str) -> None:
    """Let the directory say of which format it is, on disk when this returns."""
    aside = directory / f"{FILE}.aside"
    with aside.open("w", encoding="utf-8") as file:
        file.write(said + "\n")
        file.flush()
        os.fsync(file.fileno())
    aside.replace(directory / FILE)
    sync_directory(directory)


def _under_way(before: str, to: str) -> str:
    return f"{before} to {to}"


def _refusal(directory: Path, had: str, reads: str) -> str:
    first = had.split(" ", maxsplit=1)[0]
    if not first.isdecimal():
        return f"{directory} has a file '{FILE}' that says {had!r}: it is damaged"
    if int(first) >= int(reads):
        return (
            f"{directory} has format {had}; this version reads format {reads}: install a newer one"
        )
    return (
        f"{directory} has format {had}, this version reads {reads} and upgrades from the one before: "
        "install the versions between, one after the other"
    )


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    handle = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise Conflict(f"{directory} is being upgraded by another process") from error
    try:
        yield
    finally:
        os.close(handle)
