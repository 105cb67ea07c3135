"""`bench ingest`: batches of 100 events through `etalage serve`, each acknowledged when it is on disk and folded.

Measured: events a second and the time to the acknowledgement, with a few connections that each wait for theirs. The
          shop knows 20,000 visitors (half of them from at most 5 events), who take turns, five events each time.
Floor 1:  the same bodies to an application that decodes them and answers `{}`, under the same server.
Floor 2:  `log.append` of the same batches in this process: what LMDB and the disk take, without reading a body,
          without steps and without folds.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

from etalage.app import open_ports
from etalage.bench.crowd import fill
from etalage.bench.load import Load, Request, as_fast_as_answered
from etalage.bench.process import Served, floor_server, shop_server
from etalage.bench.rows import Row, latency_rows, row
from etalage.bench.traffic import PER_VISITOR, batch_bodies, numbered, request, usual
from etalage.bench.world import REFERENCE, Shape, World, make_world
from etalage.collect.call import items_of
from etalage.collect.intake import Received
from etalage.collect.parse import parse_batch
from etalage.config import load
from etalage.domain.ids import visitor_key
from etalage.flow.configuration import configure
from etalage.flow.ingest import door_of, sender_of, take_in

BATCH = 100  # events
KNOWN = 20_000  # visitors
CONNECTIONS = 4  # that each wait for theirs
WARM_UP_SECONDS = 1.0
OWN_NUMBERS = 50_000_000  # of the batches that are appended here; those that are sent count from 1


def bench_ingest(
    directory: Path,
    *,
    seconds: float,
    workers: int = 1,
    shape: Shape = REFERENCE,
    known: int = KNOWN,
    warm: float = WARM_UP_SECONDS,
) -> list[Row]:
    """Measure intake for `seconds`, and each floor for half as long.

    Args:
        directory: of the shop; empty.
        seconds: how long.
        workers: processes that answer.
        shape: of the shop.
        known: visitors it knows, those with a past among them.
        warm: seconds of calls that are not counted.
    """
    now = time.time_ns() // 1000
    world = make_world(directory, now=now, shape=shape, often=usual)
    rng = random.Random(4)  # noqa: S311  drawn again the same, not secret
    crowd = _crowd(world, known)
    count = len(crowd) * PER_VISITOR // BATCH  # different ones; each is sent again with new ids
    bodies = batch_bodies(crowd, world.products, rng, count=count, size=BATCH, now=now)
    sent = 0

    def fresh(_: int) -> bytes:
        nonlocal sent
        sent += 1
        body = numbered(bodies[sent % count], sent)
        return request("/v1/batch", body, world.server_key)

    with (
        shop_server(directory, workers=workers) as ours,
        floor_server(directory, workers=workers) as floor,
    ):
        first = _closed(ours, fresh, warm)
        _closed(floor, fresh, warm)
        measured = _closed(ours, fresh, seconds)
        empty = _closed(floor, fresh, seconds / 2)
    alone = _append_alone(
        world, bodies, seconds / 2
    )  # last: what it leaves would be folded meanwhile
    loads = (first, measured)
    return [
        row("taken in", measured.per_second * BATCH, "events/s", floor=empty.per_second * BATCH),
        row("taken in, against append alone", measured.per_second * BATCH, "events/s", floor=alone),
        *latency_rows("acknowledged", measured.seconds, unit="ms", floor=empty.seconds),
        row("time on a core, an event", *_each(measured), floor=_each(empty)[0]),
        row("body", len(bodies[0]), "bytes"),
        row("answered otherwise than with 200", sum(one.refused for one in loads), "answers"),
        row("not answered in time", sum(one.lost for one in loads), "calls"),
    ]


def _crowd(world: World, known: int) -> list[str]:
    """Let the shop know so many people; give their ids."""
    people = [*world.people, *(f"w-{number}" for number in range(known - len(world.people)))]
    _, ports = open_ports(world.directory, world.shop, settings=load(world.directory))
    try:
        visitors = [visitor_key(ports.keys.pepper, "visitor", person) for person in people]
        fill(ports.profiles, visitors[: len(world.people)], visitors)
    finally:
        ports.close()
    return people


def _closed(served: Served, fresh: Request, seconds: float) -> Load:
    return as_fast_as_answered(served, fresh, connections=CONNECTIONS, seconds=seconds)


def _each(load: Load) -> tuple[float, str]:
    """Give what an event takes of the processes that take it in."""
    return load.cpu_each / BATCH * 1e6, "us"


def _append_alone(world: World, bodies: list[bytes], seconds: float) -> float:
    """Append prepared batches to the log itself; events a second."""
    _, ports = open_ports(world.directory, world.shop, settings=load(world.directory))
    try:
        live = configure(ports)
        (key,) = [key for key in live.keys.values() if key.kind == "server"]
        door = door_of(
            sender_of(key), Received(time.time_ns() // 1000), live, ports, visitor_id=None
        )
        number, appended, took = OWN_NUMBERS, 0, 0.0
        while took < seconds:
            number += 1
            text = numbered(bodies[number % len(bodies)], number)
            arrivals = take_in(items_of(parse_batch(text)), door, ports).arrivals
            began = time.perf_counter()
            ports.log.append(arrivals)
            took += time.perf_counter() - began
            appended += len(arrivals)
        return appended / took
    finally:
        ports.close()
