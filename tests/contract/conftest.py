"""Every answer of the embedded stores, under the names the contract tests ask for: `log`, `profiles`, `keys`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from appending import AMSTERDAM
from shelf import SealableLog, Shelf

from etalage.ports import Archive, Keys, Profiles
from etalage.store.lmdb.journal import LmdbEventLog
from etalage.store.lmdb.keys import LmdbKeys
from etalage.store.lmdb.profiles import LmdbProfiles
from etalage.store.memory.journal import MemoryEventLog
from etalage.store.memory.keys import MemoryKeys
from etalage.store.memory.profiles import MemoryProfiles


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


LOGS: dict[str, Callable[[Path, Archive], SealableLog]] = {
    "memory": lambda _, archive: MemoryEventLog(zone=AMSTERDAM, archive=archive),
    # A map of 1 MB, so that it has to grow on the way.
    "lmdb": lambda path, archive: LmdbEventLog(
        path / "log", map_size=1 << 20, zone=AMSTERDAM, archive=archive
    ),
}
PROFILES: dict[str, Callable[[Path], Profiles]] = {
    "memory": lambda _: MemoryProfiles(),
    "lmdb": lambda path: LmdbProfiles(path / "profiles", map_size=1 << 20),
}
KEYS: dict[str, Callable[[Path], Keys]] = {
    "memory": lambda _: MemoryKeys(),
    "lmdb": lambda path: LmdbKeys.create(path / "keys"),
}


@pytest.fixture(params=LOGS)
def log(request: pytest.FixtureRequest, tmp_path: Path, shelf: Shelf) -> Iterator[SealableLog]:
    log = LOGS[request.param](tmp_path, shelf)
    yield log
    log.close()


@pytest.fixture(params=PROFILES)
def profiles(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Profiles]:
    profiles = PROFILES[request.param](tmp_path)
    yield profiles
    profiles.close()


@pytest.fixture(params=KEYS)
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keys]:
    keys = KEYS[request.param](tmp_path)
    yield keys
    keys.close()
