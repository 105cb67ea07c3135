"""Looks after a whole workspace: verify, mend, back up, restore, upgrade. `app` opens shops; this keeps them.

Back up      the data and, apart from it, the keys; while the server writes.
Restore      into an empty place: unpack, make profiles again, check every record, then one rename.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from etalage import app
from etalage.api.background import Lease
from etalage.config import Settings
from etalage.domain.ids import ShopId
from etalage.domain.time import ShopZone
from etalage.errors import Conflict, Damaged
from etalage.flow.account import Disk
from etalage.flow.clean import clean
from etalage.flow.make_again import make_profiles_again
from etalage.flow.privacy import advance
from etalage.flow.remember import Memorist
from etalage.flow.serve import CODE
from etalage.store.damage import Damage
from etalage.store.keeping import backup, format, restore  # noqa: A004  a module of ours
from etalage.store.keeping.backup import Front, Packed
from etalage.store.keeping.home import Home, Verified
from etalage.store.keeping.verify import mend as mend_files
from etalage.store.keeping.verify import verify as verify_files
from etalage.store.lmdb.environment import reserve_of


def home_of(directory: Path, shop: ShopId, settings: Settings) -> Home:
    """Give where the files of one shop lie."""
    return Home(shop, directory / "shops" / shop, app.keys_directory(directory, settings) / shop)


def disk_of(directory: Path, shop: ShopId) -> Disk:
    """Measure what a shop has of its disk; blocks, not lengths: LMDB's files are longer than what they hold."""
    home = directory / "shops" / shop
    used = sum(path.stat().st_blocks * 512 for path in home.rglob("*") if path.is_file())
    disk = os.statvfs(home)
    return Disk(used, disk.f_bavail * disk.f_frsize, reserve_of(disk))


def verify(directory: Path, shop: ShopId, *, settings: Settings) -> Verified:
    """Read every file of a shop and name what is damaged; a server may be at work."""
    verified = verify_files(home_of(directory, shop, settings))
    said = format.found_in(directory)
    if said == app.FORMAT:
        return verified
    wrong = Damage(format.FILE, "", f"says {said!r}; this version reads {app.FORMAT}")
    return msgspec.structs.replace(verified, damage=(wrong, *verified.damage))


def mend(
    directory: Path, shop: ShopId, found: Sequence[Damage], *, settings: Settings
) -> list[Damage]:
    """Mend what can be made again; give what was.

    Raises:
        Conflict: a server is at work on this directory.
    """
    home = home_of(directory, shop, settings)
    lease = Lease(home.path)
    if not lease.take():
        raise Conflict(f"a server is at work in {directory}; stop it before mending its files")

    def rebuild() -> None:
        _, ports = app.open_ports(directory, shop, settings=settings)
        try:
            make_profiles_again(ports)
        finally:
            ports.close()

    try:
        mended = mend_files(home, found, rebuild=rebuild, zone=lambda: app.zone_of(directory, shop))
        if any(one.mend == "from_journal" for one in mended):
            _go_on_erasing(directory, shop, settings)
        return mended
    finally:
        lease.give_back()


def back_up(
    directory: Path, to: Path, *, settings: Settings, now: int, keys_to: Path | None = None
) -> list[Packed]:
    """Back up all shops of a workspace; with `keys_to` their keys too, afterwards and apart.

    Raises:
        Conflict: there is something at `to` or `keys_to`, or `keys_to` lies in `to`.
        Damaged: a file of a shop is not whole.
    """
    app.the_shop(directory, next(iter(app.shops_in(directory)), None))  # there is one at least
    shops = app.shops_in(directory)
    homes = [home_of(directory, shop, settings) for shop in shops]
    if keys_to is not None and keys_to.resolve().is_relative_to(to.resolve()):
        raise Conflict("keys do not travel with the data: choose another place for them")
    front = Front(backup.BACKUP_FORMAT, format.found_in(directory), now, CODE, tuple(shops))
    packed = backup.back_up(directory, homes, to, front=front)
    if keys_to is not None:
        backup.back_up_keys(homes, keys_to)
    return packed


def restore_workspace(
    source: Path, directory: Path, *, settings: Settings, keys_from: Path | None = None
) -> list[Packed]:
    """Make a data directory from a backup; with `keys_from`, put the keys in their place first.

    Raises:
        Conflict: there is something in the directory, or keys are there already.
        Damaged: half a backup, or not what was written.
        KeysMissing: the keys that belong to it are not there.
    """
    front = restore.front_of(source, reads=app.FORMAT)
    keys = app.keys_directory(directory, settings)
    if keys_from is not None:
        restore.restore_keys(keys_from, keys)
    settings = replace(settings, keys=str(keys))

    def homes_in(aside: Path) -> list[Home]:
        return [home_of(aside, ShopId(shop), settings) for shop in front.shops]

    def finish(aside: Path) -> None:
        format.write(aside, front.format)
        for shop in front.shops:
            _make_ready(aside, ShopId(shop), settings)

    return restore.restore(source, directory, homes_in=homes_in, finish=finish)


def upgrade(directory: Path) -> str:
    """Bring a data directory to the format of this version; give the format it had."""
    return format.bring_up(directory, app.FORMAT)


def _go_on_erasing(directory: Path, shop: ShopId, settings: Settings) -> None:
    """Erase from the files who was erased while a day could not be read; else she would be back in it until the night.

    Where something else is damaged too that has to wait: the night shift goes on when it is mended.
    """
    with contextlib.suppress(Damaged):
        known, ports = app.open_ports(directory, shop, settings=settings)
        try:
            how, now = Memorist(ShopZone(known.zone), known.currency), time.time_ns() // 1000
            waiting = [one for one in ports.keys.erasures() if not one.rewritten]
            for erasure in waiting:
                advance(ports, erasure, how, now=now)
            if waiting:
                clean(ports, how, causes=("erased",), now=now, at_once=True)
        finally:
            ports.close()


def _make_ready(aside: Path, shop: ShopId, settings: Settings) -> None:
    _, ports = app.open_ports(aside, shop, settings=settings)
    try:
        make_profiles_again(ports)
    finally:
        ports.close()
    found = verify(aside, shop, settings=settings).damage
    if found:
        raise Damaged(f"the backup was restored and is not whole: {found[0]}")
