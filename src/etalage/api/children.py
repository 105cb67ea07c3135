"""Child processes of the server: told what to do on their standard input, ended with their parent.

Idea: the parent keeps the other end of a child's input open for as long as it lives. However it ends, also by
      `kill -9`, the system closes that end; the child reads the end of its input and ends itself. So nothing
      is left behind, and nobody has to look whether somebody is still there. The same line carries one word back:
      that the child is ready.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from etalage.api.logs import log

PATIENCE_SECONDS = (1.0, 60.0)  # before a child that ended is started again: first, and at most
ANSWER_SECONDS = 0.1  # between two looks whether it has ended
STEADY_SECONDS = 60.0  # a child that lived this long had no trouble starting


class Child:
    """A process of ours that is kept alive: started again, each time a little later, if it ends."""

    def __init__(
        self, name: str, command: Sequence[str], told: bytes, *, handles: Sequence[int] = ()
    ) -> None:
        """Say how to start it.

        Args:
            name: for the log.
            command: arguments of our own Python.
            told: one line, what it reads first.
            handles: open sockets it inherits.
        """
        self.name = name
        self._command = [sys.executable, *command]
        self._told = told
        self._handles = tuple(handles)
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None  # our end of its input
        self._started = 0.0
        self._failures = 0

    @property
    def pid(self) -> int | None:
        """The number of the process; None before it was started."""
        return None if self._process is None else self._process.pid

    @property
    def line(self) -> int | None:
        """Our end of its input, which ends the child when it is closed; None before it was started."""
        return None if self._line is None else self._line.fileno()

    def start(self) -> None:
        """Start it and tell it what to do."""
        self._started = time.monotonic()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  our own program, no shell
                self._command, stdin=theirs.fileno(), pass_fds=self._handles
            )
        self._line = ours
        with contextlib.suppress(OSError):  # it ended at once: `tend` sees that
            ours.sendall(self._told + b"\n")

    def wait_ready(self, seconds: float) -> bool:
        """Wait until it says that it is ready; tell whether it did. Not if it ended."""
        if self._line is None:
            return False
        try:
            return bool(select.select([self._line], [], [], seconds)[0] and self._line.recv(1))
        except (OSError, ValueError):  # closed meanwhile: it ended and was started again
            return False

    def tend(self) -> None:
        """Start it again if it ended; call this every second."""
        if self._process is None or self._process.poll() is None:
            return
        lived = time.monotonic() - self._started
        if lived > STEADY_SECONDS:
            self._failures = 0
        least, most = PATIENCE_SECONDS
        if lived < min(least * 2**self._failures, most):
            return
        log.warning("child ended", process=self.name, status=self._process.returncode)
        self._failures += 1
        self._close_input()
        self.start()

    def stop(self) -> None:
        """Ask it to end; `wait` for it."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait(self, seconds: float) -> None:
        """Give it some time to end, then end it."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            log.warning("child killed", process=self.name)
            self._process.kill()
            self._process.wait()
        self._close_input()

    def _close_input(self) -> None:
        if self._line is not None:
            self._line.close()


def answer_of(command: Sequence[str], told: bytes, *, ended: threading.Event) -> bytes:
    """Let a process do one thing, and give what it prints; nothing if it did not come to its end.

    Args:
        command: arguments of our own Python.
        told: one line, what it reads first; its input stays open, so that it ends with this process.
        ended: once this is set the process is ended too.
    """
    with subprocess.Popen(  # noqa: S603  our own program, no shell
        [sys.executable, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None  # noqa: S101  asked for above
        assert process.stdout is not None  # noqa: S101  asked for above
        with contextlib.suppress(BrokenPipeError):  # it ended at once
            process.stdin.write(told + b"\n")
            process.stdin.flush()
        while process.poll() is None:
            if ended.wait(ANSWER_SECONDS):
                process.terminate()
                break
        return process.stdout.read()


def told_by_parent() -> bytes:
    """Read what this child is to do; from then on the end of the parent ends this process as SIGTERM does."""
    line = sys.stdin.buffer.readline()
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    return line


def say_ready() -> None:
    """Tell the parent that this child does its work now."""
    with contextlib.suppress(OSError):  # no parent any more: we end anyway
        os.write(0, b"r")


def _end_with_parent() -> None:
    with contextlib.suppress(ConnectionResetError):  # it ended without reading what we said
        while os.read(0, 1024):  # the descriptor, not the file object: no lock is held when we end
            pass
    os.kill(os.getpid(), signal.SIGTERM)
