"""One shop, open for business in this process: its ports, what is live, and the way to the committer.

Holds no state that another process would need: the configuration is looked at again every second, lists such as
"popular now" are counted again every few minutes, and everything else is in the stores.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Protocol

from etalage.config import Settings
from etalage.domain.arrival import Appended, Arrival, Entered, Rejected, engines_own
from etalage.domain.event import Event
from etalage.domain.ids import EventId
from etalage.domain.policy import POLICY
from etalage.errors import Damaged, Overloaded
from etalage.flow.configuration import Configuration, composition, configure, weighed
from etalage.flow.health import Health, said_by
from etalage.flow.learn import TakenUp
from etalage.flow.nightly import POPULAR, popular_now
from etalage.flow.policies import NONE, read_policies
from etalage.flow.quota import KeyKind, Quota, Work
from etalage.flow.remember import remember
from etalage.ports import Erasable, Ports
from etalage.recommend.model_file import Unusable
from etalage.recommend.popular import EMPTY, PopularIndex, PopularModel
from etalage.recommend.shelf import Shelf

SLOW_SECONDS = 1.0  # writing to profiles may take this long, ...
SECONDS_PER_EVENT = 0.005  # ... and this much for each event of it
PATIENCE_SECONDS = 5.0  # for the log to take what is live now
WITHOUT_WORRY = {
    "absent",
    "below_popular",
    "not_released",
}  # a young shop has learned nothing of worth yet
PROOF = "proof"  # a number in the log that says nothing
Applied = Callable[[Appended | None], None]  # what is done after a commit, with what it wrote


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
        committing: Callable[[Ports, Applied], Committing],
        now: int,
        health: Health | None = None,
    ) -> None:
        self.ports = ports
        self.health = health or Health(lambda: now)
        self.settings = settings
        self._policies_stamp = ports.models.stamp(POLICY)
        found = read_policies(ports.models.get(POLICY))
        self._policies = found or NONE
        self._are_policies_damaged = found is None and self._policies_stamp != 0
        self.configuration: Configuration = configure(ports, self._policies)
        self._popular: PopularModel = EMPTY
        self._popular_stamp = 0
        self._damaged_stamp = 0  # of a list that could not be read
        self._learned = TakenUp()
        self._untold: tuple[Configuration, int] | None = None  # what is live and not in the log
        self._remembered = ports.profiles.position()
        self.shelf: Shelf = self._stocked()
        self._restock()
        self.failures: dict[str, int] = {}  # by part: how often it failed since the start
        self.quota = Quota()
        self._look_at_quota(now)
        self.commits = committing(ports, self.remember)
        self._tell_composition(self.configuration, now)

    def remember(self, own: Appended | None = None) -> None:
        """Bring profiles up to the log; the committer calls this after every commit, with what it wrote.

        Profiles that fail or are slow are left alone from then on, so that events are acknowledged all the same:
        the watch brings them up to the log and makes them green again.
        """
        if self.health.is_red("profiles_write"):
            return
        began, before = time.perf_counter(), self._remembered
        try:
            self._remembered = self.catch_up(own)
        except Exception as error:
            self.health.fail("profiles_write", said_by(error))
            raise
        seconds = time.perf_counter() - began
        if seconds > SLOW_SECONDS + SECONDS_PER_EVENT * (self._remembered - before):
            self.health.slow("profiles_write", f"writing took {seconds:.1f} s")

    def catch_up(self, own: Appended | None = None) -> int:
        """Bring profiles up to the log, or to what was just written; give the position reached."""
        return remember(self.ports.log, self.ports.profiles, self.configuration.how, own=own)

    def prove_log(self) -> None:
        """Write something of no consequence to the log; raises what keeps it from that."""
        log = self.ports.log
        if isinstance(log, Erasable):
            log.put_note(PROOF, log.note(PROOF) + 1)
        if self._untold is not None:
            self._tell_composition(*self._untold)
        if self._untold is not None:
            raise Overloaded("the log does not take what is live now")

    def allow(self, kind: KeyKind, work: Mapping[Work, int], *, now: int) -> None:
        """Let a call through, or refuse it with `QuotaExceeded`: more than this shop may send or ask."""
        shop, at = self.configuration.shop, time.monotonic()
        for what, count in work.items():
            self.quota.take(shop, kind, what, count, at=at)
        if events := work.get("events", 0):
            self.quota.take_of_day(shop, kind, events, zone=self.configuration.zone, now=now)

    def _look_at_quota(self, now: int) -> None:
        """See what all processes received today, once a minute."""
        live, at = self.configuration, time.monotonic()
        if self.quota.is_to_look(live.shop, at=at):
            self.quota.look(self.ports.log.account(), zone=live.zone, now=now, at=at)

    def refresh(self, now: int) -> bool:
        """Read again what changed: the configuration if people decided something or a segment became warm, models."""
        self._restock()
        self._reweigh()
        self._look_at_quota(now)
        known = self.configuration
        if self.ports.records.generation() == known.generation and known.is_settled:
            return False
        fresh = configure(self.ports, self._policies)
        if fresh.version != known.version:
            self._tell_composition(fresh, now)  # first: no decision may be in the log before it
        elif self._untold is not None:
            self._untold = (fresh, now)
        self.configuration = fresh
        self.shelf = self._stocked()
        return True

    def close(self) -> None:
        """Finish what was accepted, then release the stores."""
        self.commits.close()
        self.ports.close()

    def prove_models(self) -> None:
        """Raise what keeps models from being read, or `Damaged` where the newest one could not be."""
        if self.ports.models.stamp(POPULAR) == self._damaged_stamp != 0:
            raise Damaged("the list of popular products is damaged; the one before it is in use")
        if self._are_policies_damaged:
            raise Damaged("the weighing of bandits is damaged; the one before it is in use")
        for name, model in self._learned.ready.items():
            if isinstance(model, Unusable) and model.reason not in WITHOUT_WORRY:
                raise Damaged(f"the model {name} is {model.reason}; it is learned again by itself")

    def _reweigh(self) -> None:
        """Take over the policies of the last weighing; damaged ones leave those that are here."""
        stamp = self.ports.models.stamp(POLICY)
        if stamp == self._policies_stamp:
            return
        found = read_policies(self.ports.models.get(POLICY))
        self._policies_stamp, self._are_policies_damaged = stamp, found is None and stamp != 0
        if found is not None:
            self._policies = found
            self.configuration = weighed(self.configuration, found)

    def _restock(self) -> None:
        """Take over what was learned again; a damaged list of popular products leaves what is here."""
        if self._learned.look(self.ports.models):
            self.shelf = self._stocked()
        stamp = self.ports.models.stamp(POPULAR)
        if stamp == self._popular_stamp:
            return
        found = popular_now(self.ports)
        self._damaged_stamp = stamp if found is None else 0
        self._popular = found or self._popular
        self._popular_stamp = stamp
        self.shelf = self._stocked()

    def _stocked(self) -> Shelf:
        catalogue = self.configuration.catalogue
        index = PopularIndex(self._popular, catalogue)
        return Shelf(catalogue, index, self.configuration.shop.sensitive, self._learned.ready)

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
        try:
            self.commits.submit([engines_own(said)]).result(PATIENCE_SECONDS)
        except (Overloaded, TimeoutError) as error:
            # What people decided holds all the same: they may be switching something off. While the log is red no
            # record of a decision is written, and it is not green again before this is.
            self._untold = (configuration, now)
            self.health.fail("log", said_by(error))
        else:
            self._untold = None
