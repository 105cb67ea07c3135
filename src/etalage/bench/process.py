"""Start what is measured as a process of its own, and end it again.

The floor runs under the same server with the same settings (`api.server.run`), so that what differs is ours.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from etalage.api import server
from etalage.api.quiet import Doors
from etalage.api.wire import Receive, Scope, Send, answer, read_body
from etalage.errors import Conflict

HOST = "127.0.0.1"
START_SECONDS = 60.0
END_SECONDS = 20.0
MOST_BYTES = 1_000_000


@contextmanager
def shop_server(directory: Path) -> Iterator[str]:
    """Serve a data directory with `etalage serve` for as long as the block lasts; give the address."""
    command = [sys.executable, "-m", "etalage", "serve", "--data", str(directory), "--port"]
    with _running(command, directory.parent / "server.log") as address:
        yield address


@contextmanager
def floor_server(directory: Path) -> Iterator[str]:
    """Serve the floor: read a body, decode its JSON, answer `{}`."""
    command = [sys.executable, "-m", __name__]
    with _running(command, directory.parent / "floor.log") as address:
        yield address


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[str]:
    port = _free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  our own program, no shell
            [*command, str(port)], stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        _wait(process, port, log)
        yield f"http://{HOST}:{port}"
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
    """Run the floor until SIGTERM, on the port that is the only argument."""
    server.run(floor, server.listen(HOST, int(sys.argv[1])), Doors())


if __name__ == "__main__":
    main()
