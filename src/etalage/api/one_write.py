"""HTTP as uvicorn speaks it, with an answer in one piece.

In:   what uvicorn writes: the head of an answer, then its body.
Out:  both in one write: the kernel is called once, and the caller is woken once.
Idea: the head waits in front of the transport until what follows it is written. It never waits longer than its answer:
      whoever ends an answer or closes the connection sends it first.
"""

from __future__ import annotations

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD, _GO_ON = b"HTTP/1.1 ", b"HTTP/1.1 100 "  # the latter is no answer yet, and waits for nothing


class OneWrite(HttpToolsProtocol):
    """A connection of uvicorn's that writes the head of an answer together with its body."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Begin."""
        self._joining = Joining(transport)
        super().connection_made(cast("asyncio.Transport", self._joining))

    def on_response_complete(self) -> None:
        """End an answer; of one without a body (HEAD) the head is still here."""
        self._joining.flush()
        super().on_response_complete()


class Joining:
    """A transport that keeps the head of an answer until its body comes."""

    __slots__ = ("_head", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def write(self, data: bytes) -> None:
        """Write, or keep a head for what is written next."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(_HEAD) and not data.startswith(_GO_ON):
            self._head = data
            return
        self._transport.write(data)

    def flush(self) -> None:
        """Write a head that is still here."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)

    def close(self) -> None:
        """Write what is still here, then close."""
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """Tell whether it is closing or closed."""
        return self._transport.is_closing()

    def __getattr__(self, name: str) -> object:
        """Give all else as the transport has it."""
        return getattr(self._transport, name)
