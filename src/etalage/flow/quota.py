"""What one shop may send and ask, so that a heavy one slows only itself.

In:   the shop's settings, what a call brings, the moment.
Out:  nothing, or `QuotaExceeded` with the seconds until it is worth while to try again.
Idea: a token bucket per kind of key and per kind of work: it fills with so many a second and holds a minute's worth,
      so a burst is fine and a flood is not. Whoever floods with the public write key leaves the quota of the
      server key as it is. The day's count comes from the account in the log, which all processes share and a restart
      keeps; in between this process adds its own. Buckets are per process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from etalage.domain.shop import Shop
from etalage.domain.time import ShopZone
from etalage.errors import QuotaExceeded
from etalage.ports import Account

Work = Literal["events", "questions", "queries"]
KeyKind = Literal["write", "server"]

MINUTE = 60.0  # s
LEAST = 500  # a bucket holds at least one whole batch
KIND_OF_LABEL: dict[str, KeyKind] = {"wk_": "write", "sk_": "server"}
LONGEST_SECONDS = 3_600  # that anybody is told to wait
LOOK_SECONDS = 60.0  # between two looks at the account


class Bucket(Struct):
    """So much is left, as of a moment of the monotonic clock."""

    left: float
    at: float

    def take(self, count: int, rate: float, holds: float, *, at: float) -> float:
        """Take from it; give the seconds to wait if there is not enough, and then nothing was taken."""
        self.left = min(holds, self.left + (at - self.at) * rate)
        self.at = at
        if count <= self.left:
            self.left -= count
            return 0.0
        return (min(count, holds) - self.left) / rate


class Quota:
    """The quota of one shop in this process."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[KeyKind, Work], Bucket] = {}
        self._today: Counter[KeyKind] = Counter()  # events of the day
        self._day = -1
        self._looked = -LOOK_SECONDS
        self.refused: Counter[str] = Counter()  # calls, by what there was too much of

    def take(self, shop: Shop, kind: KeyKind, work: Work, count: int, *, at: float) -> None:
        """Let work through.

        Args:
            shop: its settings; 0 there means no limit.
            kind: of the key the call came with.
            work: events are sent, questions are about one person, queries ask the whole log.
            count: how many.
            at: of the monotonic clock, seconds.

        Raises:
            QuotaExceeded: there is more than the shop may; nothing of the call may be kept.
        """
        if not count:
            return
        rate = _rate(shop, work)
        if not rate:
            return
        holds = max(rate * MINUTE, LEAST if work == "events" else 1)
        bucket = self._buckets.get((kind, work))
        if bucket is None:
            bucket = self._buckets[kind, work] = Bucket(holds, at)
        wait = bucket.take(count, rate, holds, at=at)
        if wait:
            self._refuse(work, kind, wait)

    def take_of_day(
        self, shop: Shop, kind: KeyKind, count: int, *, zone: ShopZone, now: int
    ) -> None:
        """Let events through that still fit into the day.

        Raises:
            QuotaExceeded: they do not; there is a new day at midnight of the shop.
        """
        day = zone.day(now)
        if day != self._day:
            self._day, self._today = day, Counter()
        if shop.events_per_day and self._today[kind] + count > shop.events_per_day:
            self._refuse("events of the day", kind, (zone.start(day + 1) - now) / 1_000_000)
        self._today[kind] += count

    def is_to_look(self, shop: Shop, *, at: float) -> bool:
        """Tell whether it is time to look at the account again."""
        return bool(shop.events_per_day) and at - self._looked >= LOOK_SECONDS

    def look(self, account: Iterable[Account], *, zone: ShopZone, now: int, at: float) -> None:
        """Take over what all processes received today."""
        self._looked, self._day = at, zone.day(now)
        counts: Counter[KeyKind] = Counter()
        for line in account:
            kind = KIND_OF_LABEL.get(line.key[:3])
            if kind is not None and line.day == self._day:
                counts[kind] += line.count
        self._today = counts

    def _refuse(self, what: str, kind: KeyKind, wait: float) -> None:
        self.refused[what] += 1
        seconds = min(max(1, round(wait + 0.5)), LONGEST_SECONDS)
        raise QuotaExceeded(
            f"more {what} with a {kind} key than this shop may; try again in {seconds} s",
            seconds=seconds,
        )


def _rate(shop: Shop, work: Work) -> float:
    """Give how much of a kind of work a shop may bring in a second; 0 is no limit."""
    if work == "questions":
        return shop.questions_per_second
    return shop.events_per_second if work == "events" else shop.queries_per_minute / MINUTE
