"""Step 7 of 8, measure: words, numbers, money and dates of a report, in one language and the shop's time zone.

Dutch was written first, English was written again. Numbers come from Babel; a minus is a minus and not a hyphen.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files
from math import floor, log10
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent
from msgspec import Struct

from etalage.domain.money import exponent
from etalage.domain.report import Interval
from etalage.domain.time import ShopZone
from etalage.measure.lines import Language

LONGEST_NAME = 90  # characters of a name within a sentence

Words = dict[str, Any]


@cache
def words(language: Language) -> Words:
    """Give all words of a report in a language."""
    text = (files("etalage.measure.page") / "words.toml").read_text(encoding="utf-8")
    found: dict[str, Words] = tomllib.loads(text)
    return found[language]


class Say(Struct, frozen=True):
    """One language, and the time zone of the shop."""

    language: Language
    zone: ShopZone

    @property
    def locale(self) -> str:
        """Give the locale of numbers and dates: European, as the shops are."""
        return "nl" if self.language == "nl" else "en_GB"

    def __call__(self, key: str, **fields: str) -> str:
        """Say the sentence `group.key`, with its fields filled in."""
        found: Any = words(self.language)
        for part in key.split("."):
            found = found[part]
        return str(found).format(**fields)

    def has(self, key: str) -> bool:
        """Tell whether there is a sentence `group.key`."""
        group, _, name = key.partition(".")
        return name in words(self.language)[group]

    def known(self, group: str, key: str, otherwise: str | None = None) -> str:
        """Give the word for something of a list; what we have no word for is called as it is."""
        return str(words(self.language)[group].get(key, otherwise or clean(key)))

    def number(self, value: float) -> str:
        """Write a whole number."""
        return _minus(format_decimal(round(value), locale=self.locale))

    def percent(self, share: float, *, digits: int = 1) -> str:
        """Write a share in per cent."""
        if abs(share) < 0.5 * 10 ** -(digits + 2):
            share = 0.0  # no "-0.0%"
        shape = f"#,##0.{'0' * digits}%"
        return _minus(format_percent(share, format=shape, locale=self.locale))

    def seconds(self, milliseconds: float) -> str:
        """Write a stretch of time in seconds, with one decimal."""
        return f"{format_decimal(milliseconds / 1_000, format='#,##0.0', locale=self.locale)} s"

    def money(self, units: float, currency: str, *, cents: bool = False) -> str:
        """Write an amount of minor units, in whole units of the currency unless cents matter."""
        digits = exponent(currency) if cents else 0
        amount = round(units / 10 ** exponent(currency), digits)
        decimals = f".{'0' * digits}" if digits else ""
        space = "\N{NO-BREAK SPACE}" if self.language == "nl" else ""
        shape = f"¤{space}#,##0{decimals}"
        said = format_currency(
            amount, currency, format=shape, locale=self.locale, currency_digits=False
        )
        return _minus(said)

    def date(self, at: int) -> str:
        """Write a day, with its year."""
        return format_date(self.zone.local(at).date(), format="long", locale=self.locale)

    def weekday(self, at: int) -> str:
        """Write a day to look forward to, with its weekday."""
        return format_date(self.zone.local(at).date(), format="EEEE d MMMM y", locale=self.locale)

    def short(self, at: int) -> str:
        """Write a day for an axis."""
        return format_date(self.zone.local(at).date(), format="d MMM", locale=self.locale)

    def listed(self, names: list[str]) -> str:
        """Join names as one says them: a, b and c."""
        *first, last = names or [""]
        return f"{', '.join(first)} {self('and')} {last}" if first else last


def step(interval: Interval, exponent_: int = 0) -> float:
    """Give what to round to, so that a figure is not written more exactly than it is known: 1% of the width.

    >>> step(Interval(low=4_600, high=69_700)), step(Interval(low=0, high=3))
    (100.0, 1.0)
    """
    width = interval.high - interval.low
    least = 10.0**exponent_
    return max(10.0 ** floor(log10(width) - 2), least) if width > 0 else least


def rounded(value: float, to: float) -> float:
    """Round to a multiple."""
    return round(value / to) * to


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"  # within emoji and some scripts; they turn nothing round


def clean(text: str, longest: int = LONGEST_NAME) -> str:
    r"""Make a name safe to stand in a sentence: one line, nothing that turns the sentence round, not endless.

    >>> clean("Winter\u202esale \n nu"), clean("x" * 100, 5)
    ('Wintersale nu', 'xxxx…')
    """
    kept = "".join(
        " " if c.isspace() else c
        for c in text
        if c.isspace() or c in _JOINERS or unicodedata.category(c) not in _UNSEEN
    )
    line = re.sub(r" +", " ", kept).strip()
    line = line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
    turns = any(unicodedata.bidirectional(c) in {"R", "AL", "AN"} for c in line)
    return f"\u2068{line}\u2069" if turns else line  # first-strong isolate: keeps to itself


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
