"""The demo shop over HTTP: every page in both languages, whole without a script, safe, and its orders counted."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from etalage import app
from etalage.cli.showing import SHOP_PROGRAM
from etalage.config import Settings
from etalage.decide.token import issue_visitor_token
from etalage.domain.consent import PURPOSES
from etalage.domain.product import Catalogue
from etalage.errors import BadInput
from etalage.flow.open_shop import OpenShop
from etalage.simulate.catalogue import noord as noord_catalogue
from etalage.simulate.server import SERVER_KEY, WRITE_KEY, serving
from etalage.simulate.shop import open_shop
from etalage.simulate.storefront import pages
from etalage.simulate.storefront.pages import storefront
from etalage.simulate.storefront.shelves import Shelves

NOW = 1_780_000_000_000_000
SETTINGS = Settings(commit_window_ms=0, warehouse_threads=1, journal_gb=0.2, profiles_gb=0.2)
HOSTILE = "<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>{{7*7}}"


def _nobody_told(event: dict[str, object], request: object) -> None:
    """Be a server that cannot reach Etalage, and does not say so."""
    del event, request


class Noord:
    """The shop, and what its server told Etalage."""

    def __init__(self, shop: OpenShop) -> None:
        self.shop = shop
        self.told: list[dict[str, object]] = []
        self.site = storefront(
            shop,
            write_key="wk_test",
            tell=lambda event, _: self.told.append(event),
            clock=lambda: NOW,
        )

    def get(self, path: str) -> httpx.Response:
        return self.ask("GET", path)

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        return asyncio.run(self._ask(method, path, more))

    async def _ask(self, method: str, path: str, more: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.site)
        async with httpx.AsyncClient(transport=transport, base_url="http://noord") as client:
            return await client.request(method, path, **more)


class Page(HTMLParser):
    """Links, sources and scripts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.sources: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.inline: list[str] = []
        self.slots: list[str] = []
        self._in: dict[str, str | None] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        if given.get("src"):
            self.sources.append(str(given["src"]))
        if "data-etalage-slot" in given:
            self.slots.append(str(given["data-etalage-slot"]))
        if tag == "script":
            self._in = given
            self.scripts.append((given, ""))

    def handle_data(self, data: str) -> None:
        if self._in is not None:
            given, text = self.scripts[-1]
            self.scripts[-1] = (given, text + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._in = None


@pytest.fixture(scope="module")
def noord(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Noord]:
    home = tmp_path_factory.mktemp("noord") / "data"
    opened = open_shop(home, now=NOW - 1_000_000, at="http://noord")
    shop = app.open_shop(home, opened.shop, settings=SETTINGS, now=NOW)
    yield Noord(shop)
    shop.close()


PAGES = {
    "/": ["top_bar", "home_hero", "home_list", "home_banner"],
    "/c/dames/jassen": ["top_bar", "category_top"],
    "/zoeken?q=poncho": ["top_bar", "category_top"],
    "/p/regenjas-texel": ["top_bar", "product_above", "product_look", "product_below"],
    "/winkelmand": ["top_bar", "cart_bar", "cart_again"],
    "/kassa": ["top_bar"],
    "/bedankt": ["top_bar"],
    "/account": ["top_bar"],
    "/privacy": ["top_bar"],
}


@pytest.mark.parametrize("language", ["", "/en"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_stands_in_both_languages_with_its_slots_and_a_strict_policy(
    noord: Noord, path: str, language: str
) -> None:
    answer = noord.get(f"/shop{language}{path}")
    page = Page(answer.text)
    policy = answer.headers["content-security-policy"]

    assert answer.status_code == 200
    assert answer.headers["content-language"] == ("en" if language else "nl")
    assert page.slots == PAGES[path]
    assert "set-cookie" not in answer.headers
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert page.inline == []
    assert all(source.startswith("/") for source in page.sources)
    nonces = {given.get("nonce") for given, _ in page.scripts if given.get("type") != "application/json"}  # fmt: skip
    assert len(nonces) == 1
    assert f"'nonce-{nonces.pop()}'" in policy


def test_no_two_answers_carry_the_same_nonce(noord: Noord) -> None:
    policies = {noord.get("/shop/privacy").headers["content-security-policy"] for _ in range(5)}

    assert len(policies) == 5


def test_whoever_follows_every_link_of_the_shop_finds_every_product_and_no_dead_end(
    noord: Noord,
) -> None:
    seen: set[str] = set()
    waiting = ["/shop/", "/shop/en/"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = noord.get(path)
        assert answer.status_code == 200, path
        page = Page(answer.text)
        for link in (*page.links, *page.sources):
            bare = link.split("#")[0]
            if not bare.startswith("/shop") or ("?" in bare and "pagina=" not in bare):
                assert link.startswith(("/", "#")), link
                continue
            if bare not in seen and not bare.startswith("/shop/beeld"):
                waiting.append(bare)
            elif bare.startswith("/shop/beeld") and bare not in seen:
                seen.add(bare)
                assert noord.get(bare).status_code == 200, bare

    for prefix in ("/shop/p/", "/shop/en/p/"):
        assert sum(path.startswith(prefix) for path in seen) == 317


def test_every_script_of_a_page_parses(noord: Noord, tmp_path: Path) -> None:
    node = Path(__file__).resolve().parents[2] / ".venv" / "bin" / "node"
    paths = ("/", "/c/honden", "/zoeken?q=wol", "/p/regenjas-texel")
    for path in paths:
        for given, text in Page(noord.get(f"/shop{path}").text).scripts:
            if given.get("type") in {"application/json", "application/ld+json"}:
                json.loads(text)
            elif text.strip() and node.exists():
                script = tmp_path / "layer.js"
                script.write_text(text, encoding="utf-8")
                subprocess.run([node, "--check", script], check=True)


def test_the_data_layer_is_cleared_before_each_push_and_names_whole_items(noord: Noord) -> None:
    text = noord.get("/shop/c/honden").text

    pushes = [json.loads(p) for p in re.findall(r"dataLayer\.push\((\{\"e.*)\);", text)]

    assert text.count("dataLayer.push({ ecommerce: null })") == len(pushes) == 1
    (shown,) = pushes
    assert shown["event"] == "view_item_list"
    first = shown["ecommerce"]["items"][0]
    assert {"item_id", "item_name", "item_category", "item_category2", "price", "index"} <= set(
        first
    )


def test_a_search_is_pushed_with_its_words_outside_the_ecommerce_object(noord: Noord) -> None:
    text = noord.get("/shop/zoeken?q=poncho").text

    assert '{"event": "view_search_results", "search_term": "poncho"}' in text


def test_a_product_page_describes_all_its_variants_to_search_engines(noord: Noord) -> None:
    scripts = Page(noord.get("/shop/p/regenjas-texel").text).scripts

    described = [json.loads(t) for g, t in scripts if g.get("type") == "application/ld+json"]

    group = next(one for one in described if one["@type"] == "ProductGroup")
    assert group["productGroupID"] == "N-101"
    assert [v["size"] for v in group["hasVariant"]] == ["XS", "S", "M", "L", "XL"]
    assert all(v["offers"]["price"] == 89.95 for v in group["hasVariant"])


def test_a_hostile_search_is_text_and_nothing_else(noord: Noord) -> None:
    for path in ("/shop/zoeken", "/shop/c/honden", "/shop/p/regenjas-texel"):
        names = ("q", "maat", "kleur", "prijs", "sorteer", "pagina")
        answer = noord.ask("GET", path, params=dict.fromkeys(names, HOSTILE))

        assert answer.status_code == 200
        assert "<img src=x" not in answer.text
        assert "<script>alert" not in answer.text
        assert ">49<" not in answer.text


def test_a_hostile_name_in_the_catalogue_is_text_and_nothing_else(noord: Noord) -> None:
    live = noord.shop.configuration
    bad = msgspec.structs.replace(live.catalogue.products["N-101"], title=HOSTILE, brand=HOSTILE)
    catalogue = Catalogue("x", "EUR", {**live.catalogue.products, "N-101": bad})
    hostile = Noord(noord.shop)
    hostile_site = pages._Storefront(noord.shop, "wk_test", _nobody_told, lambda: NOW)
    hostile_site.shelves = Shelves(catalogue)
    hostile.site = hostile_site.application()

    for path in ("/shop/p/regenjas-texel", "/shop/c/dames/jassen/regenjassen", "/shop/"):
        text = hostile.get(path).text
        assert "<img src=x" not in text
        assert "<script>alert" not in text
        assert "alert(1)" in text


def test_what_is_not_there_is_said_in_the_shops_own_words(noord: Noord) -> None:
    for path in ("/shop/weg", "/shop/p/weg", "/shop/c/weg", "/shop/c/", "/shop/beeld/weg.svg", "/shop/static/../pages.py"):  # fmt: skip
        assert noord.get(path).status_code == 404, path
    assert "weggewaaid" in noord.get("/shop/p/weg").text
    assert "blew away" in noord.get("/shop/en/p/weg").text
    assert "Niets gevonden" in noord.get("/shop/zoeken?q=zeppelin").text


def _order(noord: Noord, **more: object) -> httpx.Response:
    good = Shelves(noord.shop.configuration.catalogue).goods["N-101"]
    offer = next(o for o in good.offers if o.is_available)
    line = {"id": "N-101", "offer": offer.id, "quantity": 2, "price": 1}
    return noord.ask("POST", "/shop/bestellen", json={"lines": [line], "tier": "standaard", **more})


def test_an_order_costs_what_the_catalogue_says_whatever_the_page_said(noord: Noord) -> None:
    noord.told.clear()

    said = _order(noord).json()

    assert said["order"]["total"] == 2 * 8_995
    (told,) = noord.told
    assert told["event"] == "Order Completed"
    assert told["properties"]["transaction_id"] == said["transaction_id"]  # type: ignore[index]
    assert told["properties"]["total"] == 179.9  # type: ignore[index]
    assert "anonymousId" not in told


def test_an_order_says_whose_it_is_only_by_a_token_of_ours(noord: Noord) -> None:
    noord.told.clear()
    token = issue_visitor_token("fatima", NOW, noord.shop.ports.keys.secret("visitor"))

    _order(noord, visitor=token)
    _order(noord, visitor="v1.karel.1.forged")

    assert noord.told[0]["anonymousId"] == "fatima"
    assert "anonymousId" not in noord.told[1]


@pytest.mark.parametrize("lines", [None, [], [{}], ["x"], [{"id": "N-101", "offer": "N-102-M", "quantity": 1}], [{"id": "N-101", "offer": "N-101-M", "quantity": -1}]])  # fmt: skip
def test_what_is_no_order_is_refused_with_a_reason(noord: Noord, lines: object) -> None:
    answer = noord.ask("POST", "/shop/bestellen", json={"lines": lines})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"]


def test_another_site_cannot_order_sign_in_or_look_along(noord: Noord) -> None:
    for path in ("bestellen", "inloggen", "meekijken"):
        answer = noord.ask("POST", f"/shop/{path}", json={}, headers={"origin": "https://evil.example"})  # fmt: skip
        assert answer.status_code == 400


def test_the_panel_tells_a_stranger_about_nobody_and_why_each_message_does_not_appear(
    noord: Noord,
) -> None:
    page = {"url": "/shop/p/regenjas-texel", "type": "product", "product_id": "N-101"}

    said = noord.ask("POST", "/shop/meekijken", json={"token": "forged", "page": page}).json()

    assert said["known"] is False
    assert said["events"] == []
    named = {one["name"] for one in (*said["candidates"], *said["skipped"])}
    assert named == {"maathulp", "gratis-ruilen", "nieuwsbrief", "verder-kijken"}
    assert all(one["sentence"] for one in said["segments"])


@pytest.mark.parametrize("path", ["/shop/", "/shop/en/"])
def test_the_panel_has_a_word_for_each_purpose(noord: Noord, path: str) -> None:
    words = noord.get(path).text.split('id="bladzijde">')[1].split("</script>")[0]

    said = json.loads(words)["words"]

    assert all(said[f"purpose_{purpose}"] != purpose for purpose in PURPOSES)


@pytest.mark.slow
def test_only_the_server_of_the_demo_has_the_shop(tmp_path: Path) -> None:
    opened = open_shop(tmp_path / "data", now=NOW)
    keys = {WRITE_KEY: opened.write_key, SERVER_KEY: opened.server_key}

    with serving(tmp_path / "data") as url:
        assert httpx.get(f"{url}/shop/").status_code == 404
    with serving(tmp_path / "data", program=SHOP_PROGRAM, keys=keys) as url:
        shown = httpx.get(f"{url}/shop/")
        good = Shelves(noord_catalogue()).goods["N-101"]
        line = {"id": good.id, "offer": good.offers[0].id, "quantity": 1}
        made = httpx.post(f"{url}/shop/bestellen", json={"lines": [line]})

    assert f"/tag/{opened.write_key}.js" in shown.text
    assert opened.server_key not in shown.text
    assert made.status_code == 200


def test_a_real_shop_never_gets_these_pages(tmp_path: Path) -> None:
    real = app.create_shop(tmp_path / "d", app.new_shop("Echt", "echt.example"), now=NOW)
    shop = app.open_shop(tmp_path / "d", real.shop.id, settings=SETTINGS, now=NOW)
    try:
        with pytest.raises(BadInput):
            storefront(shop, write_key=real.write_key, tell=_nobody_told)
    finally:
        shop.close()
