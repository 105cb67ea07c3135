"""The server process: two applications behind one door, and a shutdown that loses nothing.

In:   the hot callable, the quiet application, a listening socket.
Out:  answers, until SIGTERM or SIGINT; then unready, no new connections, what was accepted is finished.
Idea: whatever goes wrong inside, the caller gets JSON with an id and the log has the place; nobody gets a trace.

    SIGTERM ──> /readyz says 503 ──> (half a second for whoever sends us traffic to notice)
            ──> listening ends, calls under way are finished (at most 6 s) ──> the caller closes the shops ──> exit 0
    SIGUSR1 ──> listening ends, each connection is told `close` with its next answer ──> the rest as above

After SIGUSR1 nobody is refused: others listen on the same socket. A connection that is silent for as long as any may be
is closed then, as always; one that is used is closed with an answer, never under a call that is on its way.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping

import msgspec
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from etalage.api import metrics
from etalage.api.described import HOT_METHODS, HOT_PATHS
from etalage.api.logs import log
from etalage.api.quiet import Doors
from etalage.api.rooms import Rooms
from etalage.api.turnstile import Turnstile
from etalage.api.wire import JSON, Message, Receive, Scope, Send, answer, error_body
from etalage.errors import Conflict, Internal, NotAllowed
from etalage.flow.open_shop import OpenShop

Application = Callable[[Scope, Receive, Send], Awaitable[None]]

TICK_SECONDS = 1.0  # between two looks at what people decided (design 3)
NOTICE_SECONDS = 0.5  # unready and still answering, so that a load balancer can look elsewhere
FINISH_SECONDS = 6  # for calls under way; the whole shutdown has 10 (safety 5)
KEEP_ALIVE_SECONDS = 30
LEAVE_SECONDS = KEEP_ALIVE_SECONDS + 5  # by then each connection was used, or silent for too long
TURN_SECONDS = 0.1  # for a connection that was just accepted
GC_THRESHOLDS = (20_000, 20, 50)
SWITCH_SECONDS = 0.0005
BACKLOG = 2_048  # connections that wait to be accepted
CLOSE = (b"connection", b"close")


class Front:
    """The one ASGI application: hot paths to the hot callable, all else to the quiet one, failures to nobody."""

    def __init__(
        self,
        hot: Application,
        quiet: Application,
        *,
        doors: Doors | None = None,
        tick: Callable[[], None] | None = None,
        beside: Mapping[str, Application] | None = None,
    ) -> None:
        """Put them together.

        Args:
            hot: answers POST and OPTIONS of the hot paths.
            quiet: answers everything else.
            doors: say whether this process is leaving.
            tick: called every second in a thread of its own while the server runs.
            beside: applications of others by the path they stand under, such as the demo's shop.
        """
        self._beside = dict(beside or {})
        self._hot = hot
        self._quiet = quiet
        self._doors = doors or Doors()
        self._tick = tick

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call, or the start and end of the server."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            if self._doors.is_leaving and message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), CLOSE]}
            await send(message)

        try:
            await self._dispatch(scope, receive, sending)
        except Exception as error:  # noqa: BLE001  the outermost loop: counted, logged, answered
            told = _told(error)
            if not started:
                await answer(send, Internal.status, told)

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].rstrip("/") not in HOT_PATHS:
            first = "/" + scope["path"].split("/", 2)[1] if scope["path"] else ""
            await self._beside.get(first, self._quiet)(scope, receive, send)
        elif scope["method"] in HOT_METHODS:
            await self._hot(scope, receive, send)
        else:
            allowed = (b"allow", ", ".join(HOT_METHODS).encode())
            refused = NotAllowed(f"use {' or '.join(HOT_METHODS)} here")
            await answer(send, refused.status, error_body(refused), (JSON, allowed))

    async def _live(self, receive: Receive, send: Send) -> None:
        """Tick between the start and the end of the server."""
        await receive()
        ticking = asyncio.create_task(self._tick_on())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        ticking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ticking
        await send({"type": "lifespan.shutdown.complete"})

    async def _tick_on(self) -> None:
        while self._tick is not None:
            await asyncio.sleep(TICK_SECONDS)
            await asyncio.to_thread(self._tick)


def _told(error: Exception) -> bytes:
    """Log a failure under an id, and give the answer that carries the id and nothing else."""
    number = secrets.token_hex(8)
    log.error("unexpected failure", id=number, exc_info=error)
    metrics.count_error(Internal.code)
    said: Mapping[str, Mapping[str, str]] = msgspec.json.decode(
        error_body(Internal("something went wrong on our side; the id finds it in our log"))
    )
    return msgspec.json.encode({"error": {**said["error"], "id": number}})


def look_again(rooms: Rooms, now: int) -> None:
    """Take over what people decided and what was counted since the last look; a failure keeps what is there."""
    for shop in rooms.shops.values():
        try:
            shop.refresh(now)
        except Exception:  # noqa: BLE001  counted and logged; the shop serves on with what it has
            _count_failure(shop)


def _count_failure(shop: OpenShop) -> None:
    failed = shop.failures["configuration"] = shop.failures.get("configuration", 0) + 1
    if failed & (failed - 1) == 0:  # the first, second, fourth ...: a lasting failure is no flood
        log.exception("configuration", shop=shop.configuration.shop.id, attempt=failed)


def listen(host: str, port: int) -> socket.socket:
    """Open the door; port 0 takes a free one.

    Raises:
        Conflict: somebody else has that port, or the address is none of ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
    except OSError as error:
        door.close()
        raise Conflict(
            f"cannot listen on {host} port {port}: {error.strerror}", field="port"
        ) from error
    return door


