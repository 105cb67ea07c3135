"""What `etalage doctor` says to a person: first whether anything needs her, then the account, the stores and the disk.

In:   what was found, as its JSON has it.
Out:  lines with a style, in Dutch or English.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

import msgspec
from babel.numbers import format_decimal

from etalage.api.pages import reason_texts
from etalage.domain.experience import Language

Said = Mapping[str, Any]
SOON_DAYS = 30  # a disk that is full by then needs somebody
KIND = "kind"  # the table of the words for alerts


class Line(NamedTuple):
    """A line, and how it stands out."""

    text: str
    style: Literal["", "bold", "green", "yellow", "red"] = ""


def lines_of(found: Said, language: Language) -> list[Line]:
    """Say what was found; what needs somebody comes first."""
    urgent = list(_urgent(found, language))
    head = Line(_say(language, "well", shop=found["shop"]), "green")
    if urgent:
        head = Line(_say(language, "look", shop=found["shop"]), "bold")
    parts = (_received, _aside, _stores, _disk)
    return [head, *urgent, *(line for part in parts for line in part(found, language))]


def files_line(read: Said, language: Language) -> str:
    """Say that all files are what was written."""
    return _say(language, "files", files=read["files"], events=read["events"])


@cache
def words() -> dict[Language, dict[str, Any]]:
    """Give all sentences, by language and key."""
    text = (files("etalage.cli") / "doctor.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[Language, dict[str, Any]])


def _urgent(found: Said, language: Language) -> Iterator[Line]:
    for part, red in found["red"].items():
        told = {"part": part, "since": _moment(red["since"]), "says": red["says"]}
        yield Line(f"  {_say(language, 'red', **told)}", "red")
    yield from _urgent_stores(found["components"], language)
    if (days := found["disk"]["days_left"]) is not None and days < SOON_DAYS:
        yield Line(f"  {_say(language, 'full', days=round(days))}", "red")
    if held := sum(one["count"] for one in found["quarantine"]):
        yield Line(f"  {_say(language, 'held', count=held)}", "yellow")
    if kinds := found["alerts"]:
        names = words()[language][KIND]
        named = ", ".join(f"{names[kind]} {count}" for kind, count in sorted(kinds.items()))
        yield Line(
            f"  {_say(language, 'alerts', count=sum(kinds.values()), kinds=named)}", "yellow"
        )


def _urgent_stores(stores: Said, language: Language) -> Iterator[Line]:
    for name, store in stores.items():
        if "red" in store:
            yield Line(f"  {_say(language, 'not_read', store=name, says=store['red'])}", "red")
    if (line := stores["records"].get("audit_broken_at")) is not None:
        yield Line(f"  {_say(language, 'audit', line=line)}", "red")
    if late := stores["privacy"].get("late"):
        yield Line(f"  {_say(language, 'late', count=late)}", "red")
    if stores["privacy"].get("missed"):
        yield Line(f"  {_say(language, 'missed')}", "yellow")


def _received(found: Said, language: Language) -> Iterator[Line]:
    account = found["intake"]
    yield from _titled(language, "received")
    counts = {name: count for name, count in account.items() if name != "reasons"}
    yield Line(f"  {_say(language, 'account', **counts)}")
    for reason, count in account["reasons"].items():
        means = reason_texts()["intake"][language].get(reason, "")
        yield Line(f"    {_number(count, language)} x {reason}: {means}")


def _aside(found: Said, language: Language) -> Iterator[Line]:
    held: Sequence[Said] = found["quarantine"]
    if not held:
        return
    yield from _titled(language, "aside")
    for one in held:
        since = {"first": _moment(one["first"]), "last": _moment(one["last"])}
        named = {"count": one["count"], "reason": one["reason"], "stage": one["stage"]}
        yield Line(f"  {_say(language, 'aside_line', **named, **since)}", "yellow")
        if one["example"] is not None:
            yield Line(
                f"    {_say(language, 'newest', example=_example(one['example'], language))}"
            )
        elif not one["usable"]:
            yield Line(f"    {_say(language, 'nothing_kept')}")
        yield Line(f"    {reason_texts()['mend'][language].get(one['reason'], '')}")
    yield Line(f"  {_say(language, 'then')}")


def _example(example: Said, language: Language) -> str:
    parts = [_say(language, "example", bytes=example["bytes"], key=example["key"])]
    if example["event"]:
        parts.append(example["event"])
    if example["field"]:
        parts.append(_say(language, "field", field=example["field"], was=example["was"]))
    if not example["still"]:
        parts.append(_say(language, "mended"))
    return ", ".join(parts)


def _stores(found: Said, language: Language) -> Iterator[Line]:
    yield from _titled(language, "stores")
    for name, store in found["components"].items():
        if "red" not in store:
            fields = {**store, "cleaned": _moment(store.get("cleaned") or "")}
            yield Line(f"  {_say(language, _key_of(name, store), **fields)}")


def _key_of(name: str, store: Said) -> str:
    if name == "profiles" and store["behind"]:
        return "profiles_behind"
    if name == "records" and store["audit_broken_at"] is not None:
        return "records_broken"
    return "privacy_never" if name == "privacy" and store["cleaned"] is None else name


def _disk(found: Said, language: Language) -> Iterator[Line]:
    said = found["disk"]
    disk, each = said["disk"], said["bytes_per_event"]
    yield from _titled(language, "disk")
    used = round(disk["used"] / 1e6, 1)
    if each is None:
        yield Line(f"  {_say(language, 'used', used=used)}")
    else:
        yield Line(f"  {_say(language, 'used_each', used=used, each=round(each))}")
        added = {"events": round(said["events_per_day"]), "bytes": round(said["bytes_per_day"] / 1e6, 1)}  # fmt: skip
        yield Line(f"  {_say(language, 'growth', **added)}")
    room = {"free": round(disk["free"] / 1e9, 1), "reserve": round(disk["reserve"] / 1e6)}
    yield Line(f"  {_say(language, 'free', **room)}")
    if said["days_left"] is not None:
        yield Line(f"  {_say(language, 'days', days=round(said['days_left']))}")


def _titled(language: Language, key: str) -> Iterator[Line]:
    yield Line("")
    yield Line(_say(language, key), "bold")


def _moment(text: str) -> str:
    """Write a moment to the minute; it stays in UTC, as in the log."""
    return f"{text[:10]} {text[11:16]} UTC" if text else ""


def _say(language: Language, name: str, /, **fields: object) -> str:
    shown = {
        field: _number(value, language)
        if isinstance(value, int | float) and not isinstance(value, bool)
        else value
        for field, value in fields.items()
    }
    return str(words()[language][name].format(**shown))


def _number(value: float, language: Language) -> str:
    return str(format_decimal(value, locale=language))
