"""Govern, privacy: one kept event in the words of the person it is about.

In:   an event as `flow.access` tells it, with names as the log has them and amounts in minor units.
Out:  what happened and its details as text: money as people write it, fields and purposes by their names, no braces.
Idea: nothing is left out. What has no word here (a shop's own property, say) is told under the name it was sent with.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from babel.numbers import format_currency

from etalage.domain.experience import Language
from etalage.domain.money import exponent

Said = Mapping[str, Any]

AMOUNTS = frozenset({"value", "tax", "price"})  # minor units, of an event and of its lines
MOMENTS = frozenset({"epoch", "decided", "until"})  # ISO 8601 in UTC
LAST = ("trust", "source", "purposes", "epoch")  # how it is kept comes after what happened
IN_OTHER_COLUMNS = frozenset(
    {"position", "day", "time", "name", "visitor", "customer", "id", "received"}
)


@cache
def terms() -> dict[Language, dict[str, dict[str, str]]]:
    """Give the names of events, fields and purposes, by language."""
    text = files("etalage.govern").joinpath("privacy_terms.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[Language, dict[str, dict[str, str]]])


def name_of(event: str, language: Language) -> str:
    """Say what happened; an event of the shop's own keeps its name."""
    return terms()[language]["event"].get(event, event)


def purpose_of(purpose: str, language: Language) -> str:
    """Name a purpose."""
    return terms()[language]["purpose"].get(purpose, purpose)


def amount_of(units: int, currency: str | None, language: Language) -> str:
    """Write minor units as money; without a currency nobody knows what they are units of."""
    if not currency:
        return str(units)
    amount = Decimal(units).scaleb(-exponent(currency))
    return str(format_currency(amount, currency, locale=language))


def details_of(event: Said, language: Language) -> str:
    """Tell all that is kept of an event beside what and when."""
    kept = {name: value for name, value in event.items() if name not in IN_OTHER_COLUMNS}
    if event["name"] == "consent" and "properties" in kept:
        granted = kept["properties"].items()
        kept["properties"] = {purpose_of(name, language): value for name, value in granted}
    ordered = {name: value for name, value in kept.items() if name not in LAST}
    ordered |= {name: kept[name] for name in LAST if name in kept}
    return _fields(ordered, event.get("currency"), language)


def lines_of(lines: Sequence[Said], currency: str | None, language: Language) -> str:
    """Tell the articles of an event, each with all that is kept of it."""
    return " | ".join(_fields(line, currency, language) for line in lines)


def told(value: object, language: Language) -> str:
    """Tell a value of any shape without the marks of a program."""
    said = terms()[language]["value"]
    if value is None:
        return ""
    if isinstance(value, bool):
        return said["yes"] if value else said["no"]
    if isinstance(value, Mapping):
        return _pairs((str(name), told(one, language)) for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(told(one, language) for one in value)
    return str(value)


def moment(iso: str | None) -> str:
    """Write a moment as the page has them."""
    return "" if not iso else f"{iso[:10]} {iso[11:19]} UTC"


def _fields(kept: Said, currency: str | None, language: Language) -> str:
    words = terms()[language]["field"]
    return _pairs(
        (words.get(name, name), _field(name, value, currency, language))
        for name, value in kept.items()
    )


def _field(name: str, value: Any, currency: str | None, language: Language) -> str:
    if name in AMOUNTS and isinstance(value, int):
        return amount_of(value, currency, language)
    if name in MOMENTS and isinstance(value, str):
        return moment(value)
    if name == "purposes":
        return ", ".join(purpose_of(one, language) for one in value)
    if name == "lines":
        return lines_of(value, currency, language)
    return told(value, language)


def _pairs(said: Iterable[tuple[str, str]]) -> str:
    return "; ".join(f"{name}: {text}" for name, text in said)