def address_of(door: socket.socket) -> str:
    """Give the address at which a door is found."""
    host, port = door.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def run(
    front: Application,
    door: socket.socket,
    doors: Doors,
    *,
    once_listening: Callable[[], None] | None = None,
    replaced: Callable[[], None] | None = None,
    is_shared: bool = False,
) -> None:
    """Answer calls until SIGTERM or SIGINT, in this process; returns when all that was accepted is finished.

    Args:
        front: the application.
        door: where to listen; it is closed.
        doors: closed by those signals; left by SIGUSR1.
        once_listening: called then.
        replaced: called by SIGHUP; without it that ends the process.
        is_shared: other processes listen at the same door.
    """
    config = uvicorn.Config(
        front,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=FINISH_SECONDS,
    )
    settle()
    try:
        _Uvicorn(config, doors, once_listening, replaced, is_shared=is_shared).run(sockets=[door])
    finally:
        if threading.current_thread() is threading.main_thread():
            # We are closing already; but who would go on under another program is to end now.
            is_last = not (doors.is_leaving and doors.is_open)
            last = signal.SIG_IGN if is_last else lambda *_: doors.close()
            signal.signal(signal.SIGTERM, last)
        gc.unfreeze()  # so that libraries find nothing of theirs left over at the end


def settle() -> None:
    """Let the collector of reference cycles leave alone what is loaded now, and look less often at the rest.

    Calls make thousands of objects and hardly a cycle: looking after every 700 finds nothing (design 13). And let
    threads take turns more often: an answer need not wait five milliseconds while the committer computes.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    sys.setswitchinterval(SWITCH_SECONDS)


class _Uvicorn(uvicorn.Server):
    """Uvicorn, but a signal first makes us unready, and the process ends with 0."""

    def __init__(
        self,
        config: uvicorn.Config,
        doors: Doors,
        once_listening: Callable[[], None] | None,
        replaced: Callable[[], None] | None,
        *,
        is_shared: bool,
    ) -> None:
        super().__init__(config)
        self._is_shared = is_shared
        self._doors = doors
        self._once_listening = once_listening
        self._replaced = replaced
        self._leaving: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        if self._is_shared and sockets:
            await self._share(sockets)
        else:
            await super().startup(sockets)
        if self._once_listening is not None:
            self._once_listening()

    async def _share(self, sockets: list[socket.socket]) -> None:
        """Do what uvicorn does, but let connections spread over the processes."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(STARTUP_FAILURE)
        loop, config = asyncio.get_running_loop(), self.config

        def protocol() -> asyncio.Protocol:
            return HttpToolsProtocol(
                config=config, server_state=self.server_state, app_state=self.lifespan.state
            )

        self.servers = [Turnstile(loop, door, protocol, config.backlog) for door in sockets]  # type: ignore[misc]  # it is closed, no more
        self.started = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals for as long as the server runs, and do not raise them again afterwards."""
        if threading.current_thread() is threading.main_thread():
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._end, loop)
            loop.add_signal_handler(signal.SIGUSR1, self._leave)
            if self._replaced is not None:
                loop.add_signal_handler(signal.SIGHUP, self._replaced)
        yield

    def _leave(self) -> None:
        if not self._doors.is_leaving and self._doors.is_open:
            log.info("leaving")
            self._doors.is_leaving = True
            for listening in self.servers:
                listening.close()
            self._leaving = asyncio.create_task(self._leave_once_quiet())

    async def _leave_once_quiet(self) -> None:
        until = time.monotonic() + LEAVE_SECONDS
        await asyncio.sleep(TURN_SECONDS)
        while self.server_state.connections and time.monotonic() < until:  # noqa: ASYNC110  uvicorn tells nobody
            await asyncio.sleep(TURN_SECONDS)
        self.should_exit = True

    def _end(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._doors.is_open:  # asked twice: no more waiting for others to notice
            self.should_exit = True
            return
        log.info("closing")
        self._doors.close()
        loop.call_later(NOTICE_SECONDS, self._exit)

    def _exit(self) -> None:
        self.should_exit = True
