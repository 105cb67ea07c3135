"""How a shop's parts are: which one is red, since when, and what it said.

In:   what went wrong, from whoever met it; a look at every part once a second (`api/watch.py`).
Out:  names for `degraded` in answers; lines for `/readyz`, `/metrics` and `doctor`.
Idea: a breaker. Who must be quick asks nothing of a part that is red; the watch goes on asking, and the part is green
      again once it answers well and quickly. Nobody has to start anything anew. Once too slow is not yet red: on a
      busy machine everything stands still for a moment, and the store has done nothing wrong.

    log         takes no events (full, or its disk fails)      decisions go on, their records are not kept
    profiles    cannot be read, or too slowly                  decisions are contextual, events are refused
    profiles_write  cannot be written, or too slowly           decisions are contextual, events are taken in
    records     cannot be read                                 decisions go on with what was live
    models      cannot be read                                 decisions go on with what was learned before
    committer   more waits to be written than may wait         events are refused for a while, decisions are not
    clock       the machine's clock jumped                     time goes on without the jump
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal, Protocol, get_args

from msgspec import Struct

from etalage.domain.time import SECOND
from etalage.errors import EtalageError

Part = Literal["log", "profiles", "profiles_write", "records", "models", "committer", "clock"]
PARTS: tuple[Part, ...] = get_args(Part)
# Those that every decision stands on. The others change an answer only where it meets them.
UNDER_DECISIONS: frozenset[Part] = frozenset(
    {"log", "profiles", "profiles_write", "records", "models"}
)
LONGEST = 300  # characters of what a part said
STRIKES, STRIKE_SECONDS = 3, 30  # so often too slow within so long, and a part is red


class Red(Struct, frozen=True):
    """A part that is not well."""

    part: str
    since: int  # micros
    says: str


class Signs(Protocol):
    """Where it is written that a part is red, for other processes and for later."""

    def put(self, red: Red) -> None:
        """Write it down; where that fails too, nothing happens: whoever knows still tells."""
        ...

    def remove(self, part: str) -> None:
        """Take it away; nothing happens if there is none."""
        ...

    def all(self) -> list[Red]:
        """Give what is written, in order of part."""
        ...


class NoSigns:
    """Writes nothing down: for a shop that is open for a moment."""

    def put(self, red: Red) -> None:
        """Write nothing."""

    def remove(self, part: str) -> None:
        """Remove nothing."""

    def all(self) -> list[Red]:
        """Give nothing."""
        return []


class Health:
    """What is known of the parts of one shop in this process. Any thread may tell and ask."""

    def __init__(self, clock: Callable[[], int], signs: Signs | None = None) -> None:
        """Begin with all parts green.

        Args:
            clock: gives the moment, micros; of the machine, also where the shop's time is simulated.
            signs: where it is written down.
        """
        self._clock = clock
        self._signs = signs or NoSigns()
        self._lock = threading.Lock()
        self._red: dict[str, Red] = {}
        self._seen: set[str] = set()  # parts that were found well since the start
        self._strikes: dict[str, tuple[int, ...]] = {}  # by part: when it was too slow
        self.degraded: tuple[str, ...] = ()  # under decisions; read with every one of them

    def fail(self, part: Part, says: str) -> bool:
        """Make a part red; tell whether it was not before. Its `since` stays."""
        with self._lock:
            known = self._red.get(part)
            if known is None:
                self._red[part] = red = Red(part, self._clock(), says[:LONGEST])
                self._tell()
        if known is None:
            self._signs.put(red)
        return known is None

    def slow(self, part: Part, says: str) -> bool:
        """Count that a part took too long; the third time within half a minute makes it red."""
        now = self._clock()
        with self._lock:
            late = (*self._strikes.get(part, ()), now)
            late = tuple(at for at in late if at > now - STRIKE_SECONDS * SECOND)[-STRIKES:]
            self._strikes[part] = late
        return len(late) == STRIKES and self.fail(part, says)

    def heal(self, part: Part) -> bool:
        """Make a part green; tell whether it was red."""
        with self._lock:
            was_red = self._red.pop(part, None) is not None
            if was_red:
                self._strikes.pop(part, None)
            is_first = part not in self._seen
            self._seen.add(part)
            self._tell()
        if was_red or is_first:  # a process that ended while it was red has left its sign
            self._signs.remove(part)
        return was_red

    def is_red(self, part: Part) -> bool:
        """Tell whether a part is red."""
        return part in self._red

    def reds(self) -> list[Red]:
        """Give the parts that are red, in order of name."""
        with self._lock:
            return [self._red[part] for part in sorted(self._red)]

    def known(self) -> list[Red]:
        """Give what is red here, and what other processes have written down (the night shift, other workers)."""
        own = {red.part: red for red in self.reds()}
        told = {red.part: red for red in self._signs.all()} | own
        return [told[part] for part in sorted(told)]

    def _tell(self) -> None:
        self.degraded = tuple(sorted(UNDER_DECISIONS.intersection(self._red)))


def said_by(error: BaseException) -> str:
    """Write what an error says for an operator: our own words, those of the system, or else its kind alone.

    The words of others may quote values.
    """
    if isinstance(error, EtalageError):
        return error.message
    if isinstance(error, OSError) and error.strerror:
        return f"{type(error).__name__}: {error.strerror}"
    return type(error).__name__
