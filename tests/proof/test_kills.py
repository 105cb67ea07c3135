"""A server that is killed at any moment under load loses nothing it acknowledged; clients that try again double nothing.

A real server over HTTP, with clients that send each event until it is acknowledged, as ours do. It is killed with
SIGKILL (the night shift with it, which ends when its parent does) and started again on the same files.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from figures import tell, times
from test_server_process import Made, event

from etalage import keeping
from etalage.config import Settings
from etalage.domain.ids import ShopId

KILLS = times(2, 200)
CLIENTS = 3
SETTINGS = Settings(journal_gb=0.05, profiles_gb=0.05)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    made = Made(tmp_path / "data")
    yield made
    for server in made.servers:
        server.process.kill()
        server.process.wait()


class Client(threading.Thread):
    """Sends its own numbers one after the other, each until it is acknowledged."""

    def __init__(self, made: Made, part: int, ended: threading.Event) -> None:
        super().__init__(daemon=True)  # a test that failed must not wait for us
        self.made, self.ended = made, ended
        self.part = part
        self.acknowledged: list[int] = []
        self.tried = 0

    def run(self) -> None:
        number = self.part * 1_000_000
        auth = (self.made.created.server_key, "")
        with httpx.Client(auth=auth, timeout=10) as calls:
            while not self.ended.is_set():
                if self.sent(number, calls):
                    self.acknowledged.append(number)
                    number += 1

    def sent(self, number: int, calls: httpx.Client) -> bool:
        self.tried += 1
        address = f"http://127.0.0.1:{self.made.servers[-1].port}/v1/track"
        with contextlib.suppress(httpx.TransportError):
            return calls.post(address, json=event(number)).status_code == 200
        time.sleep(0.02)  # nobody listens just now
        return False


@pytest.mark.slow
def test_killed_at_any_moment_it_loses_and_doubles_nothing(made: Made) -> None:
    rng = random.Random("kills")
    ended = threading.Event()
    made.serve()
    clients = [Client(made, part, ended) for part in range(1, CLIENTS + 1)]
    for client in clients:
        client.start()

    for _ in range(KILLS):
        time.sleep(rng.random() * 0.8)
        made.servers[-1].process.kill()
        made.servers[-1].process.wait()
        made.serve()
    time.sleep(0.5)
    ended.set()
    for client in clients:
        client.join()
    made.servers[-1].stop()

    acknowledged = [number for client in clients for number in client.acknowledged]
    tried = sum(client.tried for client in clients)
    stored = Counter(viewed_in(made))
    lost = [number for number in acknowledged if f"S-{number}" not in stored]
    doubled = [product for product, count in stored.items() if count > 1]
    damage = keeping.verify(made.directory, ShopId("noord"), settings=SETTINGS).damage
    tell(
        "Killed under load, nothing acknowledged is lost and nothing counts twice",
        "lost 0, doubled 0",
        kills=KILLS,
        tries=tried,
        acknowledged=len(acknowledged),
        lost=len(lost),
        doubled=len(doubled),
    )
    assert (lost, doubled, damage) == ([], [], ())
    assert len(acknowledged) > 10 * KILLS
    assert tried > len(acknowledged)  # calls were cut off: the retries were needed
    assert set(stored) >= {event(number)["properties"]["item_id"] for number in acknowledged}  # type: ignore[index]


def viewed_in(made: Made) -> list[str]:
    ports = made.ports()
    with contextlib.closing(ports):
        return [e.lines[0].product for _, e in ports.log.read(0) if e.name == "view_item"]
