"""A shop for each flow test: copied from one that was made once, with its doors open until the test is over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from shop import Opening, Shop, copy, create, open_shop

from etalage import app


@pytest.fixture(scope="session")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for all calls."""
    with asyncio.Runner() as running:
        yield running


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, app.Created]:
    """A new shop, closed; tests open copies of it."""
    directory = tmp_path_factory.mktemp("made") / "data"
    return directory, create(directory)


@pytest.fixture
def shop(made: tuple[Path, app.Created], tmp_path: Path, runner: asyncio.Runner) -> Iterator[Shop]:
    """A new shop whose server declares no purposes of its own."""
    directory, created = made
    opened = open_shop(copy(directory, tmp_path / "data"), created, runner)
    yield opened
    opened.close()


@pytest.fixture
def opening(tmp_path: Path, runner: asyncio.Runner) -> Iterator[Opening]:
    """Open shops with settings of their own, all in one directory; they are closed after the test."""
    opened: list[Shop] = []

    def open_one(name: str = "Noord", **decided: object) -> Shop:
        directory = tmp_path / "data"
        opened.append(open_shop(directory, create(directory, name, **decided), runner))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()
