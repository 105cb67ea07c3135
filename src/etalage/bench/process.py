"""Start what is measured as a process of its own, and end it again.

The floor runs under the same server with the same settings (`api.server.run`), so that what differs is ours.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from etalage.api import server
from etalage.api.quiet import Doors
from etalage.api.wire import Receive, Scope, Send, answer, read_body
from etalage.errors import Conflict

HOST = "127.0.0.1"
START_SECONDS = 60.0
END_SECONDS = 20.0
SETTLE_SECONDS = 1.0  # in which all that answer have to be seen waiting
LOOKS = 20  # in that time
MOST_BYTES = 1_000_000


class Served(NamedTuple):
    """What is measured: where it is found, and the processes that answer."""

    address: str
    pids: list[int]

    def cpu_seconds(self) -> float:
        """Give the time on a core that these processes have used; 0 where the system does not tell."""
        try:
            told = [Path(f"/proc/{pid}/stat").read_text(encoding="utf-8") for pid in self.pids]
        except OSError:
            return 0.0
        ticks = (text.rpartition(")")[2].split()[_USER_TICKS : _USER_TICKS + 2] for text in told)
        return sum(int(tick) for pair in ticks for tick in pair) / os.sysconf("SC_CLK_TCK")


_USER_TICKS = 11  # in /proc/PID/stat, behind the name: time in the program, then in the system


def _workers_of(pid: int) -> list[int]:
    """Give the further processes that answer; the night shift is none of them."""
    try:
        named = {child: Path(f"/proc/{child}/cmdline").read_bytes() for child in _children_of(pid)}
    except OSError:
        return []
    return [child for child, command in named.items() if b"worker" in command]


def _children_of(pid: int) -> list[int]:
    """Give the processes that a process started and that live; none where the system does not tell."""
    try:
        told = [
            thread.joinpath("children").read_text(encoding="utf-8")
            for thread in Path(f"/proc/{pid}/task").iterdir()
        ]
    except OSError:
        return []
    return [int(child) for text in told for child in text.split()]


@contextmanager
def shop_server(directory: Path, *, workers: int) -> Iterator[Served]:
    """Serve a data directory with `etalage serve` for as long as the block lasts."""
    port = _free_port()
    options = ["--data", str(directory), "--port", str(port), "--workers", str(workers)]
    command = [sys.executable, "-m", "etalage", "serve", *options]
    log = directory.parent / "server.log"
    with ExitStack() as running:
        process = running.enter_context(_running(command, log))
        _wait(process, port, log)
        yield _settled(f"http://{HOST}:{port}", process.pid)


@contextmanager
def floor_server(directory: Path, *, workers: int) -> Iterator[Served]:
    """Serve the floor in as many processes on one socket: read a body, decode its JSON, answer `{}`."""
    log = directory.parent / "floor.log"
    with ExitStack() as running:
        door = running.enter_context(server.listen(HOST, 0))
        door.listen()
        number = door.fileno()
        command = [sys.executable, "-m", __name__, str(number)]
        processes = [
            running.enter_context(_running(command, log, handle=number)) for _ in range(workers)
        ]
        yield Served(server.address_of(door), [process.pid for process in processes])


@contextmanager
def _running(
    command: list[str], log: Path, *, handle: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  our own program, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[] if handle is None else [handle],
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection((HOST, port), timeout=1.0).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise Conflict(f"what is measured did not start; see {log}")


def _settled(address: str, pid: int) -> Served:
    """Wait until all workers wait for calls, and the night shift has learned.

    Workers open their stores after the first one listens. The night shift learns at once, and then every hour, in
    processes that end: what is measured meanwhile says how busy they were, and what the bench gives the shop to know
    would be replaced by what they learned.
    """
    until = time.monotonic() + START_SECONDS
    seen, has_learned = 0, not _tells_children()
    while (seen < LOOKS or not has_learned) and time.monotonic() < until:
        time.sleep(SETTLE_SECONDS / LOOKS)
        is_learning = any(_children_of(child) for child in _children_of(pid))
        has_learned = has_learned or is_learning
        waits = all(map(_is_waiting, [pid, *_workers_of(pid)]))
        seen = seen + 1 if waits and not is_learning else 0
    return Served(address, [pid, *_workers_of(pid)])


def _tells_children() -> bool:
    return Path("/proc/self/task").is_dir()


def _is_waiting(pid: int) -> bool:
    """Tell whether the main thread of a process has nothing to do; where the system does not tell, it has not."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return True
    return told.rpartition(")")[2].split()[0] == "S"


# ---- The floor, in its own process -------------------------------------------------------------------


async def floor(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer any POST with `{}`, its body decoded and forgotten."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    msgspec.json.decode(await read_body(receive, most=MOST_BYTES))
    await answer(send, 200, b"{}")


def main() -> None:
    """Run the floor until SIGTERM, on the listening socket whose number is the only argument."""
    server.run(floor, socket.socket(fileno=int(sys.argv[1])), Doors())


if __name__ == "__main__":
    main()
