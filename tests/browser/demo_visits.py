"""Let visitors into the demo: at a desk or with a phone, new or somebody whose arms are known."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from demo_shop import Demo
from playwright.sync_api import Browser, Page

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@contextmanager
def letting_in(browser: Browser, demo: Demo) -> Iterator[Callable[..., Page]]:
    """Give a way to let somebody in; an error that her page throws fails the test."""
    opened = []
    thrown: list[str] = []

    def come(
        token: str | None = None, *, phone: bool = False, away_days: int = 0, **more: Any
    ) -> Page:
        kept: dict[str, object] = {"token": token}
        if away_days:
            kept["seen"] = round((time.time() - away_days * 86_400) * 1_000)
        known = [{"name": "etalage", "value": json.dumps(kept)}] if token else []
        context = browser.new_context(
            viewport=PHONE if phone else DESKTOP,
            has_touch=phone,
            is_mobile=phone,
            locale="nl-NL",
            storage_state={
                "cookies": [],
                "origins": [{"origin": demo.url, "localStorage": known}],
            },
            **more,
        )
        context.set_default_timeout(8_000)
        context.add_cookies([{"name": "etalage_demo", "value": "1", "url": demo.url}])
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: thrown.append(str(error)))
        return page

    yield come
    for context in opened:
        context.close()
    if thrown:
        pytest.fail(f"the page threw: {thrown}")
