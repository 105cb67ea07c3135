"""The shop's server as a simulation plays it: HTTP/1.1 over connections that stay open.

In:   the address and the server key of a simulated shop.
Out:  answers of POST /v1/decide and POST /v1/batch.
Idea: everything goes through the public face, with the key that a shop's own server would use; only the header
      `Etalage-Now`, which no other shop accepts, tells the server what time it is in the simulation.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException, RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

import msgspec

from etalage.domain.time import iso
from etalage.errors import BadInput, Conflict, NotFound

TIMEOUT = 30.0  # seconds
OK = 200
BUSY = frozenset({429, 503})
WAITS = (0.2, 0.5, 1.0, 1.0, 2.0, 2.0, 5.0, 5.0, 10.0)  # seconds, before trying again

Event = dict[str, Any]


class Client:
    """Speaks for a shop's server; each thread has its own connection. Close it when done.

    With `insist` a server that stays degraded ends the simulation: what it would decide is not what is measured.
    """

    def __init__(self, url: str, server_key: str, *, insist: bool = True) -> None:
        self._insist = insist
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise BadInput(f"'{url}' is no address such as http://127.0.0.1:8400", field="url")
        self._host, self._port = parts.hostname, parts.port or 80
        credentials = base64.b64encode(f"{server_key}:".encode()).decode()
        self._headers = {
            "Authorization": f"Basic {credentials}",
            "Content-Type": "application/json",
        }
        self._own = threading.local()
        self._opened: list[HTTPConnection] = []
        self._again: list[str] = []  # what was asked again; threads only append

    @property
    def asked_again(self) -> int:
        """How often a decision was asked again, its events with it."""
        return len(self._again)

    def decide(self, question: Event, *, now: int | None = None) -> dict[str, Any]:
        """Ask for a decision; one that a store was in the way of is asked again.

        Args:
            question: as POST /v1/decide takes it.
            now: micros; the real time by default.

        Raises:
            Conflict: the server stays degraded.
        """
        for waited in WAITS:
            found: dict[str, Any] = msgspec.json.decode(self._post("/v1/decide", question, now))
            if not found["degraded"]:
                return found
            self._again.append(found["degraded"][0])
            time.sleep(waited)
        if self._insist:
            reasons = ", ".join(found["degraded"])
            says = f"the server stays degraded ({reasons}); its log and `etalage doctor` say why"
            raise Conflict(says)
        return found

    def send(self, events: Sequence[Event], *, now: int | None = None) -> None:
        """Send events in one call; returns when the server has them on disk."""
        self._post("/v1/batch", {"batch": events}, now)

    def close(self) -> None:
        """Close all connections."""
        for connection in self._opened:
            connection.close()

    def _post(self, path: str, body: object, now: int | None) -> bytes:
        """Send, and again while the server asks for patience, as any good client does.

        Raises:
            NotFound: nobody answers there.
            BadInput: the server refused it; a simulation that lost events would lie.
        """
        headers = self._headers if now is None else self._headers | {"Etalage-Now": iso(now)}
        encoded = msgspec.json.encode(body)
        for waited in WAITS:
            status, answer = self._sent(path, encoded, headers)
            if status not in BUSY:
                break
            time.sleep(waited)
        if status != OK:
            said = answer.decode(errors="replace")[:500]
            raise BadInput(f"POST {path} was answered with {status}: {said}")
        return answer

    def _sent(self, path: str, encoded: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """Send, and once more over a fresh connection if the server had closed the idle one."""
        try:
            try:
                return self._exchange(path, encoded, headers)
            except (RemoteDisconnected, ConnectionError):
                return self._exchange(path, encoded, headers)
        except (OSError, HTTPException) as error:
            raise NotFound(f"no answer from {self._host}:{self._port}: {error}") from error

    def _exchange(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = self._connection()
        try:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, HTTPException):
            connection.close()  # the next request opens it again
            raise

    def _connection(self) -> HTTPConnection:
        known: HTTPConnection | None = getattr(self._own, "connection", None)
        if known is None:
            known = HTTPConnection(self._host, self._port, timeout=TIMEOUT)
            self._own.connection = known
            self._opened.append(known)
        return known
