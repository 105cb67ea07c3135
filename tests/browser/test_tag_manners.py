"""Guest manners in a real browser: whatever is wrong with us or the page, the shop goes on as if we were not there."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from page_server import PageServer
from playwright.sync_api import Page, Route, expect
from playwright.sync_api import TimeoutError as Late
from shop_for_browser import Noord
from visiting import CONSENT, FOLD, SLOT, STUB, listen, look_in, started, until, visit

from etalage.cli.snippets import written

JOURNEY = '<button id="buy" onclick="this.textContent=\'Besteld\'">Koop</button>' + SLOT.format(
    "home_top", "Oud"
)


def _silent(route: Route) -> None:
    """Never answer: the browser waits, we give up."""
    del route


FAULTS: dict[str, Callable[[Route], None]] = {
    "gone": lambda route: route.abort(),
    "never answers": _silent,
    "500": lambda route: route.fulfill(status=500, body="{}"),
    "a page of HTML": lambda route: route.fulfill(
        status=200, content_type="text/html", body="<html>Hallo</html>"
    ),
    "half an answer": lambda route: route.fulfill(
        status=200, content_type="application/json", body='{"decisions": [{"sl'
    ),
    "another form": lambda route: route.fulfill(
        status=200, content_type="application/json", body='{"decisions": {"a": 1}}'
    ),
    "nulls": lambda route: route.fulfill(
        status=200, content_type="application/json", body='{"decisions": [null, 7, {}]}'
    ),
}


@pytest.mark.parametrize("where", ["**/v1/config/**", "**/v1/decide", "**/tag/*.*.js"])
def test_the_shop_goes_on_under_every_fault(
    page: Page, pages: PageServer, shop: Noord, where: str
) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    for fault in FAULTS.values():
        page.route(where, fault)
        visit(page, pages, shop, "/", JOURNEY)

        page.locator("#buy").click()
        expect(page.locator("#buy")).to_have_text("Besteld")
        page.wait_for_timeout(350)

        # A tag that a busy machine started late has hidden it late, and has its 300 ms still to go.
        expect(page.locator("[data-etalage-slot]")).to_have_css(
            "visibility", "visible", timeout=350
        )
        page.unroute(where)
    assert errors == []


@pytest.mark.parametrize("silent", ["**/tag/wk_*.js", "**/tag/*.*.js", "**/v1/**"])
def test_the_page_s_load_event_waits_for_nothing_of_ours(
    page: Page, pages: PageServer, shop: Noord, silent: str
) -> None:
    page.route(silent, lambda _: None)
    line = written("page", key=shop.created.write_key, base=shop.address).splitlines()[1]
    began = time.monotonic()

    page.goto(pages.put("/balk", CONSENT + line), wait_until="load")

    assert (
        time.monotonic() - began < 5
    )  # a script that never answers holds it until the browser gives up
    expect(page.get_by_text("Gratis bezorging vanaf")).to_have_count(0)


def test_the_line_that_etalage_prints_works(page: Page, pages: PageServer, shop: Noord) -> None:
    line = written("page", key=shop.created.write_key, base=shop.address).splitlines()[1]

    page.goto(pages.put("/balk", CONSENT + line))

    expect(page.get_by_text("Gratis bezorging vanaf")).to_be_visible()


def test_a_plain_script_that_never_answers_would_hold_the_load_event(
    page: Page, pages: PageServer
) -> None:
    page.route("**/tag/silent.js", lambda _: None)
    address = pages.put("/stil-script", '<script async src="/tag/silent.js"></script>')

    with pytest.raises(Late):
        page.goto(address, wait_until="load", timeout=2_000)


def test_a_place_is_hidden_for_at_most_300_milliseconds(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    page.route("**/v1/decide", lambda _: None)
    watching = """<script>var hidden = 0, at; (function look() {
      var is = document.querySelector('[data-etalage-slot]') && document.querySelector('[data-etalage-slot]').style.visibility === 'hidden';
      if (is && !at) at = performance.now(); if (!is && at) { hidden += performance.now() - at; at = 0 } requestAnimationFrame(look) })()</script>"""
    visit(page, pages, shop, "/", watching + SLOT.format("home_top", "Oud"))
    page.wait_for_timeout(1_200)

    assert 100 < page.evaluate("hidden") < 380
    expect(page.get_by_text("Oud")).to_be_visible()


def test_a_late_answer_leaves_the_original_and_is_logged_as_not_exposed(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    heard = listen(page, shop)
    visit(page, pages, shop, "/start")
    until(page, lambda: "page_view" in heard.names())  # now she has a token

    def late(route: Route) -> None:
        answer = route.fetch()
        page.wait_for_timeout(500)
        route.fulfill(response=answer)

    page.route("**/v1/decide", late)
    visit(page, pages, shop, "/", SLOT.format("home_top", "Oud"))
    until(page, lambda: "triggered" in heard.names())
    page.wait_for_timeout(1_000)

    expect(page.get_by_text("Oud")).to_be_visible()
    told = [e["properties"] for e in heard.events if e.get("event") == "triggered"]
    assert [(t["experience"], t["reason"]) for t in told] == [("banner", "timeout")]
    assert "view_promotion" not in heard.names()


def test_after_three_errors_it_rests_and_asks_nothing(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    asked: list[str] = []

    def broken(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=500, body="{}")

    page.route("**/v1/decide", broken)
    visit(page, pages, shop, "/start")
    page.wait_for_timeout(600)
    for _ in range(6):
        page.evaluate("etalage('decide', [])")
        page.wait_for_timeout(60)

    assert len(asked) == 3


def test_a_closed_shutter_takes_everything_away_from_pages_that_are_open(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    visit(page, pages, shop, "/balk")
    expect(page.get_by_text("Gratis bezorging vanaf")).to_be_visible()

    shop.decide(closed=True)
    try:
        expect(page.get_by_text("Gratis bezorging vanaf")).to_have_count(0, timeout=60_000)
    finally:
        shop.decide(closed=False)


@pytest.mark.parametrize(
    "path", ["/checkout", "/nl/afrekenen/betaling", "/mijn-account/", "/login.html"]
)
def test_protected_pages_get_nothing(page: Page, pages: PageServer, shop: Noord, path: str) -> None:
    heard = listen(page, shop)
    visit(page, pages, shop, path, SLOT.format("home_top", "Oud"))
    page.wait_for_timeout(800)

    expect(page.get_by_text("Oud")).to_be_visible()
    assert not any(r.url.endswith("/decide") and r.post_data_json["slots"] for r in heard.requests)


HOSTILE = """<form id="etalage" name="etalage"><input name="q"></form><img name="body" hidden>
<script>
Array.prototype.toJSON = function () { return 'broken' };
String.prototype.toJSON = function () { return 'broken' };
Object.prototype.extra = function () {};
Array.prototype.extra = 1;
window.$ = window.Prototype = {};
window.JSON = {parse: JSON.parse, stringify: function () { throw new Error('patched') }};
console.info = function () { throw new Error('patched') };
window.dataLayer = {not: 'a list'};
</script>"""


def test_an_old_page_with_patched_built_ins_and_a_form_of_our_name(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(pages.put("/balk", HOSTILE + shop.loader))
    page.wait_for_timeout(500)

    page.evaluate('etalage("consent", {device: true, measure: true, personalise: true})')

    expect(page.get_by_text("Gratis bezorging vanaf")).to_be_visible()
    assert errors == []
    assert page.evaluate("document.getElementById('etalage').tagName") == "FORM"


def test_storage_that_is_blocked_harms_nothing(page: Page, pages: PageServer, shop: Noord) -> None:
    blocked = """<script>for (const name of ['localStorage', 'sessionStorage'])
      Object.defineProperty(window, name, {get() { throw new DOMException('no', 'SecurityError') }})</script>"""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    visit(page, pages, shop, "/balk", blocked)

    expect(page.get_by_text("Gratis bezorging vanaf")).to_be_visible()
    assert errors == []


def test_the_script_twice_works_once(page: Page, pages: PageServer, shop: Noord) -> None:
    heard = listen(page, shop)
    page.goto(pages.put("/balk", CONSENT + shop.loader + shop.loader))
    expect(page.get_by_text("Gratis bezorging vanaf")).to_have_count(1)
    until(page, lambda: "page_view" in heard.names())
    page.wait_for_timeout(1_100)  # a second one would be in the next call

    assert heard.names().count("page_view") == 1


def test_a_headless_browser_without_the_demo_cookie_gets_the_untouched_page(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    page.context.clear_cookies()
    heard = listen(page, shop)
    visit(page, pages, shop, "/", SLOT.format("home_top", "Oud"))
    page.wait_for_timeout(700)

    expect(page.get_by_text("Oud")).to_be_visible()
    assert all("/tag/" in request.url for request in heard.requests)


def test_going_back_shows_the_page_as_it_was_and_counts_one_view(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    heard = listen(page, shop)
    visit(page, pages, shop, "/balk")
    expect(page.get_by_text("Gratis bezorging vanaf")).to_be_visible()
    until(page, lambda: "page_view" in heard.names())
    page.goto(pages.put("/ander", "<h1>Ander</h1>"))

    page.go_back()

    expect(page.get_by_text("Gratis bezorging vanaf")).to_be_visible()
    until(page, lambda: heard.names().count("page_view") > 1)
    page.wait_for_timeout(1_100)
    assert heard.names().count("page_view") == 2


def test_what_could_not_be_sent_is_sent_once_from_the_next_page(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    visit(page, pages, shop, "/start")
    page.wait_for_timeout(1_300)
    before = len(shop.events("add_to_wishlist"))
    failed: list[str] = []
    page.on("requestfailed", lambda one: failed.append(one.post_data or ""))
    page.route("**/v1/batch", lambda route: route.abort())
    page.evaluate("etalage('track', 'add_to_wishlist', {items: [{item_id: 'S-3'}]})")
    until(page, lambda: any("add_to_wishlist" in one for one in failed))
    page.unroute("**/v1/batch")

    visit(page, pages, shop, "/start")
    until(page, lambda: len(shop.events("add_to_wishlist")) > before)
    page.wait_for_timeout(1_100)  # a second time would be in the next call

    assert len(shop.events("add_to_wishlist")) == before + 1


def test_ranking_gives_the_shop_s_own_order_whenever_something_is_wrong(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    look_in(page, pages, shop, "/start")
    started(page)
    ids = ["S-3", "S-1", "S-2"]
    assert page.evaluate("ids => etalage('rank', ids)", ids) == ids
    page.evaluate('etalage("consent", {device: true, measure: true, personalise: true})')
    page.wait_for_timeout(700)
    assert sorted(page.evaluate("ids => etalage('rank', ids)", ids)) == sorted(ids)

    page.route("**/v1/rank", lambda _: None)
    began = time.monotonic()
    assert page.evaluate("ids => etalage('rank', ids)", ids) == ids
    assert time.monotonic() - began < 10


def test_a_selector_that_finds_nothing_five_hundred_or_cannot_be_read(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    many = '<div class="tile" style="min-height:2px">x</div>' * 500
    for selector, count in ((".none", 0), (".tile", 1), ("[[", 0)):
        shop.decide(slots={"home_top": selector})
        visit(page, pages, shop, "/", FOLD + many)
        page.wait_for_timeout(1_500)
        assert page.get_by_role("heading", name="Klaar voor regen").count() == count, selector
    shop.decide(slots={})


def test_diagnose_says_in_plain_words_what_is_there_and_what_is_not(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    look_in(page, pages, shop, "/", SLOT.format("home_top", "Oud"))
    started(page)
    page.wait_for_timeout(500)

    found = page.evaluate("etalage('diagnose')")

    assert f"Verbonden met {shop.address}." in found
    assert "Geen toestemming: alleen wat bij de pagina past." in found
    assert "Plek gevonden: home_top." in found
    assert "Plek niet op deze pagina: home_shelf." in found
    assert STUB


def test_how_long_a_page_was_looked_at_may_come_by_the_data_layer_and_nothing_else_with_it(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    pushed = "{event: 'user_engagement', engagement_time_msec: 4321, user_name: 'Karel'}"
    heard = listen(page, shop)
    visit(page, pages, shop, "/start", f"<script>dataLayer=[{pushed}]</script>")

    until(page, lambda: "user_engagement" in heard.names())

    (told,) = [one for one in heard.events if one.get("event") == "user_engagement"]
    assert told["properties"]["engagement_time_msec"] == 4321
    assert "Karel" not in str(told)
