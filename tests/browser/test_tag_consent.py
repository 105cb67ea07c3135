"""Consent in a real browser: before it nothing leaves or stays, and a no works in every tab at once."""

from __future__ import annotations

from page_server import PageServer
from playwright.sync_api import BrowserContext, Page, expect
from shop_for_browser import Noord
from visiting import NO, SLOT, STUB, YES, listen, look_in, until, visit

from etalage.domain.event import Event

STORED = "JSON.stringify([document.cookie.replace(/etalage_demo=1(; )?/, ''), {...localStorage}, {...sessionStorage}])"
NOTHING = '["",{},{}]'


def test_before_consent_only_the_tag_and_the_public_configuration_are_asked_for(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    heard = listen(page, shop)
    look_in(
        page,
        pages,
        shop,
        "/",
        SLOT.format("home_top", "Oud")
        + "<script>dataLayer=[{event:'search',search_term:'jas'}]</script>",
    )

    # What fits the page is chosen in the browser itself.
    expect(page.get_by_role("heading", name="Klaar voor regen")).to_be_visible()
    page.wait_for_timeout(1_500)

    key = shop.created.write_key
    paths = {request.url.removeprefix(shop.address) for request in heard.requests}
    assert all(path.startswith((f"/tag/{key}.", f"/v1/config/{key}")) for path in paths)
    assert all("?" not in path for path in paths)
    assert all(request.post_data is None for request in heard.requests)
    assert page.evaluate(STORED) == NOTHING


def test_without_consent_no_popup_appears(page: Page, pages: PageServer, shop: Noord) -> None:
    look_in(page, pages, shop, "/popup")
    page.wait_for_timeout(900)

    expect(page.get_by_role("dialog")).to_have_count(0)


def test_consent_after_a_while_begins_everything(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    look_in(page, pages, shop, "/popup")
    page.wait_for_timeout(700)

    page.evaluate(YES)

    expect(page.get_by_role("dialog")).to_be_visible()
    assert "etalage_visitor=v1." in page.evaluate("document.cookie")


def test_a_withdrawal_works_in_all_tabs(
    context: BrowserContext, pages: PageServer, shop: Noord
) -> None:
    one, other = context.new_page(), context.new_page()
    visit(one, pages, shop, "/start")
    look_in(other, pages, shop, "/popup2")
    other.goto(pages.put("/popup", STUB + shop.loader))
    expect(other.get_by_role("dialog")).to_be_visible()  # her yes is remembered
    heard = listen(other, shop)

    one.evaluate(NO)

    expect(other.get_by_role("dialog")).to_have_count(0)
    for tab in (one, other):
        tab.wait_for_function(f"{STORED} === '{NOTHING}'")
    other.evaluate("etalage('track', 'add_to_cart', {items: [{item_id: 'S-1'}]})")
    other.wait_for_timeout(1_300)
    assert [r.url for r in heard.requests if r.method == "POST"] == []


def test_a_withdrawal_is_told_to_the_server_so_that_it_stops_too(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    visit(page, pages, shop, "/start")
    page.wait_for_timeout(1_500)

    def refused() -> list[Event]:
        return [e for e in shop.events("consent") if e.properties.get("device") is False]

    before = len(refused())

    page.evaluate(NO)
    until(page, lambda: len(refused()) > before)

    refusals = refused()
    assert len(refusals) == before + 1
    assert refusals[-1].source == "browser"


def test_google_s_consent_mode_opens_what_it_grants(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    gtag = """<script>dataLayer=[];function gtag(){dataLayer.push(arguments)}
      gtag("consent","default",{analytics_storage:"denied",personalization_storage:"denied",wait_for_update:300})</script>"""
    heard = listen(page, shop)
    page.goto(pages.put("/popup", gtag + STUB + shop.loader))
    page.wait_for_timeout(900)
    assert page.evaluate(STORED) == NOTHING

    page.evaluate(
        'gtag("consent","update",{analytics_storage:"granted",personalization_storage:"granted"})'
    )

    expect(page.get_by_role("dialog")).to_be_visible()
    until(page, lambda: "page_view" in heard.names())


def test_an_iab_choice_opens_what_it_grants_and_an_open_dialog_nothing(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    cmp = """<script>var tell; function __tcfapi(command, version, callback) {
      if (command === "addEventListener") { tell = callback; callback({eventStatus: "cmpuishown", gdprApplies: true, listenerId: 1}, true) } }
      var all = {1: true, 5: true, 6: true, 8: true}</script>"""
    page.goto(pages.put("/popup", cmp + STUB + shop.loader))
    page.wait_for_timeout(900)
    assert page.evaluate(STORED) == NOTHING

    page.evaluate(
        'tell({eventStatus: "useractioncomplete", gdprApplies: true, purpose: {consents: all}, publisher: {consents: {}}}, true)'
    )

    expect(page.get_by_role("dialog")).to_be_visible()


def test_global_privacy_control_refuses_what_a_consent_tool_grants_but_not_her_own_yes(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    gpc = "<script>Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})</script>"
    gtag = '<script>dataLayer=[["consent","update",{analytics_storage:"granted",personalization_storage:"granted"}]]</script>'
    heard = listen(page, shop)
    page.goto(pages.put("/popup", gpc + gtag + STUB + shop.loader))
    page.wait_for_timeout(900)

    page.evaluate(YES)

    def said() -> list[dict[str, bool]]:
        return [r.post_data_json["consent"] for r in heard.requests if r.url.endswith("/decide")]

    until(page, lambda: said() and said()[-1]["personalise"])
    assert (said()[0]["measure"], said()[0]["personalise"]) == (True, False)


def test_staff_are_counted_nowhere(page: Page, pages: PageServer, shop: Noord) -> None:
    page.wait_for_timeout(1_500)  # what earlier visitors said is in the log by now
    before = len(shop.events())
    page.context.add_cookies([{"name": "etalage_staff", "value": "1", "url": pages.origin}])
    visit(page, pages, shop, "/popup")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.wait_for_timeout(1_600)

    assert len(shop.events()) == before


def test_a_page_that_comes_back_from_the_cache_looks_again_at_what_she_allows(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    visit(page, pages, shop, "/balk")
    expect(page.get_by_text("Gratis bezorging vanaf")).to_be_visible()
    heard = listen(page, shop)

    # While it was frozen, she withdrew in another tab: no event of that reached this page.
    page.evaluate(
        "localStorage.clear(); dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"
    )
    page.wait_for_timeout(1_300)

    assert page.evaluate(STORED) == NOTHING
    assert [request for request in heard.requests if request.method == "POST"] == []
