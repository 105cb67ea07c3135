"""The browser libraries of Segment and RudderStack, unchanged, deliver from a page of the shop to our server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from chromium import CHROMIUM
from page_server import PageServer
from playwright.sync_api import Browser, Page, Request, Route
from shop_for_browser import Noord

from etalage.domain.event import NOT_FROM_BROWSER, Event

MODULES = Path(__file__).resolve().parents[2] / "node_modules"
SEGMENT = MODULES / "@segment/analytics-next/dist/umd/index.js"
RUDDERSTACK = MODULES / "@rudderstack/analytics-js/dist/npm/modern/bundled/umd/index.js"
# A headless browser is a robot to us; the libraries send who they are themselves, so the browser says it is a shopper's.
SHOPPER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
SCRIPT = {"content-type": "text/javascript; charset=utf-8"}
ALL_ALLOWED = {"stats": True, "tailored": True}

# Segment: settings from the test, events to our /v1. Consent as Segment's own consent tools stamp it.
_SEGMENT_PAGE = """<script src="/sdk/segment.js"></script><script>
window.analytics = AnalyticsNext.AnalyticsBrowser.load(
  {{writeKey: "{key}", cdnURL: location.origin}},
  {{integrations: {{"Segment.io": {{apiHost: "{host}/v1", protocol: "http", deliveryStrategy: {delivery}}}}}}}
);
analytics.addSourceMiddleware(({{payload, next}}) => {{
  payload.obj.context.consent = {{categoryPreferences: {consent}}};
  next(payload);
}});
{calls}
</script>"""
# RudderStack: source config from the test, dataPlaneUrl ours. Consent as its custom provider says it.
_RUDDERSTACK_PAGE = """<script src="/sdk/rudderstack.js"></script><script>
const one = new rudderanalytics.RudderAnalytics();
window.analytics = one;
one.load("{key}", "{address}", {{
  configUrl: location.origin, useBeacon: {beacon}, loadIntegration: false, lockIntegrationsVersion: false,
  beaconQueueOptions: {{flushQueueInterval: 600000}}, queueOptions: {{minRetryDelay: 300, timerScaleFactor: 1}},
  consentManagement: {{enabled: true, provider: "custom", allowedConsentIds: {allowed}, deniedConsentIds: {denied}}},
}});
{calls}
</script>"""
_CALLS = """
analytics.page("Shop", "Home");
analytics.track("Product Viewed", {{product_id: "S-1", price: 79.96, currency: "EUR"}});
analytics.track("Product Added", {{product_id: "S-1", price: 79.96, quantity: 1, currency: "EUR"}});
analytics.identify("klant-{run}", {{newsletter: true}});
"""
NAMES = ["add_to_cart", "identify", "page_view", "view_item"]

pytestmark = pytest.mark.skipif(
    not SEGMENT.exists() or not RUDDERSTACK.exists(), reason="the libraries are not there: make tag"
)


@pytest.fixture(scope="module")
def sdks(pages: PageServer, shop: Noord) -> Iterator[Noord]:
    """A shop whose pages hold the libraries, and whose consent categories have a meaning."""
    shop.decide(consent_mapping={"stats": ["device", "measure"], "tailored": ["personalise"]})
    pages.pages["/sdk/segment.js"] = (SEGMENT.read_text("utf-8"), SCRIPT)
    pages.pages["/sdk/rudderstack.js"] = (RUDDERSTACK.read_text("utf-8"), SCRIPT)
    as_json = {"content-type": "application/json"}
    settings = {"integrations": {"Segment.io": {"apiKey": shop.created.write_key}}}
    pages.pages[f"/v1/projects/{shop.created.write_key}/settings"] = (json.dumps(settings), as_json)
    source = {
        "id": "noord",
        "name": "noord",
        "writeKey": shop.created.write_key,
        "enabled": True,
        "workspaceId": "noord",
        "connections": [],
        "destinations": [],
        "config": {"statsCollection": {"errors": {"enabled": False}, "metrics": {"enabled": False}}},
    }  # fmt: skip
    pages.pages["/sourceConfig/"] = (json.dumps({"source": source}), as_json)
    yield shop
    shop.decide(consent_mapping={})


@pytest.fixture(scope="module")
def shoppers_browser(browser: Browser) -> Iterator[Browser]:
    """Named for the whole process: what is sent after a page is gone does not carry the name of a context."""
    started = browser.browser_type.launch(
        executable_path=CHROMIUM,
        args=["--no-sandbox", "--disable-dev-shm-usage", f"--user-agent={SHOPPER}"],
    )
    yield started
    started.close()


@contextmanager
def somebody(browser: Browser) -> Iterator[Page]:
    opened = browser.new_context(locale="nl-NL")
    opened.set_default_timeout(8_000)
    yield opened.new_page()
    opened.close()


@pytest.fixture
def tab(shoppers_browser: Browser) -> Iterator[Page]:
    with somebody(shoppers_browser) as page:
        yield page


Consent = dict[str, bool]


def segment(shop: Noord, calls: str, consent: Consent, *, delivery: str = "{}") -> str:
    host = shop.address.removeprefix("http://")
    return _SEGMENT_PAGE.format(
        key=shop.created.write_key,
        host=host,
        delivery=delivery,
        consent=json.dumps(consent),
        calls=calls,
    )


def segment_in_batches(shop: Noord, calls: str, consent: Consent) -> str:
    """Gather for ten minutes, so that only leaving the page sends."""
    delivery = '{strategy: "batching", config: {size: 50, timeout: 600000}}'
    return segment(shop, calls, consent, delivery=delivery)


def rudderstack(shop: Noord, calls: str, consent: Consent, *, beacon: bool = False) -> str:
    return _RUDDERSTACK_PAGE.format(
        key=shop.created.write_key,
        address=shop.address,
        beacon=json.dumps(beacon),
        allowed=json.dumps([name for name, said in consent.items() if said]),
        denied=json.dumps([name for name, said in consent.items() if not said]),
        calls=calls,
    )


def rudderstack_by_beacon(shop: Noord, calls: str, consent: Consent) -> str:
    return rudderstack(shop, calls, consent, beacon=True)


Library = Callable[[Noord, str, Consent], str]
BOTH = pytest.mark.parametrize("library", [segment, rudderstack])
BATCHED = pytest.mark.parametrize("library", [segment_in_batches, rudderstack_by_beacon])


@dataclass
class Intake:
    """What a page brought into the log since the test began; what the engine notes beside it is left out."""

    shop: Noord
    before: int

    def now(self) -> list[Event]:
        since = self.shop.events()[self.before :]
        return [event for event in since if event.name not in NOT_FROM_BROWSER | {"consent"}]

    def arrived(self, many: int = 4) -> list[Event]:
        """Wait until that many events are there, and a moment longer: there must not be more."""
        until = time.monotonic() + 15
        while len(self.now()) < many and time.monotonic() < until:
            time.sleep(0.3)
        time.sleep(0.7)
        return self.now()


@pytest.fixture
def intake(sdks: Noord) -> Intake:
    return Intake(sdks, len(sdks.events()))


def names(events: list[Event]) -> list[str]:
    return sorted(event.name for event in events)


def run_of(library: Library, what: str) -> str:
    return f"{library.__name__}-{what}"


@BOTH
def test_page_track_and_identify_arrive_once_each(
    tab: Page, pages: PageServer, sdks: Noord, intake: Intake, library: Library
) -> None:
    run = run_of(library, "once")
    body = library(sdks, _CALLS.format(run=run), ALL_ALLOWED)
    tab.goto(pages.put(f"/{run}", body))
    events = intake.arrived()
    assert names(events) == NAMES
    (seen,) = (event for event in events if event.name == "view_item")
    assert [(line.product, line.price) for line in seen.lines] == [("S-1", 7996)]


@BOTH
def test_who_she_says_she_is_in_the_page_is_a_claim_and_no_customer(
    tab: Page, pages: PageServer, sdks: Noord, intake: Intake, library: Library
) -> None:
    run = run_of(library, "claim")
    tab.goto(pages.put(f"/{run}", library(sdks, _CALLS.format(run=run), ALL_ALLOWED)))
    events = intake.arrived()
    assert {event.trust for event in events} == {"claimed"}
    assert (
        len({event.visitor for event in events}) == 1
    )  # the library's own number, said or signed in
    assert sdks.events("link") == []


@BOTH
def test_categories_of_the_library_open_and_close_our_purposes(
    tab: Page, pages: PageServer, sdks: Noord, intake: Intake, library: Library
) -> None:
    run = run_of(library, "consent")
    consent = {"stats": True, "tailored": False}
    tab.goto(pages.put(f"/{run}", library(sdks, _CALLS.format(run=run), consent)))
    events = intake.arrived()
    assert names(events) == NAMES
    assert all("measure" in event.purposes for event in events)
    assert not any("personalise" in event.purposes or event.epoch for event in events)


@BOTH
def test_nothing_is_kept_of_somebody_who_refused_all(
    shoppers_browser: Browser, pages: PageServer, sdks: Noord, intake: Intake, library: Library
) -> None:
    refused, accepted = run_of(library, "refused"), run_of(library, "accepted")
    with somebody(shoppers_browser) as tab:
        body = library(sdks, _CALLS.format(run=refused), {"stats": False, "tailored": False})
        tab.goto(pages.put(f"/{refused}", body))
        tab.wait_for_timeout(1_500)
    assert [(event.name, event.visitor, event.properties) for event in intake.now()] == []
    with somebody(shoppers_browser) as tab:
        body = library(sdks, _CALLS.format(run=accepted), ALL_ALLOWED)
        tab.goto(pages.put(f"/{accepted}", body))
        assert names(intake.arrived()) == NAMES


@BOTH
def test_what_is_sent_again_after_an_answer_got_lost_counts_once(
    tab: Page, pages: PageServer, sdks: Noord, intake: Intake, library: Library
) -> None:
    """The first call reaches us and its answer is lost on the way; the second never reaches us."""
    run = run_of(library, "again")
    asked: list[Request] = []

    def lose(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        asked.append(route.request)
        if len(asked) == 1:
            route.fetch()
            route.abort()
        elif len(asked) == 2:
            route.abort()
        else:
            route.continue_()

    tab.route(f"{sdks.address}/v1/**", lose)
    tab.goto(pages.put(f"/{run}", library(sdks, _CALLS.format(run=run), ALL_ALLOWED)))
    until = time.monotonic() + 20
    while len(asked) < len(NAMES) + 2 and time.monotonic() < until:
        tab.wait_for_timeout(200)
    assert len(asked) >= len(NAMES) + 2
    tab.wait_for_timeout(500)
    assert names(intake.arrived()) == NAMES


@BATCHED
def test_what_was_gathered_arrives_once_when_she_leaves_the_page(
    tab: Page, pages: PageServer, sdks: Noord, intake: Intake, library: Library
) -> None:
    run = run_of(library, "leaves")
    sent: list[str] = []
    tab.on("request", lambda r: sent.append(r.url) if r.method == "POST" else None)
    tab.goto(pages.put(f"/{run}", library(sdks, _CALLS.format(run=run), ALL_ALLOWED)))
    tab.wait_for_timeout(1_500)
    assert sent == []
    tab.goto(pages.put(f"/{run}/after", "<p>Elders</p>"))
    assert names(intake.arrived()) == NAMES
    assert {url.removeprefix(sdks.address) for url in sent} <= {
        "/v1/b",
        "/beacon/v1/batch?writeKey=" + sdks.created.write_key,
    }
