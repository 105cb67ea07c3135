"""Sessions that end after the night are in what is served, as if it had been learned again."""

from __future__ import annotations

import pytest
from shop import Shop, view

from etalage.domain.time import DAY, HOUR, MINUTE
from etalage.flow import privacy
from etalage.flow.learn import learn_models
from etalage.flow.nightly import add_ended, learn
from etalage.recommend.session_live import KIND as LIVE
from etalage.recommend.session_shelf import SessionShelf

PAIRS = 30
LATER = 2 * HOUR


def look_around(shop: Shop, visitor: str, *products: str, at: int) -> None:
    shop.batch(*(view(p, visitor, at=at + n * MINUTE) for n, p in enumerate(products)))


def fill(shop: Shop, who: str, *, since: int) -> None:
    """Two visitors look at each of thirty pairs, one after the other."""
    for number in range(2 * PAIRS):
        pair = f"{number % PAIRS}"
        look_around(shop, f"{who}{number}", f"P-{pair}", f"Q-{pair}", at=since + number * MINUTE)


def served(shop: Shop, *seen: str) -> dict[str, float]:
    shop.opened.refresh(shop.now)
    shelf = shop.opened.shelf.learned(SessionShelf)
    assert shelf is not None
    return {near.product: near.score for near in shelf.near(seen, now=shop.now)}


@pytest.fixture
def learned(shop: Shop) -> Shop:
    """A shop after its night, and two hours later, with sessions that ended since."""
    fill(shop, "early", since=shop.now - 3 * HOUR)
    look_around(shop, "anna", "P-1", "Q-2", at=shop.now - 10 * MINUTE)  # she is still looking
    learn(shop.night())
    shop.now += LATER
    look_around(shop, "anna", "P-9", at=shop.now - LATER + MINUTE)
    look_around(shop, "bram", "P-1", "P-5", "new-1", at=shop.now - 110 * MINUTE)
    look_around(shop, "cato", "P-1", "new-1", at=shop.now - 110 * MINUTE)
    fill(shop, "late", since=shop.now - 100 * MINUTE)
    look_around(shop, "dirk", "P-1", "Q-9", at=shop.now - MINUTE)  # still looking
    return shop


def test_what_is_added_is_served_as_if_it_had_been_learned_again(learned: Shop) -> None:
    before = served(learned, "P-1")

    assert add_ended(learned.night()) == 1
    added = served(learned, "P-1"), served(learned, "Q-2", "P-5")
    learn_models(learned.ports, now=learned.now, visitors_needed=1)
    add_ended(learned.night())
    rebuilt = served(learned, "P-1"), served(learned, "Q-2", "P-5")

    assert added == rebuilt
    assert "Q-2" not in before
    assert {"Q-2", "P-9", "P-5", "new-1"} <= added[0].keys()  # anna's session, whole, and once
    assert "Q-9" not in added[0]  # of a session that goes on


def test_nothing_is_added_twice_and_nothing_where_nothing_ended(learned: Shop) -> None:
    add_ended(learned.night())
    once = served(learned, "P-1")

    assert add_ended(learned.night()) == 0
    assert served(learned, "P-1") == once


def test_what_was_added_is_named_in_the_version_and_gone_after_an_erasure(learned: Shop) -> None:
    add_ended(learned.night())
    served(learned, "P-1")
    before = learned.opened.shelf.versions["sessions"]

    how = learned.opened.configuration.how
    privacy.erase(learned.ports, "bram", how, actor="ann", now=learned.now)
    add_ended(learned.night())

    assert "P-5" not in served(learned, "P-1")
    assert "+" in before
    assert learned.opened.shelf.versions["sessions"] != before


def test_a_damaged_addition_leaves_what_the_night_learned(learned: Shop) -> None:
    before = served(learned, "P-1")
    add_ended(learned.night())
    path = next(learned.directory.rglob(f"{LIVE}.model"))
    path.write_bytes(path.read_bytes()[:-50])

    assert served(learned, "P-1") == before
    learned.opened.prove_models()
    assert add_ended(learned.night()) == 1


def test_an_addition_to_another_model_is_not_used(learned: Shop) -> None:
    add_ended(learned.night())
    learned.now += DAY
    learn(learned.night())  # all of it, and anna, bram and cato too

    assert served(learned, "P-1")["new-1"] > 0
    assert "+" not in learned.opened.shelf.versions["sessions"]
