"""The processes of a server beside the one that was asked: kept alive, ended with it, replaced one at a time.

In:   what each is told, and the listening socket.
Out:  the night shift and further workers, running; on SIGHUP all of them anew (api/succession.py).
"""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from etalage import app
from etalage.api import logs, server
from etalage.api.children import Child
from etalage.api.quiet import Doors
from etalage.api.succession import HELPER, Kept, Succession, hand_over, hold_signals
from etalage.config import Settings, load
from etalage.domain.ids import ShopId
from etalage.errors import EtalageError

CHILDREN_SECONDS = 2.5  # for children to end after us; they were told when we were


class Order(Struct, frozen=True):
    """What a child process of the server is told."""

    task: Literal["answer", "background", "job"]
    directory: str
    stores: app.Stores
    settings: Settings
    door: int = -1  # the listening socket, inherited
    shop: ShopId = ShopId("")  # of a job
    job: str = ""  # its name


class Family:
    """The night shift, and all workers but the one that this process is."""

    def __init__(self, order: Order, door: socket.socket, workers: int, kept: Kept | None) -> None:
        """Prepare them.

        Args:
            order: what the night shift is told.
            door: where all of them listen.
            workers: processes that answer, with this one.
            kept: what the program before us left, if it asked for us.
        """
        self._order, self._door, self._has_elders = order, door, kept is not None
        self._night = child("background", order)
        self._further = [
            child(f"worker {number}", self._answering(order.settings))
            for number in range(2, workers + 1)
        ]
        self._taken: list[Child] = []  # helpers
        self._succession = Succession(kept.elders if kept else ())
        self._at_terminal = os.isatty(0)

    def _answering(self, settings: Settings) -> Order:
        return replace(self._order, task="answer", door=self._door.fileno(), settings=settings)

    def _all(self) -> list[Child]:
        return [self._night, *self._further, *self._taken]

    def start(self) -> None:
        """Start them; where others are to be relieved, one by one."""
        self._night.start()
        if self._has_elders:
            self._succession.relieve(self._further, server.LEAVE_SECONDS + server.FINISH_SECONDS)
            return
        for worker in self._further:
            worker.start()

    def tend(self) -> None:
        """Start those again that ended; call this every second."""
        for one in self._all():
            one.tend()

    def stop(self) -> None:
        """Ask all to end; `wait` for them. Nobody takes our place: the door is closed with the last who answers."""
        for one in self._all():
            one.stop()
        self._succession.stop()
        self._door.close()

    def wait(self) -> None:
        """Give them some time to end, then end them."""
        until = time.monotonic() + CHILDREN_SECONDS
        for one in self._all():
            one.wait(until - time.monotonic())
        self._succession.wait(until - time.monotonic())

    def replace(self) -> None:
        """Begin to replace all processes, this one too: once a helper is ready this one is asked to leave."""
        if self._at_terminal and not os.isatty(0):  # it was closed: nobody asks for a new server
            os.kill(os.getpid(), signal.SIGTERM)
            return
        try:
            settings = load(Path(self._order.directory))
        except EtalageError as error:
            logs.log.error("not replaced: the settings cannot be read", says=str(error))
            return
        self._succession.begin(child(HELPER, self._answering(settings)), self._taken)

    def hand_over(self, doors: Doors) -> None:
        """Start the program anew in this process, unless it was asked to end: then this comes back."""
        self._night.stop()
        self._night.wait(CHILDREN_SECONDS)
        hold_signals()
        if doors.is_open:
            hand_over(self._door.fileno(), [*self._further, *self._taken])


def child(name: str, order: Order) -> Child:
    """Prepare a child process of the server."""
    handles = [] if order.door < 0 else [order.door]
    return Child(name, program(name), msgspec.json.encode(order), handles=handles)


def program(name: str) -> list[str]:
    """Give the arguments of our Python for a child."""
    # The name stands in the list of processes, where an operator looks for it.
    return ["-c", "from etalage.cli.running import attend; attend()", "etalage", name]
