"""The event log: the truth; what it gives the archive, and how the archive takes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from msgspec import Struct

from etalage.domain.arrival import Arrival, Entered, Rejected
from etalage.domain.event import Event


class Account(Struct, frozen=True, order=True):
    """One line of the account of intake."""

    key: str
    day: int
    outcome: str
    reason: str  # "" for accepted and duplicate
    count: int


class EventLog(Protocol):
    """Append-only memory of what happened. Appending twice is appending once.

    Positions count from 1, without gaps, in the order of commits over all processes. A record carries its
    position and a digest over position and payload; reading a record whose digest differs raises `Damaged`.
    """

    def append(
        self, arrivals: Sequence[Arrival], rejected: Sequence[Rejected] = ()
    ) -> list[Entered]:
        """Write events, ids and counts in one transaction and sync; returning means it is on disk.

        An arrival whose identity is known is a `duplicate` (same digest) or quarantined as `id_conflict`
        (another digest); one whose `once` is known is a `duplicate`. Twice in one call counts as twice.
        """
        ...

    def head(self) -> int:
        """Give the position of the newest event; 0 for an empty log."""
        ...

    def read(self, after: int, *, upto: int | None = None) -> Iterator[tuple[int, Event]]:
        """Give the events with after < position <= upto, in order, sealed or not."""
        ...

    def account(self) -> list[Account]:
        """Give the exact counts of everything received, in order."""
        ...

    def quarantine(self) -> Iterator[Rejected]:
        """Give what was set aside, oldest first."""
        ...

    def check_room(self) -> None:
        """Raise the `Overloaded` that `append` would raise now; nothing if it may write."""
        ...

    def close(self) -> None:
        """Release files and threads; what was acknowledged stays."""
        ...


class Manifest(Struct, frozen=True):
    """Which part of the log lies in Parquet: all events up to `sealed_to`, in these files together, each once."""

    sealed_to: int = 0
    files: tuple[str, ...] = ()


class Archive(Protocol):
    """Reads sealed events back, for those whom the log itself no longer holds."""

    def read(self, after: int, upto: int) -> Iterator[tuple[int, Event]]:
        """Give all events with after < position <= upto, in order."""
        ...


@runtime_checkable
class Sealable(Protocol):
    """What an event log offers to whoever rolls it into Parquet."""

    def head(self) -> int:
        """Give the position of the newest event; 0 for an empty log."""
        ...

    def manifest(self) -> Manifest:
        """Give what is sealed now."""
        ...

    def seal(self, upto: int, files: Sequence[str], *, removed: Sequence[str] = ()) -> None:
        """State at once that all events up to `upto` are in `files`, the whole list of files from now on.

        A file of the present list that is neither in `files` nor in `removed` means that somebody else
        sealed in between: `Conflict`. The files must be on disk before the call.
        """
        ...

    def snapshot(self) -> AbstractContextManager[tuple[Manifest, Iterator[tuple[int, Event]]]]:
        """Give the manifest and every event behind it, at one moment: together exactly the log, each once."""
        ...

    def prune(self, upto: int) -> int:
        """Drop events up to `upto`, never unsealed ones, that the archive now answers for; give how many."""
        ...
