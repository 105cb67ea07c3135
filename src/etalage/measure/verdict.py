"""Step 7 of 8, measure: what a verdict is called, by everything that people read.

One thing has one word: a client who reads a report, its mail and an alert must see that they speak of the same.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

from etalage.domain.experience import Language
from etalage.domain.report import ExperienceReport, State

Name = State | Literal["no_control"]


def name_of(reported: ExperienceReport) -> Name:
    """Give what the verdict of a report is called by: its state, but where there is no control no time will tell."""
    missing = reported.unsettled
    is_alone = missing is not None and missing.reason == "no_control"
    return "no_control" if reported.state == "too_early" and is_alone else reported.state


def verdict(state: Name, language: Language) -> str:
    """Give the name of a verdict, as it stands by itself.

    >>> verdict("undecided", "nl")
    'Onbeslist'
    """
    return _names()[language][state]


def within(state: Name, language: Language) -> str:
    """Give the name of a verdict, as it stands within a sentence.

    >>> within("undecided", "nl")
    'onbeslist'
    """
    name = verdict(state, language)
    return name[:1].lower() + name[1:]


@cache
def _names() -> dict[str, dict[Name, str]]:
    return tomllib.loads((files("etalage.measure") / "verdicts.toml").read_text(encoding="utf-8"))
