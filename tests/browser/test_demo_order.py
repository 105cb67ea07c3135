"""Whatever is wrong with Etalage, who wants to buy reaches the page of thanks; and every arm has its moment alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from demo_shop import Demo
from playwright.sync_api import Page, Route, expect
from visiting import NO

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OURS = ("**/tag/**", "**/v1/**")


def gone(route: Route) -> None:
    route.abort()


def silent(route: Route) -> None:
    """Never answer."""
    del route


def broken(route: Route) -> None:
    route.fulfill(status=500, body="{}")


def html(route: Route) -> None:
    route.fulfill(status=200, content_type="text/html", body="<html>Hallo</html>")


def half(route: Route) -> None:
    route.fulfill(content_type="application/json", body='{"decisions": [{"sl')


def many_places(page: Page) -> None:
    """Put 500 places of one name in every page, and take the real ones away."""
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => { document.querySelectorAll('[data-etalage-slot]').forEach((e) => e.removeAttribute('data-etalage-slot'));"
        "for (let i = 0; i < 500; i++) { const e = document.createElement('div'); e.setAttribute('data-etalage-slot', 'top_bar'); document.body.append(e) } })"
    )


def no_places(page: Page) -> None:
    """Take every place away: the configuration speaks of slots that are not there."""
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => document.querySelectorAll('[data-etalage-slot]').forEach((e) => e.removeAttribute('data-etalage-slot')))"
    )


FAULTS: dict[str, Callable[[Page], object]] = {
    "nothing": lambda _: None,
    "server down": lambda page: [page.route(one, gone) for one in OURS],
    "slow": lambda page: page.route("**/v1/**", silent),
    "tag never answers": lambda page: page.route("**/tag/**", silent),
    "500": lambda page: page.route("**/v1/**", broken),
    "HTML": lambda page: page.route("**/v1/**", html),
    "half an answer": lambda page: page.route("**/v1/**", half),
    "no places": no_places,
    "500 places": many_places,
}
ON_THE_WAY: dict[str, str] = {
    "storage cleared half way": "localStorage.clear()",
    "consent withdrawn half way": NO,
    "consent given half way": 'etalage("consent", {device: true, measure: true, personalise: true})',
}


def buy(page: Page, demo: Demo, *, accepts: bool = True, on_the_way: str = "") -> None:
    """Walk from a product to the page of thanks."""
    page.goto(f"{demo.shop}/p/regenhoes-voor-rugzak", wait_until="domcontentloaded")
    page.locator(f'.consent button[value="{"all" if accepts else "none"}"]').click()
    page.locator('[data-behaviour="buy"] button[type="submit"]').click()
    expect(page.locator(".basket-count")).to_be_visible()
    page.goto(f"{demo.shop}/winkelmand", wait_until="domcontentloaded")
    if on_the_way:
        page.evaluate(on_the_way)
    page.locator(".sums a.buy").click()
    for step in (1, 2, 3):
        form = page.locator(f'form[data-step="{step}"]')
        expect(form).to_be_visible()
        for field in form.locator(
            'input[type="text"], input[type="email"], input:not([type])'
        ).all():
            known = {"email": "eva@noord.example", "postcode": "9712 AB"}
            name = field.get_attribute("name") or ""
            field.fill(known.get(name, "12"))
        form.locator('button[type="submit"]').click()
    page.wait_for_url("**/bedankt")
    expect(page.locator('[data-behaviour="thanks"] h1')).to_be_visible()


@pytest.mark.parametrize("fault", FAULTS)
def test_the_page_of_thanks_is_reached_under_every_fault(
    coming: Callable[..., Page], demo: Demo, fault: str
) -> None:
    page = coming()
    FAULTS[fault](page)

    buy(page, demo)


@pytest.mark.parametrize("deed", ON_THE_WAY)
def test_the_page_of_thanks_is_reached_whatever_she_changes_on_the_way(
    coming: Callable[..., Page], demo: Demo, deed: str
) -> None:
    buy(coming(), demo, accepts="given" not in deed, on_the_way=ON_THE_WAY[deed])


def test_a_withdrawal_takes_an_open_popup_away_and_the_shop_goes_on(
    coming: Callable[..., Page], demo: Demo
) -> None:
    page = coming(demo.visitor(hulp_bij_weggaan="antwoord"))
    page.goto(f"{demo.shop}/c/dames/jassen")
    page.locator('.consent button[value="all"]').click()
    page.wait_for_timeout(1_500)
    leave(page)
    expect(page.get_by_role("dialog")).to_be_visible()

    page.evaluate(NO)

    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator(".grid a").first.click()
    expect(page.locator("article.article")).to_be_visible()


def leave(page: Page) -> None:
    page.evaluate(
        "document.dispatchEvent(new MouseEvent('mouseout', {clientY: -1, bubbles: true}))"
    )


def test_who_sees_it_and_who_does_not_have_their_moment_alike(
    coming: Callable[..., Page], demo: Demo
) -> None:
    told: dict[str, list[str]] = {}
    demo.hold_out(0.5)
    known = {
        "antwoord": demo.visitor(hulp_bij_weggaan="antwoord"),
        "control": demo.visitor(hulp_bij_weggaan="control"),
        "holdout": demo.visitor(held=True),
    }
    for arm, token in known.items():
        page = coming(token)
        heard: list[str] = []
        page.on("request", lambda one, heard=heard: heard.append(one.post_data or ""))
        page.goto(f"{demo.shop}/c/dames/jassen")
        page.locator('.consent button[value="all"]').click()
        page.wait_for_timeout(1_500)
        before = sum(body.count('"triggered"') for body in heard)
        panel = page.locator("details.follow")
        panel.locator("summary").click()
        expect(panel).to_contain_text("page_view")
        expect(panel).to_contain_text("Onthouden in deze browser, Meten, Persoonlijk maken")
        why = {
            "antwoord": "wordt getoond",
            "control": "(controlegroep)",
            "holdout": "(buitenstaander)",
        }
        expect(panel).to_contain_text(why[arm])
        outside = expect(panel.get_by_text("een op de twintig ziet van alle uitingen niets"))
        outside.to_have_count(1 if arm == "holdout" else 0)
        panel.locator("summary").click()
        leave(page)
        page.wait_for_timeout(1_500)
        told[arm] = [body for body in heard if '"triggered"' in body]
        assert before == 0
        expect(page.get_by_role("dialog")).to_have_count(1 if arm == "antwoord" else 0)
    demo.hold_out(0)
    assert {arm: len(bodies) for arm, bodies in told.items()} == dict.fromkeys(known, 1)
    assert all("hulp-bij-weggaan" in bodies[0] for bodies in told.values())


@pytest.mark.parametrize("language", ["nl", "en"])
def test_axe_finds_nothing_in_the_shop_and_on_her_own_page(
    coming: Callable[..., Page], demo: Demo, language: str
) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: make tag")
    base = "" if language == "nl" else "/en"
    page = coming(bypass_csp=True)
    found = {}
    addresses = [f"{demo.shop}{base}{path}" for path in SEEN]
    for address in (*addresses, f"{demo.url}/me?lang={language}#k={demo.opened.write_key}"):
        page.goto(address)
        page.wait_for_timeout(500)
        page.add_script_tag(path=AXE)
        said = page.evaluate(
            "async (only) => (await axe.run(document, {runOnly: only})).violations.map((v) => [v.id, v.nodes.slice(0, 2).map((n) => n.html)])",
            RULES,
        )
        if said:
            found[address] = said
        page.locator('.consent button[value="all"]').click() if address == addresses[0] else None
    assert found == {}


SEEN = (
    "/",
    "/c/dames/jassen",
    "/zoeken?q=poncho",
    "/p/regenjas-texel",
    "/winkelmand",
    "/kassa",
    "/account",
    "/bestaat-niet",
)
