"""Segment's own calls as JSON lines: the log of a source, or what a Segment destination wrote to a bucket.

In:   a path.
Out:  the calls as they are, batches opened, each with a time.
Idea: a historical import has no send time: the clock skew of a delivery long ago is in `timestamp` already, so
      `sentAt` and `receivedAt` are dropped, or intake would correct the clock a second time.
From: conventions.md 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from etalage.connect.imports.items import Given, ImportSettings, Item, Skipped, digest
from etalage.connect.imports.rows import Fields, documents
from etalage.connect.imports.values import time_of

_OF_DELIVERY = frozenset({"sentAt", "receivedAt", "originalTimestamp", "writeKey", "_metadata"})
_TIMES = ("timestamp", "originalTimestamp", "receivedAt")


def read(path: Path, settings: ImportSettings) -> Iterator[Given]:
    """Read calls; a line may hold one call or a whole batch."""
    for row in documents(path):
        if isinstance(row, Skipped):
            yield row
            continue
        number, document = row
        for call in _calls(document):
            yield _dated(number, call, settings) if call else Skipped(number, "not_an_object")


def _calls(document: Fields) -> Iterator[Fields]:
    """Open a batch; its context is under that of each call. What is no object comes out empty."""
    batch = document.get("batch")
    if not isinstance(batch, list):
        yield document
        return
    outer = document.get("context")
    for call in batch:
        if not isinstance(call, dict):
            yield {}
            continue
        inner = call.get("context")
        context = (outer if isinstance(outer, dict) else {}) | (
            inner if isinstance(inner, dict) else {}
        )
        yield {**call, "context": context}


def _dated(number: int, call: Fields, settings: ImportSettings) -> Given:
    times = (time_of(call.get(name), settings.zone) for name in _TIMES)
    time = next((found for found in times if found is not None), None)
    if time is None:
        return Skipped(number, "bad_time")
    item: Item = {name: told for name, told in call.items() if name not in _OF_DELIVERY}
    return {"messageId": digest(item)} | item | {"timestamp": time}
