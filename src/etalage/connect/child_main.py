"""What runs in the child: take on the limits, unpack, read, answer in frames. Started by `child` only.

Nothing here trusts the file; everything that goes wrong becomes a `Refused` frame or the death of the process.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import msgspec

from etalage.connect.catalogue.detect import read as read_catalogue
from etalage.connect.child import (
    LENGTH_BYTES,
    CatalogueTask,
    FeedEnd,
    Frame,
    ImportTask,
    Items,
    ItemsEnd,
    Limits,
    Order,
    Products,
    Refused,
)
from etalage.connect.imports.items import Skipped
from etalage.connect.imports.read import read_import
from etalage.connect.unpack import unpacked
from etalage.errors import EtalageError

_BATCH = 1_000  # products or items a frame
_OPEN_FILES = 64


def main() -> None:
    """Read an order from standard input and answer it on standard output."""
    order = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Order)
    take_on(order.limits)
    try:
        for frame in _answer(order):
            _write(sys.stdout.buffer, frame)
    except EtalageError as error:
        _write(sys.stdout.buffer, Refused(error.code, error.message, error.field))
    except MemoryError:
        _write(sys.stdout.buffer, _refused("takes more memory than it may"))
    except RecursionError:
        _write(sys.stdout.buffer, _refused("is nested too deep"))


def take_on(limits: Limits) -> None:
    """Lower what this process may use, for good."""
    # Past the soft limit comes SIGXCPU, by which the other side knows what happened; past the hard one SIGKILL.
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 5))
    for which, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(which)
        lowest = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (lowest, lowest))


def _answer(order: Order) -> Iterator[Frame]:
    task, scratch = order.task, Path(order.scratch)
    path = unpacked(Path(task.path), scratch, most_bytes=order.limits.file_bytes)
    if isinstance(task, CatalogueTask):
        return _catalogue(path, task)
    return _items(path, task, scratch)


def _catalogue(path: Path, task: CatalogueTask) -> Iterator[Frame]:
    feed = read_catalogue(path, task.format, task.settings)
    products = iter(feed.products)
    while batch := list(islice(products, _BATCH)):
        yield Products(batch)
    yield FeedEnd(feed.problems, feed.rows, feed.currency)


def _items(path: Path, task: ImportTask, scratch: Path) -> Iterator[Frame]:
    given = read_import(path, task.kind, task.format, task.settings, scratch=scratch)
    while batch := list(islice(given, _BATCH)):
        skipped = [one for one in batch if isinstance(one, Skipped)]
        yield Items([one for one in batch if not isinstance(one, Skipped)], skipped)
    yield ItemsEnd()


def _refused(what: str) -> Refused:
    return Refused("bad-feed", f"reading the file {what}")


def _write(out: BinaryIO, frame: Frame) -> None:
    payload = msgspec.msgpack.encode(frame)
    out.write(len(payload).to_bytes(LENGTH_BYTES) + payload)
    out.flush()


if __name__ == "__main__":
    main()
