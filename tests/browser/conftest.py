"""One Chromium and one real server for all browser tests; each test gets a page of its own beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chromium import chromium
from demo_shop import Demo, demo_shop
from demo_visits import letting_in
from page_server import PageServer
from playwright.sync_api import Browser, BrowserContext, Page
from shop_for_browser import Noord, noord


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium; while it is there this thread has a running loop, which other tests cannot bear."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def pages() -> Iterator[PageServer]:
    """The shop's own web server: plain pages that hold what a test asks for."""
    with PageServer() as server:
        yield server


@pytest.fixture(scope="session")
def shop(pages: PageServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Noord]:
    """A real Etalage beside it."""
    with noord(tmp_path_factory.mktemp("noord") / "data", pages.origin) as started:
        yield started


@pytest.fixture
def context(browser: Browser, pages: PageServer) -> Iterator[BrowserContext]:
    """A visitor who was never here before; the demo's cookie lets the headless browser through."""
    opened = browser.new_context(viewport={"width": 1200, "height": 800}, locale="nl-NL")
    opened.set_default_timeout(6_000)
    opened.add_cookies([{"name": "etalage_demo", "value": "1", "url": pages.origin}])
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Her first tab; an error of the page itself fails the test."""
    return context.new_page()


@pytest.fixture
def artefacts() -> Path:
    """Where pictures are kept."""
    folder = Path(__file__).resolve().parents[2] / "artefacts" / "browser"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo with its shop, made small."""
    with demo_shop(tmp_path_factory.mktemp("demo")) as opened:
        yield opened


@pytest.fixture
def coming(browser: Browser, demo: Demo) -> Iterator[Callable[..., Page]]:
    """Let somebody into the demo."""
    with letting_in(browser, demo) as come:
        yield come
