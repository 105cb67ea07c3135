"""Before she says yes: twenty walks through the shop, and all that reaches Etalage is the tag and the public configuration."""

from __future__ import annotations

import random
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from demo_shop import Demo
from playwright.sync_api import Page, Request

PAGES = (
    "/",
    "/c/dames/jassen",
    "/c/kinderen",
    "/zoeken?q=poncho",
    "/p/regenjas-texel",
    "/p/muts-boei",
    "/winkelmand",
    "/kassa",
    "/account",
    "/privacy",
)
WALKS, STEPS = 20, 3
OPENING = (
    "etalage_demo=1"  # set by this test, so that the tag works in a browser that a program drives
)
STORED = "[document.cookie, Object.keys(localStorage), Object.keys(sessionStorage)]"


def walk(seed: int) -> list[str]:
    """Give the pages of one walk, in one of the two languages."""
    dice = random.Random(seed)
    base = dice.choice(("", "/en"))
    return [base + page for page in dice.sample(PAGES, STEPS)]


@pytest.mark.parametrize("half", [range(WALKS // 2), range(WALKS // 2, WALKS)])
def test_before_consent_etalage_is_asked_for_its_tag_and_its_public_configuration_alone(
    coming: Callable[..., Page], demo: Demo, half: range
) -> None:
    key = demo.opened.write_key
    page = coming()
    asked: list[Request] = []
    page.on("request", lambda one: asked.append(one))  # noqa: PLW0108  it asks for a function
    for seed in half:
        for path in walk(seed):
            page.goto(f"{demo.shop}{path}")
            page.mouse.wheel(0, 500)
            page.wait_for_timeout(250)
            assert page.evaluate(STORED) == [OPENING, [], []], path

    ours = [one for one in asked if not urlsplit(one.url).path.startswith("/shop")]
    assert {urlsplit(one.url).netloc for one in asked} == {urlsplit(demo.url).netloc}
    for one in ours:
        where = urlsplit(one.url)
        assert where.path.startswith((f"/tag/{key}.", f"/v1/config/{key}")), one.url
        assert (where.query, one.method, one.post_data) == ("", "GET", None)
        assert one.all_headers().get("cookie", OPENING) == OPENING
    assert sum("/tag/" in one.url for one in ours) >= len(half) * STEPS
    assert [one for one in asked if one.method != "GET"] == []


def test_the_detector_finds_what_is_sent_after_consent(
    coming: Callable[..., Page], demo: Demo
) -> None:
    page = coming()
    asked: list[Request] = []
    page.on("request", lambda one: asked.append(one))  # noqa: PLW0108  it asks for a function
    page.goto(f"{demo.shop}/p/muts-boei")
    page.locator('.consent button[value="all"]').click()
    page.wait_for_timeout(1_500)

    assert "etalage_visitor" in page.evaluate("document.cookie")
    assert [one for one in asked if one.url.endswith("/v1/decide") and one.post_data]
