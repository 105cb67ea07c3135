"""Restore: a backup becomes a data directory again, in a place where there is none.

In:   a backup, and the keys that belong to it.
Out:  a complete data directory; or nothing.
Idea: everything is written beside the place and checked there; the last step is one rename. A restore that was
      killed leaves a `.partial`, which the next one throws away.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from etalage.errors import BadInput, Conflict, Damaged, KeysMissing
from etalage.store.keeping import parcel
from etalage.store.keeping.backup import (
    FRONT,
    SETTINGS,
    Front,
    Packed,
    manifest_of,
    secret_of,
    sync_directory,
)
from etalage.store.keeping.home import Home


def front_of(backup: Path, *, reads: str) -> Front:
    """Read what a backup says of itself; refuse what is none, or of another format.

    Args:
        backup: the directory.
        reads: the format of data directories that this version reads.
    """
    path = backup / FRONT
    if not path.is_file():
        raise BadInput(f"{backup} is no complete backup: it has no {FRONT}", field="from")
    try:
        front = msgspec.json.decode(path.read_bytes(), type=Front)
    except msgspec.DecodeError as error:
        raise Damaged(f"{path} cannot be read: {error}") from error
    if front.format != reads:
        raise BadInput(
            f"{backup} is of format {front.format}, this version reads {reads}: restore it with "
            f"Etalage {front.code}, then upgrade",
            field="from",
        )
    return front


def restore_keys(backup: Path, to: Path) -> None:
    """Put the keys' own backup in their place; `Conflict` if there is something already."""
    if not backup.is_dir():
        raise KeysMissing(f"there is no backup of keys at {backup}")
    _refuse_what_is_there(to)
    aside = _fresh(to)
    shutil.copytree(backup, aside, dirs_exist_ok=True)
    for path in aside.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    _sync_all(aside)
    _put_in_place(aside, to)


def restore(
    backup: Path,
    directory: Path,
    *,
    homes_in: Callable[[Path], Sequence[Home]],
    finish: Callable[[Path], None],
) -> list[Packed]:
    """Make a data directory from a backup.

    Args:
        backup: the directory that `etalage backup` made.
        directory: does not exist yet, or is empty.
        homes_in: gives the shops' directories in a workspace.
        finish: what has to be done before anybody may open it; called with where it lies until then.

    Raises:
        Conflict: there is something in `directory`.
        Damaged: the backup is half a backup, or not what was written.
        KeysMissing: the keys that belong to it are not there.
    """
    _refuse_what_is_there(directory)
    aside = _fresh(directory)
    restored = [_unpack(backup, home) for home in homes_in(aside)]
    if (backup / SETTINGS).is_file():
        shutil.copyfile(backup / SETTINGS, aside / SETTINGS)
    finish(aside)
    _sync_all(aside)
    _put_in_place(aside, directory)
    return restored


def _unpack(backup: Path, home: Home) -> Packed:
    with secret_of(home) as key:
        packed = manifest_of(home, backup, key)
        for content in packed.files:
            path = home.path / content.name
            if not path.resolve().is_relative_to(home.path.resolve()):
                raise Damaged(f"the manifest names '{content.name}', which is no file of a shop")
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                for piece in parcel.checked(backup / home.shop / content.name, key, content):
                    file.write(piece)
    return packed


def _refuse_what_is_there(directory: Path) -> None:
    if directory.exists() and any(directory.iterdir()):
        raise Conflict(f"{directory} is not empty; a restore never overwrites anything")


def _fresh(directory: Path) -> Path:
    aside = directory.with_name(f"{directory.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700, parents=True)
    return aside


def _put_in_place(aside: Path, directory: Path) -> None:
    if directory.exists():
        directory.rmdir()
    aside.rename(directory)
    sync_directory(directory.parent)


def _sync_all(directory: Path) -> None:
    for path in directory.rglob("*"):
        if path.is_dir():
            sync_directory(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    sync_directory(directory)
