"""A report as page, PDF and mail: the same words, each figure traceable, and nothing shown that may still turn round."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from page_text import Seen
from report_examples import (
    ABOUT,
    BY_STATE,
    A,
    B,
    broken,
    harmful,
    history,
    too_early,
    total,
    unmet,
    verified,
)

from etalage.domain.ids import CONTROL, ExperienceName, VariantName
from etalage.domain.report import Cause, ExperienceReport, RatioPart, Source, Unsettled
from etalage.domain.time import DAY, ShopZone
from etalage.measure.lines import Language
from etalage.measure.page.build import page
from etalage.measure.page.html import html
from etalage.measure.page.mail import mail
from etalage.measure.page.model import Page, Plot, Prose
from etalage.measure.page.pdf import pdf, pictures
from etalage.measure.page.say import clean, words
from etalage.measure.page.svg import FAINT
from etalage.measure.questions import sources, statement
from etalage.measure.verdict import within
from etalage.unify.batch import view_statements

AMSTERDAM = ShopZone("Europe/Amsterdam")
ALL = {**BY_STATE, "total": total}
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    '"><svg onload=alert(3)>',
    '#read("/etc/passwd") $x$ *vet* _cursief_ \\ @q-1 <e1> `raw` // weg',
    "{{ 7 * 7 }} {% raw %} </mj-text><mj-raw><b>hoi</b></mj-raw>",
    "winter\u202egnitiebnaa\u202c \u2066sale\u2069",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "🧥 jas 👩‍👩‍👧 ❤️",
    "x" * 300,
    "\x00\x07\ud7ff\n\r\t",
)


def made(*reports: ExperienceReport, language: Language = "nl", shop: str = "Noord") -> Page:
    return page(reports, shop=shop, zone=AMSTERDAM, language=language, views=view_statements())


def named(name: str) -> ExperienceReport:
    """Put one name everywhere where a shop may write one."""
    arm = VariantName(name)
    about = replace(
        ABOUT,
        title=name,
        slot=name,
        form=name,
        trigger=name,
        purpose=name,
        segment=name,
        persona=name,
        principle=name,
        phase=name,
        gain={"nl": name, "en": name},
    )
    one = verified()
    ratio = one.sample_ratio
    assert ratio is not None
    return replace(
        one,
        name=ExperienceName(name),
        goal=name,
        about=about,
        arms=tuple(replace(a, arm=arm) if a.arm == A else a for a in one.arms),
        parts=tuple(replace(p, value=name) for p in one.parts),
        sample_ratio=replace(
            ratio,
            counts={CONTROL: 10, arm: 11},
            expected={CONTROL: 10.5, arm: 10.5},
        ),
        sources=(Source(question=name, digest=name, figures=("effect",)),),
    )


# ---- Words -----------------------------------------------------------------------------------------------


def _flat(group: Any, above: str = "") -> dict[str, str]:
    found = {}
    for key, value in group.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{above}{key}.")
        else:
            found[f"{above}{key}"] = str(value)
    return found


def test_both_languages_say_everything_with_the_same_fields() -> None:
    dutch, english = _flat(words("nl")), _flat(words("en"))

    assert set(dutch) == set(english)
    fields = re.compile(r"{(\w+)}")
    differing = [
        k for k in dutch if set(fields.findall(dutch[k])) != set(fields.findall(english[k]))
    ]
    assert differing == []


def test_the_dutch_says_je_and_shouts_nowhere() -> None:
    said = " ".join(_flat(words("nl")).values())

    assert not re.search(r"\b[Uu]\b|\b[Uu]w\b|!", said)


# ---- What may be shown -------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("young", [too_early, broken])
def test_without_a_verdict_no_effect_and_no_conversions_are_shown(
    young: Any, language: Language
) -> None:
    """Even where the report holds them: the effect of another state, and parts."""
    loaded = replace(
        verified(),
        state=young().state,
        faults=young().faults,
        unsettled=young().unsettled,
        sample_ratio=young().sample_ratio,
    )

    seen = Seen(html(made(loaded, language=language)))
    post = mail(made(loaded, language=language))

    for text in (seen.text, " ".join(seen.labels), post.html, post.text):
        plain = text.replace(",", ".").replace("\N{NO-BREAK SPACE}", " ")
        for shown in ("11.0%", "2.9%", "19.1%", "2.332", "2.101", "3.81%", "€ 4.000", "€4.000"):
            assert shown not in plain


def test_the_interval_comes_before_the_best_estimate_everywhere() -> None:
    for language in ("nl", "en"):
        for build in ALL.values():
            for chapter in made(build(), language=language).chapters:
                text = chapter.sentence
                assert (
                    text.find("beste schatting") == -1
                    or chapter.headline[1] in text.split("beste schatting")[0]
                )
                for figure in chapter.figures:
                    assert "schatting" not in figure.between
                    assert "estimate" not in figure.between


def test_only_the_total_says_what_measuring_cost() -> None:
    text = Seen(html(made(total(), verified(), harmful()))).text

    assert text.count("Wat meten kostte") == 1
    assert "30 tot 199" in text
    assert "Alle uitingen van de winkel, tegen de buitenstaanders" in text


def test_the_total_comes_first_then_what_one_must_know_soonest() -> None:
    shown = made(too_early(), verified(), harmful(), total(), broken())

    assert [c.state for c in shown.chapters] == [
        "verified_effect",
        "harmful",
        "broken",
        "verified_effect",
        "too_early",
    ]
    assert shown.chapters[0].is_total


def test_parts_are_marked_as_exploratory() -> None:
    sections = {s.key: s for s in made(verified()).chapters[0].sections}

    assert sections["parts"].tag == "verkennend"
    assert "zoeken achteraf" in Seen(html(made(verified()))).text


def test_a_young_part_shows_no_figure_of_its_own() -> None:
    sections = {s.key: s for s in made(verified()).chapters[0].sections}
    table = sections["parts"].blocks[1]
    row = next(r for r in table.rows if r[0].text == "Trouw")  # type: ignore[union-attr]

    assert [cell.text for cell in row[2:]] == [words("nl")["page"]["nothing"], "Nog te vroeg"]
    assert row[2].drawing == ""


def test_what_must_not_get_worse_shows_no_figure_of_a_variant_that_is_too_early() -> None:
    decided = verified()
    young = [
        replace(one, state="too_early", effect=Unsettled(reason="interval_wide"))
        if one.arm == B
        else one
        for one in decided.arms
    ]
    rails = tuple(replace(decided.guardrails[0], arm=arm) for arm in (A, B))
    told = replace(decided, arms=tuple(young), guardrails=rails)

    sections = {s.key: s for s in made(told).chapters[0].sections}
    table, waiting = sections["guardrails"].blocks

    assert [row[0].small for row in table.rows] == ["variant antwoord"]  # type: ignore[union-attr]
    assert waiting == Prose(paragraphs=("Nog niet te zeggen: retouren (variant bekeken).",))


@pytest.mark.parametrize(
    ("language", "said"),
    [("nl", ("Tijd op de pagina", "28,4 s", "1.042,0 s")), ("en", ("Time on the page", "28.4 s", "1,042.0 s"))],
)  # fmt: skip
def test_time_on_the_page_is_told_in_seconds(
    language: Language, said: tuple[str, str, str]
) -> None:
    rail = replace(
        verified().guardrails[0], name="page_time", treated=28_361.4, control=1_042_000.0
    )

    seen = Seen(html(made(replace(verified(), guardrails=(rail,)), language=language))).text

    assert all(one in seen for one in said)


@pytest.mark.parametrize(("days", "said"), [(1, "1 dag na"), (7, "7 dagen na")])
def test_a_window_of_a_day_is_called_a_day(days: int, said: str) -> None:
    told = Seen(html(made(replace(too_early(), window=days * DAY)))).text

    assert told.count(said) == 3
    assert "1 dagen" not in told


def test_a_broken_split_says_where_it_leans() -> None:
    one = broken()
    assert one.sample_ratio is not None
    ratio = replace(
        one.sample_ratio,
        parts=(
            RatioPart(dimension="device", value="mobile", counts={CONTROL: 900, A: 400}, p=1e-9),
            RatioPart(dimension="day", value="3", counts={CONTROL: 90, A: 88}, p=0.6),
        ),
        causes=(Cause(key="programs", counts={CONTROL: 3, A: 210}, p=1e-9),),
    )

    text = Seen(html(made(replace(one, sample_ratio=ratio)))).text

    assert "Waar het scheef loopt" in text
    assert "Robots in één groep" in text
    assert "Vooral op: telefoon" in text
    assert "Vooral op dag" not in text


@pytest.mark.parametrize("state", ["verified_effect", "harmful", "no_relevant_difference"])
def test_without_an_effect_to_name_nothing_is_told_as_decided(state: Any) -> None:
    one = verified()
    silent = replace(one, state=state, arms=tuple(replace(a, effect=None) for a in one.arms))

    shown = made(silent).chapters[0]

    assert "Nog te vroeg voor een uitkomst" in shown.sentence
    assert not any(f.earned or "%" in f.between for f in shown.figures[:3])


def test_an_empty_report_says_so() -> None:
    text = Seen(html(made())).text

    assert "Er is nog geen uiting live geweest" in text
    assert pdf(made()).startswith(b"%PDF")
    assert "nog geen uiting" in mail(made()).text


# ---- Tracing ---------------------------------------------------------------------------------------------


def test_each_figure_links_to_its_question_with_its_digest_and_text() -> None:
    one = replace(verified(), sources=sources())
    seen = Seen(html(made(one)))

    anchors = {link[1:] for link in seen.links if link.startswith("#")}
    assert anchors <= set(seen.ids)
    assert len(seen.ids) == len(set(seen.ids))
    for chapter in made(one).chapters:
        assert all(figure.questions for figure in chapter.figures)
    for source in one.sources:
        assert source.digest in seen.text
        assert " ".join(statement(source.question).split())[:200] in seen.text  # type: ignore[arg-type]
    assert "etalage report hulp-bij-weggaan --data DIR --json" in seen.text


def test_every_plot_has_its_words_and_the_same_as_a_table() -> None:
    plots = [
        block
        for build in ALL.values()
        for section in made(build()).chapters[0].sections
        for block in section.blocks
        if isinstance(block, Plot)
    ]

    assert len(plots) > len(ALL)
    for plot in plots:
        assert plot.shows
        assert plot.reading
        assert plot.table.rows
        assert all(len(row) == len(plot.table.head) for row in plot.table.rows)
        assert 'role="img"' in plot.wide
        assert 'role="img"' in plot.narrow


def test_of_a_message_that_nobody_met_it_says_what_to_do_and_no_more() -> None:
    (chapter,) = made(unmet()).chapters
    post = mail(made(unmet(), language="en"))

    assert chapter.figures == ()
    assert [section.key for section in chapter.sections] == ["next", "ran", "whom"]
    assert "Er is dus nog niets om te vergelijken." in Seen(html(made(unmet()))).text
    assert "See whether the moment can come." in post.text


def test_messages_that_nobody_met_come_last_and_stand_two_on_a_page() -> None:
    four = [replace(unmet(), name=ExperienceName(f"uiting-{number}")) for number in range(4)]

    for language in ("nl", "en"):
        told = made(*four, too_early(), verified(), language=language)  # type: ignore[arg-type]
        alone = made(too_early(), verified(), language=language)  # type: ignore[arg-type]

        assert [bool(chapter.figures) for chapter in told.chapters] == [True, True, *[False] * 4]
        assert len(pictures(told)) <= len(pictures(alone)) + 2


# ---- Safe ------------------------------------------------------------------------------------------------


def test_the_line_of_zero_does_not_run_through_the_words_of_a_plot() -> None:
    lost = harmful()
    arms = [replace(a, history=history(-0.29, -0.32, -0.26)) for a in lost.arms]
    sections = {s.key: s for s in made(replace(lost, arms=tuple(arms))).chapters[0].sections}
    (plot,) = sections["over_time"].blocks
    said = within("too_early", "nl")
    for drawing in (plot.wide, plot.paper):  # type: ignore[union-attr]
        (y,) = re.findall(rf'<text[^>]* y="([\d.]+)"[^>]*>{said}<', drawing)
        (zero,) = re.findall(rf'd="M[\d.]+ ([\d.]+)L[^"]*"[^>]*stroke="{FAINT}"', drawing)
        assert abs(float(y) - 4 - float(zero)) >= 12


def test_the_page_loads_and_runs_nothing_and_says_so() -> None:
    text = html(made(*(build() for build in ALL.values())))
    seen = Seen(text)

    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in text.replace("&#39;", "'")
    assert seen.tags.isdisjoint({"script", "img", "iframe", "object", "link", "form", "embed"})
    assert "style" not in seen.attributes
    assert not [name for name in seen.attributes if name.startswith("on")]
    assert all(link.startswith("#") for link in seen.links)
    assert "url(" not in text


def test_headings_go_down_one_step_at_a_time() -> None:
    for reports in ([verified()], [total(), verified(), too_early()]):
        levels = Seen(html(made(*reports))).headings
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_only_a_name(name: str) -> None:
    clean_page = Seen(html(made(verified())))
    hostile = made(named(name), total(), shop=name)

    seen = Seen(html(hostile))
    post = mail(hostile, "https://noord.example/?a=1&b=<b>")

    assert seen.tags <= clean_page.tags | {"h3", "nav", "ul", "svg", "h1"}
    assert not [a for a in seen.attributes if a.startswith("on")]
    kept = re.sub(r"\s+", " ", clean(name, 60))
    if kept:
        assert kept.rstrip("…\u2069").strip("\u2068")[:50] in seen.text
    assert Seen(post.html).tags.isdisjoint({"script", "img", "svg", "b", "iframe"})
    assert pdf(hostile).startswith(b"%PDF")
    for control in "\u202e\u202d\u2066\u2067\x00\x07":
        assert control not in seen.text
        assert control not in post.text


@given(st.text(max_size=60))
@settings(max_examples=25, deadline=None)
def test_no_name_whatever_changes_the_tags_of_the_page(name: str) -> None:
    plain, hostile = made(named("naam"), total()), made(named(name), total())

    assert Seen(html(hostile)).tags == Seen(html(plain)).tags
    assert Seen(mail(hostile).html).tags == Seen(mail(plain).html).tags


@given(st.text(max_size=40))
@settings(max_examples=8, deadline=None)
def test_no_name_whatever_stops_the_pdf(name: str) -> None:
    assert pdf(made(named(name))).startswith(b"%PDF")


# ---- Paper and mail -------------------------------------------------------------------------------------


def test_the_same_report_gives_the_same_bytes() -> None:
    one, other = made(total(), verified()), made(total(), verified())

    assert html(one) == html(other)
    assert pdf(one) == pdf(other)
    assert mail(one) == mail(other)


def test_the_pdf_has_letters_of_its_own_and_can_be_read_aloud() -> None:
    paper = pdf(made(verified()))

    assert b"Inter" in paper
    assert b"/StructTreeRoot" in paper or b"/MarkInfo" in paper or b"pdfuaid" in paper
    assert len(pictures(made(verified()))) >= 3


def test_a_mail_is_short_and_carries_its_plain_text() -> None:
    post = mail(made(harmful()), "https://noord.example/rapport")
    seen = Seen(post.html)

    assert post.subject == "Noord: Hulp voor wie twijfelt, schadelijk"
    for said in ("tussen 40 en 373", "€ 3.600 tot € 24.500", "Zet deze uiting vandaag stil."):
        assert said in seen.text
        assert said in post.text.replace("\N{NO-BREAK SPACE}", " ")
    assert seen.links == ["https://noord.example/rapport"]
    assert "https://noord.example/rapport" in post.text
    assert len(post.html) < 30_000
    assert seen.tags.isdisjoint({"img", "script", "link"})


def test_a_mail_without_a_link_says_that_the_report_is_attached() -> None:
    post = mail(made(too_early(), language="en"))

    assert "The whole report is attached" in post.text
    assert Seen(post.html).links == []
