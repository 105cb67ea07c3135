"""The visitor's own page in Chromium: what she sees, reaches with the keyboard, asks, and that it tells nobody else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from page_server import PageServer
from playwright.sync_api import Browser, Page, Request, expect
from shop_for_browser import YES, Noord
from visiting import visit

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => (await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
  "best-practice"]})).violations.map((v) => [v.id, v.nodes.map((n) => n.html)])"""
PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36"
)
SEGMENT = """segment: twijfelt-over-een-jas
title: {nl: Twijfelt over een jas, en: In two minds about a coat}
tree:
  all:
    - {did: view_item, where: {category: {under: "Dames > Jassen"}}, times: {at_least: 3}, within: 30d}
    - {not: {did: purchase, within: 30d}}
"""


@dataclass
class Her:
    """A visitor with a past, as the server's records of her shop have it."""

    shop: Noord
    token: str  # by which her browser is known

    @property
    def id(self) -> str:
        return self.token.split(".")[1]

    def post(self, path: str, body: dict[str, Any], *, key: str = "") -> dict[str, Any]:
        said = {"writeKey": key or self.shop.created.write_key, **body}
        call = urllib.request.Request(self.shop.address + path, json.dumps(said).encode())  # noqa: S310  our own server
        with urllib.request.urlopen(call, timeout=10) as answer:  # noqa: S310
            told: dict[str, Any] = json.load(answer)
        return told

    def did(self, *events: tuple[str, int, dict[str, Any]]) -> None:
        now = datetime.now(UTC)
        batch = [
            {
                "type": "track",
                "event": name,
                "anonymousId": self.id,
                "timestamp": (now - timedelta(days=days, minutes=at)).isoformat(),
                "properties": properties,
                "context": {"consent": YES, "userAgent": PHONE, "location": {"country": "NL"}},
            }
            for at, (name, days, properties) in enumerate(events)
        ]
        self.post("/v1/batch", {"batch": batch}, key=self.shop.created.server_key)

    def page(self, lang: str = "nl", **who: str) -> str:
        """Give the address of her page, as the tag makes it."""
        told = self.post("/v1/me/token", {"visitorToken": self.token, **who})
        key = self.shop.created.write_key
        return f"{self.shop.address}/me?lang={lang}#k={key}&t={told['token']}"


def somebody(shop: Noord) -> Her:
    """Come to the shop for the first time, and say yes."""
    stranger = Her(shop, "..")
    body = {"slots": [], "consent": YES, "demo": True, "page": {"type": "home"}}
    call = urllib.request.Request(  # noqa: S310
        f"{shop.address}/v1/decide",
        json.dumps({"writeKey": shop.created.write_key, **body}).encode(),
        {"user-agent": PHONE},
    )
    with urllib.request.urlopen(call, timeout=10) as answer:  # noqa: S310
        stranger.token = json.load(answer)["visitorToken"]
    return stranger


