"""Step 7 of 8, measure: the page of a report, built once, laid out by `html`, `pdf` and `mail`.

In:   reports, the shop's name and zone, a language.
Out:  a page: the total first if there is one, then each experience (the loudest first), then how it was measured,
      and every question with its text, so that each figure can be traced and computed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from etalage.domain.report import OVERALL, ExperienceReport, Source, State
from etalage.domain.time import DAY, ShopZone
from etalage.measure.lines import Language
from etalage.measure.page.chapter import chapter
from etalage.measure.page.model import Fact, Page, Query
from etalage.measure.page.say import Say, clean, words
from etalage.measure.page.told import SOURCES, Told, question_name
from etalage.measure.questions import ASKED, Asked, statement
from etalage.measure.script import asked, prepared

# In the order in which somebody must know.
LOUDEST: tuple[State, ...] = (
    "harmful",
    "broken",
    "verified_effect",
    "no_relevant_difference",
    "undecided",
    "too_early",
)
DIGEST_LENGTH = 16  # hex digits of SHA-256, as in `domain.report.Source`


def page(
    reports: Sequence[ExperienceReport],
    *,
    shop: str,
    zone: ShopZone,
    language: Language,
    views: Sequence[str],
    now: int | None = None,
) -> Page:
    """Build the page of some reports.

    Args:
        reports: of the experiences, with the total among them if there is one.
        shop: its name.
        zone: whose days the dates are.
        language: of all that we say; what the shop wrote stays as it is.
        views: what a session of the warehouse is prepared with before the questions.
        now: when it is made; the moment of the reports by default.
    """
    say = Say(language=language, zone=zone)
    ordered = sorted(reports, key=_order)
    told = [Told(one, say, prefix=f"e{i}") for i, one in enumerate(ordered, 1)]
    made = now if now is not None else max((r.now for r in reports), default=0)
    alone = told[0] if len(told) == 1 else None
    name = clean(shop)
    title = (
        say("page.title_one", title=alone.title)
        if alone and not alone.is_total
        else say("page.title", shop=name)
    )
    return Page(
        language=language,
        title=title,
        shop=name,
        about=say("page.about", date=say.date(made)),
        made=made,
        intro=_intro(told, say),
        chapters=tuple(chapter(one) for one in told),
        method=_method(reports, say),
        recompute=say("page.recompute"),
        command=_command(alone),
        prepared=prepared(views),
        queries=tuple(_queries(reports, say)),
        glossary=tuple(
            Fact(label=label, text=text) for label, text in words(language)["glossary"].values()
        ),
        words={
            **{key: str(value) for key, value in words(language)["page"].items()},
            **{f"mail_{key}": str(value) for key, value in words(language)["mail"].items()},
        },
    )


def _order(reported: ExperienceReport) -> tuple[bool, int, bool]:
    """Put the total first, then what is loudest; last, whose moment came for nobody yet."""
    met = any(arm.triggered for arm in reported.arms)
    return reported.name != OVERALL, LOUDEST.index(reported.state), not met


def _intro(told: Sequence[Told], say: Say) -> str:
    messages = [one for one in told if not one.is_total]
    if not told:
        return say("page.intro_none")
    if len(messages) < len(told):
        return say("page.intro_total", count=say.number(len(messages)))
    if len(messages) == 1:
        return say("page.intro_one")
    many = say("page.intro_many", count=say.number(len(messages)))
    return f"{many} {say('page.intro_no_total')}"


def _command(alone: Told | None) -> str:
    """Give the command that prints the same figures; a name is slug-like, else it is left to the reader."""
    if alone is None or alone.is_total:
        return "etalage report --data DIR --json"
    name = str(alone.reported.name)
    plain = name.isascii() and all(c.isalnum() or c in "-_" for c in name)
    return f"etalage report {name if plain else 'NAME'} --data DIR --json"


def _method(reports: Sequence[ExperienceReport], say: Say) -> tuple[Fact, ...]:
    windows = sorted({max(round(r.window / DAY), 1) for r in reports}) or [7]
    named = say.listed([say.number(days) for days in windows])
    unit = "method.one_day" if windows == [1] else "method.days"
    caps = [(r.revenue_cap, r.currency) for r in reports if r.revenue_cap is not None]
    cap = say("method.money_cap", cap=say.money(*caps[0])) if len(set(caps)) == 1 else ""
    texts = {
        "compare": say("method.compare_text"),
        "chance": say("method.chance_text"),
        "window": say("method.window_text", window=say(unit, count=named)),
        "level": say("method.level_text"),
        "money": say("method.money_text", cap=cap),
        "total": say("method.total_text"),
    }
    erased = max((r.erased for r in reports), default=0)
    if erased:
        texts["erased"] = say("method.erased_text", count=say.number(erased))
    return tuple(Fact(label=say(f"method.{key}"), text=text) for key, text in texts.items())


def _queries(reports: Sequence[ExperienceReport], say: Say) -> Iterable[Query]:
    """Give each question once, with the digest that the figures came from, and as it runs by itself."""
    named = ((question_name(s), s) for r in reports for s in (r.sources or SOURCES))
    for name, source in {name: source for name, source in named if name}.items():
        known = next((one for one in ASKED if one == source.question), None)
        yield Query(
            name=name,
            digest=_digest(source, known),
            answers=say.known("queries", source.question, say("queries.other")),
            statement=asked(known, reports) if known else "",  # a question of an older version
        )


def _digest(source: Source, known: Asked | None) -> str:
    if source.digest:
        return clean(source.digest, 2 * DIGEST_LENGTH)
    return sha256(statement(known).encode()).hexdigest()[:DIGEST_LENGTH] if known else ""
