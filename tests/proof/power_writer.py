"""The program whose power is cut: an open shop that takes events in, seals days, remembers, and changes settings.

    python power_writer.py DIR SEED BATCHES

Below DIR/acks stands, a line each, what was acknowledged: `event N`, `sealed`, `setting N`.
"""

from __future__ import annotations

import os
import random
import sys
import threading
from pathlib import Path

from etalage import app
from etalage.config import Settings
from etalage.domain.arrival import Arrival
from etalage.domain.event import Event
from etalage.domain.ids import EventId, ShopId, VisitorKey
from etalage.flow import nightly
from etalage.flow.open_shop import OpenShop

NOORD = ShopId("noord")
SETTINGS = Settings(journal_gb=0.05, profiles_gb=0.05, warehouse_threads=1, commit_window_ms=1)
NOON = 1_779_000_000_000_000  # micros
STEP = 3_600_000_000 * 3  # an event every three hours: days fill up


def number_of(event: Event) -> int:
    """Give the number that an event was made from."""
    return int(event.id.removeprefix("e-"))


def event_of(number: int) -> Event:
    """Make an event; the same number gives the same event."""
    when = NOON + number % 1_000_000 * STEP
    visitor = VisitorKey(f"{number % 7:032x}")
    return Event(
        id=EventId(f"e-{number}"),
        name="view_item",
        time=when,
        received=when,
        trust="confirmed",
        source="server",
        visitor=visitor,
        query="x" * (number % 400),
        purposes=("device", "measure", "personalise"),
        epoch=NOON,
    )


def arrival_of(number: int, personal: bytes | None = None) -> Arrival:
    """Make what intake hands to the log."""
    import msgspec

    event = msgspec.structs.replace(event_of(number), personal=personal)
    identity = number.to_bytes(16, "big")
    return Arrival(event, identity=identity, digest=identity, key="sk_power", raw=b"")


class Writer:
    """Several threads that each send their own numbers, batch after batch."""

    def __init__(self, shop: OpenShop, acks: Path) -> None:
        self._shop = shop
        self._acks = os.open(acks, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def send(self, part: int, batches: int, rng: random.Random) -> None:
        number = part * 1_000_000
        for _ in range(batches):
            numbers = range(number, number + rng.randint(1, 8))
            number = numbers.stop
            arrivals = []
            for one in numbers:
                person = VisitorKey(f"{one % 7:032x}")
                sealed = self._shop.ports.keys.seal(person, b"name") if one % 5 == 0 else None
                arrivals.append(arrival_of(one, sealed))
            entered = self._shop.commits.submit(arrivals).result()
            assert {one.outcome for one in entered} == {"accepted"}
            self.say("".join(f"event {one}\n" for one in numbers))

    def keep(self, rounds: int) -> None:
        """Do what the night shift and people do."""
        ports = self._shop.ports
        for turn in range(rounds):
            how = self._shop.configuration.how
            nightly.seal(nightly.Night(ports, how, NOON, 1))
            self.say("sealed\n")
            ports.models.put("popular", b"%d" % turn * 2_000)
            ports.records.change_shop({"name": f"Noord {turn}"}, actor="ann", now=NOON)
            self.say(f"setting {turn}\n")

    def say(self, text: str) -> None:
        os.write(self._acks, text.encode())


def main() -> None:
    """Write until done."""
    directory, seed, batches = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    shop = app.open_shop(directory, NOORD, settings=SETTINGS, now=NOON)
    writer = Writer(shop, directory / "acks")
    threads = [
        threading.Thread(target=writer.send, args=(part, batches, random.Random(f"{seed} {part}")))
        for part in range(3)
    ]
    threads.append(threading.Thread(target=writer.keep, args=(max(batches // 6, 2),)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shop.close()


if __name__ == "__main__":
    main()
