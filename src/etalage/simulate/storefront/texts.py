"""What the pages say, and how they write money: in Dutch and in English."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml
from babel.numbers import format_currency

from etalage.simulate.storefront.shelves import Tongue


@cache
def words(tongue: Tongue) -> Mapping[str, str]:
    """Give all texts of a language."""
    text = files(__package__).joinpath("words.toml").read_text("utf-8")
    told: Mapping[str, str] = tomllib.loads(text)[tongue]
    return told


def say(tongue: Tongue, key: str, /, **fields: object) -> str:
    """Give a text with its fields filled in; a field is put in as it is and never read as a pattern."""
    said = words(tongue)[key]
    for name, value in fields.items():
        said = said.replace("{" + name + "}", str(value))
    return said


@cache
def leaflet(name: str, tongue: Tongue) -> Mapping[str, object] | None:
    """Give a page of plain text: title, and paragraphs with headings; None if there is none of this name."""
    pages = yaml.safe_load(files(__package__).joinpath("leaflets.yaml").read_text("utf-8"))
    found: Mapping[str, Mapping[str, object]] | None = pages.get(name)
    return None if found is None else found[tongue]


def money(cents: int, tongue: Tongue) -> str:
    r"""Write an amount.

    >>> money(17_900, "nl"), money(17_900, "en")
    ('€\\xa0179,00', '€179.00')
    """
    return format_currency(cents / 100, "EUR", locale="nl_NL" if tongue == "nl" else "en_IE")
