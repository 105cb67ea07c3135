"""The demo's journey in Firefox and in WebKitGTK.

She accepts, looks at three products, comes home, and it has changed; then she orders. Before she said anything,
nothing of hers was kept. And a server of ours that says nothing holds no page back. Only in `make proof`.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import drivers
import pytest
from demo_shop import Demo, demo_shop
from drivers import Driver, firefox, webkit
from figures import FULL, tell
from page_server import PageServer

from etalage.cli.snippets import written

pytestmark = pytest.mark.skipif(not FULL, reason="only `make proof` opens other browsers")
BROWSERS: dict[str, tuple[Callable[[Path], AbstractContextManager[Driver]], bool, str]] = {
    "firefox": (firefox, drivers.FIREFOX is not None, "firefox-esr"),
    "webkit": (
        webkit,
        None not in (drivers.WEBKIT, drivers.MINI, drivers.XVFB),
        "webkit2gtk-driver xvfb",
    ),
}
PATIENT = 8  # seconds; a browser gives up after a minute or more
JACKETS = ("regenjas-texel", "regenjas-schiermonnikoog", "regenjas-ameland-kort")
ASKED = "performance.getEntriesByType('resource').some((one) => one.name.endsWith('/v1/decide'))"
SLOT = "document.querySelector('[data-etalage-slot=\"home_list\"]')"
FILL = """[...document.querySelectorAll('form[data-step="%d"] input:is([type="text"],[type="email"],:not([type]))')].forEach((one) => {
  one.value = {email: "eva@noord.example", postcode: "9712 AB"}[one.name] || "12";
  one.dispatchEvent(new Event("input", {bubbles: true})); one.dispatchEvent(new Event("change", {bubbles: true})) })"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo with its shop, made small."""
    with demo_shop(tmp_path_factory.mktemp("demo")) as opened:
        yield opened


def soon(tab: Driver, said: str, seconds: float = 20) -> Any:
    """Wait until something holds in the page."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = tab.run(said)
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"{said} in {tab.run('location.href')}: {tab.run('document.title')}")


def click(tab: Driver, selector: str) -> None:
    """Press what there is to press, once it is there."""
    soon(tab, f"!!document.querySelector({selector!r})")
    tab.run(f"void document.querySelector({selector!r}).click()")


@pytest.mark.parametrize("name", BROWSERS)
def test_the_journey_to_a_home_that_changed_and_a_paid_order(
    name: str, demo: Demo, tmp_path: Path
) -> None:
    start = _here(name)
    orders = len(demo.events("purchase"))
    token = demo.visitor(drie_lijsten="laatst-bekeken")
    with start(tmp_path) as tab:
        tab.open(f"{demo.shop}/")
        tab.run('void (document.cookie = "etalage_demo=1;Path=/")')  # it is a program that drives
        tab.open(f"{demo.shop}/")
        assert soon(tab, "typeof etalage === 'function' && etalage.started === true")
        time.sleep(1)
        kept = tab.run("[document.cookie, Object.keys(localStorage), Object.keys(sessionStorage)]")
        assert kept == ["etalage_demo=1", [], []]
        before = tab.run(f"{SLOT}.querySelector('h2').textContent")

        tab.run(f"localStorage.setItem('etalage', JSON.stringify({{token: '{token}'}}))")
        tab.open(f"{demo.shop}/")
        click(tab, '.consent button[value="all"]')
        soon(tab, "document.cookie.includes('etalage_visitor=v1.')")
        for slug in JACKETS:
            tab.open(f"{demo.shop}/p/{slug}")
            soon(tab, ASKED)
            time.sleep(1.3)  # what she looked at is told within a second
        heading = _home(tab, demo)
        assert heading == "Dit bekeek je" != before
        assert tab.run(f"{SLOT}.shadowRoot.querySelectorAll('li').length") >= len(JACKETS)

        _order(tab, demo)

    until = time.monotonic() + 10
    while len(demo.events("purchase")) == orders and time.monotonic() < until:
        time.sleep(0.5)
    assert len(demo.events("purchase")) == orders + 1
    tell(f"the demo's journey in {name}", "home has changed and the order is paid", journeys=1)


@pytest.mark.parametrize("name", BROWSERS)
def test_the_load_event_waits_for_no_server_of_ours_that_says_nothing(
    name: str, tmp_path: Path
) -> None:
    start = _here(name)
    with socket.socket() as silent, PageServer() as pages, start(tmp_path) as tab:
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # whoever comes waits
        base = f"http://127.0.0.1:{silent.getsockname()[1]}"
        line = written("page", key="wk_0123456789abcdef", base=base).splitlines()[1]
        tab.open(pages.put("/leeg", "<p>Warm</p>"))
        began = time.monotonic()

        tab.open(pages.put("/", "<h1>Winkel</h1>" + line))

        took = time.monotonic() - began
        assert tab.run("document.readyState") == "complete"
    assert took < PATIENT
    tell(f"load event in {name}, our server silent", f"{PATIENT} s", seconds=round(took, 1))


def _here(name: str) -> Callable[[Path], AbstractContextManager[Driver]]:
    start, is_here, package = BROWSERS[name]
    if not is_here:
        pytest.skip(f"not here: sudo apt-get install {package}")
    return start


def _home(tab: Driver, demo: Demo) -> str:
    """Open the front page; where the answer came too late what she saw has stayed, so she looks again."""
    for _ in range(6):
        tab.open(f"{demo.shop}/")
        tab.run(f"{SLOT}.scrollIntoView({{block: 'center'}})")
        try:
            return str(soon(tab, f"{SLOT}.shadowRoot?.querySelector('h2')?.textContent", 4))
        except AssertionError:
            continue
    raise AssertionError(tab.run("etalage('diagnose')"))


def _order(tab: Driver, demo: Demo) -> None:
    tab.open(f"{demo.shop}/p/regenhoes-voor-rugzak")
    click(tab, '[data-behaviour="buy"] button[type="submit"]')
    soon(tab, "+document.querySelector('.basket-count')?.textContent > 0")
    tab.open(f"{demo.shop}/winkelmand")
    click(tab, ".sums a.buy")
    for step in (1, 2, 3):
        form = f'form[data-step="{step}"]'
        soon(
            tab,
            f"!!document.querySelector('{form}') && !document.querySelector('{form}').closest('[hidden]')",
        )
        tab.run(f"void {FILL % step}")
        click(tab, f'{form} button[type="submit"]')
    soon(tab, "location.pathname.endsWith('/bedankt')")
