"""Step 7 of 8, measure: days on which figures are out of the ordinary for a reason that the shop knows.

In:   the days a shop marked, by date; a year.
Out:  shop days; the holidays of the Netherlands, offered to be marked.
From: the Dutch law on general terms (Algemene termijnenwet, article 3); Easter by the anonymous Gregorian algorithm
      (Meeus, Astronomical Algorithms, 1991, chapter 8).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from etalage.domain.time import day_of_date

_SUNDAY = 6


def marked_days(marked: Iterable[str]) -> frozenset[int]:
    """Give the shop days of dates."""
    return frozenset(day_of_date(date.fromisoformat(text)) for text in marked)


def dutch_holidays(year: int) -> dict[str, str]:
    """Give the days on which the Netherlands shops otherwise, by date."""
    easter = easter_sunday(year)
    kings_day = date(year, 4, 27)
    if kings_day.weekday() == _SUNDAY:
        kings_day -= timedelta(days=1)
    days = {
        date(year, 1, 1): "Nieuwjaarsdag",
        easter - timedelta(days=2): "Goede Vrijdag",
        easter: "Eerste paasdag",
        easter + timedelta(days=1): "Tweede paasdag",
        kings_day: "Koningsdag",
        date(year, 5, 5): "Bevrijdingsdag",
        easter + timedelta(days=39): "Hemelvaartsdag",
        easter + timedelta(days=49): "Eerste pinksterdag",
        easter + timedelta(days=50): "Tweede pinksterdag",
        date(year, 12, 5): "Sinterklaas",
        date(year, 12, 24): "Kerstavond",
        date(year, 12, 25): "Eerste kerstdag",
        date(year, 12, 26): "Tweede kerstdag",
        date(year, 12, 31): "Oudejaarsdag",
    }
    return {day.isoformat(): name for day, name in sorted(days.items())}


def easter_sunday(year: int) -> date:
    """Give Easter of the Gregorian calendar."""
    golden, century, of_century = year % 19, year // 100, year % 100
    leap_centuries, rest = divmod(century, 4)
    moved = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - moved + 15) % 30
    weekday = (32 + 2 * rest + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
