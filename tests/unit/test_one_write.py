"""An answer leaves in one write, and never waits for longer than it takes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from etalage.api.one_write import Joining, OneWrite

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"


class Written(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []
        self.is_open = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert self.is_open
        self.pieces.append(bytes(data))

    def close(self) -> None:
        self.is_open = False

    def is_closing(self) -> bool:
        return not self.is_open


def test_head_and_body_are_one_write() -> None:
    written = Written()
    joining = Joining(written)

    joining.write(HEAD)
    assert not written.pieces
    joining.write(b"body")
    joining.write(b"more")

    assert written.pieces == [HEAD + b"body", b"more"]


def test_a_head_alone_leaves_when_its_answer_ends() -> None:
    written = Written()
    joining = Joining(written)

    joining.write(HEAD)
    joining.flush()
    joining.flush()

    assert written.pieces == [HEAD]


def test_a_head_alone_leaves_before_the_connection_is_closed() -> None:
    written = Written()
    joining = Joining(written)

    joining.write(b"HTTP/1.1 400 Bad Request\r\n\r\nInvalid HTTP request received.")
    joining.close()

    assert [piece[:12] for piece in written.pieces] == [b"HTTP/1.1 400"]
    assert joining.is_closing()


def test_who_waits_to_be_told_to_go_on_is_told_at_once() -> None:
    written = Written()

    Joining(written).write(b"HTTP/1.1 100 Continue\r\n\r\n")

    assert written.pieces == [b"HTTP/1.1 100 Continue\r\n\r\n"]


async def in_two_parts(scope: Message, receive: Receive, send: Send) -> None:
    """Answer HEAD without a body, all else with the path in two parts."""
    assert scope["type"] == "http"
    await receive()
    said = scope["path"].encode()
    headers = [(b"content-length", b"%d" % (2 * len(said)))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": said, "more_body": True})
    await send({"type": "http.response.body", "body": said})


@asynccontextmanager
async def served() -> AsyncIterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        config = uvicorn.Config(in_two_parts, http=OneWrite, lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        running = asyncio.create_task(server._serve([door]))
        while not server.started:  # noqa: ASYNC110  it tells nobody
            await asyncio.sleep(0.01)
        yield door.getsockname()[1]
        server.should_exit = True
        await running


@pytest.mark.parametrize("close", [False, True])
def test_answers_of_calls_sent_together_come_whole_and_in_order(close: bool) -> None:
    async def told() -> bytes:
        async with served() as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            last = b"connection: close\r\n" if close else b""
            writer.write(b"HEAD /head HTTP/1.1\r\nhost: a\r\n\r\n")
            writer.write(b"GET /one HTTP/1.1\r\nhost: a\r\n\r\n")
            writer.write(b"GET /two HTTP/1.1\r\nhost: a\r\n%b\r\n" % last)
            said = await reader.read() if close else await reader.readuntil(b"/two/two")
            writer.close()
            await writer.wait_closed()
            return said

    answers = asyncio.run(asyncio.wait_for(told(), 10)).split(b"HTTP/1.1 200 OK")

    assert [answer.partition(b"\r\n\r\n")[2] for answer in answers[1:]] == [
        b"",
        b"/one/one",
        b"/two/two",
    ]
