"""Connect, files: segments, strategies and experiences as YAML that people keep, compare and send each other.

In:   files with one or several documents, each opening with what it is: `segment: NAME`, then its body.
Out:  what is written in them; and the way back, a text for what is stored, and the difference of two bodies.
Idea: the body is opaque here. A file read back from an export is the same body, so applying it changes nothing.
From: design 12, "Configuration as files".
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import get_args

from msgspec import Struct

from etalage.connect import yaml_text
from etalage.errors import BadInput, NotFound, TooLarge, Unknown
from etalage.ports import Document, DocumentKind

MAX_BYTES = 1_000_000  # of one file
KINDS: tuple[DocumentKind, ...] = get_args(DocumentKind)
ORDER: tuple[DocumentKind, ...] = ("segment", "strategy", "experience")  # used ones before users
SUFFIXES = frozenset({".yaml", ".yml"})

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Written(Struct, frozen=True):
    """One document as it stands in a file."""

    kind: DocumentKind
    name: str
    body: dict[str, object]
    path: Path
    line: int = 1


def read_files(paths: Iterable[Path]) -> list[Written]:
    """Read files, and of a directory its `.yaml` and `.yml` files; in the order given.

    Raises:
        BadInput: with file and line: no UTF-8, not our YAML, a wrong name, the same document twice.
        TooLarge: a file of more than 1 MB.
        NotFound: no such file, or a directory without any.
    """
    first: dict[tuple[DocumentKind, str], Written] = {}
    for file in (file for path in paths for file in _files(path)):
        for written in parse(_text(file), file):
            earlier = first.setdefault((written.kind, written.name), written)
            if earlier is not written:
                place = f"{earlier.path}, line {earlier.line}"
                raise _bad(written, f"{written.kind} '{written.name}' stands in {place} already")
    return list(first.values())


def parse(text: str, path: Path) -> list[Written]:
    """Read the documents of one text; `path` names it in errors."""
    pages = yaml_text.read(text, name=str(path))
    if not pages:
        raise BadInput(f"{path}: holds no document", field=str(path))
    return [_written(page, path) for page in pages]


def dump(documents: Iterable[Document | Written]) -> str:
    """Write documents as the text of one file: what is used before what uses it, then by name."""
    ordered = sorted(documents, key=lambda one: (ORDER.index(one.kind), one.name))
    return "---\n".join(yaml_text.write(_page(document)) for document in ordered)


def difference(old_body: Mapping[str, object] | None, new_body: Mapping[str, object]) -> list[str]:
    """Give a unified diff of two bodies as YAML; empty if they say the same, in whatever order of keys."""
    old = [] if old_body is None else yaml_text.write(dict(old_body), sort=True).splitlines()
    new = yaml_text.write(dict(new_body), sort=True).splitlines()
    return list(difflib.unified_diff(old, new, "now", "new", lineterm=""))


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
        if not found:
            raise NotFound(f"{path} holds no .yaml file", field=str(path))
        return found
    if not path.is_file():
        raise NotFound(f"there is no file {path}", field=str(path))
    return [path]


def _text(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise TooLarge(f"{path}: larger than {MAX_BYTES // 1_000_000} MB", field=str(path))
    try:
        return content.decode("utf-8-sig")  # some editors write a mark in front
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{path}, line {line}: is not UTF-8", field=f"{path}:{line}") from error


def _written(page: yaml_text.Page, path: Path) -> Written:
    place = f"{path}, line {page.line}"
    if not isinstance(page.value, dict) or not page.value:
        raise BadInput(f"{place}: begin with 'segment: NAME' or 'experience: NAME'", field=place)
    (first, name), *rest = page.value.items()
    kind = next((kind for kind in KINDS if kind == first), None)
    if kind is None:
        raise Unknown(f"kind of document in {place}: the first key is", first, KINDS, field=place)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadInput(
            f"{place}: the name of a {kind} has small letters, digits, '-' and '_', at most 64",
            field=place,
        )
    return Written(kind, name, dict(rest), path, page.line)


def _page(document: Document | Written) -> dict[str, object]:
    if document.kind in document.body:
        raise BadInput(f"the body of {document.kind} '{document.name}' has a key '{document.kind}'")
    return {document.kind: document.name, **document.body}


def _bad(written: Written, message: str) -> BadInput:
    place = f"{written.path}, line {written.line}"
    return BadInput(f"{place}: {message}", field=place)
