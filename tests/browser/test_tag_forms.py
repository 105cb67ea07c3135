"""Forms in a real browser: what a visitor sees, reaches with the keyboard, refuses, and asks about."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from page_server import PageServer
from playwright.sync_api import Page, expect
from shop_for_browser import Noord
from visiting import CONSENT, FOLD, STUB, YES, scroll_down, started, until, visit

from etalage.deliver.look import look


def test_an_inline_message_takes_the_place_that_the_page_gave_it(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    visit(
        page,
        pages,
        shop,
        "/",
        FOLD + '<div data-etalage-slot="home_top" style="min-height:120px"><span>Oud</span></div>',
    )
    scroll_down(page)

    expect(page.get_by_role("heading", name="Klaar voor regen")).to_be_visible()
    expect(page.get_by_text("Oud")).to_be_hidden()


def test_a_popup_holds_the_focus_closes_on_escape_and_gives_the_focus_back(
    page: Page, pages: PageServer, shop: Noord, artefacts: Path
) -> None:
    page.goto(
        pages.put(
            "/popup",
            '<button id="b">Koop</button><input>' + STUB + shop.loader,
        )
    )
    page.locator("#b").focus()
    page.evaluate(YES)
    dialog = page.get_by_role("dialog", name="Nog even over je maat?")
    expect(dialog).to_be_visible()
    page.screenshot(path=artefacts / "popup.png")

    seen = set()
    for _ in range(9):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.shadowRoot?.activeElement?.textContent"))
    page.keyboard.press("Escape")

    assert None not in seen  # never outside the message
    assert {"\xd7", "Bekijk de maattabel", "Later"} <= seen
    expect(dialog).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "b"


def test_why_opens_the_reason_and_the_gain_and_not_for_me_takes_it_away_for_good(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    visit(page, pages, shop, "/nee")
    expect(page.get_by_text("Weg ermee")).to_be_visible()

    page.get_by_text("Waarom zie ik dit?").click()
    expect(page.get_by_text("Je kiest sneller de goede maat.")).to_be_visible()
    about = f"{shop.address}/me?lang=nl#k={shop.created.write_key}&t=m1."
    link = page.get_by_role("link", name="Wat weten jullie van mij?")
    expect(link).to_have_attribute("href", re.compile("^" + re.escape(about)))
    page.get_by_role("button", name="Niet voor mij").click()
    expect(page.get_by_text("Weg ermee")).to_be_hidden()

    def told() -> list[object]:  # of all that this shop was told, also of lone products
        return [e.properties.get("experience") for e in shop.events("feedback")][-1:]

    until(page, lambda: told() == ["not-for-me"])
    page.reload()
    started(page)
    page.wait_for_timeout(900)
    expect(page.get_by_text("Weg ermee")).to_be_hidden()


def test_a_bar_without_a_place_lies_at_the_edge_and_moves_nothing(
    page: Page, pages: PageServer, shop: Noord, artefacts: Path
) -> None:
    visit(page, pages, shop, "/balk", '<p id="p">Tekst</p>')
    before = page.locator("#p").bounding_box()

    expect(page.get_by_text("Gratis bezorging vanaf")).to_be_visible()

    page.screenshot(path=artefacts / "bar.png")
    assert page.locator("#p").bounding_box() == before
    page.get_by_role("button", name="Sluiten").click()
    expect(page.get_by_text("Gratis bezorging vanaf")).to_be_hidden()


def test_a_list_of_products_is_drawn_with_price_and_reason(
    page: Page, pages: PageServer, shop: Noord, artefacts: Path
) -> None:
    look = 'dataLayer=[{event:"view_item",ecommerce:{currency:"EUR",items:[{item_id:"S-1",price:79.95}]}},{event:"view_item",ecommerce:{currency:"EUR",items:[{item_id:"S-2",price:79.95}]}}]'
    visit(page, pages, shop, "/p/1", f"<script>{look}</script>")
    page.wait_for_timeout(1500)

    visit(
        page,
        pages,
        shop,
        "/",
        FOLD + '<div data-etalage-slot="home_shelf" style="min-height:300px"></div>',
    )
    scroll_down(page)

    expect(page.get_by_role("heading", name="Door jou bekeken")).to_be_visible()
    expect(page.get_by_text("Storm 1")).to_be_visible()
    page.screenshot(path=artefacts / "products.png")


@pytest.mark.parametrize(
    ("wide", "products", "across", "card"),
    [(1128, 5, 1128, 216), (1128, 4, 1128, 273), (1128, 3, 924, 300), (1128, 1, 300, 300), (358, 4, 358, 173)],
)  # fmt: skip
def test_a_short_list_fills_its_row_with_cards_that_stay_within_300_pixels(
    page: Page, wide: int, products: int, across: int, card: int
) -> None:
    page.set_viewport_size({"width": wide + 40, "height": 800})
    items = "<li><a><i></i><b>Storm</b><span>€ 79,95</span><small>Nieuw</small></a></li>" * products
    shelf = f'<div class="e"><section class="products"><div class="shelf"><ul>{items}</ul></div></section></div>'

    page.set_content(f'<style>{look({})}</style><div style="width:{wide}px">{shelf}</div>')

    widths = "(all) => all.map((one) => one.getBoundingClientRect().width)"
    assert page.locator("ul").evaluate_all(widths) == [pytest.approx(across, abs=1)]
    cards = page.locator("li").evaluate_all(widths)
    assert cards == [pytest.approx(card, abs=1)] * products


def test_the_shop_s_tokens_colour_its_messages(page: Page, pages: PageServer, shop: Noord) -> None:
    style = "<style>:root{--etalage-accent:rgb(246,194,0)} *{color:red;font-size:40px!important}</style>"
    visit(page, pages, shop, "/popup", head=style)

    button = page.get_by_role("link", name="Bekijk de maattabel")
    expect(button).to_have_css("background-color", "rgb(246, 194, 0)")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44


def test_a_strict_policy_with_trusted_types_lets_it_work_and_reports_nothing(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    policy = (
        "default-src 'self'; script-src 'nonce-n1' 'strict-dynamic'; style-src 'nonce-n1'; "
        f"connect-src {shop.address}; require-trusted-types-for 'script'; trusted-types etalage"
    )
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    body = (CONSENT + shop.loader).replace("<script", '<script nonce="n1"')

    page.goto(pages.put("/popup", body, headers={"content-security-policy": policy}))

    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("link", name="Bekijk de maattabel")).to_have_css(
        "border-radius", "10px"
    )
    assert [line for line in refused if "favicon" not in line] == []
