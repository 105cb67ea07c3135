"""A segment that goes live counts the past and the present exactly, also while events stream in."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest
from shop import YES, Said, Shop, experience, order, segment, skipped, track, view

from etalage.decide.token import issue_visitor_token
from etalage.domain.context import Context
from etalage.domain.time import DAY, HOUR, MINUTE
from etalage.flow import nightly, publish, remember
from etalage.flow.ask import size
from etalage.flow.look_back import rebuild

VIEWED_TWICE = {"did": "view_item", "times": {"at_least": 2}, "within": "30d"}
BOUGHT = {"did": "purchase", "within": "30d"}
SPENT = {"did": "purchase", "sum": {"at_least": 60}, "within": "30d"}
CARTED = {
    "did": "add_to_cart",
    "times": {"is": 2},
    "where": {"product": {"is": "S-1"}},
    "within": "60d",
}


@contextmanager
def killed_before_the_past_is_counted() -> Iterator[None]:
    """End the process that approves just after a condition came into force."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(publish, "back_fill", lambda *_: ())
        yield


def matched_live(shop: Shop, name: str) -> list[str]:
    """Ask the live segment of everybody there is."""
    held = shop.opened.configuration.segments[name]
    people = {shop.person_of(key).oldest for key, _ in shop.ports.profiles.visitors()}
    persons = {one: shop.person_of(one) for one in people}
    return sorted(one for one, person in persons.items() if held.holds(person, Context(), shop.now))


def assert_exact(shop: Shop, name: str) -> int:
    """Compare what decisions see with what the warehouse counts; give how many people that are."""
    shop.opened.refresh(shop.now)
    live = shop.opened.configuration
    assert live.segments[name].is_warm
    node = live.segments[name].node
    counted = size(shop.ports, node, live.shop, now=shop.now)
    assert len(matched_live(shop, name)) == counted.people
    return counted.people


def test_a_segment_is_warming_until_its_past_is_counted(shop: Shop) -> None:
    shop.batch(view("S-1"))
    hoi = experience("hoi", segment="lookers")
    with killed_before_the_past_is_counted():
        shop.go_live(segment("lookers", VIEWED_TWICE), hoi)

    shop.batch(view("S-2"), view("S-3"))  # enough, but who knows of the past?
    assert skipped(shop.ask("karel", explain=True)) == {"hoi": "warming"}

    assert nightly.warm(shop.night()) == 1
    shop.opened.refresh(shop.now)
    assert [one["show"] for one in shop.ask("karel")["decisions"]] == [True]


def test_a_live_segment_counts_the_past_and_the_present(shop: Shop) -> None:
    shop.batch(view("S-1", "karel"), view("S-1", "fatima"), view("S-1", "fatima"))
    shop.now += DAY

    shop.go_live(segment("lookers", VIEWED_TWICE))
    assert assert_exact(shop, "lookers") == 1

    shop.batch(view("S-2", "karel"))
    assert assert_exact(shop, "lookers") == 2
    shop.now += 28 * DAY
    assert assert_exact(shop, "lookers") == 2
    shop.now += DAY  # the first views are 30 days old: no longer "today and the 29 days before"
    assert assert_exact(shop, "lookers") == 0


def test_an_edited_segment_serves_as_it_was_until_the_new_version_is_warm(shop: Shop) -> None:
    shop.go_live(segment("people", VIEWED_TWICE), experience("hoi", segment="people"))
    shop.batch(view("S-1"), view("S-2"), order("A-1", "fatima"))

    with killed_before_the_past_is_counted():
        shop.go_live(segment("people", BOUGHT))
        publish.approve(shop.ports, "experience:hoi", actor="bob", now=shop.now)
    shop.opened.refresh(shop.now)
    assert [one["show"] for one in shop.ask("karel")["decisions"]] == [True]
    assert shop.ask("fatima")["decisions"] == []

    nightly.warm(shop.night())
    shop.opened.refresh(shop.now)
    assert shop.ask("karel")["decisions"] == []
    assert [one["show"] for one in shop.ask("fatima")["decisions"]] == [True]


