"""A server whose processes are replaced while it answers: new code and settings, no call refused, nothing lost."""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_server_process import Made, Server, children, event, is_alive, wait_until

from etalage.api.children import Child
from etalage.api.succession import KEPT, Succession, take_over

SETTINGS_FILE = "etalage.toml"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    made = Made(tmp_path / "data")
    yield made
    for server in made.servers:
        server.process.kill()
        server.process.wait()


class Caller:
    """Somebody who asks and sends all the time, and never a second time."""

    def __init__(self, server: Server, name: str, *, keeps: bool, pause: float) -> None:
        self.name, self.sent, self.failed = name, 0, list[str]()
        self._server, self._keeps, self._pause = server, keeps, pause
        key = base64.b64encode(f"{server.made.created.server_key}:".encode()).decode()
        self._headers = {"Authorization": f"Basic {key}", "Content-Type": "application/json"}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        connection = self._connection()
        while not self._ended.wait(self._pause):
            number = f"{self.name}-{self.sent}"
            told = event(0) | {"type": "track", "messageId": number}
            told["properties"] = {"item_id": number}
            asked = {"anonymousId": "karel", "slots": ["overlay"], "page": {"type": "home"}}
            for path, said in (("/v1/batch", {"batch": [told]}), ("/v1/decide", asked)):
                if not self._keeps:
                    connection.close()
                    connection = self._connection()
                self._call(connection, path, json.dumps(said))
            self.sent += 1
        connection.close()

    def _call(self, connection: http.client.HTTPConnection, path: str, body: str) -> None:
        try:
            connection.request("POST", path, body, self._headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self.failed.append(f"{path}: {error!r}")
            connection.close()
            return
        if answer.status != 200:
            self.failed.append(f"{path}: {answer.status} {text}")

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=30)


def logged(server: Server, what: str) -> int:
    lines = server.log.read_text(encoding="utf-8").splitlines()
    return sum(json.loads(line)["event"] == what for line in lines)


def replace(server: Server) -> None:
    """Ask for new processes, and wait until all old ones have left."""
    before = logged(server, "replaced")
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: logged(server, "replaced") > before)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_no_call_fails_and_no_event_is_lost_while_a_server_is_replaced_twice(
    made: Made, workers: int
) -> None:
    server = made.serve(workers=workers)
    wait_until(lambda: len(children(server.process.pid)) == workers)
    first = children(server.process.pid)
    callers = [
        Caller(server, "keeps-1", keeps=True, pause=0.02),
        Caller(server, "keeps-2", keeps=True, pause=0.1),
        Caller(server, "silent", keeps=True, pause=1.0),
        Caller(server, "fresh-1", keeps=False, pause=0.02),
        Caller(server, "fresh-2", keeps=False, pause=0.1),
    ]
    wait_until(lambda: all(caller.sent for caller in callers))

    replace(server)
    second = children(server.process.pid)
    replace(server)
    third = children(server.process.pid)
    sent = {caller: caller.sent for caller in callers}
    wait_until(lambda: all(caller.sent > sent[caller] + 1 for caller in callers))
    for caller in callers:
        caller.end()
    code, _ = server.stop()

    assert [caller.failed[0] for caller in callers if caller.failed] == []
    assert all(caller.sent > 2 for caller in callers)
    assert code == 0, server.log.read_text()
    assert not {*first} & {*second}
    assert not {*second} & {*third}
    assert not any(is_alive(pid) for pid in first + second + third)
    assert logged(server, "ready") == 3
    ports = made.ports()
    kept = Counter(one.lines[0].product for _, one in ports.log.read(0) if one.name == "view_item")
    ports.close()
    sent = [f"{caller.name}-{number}" for caller in callers for number in range(caller.sent)]
    assert kept == Counter(sent)


@pytest.mark.slow
def test_a_replaced_server_lives_by_the_settings_as_they_are_then(made: Made) -> None:
    server = made.serve()
    (made.directory / SETTINGS_FILE).write_text("queued_events = 100\nbody_bytes = 1000\n")
    large = event(1) | {"properties": {"item_id": "S-1", "name": "x" * 1_000}}

    before = post(server, large)
    replace(server)
    after = post(server, large)

    assert (before, after) == (200, 413)
    assert server.stop()[0] == 0


@pytest.mark.slow
def test_a_server_whose_settings_are_wrong_is_not_replaced_and_goes_on(made: Made) -> None:
    server = made.serve()
    (made.directory / SETTINGS_FILE).write_text("no_such_setting = 1\n")

    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "not replaced" in server.log.read_text(encoding="utf-8"))

    assert server.track(1).status_code == 200
    assert server.stop()[0] == 0


@pytest.mark.slow
@pytest.mark.parametrize("when", ["being replaced", "leaving"])
def test_a_server_that_is_asked_to_end_while_it_is_replaced_ends_with_all_its_processes(
    made: Made, when: str
) -> None:
    server = made.serve(workers=2)
    wait_until(lambda: len(children(server.process.pid)) == 2)
    pid = server.process.pid

    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: logged(server, when) > 0 and len(children(pid)) == 3)  # and the helper
    seen = children(pid)
    code, took = server.stop()

    assert code == 0, server.log.read_text()
    assert took < 10
    wait_until(lambda: not any(is_alive(one) for one in seen))


def post(server: Server, said: dict[str, object]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    key = base64.b64encode(f"{server.made.created.server_key}:".encode()).decode()
    connection.request("POST", "/v1/track", json.dumps(said), {"Authorization": f"Basic {key}"})
    status = connection.getresponse().status
    connection.close()
    return status


def test_nothing_is_replaced_by_a_program_that_does_not_get_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[int] = []
    monkeypatch.setattr(os, "kill", lambda _pid, number: told.append(number))
    succession, taken = Succession(), list[Child]()

    for _ in range(2):  # and it may be asked again
        succession.begin(Child("worker 1", ["-c", "raise SystemExit(1)"], b"{}"), taken)
        wait_until(lambda: not any(one.name == "succession" for one in threading.enumerate()))

    assert taken == []
    assert signal.SIGUSR1 not in told


def test_what_was_left_to_another_process_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEPT, json.dumps({"pid": os.getpid() + 1, "door": 0, "elders": []}))

    assert take_over() is None
    assert KEPT not in os.environ
