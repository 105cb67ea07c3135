"""Sessions over HTTP shaped as the tag sends them: a token, a question, a moment in whichever arm."""

from __future__ import annotations

import http.client
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from scipy.stats import binomtest

from etalage import app
from etalage.config import load
from etalage.domain.time import iso
from etalage.simulate.server import port_of, serving
from etalage.simulate.shop import HELPS, open_shop

YES = {"device": True, "measure": True, "personalise": True}
PAGE = {"type": "product", "url": "/shop/p/regenjas-texel", "product_id": "N-101", "language": "nl"}
OK = 200
SOUND = 0.001  # a sample ratio with a smaller chance than this is called broken


class Ratio(NamedTuple):
    """How many were in each arm: by what browsers were answered, and by the log; and how many persons that were."""

    answered: Counter[str]
    logged: Counter[str]
    persons: int

    @property
    def chance(self) -> float:
        """Give the chance of a split at least as uneven, had the dice been fair."""
        return float(binomtest(self.logged["control"], self.logged.total(), 0.5).pvalue)


def ratio_of(directory: Path, sessions: int) -> Ratio:
    """Let so many browsers come to a real server, one after another."""
    port = port_of(0)
    start = time.time_ns() // 1000 - 60_000_000
    opened = open_shop(directory, now=start, experiences=[HELPS], at=f"http://127.0.0.1:{port}")
    with serving(directory, port=port) as url:
        tag = Tag(url, opened.write_key)
        try:
            for number in range(sessions):
                tag.session(number, HELPS, "top_bar", now=time.time_ns() // 1000)
        finally:
            tag.close()
    _, ports = app.open_ports(directory, opened.shop, settings=load(directory))
    try:
        told = [event for _, event in ports.log.read(0) if event.name == "triggered"]
    finally:
        ports.close()
    logged = Counter(str(event.shown.arm) for event in told if event.shown)
    return Ratio(tag.arms, logged, len({event.visitor for event in told}))


class Tag:
    """One browser after another over one connection, each new to the shop."""

    def __init__(self, url: str, write_key: str) -> None:
        self._connection = http.client.HTTPConnection(str(urlsplit(url).netloc), timeout=30)
        self._origin, self._key = url, write_key
        self.arms: Counter[str] = Counter()

    def session(self, number: int, experience: str, slot: str, *, now: int) -> None:
        """Come, ask, and tell of the moment, as place.js and send.js do."""
        token = self._decide(None, [])["visitorToken"]
        said = self._decide(token, [slot])
        for entry in said["decisions"]:
            if entry["experience"] != experience or "id" not in entry:
                continue  # without an id it is outside the experiment: the server was too busy to know her
            self.arms[entry["variant"] if entry["show"] else "control"] += 1
            event = {
                "type": "track",
                "event": "triggered",
                "messageId": f"t-{number}",
                "timestamp": iso(now),
                "properties": {"token": entry["id"], "experience": experience},
                "context": {"page": PAGE, "locale": "nl"},
            }
            body = self._signed(token) | {"batch": [event], "context": {"consent": YES}}
            self._post("/v1/batch", body)

    def close(self) -> None:
        self._connection.close()

    def _decide(self, token: str | None, slots: list[str]) -> dict[str, Any]:
        body = self._signed(token) | {"consent": YES, "page": PAGE, "slots": slots}
        return self._post("/v1/decide", body)

    def _signed(self, token: str | None) -> dict[str, Any]:
        return {"writeKey": self._key, "visitorToken": token}

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {
            "Content-Type": "text/plain",
            "Origin": self._origin,
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0.0.0 Safari/537.36",
        }
        self._connection.request("POST", path, json.dumps(body), headers)
        answer = self._connection.getresponse()
        said = answer.read()
        assert answer.status == OK, said
        found: dict[str, Any] = json.loads(said)
        return found
