"""Changing the log where the law or an operator asks for it: erasing, and sending again what was set aside."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct

from etalage.domain.arrival import Arrival, Entered, Rejected
from etalage.domain.ids import VisitorKey
from etalage.domain.privacy import Verdict

ShutReason = Literal["erased", "restricted"]


class Rewritten(Struct, frozen=True):
    """What was changed in place, and what was thrown away."""

    events: int = 0
    old_files: tuple[str, ...] = ()  # replaced; there until nobody can be reading them
    quarantine: int = 0


@runtime_checkable
class Erasable(Protocol):
    """What an event log offers to whoever removes people from it. Positions stay as they are."""

    def shut(self, visitors: Iterable[VisitorKey], reason: ShutReason | None) -> None:
        """Refuse events of (or naming) these visitors from now on; None lets them in again, but never the erased."""
        ...

    def shut_out(self) -> dict[VisitorKey, ShutReason]:
        """Give everybody who is shut out."""
        ...

    def note(self, name: str) -> int:
        """Give a number kept with the events; 0 if there is none. It is restored with them."""
        ...

    def put_note(self, name: str, number: int) -> None: ...
    def renew(self, verdicts: Mapping[int, Verdict], keep: Callable[[Rejected], bool]) -> Rewritten:
        """Carry out verdicts on the events kept here and drop set-aside records that `keep` does not want.

        Afterwards no file of the log holds a byte of what went, whether or not there was anything to change.
        """
        ...

    def forget_ids(self, events_day: int, *, orders_day: int, kept: Container[bytes]) -> int:
        """Let go of ids received before a shop day, but for those in `kept`; give how many.

        Those under which an event comes in only once (orders) stay until `orders_day`.
        """
        ...


class Aside(Struct, frozen=True):
    """Something in the quarantine, with the number under which it lies there."""

    number: int
    rejected: Rejected


class Retried(Struct, frozen=True):
    """Something that was set aside, and what it is now that it was sent again."""

    aside: Aside
    arrivals: tuple[Arrival, ...]
    rejected: tuple[Rejected, ...] = ()


@runtime_checkable
class Replayable(Protocol):
    """What an event log offers to whoever sends again what was set aside."""

    def aside(self, reason: str) -> Iterator[Aside]:
        """Give what was set aside for a reason, oldest first."""
        ...

    def retry(self, retried: Sequence[Retried]) -> list[list[Entered] | None]:
        """Take each out of the quarantine and enter what it is now, all in one transaction.

        The account then says what became of it in the end: one less is quarantined, and what is received stays.
        Gives what became of its arrivals; None for what does not lie there any more, which is left alone.
        """
        ...
