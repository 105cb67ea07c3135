"""Memory that is given back is gone from the process, and what it held is read again as it was."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import lmdb
import pytest

from etalage.api import slim

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what a process holds")

ROWS = 20_000


def held() -> int:
    """Give the bytes of the store's pages that this process holds."""
    named, total = False, 0
    for line in Path("/proc/self/smaps").read_text(encoding="utf-8").splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            named = line.endswith("data.mdb")
        elif named and line.startswith("Rss:"):
            total += int(line.split()[1]) * 1024
    return total


def test_pages_of_a_store_are_let_go_and_read_again_unchanged(tmp_path: Path) -> None:
    rows = [(b"%08d" % n, b"%08d" % n * 50) for n in range(ROWS)]
    with lmdb.open(str(tmp_path), map_size=1 << 28) as env:
        with env.begin(write=True) as txn, txn.cursor() as cursor:
            cursor.putmulti(rows)
        with env.begin() as txn, txn.cursor() as cursor:
            assert list(cursor) == rows
            before = held()
            slim.give_back()
            after = held()
        with env.begin() as txn, txn.cursor() as cursor:
            assert list(cursor) == rows
    assert before > 5_000_000 > after


def test_a_busy_server_is_left_alone_and_an_idle_one_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clocks = {"wall": 0.0, "used": 0.0}
    given: list[tuple[float, bool, bool]] = []
    monkeypatch.setattr(time, "monotonic", lambda: clocks["wall"])
    monkeypatch.setattr(time, "process_time", lambda: clocks["used"])

    def give_back(*, collect: bool, code: bool) -> None:
        given.append((clocks["wall"], collect, code))

    monkeypatch.setattr(slim, "give_back", give_back)
    rest = slim.Rest()

    for second in range(1, 91):
        clocks["wall"] = float(second)
        clocks["used"] += 0.9 if second <= 30 else 0.05 if second <= 60 else 0.01
        rest.look()

    # Nobody's answer waits for the collector; program code goes only where hardly anything is done.
    assert given == [
        (45.0, False, False),
        (60.0, False, False),
        (75.0, False, True),
        (90.0, False, True),
    ]
