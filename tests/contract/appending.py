"""Arrivals for the contract tests, and a program that appends them until it is stopped.

`python appending.py DIR SOURCE BATCHES` appends batches of ten to the log in DIR, the later five of each batch
twice, and prints a line with the number of every event of a batch once the log has acknowledged it.
"""

from __future__ import annotations

import sys
from hashlib import blake2b
from pathlib import Path

from etalage.domain.arrival import Arrival
from etalage.domain.event import Event, Line
from etalage.domain.ids import EventId, VisitorKey
from etalage.domain.time import ShopZone
from etalage.store.lmdb.journal import LmdbEventLog

AMSTERDAM = ShopZone("Europe/Amsterdam")
MONDAY = 1_790_000_000_000_000  # 2026-09-21 16:13:20 in Amsterdam
MONDAY_DAY = 20717


def digest(*parts: object) -> bytes:
    return blake2b(repr(parts).encode(), digest_size=16).digest()


def viewed(
    number: int, *, source: str = "karel", product: str = "tent-2p", at: int = MONDAY
) -> Arrival:
    event = Event(
        id=EventId(f"{source}-{number}"),
        name="view_item",
        time=at,
        received=at,
        trust="claimed",
        source="browser",
        visitor=VisitorKey(digest(source).hex()),
        lines=(Line(product, price=7995, category="Kamperen > Tenten"),),
        value=7995,
        currency="EUR",
        properties={"colour": "groen", "seats": 2, "new": True},
        purposes=("device", "measure", "personalise"),
        epoch=at,
    )
    return Arrival(event, digest(source, number), digest(product, at), "wk_ab12")


def main(directory: str, source: str, batches: str) -> None:
    log = LmdbEventLog(Path(directory), map_size=1 << 20, zone=AMSTERDAM)
    for batch in range(int(batches)):
        numbers = range(batch * 10, batch * 10 + 10)
        arrivals = [viewed(number, source=source) for number in numbers]
        log.append(arrivals + arrivals[5:])
        print(*numbers, flush=True)  # noqa: T201  the acknowledgement
    log.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
