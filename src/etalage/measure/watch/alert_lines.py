"""Step 7 of 8, measure: an alert in words, in Dutch and in English: what is seen, what it means, where to look.

In:   an alert.
Out:  a plain structure, for a terminal, a mail or a program.
"""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent
from msgspec import Struct

from etalage.domain.alert import Alert
from etalage.domain.event import Scalar
from etalage.domain.money import exponent
from etalage.domain.report import OVERALL
from etalage.measure.lines import Language
from etalage.measure.verdict import within
from etalage.measure.watch.daily import REVENUE, SHARES

LONGEST_NAME = 60  # of what others named
_EPOCH = date(1970, 1, 1)


class ToldAlert(Struct, frozen=True, rename="camel"):
    """An alert as it is given out."""

    key: str
    kind: str
    grade: str
    state: str
    name: str
    since: str  # shop days, ISO
    last: str
    says: str
    means: str
    look: str
    command: str | None  # that would put an end to the cause, where there is one
    details: dict[str, Scalar | float]


@cache
def words() -> dict[str, dict[str, Any]]:
    """Give all sentences, by language and key."""
    return tomllib.loads((files("etalage.measure.watch") / "words.toml").read_text("utf-8"))


def told(alert: Alert, language: Language) -> ToldAlert:
    """Put an alert into words."""
    said = words()[language]
    sentence, rest = _keys(alert)
    fields = _fields(alert, language)
    return ToldAlert(
        key=alert.key,
        kind=alert.kind,
        grade=alert.grade,
        state=alert.state,
        name=alert.name,
        since=iso_day(alert.since),
        last=iso_day(alert.last),
        says=said[sentence].format(**fields),
        means=said[f"{rest}_means"].format(**fields),
        look=said.get(f"{sentence}_look", said[f"{rest}_look"]).format(**fields),
        command=fields["command"] or None,
        details=dict(alert.details),
    )


def iso_day(day: int) -> str:
    """Write a shop day as ISO date."""
    return (_EPOCH + timedelta(days=day)).isoformat()


def figure_name(name: str, language: Language) -> str:
    """Name a figure: 'revenue:EUR' is 'Omzet (EUR)'."""
    plain, _, currency = name.partition(":")
    known = str(words()[language]["names"].get(plain, _clean(plain)))
    return f"{known} ({currency})" if currency else known


def figure_value(name: str, value: float, language: Language) -> str:
    """Write a value of a figure: money in its currency, a share in per cent."""
    plain, _, currency = name.partition(":")
    if plain == REVENUE:
        major = value / 10 ** exponent(currency)
        return format_currency(major, currency or "XXX", locale=language)
    if plain in SHARES:
        return format_percent(value, format="#,##0.0#%", locale=language)
    return format_decimal(round(value), locale=language)


def signed_percent(share: float, language: Language) -> str:
    """Write a change in per cent with its sign."""
    return format_percent(share, format="+#,##0.#%;-#,##0.#%", locale=language)


def _keys(alert: Alert) -> tuple[str, str]:
    """Give the key of the sentence, and the one under which its meaning stands."""
    if alert.kind == "figure":
        if alert.grade == "watch":
            return "watch", "watch"
        return ("figure_week" if alert.details.get("days") == 7 else "figure"), "figure"  # noqa: PLR2004  a week
    if alert.kind == "harmful":
        return ("harmful_total" if alert.name == OVERALL else "harmful"), "harmful"
    sort = alert.key.split(":")[1]
    return sort, sort


def _fields(alert: Alert, language: Language) -> dict[str, str]:
    details = alert.details
    fields = {
        "name": _clean(alert.name),
        "since": _date(alert.since, language),
        "command": _command(alert),
        "verdict": within("harmful" if alert.kind == "harmful" else "broken", language),
        "was": "",
        "date": _date(int(details.get("day", alert.last)), language),
        "iso": iso_day(int(details.get("day", alert.last))),
    }
    for key in ("usual", "missing", "orders", "triggered"):
        if key in details:
            fields[key] = format_decimal(int(details[key]), locale=language)
    for key in ("share", "was"):
        if key in details:
            fields[key] = format_percent(float(details[key]), format="#,##0.#%", locale=language)
    if alert.key == "tracking:joined" and fields["was"]:
        fields["was"] = words()[language]["joined_was"].format(was=fields["was"])
    if alert.kind == "figure":
        seen, expected = float(details["seen"]), float(details["expected"])
        fields["name"] = figure_name(alert.name, language)
        fields["seen"] = figure_value(alert.name, seen, language)
        fields["expected"] = figure_value(alert.name, expected, language)
        fields["pct"] = signed_percent(seen / expected - 1 if expected else 0.0, language)
    return fields


def _command(alert: Alert) -> str:
    if alert.kind != "harmful":
        return ""
    if alert.name == OVERALL:
        return "etalage shop set closed=true --as NAME --data DIR"
    return f"etalage pause {alert.name} --as NAME --data DIR"


def _date(day: int, language: Language) -> str:
    return format_date(_EPOCH + timedelta(days=day), format="d MMMM y", locale=language)


def _clean(name: str) -> str:
    """Make harmless what others named: a terminal or a mail shows it."""
    return "".join(c if c.isprintable() else "?" for c in name[:LONGEST_NAME])
