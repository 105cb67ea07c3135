"""The server as a process: started, stopped, killed, doubled; and the night shift that lives with it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from etalage.api.background import LEASE, Background, Job, Lease, jobs_of, prune
from etalage.api.children import answer_of
from etalage.app import Created, create_shop, new_shop, open_ports
from etalage.cli.family import program
from etalage.config import Settings
from etalage.domain.arrival import Arrival
from etalage.domain.event import Event
from etalage.domain.ids import EventId, ShopId
from etalage.domain.time import DAY, ShopZone
from etalage.flow.nightly import Night, seal
from etalage.flow.remember import Memorist
from etalage.ports import Ports

SETTINGS = Settings(journal_gb=0.05, profiles_gb=0.05)
PATIENCE = 45.0  # s, on a machine that does other things too


class Server:
    """`etalage serve` on a free port."""

    def __init__(self, made: Made, log: Path, *, workers: int = 1) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.made, self.log = made, log
        command = [sys.executable, "-m", "etalage", "serve", "--data", str(made.directory)]
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port), "--workers", str(workers)],
                stdout=output,
                stderr=output,
                env={
                    **os.environ,
                    "ETALAGE_ROLL_SECONDS": "1",
                    "ETALAGE_JOURNAL_GB": "0.05",
                    "ETALAGE_PROFILES_GB": "0.05",
                },
            )

    def get(self, path: str, *, with_key: bool = False) -> httpx.Response:
        auth = (self.made.created.server_key, "") if with_key else None
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", auth=auth, timeout=10)

    def track(self, number: int) -> httpx.Response:
        return httpx.post(
            f"http://127.0.0.1:{self.port}/v1/track",
            json=event(number),
            auth=(self.made.created.server_key, ""),
            timeout=10,
        )

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(httpx.TransportError):
            return self.get("/readyz").status_code == 200
        return False

    def stop(self) -> tuple[int, float]:
        """Ask it to end; give the exit code and how many seconds that took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE), time.monotonic() - began


