"""What the browser tests say again and again: open a page, say yes, watch the network."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from page_server import PageServer
from playwright.sync_api import Page, Request
from shop_for_browser import Noord

YES = 'etalage("consent", {device: true, measure: true, personalise: true})'
NO = 'etalage("consent", {device: false, measure: false, personalise: false})'
STUB = "<script>window.etalage=window.etalage||function(){(etalage.q=etalage.q||[]).push(arguments)}</script>"
# Out of sight an answer may come late; a test of what is drawn must not depend on how busy the machine is.
FOLD = '<div style="height:2000px"></div>'
CONSENT = f"{STUB}<script>{YES}</script>"
SLOT = '<div data-etalage-slot="{}" style="min-height:120px"><span>{}</span></div>'


def visit(
    page: Page, pages: PageServer, shop: Noord, path: str, body: str = "", **more: Any
) -> None:
    """Open a page of the shop with the tag, of a visitor who says yes."""
    address = pages.put(path, body + CONSENT + shop.loader, **more)
    page.goto(address, wait_until="domcontentloaded")


def look_in(
    page: Page, pages: PageServer, shop: Noord, path: str, body: str = "", **more: Any
) -> None:
    """Open a page of the shop with the tag, of a visitor who said nothing yet."""
    page.goto(pages.put(path, body + STUB + shop.loader, **more))


@dataclass
class Heard:
    """What a page sent to Etalage."""

    requests: list[Request] = field(default_factory=list)

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events, in order, those of a decide call included."""
        bodies = [json.loads(r.post_data) for r in self.requests if r.post_data]
        return [e for body in bodies for e in body.get("batch") or body.get("events") or []]

    def names(self) -> list[str]:
        return [str(e.get("event") or e["type"]) for e in self.events]


def listen(page: Page, shop: Noord) -> Heard:
    """Keep what the page sends from now on."""
    heard = Heard()
    page.on(
        "request", lambda r: heard.requests.append(r) if r.url.startswith(shop.address) else None
    )
    return heard


def until(page: Page, holds: Callable[[], object], seconds: float = 30) -> None:
    """Wait until something holds that the page itself does not know; what it sends is heard meanwhile."""
    last = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < last, "waited too long"
        page.wait_for_timeout(50)


def started(page: Page) -> None:
    """Wait until the tag answers by itself; until then the stub only keeps what is said."""
    page.wait_for_function("typeof etalage === 'function' && etalage.started === true")


def scroll_down(page: Page) -> None:
    """Look at what lies below the fold, once it is there."""
    page.wait_for_function(
        "[...document.querySelectorAll('[data-etalage-slot],.tile')].some((e) => e.shadowRoot)"
    )
    page.evaluate("scrollTo(0, 2000)")
