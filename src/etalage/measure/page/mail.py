"""Step 7 of 8, measure: a report as a short mail: the verdict, three figures, one step, and where the rest is.

In:   a page, and where it can be read.
Out:  a subject, HTML that mail programs understand, and the same in plain text.
Idea: no pictures at all, so nothing is lost where they are off. The rows of a table stay rows on every screen.
From: MJML, https://documentation.mjml.io, rendered by mrml.
"""

from __future__ import annotations

from functools import cache

import mrml
from jinja2 import Environment, StrictUndefined, Template
from msgspec import Struct

from etalage.domain.report import State
from etalage.measure.page.html import asset
from etalage.measure.page.model import Chapter, Figure, Item, Items, Page

MOST_FIGURES = 3
_AS_MAIL = 'aria-roledescription="email" role="article"'
LINE = 72  # characters of the plain version

TONES: dict[State, str] = {
    "too_early": "#1f54a8",
    "verified_effect": "#05593a",
    "no_relevant_difference": "#4f5954",
    "undecided": "#4a5952",
    "harmful": "#a50a42",
    "broken": "#72500f",
}


class Mail(Struct, frozen=True):
    """What is sent."""

    subject: str
    html: str
    text: str


def mail(page: Page, link: str | None = None) -> Mail:
    """Lay a report out as a mail; without a link it says that the report is attached."""
    top, others = (page.chapters[0], page.chapters[1:]) if page.chapters else (None, ())
    subject = _subject(page, top)
    shown = _figures(top) if top else ()
    step = _step(top) if top else None
    source = _template().render(
        page=page,
        w=page.words,
        subject=subject,
        top=top,
        tone=TONES[top.state] if top else "",
        tones=TONES,
        figures=shown,
        step=step,
        others=others,
        link=link,
        why=page.words["mail_why"].format(shop=page.shop),
    )
    # A mail opened in a browser is a page, whose text belongs to its main part.
    made = mrml.to_html(source).content.replace(_AS_MAIL, 'role="main"')
    return Mail(subject=subject, html=made, text=_plain(page, top, others, link))


def _subject(page: Page, top: Chapter | None) -> str:
    if top is None or len(page.chapters) > 1:
        return page.words["mail_subject_many"].format(shop=page.shop)
    verdict = f"{top.title}, {top.verdict.lower()}"
    return page.words["mail_subject"].format(shop=page.shop, verdict=verdict)


def _figures(chapter: Chapter) -> tuple[Figure, ...]:
    return chapter.figures[:MOST_FIGURES]


def _step(chapter: Chapter) -> Item | None:
    """Give the first thing to do."""
    found = [
        item
        for section in chapter.sections
        if section.key == "next"
        for block in section.blocks
        if isinstance(block, Items)
        for item in block.items
    ]
    return found[0] if found else None


def _plain(page: Page, top: Chapter | None, others: tuple[Chapter, ...], link: str | None) -> str:
    """Write the same in plain text."""
    lines = [f"{page.shop} · {page.about}", "-" * LINE]
    if top is None:
        lines += [page.intro]
    else:
        lines += [f"[{top.verdict}] {top.title}", "", top.sentence, top.lead, ""]
        lines += [
            f"{f.label}: {f.between}" + (f" ({f.best})" if f.best else "") for f in _figures(top)
        ]
        step = _step(top)
        if step is not None:
            lines += ["", f"{page.words['mail_next']}: {step.point} {step.why}".rstrip()]
    if others:
        lines += ["", f"{page.words['mail_others']}:"]
        lines += [f"- [{one.verdict}] {one.sentence}" for one in others]
    where = f"{page.words['mail_button']}: {link}" if link else page.words["mail_attached"]
    lines += ["", where, "-" * LINE, page.words["mail_why"].format(shop=page.shop)]
    return "\n".join(lines) + "\n"


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    return environment.from_string(asset("mail.mjml"))
