"""The background process: the night shift of every shop, by one process at a time.

In:   a way to open a shop's stores, and the directory in which its lease lies.
Out:  sealed days, warm segments, popular lists; a line in the log for each failure.
Idea: the lease is a lock of the operating system on a file. It ends with the process that holds it, however that
      ends, so another server on the same directory takes over within a second and two never work at once.
      A shop's stores are open only while this process holds its lease.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from etalage.api.logs import log
from etalage.config import Settings
from etalage.domain.ids import ShopId
from etalage.domain.shop import shop_from
from etalage.domain.time import DAY, ShopZone
from etalage.flow.clean import kept_by
from etalage.flow.health import NoSigns, Red, Signs, said_by
from etalage.flow.nightly import (
    EVERY_MINUTE,
    NOW_AND_THEN,
    Night,
    Shift,
    add_ended,
    learn,
    look,
    own_time,
    score_engagement,
    watch,
    weigh_bandits,
)
from etalage.flow.remember import Memorist
from etalage.ports import Ports, Sealable

LOOK_SECONDS = 1.0  # how often a lease that somebody else holds is asked for again
HOUSEKEEPING_SECONDS = 3_600.0
LIVE_SECONDS = 60.0  # until a session that ended counts for what others are shown
LONGEST_WAIT_SECONDS = 900.0  # between two tries of what keeps failing
WAITS = "night_waits"  # written down while work of the night is put off
LEASE = "background.lock"


class Lease:
    """The right to work for a shop; held from `take` until `give_back`, or until the process ends."""

    def __init__(self, home: Path) -> None:
        self._path = home / LEASE
        self._handle: int | None = None

    def take(self) -> bool:
        """Tell whether it is ours now."""
        if self._handle is not None:
            return True
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        # For an operator who asks who it is; the lock itself does not depend on it.
        os.ftruncate(handle, 0)
        os.pwrite(handle, b"%d\n" % os.getpid(), 0)
        self._handle = handle
        return True

    def give_back(self) -> None:
        """Let somebody else work."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


@dataclass(slots=True)
class Job:
    """One thing to do again and again; after a failure each time later."""

    name: str
    work: Shift
    every_seconds: float
    due: float = 0.0  # by the monotonic clock
    failures: int = 0
    can_wait: bool = False  # while events are refused because there are too many, this is not done
    apart: bool = False  # takes much memory: done in a process that ends with it
    last_error: Exception | None = None

    def run(self, night: Night, *, shop: ShopId, at: float) -> None:
        """Do it if it is due."""
        if at < self.due:
            return
        began = time.monotonic()
        try:
            count = self.work(night)
        except Exception as error:  # noqa: BLE001  the outermost loop: logged, and tried again
            self.failures += 1
            self.last_error = error
            wait = self.every_seconds * 2 ** min(self.failures - 1, 10)
            self.due = time.monotonic() + min(wait, max(LONGEST_WAIT_SECONDS, self.every_seconds))
            log.exception("job failed", part=self.name, shop=shop, attempt=self.failures)
            return
        self.failures, self.last_error = 0, None
        self.due = began + self.every_seconds
        if count:
            seconds = round(time.monotonic() - began, 3)
            log.debug("job done", part=self.name, shop=shop, count=count, seconds=seconds)


@dataclass(slots=True)
class Post:
    """One shop's place in the night shift."""

    shop: ShopId
    lease: Lease
    jobs: list[Job]
    signs: Signs = field(default_factory=NoSigns)
    ports: Ports | None = None
    failures: int = field(default=0)
    due: float = 0.0

    def leave(self) -> None:
        """Close what is open and give the lease back."""
        if self.ports is not None:
            self.ports.close()
            self.ports = None
        self.lease.give_back()


def jobs_of(settings: Settings) -> list[Job]:
    """Give all that is done for a shop, in order."""

    def prune_journal(night: Night) -> int:
        return prune(night, settings.journal_days)

    return [
        *(Job(name, work, settings.roll_seconds) for name, work in EVERY_MINUTE),
        *(Job(name, work, settings.popular_seconds, can_wait=True) for name, work in NOW_AND_THEN),
        # A new catalogue takes seconds to compare: what is popular does not wait for that.
        Job("catalogue", look, settings.roll_seconds, can_wait=True),
        Job("live", add_ended, LIVE_SECONDS, can_wait=True),
        Job("bandits", weigh_bandits, HOUSEKEEPING_SECONDS, can_wait=True),
        Job("learn", learn, HOUSEKEEPING_SECONDS, can_wait=True, apart=True),
        Job("alerts", watch, HOUSEKEEPING_SECONDS, can_wait=True, apart=True),
        Job("engagement", score_engagement, HOUSEKEEPING_SECONDS * 24, can_wait=True),
        Job("prune", prune_journal, HOUSEKEEPING_SECONDS, can_wait=True),
        Job("catalogues", _prune_catalogues, HOUSEKEEPING_SECONDS * 24, can_wait=True),
    ]


