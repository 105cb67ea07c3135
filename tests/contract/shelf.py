"""What the contract tests of a log need besides the log: the archive of events it let go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from etalage.domain.event import Event
from etalage.ports import EventLog, Sealable


class SealableLog(EventLog, Sealable, Protocol):
    """A log that can also be rolled into Parquet."""


class Shelf:
    """An archive for tests: sealed events by position."""

    def __init__(self) -> None:
        self.events: dict[int, Event] = {}

    def read(self, after: int, upto: int) -> Iterator[tuple[int, Event]]:
        return (
            (position, self.events[position])
            for position in range(after + 1, upto + 1)
            if position in self.events
        )
