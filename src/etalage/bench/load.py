"""The load generator: prepared requests over kept-alive connections, at a fixed rate or as fast as answers come.

In:   a server, and requests as bytes.
Out:  `Load`: the time of every answer, how many were no 200, how long it all took.
Idea: at a fixed rate a request is due at its own moment, whether or not earlier ones were answered, and its time
      counts from that moment (open loop): a server that stalls is not spared the calls that would have come.
      It shares the cores with the server, so it must be cheap: no HTTP library, no copies.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

import uvloop

from etalage.bench.process import Served
from etalage.errors import NotFound

Request = Callable[[int], bytes]  # the request of a number

_LENGTH = b"content-length: "
_END = b"\r\n\r\n"
_OK = b"HTTP/1.1 200"
CONNECTIONS_OPEN_LOOP = 64  # more than ever wait at a rate that the server holds
PATIENCE_SECONDS = 5.0  # for the last answers


class Load:
    """What became of the requests."""

    def __init__(self) -> None:
        self.seconds: list[float] = []  # per answer, from when it was due
        self.refused = 0  # answers other than 200
        self.lost = 0  # not answered in time
        self.took = 0.0  # seconds from the first to the last answer
        self.cpu = 0.0  # seconds on a core, of the processes that answered

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return len(self.seconds) / self.took if self.took else 0.0

    @property
    def cpu_each(self) -> float:
        """Seconds on a core for each answer."""
        return self.cpu / len(self.seconds)


class _Connection(asyncio.Protocol):
    """One kept-alive connection; at most one request at a time."""

    def __init__(self, answered: Callable[[_Connection, bool], None]) -> None:
        self._answered = answered
        self._held = b""
        self.due = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's has no such base class

    def ask(self, request: bytes, due: float) -> None:
        self.due = due
        if self.transport is not None:
            self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        held = self._held + data if self._held else data
        end = held.find(_END)
        at = held.lower().find(_LENGTH, 0, end) if end >= 0 else -1
        if at < 0:
            self._held = held
            return
        length = int(held[at + len(_LENGTH) : held.index(b"\r", at)])
        if len(held) < end + len(_END) + length:
            self._held = held
            return
        self._held = b""
        self._answered(self, held.startswith(_OK))


def as_fast_as_answered(
    served: Served, request: Request, *, connections: int, seconds: float
) -> Load:
    """Ask again on each connection as soon as it was answered (closed loop)."""
    before = served.cpu_seconds()
    load = uvloop.run(_closed(served.address, request, connections, seconds))
    load.cpu = served.cpu_seconds() - before
    return load


def at_rate(served: Served, request: Request, *, per_second: int, seconds: float) -> Load:
    """Ask at fixed moments, `per_second` of them (open loop)."""
    return uvloop.run(_open(served.address, request, per_second, seconds))


async def _closed(address: str, request: Request, connections: int, seconds: float) -> Load:
    load = Load()
    asked = 0
    began = time.perf_counter()
    until = began + seconds
    busy = connections
    done = asyncio.Event()

    def ask(connection: _Connection, now: float) -> None:
        nonlocal asked
        connection.ask(request(asked), now)
        asked += 1

    def answered(connection: _Connection, is_ok: bool) -> None:
        nonlocal busy
        now = time.perf_counter()
        load.seconds.append(now - connection.due)
        load.refused += not is_ok
        if now < until:
            ask(connection, now)
        else:
            busy -= 1
            load.took = now - began
            if not busy:
                done.set()

    pool = await _connect(address, answered, connections)
    began = time.perf_counter()
    until = began + seconds
    for connection in pool:
        ask(connection, time.perf_counter())
    await _finish(done, load, pool, seconds)
    load.lost = busy
    return load


async def _open(address: str, request: Request, per_second: int, seconds: float) -> Load:
    load = Load()
    total = max(1, int(per_second * seconds))
    waiting: deque[tuple[int, float]] = deque()  # due, and no connection was free
    done = asyncio.Event()

    def answered(connection: _Connection, is_ok: bool) -> None:
        now = time.perf_counter()
        load.seconds.append(now - connection.due)
        load.refused += not is_ok
        load.took = now - began
        if waiting:
            number, due = waiting.popleft()
            connection.ask(request(number), due)
        else:
            free.append(connection)
        if len(load.seconds) == total:
            done.set()

    def arrive(number: int, due: float) -> None:
        if free:
            free.pop().ask(request(number), due)
        else:
            waiting.append((number, due))

    pool = await _connect(address, answered, CONNECTIONS_OPEN_LOOP)
    free = list(pool)
    loop = asyncio.get_running_loop()
    began = time.perf_counter()

    def pace() -> None:
        # A thread that sleeps wakes within 0.1 ms; timers of an event loop count in whole milliseconds.
        for number in range(total):
            due = began + number / per_second
            if (early := due - time.perf_counter()) > 0:
                time.sleep(early)
            loop.call_soon_threadsafe(arrive, number, due)

    pacing = threading.Thread(target=pace, daemon=True)
    pacing.start()
    await _finish(done, load, pool, seconds)
    load.lost = total - len(load.seconds)
    pacing.join()
    return load


async def _connect(
    address: str, answered: Callable[[_Connection, bool], None], count: int
) -> list[_Connection]:
    loop = asyncio.get_running_loop()
    where = urlsplit(address)
    host, port = where.hostname or "", where.port or 80
    return [
        (await loop.create_connection(lambda: _Connection(answered), host, port))[1]
        for _ in range(count)
    ]


async def _finish(done: asyncio.Event, load: Load, pool: list[_Connection], seconds: float) -> None:
    try:
        await asyncio.wait_for(done.wait(), seconds + PATIENCE_SECONDS)
    except TimeoutError:
        load.took = load.took or seconds + PATIENCE_SECONDS
    for connection in pool:
        if connection.transport is not None:
            connection.transport.abort()
    if not load.seconds:
        raise NotFound("the server that is measured answers nothing")
