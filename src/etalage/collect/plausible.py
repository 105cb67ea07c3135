"""Step 1 of 8, collect: whether the value of a known trait can be one, for whoever types it in by hand.

In:   the name of a trait, a value, and today.
Out:  what is wrong with it, or nothing.
Idea: an import is taken as it comes, and counted; a person at a keyboard can be asked again. So `email=foo` is
      refused before it stands as "put right" and keeps later imports out. Only what is surely wrong is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

_MAIL = re.compile(r"[^\s@<>\"',;]+@[^\s@<>\"',;.]+(\.[^\s@<>\"',;.]+)+")
_PHONE = re.compile(r"\+?[\d\s().\-/]+")
_LEAST_DIGITS, _MOST_DIGITS = 6, 15  # E.164 has at most fifteen
_OLDEST_YEAR = 1900


def fault_of(name: str, value: object, today: date) -> str | None:
    """Say what is wrong with the value of a trait.

    >>> fault_of("email", "foo", date(2026, 5, 12))
    'is no mail address, such as name@example.com'
    >>> fault_of("email", "a@b.example", date(2026, 5, 12)), fault_of("size", "M", date(2026, 5, 12))
    (None, None)
    """
    text = str(value).strip()
    if not text:
        return "is empty"
    if name in _DATES:
        return _date(text, today)
    check, says = _CHECKS.get(name, (None, ""))
    return says if check is not None and not check(text) else None


def _date(text: str, today: date) -> str | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return "is no date, such as 1990-05-31"
    return None if day.year >= _OLDEST_YEAR and day <= today else "is no day of a life"


def _is_phone(text: str) -> bool:
    digits = sum(one.isdigit() for one in text)
    return bool(_PHONE.fullmatch(text)) and _LEAST_DIGITS <= digits <= _MOST_DIGITS


def _looks_like(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text) is not None


_DATES = frozenset(["birthday", "date_of_birth"])
_PHONE_CHECK = (_is_phone, "is no telephone number, such as +31 20 123 4567")
_CHECKS: dict[str, tuple[Callable[[str], bool], str]] = {
    "email": (
        lambda text: _MAIL.fullmatch(text) is not None,
        "is no mail address, such as name@example.com",
    ),
    "phone": _PHONE_CHECK,
    "mobile": _PHONE_CHECK,
    "country": (_looks_like("[A-Z]{2}"), "is no country by its two letters, such as NL"),
    "language": (_looks_like("[a-z]{2,3}(-[A-Z]{2})?"), "is no language, such as nl or nl-BE"),
    "loyalty_points": (_looks_like(r"\d{1,12}"), "is no whole number"),
}
