"""Stores in trouble: a port that answers as the real one does, until it is told to fail, to dawdle, or to be full.

In:   a port of an open shop.
Out:  the same port, at whose door stands somebody who may say no.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from shop import Shop


class Trouble:
    """Stands before a port; `raises` and `seconds` say what befalls whoever calls one of `names` (all, if empty)."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self.raises: Exception | None = None
        self.seconds = 0.0
        self.names: tuple[str, ...] = ()
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found) or name in {"close", "bind"}:
            return found

        def called(*given: Any, **named: Any) -> Any:
            if not self.names or name in self.names:
                self.calls.append(name)
                if self.seconds:
                    time.sleep(self.seconds)
                if self.raises is not None:
                    raise self.raises
            return found(*given, **named)

        return called

    def well(self) -> None:
        """Let everybody through again."""
        self.raises, self.seconds, self.names = None, 0.0, ()


def put_before(shop: Shop, port: str) -> Trouble:
    """Put somebody before a port of a shop; harmless until told otherwise."""
    trouble = Trouble(getattr(shop.ports, port))
    shop.opened.ports = shop.ports._replace(**{port: trouble})
    if port == "log":  # the committer has its own hold of it
        shop.opened.commits._log = trouble  # type: ignore[attr-defined]
    return trouble


@contextmanager
def held_up(shop: Shop) -> Iterator[None]:
    """Keep the committer's thread from doing anything for as long as the block lasts."""
    log = put_before(shop, "log")
    log.names, log.seconds = ("append",), 3.0
    try:
        yield
    finally:
        log.well()
