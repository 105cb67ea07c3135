"""Two more browsers, driven by what they speak themselves: Firefox (WebDriver BiDi) and WebKitGTK (WebDriver).

Each opens an address and runs a line of JavaScript in the page, no more. Nothing but the standard library and httpx.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import httpx

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
WEBKIT = shutil.which("WebKitWebDriver")
MINI = next(iter(sorted(Path("/usr/lib").glob("*/webkit2gtk-4*/MiniBrowser"))), None)
XVFB = shutil.which("Xvfb")
PATIENCE = 60  # seconds for a browser to start, and for a page


class Driver(Protocol):
    """One tab."""

    def open(self, address: str) -> None:
        """Open an address and wait until it is loaded."""

    def run(self, script: str) -> Any:
        """Give what an expression is worth, a promise awaited; as JSON has it."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _started(command: list[str], log: Path, **environment: str) -> Iterator[None]:
    """Run a program beside us, in a group of its own, and end that group."""
    with log.open("wb") as out:
        running = subprocess.Popen(
            command,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            start_new_session=True,
        )
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, 15)
            running.wait(timeout=20)


# ---- Firefox ------------------------------------------------------------------------------------------


class _Socket:
    """As much of a WebSocket (RFC 6455) as BiDi needs: texts, whole or in parts."""

    def __init__(self, port: int) -> None:
        self._wire = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        key = base64.b64encode(os.urandom(16)).decode()
        self._wire.sendall(
            f"GET /session HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self._read = self._wire.makefile("rb")
        if b"101" not in self._read.readline():
            raise ConnectionError
        while self._read.readline().strip():
            pass

    def send(self, text: str) -> None:
        body, mask = text.encode(), os.urandom(4)
        size = len(body)
        if size < 126:
            head = bytes([0x81, 0x80 | size])
        elif size < 65_536:
            head = bytes([0x81, 0x80 | 126]) + size.to_bytes(2, "big")
        else:
            head = bytes([0x81, 0x80 | 127]) + size.to_bytes(8, "big")
        self._wire.sendall(head + mask + bytes(b ^ mask[n % 4] for n, b in enumerate(body)))

    def receive(self) -> str:
        whole = b""
        while True:
            first, second = self._read.read(2)
            size = second & 127
            if size >= 126:
                size = int.from_bytes(self._read.read(2 if size == 126 else 8), "big")
            body = self._read.read(size)
            if first & 15 in {0, 1}:
                whole += body
                if first & 128:
                    return whole.decode()

    def close(self) -> None:
        self._read.close()
        self._wire.close()


class _Firefox:
    def __init__(self, wire: _Socket) -> None:
        self._wire, self._numbers = wire, count(1)
        self._ask("session.new", {"capabilities": {}})
        self._tab = self._ask("browsingContext.getTree", {})["contexts"][0]["context"]

    def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        number = next(self._numbers)
        self._wire.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            said = json.loads(self._wire.receive())
            if said.get("id") == number:
                if said["type"] != "success":
                    raise AssertionError(said)
                return dict(said["result"])

    def open(self, address: str) -> None:
        asked = {"context": self._tab, "url": address, "wait": "complete"}
        self._ask("browsingContext.navigate", asked)

    def run(self, script: str) -> Any:
        expression = f"(async () => JSON.stringify((await ({script})) ?? null))()"
        asked = {
            "expression": expression,
            "target": {"context": self._tab},
            "awaitPromise": True,
        }
        said = self._ask("script.evaluate", asked)
        if said["type"] != "success":
            raise AssertionError(said["exceptionDetails"]["text"])
        return json.loads(said["result"]["value"])


@contextmanager
def firefox(home: Path) -> Iterator[Driver]:
    """Start Firefox without a window."""
    profile, log = home / "profile", home / "firefox.log"
    profile.mkdir()
    command = [
        str(FIREFOX),
        "--headless",
        "--no-remote",
        "--profile",
        str(profile),
        "--remote-debugging-port",
        "0",
    ]
    with _started(command, log, HOME=str(home)):
        wire = _Socket(_port_in(log))
        try:
            yield _Firefox(wire)
        finally:
            wire.close()


def _port_in(log: Path) -> int:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = re.search(r"WebDriver BiDi listening on ws://127\.0\.0\.1:(\d+)", log.read_text())
        if found:
            return int(found[1])
        time.sleep(0.2)
    raise TimeoutError(log.read_text()[-1000:])


# ---- WebKitGTK ----------------------------------------------------------------------------------------


class _WebKit:
    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        browser = {"binary": str(MINI), "args": ["--automation"]}
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": browser}}
        self._session = ""
        self._session = f"/session/{self._ask('/session', {'capabilities': wanted})['sessionId']}"
        patience = {"script": PATIENCE * 1000, "pageLoad": PATIENCE * 1000}
        self._ask("/timeouts", patience)

    def _ask(self, path: str, body: dict[str, Any]) -> Any:
        answer = self._client.post(self._session + path, json=body)
        if answer.status_code != 200:
            raise AssertionError(answer.text[:500])
        return answer.json()["value"]

    def open(self, address: str) -> None:
        self._ask("/url", {"url": address})

    def run(self, script: str) -> Any:
        body = (
            f"const done = arguments[0]; (async () => JSON.stringify((await ({script})) ?? null))()"
            ".then(done, (e) => done(JSON.stringify({thrown: '' + e})))"
        )
        said = json.loads(self._ask("/execute/async", {"script": body, "args": []}))
        if isinstance(said, dict) and "thrown" in said:
            raise AssertionError(said["thrown"])
        return said

    def quit(self) -> None:
        self._client.delete(self._session)


@contextmanager
def webkit(home: Path) -> Iterator[Driver]:
    """Start WebKitGTK's own small browser, on a screen that nobody sees."""
    port, screen = _free_port(), f":{90 + os.getpid() % 400}"
    driver = [str(WEBKIT), f"--port={port}", "--host=127.0.0.1"]
    display = [str(XVFB), screen, "-screen", "0", "1280x1000x24", "-nolisten", "tcp"]
    quiet = {
        "DISPLAY": screen,
        "HOME": str(home),
        "GDK_BACKEND": "x11",
        "WEBKIT_DISABLE_DMABUF_RENDERER": "1",
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "NO_AT_BRIDGE": "1",
    }
    with (
        _started(display, home / "screen.log"),
        _started(driver, home / "webkit.log", **quiet),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client,
    ):
        _until_answered(client)
        tab = _WebKit(client)
        try:
            yield tab
        finally:
            tab.quit()


def _until_answered(client: httpx.Client) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(httpx.TransportError):
            client.get("/status")
            return
        time.sleep(0.2)
    raise TimeoutError
