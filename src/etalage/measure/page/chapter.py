"""Step 7 of 8, measure: a chapter of a report: everything that is said about one experience.

In:   a report.
Out:  the answer, the figures, and sections in the order in which a client asks: how certain, what now, what not to
      conclude, what ran and for whom, then the evidence. A section with nothing to say is left out.
"""

from __future__ import annotations

from collections.abc import Iterable

from etalage.measure.page import counts, evidence, plots
from etalage.measure.page.advice import next_steps, not_to_conclude
from etalage.measure.page.answer import (
    figures,
    headline,
    lead,
    open_question,
    period,
    told_state,
    when_known,
    when_ran,
)
from etalage.measure.page.coverage import coverage
from etalage.measure.page.model import (
    Block,
    Chapter,
    Fact,
    Facts,
    Items,
    Prose,
    Section,
    SectionKey,
)
from etalage.measure.page.say import clean
from etalage.measure.page.told import Told
from etalage.measure.page.trust import causes, trust
from etalage.measure.verdict import name_of, verdict

ITS_OWN = frozenset({"title", "name", "slot", "segment"})  # names: written as the shop wrote them
LONGEST_TEXT = 300  # characters of a purpose or a gain


def chapter(told: Told) -> Chapter:
    """Tell everything about one experience."""
    found = _sections(told) if _is_met(told) else _sections_unmet(told)
    return Chapter(
        anchor=told.prefix,
        title=told.title,
        state=told.reported.state,
        verdict=verdict(name_of(told.reported), told.say.language),
        when=when_ran(told),
        headline=headline(told),
        lead=lead(told),
        figures=figures(told) if _is_met(told) else (),
        sections=tuple(section for section in found if section is not None),
        is_total=told.is_total,
    )


def _is_met(told: Told) -> bool:
    """Tell whether the moment came for anybody at all: else there is nothing to count, to trust or to conclude."""
    return any(arm.triggered for arm in told.reported.arms)


def _sections_unmet(told: Told) -> tuple[Section | None, ...]:
    return (
        _section(told, "next", [Items(items=next_steps(told))]),
        _section(told, "ran", [_ran(told)]),
        _section(told, "whom", [_whom(told), coverage(told)], "coverage"),
    )


def _sections(told: Told) -> tuple[Section | None, ...]:
    return (
        _section(told, "progress", [counts.progress(told)], "counted", "effect"),
        _section(told, "over_time", [plots.over_time(told)], "effect", "history"),
        _section(told, "causes", [causes(told)], "sample_ratio", "causes"),
        _section(told, "next", [Items(items=next_steps(told))]),
        _section(told, "not_this", [Items(items=not_to_conclude(told))]),
        _section(told, "certain", [Prose(paragraphs=certain(told))], "effect"),
        _section(told, "trust", [trust(told)], "sample_ratio", "triggered", "joined"),
        _section(told, "ran", [_ran(told)]),
        _section(told, "whom", [_whom(told), coverage(told)], "coverage", "triggered", "exposures"),
        _section(told, "variants", [evidence.variants(told)], "effect", "conversions"),
        _section(told, "funnel", [counts.funnel(told)], "triggered", "exposures", "conversions"),
        _section(told, "cumulative", [plots.cumulative(told)], "conversions", "days"),
        _section(told, "parts", evidence.parts(told) or (), "parts", "effect"),
        _section(told, "guardrails", evidence.guardrails(told), "guardrails"),
        _section(told, "ratios", [evidence.ratios(told)], "ratios"),
    )


def _section(
    told: Told, key: SectionKey, blocks: Iterable[Block | None], *asked: str
) -> Section | None:
    there = tuple(block for block in blocks if block is not None)
    if not there:
        return None
    return Section(
        key=key,
        title=told.own(f"sections.{key}"),
        blocks=there,
        questions=told.asked(*asked) if asked else (),
        tag=told.say("page.exploratory") if key == "parts" else "",
    )


def certain(told: Told) -> tuple[str, ...]:
    """Say whether this is certain, and what would make it so."""
    say, speaker, state = told.say, told.speaker, told_state(told)
    effect = told.effect(speaker) if speaker else None
    low, high, _ = told.lift(effect) if effect else ("", "", "")
    said = [say(f"certain.{state}", low=low, high=high, many=told.goal("many"))]
    missing = open_question(told.reported)
    if state == "too_early":
        said.append(when_known(told))
    elif told.reported.state == "undecided" and missing.need and missing.expected:
        late = when_known(told) == say("when.never")
        need, have = say.number(missing.need), say.number(missing.have)
        key = "certain.later_never" if late else "certain.later"
        said.append(say(key, need=need, have=have, date=say.date(missing.expected)))
    return tuple(said)


# ---- What ran, and for whom -----------------------------------------------------------------------------


def _ran(told: Told) -> Facts:
    say, reported, about = told.say, told.reported, told.reported.about
    rows: list[tuple[str, str | None]] = []
    if told.is_total:
        rows.append(("title", say("ran.total")))
    else:
        rows.append(("title", told.title))
        rows.append(("name", clean(reported.name)))
    if about is not None:
        other = "en" if say.language == "nl" else "nl"
        gain = about.gain.get(say.language) or about.gain.get(other)
        rows += [
            ("form", say.known("forms", about.form)),
            ("slot", clean(about.slot)),
            ("trigger", say.known("triggers", about.trigger)),
            ("purpose", clean(about.purpose, LONGEST_TEXT)),
            ("gain", clean(gain, LONGEST_TEXT) if gain else None),
            ("principle", about.principle and say.known("principles", about.principle)),
        ]
    goal = told.own("ran.goal_text", goal=_goal(told), window=told.days)
    rows += [
        ("goal", goal),
        ("period", say("ran.period_text", **period(told))),
        ("split", _split(told)),
        ("version", str(about.version) if about else None),
    ]
    return Facts(rows=_facts(told, rows))


def _goal(told: Told) -> str:
    """Name the goal; one of the shop's own is called as it is."""
    word = told.goal("many")
    own = told.reported.goal not in {"purchase", "add_to_cart", "sign_up"}
    return f"{word} ({clean(told.reported.goal, 40)})" if own else word


def _split(told: Told) -> str | None:
    ratio = told.reported.sample_ratio
    total = sum(ratio.expected.values()) if ratio else 0
    if ratio is None or not total:
        return None
    parts = [
        told.say("ran.split_part", arm=told.arm(arm), share=_whole(told, n / total))
        for arm, n in ratio.expected.items()
    ]
    return told.say.listed(parts)


def _whole(told: Told, share: float) -> str:
    is_whole = abs(share * 100 - round(share * 100)) < 0.05  # noqa: PLR2004  # of a per cent
    return told.say.percent(share, digits=0 if is_whole else 1)


def _whom(told: Told) -> Facts:
    say, about = told.say, told.reported.about
    segment = clean(about.segment) if about and about.segment else _capital(say("everybody"))
    rows = [
        ("segment", segment),
        ("phase", about.phase and say.known("phases", about.phase) if about else None),
        ("persona", clean(about.persona) if about and about.persona else None),
        ("reached", None if told.reported.coverage.reached else say("ran.reached_none")),
    ]
    return Facts(rows=_facts(told, rows))


def _facts(told: Told, rows: Iterable[tuple[str, str | None]]) -> tuple[Fact, ...]:
    return tuple(
        Fact(label=told.say(f"ran.{key}"), text=text if key in ITS_OWN else _capital(text))
        for key, text in rows
        if text
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
