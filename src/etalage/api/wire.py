"""HTTP as little as the hot routes need: read a body within bounds, answer JSON, and let no error be a stack trace."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import msgspec

from etalage.errors import EtalageError, QuotaExceeded, TooLarge

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON = (b"content-type", b"application/json")
PRIVATE = (b"cache-control", b"private, no-store")  # of whatever is about a person (safety 3)
NOSNIFF = (b"x-content-type-options", b"nosniff")


async def read_body(receive: Receive, *, most: int) -> bytes:
    """Read the whole body; `TooLarge` as soon as it is more than `most` bytes."""
    first = await receive()
    body: bytes = first.get("body", b"")
    if not first.get("more_body", False):
        _check(len(body), most)
        return body
    pieces = [body]
    size = len(body)
    while True:
        _check(size, most)
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if not message.get("more_body", False):
            _check(size, most)
            return b"".join(pieces)


def _check(size: int, most: int) -> None:
    if size > most:
        raise TooLarge(f"the body is larger than {most} bytes")


async def answer(
    send: Send, status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]] = (JSON,)
) -> None:
    """Send one whole answer."""
    length = (b"content-length", b"%d" % len(body))
    await send(
        {"type": "http.response.start", "status": status, "headers": [*headers, length, NOSNIFF]}
    )
    await send({"type": "http.response.body", "body": body})


def error_body(error: EtalageError) -> bytes:
    """Write an error as the API answers it: code, message, field, and where it is explained."""
    said = {"code": error.code, "message": error.message, "docs": f"/docs/errors/{error.code}"}
    if error.field is not None:
        said["field"] = error.field
    return msgspec.json.encode({"error": said})


Heard = dict[bytes, str]  # request headers by their name in lower case
READ = frozenset(
    b"authorization content-encoding cookie etalage-now origin sec-gpc sec-purpose user-agent x-api-key".split()
)


def heard(scope: Scope) -> Heard:
    """Give the request headers that are read here; of one that is repeated the first."""
    sent = reversed(scope["headers"])
    return {name: value.decode("latin-1") for name, value in sent if name in READ}


def cookie(said: Heard, name: str) -> str | None:
    """Give a cookie of a request."""
    for part in said.get(b"cookie", "").split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value
    return None


def allowed(origin: str) -> Headers:
    """Let the pages of an origin read the answer."""
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"origin"),
    ]


def retry_after(error: EtalageError) -> Headers:
    """Say when it is worth while to try again, where it is."""
    if isinstance(error, QuotaExceeded):
        return [(b"retry-after", b"%d" % error.seconds)]
    return [(b"retry-after", b"2")] if error.status in {429, 503} else []
