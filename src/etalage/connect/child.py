"""A process of its own for every file from outside, with limits on time, memory and disk.

In:   what to read (a `Task`) and the `Limits`.
Out:  a `Feed`, or the items of an import one by one.
Idea: a parser that hangs, crashes or eats memory takes only its own process with it; the answer is then
      `BadFeed` with that reason. The child answers in frames over a pipe, so an import of any size passes
      through bounded memory. `child_main` is what runs on the other side.
From: safety.md 3 "Feeds and imports".
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from etalage.collect.feed import Feed, Problem
from etalage.connect.catalogue.settings import FeedSettings
from etalage.connect.imports.items import Given, ImportSettings, Item, Skipped
from etalage.domain.product import Product
from etalage.errors import BadFeed, BadInput, EtalageError, TooLarge

LENGTH_BYTES = 4  # of a frame's length, big-endian
MAX_FRAME = 1 << 28  # bytes
_READ = 1 << 16  # bytes


class Limits(Struct, frozen=True):
    """What a child may use; more ends it."""

    cpu_seconds: int = 300
    silent_seconds: float = 330  # without a frame: it waits or hangs
    memory_bytes: int = 3 << 30  # of address space
    file_bytes: int = 2 << 30  # read, unpacked, or written


FEED_LIMITS = Limits()
# Years of events take their time, 15,000 rows a second or so; memory does not grow with them.
IMPORT_LIMITS = Limits(cpu_seconds=24 * 3600, silent_seconds=3600, file_bytes=64 << 30)


class CatalogueTask(Struct, frozen=True, tag="catalogue"):
    """Read a catalogue file."""

    path: str
    format: str
    settings: FeedSettings


class ImportTask(Struct, frozen=True, tag="import"):
    """Read a file of events, orders or customers."""

    path: str
    kind: Literal["events", "orders", "customers"]
    format: str
    settings: ImportSettings


Task = CatalogueTask | ImportTask


class Order(Struct, frozen=True):
    """What the child gets on its standard input."""

    task: Task
    limits: Limits
    scratch: str  # an empty directory of its own


class Products(Struct, frozen=True, tag="products"):
    """A frame with some of the products."""

    products: list[Product]


class FeedEnd(Struct, frozen=True, tag="feed"):
    """The last frame of a catalogue."""

    problems: tuple[Problem, ...]
    rows: int
    currency: str


class Items(Struct, frozen=True, tag="items"):
    """A frame with some of the items of an import, and what was skipped among them."""

    items: list[Item]
    skipped: list[Skipped]


class ItemsEnd(Struct, frozen=True, tag="end"):
    """The last frame of an import."""


class Refused(Struct, frozen=True, tag="refused"):
    """The last frame when the file was refused."""

    code: str
    message: str
    field: str | None = None


Frame = Products | FeedEnd | Items | ItemsEnd | Refused
_REFUSALS: dict[str, type[EtalageError]] = {error.code: error for error in (BadFeed, TooLarge)}


def read_catalogue(
    path: Path, format_name: str, settings: FeedSettings, *, limits: Limits | None = None
) -> Feed:
    """Read a catalogue file, packed or not.

    Raises:
        BadFeed: the file is no catalogue, or reading it broke a limit.
        BadInput: the settings do not fit the file (an unknown column, field or format).
    """
    task = CatalogueTask(str(path.resolve()), format_name, settings)
    products: list[Product] = []
    for frame in _frames(task, limits or FEED_LIMITS):
        if isinstance(frame, Products):
            products.extend(frame.products)
        elif isinstance(frame, FeedEnd):
            return Feed(tuple(products), frame.problems, frame.rows, frame.currency)
    raise BadFeed("reading the file stopped without an answer")


def read_items(
    path: Path,
    kind: Literal["events", "orders", "customers"],
    format_name: str,
    settings: ImportSettings,
    *,
    limits: Limits | None = None,
) -> Generator[Given, None, None]:
    """Read a file of events, orders or customers, packed or not, item by item.

    Every row is accounted for: it is part of an item, or `Skipped` with a reason.

    Raises:
        BadFeed: the file is not what it should be, or reading it broke a limit.
        BadInput: the settings do not fit the file.
    """
    task = ImportTask(str(path.resolve()), kind, format_name, settings)
    for frame in _frames(task, limits or IMPORT_LIMITS):
        if isinstance(frame, Items):
            yield from frame.items
            yield from frame.skipped
        elif isinstance(frame, ItemsEnd):
            return
    raise BadFeed("reading the file stopped without an answer")


def _frames(task: Task, limits: Limits) -> Iterator[Frame]:
    """Give the child's frames; a refusal becomes the error it stands for."""
    decoder = msgspec.msgpack.Decoder(Frame)
    with tempfile.TemporaryDirectory(prefix="etalage-") as scratch:
        order = msgspec.msgpack.encode(Order(task, limits, scratch))
        with _child(order) as process:
            for payload in _payloads(process, limits):
                try:
                    frame = decoder.decode(payload)
                except msgspec.DecodeError as error:
                    raise BadFeed("the reader of the file gave an unreadable answer") from error
                if isinstance(frame, Refused):
                    raise _REFUSALS.get(frame.code, BadInput)(frame.message, field=frame.field)
                yield frame


@contextmanager
def _child(order: bytes) -> Iterator[subprocess.Popen[bytes]]:
    """Start the reader without our environment; whatever happens, it ends with the block."""
    command = [sys.executable, "-I", "-m", "etalage.connect.child_main"]
    process = subprocess.Popen(  # noqa: S603  our own program, fixed arguments
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"},
    )
    try:
        assert process.stdin is not None  # noqa: S101  asked for above
        with process.stdin as stdin:
            stdin.write(order)
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _payloads(process: subprocess.Popen[bytes], limits: Limits) -> Iterator[bytes]:
    """Cut the child's output into frames; an end without a last frame tells how it died."""
    assert process.stdout is not None  # noqa: S101  asked for in _child
    pipe = process.stdout.fileno()
    waiting = bytearray()
    heard = time.monotonic()
    while True:
        ready, _, _ = select.select(
            [pipe], [], [], max(0.0, heard + limits.silent_seconds - time.monotonic())
        )
        if not ready:
            raise BadFeed(f"reading the file took longer than {limits.silent_seconds:g} seconds")
        chunk = os.read(pipe, _READ)
        if not chunk:
            raise BadFeed(_death(process.wait(), limits))
        waiting += chunk
        while (end := _frame_end(waiting)) is not None:
            yield bytes(waiting[LENGTH_BYTES:end])
            del waiting[:end]
            heard = time.monotonic()


def _frame_end(waiting: bytearray) -> int | None:
    if len(waiting) < LENGTH_BYTES:
        return None
    length = int.from_bytes(waiting[:LENGTH_BYTES])
    if length > MAX_FRAME:
        raise BadFeed("the reader of the file gave an answer that is too large")
    return LENGTH_BYTES + length if len(waiting) >= LENGTH_BYTES + length else None


def _death(code: int, limits: Limits) -> str:
    if code == -signal.SIGXCPU:
        return f"reading the file took more than {limits.cpu_seconds} seconds of computing"
    if code == -signal.SIGXFSZ:
        return f"reading the file wrote more than {limits.file_bytes} bytes"
    if code < 0:
        return (
            f"reading the file crashed ({signal.Signals(-code).name}); it may need too much memory"
        )
    return "reading the file failed without an answer; it may need too much memory"
