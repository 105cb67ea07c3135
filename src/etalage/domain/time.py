"""Time: microseconds since 1970 in UTC everywhere; days are days of the shop, counted from 1970-01-01.

A shop day may have 23 or 25 hours. `ShopZone` is the one place that turns a moment into a shop day and back.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NewType
from zoneinfo import ZoneInfo

Micros = NewType("Micros", int)  # microseconds since 1970-01-01T00:00Z
Day = NewType("Day", int)  # days since 1970-01-01 in the shop's time zone

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR  # of 24 hours; a shop day may be shorter or longer

SESSION_GAP = 30 * MINUTE  # longer silence of one visitor starts a new session (design 5)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ISO_LENGTH = len("1970-01-01T00:00:00")
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_DAYS_KEPT = 100_000  # quarters whose day is remembered; whoever sends events chooses their times
_QUARTER = 15 * MINUTE  # offsets of all zones in use change on a quarter of an hour in UTC


def micros(moment: datetime) -> Micros:
    """Turn an aware datetime into microseconds since 1970, exactly."""
    return Micros((moment - _EPOCH) // _MICROSECOND)


def moment(at: int) -> datetime:
    """Turn microseconds into an aware datetime in UTC."""
    return _EPOCH + timedelta(microseconds=at)


def iso(at: int) -> str:
    """Write a moment as ISO 8601 in UTC with microseconds."""
    second, rest = divmod(at, SECOND)
    return f"{_iso_second(second)}.{rest:06}Z"


@lru_cache(maxsize=1_024)
def _iso_second(second: int) -> str:
    """Write a whole second, of which each is written many times while it lasts."""
    return moment(second * SECOND).isoformat()[:_ISO_LENGTH]


class ShopZone:
    """The shop's time zone: which shop day a moment falls on, and when a day begins.

    >>> ShopZone("Europe/Amsterdam").day(micros(datetime(2026, 3, 28, 23, 30, tzinfo=UTC)))
    20541
    """

    __slots__ = ("_days", "_zone", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._zone = ZoneInfo(name)
        self._days: dict[int, Day] = {}

    def day(self, at: int) -> Day:
        """Give the shop day of a moment."""
        quarter = at // _QUARTER
        known = self._days.get(quarter)
        if known is None:
            if len(self._days) >= _DAYS_KEPT:
                self._days.clear()
            local = moment(quarter * _QUARTER).astimezone(self._zone)
            known = self._days[quarter] = Day(local.toordinal() - _EPOCH_ORDINAL)
        return known

    def start(self, day: int) -> Micros:
        """Give the first moment of a shop day."""
        local = datetime.combine(self.date(day), datetime.min.time(), tzinfo=self._zone)
        return micros(local.astimezone(UTC))

    def date(self, day: int) -> date:
        """Give the calendar date of a shop day."""
        return date.fromordinal(day + _EPOCH_ORDINAL)

    def local(self, at: int) -> datetime:
        """Give the wall clock of the shop at a moment."""
        return moment(at).astimezone(self._zone)


def day_of_date(when: date) -> Day:
    """Give the number of a calendar date."""
    return Day(when.toordinal() - _EPOCH_ORDINAL)
