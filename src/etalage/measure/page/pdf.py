"""Step 7 of 8, measure: a report on paper, as PDF.

In:   a page.
Out:  a PDF of A4 pages, numbered, tagged for screen readers, with its own letters within.
Idea: the template is fixed and all text comes to it as data, so a name that looks like markup is a name.
From: typst, https://typst.app/docs; the letters are Inter (fonts/OFL.txt), cut down to Latin.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import as_file, files
from typing import Any, Literal

import msgspec
import typst

from etalage.measure.page.html import GROUPS, asset
from etalage.measure.page.model import Page

# Text that nobody reads in the PDF, or that is a drawing and not text.
_NO_TEXT = frozenset({"paper", "drawing", "statement", "digest", "command"})
_LONGEST_WORD = 24  # characters; longer ones are given places to break
_SECOND = 1_000_000  # micros
_FIRST = ("progress", "over_time")  # sections right below the figures


def pdf(page: Page) -> bytes:
    """Lay a report out on paper.

    As PDF/UA, which can be read aloud; where a name has a letter that no font of this machine has, PDF/UA is refused,
    and the page is written with a box in the place of that letter.
    """
    try:
        return _compile(page, "ua-1")
    except typst.TypstError:
        return _compile(page, "1.7")


def _compile(page: Page, standard: Literal["ua-1", "1.7"]) -> bytes:
    return typst.compile(
        asset("page.typ").encode(),
        font_paths=_fonts(),
        sys_inputs=_inputs(page),
        pdf_standards=standard,
        timestamp=page.made // _SECOND,
    )


def pictures(page: Page) -> list[bytes]:
    """Draw each page of the PDF as PNG."""
    found: Any = typst.compile(
        asset("page.typ").encode(),
        format="png",
        font_paths=_fonts(),
        sys_inputs=_inputs(page),
        ppi=110.0,
    )
    return [found] if isinstance(found, bytes) else list(found)


def _inputs(page: Page) -> dict[str, str]:
    return {"page": msgspec.json.encode(_data(page)).decode()}


def _data(page: Page) -> dict[str, Any]:
    data: dict[str, Any] = _breakable(msgspec.to_builtins(page))
    ids = {query.name: f"{i}" for i, query in enumerate(page.queries, 1)}
    shown = [query | {"statement": ""} for query in data["queries"]]
    more = {
        "prepared": "",
        "queries": [q | {"name": p.name} for q, p in zip(shown, page.queries, strict=True)],
        "ids": ids,
        "groups": GROUPS,
        "first": _FIRST,
        "signs": _signs(),
        "wordmark": asset("wordmark.svg"),
    }
    return {**data, **more}


def _breakable(value: Any) -> Any:
    """Give very long words places to break, everywhere in what is told."""
    if isinstance(value, str):
        return re.sub(rf"(\S{{{_LONGEST_WORD}}})(?=\S)", "\\1\u200b", value)
    if isinstance(value, dict):
        return {k: v if k in _NO_TEXT else _breakable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_breakable(one) for one in value]
    return value


@cache
def _signs() -> dict[str, str]:
    """Give each sign as a drawing of its own, by name."""
    found = re.findall(r'<symbol id="s-(\w+)" (.*?)</symbol>', asset("signs.svg"), re.DOTALL)
    return {name: f'<svg xmlns="http://www.w3.org/2000/svg" {body}</svg>' for name, body in found}


@cache
def _fonts() -> typst.Fonts:
    """Find our own letters, and those of the machine for scripts that ours do not have."""
    with as_file(files("etalage.measure.page") / "fonts") as folder:
        return typst.Fonts(include_system_fonts=True, font_paths=[str(folder)])
