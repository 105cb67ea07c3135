"""Events that five processes send one to five times, shuffled, to a server that crashes, count exactly once.

A real server with two workers. Each sender tries a batch until it is answered for; the server and its children are
killed together, with SIGKILL, and started again on the same files. At the end every event is in the log once, every
profile counts each of its events once, and the account of intake agrees with what the senders sent.

In full it goes on where it was stopped: server, senders and what they said lie under artefacts/proof.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from figures import FULL, STATE, tell, times
from sender import SENDERS, Plan, calls, kind, sent, visitor

from etalage.app import create_shop, new_shop, open_ports
from etalage.config import Settings
from etalage.domain.ids import ShopId, visitor_key
from etalage.ports import Ports

EVENTS = int(os.environ.get("EXACTLY_ONCE_EVENTS", times(3_000, 1_000_000)))
CRASHES = times(1, 3)
WORKERS = 2
SETTINGS = Settings(journal_gb=8, profiles_gb=8)
PATIENCE = 60.0  # s, on a machine that does other things too
LONGEST = times(150, 3 * 3_600)  # s


class Place:
    """Where a run lies: the data directory, the plan of the senders and their logs."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.data = directory, directory / "data"
        self.crashes = directory / "crashes"
        self.server: subprocess.Popen[bytes] | None = None
        if not (directory / "plan.json").exists():
            self._begin()
        self.plan = msgspec.json.decode((directory / "plan.json").read_bytes(), type=Plan)

    def _begin(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        began = time.time_ns() // 1_000
        made = create_shop(self.data, new_shop("Noord", "noord.example"), now=1, settings=SETTINGS)
        plan = Plan(events=EVENTS, server_key=made.server_key, began=began)
        (self.directory / "plan.json").write_bytes(msgspec.json.encode(plan))

    def logs(self) -> list[Path]:
        return [self.directory / f"sender-{number}.log" for number in range(SENDERS)]

    def answered(self) -> int:
        """Count the batches that were answered for."""
        return sum(sent(log).batches for log in self.logs())

    def crashed(self) -> int:
        return len(self.crashes.read_text()) if self.crashes.exists() else 0

    def crash(self) -> None:
        """Kill the server with all its children at once; note that it was done."""
        with self.crashes.open("a", encoding="utf-8") as file:
            file.write("x")
        self.kill()

    def kill_left(self) -> None:
        """Kill the server of a run that was itself killed."""
        noted = self.directory / "server.pid"
        pid = int(noted.read_text(encoding="utf-8")) if noted.exists() else 0
        command = Path(f"/proc/{pid}/cmdline")
        if pid and command.exists() and str(self.data).encode() in command.read_bytes():
            os.killpg(pid, signal.SIGKILL)

    def kill(self) -> None:
        if self.server is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.server.pid, signal.SIGKILL)
            self.server.wait()

    def serve(self) -> None:
        """Start a server, and tell the senders where it is once it answers."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        command = [sys.executable, "-m", "etalage", "serve", "--data", str(self.data)]
        with (self.directory / "server.log").open("ab") as output:
            self.server = subprocess.Popen(
                [*command, "--port", port, "--workers", str(WORKERS)],
                stdout=output,
                stderr=output,
                start_new_session=True,  # a group of its own, to be killed together
                env={**os.environ, "ETALAGE_JOURNAL_GB": "8", "ETALAGE_PROFILES_GB": "8"},
            )
        (self.directory / "server.pid").write_text(str(self.server.pid), encoding="utf-8")
        until = time.monotonic() + PATIENCE
        while not is_ready(port):
            assert self.server.poll() is None, "the server ended"
            assert time.monotonic() < until, "the server does not answer"
            time.sleep(0.05)
        told = self.directory / "port.new"
        told.write_text(port, encoding="utf-8")
        told.rename(self.directory / "port")

    def stop(self) -> None:
        assert self.server is not None
        self.server.terminate()
        assert self.server.wait(PATIENCE) == 0


def is_ready(port: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200
    return False


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(STATE / "exactly-once" if FULL else tmp_path / "run")
    yield place
    place.kill()


@contextlib.contextmanager
def sending(place: Place) -> Iterator[list[subprocess.Popen[bytes]]]:
    program = str(Path(__file__).with_name("sender.py"))
    command = [sys.executable, program, str(place.directory)]
    senders = [subprocess.Popen([*command, str(number)]) for number in range(SENDERS)]
    try:
        yield senders
    finally:
        for sender in senders:
            sender.kill()
            sender.wait()


@pytest.mark.slow
def test_what_is_sent_again_and_again_through_crashes_counts_once(place: Place) -> None:
    batches = sum(1 for sender in range(SENDERS) for _ in calls(place.plan, sender))
    rng = random.Random("crashes")
    moments = sorted(int(batches * rng.uniform(0.1, 0.9)) for _ in range(CRASHES))
    until = time.monotonic() + LONGEST

    place.kill_left()
    place.serve()
    with sending(place) as senders:
        while any(sender.poll() is None for sender in senders):
            assert time.monotonic() < until, "waited too long"
            time.sleep(0.02 if not FULL else 1 + rng.random())
            done = place.crashed()
            if done < CRASHES and place.answered() >= moments[done]:
                place.crash()
                place.serve()
        assert [sender.returncode for sender in senders] == [0] * SENDERS
    place.stop()

    judge(place)
    if FULL:
        shutil.rmtree(place.directory)


def judge(place: Place) -> None:
    """Hold what is on disk against what was sent."""
    ports = open_ports(place.data, ShopId("noord"), settings=SETTINGS)[1]
    with contextlib.closing(ports):
        in_log, in_folds, account = logged(ports), folded(ports), accounted(ports)
    wanted = [number for number in range(place.plan.events) if kind(number) == "accepted"]
    lost = [number for number in wanted if in_log[f"S-{number}"] == 0]
    doubled = [product for product, count in in_log.items() if count > 1]
    hers = Counter(visitor(number) for number in wanted)
    owed = {visitor_key(in_folds.pepper, "visitor", name): count for name, count in hers.items()}
    wrong = [key for key, count in owed.items() if in_folds.counts.get(key) != count]

    planned = Counter(
        kind(number)
        for sender in range(SENDERS)
        for call in calls(place.plan, sender)
        for number in call
    )
    planned["duplicate"] = planned["accepted"] - len(wanted)
    answered = sum(sent(log).events for log in place.logs())
    unanswered = sum(sent(log).unanswered for log in place.logs())
    # What was answered for is counted; what was not may have been: each call as a whole or not at all.
    tell(
        "Sent one to five times by five processes, through crashes, an event counts once",
        "lost 0, doubled 0, profiles wrong 0, account off by 0",
        events=place.plan.events,
        crashes=place.crashed(),
        sent=answered + unanswered,
        unanswered=unanswered,
        accepted=account["accepted"],
        duplicate=account["duplicate"],
        quarantined=account["quarantined"],
        refused=account["refused"],
        lost=len(lost),
        doubled=len(doubled),
        profiles_wrong=len(wrong),
        account_off_by=max(0, answered - account.total(), account.total() - answered - unanswered),
    )
    assert (lost, doubled, wrong) == ([], [], [])
    assert set(in_log) == {f"S-{number}" for number in wanted}
    assert len(in_folds.counts) == len(owed)
    assert account["accepted"] == len(wanted)
    for outcome in ("duplicate", "quarantined", "refused"):
        assert 0 <= account[outcome] - planned[outcome] <= unanswered
    assert answered <= account.total() <= answered + unanswered
    assert answered == planned["accepted"] + planned["quarantined"] + planned["refused"]
    assert place.crashed() == CRASHES
    assert unanswered > 0  # the crashes cut calls off


class Folded(msgspec.Struct):
    """How many events each profile counts, by key of the visitor."""

    pepper: bytes
    counts: dict[str, int]


def logged(ports: Ports) -> Counter[str]:
    """Count the products viewed in the log: each event has one of its own."""
    return Counter(
        event.lines[0].product for _, event in ports.log.read(0) if event.name == "view_item"
    )


def folded(ports: Ports) -> Folded:
    counts = {
        str(key): sum(sum(part.days.values()) for part in fold.parts.values())
        for key, fold in ports.profiles.visitors()
    }
    return Folded(ports.keys.pepper, counts)


def accounted(ports: Ports) -> Counter[str]:
    """Add up the account of what came in by calls."""
    account = Counter[str]()
    for line in ports.log.account():
        if line.key != "engine":
            account[line.outcome] += line.count
    return account
