"""Start the real server as its own process, and stop it again.

In:   a data directory and a port.
Out:  the address, once the server says that it is ready.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from etalage.errors import Conflict

HOST = "127.0.0.1"
PROGRAM = ("-m", "etalage", "serve")
WRITE_KEY, SERVER_KEY = "ETALAGE_DEMO_WRITE_KEY", "ETALAGE_DEMO_SERVER_KEY"  # of the environment
READY_SECONDS = 60.0  # a slow machine compiles at its first start
STOP_SECONDS = 20.0  # to finish what it accepted
_LOOK_SECONDS = 0.1


@contextmanager
def serving(
    directory: Path,
    *,
    port: int | None = None,
    program: Sequence[str] = PROGRAM,
    keys: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Serve a data directory for as long as the block lasts; give the address.

    Args:
        directory: with one or more shops.
        port: any free one by default.
        program: arguments of our own Python; `etalage serve` by default.
        keys: what the program is told in its environment.

    Raises:
        Conflict: the port is in use, or the server ended before it was ready; its log is named.
    """
    chosen = port_of(port)
    log = directory.parent / f"{directory.name}.log"
    command = [sys.executable, *program, "--data", str(directory)]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  our own program, no shell
            [*command, "--port", str(chosen)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=os.environ | dict(keys or {}),
            start_new_session=True,  # Ctrl-C is for us: we ask it to stop in an orderly way
        )
    try:
        url = f"http://{HOST}:{chosen}"
        _wait(process, url, log)
        yield url
    finally:
        _stop(process)


def port_of(wanted: int | None) -> int:
    """Give a port that is free now.

    Raises:
        Conflict: the wanted one is in use.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted or 0))
        except OSError as error:
            raise Conflict(
                f"port {wanted} is in use; choose another with --port", field="port"
            ) from error
        port: int = probe.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise Conflict(f"the server ended before it was ready; see {log}: {_end_of(log)}")
        try:
            with urlopen(f"{url}/readyz", timeout=1.0):  # noqa: S310  our own address
                return
        except (URLError, OSError, HTTPException):
            time.sleep(_LOOK_SECONDS)
    raise Conflict(f"the server was not ready within {READY_SECONDS:.0f} s; see {log}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_of(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"
