"""The report beside the truth.

In:   a world as it went, and the data directory that the server wrote.
Out:  one object for programs, one table for people.
Idea: the report is the one that every shop gets, made from the log alone; the truth counts the same persons up to
      the same moment. What the report does not show yet is not shown here either.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from babel.numbers import format_decimal, format_percent
from msgspec import Struct
from rich.box import SIMPLE_HEAD
from rich.table import Table

from etalage.domain.ids import ShopId
from etalage.domain.report import OVERALL, ArmFigures, Effect, ExperienceReport, Interval, Plan
from etalage.measure.lines import headline
from etalage.measure.shape import to_json as shape_of
from etalage.measure.statistics.arms import proportion
from etalage.measure.statistics.interval import around_lift
from etalage.measure.verdict import name_of, within
from etalage.simulate import truth as truths
from etalage.simulate.run import Played
from etalage.simulate.truth import Truth
from etalage.simulate.world import World

Language = Literal["nl", "en"]


class Beside(Struct, frozen=True):
    """One experience: what the report says, and what is true."""

    report: ExperienceReport
    truth: Truth

    @property
    def is_total(self) -> bool:
        """Whether this is all messages together against the holdout."""
        return self.report.name == OVERALL

    @property
    def variant(self) -> ArmFigures | None:
        """Give the figures of the message; None if the report has none."""
        control = self.report.control
        return next((arm for arm in self.report.arms if arm.arm != control), None)

    @property
    def effect(self) -> Effect | None:
        """Give the effect, if the report shows one."""
        found = self.variant.effect if self.variant else None
        return found if isinstance(found, Effect) else None

    def effect_in(self, group: str) -> Effect | None:
        """Give the effect in one group, if the report tells it apart and shows it."""
        for part in self.report.parts:
            if part.value == group:
                found = next((a.effect for a in part.arms if a.arm != self.report.control), None)
                return found if isinstance(found, Effect) else None
        return None


def measured(directory: Path, shop: ShopId, *, now: int) -> list[ExperienceReport]:
    """Make the report of a shop, as `etalage report` does."""
    from etalage.app import open_ports
    from etalage.config import load
    from etalage.flow.report import report_all

    _, ports = open_ports(directory, shop, settings=load(directory))
    try:
        return report_all(ports, now=now)
    finally:
        ports.close()


def known(reports: Iterable[ExperienceReport], world: World) -> list[ExperienceReport]:
    """Give the reports whose truth the simulation knows: of the messages its shoppers meet, and of the total."""
    return [one for one in reports if one.name in world.effects or one.name == OVERALL]


def beside(played: Played, reports: Sequence[ExperienceReport]) -> list[Beside]:
    """Put the truth beside each report, as of the look of that report."""
    found = played.truth_at({one.name: one.look for one in reports})
    return [Beside(one, found[one.name]) for one in reports]


def lift_now(reported: ExperienceReport) -> Interval | None:
    """Give the always-valid interval of the lift as the counts stand, also where it is too early to show it.

    For checks against a known truth only: whoever decides by it before its time is back at peeking.
    """
    control = reported.arm(reported.control)
    treated = next((arm for arm in reported.arms if arm.arm != reported.control), None)
    if treated is None or not treated.conversions or not control.conversions:
        return None
    return around_lift(
        proportion(treated.counted, treated.conversions),
        proportion(control.counted, control.conversions),
        Plan(name=reported.name, started=reported.started, shares={}).planned_sample,
    )


def to_json(compared: Sequence[Beside]) -> dict[str, Any]:
    """Give truth, measurement and whole report, each by experience."""
    return {
        "truth": {one.report.name: truths.to_json(one.truth) for one in compared},
        "measured": {one.report.name: _measured(one) for one in compared},
        "report": {one.report.name: shape_of(one.report) for one in compared},
    }


def table(compared: Sequence[Beside], played: Played, language: Language) -> Table:
    """Give the table that the demo prints."""
    title = say(
        language,
        "title",
        days=str(played.world.days),
        people=format_decimal(played.world.people, locale=language),
        orders=format_decimal(played.story.orders, locale=language),
    )
    drawn = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    drawn.add_column(say(language, "experience"), style="bold", no_wrap=True)
    for column in ("planted", "effect", "truth", "measured"):
        drawn.add_column(say(language, column), justify="right")
    drawn.add_column(say(language, "state"))
    for one in compared:
        drawn.add_row(*table_row(one, language))
        for group in one.truth.groups:
            drawn.add_row(*_row_of_group(one, group, language), style="dim")
    return drawn


def sentences(compared: Sequence[Beside], language: Language) -> list[str]:
    """Say of each experience in one sentence what the report says."""
    return [headline(one.report, language) for one in compared]


def notes(compared: Sequence[Beside], language: Language) -> list[str]:
    """Say what the truth is, of one message and of all together."""
    total = ["total_note"] if any(one.is_total for one in compared) else []
    return [say(language, line) for line in ("truth_note", *total)]


def say(language: Language, line: str, /, **fields: str) -> str:
    """Give a text of the demo."""
    return _words()[language][line].format(**fields)


@cache
def _words() -> dict[str, dict[str, str]]:
    text = (files("etalage.simulate") / "words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _measured(one: Beside) -> dict[str, Any]:
    shaped: list[dict[str, Any]] = shape_of(one.report)["variants"]
    own = one.variant.arm if one.variant else None
    line = next((figures for figures in shaped if figures["variant"] == own), {})
    shown = ("extra_conversions", "extra_conversions_pct", "extra_revenue", "interval")
    return {
        "state": one.report.state,
        **{name: line.get(name) for name in shown},
        "holds_planted": _holds(one.effect, one.truth.planted),
        "groups": {
            name: _of_group(one.effect_in(name), of.planted)
            for name, of in one.truth.groups.items()
        },
    }


def _of_group(effect: Effect | None, planted: float) -> dict[str, Any]:
    """Give what was measured in a group; all null where the report cannot tell it apart, or does not show it yet."""
    lift = effect.lift_interval if effect else None
    return {
        "extra_conversions": round(effect.extra_conversions, 1) if effect else None,
        "lift_interval_pct": lift and [round(100 * end, 2) for end in (lift.low, lift.high)],
        "holds_planted": _holds(effect, planted),
    }


def _holds(effect: Effect | None, planted: float) -> bool | None:
    lift = effect.lift_interval if effect else None
    return None if lift is None else lift.holds(planted)


def table_row(one: Beside, language: Language) -> list[str]:
    """Give the line of one experience: its name, what is planted, measured and true, and the verdict."""
    truth = one.truth
    figures = _figures(truth.planted, truth.extra_conversions, one.effect, language)
    name = say(language, "total") if one.is_total else one.report.name
    return [name, *figures, within(name_of(one.report), language)]


def _row_of_group(one: Beside, group: str, language: Language) -> list[str]:
    truth = one.truth.groups[group]
    effect = one.effect_in(group)
    return ["  " + group, *_figures(truth.planted, truth.extra_conversions, effect, language), ""]


def _figures(planted: float, extra: int, effect: Effect | None, language: Language) -> list[str]:
    lift = effect.lift_interval if effect else None
    measured = effect.extra_conversions_interval if effect else None
    hidden = say(language, "not_shown")
    return [
        _percent(planted, language),
        hidden if lift is None else _between(lift, language, percent=True),
        format_decimal(extra, locale=language),
        hidden if measured is None else _between(measured, language, percent=False),
    ]


def _between(interval: Interval, language: Language, *, percent: bool) -> str:
    low, high = (
        _percent(end, language) if percent else format_decimal(round(end), locale=language)
        for end in (interval.low, interval.high)
    )
    return say(language, "between", low=low, high=high)


def _percent(share: float, language: Language) -> str:
    return format_percent(share, format="+#,##0.#%;-#,##0.#%", locale=language)
