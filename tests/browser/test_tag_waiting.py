"""Moments that take their time, in a real browser whose clock is turned: idle, a cart left, coming back, leaving on a phone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from page_server import PageServer
from playwright.sync_api import Browser, Page, expect
from shop_for_browser import Noord
from visiting import visit

HEADING = "Nog even over je maat?"
ADDED = (
    '<script>dataLayer = [{event: "add_to_cart", ecommerce: {items: [{item_id: "S-1"}]}}]</script>'
)


def _settle(page: Page) -> None:
    """Let the answer come, and see that it is not yet time."""
    page.wait_for_timeout(1_200)
    expect(page.get_by_role("heading", name=HEADING)).to_have_count(0)


@pytest.mark.parametrize(
    ("path", "body", "wait"), [("/stil", "", "00:06"), ("/mandje-stil", ADDED, "00:31")]
)
def test_when_nothing_moves_for_as_long_as_was_asked(
    page: Page, pages: PageServer, shop: Noord, path: str, body: str, wait: str
) -> None:
    page.clock.install()
    visit(page, pages, shop, path, body)
    _settle(page)

    page.clock.fast_forward(wait)

    expect(page.get_by_role("heading", name=HEADING)).to_be_visible()


def test_an_empty_cart_is_not_left_idle(page: Page, pages: PageServer, shop: Noord) -> None:
    page.clock.install()
    visit(page, pages, shop, "/mandje-stil")
    _settle(page)

    page.clock.fast_forward("01:00")

    _settle(page)


@pytest.mark.parametrize(("days", "is_shown"), [(6, False), (8, True)])
def test_after_an_absence_of_days(
    page: Page, pages: PageServer, shop: Noord, days: int, *, is_shown: bool
) -> None:
    visit(page, pages, shop, "/terug")
    _settle(page)

    page.clock.install(time=datetime.now(UTC) + timedelta(days=days))
    visit(page, pages, shop, "/terug")

    if is_shown:
        expect(page.get_by_role("heading", name=HEADING)).to_be_visible()
    else:
        _settle(page)


def test_coming_back_to_the_tab_on_a_phone_is_an_exit(
    browser: Browser, pages: PageServer, shop: Noord
) -> None:
    phone = browser.new_context(
        viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True
    )
    phone.add_cookies([{"name": "etalage_demo", "value": "1", "url": pages.origin}])
    page = phone.new_page()
    page.clock.install()
    visit(page, pages, shop, "/weg")
    _settle(page)

    for state, wait in (("hidden", "00:03"), ("visible", "00:01")):
        page.evaluate(
            """state => { Object.defineProperty(document, "visibilityState", {value: state, configurable: true});
            document.dispatchEvent(new Event("visibilitychange")) }""",
            state,
        )
        page.clock.fast_forward(wait)

    expect(page.get_by_role("dialog")).to_be_visible()
    phone.close()
