"""Pages that explain: what an error means and what to do, and why something was not taken in or not shown.

In:   the texts in errors.toml and reasons.toml.
Out:  plain HTML in Dutch or English, for people who follow the `docs` link of an error.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template

from etalage.domain.experience import LANGUAGES, Language

OTHER: Mapping[Language, Language] = {"nl": "en", "en": "nl"}
NAMES: Mapping[Language, str] = {"nl": "Nederlands", "en": "English"}
LISTS = (
    "intake",
    "decision",
    "product",
    "mend",
)  # the closed lists of reasons, as they stand in reasons.toml


@cache
def error_texts() -> dict[str, dict[Language, dict[str, str]]]:
    """Give title, meaning and what to do, by code and language."""
    return tomllib.loads(files("etalage.api").joinpath("errors.toml").read_text("utf-8"))


@cache
def reason_texts() -> dict[str, dict[Language, dict[str, str]]]:
    """Give the texts of all reasons, by list and language."""
    return tomllib.loads(files("etalage.api").joinpath("reasons.toml").read_text("utf-8"))


def error_page(code: str, language: Language) -> str | None:
    """Write the page of an error; None if there is no such code."""
    text = error_texts().get(code)
    if text is None:
        return None
    said = text[language]
    return _page(language, said["title"], code=code, paragraphs=(said["means"], said["do"]))


def reasons_page(language: Language) -> str:
    """Write the page of all reasons."""
    texts = reason_texts()
    words = texts["page"][language]
    lists = [(words[name], list(texts[name][language].items())) for name in LISTS]
    return _page(language, words["title"], paragraphs=(words["means"],), lists=lists)


def language_of(asked: str | None, accepted: str | None) -> Language:
    """Choose the language: the one asked for, else the first of ours that the browser accepts, else Dutch.

    >>> language_of(None, "fr-FR, en-GB;q=0.8, nl;q=0.5"), language_of("nl", "en"), language_of("xx", None)
    ('en', 'nl', 'nl')
    """
    wanted = [asked or "", *(part.partition(";")[0] for part in (accepted or "").split(","))]
    for one in wanted:
        for language in LANGUAGES:
            if one.strip().lower().partition("-")[0] == language:
                return language
    return "nl"


def _page(
    language: Language,
    title: str,
    *,
    code: str | None = None,
    paragraphs: tuple[str, ...] = (),
    lists: list[tuple[str, list[tuple[str, str]]]] | None = None,
) -> str:
    other = OTHER[language]
    return _template().render(
        language=language,
        title=title,
        code=code,
        paragraphs=paragraphs,
        lists=lists or [],
        other=other,
        other_name=NAMES[other],
    )


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    return environment.from_string(files("etalage.api").joinpath("page.html").read_text("utf-8"))
