"""The server of a data directory, put together: this process answers, its children do the rest.

In:   the directory, where its stores are, and the settings.
Out:  answers until SIGTERM; by then everything that was accepted is on disk.

    etalage serve ──> this process      opens the shops, listens, answers
                 ├──> worker 2, 3 ...   the same on the same socket: the system deals out the calls
                 └──> background        the night shift, under the lease of each shop
                      └──> learn        what takes much memory, in a process that ends with it

SIGHUP replaces all of them by what the code and the settings are then, without refusing a call (api/succession.py).
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from etalage import app
from etalage.api import logs, server
from etalage.api.background import Background, do
from etalage.api.children import answer_of, say_ready, told_by_parent
from etalage.api.hot import Hot
from etalage.api.quiet import Doors, Quiet
from etalage.api.rooms import Rooms
from etalage.api.slim import Rest, few_arenas, give_back
from etalage.api.steady import SteadyClock
from etalage.api.succession import hear_again, take_over
from etalage.api.watch import Watch
from etalage.cli.family import Family, Order, program
from etalage.config import Settings
from etalage.domain.ids import ShopId
from etalage.domain.time import Micros
from etalage.errors import Internal
from etalage.flow.health import said_by
from etalage.ports import Ports
from etalage.store.files.signs import FileSigns

JOB_NICENESS = 10  # of a job that takes a core for seconds: answers go first

Beside = Callable[[Rooms], Mapping[str, server.Application]]


class _Done(Struct, frozen=True):
    """What a process that does one job says of it."""

    count: int = 0
    says: str | None = None  # why it failed


def serve(
    directory: Path,
    *,
    host: str,
    port: int,
    workers: int = 1,
    stores: app.Stores | None = None,
    settings: Settings,
    once_ready: Callable[[str], None] | None = None,
    beside: Beside | None = None,
) -> None:
    """Open the doors of all shops in a directory until SIGTERM or SIGINT; then finish what was accepted.

    This process answers; the night shift, and any further workers, are children that end with it.
    SIGHUP starts the program again in its place, while calls are answered; not where something is served beside.

    Args:
        directory: the workspace.
        host: address to listen on.
        port: 0 takes a free one.
        workers: processes that answer.
        stores: URLs of the stores.
        settings: of the installation.
        once_ready: called with the address once calls are answered.
        beside: makes what this process serves beside the product, by path; the demo has its shop so.

    Raises:
        NoShop: there is none.
        Conflict: the port is taken.
    """
    app.the_shop(directory, next(iter(app.shops_in(directory)), None))  # there is one at least
    logs.set_up(settings.log_level)
    _leave_when_asked()
    kept = take_over()
    if kept or not os.isatty(0):  # asked too early; but a terminal that is closed ends us
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    hear_again()
    door = socket.socket(fileno=kept.door) if kept else server.listen(host, port)
    address = server.address_of(door)
    stores = stores or app.Stores()
    order = Order("background", str(directory.resolve()), stores, settings)
    family = Family(order, door, workers, kept)

    def once_listening() -> None:
        family.start()
        logs.log.info("ready", port=door.getsockname()[1], workers=workers)
        if once_ready is not None:
            once_ready(address)

    doors = Doors(family.stop)
    replaced = None if beside else family.replace
    try:
        # A copy of the door is closed with the server; the door itself stays for who takes our place.
        _answer(
            order,
            door.dup(),
            doors,
            once_listening,
            family.tend,
            replaced,
            beside,
            is_shared=workers > 1,
        )
        if doors.is_leaving and doors.is_open:
            family.hand_over(doors)
    finally:
        family.stop()
        family.wait()
    logs.log.info("closed")


def attend() -> None:
    """Be a child process of `serve`: do what the parent says, until it ends or says so."""
    order = msgspec.json.decode(told_by_parent(), type=Order)
    logs.set_up(order.settings.log_level)
    for number in (signal.SIGINT, signal.SIGHUP):  # Ctrl+C reaches us too; the parent says when
        signal.signal(number, signal.SIG_IGN)
    if order.task == "answer":
        _answer(order, socket.socket(fileno=order.door), Doors(), say_ready, is_shared=True)
        return
    if order.task == "job":
        os.nice(JOB_NICENESS)
        sys.stdout.buffer.write(msgspec.json.encode(_do(order)))
        return
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    directory = Path(order.directory)

    def open_one(shop: ShopId) -> Ports:
        return app.open_ports(directory, shop, settings=order.settings, stores=order.stores)[1]

    def apart(shop: ShopId, job: str) -> int:
        told = replace(order, task="job", shop=shop, job=job)
        said = answer_of(program(f"{job} {shop}"), msgspec.json.encode(told), ended=ended)
        if not said and ended.is_set():
            return 0
        done = msgspec.json.decode(said, type=_Done) if said else _Done(says="its process ended")
        if done.says is not None:
            raise Internal(done.says)
        return done.count

    clock = SteadyClock()

    def now() -> Micros:
        clock.look()
        return clock()

    homes = [(shop, directory / "shops" / shop) for shop in app.shops_in(directory)]
    few_arenas()
    Background(
        homes,
        open_ports=open_one,
        settings=order.settings,
        clock=now,
        signs=_signs,
        rest=give_back,
        apart=apart,
    ).run(ended)


def _do(order: Order) -> _Done:
    """Do one job of the night shift; this process ends after it, and its memory with it."""
    directory = Path(order.directory)
    try:
        ports = app.open_ports(directory, order.shop, settings=order.settings, stores=order.stores)[
            1
        ]
        with closing(ports):
            return _Done(do(order.job, ports, order.settings, time.time_ns() // 1_000))
    except Exception as error:  # noqa: BLE001  the outermost loop: logged here, and told to who asked
        logs.log.exception("job failed", part=order.job, shop=order.shop)
        return _Done(says=said_by(error))


def _signs(home: Path) -> FileSigns:
    return FileSigns(home / "red")


def _leave_when_asked() -> None:
    """End at once on SIGTERM while nothing was accepted yet: as process 1 we would not end at all."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def _answer(
    order: Order,
    door: socket.socket,
    doors: Doors,
    once_listening: Callable[[], None],
    tend: Callable[[], None] | None = None,
    replaced: Callable[[], None] | None = None,
    beside: Beside | None = None,
    *,
    is_shared: bool,
) -> None:
    """Open all shops, answer calls until a signal, close them."""
    directory, clock, rest = Path(order.directory), SteadyClock(), Rest()
    few_arenas()
    with ExitStack() as opened:
        shops = {}
        for shop in app.shops_in(directory):
            shops[shop] = app.open_shop(
                directory, shop, settings=order.settings, now=clock(), stores=order.stores
            )
            opened.callback(shops[shop].close)
        rooms = Rooms(shops)
        opened.enter_context(Watch(rooms, clock=clock))

        def tick() -> None:
            server.look_again(rooms, clock())
            rest.look()
            if tend is not None and doors.is_open:
                tend()

        front = server.Front(
            Hot(rooms, clock),
            Quiet(rooms, clock, doors),
            doors=doors,
            tick=tick,
            beside=beside(rooms) if beside else None,
        )
        server.run(
            front,
            door,
            doors,
            once_listening=once_listening,
            replaced=replaced,
            is_shared=is_shared,
        )
