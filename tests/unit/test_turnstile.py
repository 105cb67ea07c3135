"""Processes that share a door: connections spread over them, and a door that one leaves stays open."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import cast

import uvloop

from etalage.api.turnstile import Turnstile

CALLERS = 48


class Says(asyncio.Protocol):
    """Tells each caller a name."""

    def __init__(self, name: bytes, speaking: set[Says]) -> None:
        self._name, self._speaking = name, speaking

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._speaking.add(self)
        cast("asyncio.Transport", transport).write(self._name)  # uvloop's is none by name

    def connection_lost(self, _: Exception | None) -> None:
        self._speaking.discard(self)


@contextmanager
def answering(door: socket.socket, name: bytes) -> Iterator[tuple[uvloop.Loop, Turnstile]]:
    """Answer at a door, in a loop of its own as each process has one."""
    loop = uvloop.new_event_loop()
    ready = threading.Event()
    held: list[Turnstile] = []
    speaking: set[Says] = set()

    def run() -> None:
        held.append(Turnstile(loop, door, lambda: Says(name, speaking), backlog=128))
        loop.call_soon(ready.set)
        loop.run_forever()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(10)
    try:
        yield loop, held[0]
    finally:
        loop.call_soon_threadsafe(held[0].close)
        while speaking:
            time.sleep(0.01)
        loop.call_soon_threadsafe(loop.call_later, 0.1, loop.stop)  # the handles are closed last
        thread.join(10)
        loop.close()


def called(door: socket.socket, times: int) -> list[bytes]:
    """Call that often, and keep every connection open; give who answered."""
    with ExitStack() as open_ones:
        callers = [
            open_ones.enter_context(closing(socket.create_connection(door.getsockname(), 10)))
            for _ in range(times)
        ]
        return [caller.recv(1) for caller in callers]


@contextmanager
def door() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0), backlog=128)) as opened:
        yield opened


def test_connections_that_stay_open_spread_over_the_processes() -> None:
    with door() as shared, answering(shared, b"a"), answering(shared, b"b"):
        answers = [answer for _ in range(3) for answer in called(shared, CALLERS)]

    assert len(answers) == 3 * CALLERS
    assert min(answers.count(b"a"), answers.count(b"b")) >= CALLERS // 2


def test_one_process_alone_answers_all() -> None:
    with door() as shared, answering(shared, b"a"):
        assert called(shared, CALLERS) == [b"a"] * CALLERS


def test_a_process_that_leaves_takes_nobody_with_it() -> None:
    with door() as shared, answering(shared, b"a") as (loop, first), answering(shared, b"b"):
        loop.call_soon_threadsafe(first.close)
        loop.call_soon_threadsafe(first.close)  # asked twice
        asyncio.run_coroutine_threadsafe(first.wait_closed(), loop).result(10)

        assert called(shared, CALLERS) == [b"b"] * CALLERS
