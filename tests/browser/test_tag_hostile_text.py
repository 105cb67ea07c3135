"""No text becomes code: payloads in every text of a message, in Chromium, with a planted one that is found."""

from __future__ import annotations

import json
from typing import Any

from page_server import PageServer
from payloads import PAYLOADS
from playwright.sync_api import Page, Route, expect
from shop_for_browser import Noord
from visiting import visit

WATCH = "<script>window.ran = []; window.alert = window.ran.push.bind(window.ran)</script>"


def _entry(payload: str, form: str, slot: str) -> dict[str, Any]:
    blocks = [
        {"type": "text", "text": payload, "level": 2},
        {"type": "text", "text": payload},
        {"type": "image", "url": payload, "alt": payload, "link": payload},
        {"type": "image", "url": "/a.svg", "alt": payload, "link": payload},
        {"type": "button", "label": payload, "link": payload},
        {"type": "button", "label": payload, "closes": True},
        {"type": "product_list", "title": payload},
        {"type": "question", "text": payload, "preference": payload, "options": [payload, "b"]},
        {"type": "coupon", "label": payload, "code": payload},
        {
            "type": "countdown",
            "label": payload,
            "until": payload,
            "ends_at": "2099-01-01T00:00:00Z",
        },
        {"type": payload},
    ]
    product = dict.fromkeys(
        ("product_id", "title", "link", "image", "price_text", "reason"), payload
    )
    return {
        "slot": slot,
        "experience": payload,
        "variant": payload,
        "show": True,
        "form": form,
        "priority": 50,
        "trigger": {"on": "load"},
        "content": {"language": "nl", "blocks": blocks},
        "products": [product],
        "why": {"nl": payload, "en": payload},
    }


def test_no_payload_runs_or_reaches_another_host(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    assert len(PAYLOADS) >= 150
    foreign: list[str] = []
    own = (shop.address, pages.origin, "data:image/gif", "about:")
    page.on("request", lambda r: foreign.append(r.url) if not r.url.startswith(own) else None)
    forms = ("inline", "products", "bar")
    entries = [_entry(p, forms[n % 3], f"s{n}") for n, p in enumerate(PAYLOADS)]
    entries += [_entry(PAYLOADS[0], "popup", "overlay"), _entry(PAYLOADS[1], "bar", "loose")]

    def config(route: Route) -> None:
        slots = [*(f"s{n}" for n in range(len(PAYLOADS))), "overlay", "loose", *PAYLOADS]
        said = route.fetch().json()
        _answer(route, pages, said | {"slots": slots, "overlays": slots[-9:]})

    page.route("**/v1/config/**", config)
    page.route("**/v1/decide", lambda route: _answer(route, pages, {"decisions": entries}))
    places = "".join(f'<div data-etalage-slot="s{n}"></div>' for n in range(len(PAYLOADS)))
    visit(page, pages, shop, "/", WATCH + '<div style="height:3000px"></div>' + places)
    page.wait_for_function(
        "n => [...document.querySelectorAll('[data-etalage-slot]')].filter((e) => e.shadowRoot).length >= n",
        arg=len(PAYLOADS),
    )
    page.wait_for_timeout(300)

    drawn, links = page.evaluate(
        """() => { const boxes = [...document.querySelectorAll("[data-etalage-slot],[data-etalage]")].filter((e) => e.shadowRoot);
        boxes.forEach((e) => e.shadowRoot.querySelectorAll("summary,button:not(.shut)").forEach((b) => b.click()));
        return [boxes.length, boxes.flatMap((e) => [...e.shadowRoot.querySelectorAll("a[href],img")].map((a) => a.href || a.src))] }"""
    )
    page.wait_for_timeout(300)

    assert drawn >= len(PAYLOADS)  # every one of them stood in the page
    # An element whose address was refused has none.
    assert [link for link in links if link and not link.startswith(("http:", "https:"))] == []
    assert [link for link in links if "evil.example" in link] == []
    assert page.evaluate("ran") == []
    assert foreign == []


def test_a_form_that_names_other_elements_or_attributes_is_not_followed(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    foreign: list[str] = []
    page.on("request", lambda r: foreign.append(r.url) if "evil.example" in r.url else None)
    hostile = ["script", "iframe", "object", "embed", "link", "style", "base", "form", "svg", "meta", "template"]  # fmt: skip
    attributes = {
        "onclick": "alert(1)",
        "onerror": "alert(2)",
        "style": "background:url(https://evil.example/a)",
        "srcdoc": "<script>alert(3)</script>",
        "srcset": "https://evil.example/b",
        "formaction": "javascript:alert(4)",
        "href": "javascript:alert(5)",
        "src": "javascript:alert(6)",
        "id": "x",
        "name": "y",
    }
    form = ["div", {}, *[[name, attributes, "alert(7)"] for name in hostile]]

    def config(route: Route) -> None:
        said = route.fetch().json()
        _answer(route, pages, said | {"forms": said["forms"] | {"text2": form}})

    page.route("**/v1/config/**", config)
    visit(page, pages, shop, "/popup", WATCH)
    expect(page.get_by_role("dialog")).to_be_visible()
    page.evaluate("document.querySelectorAll('[data-etalage] *').forEach((e) => e.click())")
    made = page.evaluate(
        """() => [...document.querySelector("[data-etalage]").shadowRoot.querySelectorAll("*")].filter((e) => e.textContent === "alert(7)")
        .map((e) => [e.localName, ...e.attributes].map(String))"""
    )

    assert made == [["i"]] * len(hostile)
    assert page.evaluate("ran") == []
    assert foreign == []


def _answer(route: Route, pages: PageServer, said: dict[str, Any]) -> None:
    headers = {"access-control-allow-origin": pages.origin}
    route.fulfill(
        status=200, content_type="application/json", body=json.dumps(said), headers=headers
    )


def test_the_detector_finds_a_planted_execution_and_a_planted_request(
    page: Page, pages: PageServer, shop: Noord
) -> None:
    foreign: list[str] = []
    page.on("request", lambda r: foreign.append(r.url) if "evil.example" in r.url else None)
    page.route("**evil.example**", lambda route: route.abort())
    visit(
        page,
        pages,
        shop,
        "/",
        WATCH + "<img src=x onerror=alert(1)><img src=https://evil.example/p>",
    )
    page.wait_for_timeout(300)

    assert page.evaluate("ran.length") == 1
    assert foreign
