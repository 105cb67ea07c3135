"""Step 7 of 8, measure: the scoreboard in lines, in Dutch and in English.

In:   the scoreboard of a week.
Out:  lines for a terminal or a mail.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from etalage.measure.lines import Language
from etalage.measure.watch.alert_lines import figure_name, figure_value, signed_percent
from etalage.measure.watch.lead_lag import LeadLag
from etalage.measure.watch.scoreboard import Change, Measure

_WORDS: dict[Language, dict[str, str]] = {
    "nl": {
        "title": "De week tot en met {day}",
        "lead": "Gaat vooraf",
        "lag": "Volgt",
        "line": "  {name}: {value}; vergeleken met de vier weken ervoor {four}, met dezelfde week vorig jaar {year}",
        "none": "nog niet te zeggen",
        "before": "{name} beweegt meestal {days} dagen vóór {other} (samenhang {r}).",
        "after": "{name} beweegt meestal {days} dagen na {other} (samenhang {r}).",
        "same": "{name} en {other} bewegen meestal op dezelfde dag (samenhang {r}).",
        "caution": "Samen bewegen is geen bewijs dat het een door het ander komt.",
        "empty": "Er is nog niets om te laten zien.",
    },
    "en": {
        "title": "The week to {day}",
        "lead": "Leads",
        "lag": "Lags",
        "line": "  {name}: {value}; against the four weeks before {four}, against the same week last year {year}",
        "none": "cannot be said yet",
        "before": "{name} tends to move {days} days before {other} (correlation {r}).",
        "after": "{name} tends to move {days} days after {other} (correlation {r}).",
        "same": "{name} and {other} tend to move on the same day (correlation {r}).",
        "caution": "Moving together is no proof that one is caused by the other.",
        "empty": "There is nothing to show yet.",
    },
}


class Scoreboard(Struct, frozen=True, rename="camel"):
    """The shop's figures of seven days, and which tend to move before which."""

    week_ends: str  # ISO
    measures: tuple[Measure, ...]
    tends_to_move: tuple[LeadLag, ...]


def lines(board: Scoreboard, language: Language) -> Iterator[str]:
    """Write the scoreboard."""
    words = _WORDS[language]
    if not board.measures:
        yield words["empty"]
        return
    yield words["title"].format(day=board.week_ends)
    for side in ("lead", "lag"):
        yield words[side]
        yield from (_line(one, language) for one in board.measures if one.side == side)
    for pair in board.tends_to_move:
        yield _pair(pair, language)
    if board.tends_to_move:
        yield words["caution"]


def _line(one: Measure, language: Language) -> str:
    return _WORDS[language]["line"].format(
        name=figure_name(one.name, language),
        value=figure_value(one.name, one.value, language),
        four=_change(one.four_weeks, language),
        year=_change(one.last_year, language),
    )


def _change(change: Change | None, language: Language) -> str:
    """Write the interval first, then the point."""
    if change is None:
        return _WORDS[language]["none"]
    low, high = signed_percent(change.low, language), signed_percent(change.high, language)
    to = "tot" if language == "nl" else "to"
    return f"{low} {to} {high} ({signed_percent(change.change, language)})"


def _pair(pair: LeadLag, language: Language) -> str:
    key = "same" if not pair.days else ("before" if pair.days > 0 else "after")
    return _WORDS[language][key].format(
        name=figure_name(pair.name, language),
        other=figure_name(pair.other, language),
        days=abs(pair.days),
        r=f"{pair.correlation:+.2f}",
    )
