"""Moments in a real browser: each comes when it should, and in every arm alike."""

from __future__ import annotations

import pytest
from page_server import PageServer
from playwright.sync_api import BrowserContext, Page, expect
from shop_for_browser import Noord
from visiting import CONSENT, FOLD, SLOT, listen, scroll_down, started, until, visit

HEADING = "Nog even over je maat?"


def test_leaving_by_the_top_is_an_exit_and_staying_is_not(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    visit(page, pages, shop, "/weg")
    page.wait_for_timeout(900)
    expect(page.get_by_role("dialog")).to_have_count(0)

    page.mouse.move(300, 200)
    page.evaluate(
        "document.dispatchEvent(new MouseEvent('mouseout', {clientY: -1, bubbles: true}))"
    )

    expect(page.get_by_role("dialog")).to_be_visible()


def test_what_one_tab_had_its_moment_with_another_does_not_have_again(
    context: BrowserContext, pages: PageServer, shop: Noord
) -> None:
    leaves = "document.dispatchEvent(new MouseEvent('mouseout', {clientY: -1, bubbles: true}))"
    one, other = context.new_page(), context.new_page()
    heard = [listen(tab, shop) for tab in (one, other)]
    for tab in (one, other):
        with tab.expect_response(lambda said: "overlay" in (said.request.post_data or "")):
            visit(tab, pages, shop, "/weg")
        tab.wait_for_timeout(500)
    one.bring_to_front()
    one.evaluate(leaves)
    expect(one.get_by_role("dialog")).to_be_visible()

    other.bring_to_front()
    other.evaluate(leaves)

    other.wait_for_timeout(1_500)
    expect(other.get_by_role("dialog")).to_have_count(0)
    assert "exit-help" in str(other.evaluate("etalage('diagnose')"))
    assert [tab.names().count("triggered") for tab in heard] == [1, 0]


def test_after_a_delay(page: Page, pages: PageServer, shop: Noord) -> None:
    visit(page, pages, shop, "/wacht")

    expect(page.get_by_role("heading", name=HEADING)).to_be_visible()


def test_half_way_down_the_page(page: Page, pages: PageServer, shop: Noord) -> None:
    visit(page, pages, shop, "/lang", '<div style="height:4000px"></div>')
    page.wait_for_timeout(800)
    expect(page.get_by_role("heading", name=HEADING)).to_have_count(0)

    page.evaluate("scrollTo(0, 2500)")

    expect(page.get_by_role("heading", name=HEADING)).to_be_visible()


@pytest.mark.parametrize(
    ("path", "pushed"),
    [
        ("/mandje", '{event: "add_to_cart", ecommerce: {items: [{item_id: "S-1"}]}}'),
        ("/zoek", '{event: "search", search_term: "regenjas"}'),
    ],
)
def test_after_something_she_did(
    page: Page, pages: PageServer, shop: Noord, path: str, pushed: str
) -> None:
    visit(page, pages, shop, path, "<script>dataLayer = []</script>")
    page.wait_for_timeout(700)
    expect(page.get_by_role("heading", name=HEADING)).to_have_count(0)

    page.evaluate(f"dataLayer.push({pushed})")

    expect(page.get_by_role("heading", name=HEADING)).to_be_visible()


def test_at_the_third_view_of_a_session(page: Page, pages: PageServer, shop: Noord) -> None:
    for _ in range(2):
        visit(page, pages, shop, "/teller")
        page.wait_for_timeout(600)
        expect(page.get_by_role("heading", name=HEADING)).to_have_count(0)

    visit(page, pages, shop, "/teller")

    expect(page.get_by_role("heading", name=HEADING)).to_be_visible()


def test_one_interruption_at_a_time_and_the_highest_priority_goes_first(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    heard = listen(page, shop)
    visit(page, pages, shop, "/twee")

    expect(page.get_by_role("heading", name="Voorrang")).to_be_visible()
    page.wait_for_timeout(1600)

    expect(page.get_by_role("heading", name="Achteraan")).to_have_count(0)
    told = [e["properties"]["experience"] for e in heard.events if e.get("event") == "triggered"]
    assert told == ["first-of-two"]


def test_nothing_covers_a_field_in_use(page: Page, pages: PageServer, shop: Noord) -> None:
    visit(page, pages, shop, "/wacht", '<input id="i" autofocus>')
    page.locator("#i").focus()
    page.wait_for_timeout(2_000)
    expect(page.get_by_role("heading", name=HEADING)).to_have_count(0)

    page.locator("#i").blur()

    expect(page.get_by_role("heading", name=HEADING)).to_be_visible()


def test_a_ghost_tells_of_its_moment_as_a_message_does_and_is_never_drawn(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    heard = listen(page, shop)
    visit(page, pages, shop, "/spook")
    until(page, lambda: "triggered" in heard.names())
    page.wait_for_timeout(1_100)

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert heard.names().count("triggered") == 1
    assert "view_promotion" not in heard.names()


def test_an_unobtrusive_message_and_its_ghost_are_triggered_at_the_same_moment(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    heard = listen(page, shop)
    body = FOLD + SLOT.format("home_top", "Oud") + SLOT.format("home_ghost", "Blijft")

    def told_to_the_shop() -> set[str]:
        return {e.shown.experience for e in shop.events("triggered") if e.shown}

    visit(page, pages, shop, "/", body)
    scroll_down(page)
    expect(page.get_by_role("heading", name="Klaar voor regen")).to_be_visible()
    expect(page.get_by_text("Blijft")).to_be_visible()
    until(page, lambda: "view_promotion" in heard.names())
    until(page, lambda: heard.names().count("triggered") > 1)
    until(page, lambda: told_to_the_shop() >= {"banner", "banner-ghost"})

    told = {
        e["properties"]["experience"]: e["timestamp"]
        for e in heard.events
        if e.get("event") == "triggered"
    }
    assert set(told) == {"banner", "banner-ghost"}
    assert (
        told["banner"][:19] == told["banner-ghost"][:19]
        or abs(int(told["banner"][20:23]) - int(told["banner-ghost"][20:23])) < 20
    )
    seen = [e for e in heard.events if e.get("event") == "view_promotion"]
    assert [e["properties"]["promotion_id"] for e in seen] == ["banner"]


def test_what_is_out_of_sight_is_not_triggered_until_it_is_seen_for_a_second(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    heard = listen(page, shop)
    visit(
        page, pages, shop, "/", '<div style="height:3000px"></div>' + SLOT.format("home_top", "Oud")
    )
    page.wait_for_timeout(1_800)
    assert "triggered" not in heard.names()

    page.evaluate("scrollTo(0, 3000)")
    until(page, lambda: "triggered" in heard.names())
    page.wait_for_timeout(1_100)

    assert heard.names().count("triggered") == 1


def test_our_own_promotions_reach_the_shop_s_analytics_and_are_not_read_back(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    heard = listen(page, shop)
    visit(page, pages, shop, "/popup", "<script>dataLayer = []</script>")
    expect(page.get_by_role("dialog")).to_be_visible()
    until(page, lambda: "view_promotion" in heard.names())
    page.wait_for_timeout(1_100)

    pushed = page.evaluate(
        "dataLayer.filter((one) => one.event === 'view_promotion').map((one) => one.ecommerce)"
    )
    assert pushed == [
        {"promotion_id": "size-help", "creative_name": "a", "creative_slot": "overlay"}
    ]
    assert heard.names().count("view_promotion") == 1


def test_a_click_carries_the_token_and_survives_leaving_the_page(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    pages.put("/maattabel", "<h1>Maten</h1>")
    visit(page, pages, shop, "/popup")
    before = len(shop.events("select_promotion"))

    page.get_by_role("link", name="Bekijk de maattabel").click()
    expect(page.get_by_role("heading", name="Maten")).to_be_visible()
    until(page, lambda: len(shop.events("select_promotion")) > before)

    clicks = shop.events("select_promotion")
    assert len(clicks) == before + 1
    assert clicks[-1].shown is not None
    assert clicks[-1].shown.experience == "size-help"


def test_a_single_page_shop_gets_a_new_page_view(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    heard = listen(page, shop)
    visit(page, pages, shop, "/start")
    started(page)
    page.wait_for_timeout(500)

    page.evaluate("history.pushState({}, '', '/popup')")

    expect(page.get_by_role("dialog")).to_be_visible()
    until(page, lambda: heard.names().count("page_view") > 1)
    page.wait_for_timeout(1_100)
    assert heard.names().count("page_view") == 2
    assert CONSENT  # the yes of the first view holds
