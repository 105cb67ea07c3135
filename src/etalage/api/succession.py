"""Taking the place of a running server: new processes with new code answer before the old ones end.

In:   SIGHUP to a server that answers.
Out:  the same process number, the same listening socket, and nothing but new code; no call is refused meanwhile.
Idea: the program is started again in the place of its own process (`exec`), and keeps the socket and its children over
      that. Calls that come meanwhile are answered by a helper, which was started from the new code and ready before:
      if it does not get ready nothing is replaced.

    SIGHUP ──> helper, of the new code, is ready ──> the parent takes no new connections, finishes the ones it has
           ──> exec: the parent is new, and answers ──> worker 2 new, ready; worker 2 old leaves ──> 3 ...
           ──> the helper leaves
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from threading import Event, Thread
from typing import NoReturn

import msgspec
from msgspec import Struct

from etalage.api.children import Child
from etalage.api.logs import log

READY_SECONDS = 120.0  # for a process to open all shops; it may wait for other work of the machine
HELPER = "worker 1"
LOOK_SECONDS = 0.1
KEPT = "_ETALAGE_KEPT"  # of the environment, between the two programs; no setting
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)  # they wait while nobody listens to them


class Elder(Struct, frozen=True):
    """A child of the program that was here before; it answers until it is told to leave."""

    name: str
    pid: int
    line: int  # our end of its input: it ends when this is closed

    def tell(self, what: signal.Signals) -> None:
        """Send it a signal, if it is still there."""
        if not self.has_ended():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, what)

    def has_ended(self) -> bool:
        """Tell whether it has ended."""
        try:
            return os.waitpid(self.pid, os.WNOHANG)[0] != 0
        except ChildProcessError:  # we were told before
            return True

    def wait(self, seconds: float) -> None:
        """Give it some time to end, then end it."""
        until = time.monotonic() + seconds
        while not self.has_ended():
            if time.monotonic() >= until:
                log.warning("child killed", process=self.name)
                self.tell(signal.SIGKILL)
                until += 1.0
            time.sleep(LOOK_SECONDS)


class Kept(Struct, frozen=True):
    """What a program leaves to the one that takes its place."""

    pid: int
    door: int  # the listening socket
    elders: tuple[Elder, ...]


def take_over() -> Kept | None:
    """Give what the program before us left; None at a first start. Signals that waited since then come now."""
    said = os.environ.pop(KEPT, None)
    kept = None if said is None else msgspec.json.decode(said, type=Kept)
    if kept is not None and kept.pid != os.getpid():  # left to somebody else
        kept = None
    if kept is not None:
        for handle in (kept.door, *(elder.line for elder in kept.elders)):
            os.set_inheritable(handle, False)
    return kept


def hear_again() -> None:
    """Let signals come that waited over the change of programs; call this once somebody listens to them."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def hold_signals() -> None:
    """Let signals wait from now on."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def hand_over(door: int, children: Sequence[Child]) -> NoReturn:
    """Start the program again in the place of this process; these children live on under it."""
    elders = tuple(
        Elder(child.name, child.pid, child.line)
        for child in children
        if child.pid is not None and child.line is not None
    )
    for handle in (door, *(elder.line for elder in elders)):
        os.set_inheritable(handle, True)
    kept = msgspec.json.encode(Kept(os.getpid(), door, elders)).decode()
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(  # noqa: S606  our own program, no shell
        sys.executable, [sys.executable, *sys.orig_argv[1:]], os.environ | {KEPT: kept}
    )


class Succession:
    """Replaces the processes of a server, one at a time."""

    def __init__(self, elders: Sequence[Elder] = ()) -> None:
        self.elders = list(elders)
        self._ended = Event()
        self._busy = False

    def begin(self, helper: Child, taken: list[Child]) -> None:
        """Start a helper; once it is ready it is among the `taken` and this process is asked to leave."""
        if self._busy:
            log.warning("already being replaced")
            return
        self._busy = True
        Thread(target=self._begin, args=(helper, taken), name="succession", daemon=True).start()

    def _begin(self, helper: Child, taken: list[Child]) -> None:
        log.info("being replaced")
        helper.start()
        if helper.wait_ready(READY_SECONDS) and not self._ended.is_set():
            taken.append(helper)
            os.kill(os.getpid(), signal.SIGUSR1)
            return
        helper.stop()
        helper.wait(1.0)
        log.error("not replaced: the new process did not get ready; the old ones go on")
        self._busy = False

    def relieve(self, workers: Sequence[Child], seconds: float) -> None:
        """Start workers one by one; each lets the elder of its name leave, the last one the helper.

        Args:
            workers: not started yet.
            seconds: an elder has to leave.
        """
        self._busy = True
        Thread(
            target=self._relieve, args=(workers, seconds), name="succession", daemon=True
        ).start()

    def _relieve(self, workers: Sequence[Child], seconds: float) -> None:
        for worker in workers:
            worker.start()
            while not worker.wait_ready(READY_SECONDS):  # if it ended, it is started again
                if self._ended.wait(LOOK_SECONDS):
                    return
            self._let_go(worker.name, seconds)
        self._let_go(HELPER, seconds)
        log.info("replaced")
        self._busy = False

    def _let_go(self, name: str, seconds: float) -> None:
        for elder in [one for one in self.elders if one.name == name]:
            elder.tell(signal.SIGUSR1)
            elder.wait(seconds)
            os.close(elder.line)
            self.elders.remove(elder)

    def stop(self) -> None:
        """Ask the elders to end; `wait` for them."""
        self._ended.set()
        for elder in self.elders:
            elder.tell(signal.SIGTERM)

    def wait(self, seconds: float) -> None:
        """Give the elders some time to end, then end them."""
        until = time.monotonic() + seconds
        for elder in self.elders:
            elder.wait(max(0.0, until - time.monotonic()))
