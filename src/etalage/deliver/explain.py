"""Step 6 of 8, deliver: why somebody sees this, in a sentence she understands.

In:   an experience with the sentence of its segment; a product with the reason it was found.
Out:  texts in Dutch and English.
Idea: the sentence is made from the rule that was applied and the gain that was promised. There is no second text
      somebody could write nicer than the truth.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files

from etalage.domain.decision import Candidate
from etalage.domain.experience import LANGUAGES, Experience, Language, Texts
from etalage.domain.ids import SegmentName

WORDS: Mapping[str, Mapping[str, str]] = tomllib.loads(
    files("etalage.deliver").joinpath("words.toml").read_text("utf-8")
)


def why(experience: Experience, sentences: Mapping[SegmentName, Texts]) -> Texts:
    """Say whom it is for, and what she gains by it.

    Args:
        experience: what is shown.
        sentences: of the segments, as the segment step says them; without one its name stands for it.
    """
    return {language: _why(experience, sentences, language) for language in LANGUAGES}


def with_order(said: Mapping[str, str]) -> dict[str, str]:
    """Add that of several messages this one came first for people who did as much as she did."""
    return {
        language: f"{said[language]} {_said(language, 'why-order')}"
        for language in LANGUAGES
        if language in said
    }


def product_reason(candidate: Candidate, language: Language) -> str:
    """Say why this product: its strategy's reason, with the category it was popular in."""
    return _said(language, f"reason-{candidate.because}", of=candidate.of or "")


def rank_reason(because: str | None, of: str | None, language: Language) -> str:
    """Say why a product came forward in a list; empty where it did not."""
    return "" if because is None else _said(language, f"rank-{because}", of=of or "")


def moment_text(at: datetime, language: Language) -> str:
    """Say a moment on the shop's wall clock, as people say it.

    >>> moment_text(datetime(2026, 12, 4, 23, 59), "nl")
    'vrijdag 4 december 2026 om 23:59'
    """
    days, months = (WORDS[language][name].split() for name in ("weekdays", "months"))
    return _said(
        language,
        "moment",
        weekday=days[at.weekday()],
        day=str(at.day),
        month=months[at.month - 1],
        year=str(at.year),
        time=f"{at:%H:%M}",
    )


def _why(experience: Experience, sentences: Mapping[SegmentName, Texts], language: Language) -> str:
    gain = _said(language, "why-gain", gain=experience.gain[language])
    if experience.segment is None:
        return f"{_said(language, 'why-everybody')} {gain}"
    sentence = sentences.get(experience.segment, {}).get(language, experience.segment)
    who = sentence[:1].lower() + sentence[1:].rstrip(". ")  # it goes on within a sentence
    return f"{_said(language, 'why-segment', segment=who)} {gain}"


def _said(language: Language, key: str, **values: str) -> str:
    """Fill in a sentence. Values are put in as they are and never read as a pattern."""
    said = WORDS[language][key]
    for name, value in values.items():
        said = said.replace("{" + name + "}", value)
    return said
