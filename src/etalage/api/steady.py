"""The server's clock: what time it is, also when somebody turns the machine's clock.

In:   the machine's two clocks: the time of day, which may jump, and the one that only counts up.
Out:  a moment that never goes back, and does not leap because the time of day did.
Idea: time is the count, plus a distance that is looked at every second. A little ahead is taken over at once. A leap
      ahead is believed only after ten minutes: until then caps, schedules and countdowns go on as they were. Where the
      time of day is behind, ours goes at half its pace until the two meet: nothing happens twice or in the wrong order.

          time of day  ──────┐ (back an hour)      ┌──────── (forward a day)
          ours         ─────────── slower ──── ────────────┘ (after ten minutes, if it is still so)
"""

from __future__ import annotations

import time
from collections.abc import Callable

from etalage.domain.time import MINUTE, SECOND, Micros

JUMP = 5 * SECOND  # further apart than this is no drift
DRIFT = SECOND // 2  # a time of day that is behind by less is left alone
BELIEVED = 10 * MINUTE  # after this long a leap ahead is taken over
COUNT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # goes on while the machine sleeps


def _time_of_day() -> int:
    return time.time_ns() // 1000


def _count() -> int:
    return time.clock_gettime_ns(COUNT) // 1000


class SteadyClock:
    """Gives the moment; one in each process. Call `look` every second."""

    def __init__(
        self, time_of_day: Callable[[], int] = _time_of_day, count: Callable[[], int] = _count
    ) -> None:
        """Begin with the time of day as it is.

        Args:
            time_of_day: micros since 1970; may jump.
            count: micros since whenever; only goes up.
        """
        self._time_of_day, self._count = time_of_day, count
        # Our moment at the last look, the count then, and by how much the count is divided since: set as one, because
        # other threads ask meanwhile.
        self._anchor = (time_of_day(), count(), 1)
        self._apart_since: int | None = None  # by the count
        self.apart = 0  # micros that the time of day is ahead of ours, as of the last look

    def __call__(self) -> Micros:
        """Give the moment."""
        then, looked, pace = self._anchor
        return Micros(then + (self._count() - looked) // pace)

    def look(self) -> int:
        """Compare, and follow as far as is safe; give how far the time of day still is ahead (behind: below 0)."""
        then, looked, pace = self._anchor
        at = self._count()
        now = then + (at - looked) // pace
        apart = self._time_of_day() - now
        if abs(apart) <= JUMP:
            self._apart_since = None
        elif self._apart_since is None:
            self._apart_since = at
        is_believed = self._apart_since is not None and at - self._apart_since >= BELIEVED
        step = apart if apart > 0 and (apart <= JUMP or is_believed) else 0
        self._anchor = (now + step, at, 2 if apart < -DRIFT else 1)
        self.apart = apart - step
        return self.apart

    @property
    def says(self) -> str | None:
        """Say that the two are apart, for an operator; None while they are not."""
        if abs(self.apart) <= JUMP:
            return None
        where = "ahead of" if self.apart > 0 else "behind"
        return (
            f"the machine's clock jumped: it is {abs(self.apart) / SECOND:,.0f} s {where} the time "
            "that has passed"
        )
