"""Large shops: 50 million events, a million profiles, and what an idle demo takes.

Measured by `etalage bench` and held against the bars of design 13. Nothing else may run beside these: they are about
time and memory. The benches themselves are tested in tests/flow/test_bench.py.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from figures import FULL, STATE, tell

from etalage.bench.growth import bench_growth
from etalage.bench.rows import Row
from etalage.bench.segments import QUESTIONS, bench_segments

EVENTS, PROFILES, SECONDS = 50_000_000, 1_000_000, 60.0
MOST_TIMES, MOST_FOLD_KB, MOST_DISK_GB, MOST_DEMO_MB = 1.5, 3.0, 5.0, 500
DEMO_PATIENCE, DEMO_IDLE = 900.0, 30.0  # s

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.skipif(not FULL, reason="only `make proof` makes shops this large"),
]


@pytest.fixture
def room() -> Iterator[Path]:
    """Give a place that is empty again afterwards, on the disk where the project lies."""
    STATE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=STATE, prefix="room-") as folder:
        yield Path(folder)


def named(rows: list[Row], name: str) -> Row:
    (found,) = [row for row in rows if row.name == name]
    return found


def test_a_segment_costs_about_what_the_question_costs_when_written_by_hand(room: Path) -> None:
    rows = bench_segments(room / "shop", events=EVENTS)

    ratios = [
        named(rows, f"{asked.name}: against SQL {floor}").ratio or 0
        for asked in QUESTIONS
        for floor in ("by hand", "without people")
    ]
    times_by_hand = ", ".join(f"{ratio:.2f}" for ratio in ratios[::2])
    times_bare = ", ".join(f"{ratio:.2f}" for ratio in ratios[1::2])
    tell(
        "A segment in SQL takes about as long as the same question by hand",
        f"at most {MOST_TIMES} times, at 50 million events",
        events=EVENTS,
        times_by_hand=times_by_hand.replace(", ", " / "),
        times_by_hand_without_links_and_consent=times_bare.replace(", ", " / "),
        once_a_session=f"{named(rows, 'who is known, once a session').value / 1e3:.1f} s",
        memory=f"{named(rows, 'memory at most, making the events included').value:,.0f} MB",
    )
    assert min(ratios) > 0
    assert max(ratios[::2]) <= MOST_TIMES


def test_a_million_profiles_slow_nothing_down_and_fit(room: Path) -> None:
    rows = bench_growth(room / "shops", profiles=PROFILES, seconds=SECONDS)

    event, decision = named(rows, "an event, p50"), named(rows, "a decision, p50")
    fold = named(rows, "a fold, median").value
    disk = named(rows, "profiles on disk").value / 1e3
    copied = named(rows, "profiles on disk after the night's copy").value / 1e3
    tell(
        "A hundred times as many profiles slow down neither events nor decisions, and they fit",
        f"{MOST_TIMES} times the time at 10,000; fold {MOST_FOLD_KB:.0f} KB median; {MOST_DISK_GB:.0f} GB",
        profiles=PROFILES,
        event=f"{event.ratio:.2f} times",
        decision=f"{decision.ratio:.2f} times",
        fold=f"{fold:.2f} KB",
        disk=f"{disk:.2f} GB",
        after_the_nights_copy=f"{copied:.2f} GB",
    )
    assert 0 < max(event.ratio or 0, decision.ratio or 0) <= MOST_TIMES
    assert 0 < fold <= MOST_FOLD_KB
    assert 0 < disk <= MOST_DISK_GB


def test_an_idle_demo_is_small(room: Path) -> None:
    with demo(room) as process:
        time.sleep(DEMO_IDLE)
        megabytes = [held(pid) / 1024 for pid in family(process.pid)]
    tell(
        "An idle demo is small",
        f"at most {MOST_DEMO_MB} MB",
        memory=f"{sum(megabytes):,.0f} MB",
        of_its_processes=" + ".join(f"{one:,.0f}" for one in megabytes),
    )
    assert sum(megabytes) <= MOST_DEMO_MB


@contextlib.contextmanager
def demo(room: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a demo and wait until it was filled: then it says its server key."""
    command = [sys.executable, "-m", "etalage", "demo", "--port", "0", "--data", str(room / "demo")]
    said = room / "demo.log"
    with said.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, text=True)
    try:
        until = time.monotonic() + DEMO_PATIENCE
        while not re.search(r"\bsk_[0-9a-f]{48}\b", said.read_text(encoding="utf-8")):
            assert process.poll() is None, said.read_text(encoding="utf-8")
            assert time.monotonic() < until, "the demo does not get ready"
            time.sleep(0.5)
        yield process
    finally:
        for pid in reversed(family(process.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def family(pid: int) -> list[int]:
    """Give a process and all its children, none if it has ended."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(one for child in listed for one in family(int(child)))]


def held(pid: int) -> int:
    """Give the KB a process holds; what several share counts once over all of them."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
    return int(re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)[1])  # type: ignore[index]  every kernel says it
