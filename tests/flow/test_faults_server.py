"""Faults met by a real server on real files: a disk that takes no more, files that go and come back, too many events."""

from __future__ import annotations

import json
import resource
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from commands import etalage
from test_server_process import Made, Server, event, wait_until

from etalage.flow.health import Red
from etalage.store.files.signs import FileSigns

pytestmark = pytest.mark.slow

QUESTION = {"anonymousId": "karel", "slots": ["overlay"], "page": {"type": "home"}}
CONSENT = {"device": True, "measure": True, "personalise": True}
HELD_UP = 10.0  # s: who waits for a store would wait longer


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    made = Made(tmp_path / "data")
    yield made
    for server in made.servers:
        server.process.kill()
        server.process.wait()


def decide(server: Server) -> tuple[dict[str, Any], float]:
    began = time.perf_counter()
    reply = httpx.post(
        f"http://127.0.0.1:{server.port}/v1/decide",
        json=QUESTION | {"consent": CONSENT},
        auth=(server.made.created.server_key, ""),
        timeout=10,
    )
    assert reply.status_code == 200, reply.text
    return reply.json(), time.perf_counter() - began


def batch(server: Server, first: int, count: int) -> httpx.Response:
    """Send events that take some room."""
    events = [
        event(first + number)
        | {"type": "track", "properties": {"item_id": "S-1", "label": "x" * 200}}
        for number in range(count)
    ]
    return httpx.post(
        f"http://127.0.0.1:{server.port}/v1/batch",
        json={"batch": events},
        auth=(server.made.created.server_key, ""),
        timeout=30,
    )


def red(server: Server) -> list[str]:
    return [name.partition("/")[2] for name in server.get("/readyz").json()["red"]]


def test_a_disk_that_takes_no_more_refuses_events_whole_and_goes_on_by_itself(made: Made) -> None:
    """The system refuses to let any file of the server grow (RLIMIT_FSIZE): as full as a disk can be."""
    server = made.serve()
    acknowledged = 0
    assert batch(server, 0, 50).status_code == 200
    acknowledged += 50
    size = (made.home / "journal" / "data.mdb").stat().st_size
    soft, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size + 65_536, hard))

    refused: list[int] = []
    number = 50
    while len(refused) < 5:
        reply = batch(server, number, 50)
        assert reply.status_code in {200, 503}, reply.text
        if reply.status_code == 200:
            acknowledged += 50
            number += 50
        else:
            assert int(reply.headers["retry-after"]) > 0
            refused.append(number)
        assert number < 20_000, "the disk was never full"
    says: set[str] = set()
    asked = 0
    while not says:  # a small write may find room, and then it is green until the next large one
        answer, seconds = decide(server)
        says = {"log", "profiles_write"}.intersection(answer["degraded"])
        asked += 1
        assert asked < 500, "it never said so"
        reply = batch(server, number, 50)
        if reply.status_code == 200:
            acknowledged += 50
            number += 50
        assert number < 20_000, "the disk was never full"

    assert seconds < HELD_UP
    with server.log.open(encoding="utf-8") as lines:
        events = [json.loads(line) for line in lines if line.startswith("{")]
    assert any(line["event"] == "not well" or line.get("part") == "log" for line in events)

    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (soft, hard))
    wait_until(lambda: not red(server) and decide(server)[0]["degraded"] == [])
    assert batch(server, number, 50).status_code == 200  # what was refused, sent again
    acknowledged += 50
    assert decide(server)[0]["degraded"] == []
    assert server.stop()[0] == 0

    ports = made.ports()
    kept = [one.id for _, one in ports.log.read(0) if one.name == "view_item"]
    assert len(kept) == len(set(kept)) == acknowledged
    assert ports.log.verify() == []  # type: ignore[attr-defined]
    assert ports.profiles.position() == ports.log.head()
    ports.close()


def test_profiles_that_are_lost_are_made_again_from_the_log_without_restart(made: Made) -> None:
    server = made.serve()
    for number in range(20):
        assert server.track(number).status_code == 200
    known = server.get("/v1/profiles/karel", with_key=True).json()

    shutil.rmtree(made.home / "profiles")

    def is_back() -> bool:
        answer, seconds = decide(server)
        assert seconds < HELD_UP
        return answer["degraded"] == [] and not red(server) and knows() is not None

    def knows() -> object:
        found = server.get("/v1/profiles/karel", with_key=True)
        return found.json() if found.status_code == 200 else None

    wait_until(is_back)
    assert server.track(20).status_code == 200
    again = server.get("/v1/profiles/karel", with_key=True).json()
    assert {"first_seen": known.get("first_seen")} == {"first_seen": again.get("first_seen")}
    assert server.process.poll() is None
    assert server.stop()[0] == 0
    ports = made.ports()
    assert ports.profiles.position() == ports.log.head()
    ports.close()


def test_the_doctor_tells_what_a_server_found_red(made: Made) -> None:
    FileSigns(made.home / "red").put(Red("records", 1_700_000_000_000_000, "gone"))

    done = etalage("doctor", "--data", made.directory, "--json")
    read = etalage("doctor", "--data", made.directory, "--lang", "en")

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["red"] == {"records": {"since": "2023-11-14T22:13:20.000000Z", "says": "gone"}}
    assert said["components"]["warehouse"] == {"events": 0}
    assert "records is red since 2023-11-14" in read.stdout
