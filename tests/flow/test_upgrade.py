"""A data directory of the format before is opened as if it had always been of this one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from shop import Shop, identify, order, view

from etalage import app
from etalage.config import Settings
from etalage.domain.ids import ShopId
from etalage.store.keeping import format  # noqa: A004  a module of ours
from etalage.store.lmdb.environment import GIB, Environment
from etalage.store.lmdb.profiles import TABLES
from etalage.store.lmdb.record import framed, payload_of

NOORD, SETTINGS = ShopId("noord"), Settings()
PATIENCE = 60  # s
DEFAULTS = {"quantity": 1, "price": None, "category": None, "brand": None, "size": None}


@pytest.fixture
def directory(shop: Shop) -> Iterator[Path]:
    """A shop that is closed, with ten visitors, of whom two are one person."""
    for number in range(10):
        shop.batch(view(f"S-{number}", f"v{number}"), order(f"N-{number}", f"v{number}"))
    shop.batch(identify("v0", "C-1"), identify("v1", "C-1"))
    shop.events()
    shop.close()
    shop.close = lambda: None  # type: ignore[method-assign]  the fixture would close it once more
    return shop.directory


def profiles_of(directory: Path) -> Environment:
    home = directory / "shops" / NOORD / "profiles"
    return Environment(home, TABLES, map_size=16 * GIB, dupsort=("linked",), metasync=False)


def folds_in(directory: Path) -> dict[bytes, bytes]:
    """Give the records of all folds, byte for byte."""
    env = profiles_of(directory)
    with closing(env), env.read() as txn, txn.cursor(env.table("folds")) as cursor:
        return {bytes(key): payload_of(key, record, "a fold") for key, record in cursor}


def make_old(directory: Path) -> None:
    """Write the folds as format 1 did: each event with its visitor, lines with the names of their fields."""
    records = {
        key: framed(key, as_format_1(key, fold)) for key, fold in folds_in(directory).items()
    }
    env = profiles_of(directory)
    with closing(env):
        for key, record in records.items():
            env.write(lambda txn, row=(key, record): txn.put(*row, db=env.table("folds")))  # type: ignore[misc]
    format.write(directory, "1")


def as_format_1(key: bytes, fold: bytes) -> bytes:
    said: list[Any] = msgspec.msgpack.decode(fold, type=list[Any])
    for part in said[5].values():
        for event in part[2]:
            event[3] = [named(*line) for line in event[3]]
            event.append(key.decode())
    return msgspec.msgpack.encode(said)


def named(product: str, *others: object) -> dict[str, object]:
    rest = zip(DEFAULTS.items(), others, strict=True)
    return {"product": product} | {n: value for (n, usual), value in rest if value != usual}


def test_a_directory_of_the_format_before_is_brought_to_this_one_when_it_is_opened(
    directory: Path,
) -> None:
    before = folds_in(directory)
    make_old(directory)
    old = folds_in(directory)
    assert {len(before[key]) < len(old[key]) - 34 for key in before} == {True}

    _, ports = app.open_ports(directory, NOORD, settings=SETTINGS)
    ports.close()

    assert format.found_in(directory) == app.FORMAT == "2"
    assert folds_in(directory) == before


def test_a_new_shop_in_a_directory_of_the_format_before_leaves_none_of_the_others_behind(
    directory: Path,
) -> None:
    before = folds_in(directory)
    make_old(directory)

    app.create_shop(directory, app.new_shop("West", "west.example"), now=0, settings=SETTINGS)

    assert folds_in(directory) == before


@pytest.mark.parametrize("moment", [1, 7])
def test_an_upgrade_of_profiles_that_was_killed_comes_to_the_same_end(
    directory: Path, moment: int
) -> None:
    before = folds_in(directory)
    make_old(directory)
    old = folds_in(directory)
    program = f"""
import os, signal, sys
from pathlib import Path
from etalage.config import Settings
from etalage.domain.ids import ShopId
from etalage.store.keeping import format
from etalage.store.lmdb import upgrading
upgrading.AT_ONCE = 1
left, rewrite = [{moment}], upgrading._rewrite
def until(*all):
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    return rewrite(*all)
upgrading._rewrite = until
format.bring_up(Path(sys.argv[1]), "2")
"""
    killed = subprocess.run(
        [sys.executable, "-c", program, str(directory)], check=False, timeout=PATIENCE
    )
    assert killed.returncode == -9
    half = folds_in(directory)
    assert sum(half[key] == before[key] for key in before) == moment
    assert sum(half[key] == old[key] for key in before) == len(before) - moment

    _, ports = app.open_ports(directory, NOORD, settings=SETTINGS)
    ports.close()

    assert folds_in(directory) == before
