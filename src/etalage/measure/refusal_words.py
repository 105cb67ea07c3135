"""Step 7 of 8, measure: why a log or a trial cannot tell, in words.

In:   the name of a reason, and its figures as text.
Out:  a sentence part in Dutch or English; numbers as that language writes them.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from babel.numbers import format_decimal

from etalage.domain.experience import Language


def why(reason: str, language: Language, **fields: str) -> str:
    """Say a reason with its figures."""
    return _words()[language][reason].format(**fields)


def number(value: float, language: Language, *, digits: int = 0, signed: bool = False) -> str:
    """Write a number.

    >>> number(10_000, "nl"), number(-0.00125, "en", digits=5, signed=True)
    ('10.000', '-0.00125')
    """
    shape = "#,##0" + (f".{'0' * digits}" if digits else "")
    kept = round(value, digits) + 0.0  # no "-0"
    return format_decimal(kept, format=f"+{shape};-{shape}" if signed else shape, locale=language)


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("etalage.measure") / "refusals.toml").read_text(encoding="utf-8"))
