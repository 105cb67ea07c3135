"""The values in files of events and orders: ids, times and texts as databases and spreadsheets write them."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from etalage.domain.time import SECOND, iso, micros

_NOTHING = frozenset({"", "nan", "nat", "none", "null", "undefined", "n/a", "#n/a", "(not set)"})
_EXACT = 2**53  # a float beyond it no longer tells one integer from the next
_LARGEST = 2**63 - 1  # what a frame between processes can carry as a number
_LATEST = 4_102_444_800  # seconds: the year 2100; a later number is in a unit we do not know
# A number is seconds, milliseconds, microseconds or nanoseconds by its size: each lies between 1973 and 5138
# in its own unit.
_UNITS = ((10**11, 1), (10**14, 10**3), (10**17, 10**6), (10**20, 10**9))  # below, per second
_NUMBER = re.compile(r"-?\d{9,20}(\.\d+)?")


def value(raw: object) -> object:
    """Give a value that JSON can hold; None for whatever means nothing (NaN, 'null', an empty cell)."""
    if isinstance(raw, str):
        text = raw.strip()
        return None if text.casefold() in _NOTHING else text
    if raw is None or isinstance(raw, bytes | bytearray | memoryview):
        return None
    if isinstance(raw, float):
        return raw if math.isfinite(raw) else None
    if isinstance(raw, Decimal):
        return str(raw) if raw.is_finite() else None
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) > _LARGEST:
        return str(raw)
    return raw


def identifier(raw: object) -> str | None:
    """Read an id: texts as they are, any exact integer as its digits.

    >>> identifier(1234567890), identifier(1234567890.0), identifier(0.5), identifier("NaN")
    ('1234567890', '1234567890', None, None)
    """
    told = value(raw)
    if isinstance(told, bool):
        return None
    if isinstance(told, float):
        return str(int(told)) if told.is_integer() and abs(told) <= _EXACT else None
    return str(told) if isinstance(told, str | int) else None


def text(raw: object) -> str | None:
    """Read a text; numbers become their digits."""
    told = value(raw)
    return told if isinstance(told, str) else identifier(told)


def pieces(raw: object) -> object:
    """Read a quantity: exact whole numbers become integers ('2.0000' is 2), the rest goes on as it is."""
    told = value(raw)
    whole = re.fullmatch(r"(\d{1,15})(?:[.,]0*)?", told) if isinstance(told, str) else None
    if whole is not None:
        return int(whole[1])
    return int(told) if isinstance(told, float) and told.is_integer() else told


def time_of(raw: object, zone: str) -> str | None:
    """Read a time as ISO 8601 in UTC: ISO, a number since 1970, or a naive local time in `zone`.

    >>> time_of("2026-09-03 10:15:00 +0200", "Europe/Amsterdam"), time_of(1795292584, "UTC")
    ('2026-09-03T08:15:00.000000Z', '2026-11-21T20:23:04.000000Z')
    """
    told = value(raw)
    if isinstance(told, str):
        if _NUMBER.fullmatch(told):
            return _since_1970(Decimal(told))
        told = _parsed(told)
    elif isinstance(told, int | float) and not isinstance(told, bool):
        return _since_1970(Decimal(str(told)))
    elif isinstance(told, date) and not isinstance(told, datetime):
        told = datetime(told.year, told.month, told.day)  # noqa: DTZ001  the zone follows
    if not isinstance(told, datetime):
        return None
    aware = told if told.tzinfo else told.replace(tzinfo=ZoneInfo(zone))
    try:
        return iso(micros(aware.astimezone(UTC)))
    except (OverflowError, ValueError):
        return None


def _parsed(told: str) -> datetime | None:
    told = re.sub(r"\s*(UTC|GMT|Z)$", "+00:00", told)
    told = re.sub(r"\s+([+-]\d{2}:?\d{2})$", r"\1", told)
    try:
        return datetime.fromisoformat(told)
    except ValueError:
        return None


def _since_1970(number: Decimal) -> str | None:
    per_second = next((unit for most, unit in _UNITS if abs(number) < most), None)
    if per_second is None or not 0 <= number / per_second <= _LATEST:
        return None
    return iso(int(number * SECOND / per_second))
