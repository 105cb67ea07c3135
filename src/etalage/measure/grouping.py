"""Step 7 of 8, measure: reports side by side by what their messages have in common.

In:   reports of experiences.
Out:  groups by phase of the journey, by principle of persuasion, by form.
Idea: only beside each other. Persons are in many messages at once, so the figures of a group are never added up;
      the one total there is comes from the holdout.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

from msgspec import Struct

from etalage.domain.report import ExperienceReport

By = Literal["phase", "principle", "form"]


class Group(Struct, frozen=True):
    """Messages with the same phase, principle or form; `value` None: theirs is not said."""

    by: By
    value: str | None
    reports: tuple[ExperienceReport, ...]  # in order of name


def grouped(reports: Iterable[ExperienceReport], by: By) -> list[Group]:
    """Put the reports of messages into groups, in order of value; those that say nothing come last."""
    found: dict[str | None, list[ExperienceReport]] = {}
    for report in reports:
        if report.about is not None:
            found.setdefault(getattr(report.about, by), []).append(report)
    values = sorted(found, key=lambda value: (value is None, value or ""))
    return [Group(by, value, tuple(sorted(found[value], key=lambda r: r.name))) for value in values]


def every_group(reports: Iterable[ExperienceReport]) -> list[Group]:
    """Give the groups of all three."""
    kept = list(reports)
    return [group for by in get_args(By) for group in grouped(kept, by)]