class Made:
    """A data directory with one shop, and the servers on it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.created: Created = create_shop(
            directory, new_shop("Noord", "noord.example"), now=1, settings=SETTINGS
        )
        self.home = directory / "shops" / self.created.shop.id
        self.servers: list[Server] = []

    def serve(self, *, workers: int = 1) -> Server:
        log = self.directory.with_name(f"server-{len(self.servers)}.log")
        server = Server(self, log, workers=workers)
        self.servers.append(server)
        wait_until(server.is_ready)
        return server

    def ports(self) -> Ports:
        return open_ports(self.directory, ShopId("noord"), settings=SETTINGS)[1]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    made = Made(tmp_path / "data")
    yield made
    for server in made.servers:
        server.process.kill()
        server.process.wait()


def event(number: int) -> dict[str, object]:
    return {
        "event": "view_item",
        "messageId": f"m-{number}",
        "anonymousId": "karel",
        "properties": {"item_id": f"S-{number}"},
        "context": {"consent": {"device": True, "measure": True, "personalise": True}},
    }


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that only waits for its parent to look does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
    return [int(child) for child in listed.split()]


def holder(home: Path) -> int:
    """Give the process that has the lease; 0 if nobody ever had it."""
    lease = home / LEASE
    return int(lease.read_text(encoding="utf-8") or 0) if lease.exists() else 0


def sealed(home: Path) -> list[Path]:
    return list((home / "events").glob("day=*/*.parquet"))


# ---- The server --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_call_under_way_is_finished_when_the_server_is_asked_to_stop(made: Made) -> None:
    server = made.serve()
    body = json.dumps(event(1)).encode()
    key = base64.b64encode(f"{made.created.server_key}:".encode()).decode()
    head = f"POST /v1/track HTTP/1.1\r\nHost: shop\r\nAuthorization: Basic {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    call = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    call.sendall(head.encode() + body[:20])
    time.sleep(0.2)

    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: not is_listening(server.port))
    call.sendall(body[20:])
    said = call.recv(65_536)
    code = server.process.wait(PATIENCE)
    took = time.monotonic() - began
    call.close()

    assert said.startswith(b"HTTP/1.1 200"), said
    assert code == 0, server.log.read_text()
    assert took < 10
    ports = made.ports()
    assert "view_item" in [logged.name for _, logged in ports.log.read(0)]
    ports.close()


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.slow
def test_a_server_says_that_it_is_closing_before_it_stops_listening(made: Made) -> None:
    server = made.serve()

    server.process.send_signal(signal.SIGTERM)
    said = server.get("/readyz")

    assert (said.status_code, said.json()["missing"]) == (503, ["closing"])
    assert server.process.wait(PATIENCE) == 0


@pytest.mark.slow
def test_the_log_of_a_server_is_json_and_names_nobody(made: Made) -> None:
    server = made.serve()
    assert server.track(1).status_code == 200
    server.get("/v1/profiles/email:karel@example.com?writeKey=geheim", with_key=True)
    server.stop()

    lines = [json.loads(line) for line in server.log.read_text(encoding="utf-8").splitlines()]

    assert "ready" in [line["event"] for line in lines]
    text = server.log.read_text(encoding="utf-8")
    for secret in (made.created.server_key, made.created.write_key, "karel", "geheim"):
        assert secret not in text


@pytest.mark.slow
def test_two_servers_on_one_directory_see_each_others_events(made: Made) -> None:
    one, other = made.serve(), made.serve()

    assert one.track(1).status_code == other.track(2).status_code == 200

    for server in (one, other):
        known = server.get("/v1/profiles/karel", with_key=True).json()
        viewed = [recent["lines"][0]["product"] for recent in known["remembered"]["recents"]]
        assert viewed == ["S-2", "S-1"]
    assert one.stop()[0] == other.stop()[0] == 0


@pytest.mark.slow
def test_several_workers_answer_on_one_port_and_end_together(made: Made) -> None:
    server = made.serve(workers=3)
    wait_until(lambda: len(children(server.process.pid)) == 3)  # two more workers, and the night
    family = children(server.process.pid)
    wait_until(lambda: server.log.read_text(encoding="utf-8").count("startup complete") == 3)

    answers = [server.track(number).status_code for number in range(30)]
    code, took = server.stop()

    assert answers == [200] * 30
    assert (code, took < 10) == (0, True)
    assert not any(is_alive(pid) for pid in family)
    ports = made.ports()
    assert [logged.name for _, logged in ports.log.read(0)].count("view_item") == 30
    ports.close()


@pytest.mark.slow
def test_a_port_that_is_taken_is_refused_with_a_reason(made: Made) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "etalage", "serve", "--data", str(made.directory)]
        tried = subprocess.run(
            [*command, "--port", port],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    assert tried.returncode == 1
    assert "conflict" in tried.stderr
    assert "Traceback" not in tried.stderr


# ---- The night shift ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_night_shift_seals_the_journal_while_the_server_answers(made: Made) -> None:
    server = made.serve()
    assert server.track(1).status_code == 200

    wait_until(lambda: bool(sealed(made.home)))

    assert server.track(2).status_code == 200
    assert server.stop()[0] == 0
    ports = made.ports()
    asked = ports.warehouse.ask(
        "SELECT lines[1].product FROM events WHERE name = 'view_item' ORDER BY position"
    )
    assert asked.rows == [("S-1",), ("S-2",)]
    ports.close()


@pytest.mark.slow
def test_one_night_shift_works_at_a_time_and_another_takes_over_when_it_is_killed(
    made: Made,
) -> None:
    one, other = made.serve(), made.serve()
    wait_until(lambda: holder(made.home) != 0)
    first = holder(made.home)

    os.kill(first, signal.SIGKILL)
    wait_until(lambda: holder(made.home) not in {0, first})  # 0: it is just being written

    assert is_alive(holder(made.home))
    assert not is_alive(first)
    assert one.track(1).status_code == 200
    assert one.stop()[0] == other.stop()[0] == 0


@pytest.mark.slow
def test_a_killed_server_leaves_no_process_behind_and_the_other_goes_on(made: Made) -> None:
    one = made.serve()
    wait_until(lambda: holder(made.home) != 0)
    other = made.serve()
    family = children(one.process.pid)
    assert holder(made.home) in family

    one.process.kill()

    wait_until(lambda: not any(is_alive(pid) for pid in family))
    wait_until(lambda: holder(made.home) not in family)
    assert holder(made.home) in children(other.process.pid)
    assert other.stop()[0] == 0


def test_only_one_may_hold_a_lease(tmp_path: Path) -> None:
    one, other = Lease(tmp_path), Lease(tmp_path)

    assert one.take()
    assert one.take()  # it is ours already
    assert not other.take()
    one.give_back()
    assert other.take()


def night_of(ports: Ports, now: int) -> Night:
    return Night(ports, Memorist(ShopZone("Europe/Amsterdam"), "EUR"), now, 10)


def test_a_job_that_fails_is_tried_again_later_each_time_later(made: Made) -> None:
    tried: list[int] = []

    def fails(night: Night) -> int:
        tried.append(night.now)
        raise OSError("no")

    ports = made.ports()
    job = Job("seal", fails, every_seconds=60)
    waits = []
    for number in range(3):
        at = max(job.due, time.monotonic())
        job.run(night_of(ports, number), shop=ShopId("noord"), at=at)
        waits.append(round((job.due - time.monotonic()) / 60))
        job.run(night_of(ports, 99), shop=ShopId("noord"), at=job.due - 1)  # not due yet
    ports.close()

    assert tried == [0, 1, 2]
    assert waits == [1, 2, 4]


def test_every_job_of_the_night_is_done_for_a_new_shop_without_failing(made: Made) -> None:
    ports = made.ports()
    jobs = jobs_of(SETTINGS)

    for job in jobs:
        job.run(night_of(ports, time.time_ns() // 1000), shop=ShopId("noord"), at=time.monotonic())

    assert [job.name for job in jobs if job.failures] == []
    assert {"seal", "remember", "popular", "prune"} <= {job.name for job in jobs}
    ports.close()


def test_models_are_learned_in_a_process_that_ends_with_its_memory(made: Made) -> None:
    ports = made.ports()
    ports.log.append([old(1, DAY)])
    ports.close()
    server = made.serve()
    (night,) = children(server.process.pid)
    wait_until((made.home / "models" / "sessions.model").exists)
    wait_until(lambda: not children(night))

    assert "llvmlite" not in Path(f"/proc/{night}/maps").read_text(encoding="utf-8")


@pytest.mark.parametrize("events", [0, 1])
def test_processes_that_learn_begin_once_something_happened_in_the_shop(
    made: Made, events: int
) -> None:
    begun: list[str] = []

    def begin(_: ShopId, name: str) -> int:
        begun.append(name)
        return 0

    ports = made.ports()
    ports.log.append([old(number, DAY) for number in range(events)])
    background = Background(
        [(made.created.shop.id, made.home)],
        open_ports=lambda _: ports,
        settings=SETTINGS,
        clock=lambda: DAY,
        apart=begin,
    )
    (post,) = background._posts
    background._attend(post, threading.Event())
    post.leave()

    assert begun == ["learn", "alerts"] * events


def test_a_model_that_cannot_be_learned_is_told_by_the_process_that_failed(made: Made) -> None:
    order = {"task": "job", "directory": str(made.directory), "stores": {}, "settings": {}}
    told = msgspec.json.encode(order | {"shop": "elsewhere", "job": "learn"})

    said = answer_of(program("learn elsewhere"), told, ended=threading.Event())

    assert "elsewhere" in msgspec.json.decode(said)["says"]


def test_what_a_process_is_asked_ends_when_the_night_does() -> None:
    ended = threading.Event()
    threading.Timer(0.3, ended.set).start()
    began = time.monotonic()

    said = answer_of(["-c", "import time; time.sleep(60)"], b"", ended=ended)

    assert said == b""
    assert time.monotonic() - began < 50


def test_events_older_than_the_journal_keeps_are_read_from_the_archive(made: Made) -> None:
    ports = made.ports()
    now = 100 * DAY
    ports.log.append([old(number, now - age * DAY) for number, age in enumerate((50, 40, 20, 0))])

    before_sealing = prune(night_of(ports, now), days=30)
    seal(night_of(ports, now))
    dropped = prune(night_of(ports, now), days=30)
    again = prune(night_of(ports, now), days=30)

    assert (before_sealing, dropped, again) == (0, 2, 0)
    assert [logged.id for _, logged in ports.log.read(0)] == ["e-0", "e-1", "e-2", "e-3"]
    ports.close()


def old(number: int, received: int) -> Arrival:
    digest = number.to_bytes(16, "big")
    happened = Event(
        id=EventId(f"e-{number}"),
        name="refund",
        time=received,
        received=received,
        trust="confirmed",
        source="test",
    )
    return Arrival(happened, identity=digest, digest=digest, key="sk_test")
