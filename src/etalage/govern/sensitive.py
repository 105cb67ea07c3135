"""Step 8 of 8, govern: which categories of a shop may tell too much of a person.

In:   a catalogue, and the categories the shop already keeps out.
Out:  categories that a word of `sensitive.toml` points at, each with the kind it may be of, the widest ones only.
Idea: a suggestion and no more. Nobody but the shop knows whether "Kinderen" is a present or a portrait; what it
      decides stands in its setting `sensitive`, which every step obeys.
From: safety 4.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from msgspec import Struct

from etalage.domain.product import CATEGORY_SEPARATOR, Catalogue, is_under


class Suggestion(Struct, frozen=True):
    """A category that may be sensitive."""

    category: str
    kind: str  # health, sexuality, religion, politics, ethnicity, grief, children
    products: int  # in it and below it


def suggested(catalogue: Catalogue, decided: Iterable[str] = ()) -> list[Suggestion]:
    """Give the categories that may be sensitive and are not kept out yet, in order of name."""
    products: dict[str, int] = {}
    for product in catalogue.products.values():
        for category in _paths(product.categories):
            products[category] = products.get(category, 0) + 1
    known = list(decided)
    found: list[Suggestion] = []
    for category in sorted(products):  # a category stands before what lies below it
        if any(is_under(category, one) for one in [*known, *(s.category for s in found)]):
            continue
        kind = kind_of(category.rpartition(CATEGORY_SEPARATOR)[2])
        if kind is not None:
            found.append(Suggestion(category, kind, products[category]))
    return found


def kind_of(name: str) -> str | None:
    """Give the kind of sensitive category that a name points at; None if no word of it does.

    >>> kind_of("Zelfzorg & medicijnen"), kind_of("Sextant")
    ('health', None)
    """
    plain = name.casefold()
    return next((kind for kind, words in _patterns().items() if words.search(plain)), None)


@cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    text = (files("etalage.govern") / "sensitive.toml").read_text("utf-8")
    return {
        kind: re.compile("|".join(_pattern(word) for word in words))
        for kind, words in tomllib.loads(text).items()
    }


def _pattern(word: str) -> str:
    if word.startswith("="):
        return rf"\b{re.escape(word[1:])}\b"
    return rf"\b{re.escape(word)}"


def _paths(categories: Iterable[tuple[str, ...]]) -> set[str]:
    return {
        CATEGORY_SEPARATOR.join(path[: depth + 1])
        for path in categories
        for depth in range(len(path))
    }
