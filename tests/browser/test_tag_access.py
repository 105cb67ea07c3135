"""Everybody can use them: axe-core finds nothing in any form, in both languages, and motion stops where it is not wanted."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_server import PageServer
from playwright.sync_api import Page, expect
from shop_for_browser import Noord
from visiting import FOLD, SLOT, visit

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => (await axe.run({include: [["[data-etalage],[data-etalage-slot]"]]},
  {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})).violations.map((v) => [v.id, v.nodes.map((n) => n.html)])"""
VIEWED = """<script>dataLayer=[{event:"view_item",ecommerce:{items:[{item_id:"S-1"}]}}]</script>"""


@pytest.mark.parametrize("lang", ["nl", "en"])
@pytest.mark.parametrize("path", ["/", "/popup", "/wacht", "/balk"])
def test_axe_finds_nothing(
    page: Page, pages: PageServer, shop: Noord, path: str, lang: str
) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: make tag")
    page.emulate_media(
        reduced_motion="reduce"
    )  # what still fades in has the colours of half a fade
    if path == "/":
        visit(page, pages, shop, "/p/1", VIEWED)
        page.wait_for_timeout(1_400)
    visit(
        page,
        pages,
        shop,
        path,
        FOLD + SLOT.format("home_top", "Oud") + SLOT.format("home_shelf", ""),
        lang=lang,
    )
    why = "Why do I see this?" if lang == "en" else "Waarom zie ik dit?"
    expect(page.get_by_text(why).first).to_be_visible()
    page.evaluate("etalage('why')")
    if path != "/":  # the one that comes by itself, beside what is in its place
        page.wait_for_function("document.querySelector('[data-etalage]')?.shadowRoot != null")
    page.add_script_tag(path=AXE)

    assert page.evaluate(RUN) == []


def test_the_detector_finds_a_planted_fault(page: Page, pages: PageServer, shop: Noord) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: make tag")
    visit(page, pages, shop, "/leeg", '<div data-etalage-slot="x"></div>')
    page.evaluate(
        """() => { const image = document.createElement("img"); image.src = "/a.svg";
        document.querySelector("div").attachShadow({mode: "open"}).append(image) }"""
    )
    page.add_script_tag(path=AXE)

    assert [name for name, _ in page.evaluate(RUN)] == ["image-alt"]


def test_the_ring_around_what_has_the_focus_is_not_cut_off(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    visit(page, pages, shop, "/popup")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.evaluate("etalage('why')")
    cut = []
    for _ in range(6):
        page.keyboard.press("Tab")
        name, room, ring = page.evaluate(
            """() => { const one = document.activeElement.shadowRoot.activeElement, look = getComputedStyle(one);
            const box = one.closest("dialog").getBoundingClientRect(), own = one.getBoundingClientRect();
            return [one.textContent, Math.min(own.left - box.left, own.top - box.top, box.right - own.right, box.bottom - own.bottom),
              look.outlineStyle === "none" ? 0 : parseFloat(look.outlineWidth) + parseFloat(look.outlineOffset)] }"""
        )
        assert ring > 0
        cut += [name] if room < ring + 1 else []

    assert cut == []


def test_nothing_moves_for_who_asked_for_less_motion(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    page.emulate_media(reduced_motion="reduce")
    visit(page, pages, shop, "/popup")

    expect(page.get_by_role("dialog")).to_have_css("animation-name", "none")


@pytest.mark.parametrize("path", ["/popup", "/balk", "/wacht"])
def test_all_that_is_pressed_is_44_pixels_high(
    page: Page, pages: PageServer, shop: Noord, path: str
) -> None:
    visit(page, pages, shop, path)
    expect(page.get_by_role("button", name="Sluiten")).to_be_visible()
    page.evaluate("etalage('why')")

    heights = page.evaluate(
        """() => [...document.querySelectorAll("[data-etalage]")].flatMap((e) =>
        [...e.shadowRoot.querySelectorAll("a,button,summary")].map((b) => [b.textContent, Math.round(b.getBoundingClientRect().height)]))"""
    )

    assert [one for one in heights if one[1] < 44] == []
