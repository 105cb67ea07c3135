"""`bench serve`: POST /v1/decide through `etalage serve`, the load generator on the same cores.

Measured: the time of an answer at fixed arrival rates (open loop), and how many answers a second at most (closed
          loop). Profiles are read, decisions are logged and folded, as always.
Floor:    the same requests to an application that decodes the body and answers `{}`, under the same server with the
          same settings, in the same run. The closed loops take turns, so that a busy neighbour troubles both.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from etalage.app import open_ports
from etalage.bench.learned import SESSIONS_LEARNED, put_models
from etalage.bench.load import Load, Request, as_fast_as_answered, at_rate
from etalage.bench.process import Served, floor_server, shop_server
from etalage.bench.recommend import ITEMS
from etalage.bench.rows import Row, latency_rows, row
from etalage.bench.traffic import decide_body, request
from etalage.bench.world import REFERENCE, SLOTS, Shape, World, make_world
from etalage.config import load
from etalage.decide.replay import read_record
from etalage.ports import Ports

RATES = (200, 500, 1_000)  # per second; the last is the bar's
CONNECTIONS = 16
TURNS = 2
WARM_UP_SECONDS = 8.0  # models are taken up in the first seconds
DIFFERENT = 2_000  # requests
SAMPLED = 20  # of so many decisions one is read to see what it recommended


class Size(Struct, frozen=True):
    """How much is served and asked; as it stands, what docs/performance.md tells of."""

    seconds: float  # per rate, and as many for the closed loop
    workers: int = 1
    warm: float = WARM_UP_SECONDS
    shape: Shape = REFERENCE
    products: int = ITEMS  # of the shop with `for_you`, as are the sessions it learned from
    sessions: int = SESSIONS_LEARNED


def bench_serve(directory: Path, size: Size) -> list[Row]:
    """Measure decisions through a server; then with `for_you`."""
    now = time.time_ns() // 1000
    plain = make_world(directory / "plain", now=now, shape=size.shape)
    rows = _measured(plain, RATES, size)
    return [*rows, *_with_for_you(directory / "learned", now, size)]


def _with_for_you(directory: Path, now: int, size: Size) -> list[Row]:
    """Measure a shop of more products, whose lists are `for_you`."""
    world = make_world(
        directory, now=now, shape=size.shape, offered=size.products, lists=("for_you",)
    )

    def learn() -> None:
        with _stores(world) as ports:
            ids = [product.id for product in world.products]
            put_models(ports.models, ids, sessions=size.sessions, now=now)

    rows = _measured(world, RATES[-1:], size, learn)
    return [replace(one, name=f"for_you {one.name}") for one in rows]


def _measured(
    world: World, rates: Sequence[int], size: Size, learn: Callable[[], None] = lambda: None
) -> list[Row]:
    """Measure a world; `learn` gives it its models once the server has learned from its own few sessions."""
    head, seconds = _head(world), size.seconds
    nth = _requests(world)
    with (
        shop_server(world.directory, workers=size.workers) as ours,
        floor_server(world.directory, workers=size.workers) as floor,
    ):
        learn()
        asked = [_closed(ours, nth, size.warm)]
        _closed(floor, nth, size.warm)
        rows: list[Row] = []
        for rate in rates:
            load_of_ours = at_rate(ours, nth, per_second=rate, seconds=seconds)
            asked.append(load_of_ours)
            rows += _rows_at(
                rate, load_of_ours, at_rate(floor, nth, per_second=rate, seconds=seconds)
            )
        share = seconds / TURNS
        turns = [(_closed(ours, nth, share), _closed(floor, nth, share)) for _ in range(TURNS)]
    asked += [turn for turn, _ in turns]
    return [*rows, *_rows_of(turns), *_account(world, head, asked)]


def _rows_of(turns: Sequence[tuple[Load, Load]]) -> list[Row]:
    best, least = (
        sum(load.per_second for load in loads) / TURNS for loads in zip(*turns, strict=True)
    )
    cost, least_cost = (
        sum(load.cpu_each for load in loads) / TURNS for loads in zip(*turns, strict=True)
    )
    return [
        row("answers at most", best, "1/s", floor=least),
        row("time on a core, an answer", cost * 1e6, "us", floor=least_cost * 1e6),
    ]


def _account(world: World, head: int, asked: Sequence[Load]) -> list[Row]:
    answers = sum(len(load.seconds) for load in asked)
    logged = _logged(world, head)
    records = [read_record(text) for text in logged[::SAMPLED]]
    lists = [found for record in records for found in record.recommended.values()]
    return [
        row("answered otherwise than with 200", sum(load.refused for load in asked), "answers"),
        row("not answered in time", sum(load.lost for load in asked), "calls"),
        row("decisions in the log", len(logged) / answers, "share"),
        row("lists of products, a decision", len(lists) / max(1, len(records)), "lists"),
        row(
            "lists by the strategy asked for", _share(not one.is_fallback for one in lists), "share"
        ),
    ]


def _share(answers: Iterable[bool]) -> float:
    known = tuple(answers)
    return sum(known) / max(1, len(known))


def _rows_at(rate: int, ours: Load, floor: Load) -> list[Row]:
    times = latency_rows(f"at {rate}/s:", ours.seconds, unit="ms", floor=floor.seconds)
    return [*times, row(f"at {rate}/s: answered", ours.per_second, "1/s", floor=floor.per_second)]


def _closed(served: Served, nth: Request, seconds: float) -> Load:
    return as_fast_as_answered(served, nth, connections=CONNECTIONS, seconds=seconds)


def _requests(world: World) -> Request:
    rng = random.Random(3)  # noqa: S311  drawn again the same, not secret
    prepared = []
    for _ in range(DIFFERENT):
        body = decide_body(rng.choice(world.people), rng.choice(world.products), SLOTS)
        prepared.append(request("/v1/decide", body, world.server_key))
    return lambda number: prepared[number % DIFFERENT]


def _head(world: World) -> int:
    with _stores(world) as ports:
        return ports.log.head()


def _logged(world: World, after: int) -> list[str]:
    """Give the records of decisions that reached the log: the queue for them is finite, and they are not awaited."""
    with _stores(world) as ports:
        events = (event for _, event in ports.log.read(after))
        return [event.record or "" for event in events if event.name == "decision"]


@contextmanager
def _stores(world: World) -> Iterator[Ports]:
    _, ports = open_ports(world.directory, world.shop, settings=load(world.directory))
    try:
        yield ports
    finally:
        ports.close()