@pytest.fixture(scope="module", autouse=True)
def groups(shop: Noord, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let the shop have a group one can be in."""
    file = tmp_path_factory.mktemp("segment") / "segment.yaml"
    file.write_text(SEGMENT)
    etalage = [sys.executable, "-m", "etalage"]
    for command in (
        ["apply", str(file), "--as", "ann"],
        ["approve", "twijfelt-over-een-jas", "--as", "bob"],
    ):
        subprocess.run(
            [*etalage, *command, "--data", str(shop.directory)], check=True, capture_output=True
        )


@pytest.fixture
def her(shop: Noord) -> Her:
    """Somebody who looked around for two weeks, likes jackets, and said no once."""
    found = somebody(shop)
    jacket = {"product_id": "S-1", "category": "Dames > Jassen"}
    found.did(
        *[("view_item", days, jacket) for days in (14, 9, 9, 5, 3, 1)],
        ("search", 4, {"query": "storm dames jassen"}),
        ("view_item", 4, {"product_id": "L-1", "category": "Dames > Laarzen"}),
        ("add_to_cart", 1, {"product_id": "S-2", "quantity": 1, "price": 79.97}),
        ("preference", 2, {"maat": "M"}),
        ("view_promotion", 1, {"promotion_id": "banner"}),
        ("feedback", 2, {"product_id": "S-4", "refused": True}),
        ("feedback", 2, {"experience": "size-help", "refused": True}),
    )
    return found


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab whose errors fail the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="nl-NL")
    context.set_default_timeout(6_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if "Content Security" in m.text else None)
    yield page
    context.close()
    assert errors == []


def switch(tab: Page, name: str) -> Any:
    return tab.get_by_role("switch", name=name)


# ---- The way in --------------------------------------------------------------------------------------


def test_from_a_message_in_the_shop_to_her_page_and_nothing_of_the_token_stays_in_the_address(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    asked: list[Request] = []
    visit(page, pages, shop, "/balk")
    page.get_by_text("Waarom zie ik dit?").click()
    link = page.get_by_role("link", name="Wat weten jullie van mij?")
    expect(link).to_have_attribute("href", re.compile(r"&t=m1\."))
    page.on("request", lambda request: asked.append(request))  # noqa: PLW0108  a builtin is not taken

    link.click()

    expect(page.get_by_role("heading", name="Dit weten we van je")).to_be_visible()
    expect(page.get_by_text("Deze pagina gaat alleen over deze browser.")).to_be_visible()
    assert "#" not in page.url
    assert all("m1." not in r.url.split("#")[0] and "v1." not in r.url for r in asked)
    assert all("m1." not in str(r.headers.get("referer", "")) for r in asked)
    assert all(r.url.startswith(shop.address) for r in asked)


def test_without_a_token_it_says_that_nothing_is_known_and_how_to_come_back(
    tab: Page, shop: Noord, artefacts: Path
) -> None:
    tab.goto(f"{shop.address}/me?lang=nl")

    expect(tab.get_by_role("heading", name="Hier staat nog niets")).to_be_visible()
    expect(tab.get_by_text("Waarom zie ik dit?")).to_be_visible()
    tab.screenshot(path=artefacts / "me-nothing.png")


def test_without_javascript_it_says_so(browser: Browser, shop: Noord) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{shop.address}/me?lang=en")

    expect(page.get_by_text("This page needs JavaScript")).to_be_visible()
    context.close()


def test_a_token_that_is_over_or_forged_leads_back_to_the_shop(tab: Page, her: Her) -> None:
    tab.goto(her.page()[:-3] + "abc")

    expect(tab.get_by_role("heading", name="Deze pagina stond te lang open")).to_be_visible()
    expect(tab.get_by_text("jassen")).to_have_count(0)


def test_a_reload_and_the_other_language_keep_her_page(tab: Page, her: Her) -> None:
    tab.goto(her.page())
    expect(tab.get_by_text("Je keek 6 keer bij jassen")).to_be_visible()

    tab.reload()
    expect(tab.get_by_text("Je keek 6 keer bij jassen")).to_be_visible()
    tab.get_by_role("link", name="English").click()

    expect(tab.get_by_text("You looked at jassen 6 times")).to_be_visible()
    assert tab.evaluate("document.documentElement.lang") == "en"


# ---- How it looks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["nl", "en"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_and_the_picture_is_kept(
    browser: Browser, her: Her, artefacts: Path, lang: str, width: int, scheme: str
) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: make tag")
    context = browser.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(her.page(lang))
    expect(page.locator("#known")).to_be_visible()

    page.screenshot(path=artefacts / f"me-{lang}-{width}-{scheme}.png", full_page=True)
    page.evaluate(AXE.read_text("utf-8"))

    assert page.evaluate(RUN) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_the_detector_finds_a_planted_fault(tab: Page, her: Her) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: make tag")
    tab.goto(her.page())
    expect(tab.locator("#known")).to_be_visible()
    tab.evaluate(AXE.read_text("utf-8"))
    tab.evaluate("document.querySelector('label').remove()")

    assert "label" in [name for name, _ in tab.evaluate(RUN)]


# ---- What she asks is done ---------------------------------------------------------------------------


def test_she_switches_off_rests_takes_back_and_puts_right_with_the_keyboard_alone(
    tab: Page, her: Her, shop: Noord
) -> None:
    tab.goto(her.page())
    expect(switch(tab, "Persoonlijk maken")).to_be_checked()

    tab.get_by_role("button", name="Toch wel: Storm 4").press("Enter")
    expect(tab.get_by_role("button", name="Toch wel: Storm 4")).to_have_count(0)

    tab.get_by_role("button", name="Klopt niet: Maat: M").press("Enter")
    tab.get_by_label("Wat klopt wel?").fill("L")
    tab.get_by_label("Wat klopt wel?").press("Enter")
    expect(tab.get_by_text("Maat: L")).to_be_visible()

    tab.get_by_role("button", name="Pauzeer 30 dagen").press("Enter")
    expect(tab.get_by_text("Je hebt rust tot")).to_be_visible()
    assert tab.evaluate("document.activeElement.id") == "pause"

    switch(tab, "Persoonlijk maken").press("Space")
    expect(switch(tab, "Persoonlijk maken")).not_to_be_checked()
    expect(tab.get_by_text("Persoonlijk maken staat uit.")).to_be_visible()
    assert tab.evaluate("document.activeElement.id") == "choice-personalise"
    expect(tab.get_by_role("status")).to_contain_text("Bewaard om")

    assert [e.properties.get("personalise") for e in shop.events("consent")][-1] is False


def test_erasing_asks_once_can_be_refused_and_gives_a_receipt(
    tab: Page, her: Her, artefacts: Path
) -> None:
    tab.goto(her.page())
    tab.get_by_role("button", name="Wis alles").click()
    dialog = tab.get_by_role("dialog", name="Weet je het zeker?")
    expect(dialog).to_be_visible()
    tab.screenshot(path=artefacts / "me-erase.png")

    tab.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(tab.get_by_text("Je keek 6 keer bij jassen")).to_be_visible()
    tab.get_by_role("button", name="Wis alles").click()
    tab.get_by_role("button", name="Ja, wis alles").click()

    expect(tab.get_by_role("heading", name="Je bent gewist")).to_be_visible()
    with tab.expect_download() as saved:
        tab.get_by_role("button", name="Bewaar het bewijs").click()
    assert json.loads(Path(saved.value.path()).read_text())["visitors"] == 1
    tab.screenshot(path=artefacts / "me-erased.png")
    tab.reload()
    expect(tab.get_by_text("Deze browser is eerder gewist.")).to_be_visible()


def test_she_takes_along_a_page_and_a_file(tab: Page, her: Her) -> None:
    tab.goto(her.page())

    with tab.expect_download() as file:
        tab.get_by_role("button", name="Bestand (JSON)").click()
    with tab.expect_download() as page:
        tab.get_by_role("button", name="Leesbare pagina").click()

    assert json.loads(Path(file.value.path()).read_text())["preferences"]["maat"]["value"] == "M"
    assert Path(page.value.path()).read_text().startswith("<!doctype html>")


def test_a_pause_holds_in_a_tab_of_the_shop_that_is_opened_after_it(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    visit(page, pages, shop, "/balk")
    expect(page.get_by_text("Gratis bezorging vanaf € 60")).to_be_visible()
    page.get_by_text("Waarom zie ik dit?").click()
    link = page.get_by_role("link", name="Wat weten jullie van mij?")
    expect(link).to_have_attribute("href", re.compile(r"&t=m1\."))
    own = page.context.new_page()
    own.goto(str(link.get_attribute("href")))
    own.get_by_role("button", name="Pauzeer 30 dagen").click()
    expect(own.get_by_text("Je hebt rust tot")).to_be_visible()

    visit(page, pages, shop, "/balk")
    page.wait_for_timeout(1_500)

    expect(page.get_by_text("Gratis bezorging vanaf € 60")).to_have_count(0)


def test_a_server_in_trouble_changes_nothing_and_says_so(tab: Page, her: Her) -> None:
    tab.goto(her.page())
    expect(switch(tab, "Meten")).to_be_checked()
    tab.route("**/v1/me/consent", lambda route: route.fulfill(status=500, body="{}"))

    switch(tab, "Meten").click()

    expect(tab.get_by_role("status")).to_contain_text("Dat lukte niet.")
    expect(switch(tab, "Meten")).to_be_checked()
