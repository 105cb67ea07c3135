"""YAML as we read and write it: the values of JSON and nothing more.

Idea: the values are built from the parser's events by ourselves, so there is no constructor that could be talked
into anything. Anchors, aliases, tags, merge keys and a key given twice are refused with their line. Plain words are
read as in JSON: only `true`, `false`, `null` and numbers mean more than their letters; `on`, `no`, `2026-11-21` and
`007` are text. What is written is quoted by the same table, so it always reads back as it was.
From: YAML 1.2.2, chapter 10.2 (JSON schema).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import yaml
from msgspec import Struct
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from etalage.errors import BadInput

MAX_DEPTH = 40  # of lists and mappings in each other; our own trees stay below 20
MAX_INTEGER = 2**63 - 1

# (tag, form, first letters); numbers as in JSON.
_WORDS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("null", re.compile(r"null|~|"), "n~"),
    ("bool", re.compile(r"true|false"), "tf"),
    ("int", re.compile(r"-?(0|[1-9][0-9]*)"), "-0123456789"),
    ("float", re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?"), "-0123456789"),
    ("merge", re.compile(r"<<"), "<"),  # read as text, refused as a key, and written in quotes
)
_HALF = re.compile(r"[\ud800-\udfff]")  # an escape can make half a character, which has no UTF-8
_BREAK = re.compile(r"[\x85\u2028\u2029]")  # ends a line in YAML unless it is escaped


class Page(Struct, frozen=True):
    """One document of a file and the line it begins on, from 1."""

    value: object
    line: int


class _Bad(Exception):
    """What is wrong and where; never leaves this file."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message, self.line = message, line


def read(text: str, *, name: str) -> list[Page]:
    """Read all documents of a text; `BadInput` with `name` and line where it is not ours."""
    events = yaml.parse(text, Loader=yaml.SafeLoader)
    try:
        return list(_pages(events))
    except _Bad as bad:
        raise _refusal(name, bad.line, bad.message) from None
    except yaml.MarkedYAMLError as error:
        marks = [mark.line + 1 for mark in (error.problem_mark, error.context_mark) if mark]
        line = marks[0] if marks else 1
        raise _refusal(name, line, str(error.problem or error.context)) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        raise _refusal(name, line, "a character that YAML does not allow") from None


def write(value: object, *, sort: bool = False) -> str:
    """Write a JSON value in block style; keys in their own order, or sorted."""
    return yaml.dump(
        value,
        Dumper=_Dumper,
        allow_unicode=True,
        default_flow_style=False,
        sort_keys=sort,
        width=10**6,  # characters; a text is not folded, so that a difference shows whole sentences
    )


def _pages(events: Iterator[Event]) -> Iterator[Page]:
    for event in events:
        if isinstance(event, DocumentStartEvent):
            root = next(events)
            value = _value(root, events, depth=0)
            if value is not None:
                yield Page(value, _line(root))


def _value(event: Event, events: Iterator[Event], *, depth: int) -> object:
    _refuse_tricks(event, depth)
    if isinstance(event, SequenceStartEvent):
        return [_value(item, events, depth=depth + 1) for item in _until(SequenceEndEvent, events)]
    if isinstance(event, MappingStartEvent):
        return _mapping(events, depth=depth)
    if isinstance(event, ScalarEvent):
        return _scalar(event)
    raise AssertionError(event)  # no other event can begin a value


def _mapping(events: Iterator[Event], *, depth: int) -> dict[str, object]:
    found: dict[str, object] = {}
    for event in _until(MappingEndEvent, events):
        _refuse_tricks(event, depth)
        if not isinstance(event, ScalarEvent):
            raise _Bad("a key must be a word", _line(event))
        key = _text(event)
        if event.implicit[0] and key in {"", "<<"}:
            raise _Bad("a key must be a word; merging with '<<' is not read", _line(event))
        if key in found:
            raise _Bad(f"'{key}' stands twice in one place", _line(event))
        found[key] = _value(next(events), events, depth=depth + 1)
    return found


def _until(end: type[Event], events: Iterator[Event]) -> Iterator[Event]:
    for event in events:
        if isinstance(event, end):
            return
        yield event


def _refuse_tricks(event: Event, depth: int) -> None:
    if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
        raise _Bad(f"anchors and aliases are not read ('{event.anchor}')", _line(event))
    if getattr(event, "tag", None) is not None:
        raise _Bad("tags ('!...') are not read; quote a text that begins with '!'", _line(event))
    if depth > MAX_DEPTH:
        raise _Bad(f"nested deeper than {MAX_DEPTH}", _line(event))


def _scalar(event: ScalarEvent) -> object:
    text = _text(event)
    kind = _kind(text) if event.implicit[0] else "str"
    if kind == "null":
        return None
    if kind == "bool":
        return text == "true"
    if kind == "int":
        if len(text) > len(str(-MAX_INTEGER)) or abs(int(text)) > MAX_INTEGER:
            raise _Bad(f"the number {text[:30]} is too large", _line(event))
        return int(text)
    if kind == "float":
        number = float(text)
        if not math.isfinite(number):
            raise _Bad(f"the number {text[:30]} is too large", _line(event))
        return number
    return text


def _text(event: ScalarEvent) -> str:
    text: str = event.value
    if _HALF.search(text):
        raise _Bad("half a character (a lone surrogate)", _line(event))
    return text


def _kind(text: str) -> str:
    return next((kind for kind, form, _ in _WORDS if form.fullmatch(text)), "str")


def _line(event: Event) -> int:
    return 1 if event.start_mark is None else event.start_mark.line + 1


def _refusal(name: str, line: int, message: str) -> BadInput:
    return BadInput(f"{name}, line {line}: {message}", field=f"{name}:{line}")


class _Dumper(yaml.SafeDumper):
    """Writes by our table of words, without anchors."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  filled below; the parent's are YAML 1.1's

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  an interface of PyYAML
        return True

    def text(self, value: str) -> yaml.ScalarNode:
        style = '"' if _BREAK.search(value) else None
        return self.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _Dumper.text)
for _kind_name, _form, _first in _WORDS:
    _Dumper.add_implicit_resolver(
        f"tag:yaml.org,2002:{_kind_name}",
        re.compile(rf"(?:{_form.pattern})\Z"),
        [*_first, *([""] if _kind_name == "null" else [])],
    )
