"""The sample ratio is sound: in sessions over HTTP shaped as the tag sends them, and in Chromium with the tag itself."""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

from figures import tell, times
from playwright.sync_api import Response
from scipy.stats import binomtest
from tag_sessions import SOUND, ratio_of

BROWSER_TESTS = Path(__file__).parents[1] / "browser"
KNOWN = 0.95  # of sessions at least are in the experiment; the others met a server too busy
FULL_BAR = "chance of so uneven a split > 0.001; every arm at the browser is the arm in the log"


def test_the_arms_of_sessions_over_http_hold_as_many_as_agreed(tmp_path: Path) -> None:
    sessions = times(150, 20_000)

    ratio = ratio_of(tmp_path / "noord", sessions)

    tell("sample ratio over HTTP", FULL_BAR, sessions=ratio.persons, control=ratio.logged["control"], chance=round(ratio.chance, 4))  # fmt: skip
    assert ratio.answered == ratio.logged
    assert KNOWN * sessions <= ratio.logged.total() == ratio.persons <= sessions
    assert ratio.chance > SOUND


def _answers_the_moment(response: Response) -> bool:
    said = response.request.post_data or ""
    return "maathulp" in said and '"triggered"' in said


def test_the_arms_of_sessions_in_chromium_hold_as_many_as_agreed(tmp_path: Path) -> None:
    sys.path.append(str(BROWSER_TESTS))
    from chromium import chromium
    from demo_shop import demo_shop

    sessions = times(4, 200)
    with chromium() as browser, demo_shop(tmp_path) as demo:
        since = time.time_ns() // 1000
        for _ in range(sessions):
            context = browser.new_context()
            context.add_cookies([{"name": "etalage_demo", "value": "1", "url": demo.url}])
            page = context.new_page()
            page.goto(f"{demo.shop}/p/regenjas-texel")
            with page.expect_response(_answers_the_moment):
                page.locator('.consent button[value="all"]').click()
            context.close()
        told = [e for e in demo.events("triggered") if e.source == "browser" and e.received > since]
    arms = Counter(str(e.shown.arm) for e in told if e.shown and e.shown.experience == "maathulp")
    chance = float(binomtest(arms["control"], arms.total(), 0.5).pvalue)
    tell("sample ratio in Chromium", FULL_BAR, sessions=arms.total(), control=arms["control"], chance=round(chance, 4))  # fmt: skip
    assert arms.total() >= KNOWN * sessions
    assert chance > SOUND
