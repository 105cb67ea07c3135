"""Step 7 of 8, measure: a report in sentences, in Dutch and in English, for the terminal.

In:   a report.
Out:  one honest sentence, and lines with what must be known beside it.
Idea: the interval comes before the point estimate, and what is not known yet is said to be so.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from etalage.domain.report import OVERALL, ArmFigures, Effect, ExperienceReport, Note, Unsettled
from etalage.domain.time import DAY, moment
from etalage.measure.verdict import name_of, within

Language = Literal["nl", "en"]


@cache
def words() -> dict[str, dict[str, str]]:
    """Give all sentences, by language and key."""
    return tomllib.loads((files("etalage.measure") / "words.toml").read_text(encoding="utf-8"))


def title(reported: ExperienceReport, language: Language) -> str:
    """Give the name by which an experience is spoken of: that of the total is a mark for programs."""
    return words()[language]["total"] if reported.name == OVERALL else reported.name


def headline(reported: ExperienceReport, language: Language) -> str:
    """Say in one sentence what is known of an experience."""
    if reported.state == "broken":
        name = title(reported, language)
        return _judged(reported, language, "broken", name=name, faults=_faults(reported, language))
    loudest = next((arm for arm in reported.arms if _speaks(arm, reported)), None)
    if loudest is not None and isinstance(loudest.effect, Effect):
        return _about_effect(reported, loudest, loudest.effect, language)
    return _about_missing(reported, language)


def lines(reported: ExperienceReport, language: Language) -> list[str]:
    """Say what must be known beside the figures: coverage, joined orders, notes."""
    coverage, joined = reported.coverage, reported.joined
    said = []
    if coverage.share is not None:
        said.append(
            _say(
                language,
                "coverage",
                share=_percent(coverage.share, language),
                reached=_number(coverage.reached, language),
                measurable=_number(coverage.measurable, language),
            )
        )
    if reported.goal == "purchase" and joined.share is not None:
        orders = _number(joined.orders, language)
        share = _percent(joined.share, language)
        said.append(_say(language, "joined", share=share, orders=orders))
    return [*said, *(_note(note, language) for note in reported.notes)]


def _speaks(arm: ArmFigures, reported: ExperienceReport) -> bool:
    return arm.state == reported.state and isinstance(arm.effect, Effect)


def _about_effect(
    reported: ExperienceReport, arm: ArmFigures, effect: Effect, language: Language
) -> str:
    """Put the effect into words; a harmful one counts what was lost, from little to much."""
    lost = reported.state == "harmful"
    ends = [effect.extra_conversions_interval.low, effect.extra_conversions_interval.high]
    low, high = (-ends[1], -ends[0]) if lost else (ends[0], ends[1])
    extra = -effect.extra_conversions if lost else effect.extra_conversions
    lift = effect.lift_interval
    return _judged(
        reported,
        language,
        f"{reported.state}_total" if reported.name == OVERALL else reported.state,
        name=title(reported, language),
        variant=arm.arm,
        extra=_number(extra, language),
        low=_number(low, language),
        high=_number(high, language),
        pct=_signed(effect.lift, language),
        pct_low=_signed(lift.low if lift else None, language),
        pct_high=_signed(lift.high if lift else None, language),
    )


def _about_missing(reported: ExperienceReport, language: Language) -> str:
    unsettled = reported.unsettled or Unsettled(reason="windows_open")
    name = title(reported, language)
    nobody = reported.name == OVERALL and unsettled.reason == "nobody_triggered"
    missing = _say(
        language,
        "nobody_triggered_total" if nobody else unsettled.reason,
        need=_number(unsettled.need, language),
        have=_number(unsettled.have, language),
    )
    if reported.state == "undecided":
        return _judged(reported, language, "undecided_few", name=name, missing=missing)
    expected = _expected(reported, unsettled, language)
    early = name_of(reported) if unsettled.reason == "no_control" else "too_early"
    fields = {"name": name, "missing": missing, "expected": expected}
    return _say(language, "too_early", verdict=within(early, language), **fields).rstrip()


FAR_AWAY = 365 * DAY  # later than this is no date but an answer: not with this traffic


def _expected(reported: ExperienceReport, unsettled: Unsettled, language: Language) -> str:
    """Say by when there is an answer; a date years away would be a promise that nobody can keep."""
    if unsettled.expected is None:
        return ""
    if unsettled.expected - reported.now > FAR_AWAY:
        is_total = reported.name == OVERALL
        return _say(language, "expected_never_total" if is_total else "expected_never")
    date = format_date(moment(unsettled.expected).date(), format="long", locale=language)
    return _say(language, "expected", date=date)


def _faults(reported: ExperienceReport, language: Language) -> str:
    ratio = reported.sample_ratio
    counts = ratio.counts.items() if ratio else ()
    filled = ", ".join(f"{arm} {_number(count, language)}" for arm, count in counts)
    share = _percent(reported.joined.share, language)
    said = [_say(language, fault, counts=filled, share=share) for fault in reported.faults]
    return " ".join(said)


def _note(note: Note, language: Language) -> str:
    return _say(language, note.key, count=_number(note.count, language))


def _judged(reported: ExperienceReport, language: Language, key: str, **fields: str) -> str:
    return _say(language, key, verdict=within(name_of(reported), language), **fields)


def _say(language: Language, key: str, **fields: str) -> str:
    return words()[language][key].format(**fields)


def _number(value: float, language: Language) -> str:
    return format_decimal(round(value), locale=language)


def _percent(share: float | None, language: Language) -> str:
    return "-" if share is None else format_percent(share, format="#,##0.#%", locale=language)


def _signed(share: float | None, language: Language) -> str:
    return (
        "-"
        if share is None
        else format_percent(share, format="+#,##0.#%;-#,##0.#%", locale=language)
    )
