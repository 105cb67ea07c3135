"""One shop, open for business in this process: its ports, what is live, and the way to the committer.

Holds no state that another process would need: the configuration is looked at again every second, lists such as
"popular now" are counted again every few minutes, and everything else is in the stores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Protocol

from etalage.config import Settings
from etalage.domain.arrival import Arrival, Entered, Rejected, engines_own
from etalage.domain.event import Event
from etalage.domain.ids import EventId
from etalage.flow.configuration import Configuration, composition, configure
from etalage.flow.nightly import POPULAR, popular_now
from etalage.flow.remember import remember
from etalage.ports import Ports
from etalage.recommend.popular import EMPTY, PopularIndex, PopularModel
from etalage.recommend.strategy import Shelf


class Committed(Protocol):
    """What the committer could not do, since the start."""

    @property
    def shed(self) -> int:
        """Engine's own events (decisions) for which there was no room."""
        ...

    @property
    def lost(self) -> int:
        """Engine's own events that the log refused."""
        ...

    @property
    def apply_failures(self) -> int:
        """Times that profiles could not be brought up to the log."""
        ...


class Committing(Protocol):
    """The way into the log: one thread that writes for all requests of this process."""

    def submit(
        self, arrivals: Sequence[Arrival], rejected: Sequence[Rejected] = ()
    ) -> Future[list[Entered]]:
        """Queue for the log; done once it is on disk and remembered."""
        ...

    def put(self, arrivals: Sequence[Arrival]) -> bool:
        """Queue without waiting; False if there is no room, and then it is lost on purpose."""
        ...

    def counts(self) -> Committed:
        """Give what went wrong so far."""
        ...

    def close(self) -> None:
        """Finish what was accepted."""
        ...


class OpenShop:
    """A shop with its doors open; close it to finish what it accepted."""

    def __init__(
        self,
        ports: Ports,
        *,
        settings: Settings,
        committing: Callable[[Ports, Callable[[], None]], Committing],
        now: int,
    ) -> None:
        self.ports = ports
        self.settings = settings
        self.configuration: Configuration = configure(ports)
        self._popular: PopularModel = EMPTY
        self._popular_stamp = 0
        self.shelf: Shelf = self._stocked()
        self._restock()
        self.failures: dict[str, int] = {}  # by part: how often it failed since the start
        self.commits = committing(ports, self.remember)
        self._tell_composition(self.configuration, now)

    def remember(self) -> None:
        """Bring profiles up to the log; the committer calls this after every commit."""
        remember(self.ports.log, self.ports.profiles, self.configuration.how)

    def refresh(self, now: int) -> bool:
        """Read again what changed: the configuration if people decided something or a segment became warm, models."""
        self._restock()
        known = self.configuration
        if self.ports.records.generation() == known.generation and known.is_settled:
            return False
        fresh = configure(self.ports)
        if fresh.version != known.version:
            self._tell_composition(fresh, now)  # first: no decision may be in the log before it
        self.configuration = fresh
        self.shelf = self._stocked()
        return True

    def close(self) -> None:
        """Finish what was accepted, then release the stores."""
        self.commits.close()
        self.ports.close()

    def _restock(self) -> None:
        """Take over the list of popular products if it was counted again; a damaged one leaves what is here."""
        stamp = self.ports.models.stamp(POPULAR)
        if stamp == self._popular_stamp:
            return
        self._popular = popular_now(self.ports) or self._popular
        self._popular_stamp = stamp
        self.shelf = self._stocked()

    def _stocked(self) -> Shelf:
        catalogue = self.configuration.catalogue
        index = PopularIndex(self._popular, catalogue)
        return Shelf(catalogue, index, self.configuration.shop.sensitive)

    def _tell_composition(self, configuration: Configuration, now: int) -> None:
        """Write into the log what a configuration is made of, once per version."""
        said = Event(
            id=EventId(f"configuration:{configuration.version}"),
            name="configuration",
            time=now,
            received=now,
            trust="confirmed",
            source="engine",
            record=composition(configuration).decode(),
        )
        self.commits.submit([engines_own(said)]).result()
