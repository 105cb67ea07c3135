"""A door that several processes share, so that connections spread over them.

In:   a listening socket that is open in each of them, and what speaks with a caller.
Out:  accepted connections, handed to the loop.
Idea: whoever is woken first would accept all who wait, and four connections of a proxy that stay open would leave the
      other core idle for good. So one lets others go first for a moment after each caller, and takes more at a time
      only when the queue stays: nobody counts, and a single caller never waits.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

PAUSE_SECONDS = 0.004  # in which others are woken, also one that is in the middle of something
NO_PLACE_SECONDS = 0.1  # when there are no file handles left; they come back as calls end
MOST_DOUBLINGS = 6  # of one caller at a time
_PATIENT_TURNS = 2  # of one caller each, before taking ever more at a time

Protocol = Callable[[], asyncio.Protocol]


class Turnstile:
    """Accepts on a shared socket; `close` leaves the socket itself open, others listen on it."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, door: socket.socket, protocol: Protocol, backlog: int
    ) -> None:
        """Begin to accept."""
        self._loop, self._door, self._protocol = loop, door, protocol
        self._turns = 0  # in a row that found a caller
        self._is_open = True
        self._meetings: set[asyncio.Task[object]] = set()
        door.setblocking(False)
        door.listen(backlog)
        loop.add_reader(door, self._open)

    def close(self) -> None:
        """Accept nobody any more."""
        if self._is_open:
            self._is_open = False
            self._loop.remove_reader(self._door)

    async def wait_closed(self) -> None:
        """Come back once all whom we accepted were met."""
        await asyncio.gather(*self._meetings, return_exceptions=True)

    def _open(self) -> None:
        pause = PAUSE_SECONDS
        try:
            for _ in range(self._at_once()):
                self._meet(self._door.accept()[0])
            self._turns += 1
        except (BlockingIOError, ConnectionAbortedError):  # another process was sooner, or she left
            self._turns = 0
            return
        except OSError:
            pause = NO_PLACE_SECONDS
        self._loop.remove_reader(self._door)
        self._loop.call_later(pause, self._again)

    def _at_once(self) -> int:
        return 1 << min(max(0, self._turns - _PATIENT_TURNS), MOST_DOUBLINGS)

    def _meet(self, caller: socket.socket) -> None:
        caller.setblocking(False)
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        meeting = self._loop.create_task(
            self._loop.connect_accepted_socket(self._protocol, caller), name="meeting"
        )
        self._meetings.add(meeting)
        meeting.add_done_callback(self._met)

    def _met(self, meeting: asyncio.Task[object]) -> None:
        self._meetings.discard(meeting)
        if not meeting.cancelled():
            meeting.exception()  # she left before we spoke: no more than that

    def _again(self) -> None:
        if self._is_open:
            self._loop.add_reader(self._door, self._open)
