"""Govern, privacy: the access copy as a page a person can read, in Dutch or English.

In:   what `flow.access` gathered, and the words for reasons.
Out:  one HTML page that loads and runs nothing, in which everything is text.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from msgspec import Struct

from etalage.domain.experience import Language
from etalage.govern.privacy_told import (
    amount_of,
    details_of,
    lines_of,
    moment,
    name_of,
    purpose_of,
    told,
)

Said = Mapping[str, Any]
Rows = list[tuple[str, ...]]


class Table(Struct, frozen=True):
    """One section of the page."""

    title: str
    columns: tuple[str, ...]
    rows: Rows


@cache
def words() -> dict[Language, dict[str, str]]:
    """Give the words of the page, by language."""
    text = files("etalage.govern").joinpath("privacy_words.toml").read_text("utf-8")
    found: dict[Language, dict[str, str]] = tomllib.loads(text)  # type: ignore[assignment]
    return found


def page(copy: Said, language: Language, reasons: Mapping[str, str]) -> str:
    """Write the page.

    Args:
        copy: of `flow.access`.
        language: of the words; what was kept stays as it is.
        reasons: the text of each reason for which something was not shown.
    """
    said = words()[language]
    names = {"shop": copy["shop"]["name"], "made": moment(copy["made"])}
    paragraphs = [said["intro"].format(**names), said["rights"].format(**names)]
    if copy.get("erased"):
        paragraphs.append(said["erased"].format(when=moment(copy["erased"])))
    elif copy.get("restricted"):
        paragraphs.append(said["frozen"])
    elif not copy.get("used_to_personalise", False):
        paragraphs.append(said["unused"])
    return _template().render(
        language=language,
        title=said["title"].format(**names),
        paragraphs=paragraphs,
        tables=list(_tables(copy, language, reasons)),
        nothing=said["nothing"],
    )


def _tables(copy: Said, language: Language, reasons: Mapping[str, str]) -> Iterable[Table]:
    said = words()[language]

    def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
        heads = tuple(said[column] for column in columns)
        return Table(said[title], heads, [tuple(told(c, language) for c in row) for row in rows])

    yield table("personal", ("what", "value"), copy["personal"].items())
    yield table("consent", ("purpose", "open", "since", "basis"), _consent(copy, language))
    yield table("about", ("what", "value", "since"), _about(copy, said))
    yield table("shopping", ("what", "value", "since"), _shopping(copy, said))
    yield table(
        "orders",
        ("when", "number", "amount", "details"),
        [_order(one, language) for one in copy["orders"]],
    )
    yield table(
        "tests",
        ("experience", "arm", "chance", "since"),
        [
            (a["experience"], a["arm"], a["chance"], moment(a["since"]))
            for a in copy.get("arms", ())
        ],
    )
    yield table(
        "decisions",
        ("when", "experience", "shown", "reason"),
        [row for one in copy["decisions"] for row in _decision(one, reasons)],
    )
    yield table(
        "events",
        ("when", "what", "details"),
        [
            (moment(one["time"]), name_of(one["name"], language), details_of(one, language))
            for one in copy["events"]
        ],
    )
    yield table(
        "set_aside",
        ("when", "reason", "details"),
        [
            (moment(one["received"]), reasons.get(one["reason"], one["reason"]), one["as_it_came"])
            for one in copy["set_aside"]
        ],
    )


def _consent(copy: Said, language: Language) -> Iterable[tuple[object, ...]]:
    for purpose, known in copy.get("consent", {}).items():
        yield (
            purpose_of(purpose, language),
            known["open"],
            moment(known.get("time")),
            known.get("basis", ""),
        )


def _about(copy: Said, said: Mapping[str, str]) -> Iterable[tuple[object, ...]]:
    for kind, name in (("traits", "trait"), ("preferences", "preference"), ("scores", "score")):
        for what, one in copy.get(kind, {}).items():
            yield f"{said[name]}: {what}", one["value"], moment(one["since"])
    for what in copy.get("segments", ()):
        yield said["segment"], what, ""
    for what in copy.get("not_for_me", ()):
        yield said["refused"], what, ""


def _shopping(copy: Said, said: Mapping[str, str]) -> Iterable[tuple[object, ...]]:
    for product, quantity in copy.get("cart", {}).items():
        yield said["cart"], f"{quantity} x {product}", ""
    for product, at in copy.get("bought", {}).items():
        yield said["bought"], product, moment(at)


def _order(order: Said, language: Language) -> tuple[object, ...]:
    currency = order.get("currency")
    amount = amount_of(order["value"], currency, language) if "value" in order else ""
    articles = lines_of(order.get("lines", ()), currency, language)
    return moment(order["time"]), order.get("transaction", ""), amount, articles


def _decision(decision: Said, reasons: Mapping[str, str]) -> Iterable[tuple[object, ...]]:
    when = moment(decision["time"])
    because = ", ".join(decision["segments"])
    for entry in decision["entries"]:
        reason = because if entry["shown"] else reasons.get(entry["reason"], entry["reason"])
        yield when, f"{entry['experience']} ({entry['variant']})", entry["shown"], reason
    for one in decision["not_shown"]:
        name, _, to = one["reason"].partition(":")
        reason = " ".join(filter(None, (reasons.get(name, name), to)))
        yield when, one["experience"], False, reason


@cache
def _template() -> Template:
    text = files("etalage.govern").joinpath("access.html").read_text("utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(text)