def night_of(ports: Ports, settings: Settings, now: int) -> Night:
    """Give what the night shift of a shop needs; a simulated shop has its own time."""
    shop = shop_from(ports.records.shop())
    return Night(
        ports=ports,
        how=Memorist(ShopZone(shop.zone), shop.currency),
        now=own_time(ports.log, now) if shop.simulated else now,
        popular_least_visitors=settings.popular_least_visitors,
        keep=kept_by(settings),
    )


def do(name: str, ports: Ports, settings: Settings, now: int) -> int:
    """Do one job of a shop, named as in `jobs_of`; give how much that was."""
    (work,) = [job.work for job in jobs_of(settings) if job.name == name]
    return work(night_of(ports, settings, now))


def prune(night: Night, days: int) -> int:
    """Drop sealed events from the journal that were received before the last so many days; give how many."""
    log_of_shop = night.ports.log
    if not isinstance(log_of_shop, Sealable):
        return 0  # a log that keeps its own time, such as Kafka
    kept = night.ports.warehouse.ask(
        "SELECT min(position) FROM events WHERE received >= $since",
        {"since": night.now - days * DAY},
    ).rows[0][0]
    last = log_of_shop.head() if kept is None else int(str(kept)) - 1
    return log_of_shop.prune(last)


def _prune_catalogues(night: Night) -> int:
    return night.ports.records.prune_catalogues(night.now)


class Background:
    """The night shift of several shops, in this process."""

    def __init__(
        self,
        homes: Sequence[tuple[ShopId, Path]],
        *,
        open_ports: Callable[[ShopId], Ports],
        settings: Settings,
        clock: Callable[[], int],
        signs: Callable[[Path], Signs] = lambda _: NoSigns(),
        rest: Callable[[], None] = lambda: None,
        apart: Callable[[ShopId, str], int] | None = None,
    ) -> None:
        """Prepare.

        Args:
            homes: the shops and the directories in which their leases lie.
            open_ports: opens a shop's stores; called when its lease is ours.
            settings: of the installation.
            clock: gives the moment, micros.
            signs: gives where it is written, for a shop's home, that a part is red.
            rest: called after work, when there is none for a while.
            apart: does a job of a shop, by name, in a process of its own; in this one by default.
        """
        self._apart = apart
        self._posts = [
            Post(shop, Lease(home), self._jobs(shop, settings), signs(home)) for shop, home in homes
        ]
        self._open_ports = open_ports
        self._settings = settings
        self._clock = clock
        self._rest = rest

    def _jobs(self, shop: ShopId, settings: Settings) -> list[Job]:
        jobs = jobs_of(settings)
        if self._apart is not None:
            for job in jobs:
                if job.apart:
                    job.work = _apart(self._apart, shop, job.name)
        return jobs

    def run(self, ended: threading.Event) -> None:
        """Work until `ended` is set; what is under way is finished first."""
        try:
            while not ended.is_set():
                worked = [self._attend(post, ended) for post in self._posts]
                if any(worked):
                    self._rest()
                ended.wait(LOOK_SECONDS)
        finally:
            for post in self._posts:
                post.leave()

    def _attend(self, post: Post, ended: threading.Event) -> bool:
        """Do what is due; tell whether there was anything."""
        if ended.is_set() or time.monotonic() < post.due or not post.lease.take():
            return False
        try:
            night = self._night(post)
        except Exception:  # noqa: BLE001  the outermost loop: logged, and tried again by whoever comes first
            post.failures += 1
            post.due = time.monotonic() + min(2.0**post.failures, LONGEST_WAIT_SECONDS)
            post.leave()
            log.exception("shop cannot be opened", shop=post.shop, attempt=post.failures)
            return True
        post.failures = 0
        for job in post.jobs:
            if ended.is_set():
                return True
            if not (job.can_wait and self._is_too_much(post)):
                self._run(job, post, night)
        post.due = min(job.due for job in post.jobs)  # until then there is nothing to look at
        return True

    def _run(self, job: Job, post: Post, night: Night) -> None:
        """Do a job; write down that it fails, until it does not."""
        before = job.last_error
        job.run(night, shop=post.shop, at=time.monotonic())
        part = f"night_{job.name}"
        if job.last_error is not None and job.last_error is not before:
            post.signs.put(Red(part, self._clock(), said_by(job.last_error)))
        elif job.last_error is None:
            post.signs.remove(part)

    def _is_too_much(self, post: Post) -> bool:
        """Tell whether a server refuses events because there are too many: then the least urgent goes first."""
        is_too_much = any(red.part == "committer" for red in post.signs.all())
        if is_too_much:
            post.signs.put(Red(WAITS, self._clock(), "lists and scores are not counted meanwhile"))
        else:
            post.signs.remove(WAITS)
        return is_too_much

    def _night(self, post: Post) -> Night:
        if post.ports is None:
            post.ports = self._open_ports(post.shop)
            log.info("lease taken", shop=post.shop)
        return night_of(post.ports, self._settings, self._clock())


def _apart(done: Callable[[ShopId, str], int], shop: ShopId, name: str) -> Shift:
    def work(night: Night) -> int:
        # A process takes seconds on a core to begin: a shop in which nothing happened yet needs none.
        return done(shop, name) if night.ports.log.head() else 0

    return work
