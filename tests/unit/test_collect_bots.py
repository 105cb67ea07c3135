"""Programs are neither counted nor remembered; a shop's own server is no program of that kind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from collect_examples import (
    AT_BROWSER,
    AT_SERVER,
    BROWSER,
    CHROME,
    NOW,
    SHOP,
    call,
    consented,
    logged,
    reason,
)
from msgspec.structs import replace

from etalage.collect.bots import device_of, is_bot
from etalage.collect.intake import Door, Received

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
HEADLESS = CHROME.replace("Chrome/", "HeadlessChrome/")
PEOPLE = {
    CHROME: "desktop",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15": "desktop",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0": "desktop",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36": "desktop",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1": "phone",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36": "phone",
    "Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0": "phone",
    "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1": "tablet",
    "Mozilla/5.0 (Linux; Android 13; SM-X906C) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36": "tablet",
    "Mozilla/5.0 (Android 14; Tablet; rv:127.0) Gecko/127.0 Firefox/127.0": "tablet",
    "Mozilla/5.0 (SMART-TV; Linux; Tizen 5.0) AppleWebKit/538.1": "other",
    "Mozilla/5.0 (PlayStation 5/SmartTV) AppleWebKit/605.1.15": "other",
    "Iets dat niemand kent": "other",
}


@pytest.mark.parametrize(("user_agent", "device"), PEOPLE.items())
def test_people_are_no_bots_and_hold_a_device(user_agent: str, device: str) -> None:
    assert not is_bot(user_agent)
    assert device_of(user_agent) == device


@pytest.mark.parametrize(
    "user_agent", ["", "   ", GOOGLEBOT, HEADLESS, "python-requests/2.32", "curl/8.5.0"]
)
def test_known_programs_are_bots(user_agent: str) -> None:
    assert is_bot(user_agent)


def test_every_example_of_the_list_is_a_bot() -> None:
    path = DATA / "useragents_crawlers" / "crawler-user-agents.json"
    if not path.exists():
        pytest.skip(f"the data set is not here: {path.name}")

    examples = [e for bot in json.loads(path.read_text()) for e in bot.get("instances", [])]

    assert len(examples) == 1998
    assert [example for example in examples if not is_bot(example)] == []


@pytest.mark.parametrize(
    "received",
    [
        Received(NOW, user_agent=GOOGLEBOT),
        Received(NOW, user_agent=HEADLESS),
        Received(NOW, user_agent=None),
        Received(NOW, user_agent=""),
        Received(NOW, user_agent=CHROME, prefetch=True),
    ],
)
def test_a_browser_is_judged_by_its_call(received: Received) -> None:
    assert reason(call(), Door(BROWSER, SHOP, received)) == "bot"


def test_a_server_is_judged_by_what_it_says_of_the_visitor_only() -> None:
    at_server = replace(AT_SERVER, received=Received(NOW, user_agent="python-requests/2.32"))

    assert reason(call(), at_server) is None
    assert reason(call(context=consented(userAgent=GOOGLEBOT)), at_server) == "bot"
    assert logged(call(context=consented(userAgent=CHROME)), at_server).device == "desktop"
    assert logged(call(), at_server).device is None


@pytest.mark.parametrize("door", [AT_BROWSER, AT_SERVER])
def test_a_driven_browser_and_the_shops_own_tests_are_not_counted(door: Door) -> None:
    assert reason(call(context=consented(webdriver=True)), door) == "bot"
    assert reason(call(context=consented(staff=True)), door) == "staff"


def test_the_device_of_a_browser_is_that_of_its_call() -> None:
    assert logged(call(), AT_BROWSER).device == "desktop"
