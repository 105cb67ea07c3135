"""Store: the committer gathers what many callers bring and writes it to the log in one go.

In:   arrivals from any thread, one list a call.
Out:  a future a call, resolved when its events are on disk and, as a rule, in the profiles.
Idea: a sync costs the same for one event as for five hundred. While one is under way the next batch gathers by
      itself; only after a batch that had company is it worth waiting a moment for more. A lone caller never
      waits; what nobody waits for (records of decisions) does, forty times that moment, unless somebody comes: a
      power cut then takes a moment of records more, and measurement needs none of them (design 7, token).
      Profiles are brought up to date before the answer, so that a caller reads what it wrote; if that fails the
      answer is still given, because the log has the events and the profiles will catch up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice

from msgspec import Struct

from etalage.domain.arrival import Appended, Arrival, Entered, Rejected
from etalage.errors import Overloaded, TooMany
from etalage.ports import EventLog

_Answer = list[Entered] | Exception

SLICES = 20  # of the window; one that passes without anything new ends the wait
PATIENCE = 40  # windows that what nobody waits for may gather; a commit has the same price for one as for many
FULL = 500  # of that, and it is worth a commit at once


class _Submission(Struct, frozen=True):
    arrivals: Sequence[Arrival]
    rejected: Sequence[Rejected]
    future: Future[list[Entered]] | None  # None: nobody waits for it

    def size(self) -> int:
        return len(self.arrivals) + len(self.rejected)


@dataclass(frozen=True, slots=True)
class Committed:
    """What a committer did so far; counts."""

    batches: int = 0
    submissions: int = 0
    shed: int = 0  # arrivals of `put` for which there was no room
    lost: int = 0  # arrivals of `put` that the log refused
    apply_failures: int = 0


class Committer:
    """One thread that writes. Close it before the log: what was taken in is finished first."""

    def __init__(
        self,
        log: EventLog,
        applied: Callable[[Appended | None], None],
        *,
        window_seconds: float = 0.005,
        most: int = 5_000,
    ) -> None:
        """Start the thread.

        Args:
            log: what is written to.
            applied: called after each write, before the callers hear of it, with what it put at the end of the log
                (None if that is nothing, or lies in several pieces); brings profiles up to the log.
            window_seconds: how long a batch may wait for company.
            most: arrivals that may wait in the queue, for `submit` and for `put` each.
        """
        self._log = log
        self._applied = applied
        self._window = window_seconds
        self._most = most
        self._changed = threading.Condition()
        self._queue: list[_Submission] = []
        self._waiting = {
            True: 0,
            False: 0,
        }  # arrivals in the queue, by whether somebody awaits them
        self._closing = False
        self._counts = dict.fromkeys(Committed.__slots__, 0)
        self.last_failure: Exception | None = None  # of `applied`
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()

    def submit(
        self, arrivals: Sequence[Arrival], rejected: Sequence[Rejected] = ()
    ) -> Future[list[Entered]]:
        """Hand over one call's arrivals; its future gives what became of each.

        Raises:
            TooMany: the queue is full; nothing was taken in.
            Overloaded: the committer is closing; nothing was taken in.
        """
        future: Future[list[Entered]] = Future()
        if not self._enqueue(_Submission(arrivals, rejected, future)):
            if self._closing:
                raise Overloaded("the doors are closing; try again in a moment")
            raise TooMany("more events are waiting to be written than may wait; try again later")
        return future

    def put(self, arrivals: Sequence[Arrival]) -> bool:
        """Hand over arrivals that nobody waits for; without room they are shed, and counted: then False."""
        taken = self._enqueue(_Submission(arrivals, (), None))
        if not taken:
            self._count("shed", len(arrivals))
        return taken

    def counts(self) -> Committed:
        """Give what was done so far."""
        with self._changed:
            return Committed(**self._counts)

    def close(self) -> None:
        """Refuse what is new, finish what was taken in, end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _enqueue(self, submission: _Submission) -> bool:
        size, awaited = submission.size(), submission.future is not None
        with self._changed:
            waiting = self._waiting[awaited]
            # A call larger than the whole queue still gets in when it is alone.
            if self._closing or (waiting and waiting + size > self._most):
                return False
            self._waiting[awaited] += size
            self._queue.append(submission)
            if awaited or len(self._queue) == 1 or self._waiting[False] >= FULL:
                self._changed.notify_all()
            return True

    # ---- the thread ----

    def _run(self) -> None:
        had_company = False
        while batch := self._next_batch(wait_for_more=had_company):
            had_company = len(batch) > 1
            answers = self._write(batch)
            self._apply(batch, answers)
            for submission, answer in zip(batch, answers, strict=True):
                self._tell(submission, answer)

    def _next_batch(self, *, wait_for_more: bool) -> list[_Submission]:
        """Give all that waits, at least one; nothing only when closing."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            if not self._waiting[True]:
                self._changed.wait_for(self._is_worth_it, self._window * PATIENCE)
            elif wait_for_more:
                self._gather()
            batch, self._queue = self._queue, []
            self._waiting = {True: 0, False: 0}
        self._count("batches", bool(batch))
        self._count("submissions", len(batch))
        return batch

    def _is_worth_it(self) -> bool:
        return bool(self._waiting[True]) or self._waiting[False] >= FULL or self._closing

    def _gather(self) -> None:
        """Wait while more keeps coming, at most the window."""
        until = time.monotonic() + self._window
        while not self._closing and time.monotonic() < until:
            known = len(self._queue)
            self._changed.wait(self._window / SLICES)
            if len(self._queue) == known:
                return

    def _write(self, batch: list[_Submission]) -> list[_Answer]:
        """Write the whole batch at once; if that fails each call alone, so that it fails for itself only."""
        try:
            return self._write_at_once(batch)
        except Exception as error:  # noqa: BLE001  the outermost loop of this thread: callers are told
            if len(batch) == 1:
                return [error]
        return [answer for submission in batch for answer in self._write([submission])]

    def _write_at_once(self, batch: list[_Submission]) -> list[_Answer]:
        arrivals = [arrival for submission in batch for arrival in submission.arrivals]
        rejected = [one for submission in batch for one in submission.rejected]
        entered = iter(self._log.append(arrivals, rejected))
        return [list(islice(entered, len(submission.arrivals))) for submission in batch]

    def _apply(self, batch: list[_Submission], answers: list[_Answer]) -> None:
        try:
            self._applied(_appended(batch, answers))
        except Exception as error:  # noqa: BLE001  counted; the events are safe and profiles catch up
            self.last_failure = error
            self._count("apply_failures", 1)

    def _tell(self, submission: _Submission, answer: _Answer) -> None:
        future = submission.future
        if future is None:
            if isinstance(answer, Exception):
                self._count("lost", len(submission.arrivals))
        elif not future.set_running_or_notify_cancel():
            return  # the caller went away; its events are in the log all the same
        elif isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)

    def _count(self, name: str, number: int) -> None:
        with self._changed:
            self._counts[name] += number


def _appended(batch: list[_Submission], answers: list[_Answer]) -> Appended | None:
    """Give the new events, if they lie one behind the other; written call by call they need not."""
    new = {
        one.position: arrival.event
        for submission, answer in zip(batch, answers, strict=True)
        if not isinstance(answer, Exception)
        for arrival, one in zip(submission.arrivals, answer, strict=True)
        if one.position is not None
    }
    if not new or max(new) - min(new) >= len(new):
        return None
    return Appended(min(new) - 1, tuple(new.values()))
