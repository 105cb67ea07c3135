"""`bench page`: what the tag costs a page, in Chromium.

In:   the address of a page that has the tag, served by our own server beside it.
Measured: loads with the tag and loads in which the browser refuses every address under /tag/, in turns, each with an
          empty cache and a visitor who said yes; then some at a quarter of the processor.
Floor:    the same page without the tag. A pair is two loads one after the other, so that a busy neighbour troubles both.
Idea: the bars are about differences, so the bound is that of the mean of paired differences (Student, 95% both sides).
      A task is the tag's if its file ran in it, as the browser's trace says. What counts is the processor's time,
      the slowing included: by the clock a script that is put aside for a neighbour is long too.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import sqrt
from statistics import fmean, median, stdev
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from etalage.bench.rows import Row, row
from etalage.errors import NotFound

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, StorageState

PAIRS, SLOW_LOADS = 30, 8
SLOWER = 4  # times
LONG_MS = 50
SETTLE_MS = 1_000  # after `load`: until what the tag draws is drawn, and the last shift was seen
NEEDS = "bench page needs Chromium and playwright: pip install playwright, sudo apt-get install chromium"
# To a shop a headless browser is a robot; this one comes as a shopper.
SHOPPER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/140.0.0.0 Safari/537.36"
)
_WATCH = """(() => {
  const seen = (window.__seen = {lcp: 0, cls: 0, slow: []});
  const watch = (type, tell) => new PerformanceObserver((list) => list.getEntries().forEach(tell)).observe({type, buffered: true});
  watch("largest-contentful-paint", (one) => { seen.lcp = one.startTime; });
  watch("layout-shift", (one) => { if (!one.hadRecentInput) seen.cls += one.value; });
  watch("long-animation-frame", (one) => {
    const ours = one.scripts.filter((script) => new URL(script.sourceURL || "x:y").pathname.startsWith("/tag/"));
    if (ours.length) seen.slow.push(...ours.map((script) => script.duration));
  });
})()"""
# The positive control: all that is there moves down by a fifth of the window.
_PLANT = """() => { const one = document.createElement("div"); one.style.height = "180px"; document.body.prepend(one) }"""
_SEEN = """() => {
  const loaded = performance.getEntriesByType("navigation")[0].loadEventStart;
  const ours = performance.getEntriesByType("resource").filter((one) => /^\\/(tag|v1)\\//.test(new URL(one.name).pathname));
  const blocking = ours.filter((one) => one.renderBlockingStatus === "blocking").length;
  return {...window.__seen, loaded, asked: ours.filter((one) => one.responseStatus > 0).length, blocking};
}"""


class Load(msgspec.Struct, frozen=True):
    """What one load of the page showed; times in ms since it was asked for."""

    lcp: float
    cls: float
    loaded: float
    slow: list[float]  # scripts of the tag in frames of more than 50 ms
    asked: int  # requests of ours that were answered
    blocking: int
    busy: list[
        float
    ] = []  # processor time of the tasks in which the tag's file ran, ms; where they were traced


TRACED = ["devtools.timeline", "disabled-by-default-devtools.timeline"]
RAN = ("EvaluateScript", "FunctionCall")
TASK = "RunTask"
FIGURES: dict[str, tuple[str, Callable[[Load], float]]] = {
    "largest contentful paint": ("ms", lambda load: load.lcp),
    "load event": ("ms", lambda load: load.loaded),
    "layout shift": ("", lambda load: load.cls),
}


def available() -> bool:
    """Tell whether Chromium and playwright are here."""
    try:
        import playwright  # noqa: F401  a tool of developers; a shop's install does not have it
    except ImportError:
        return False
    return _chromium() is not None


def bench_page(address: str, *, consent: dict[str, str], pairs: int = PAIRS) -> list[Row]:
    """Measure a page with and without the tag.

    Args:
        address: of the page.
        consent: what its shop keeps in localStorage of a visitor who said yes.
        pairs: loads with, and as many without.

    Raises:
        NotFound: Chromium or playwright is not here.
    """
    with _browser() as browser:
        visit = _Visit(browser, address, consent)
        for tag in (True, False):  # templates, drawings and files are warm for both
            visit.load(tag=tag)
        turns = [_pair(visit, nth) for nth in range(pairs)]
        slow = [visit.load(tag=True, slower=SLOWER) for _ in range(SLOW_LOADS)]
        planted = visit.load(tag=True, plants=True)
    return rows_of(turns, slow, planted)


def rows_of(turns: Sequence[tuple[Load, Load]], slow: Sequence[Load], planted: Load) -> list[Row]:
    """Make the rows from pairs (with, without), from loads with a slow processor, and from one made to shift."""
    ours, bare = [turn[0] for turn in turns], [turn[1] for turn in turns]
    rows: list[Row] = []
    for name, (unit, read) in FIGURES.items():
        with_it, without = [read(load) for load in ours], [read(load) for load in bare]
        mean, upper = difference(with_it, without)
        rows += [
            row(f"{name}, median", median(with_it), unit, floor=median(without)),
            row(f"{name}, added", mean, unit),
            row(f"{name}, added at most (95%)", upper, unit),
        ]
    slowly = f"processor 1/{SLOWER}"
    in_loads = f"in {len(slow)} loads"
    longest = [max(load.busy, default=0.0) for load in slow]
    return [
        *rows,
        row("layout shift, planted: it would be seen", planted.cls, ""),
        row("render-blocking requests of ours", max(load.blocking for load in ours), ""),
        row(
            f"tasks of the tag over {LONG_MS} ms of the {slowly}",
            sum(task > LONG_MS for load in slow for task in load.busy),
            in_loads,
        ),
        row(f"the longest of a load, median, {slowly}", median(longest), "ms"),
        row(f"the longest of all, {slowly}", max(longest), "ms"),
        row(
            f"scripts of the tag over {LONG_MS} ms by the clock, {slowly}",
            sum(task > LONG_MS for load in slow for task in load.slow),
            in_loads,
        ),
    ]


def difference(ours: Sequence[float], bare: Sequence[float]) -> tuple[float, float]:
    """Give the mean of paired differences, and the upper end of its 95% interval.

    >>> difference([3.0, 5.0], [1.0, 3.0])
    (2.0, 2.0)
    """
    from scipy.stats import t  # slow to load, and only this bench asks it

    apart = [a - b for a, b in zip(ours, bare, strict=True)]
    half = float(t.ppf(0.975, len(apart) - 1)) * stdev(apart) / sqrt(len(apart))
    return fmean(apart), fmean(apart) + half


def tasks_in(trace: bytes) -> list[float]:
    """Give the processor time, in ms, of each task in which a file under /tag/ ran, from Chromium's trace."""
    whole = [one for one in msgspec.json.decode(trace)["traceEvents"] if one.get("ph") == "X"]
    ours = [
        one
        for one in whole
        if one["name"] in RAN and "/tag/" in str(one.get("args", {}).get("data"))
    ]
    return [
        task["tdur"] / 1000
        for task in whole
        if task["name"] == TASK and "tdur" in task
        if any(
            (task["pid"], task["tid"]) == (one["pid"], one["tid"])
            and task["ts"] <= one["ts"] < task["ts"] + task["dur"]
            for one in ours
        )
    ]


def _pair(visit: _Visit, nth: int) -> tuple[Load, Load]:
    """Load both ways; who goes first changes with every pair."""
    if nth % 2:
        bare = visit.load(tag=False)
        return visit.load(tag=True), bare
    return visit.load(tag=True), visit.load(tag=False)


class _Visit:
    """Loads the page, each time as a browser that was never here."""

    def __init__(self, browser: Browser, address: str, consent: dict[str, str]) -> None:
        self._browser, self._address = browser, address
        parts = urlsplit(address)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._state: StorageState = {
            "cookies": [],
            "origins": [
                {
                    "origin": self._origin,
                    "localStorage": [
                        {"name": name, "value": said} for name, said in consent.items()
                    ],
                }
            ],
        }

    def load(self, *, tag: bool, slower: int = 1, plants: bool = False) -> Load:
        context = self._browser.new_context(
            viewport={"width": 1280, "height": 900},
            locale="nl-NL",
            storage_state=self._state,
        )
        # The tag leaves browsers alone that a program drives, but for this cookie in a demo.
        context.add_cookies([{"name": "etalage_demo", "value": "1", "url": self._origin}])
        try:
            return self._seen(context.new_page(), tag=tag, slower=slower, plants=plants)
        finally:
            context.close()

    def _seen(self, page: Page, *, tag: bool, slower: int, plants: bool) -> Load:
        page.add_init_script(_WATCH)
        devtools = page.context.new_cdp_session(page)
        devtools.send("Network.enable")
        if not tag:
            devtools.send("Network.setBlockedURLs", {"urls": ["*/tag/*"]})
        if slower > 1:
            devtools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
            self._browser.start_tracing(page=page, categories=TRACED)
        page.goto(self._address, wait_until="load")
        page.wait_for_timeout(SETTLE_MS * (1 if slower == 1 else 3))
        if plants:
            page.evaluate(_PLANT)
            page.wait_for_timeout(SETTLE_MS)
        load = msgspec.convert(page.evaluate(_SEEN), Load, strict=False)
        if slower > 1:
            load = msgspec.structs.replace(load, busy=tasks_in(self._browser.stop_tracing()))
        if bool(load.asked) is not tag:
            raise NotFound(f"the tag was {'not ' * tag}answered in {self._address}", field="page")
        return load


@contextmanager
def _browser() -> Iterator[Browser]:
    if not available():
        raise NotFound(NEEDS, field="page")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_chromium(),
            args=["--no-sandbox", "--disable-dev-shm-usage", f"--user-agent={SHOPPER}"],
        )
        try:
            yield browser
        finally:
            browser.close()


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")
