"""Reading what a shop wrote, strictly: each reader gives a typed value or names the place that is wrong.

In:   a part of a JSON tree, and the path that leads to it.
Out:  a value of one type.
Idea: a typing error is answered with the nearest name that exists; nothing unknown is ever skipped over,
      because a misspelled cap that is ignored is a message shown too often.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import TypeVar

from etalage.domain.experience import MILLION
from etalage.errors import BadExperience, Unknown

Name = TypeVar("Name", bound=str)
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_NAME_LENGTH = 64


class Body:
    """An object of the tree, of which every field must be read: `done()` refuses what was not."""

    __slots__ = ("_fields", "_known", "path")

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise BadExperience(f"{path or 'an experience'} must be an object", field=path)
        self._fields: dict[str, object] = dict(value)
        self._known: list[str] = []
        self.path = path

    def at(self, field: str) -> str:
        """Give the path of a field."""
        return f"{self.path}.{field}" if self.path else field

    def get(self, field: str) -> object:
        """Give a field, None if it is absent or null."""
        self._known.append(field)
        return self._fields.get(field)

    def need(self, field: str) -> object:
        """Give a field that must be there."""
        value = self.get(field)
        if value is None:
            raise BadExperience(f"{self.at(field)} is missing", field=self.at(field))
        return value

    def everything(self) -> Mapping[str, object]:
        """Give all fields unread, for a part of the tree that another reader judges."""
        self._known.extend(self._fields)
        return self._fields

    def done(self) -> None:
        """Refuse fields that nobody asked for, naming the nearest one that exists."""
        for field in self._fields:
            if field not in self._known:
                raise Unknown("field", field[:80], self._known, field=self.at(field[:80]))

    def text(self, field: str, *, longest: int = 200) -> str:
        """Read a text that must be there and must say something."""
        return text(self.need(field), self.at(field), longest=longest)

    def text_or_none(self, field: str, *, longest: int = 200) -> str | None:
        """Read a text if there is one."""
        value = self.get(field)
        return None if value is None else text(value, self.at(field), longest=longest)

    def name(self, field: str) -> str:
        """Read a name that must be there."""
        return name(self.need(field), self.at(field))

    def one_of(self, field: str, known: Iterable[Name]) -> Name:
        """Read a word of a closed list."""
        return one_of(self.need(field), known, self.at(field))

    def one_of_or_none(self, field: str, known: Iterable[Name]) -> Name | None:
        """Read a word of a closed list if there is one."""
        value = self.get(field)
        return None if value is None else one_of(value, known, self.at(field))

    def number(self, field: str, default: int | None, *, least: int, most: int) -> int:
        """Read a whole number within bounds; without a default it must be there."""
        value = self.need(field) if default is None else self.get(field)
        return whole(default if value is None else value, self.at(field), least=least, most=most)

    def number_or_none(self, field: str, *, least: int, most: int) -> int | None:
        """Read a whole number within bounds if there is one."""
        value = self.get(field)
        return None if value is None else whole(value, self.at(field), least=least, most=most)

    def flag(self, field: str) -> bool:
        """Read true or false; absent is false."""
        value = self.get(field)
        if value is not None and not isinstance(value, bool):
            raise BadExperience(f"{self.at(field)} must be true or false", field=self.at(field))
        return value is True

    def items(self, field: str, *, most: int) -> list[tuple[object, str]]:
        """Read a list: each item with its path; absent is empty."""
        value = self.get(field)
        if value is None:
            return []
        if not isinstance(value, list | tuple) or len(value) > most:
            raise BadExperience(
                f"{self.at(field)} must be a list of at most {most}", field=self.at(field)
            )
        return [(item, f"{self.at(field)}[{index}]") for index, item in enumerate(value)]


def text(value: object, path: str, *, longest: int = 200) -> str:
    """Read a text without control characters, in one Unicode spelling."""
    if not isinstance(value, str):
        raise BadExperience(f"{path} must be a text", field=path)
    clean = unicodedata.normalize("NFC", value).strip()
    if not clean:
        raise BadExperience(f"{path} is empty", field=path)
    if len(clean) > longest:
        raise BadExperience(f"{path} is longer than {longest} characters", field=path)
    if any(is_control(character) for character in clean if character != "\n"):
        raise BadExperience(f"{path} has a control character", field=path)
    return clean


def is_control(character: str) -> bool:
    """Tell whether a character is one that is not seen but changes what is: controls, bidi, surrogates."""
    if character == "\u200d":  # joins emoji, does nothing else
        return False
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def name(value: object, path: str) -> str:
    """Read a name: lower case letters, digits, '-' and '_', starting with a letter or digit."""
    read = text(value, path, longest=_NAME_LENGTH)
    if not set(read) <= _NAME_CHARACTERS or read[0] in "-_":
        raise BadExperience(
            f"{path} must be a name of lower case letters, digits, '-' and '_'", field=path
        )
    return read


def one_of(value: object, known: Iterable[Name], path: str) -> Name:
    """Read a word of a closed list; a wrong one is answered with the nearest."""
    words = tuple(known)
    for word in words:
        if word == value:
            return word
    if not isinstance(value, str):
        raise BadExperience(f"{path} must be one of: {', '.join(words)}", field=path)
    raise Unknown(path.rpartition(".")[2], value[:80], words, field=path)


def whole(value: object, path: str, *, least: int, most: int) -> int:
    """Read a whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadExperience(f"{path} must be a whole number from {least} to {most}", field=path)
    return value


def share(value: object, path: str) -> int:
    """Read a share from 0 to 1 as millionths."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise BadExperience(f"{path} must be a share from 0 to 1", field=path)
    return round(value * MILLION)
