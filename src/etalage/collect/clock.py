"""Step 1 of 8, clock: when it happened, by our clock.

In:   the client's times and the moment we received the call.
Out:  micros.
Idea: whatever the client's clock says, the time it let pass between the event and sending it is right. So
      time = received - (sent - happened): a clock that is three years off is repaired exactly.

          client   happened ........ sent            (three years wrong, but the distance is true)
          ours        time ......... received
From: conventions.md 3 "Clock skew"; safety.md 5 "Time".
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from etalage.collect.fields import Fields
from etalage.collect.notes import Notes, count
from etalage.collect.refusal import Refusal
from etalage.domain.time import MINUTE, SECOND, ShopZone, micros

NOTED_FUTURE = 5 * MINUTE
EARLIEST = (
    788_918_400 * SECOND
)  # 1995: before it there were no web shops, only clocks without a battery

# A number is seconds, milliseconds or microseconds by its size; each range begins in 1973 of the next.
_SECONDS_BELOW = 10**11
_MILLIS_BELOW = 10**14


def times(fields: Fields, zone: ShopZone, notes: Notes) -> tuple[int | None, int | None]:
    """Read when the client says it happened and when it says it sent it.

    Raises:
        Refusal: `bad_field` for a time of the event that cannot be read: it must not count as now. A send time
            that cannot be read is counted and taken as missing.
    """
    told = fields.get("originalTimestamp") or fields.get("timestamp")
    happened = None
    if told is not None and told != "":
        happened = read_time(told, zone)
        if happened is None:
            raise Refusal("bad_field", "timestamp")
    told = fields.get("sentAt")
    sent = read_time(told, zone) if told is not None else None
    if told is not None and sent is None:
        count(notes, "bad_sent_at")
    return happened, sent


def corrected(happened: int | None, sent: int | None, *, received: int, notes: Notes) -> int:
    """Give the time of an event by our clock; never later than it was received.

    Raises:
        Refusal: `bad_field` for a time before there were web shops.
    """
    if happened is None:
        return received
    time = happened if sent is None else received - (sent - happened)
    if time > received:
        if time > received + NOTED_FUTURE:
            count(notes, "future_time")
        return received
    if time < EARLIEST:
        raise Refusal("bad_field", "timestamp")
    return time


def read_time(value: object, zone: ShopZone) -> int | None:
    """Read ISO 8601 (without an offset: the shop's wall clock), Unix seconds, milliseconds or microseconds."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _of_number(value)
    if isinstance(value, str):
        return _of_text(value.strip(), zone.name)
    return None


def _of_number(value: float) -> int:
    exact = Decimal(str(value))
    size = abs(exact)
    if size < _SECONDS_BELOW:
        return int(exact * SECOND)
    return int(exact * 1_000) if size < _MILLIS_BELOW else int(exact)


@lru_cache(maxsize=4096)
def _of_text(text: str, zone_name: str) -> int | None:
    if text.isascii() and text.isdigit() and len(text) >= 9 and len(text) <= 16:  # noqa: PLR2004  1973 in s .. now in micros
        return _of_number(int(text))
    try:
        read = datetime.fromisoformat(text.removesuffix(" UTC") + "Z" * text.endswith(" UTC"))
        if read.tzinfo is None:
            read = read.replace(tzinfo=ZoneInfo(zone_name)).astimezone(UTC)
        return micros(read)
    except (ValueError, OverflowError):
        return None
