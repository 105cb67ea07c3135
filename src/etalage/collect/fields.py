"""Step 1 of 8, fields: how identifiers, texts, numbers and amounts are read from what a source sent."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from etalage.collect.notes import Notes, count
from etalage.collect.refusal import Refusal
from etalage.domain.event import Scalar
from etalage.domain.ids import is_placeholder, normalised
from etalage.domain.money import minor_units

MAX_ID = 256  # characters
MAX_WORDS = 200  # characters of a category, brand or property
MAX_QUANTITY = 100_000
ENGAGED = "engagement_time_msec"  # GA4's name of how long a page was looked at
MAX_ENGAGED = 4 * 60 * 60 * 1_000  # ms; a page in view for longer has nobody before it
# Of a telephone as people write it: with the code of a country, or with a zero in front. A date is none.
_TELEPHONE = re.compile(
    r"(?<![\w.,-])(?!\d\d[-./ ]\d\d[-./ ]\d{4})"
    r"(?:(?:\+|00)[1-9](?:[ ().-]{0,3}\d){7,13}|0[1-9](?:[ ().-]{0,3}\d){7,9})(?![\w-])"
)
_SHORTEST_TELEPHONE = 9
MAX_LONG_TEXT = 8 * 1024
MAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}")

_LETTERS = (2, 3)  # of a language

Fields = Mapping[str, object]
_NONE: Fields = {}


def part(fields: Fields, name: str) -> Fields:
    """Give an object inside an object; empty if it is missing or something else."""
    found = fields.get(name)
    return found if isinstance(found, dict) else _NONE


def identifier(fields: Fields, name: str) -> str | None:
    """Read an id in its one spelling; None if there is none.

    Raises:
        Refusal: `bad_field` for fractions, lists, and for ids with invisible characters: two that look the same
            would be two people.
    """
    value = fields.get(name)
    if value is None:
        return None
    if type(value) is int:
        return str(value)
    if not isinstance(value, str):
        raise Refusal("bad_field", name)
    text = normalised(value)
    if len(text) > MAX_ID or not text.isprintable():
        raise Refusal("bad_field", name)
    return text or None


def public_id(fields: Fields, name: str) -> str | None:
    """Read the id of a product or an order, which stands in the log as it is.

    Raises:
        Refusal: `bad_field` for what is no id, and for a mail address: that would name a person.
    """
    found = identifier(fields, name)
    if found is not None and "@" in found and MAIL.fullmatch(found) is not None:
        raise Refusal("bad_field", name)
    return found


def person_id(fields: Fields, name: str, notes: Notes) -> str | None:
    """Read an id of a person; what systems fill in for nobody in particular is none."""
    found = identifier(fields, name)
    if found is not None and is_placeholder(found):
        count(notes, "placeholder_id")
        return None
    return found


def text(value: object, most: int = MAX_WORDS) -> str | None:
    """Read a short text; None for anything else, for an empty one, and for one that holds a mail address."""
    if not isinstance(value, str):
        return str(value) if type(value) is int else None
    found = value.strip()
    return found if found and len(found) <= most and "@" not in found else None


def long_text(value: object) -> str | None:
    """Take a text that is made smaller later; it may hold anything until then."""
    return value[:MAX_LONG_TEXT].strip() or None if isinstance(value, str) else None


@lru_cache(maxsize=256)  # of few languages, with every question
def language_of(locale: str | None) -> str | None:
    """Give the language of a tag such as 'nl-NL'; None for what is none."""
    if locale is None:
        return None
    language = locale.partition("-")[0].partition("_")[0]
    is_one = len(language) in _LETTERS and language.isascii() and language.isalpha()
    return language.lower() if is_one else None


def scalar(value: object) -> Scalar | None:
    """Read a property or trait; fractions become decimal text; None for what is no scalar or may name somebody."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return decimal(value)
    found = text(value)
    return None if found is not None and has_telephone(found) else found


def engaged(value: object) -> int | None:
    """Read how long a page was looked at, in whole milliseconds; None for what is no such time.

    GA4's Measurement Protocol writes it as text.

    >>> [engaged(value) for value in (12_345, "100", 100.0, 0.5, 0, -1, True, "long", 14_400_001)]
    [12345, 100, 100, None, None, None, None, None, None]
    """
    if isinstance(value, str) and len(value) < MAX_ID and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value <= MAX_ENGAGED else None


def names_somebody(value: str) -> bool:
    """Tell whether a text holds a mail address or a telephone number."""
    return "@" in value or has_telephone(value)


def has_telephone(value: str) -> bool:
    """Tell whether a text holds what looks like the number of a telephone.

    >>> [has_telephone(text) for text in ("bel 06-1234 5678", "+31 20 123 45 67", "SUMMER2026", "01-02-2026 10:30")]
    [True, True, False, False]
    """
    if len(value) < _SHORTEST_TELEPHONE or not ("0" in value or "+" in value):
        return False
    return _TELEPHONE.search(value) is not None


def decimal(value: float) -> str | None:
    """Write a fraction as plain decimal text."""
    if not math.isfinite(value):
        return None
    written = format(Decimal(repr(value)), "f")
    return written.removesuffix(".0")


def quantity(fields: Fields, notes: Notes) -> int:
    """Read how many; one if it is missing, zero or no whole number, which is counted."""
    value = fields.get("quantity")
    if isinstance(value, str):
        value = int(value) if value.strip().isascii() and value.strip().isdigit() else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value == 0:
        count(notes, "quantity_missing")
        return 1
    if not 0 < value <= MAX_QUANTITY:
        raise Refusal("bad_field", "quantity")
    return value


def amount(fields: Fields, name: str, currency: str) -> int | None:
    """Read an amount in minor units; None if it is not there.

    Raises:
        Refusal: `bad_money` for what is no amount, below zero or beyond any order.
    """
    value = fields.get(name)
    if value is None or value == "":
        return None
    units = minor_units(value, currency)
    if units is None or units < 0:
        raise Refusal("bad_money", name)
    return units