def test_a_past_that_is_counted_a_few_events_at_a_time_is_the_same(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = Random(7)
    for _ in range(4):
        shop.batch(*(_anything(rng, shop) for _ in range(30)))
    with killed_before_the_past_is_counted():
        shop.go_live(segment("lookers", VIEWED_TWICE), segment("spent", SPENT))
    monkeypatch.setattr(remember, "AT_ONCE", 7)

    assert nightly.warm(shop.night()) == 2

    assert assert_exact(shop, "lookers") > 0
    assert assert_exact(shop, "spent") > 0


def test_two_segments_that_ask_the_same_count_once(shop: Shop) -> None:
    shop.go_live(segment("lookers", VIEWED_TWICE))
    shop.batch(view("S-1"))

    shop.go_live(segment("starers", VIEWED_TWICE | {"times": {"at_least": 1}}))

    assert len(shop.ports.profiles.features()) == 1
    assert (assert_exact(shop, "lookers"), assert_exact(shop, "starers")) == (0, 1)


def test_a_visitor_repaired_while_a_condition_warms_is_not_counted_twice(shop: Shop) -> None:
    shop.batch(view("S-1", None, user="C-7"), order("A-1", None, user="C-7", consent=YES))
    with killed_before_the_past_is_counted():
        shop.go_live(segment("lookers", VIEWED_TWICE), segment("buyers", BOUGHT))
    claim_by_browser(shop, "karel", "A-1")

    assert nightly.repair(shop.night()) == 0  # it waits until the past is counted
    assert nightly.warm(shop.night()) == 2
    assert nightly.repair(shop.night()) == 1

    assert assert_exact(shop, "lookers") == 0
    assert assert_exact(shop, "buyers") == 1


def test_a_rebuild_while_a_condition_warms_counts_everything_once(shop: Shop) -> None:
    shop.batch(view("S-1"))
    with killed_before_the_past_is_counted():
        shop.go_live(segment("lookers", VIEWED_TWICE))
    shop.batch(view("S-1", "fatima"), view("S-2", "fatima"))

    rebuild(shop.ports.log, shop.ports.profiles, shop.opened.configuration.how)
    nightly.warm(shop.night())

    assert assert_exact(shop, "lookers") == 1


def claim_by_browser(shop: Shop, browser: str, number: str) -> None:
    token = issue_visitor_token(browser, shop.now, shop.ports.keys.secret("visitor"))
    shop.batch(order(number, browser), key=shop.write_key, token=token)


@pytest.mark.slow
def test_activation_is_exact_while_events_stream_in(shop: Shop) -> None:
    rng = Random(5)
    for _ in range(6):
        shop.batch(*(_anything(rng, shop) for _ in range(30)))
    stream = [[_anything(rng, shop) for _ in range(15)] for _ in range(30)]

    with streaming(shop, stream) as sent:
        sent.wait(8)
        shop.go_live(segment("spent", SPENT))
        with killed_before_the_past_is_counted():
            shop.go_live(segment("lookers", exactly(5)), segment("carted", CARTED))
        sent.wait(22)
        assert nightly.warm(shop.night()) == 2
        nightly.seal(shop.night())

    found = {name: assert_exact(shop, name) for name in ("lookers", "carted", "spent")}
    assert all(0 < people < 60 for people in found.values()), found


def exactly(views: int) -> Said:
    """Ask for so many looks, and none more: whoever is counted twice drops out."""
    return {"did": "view_item", "times": {"is": views}, "within": "60d"}


class Progress:
    """How many calls of a stream were answered."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.answered = 0
        self.failure: BaseException | None = None

    def wait(self, calls: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.answered >= calls or self.failure, timeout=60)


@contextmanager
def streaming(shop: Shop, calls: list[list[Said]]) -> Iterator[Progress]:
    """Send calls one after another from another thread, over another event loop."""
    progress = Progress()

    def send() -> None:
        try:
            with asyncio.Runner() as runner:
                other = dataclasses.replace(shop, runner=runner)
                for call in calls:
                    other.batch(*call)
                    with progress.changed:
                        progress.answered += 1
                        progress.changed.notify_all()
        except BaseException as failure:  # noqa: BLE001  told to the test
            with progress.changed:
                progress.failure = failure
                progress.changed.notify_all()

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield progress
    finally:
        thread.join()
    assert progress.failure is None


def _anything(rng: Random, shop: Shop) -> Said:
    visitor, at = f"v{rng.randrange(60)}", shop.now - rng.randrange(40 * DAY)
    kind = rng.choice(["view", "view", "cart", "order", "withdraw"])
    if kind == "order":
        number = f"A-{rng.random()}"
        return order(number, visitor, at=at, total=rng.choice(["20,00", "45,00", "70,00"]))
    if kind == "cart":
        return track("add_to_cart", visitor, product_id=rng.choice(["S-1", "S-2"]), at=at)
    if kind == "withdraw" and rng.random() < 0.1:
        return track("consent", visitor, at=shop.now - rng.randrange(HOUR), consent=None, personalise=False)  # fmt: skip
    return view("S-1", visitor, at=at + MINUTE)
