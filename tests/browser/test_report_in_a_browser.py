"""A report in a browser: readable for everybody, on a phone and on a desk, under its own strict policy."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from etalage.domain.report import ExperienceReport
from etalage.domain.time import ShopZone
from etalage.measure.lines import Language
from etalage.measure.page.build import page as build
from etalage.measure.page.html import html
from etalage.measure.page.mail import mail
from etalage.measure.page.model import Page as Told
from etalage.unify.batch import view_statements

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "unit"))
from report_examples import BY_STATE, total  # noqa: E402  # hand-made reports, shared with the unit tests

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RUN = "async () => (await axe.run()).violations.map((v) => [v.id, v.nodes.slice(0, 3).map((n) => n.html)])"
ALL = {**BY_STATE, "total": total}


@pytest.fixture
def reading(browser: Browser) -> Iterator[Page]:
    """Somebody's tab; the policy is passed over only to let axe in."""
    context = browser.new_context(bypass_csp=True)
    yield context.new_page()
    context.close()


def written(kind: str, language: Language) -> str:
    reports = [make() for make in ALL.values()] if kind == "all" else [ALL[kind]()]
    return html(built(reports, language))


def built(reports: list[ExperienceReport], language: Language) -> Told:
    zone = ShopZone("Europe/Amsterdam")
    return build(reports, shop="Noord", zone=zone, language=language, views=view_statements())


def look(page: Page, text: str, path: Path, width: int) -> None:
    path.write_text(text, encoding="utf-8")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(path.as_uri())


@pytest.mark.parametrize(
    ("kind", "language"),
    [("all", "nl"), ("all", "en"), ("verified_effect", "nl"), ("too_early", "en")],
)
def test_axe_finds_nothing_and_nothing_sticks_out(
    reading: Page, tmp_path: Path, artefacts: Path, kind: str, language: Language
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: make tag")
    for width in (1280, 390):
        look(reading, written(kind, language), tmp_path / "report.html", width)
        reading.screenshot(path=artefacts / f"report-{kind}-{language}-{width}.png", full_page=True)

        too_wide = reading.evaluate("document.documentElement.scrollWidth - innerWidth")
        reading.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
        reading.evaluate(AXE.read_text(encoding="utf-8"))

        assert too_wide <= 0
        assert reading.evaluate(RUN) == []


def test_the_page_breaks_no_rule_of_its_own_policy(browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))

    look(page, written("all", "nl"), tmp_path / "report.html", 1280)
    shown = page.locator("h1").evaluate("(h) => getComputedStyle(h).fontWeight")

    assert said == []
    assert shown == "600"  # its style was let in
    context.close()


def test_every_link_of_the_page_leads_somewhere(reading: Page, tmp_path: Path) -> None:
    look(reading, written("all", "nl"), tmp_path / "report.html", 1280)

    lost = reading.evaluate(
        "[...document.querySelectorAll('a')].map((a) => a.hash.slice(1)).filter((h) => !document.getElementById(h))"
    )

    assert lost == []


@pytest.mark.parametrize("kind", ["harmful", "too_early"])
def test_axe_finds_nothing_in_the_mail(
    reading: Page, tmp_path: Path, artefacts: Path, kind: str
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: make tag")
    told = built([ALL[kind]()], "nl")
    for width in (700, 390):
        look(reading, mail(told, "https://noord.example/").html, tmp_path / "mail.html", width)
        reading.screenshot(path=artefacts / f"report-mail-{kind}-{width}.png", full_page=True)
        too_wide = reading.evaluate("document.documentElement.scrollWidth - innerWidth")
        reading.evaluate(AXE.read_text(encoding="utf-8"))

        assert too_wide <= 0
        assert reading.evaluate(RUN) == []
