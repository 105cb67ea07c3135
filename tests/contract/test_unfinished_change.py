"""The records after a power cut: a change that nobody was told of is told apart from one that was confirmed."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from etalage.store.damage import Damage
from etalage.store.sql.check import _broken_frame, open_once

FRAME = 24 + 4096


@pytest.fixture
def cut(tmp_path: Path) -> Path:
    """A database of three changes, as it lies on disk while nobody has closed it."""
    live, cut = tmp_path / "live.db", tmp_path / "cut.db"
    connection = sqlite3.connect(live)
    connection.executescript(
        "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;"
    )
    connection.execute("CREATE TABLE said (what)")
    for number in range(3):
        connection.execute("INSERT INTO said VALUES (?)", (number,))
        connection.commit()
    for end in ("", "-wal"):
        shutil.copy(f"{live}{end}", f"{cut}{end}")
    connection.close()
    return cut


def wal_of(file: Path) -> Path:
    return file.with_name(f"{file.name}-wal")


def frames(file: Path) -> int:
    return (wal_of(file).stat().st_size - 32) // FRAME


def flip(file: Path, frame: int, at: int) -> None:
    """Flip a bit in a frame, counted from 1."""
    raw = bytearray(wal_of(file).read_bytes())
    raw[32 + (frame - 1) * FRAME + at] ^= 1
    wal_of(file).write_bytes(raw)


def said(file: Path) -> list[int]:
    connection = sqlite3.connect(file)
    try:
        return [row[0] for row in connection.execute("SELECT what FROM said")]
    finally:
        connection.close()


def test_a_whole_log_has_no_broken_frame(cut: Path) -> None:
    assert frames(cut) >= 4
    assert _broken_frame(wal_of(cut)) is None


@pytest.mark.parametrize("at", [0, 4, 20, 24, 4_000], ids=str)
def test_a_frame_of_the_last_change_may_be_unfinished(cut: Path, at: int) -> None:
    last = frames(cut)
    flip(cut, last, at)
    assert _broken_frame(wal_of(cut)) == (last, False)

    open_once(cut)

    assert _broken_frame(wal_of(cut)) is None
    assert said(cut) == [0, 1]


@pytest.mark.parametrize("at", [24, 4_000], ids=str)
def test_a_frame_after_which_others_were_confirmed_is_damage(cut: Path, at: int) -> None:
    for frame in range(1, frames(cut) - 1):
        shutil.copy(wal_of(cut), cut.with_name("whole"))
        flip(cut, frame, at)
        assert _broken_frame(wal_of(cut)) == (frame, True)
        shutil.copy(cut.with_name("whole"), wal_of(cut))


def test_what_may_be_unfinished_says_so_to_the_operator() -> None:
    one = Damage(
        "shops/noord/records.db-wal", "frame 3", "belongs to the last change", "unfinished"
    )
    assert "frame 3" in str(one)
