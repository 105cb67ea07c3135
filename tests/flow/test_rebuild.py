"""Profiles are made of the log and nothing else: forgotten and made again, they are the same to the last byte."""

from __future__ import annotations

from random import Random

import msgspec
import pytest
from shop import NO, YES, Said, Shop, identify, order, segment, track, view

from etalage.decide.token import issue_visitor_token
from etalage.domain.canonical import canonical_json
from etalage.domain.ids import VisitorKey
from etalage.domain.profile import OrderClaim
from etalage.domain.time import DAY, HOUR, MINUTE
from etalage.flow import nightly
from etalage.flow.look_back import rebuild, refold

LOOKERS = {"did": "view_item", "times": {"at_least": 2}, "within": "30d"}
BUYERS = {"did": "purchase", "sum": {"at_least": 60}, "within": "30d"}

PEOPLE = [f"v{number}" for number in range(25)]


def remembered(shop: Shop) -> dict[VisitorKey, bytes]:
    """Write each fold in the one way in which equal ones have equal bytes."""
    folds = shop.ports.profiles.visitors()
    return {who: canonical_json(msgspec.to_builtins(fold, str_keys=True)) for who, fold in folds}


def claims(shop: Shop) -> dict[str, OrderClaim]:
    numbers = {e.transaction for e in shop.events("purchase", "purchase_claim")}
    return {number: shop.ports.profiles.order(number) for number in numbers if number}


def again(shop: Shop) -> None:
    rebuild(shop.ports.log, shop.ports.profiles, shop.opened.configuration.how)


@pytest.mark.parametrize("seed", [1, 2])
def test_profiles_made_again_from_the_log_are_the_same(shop: Shop, seed: int) -> None:
    rng = Random(seed)
    live_a_little(shop, rng, calls=12)
    shop.go_live(segment("lookers", LOOKERS))
    live_a_little(shop, rng, calls=6)
    assert nightly.seal(shop.night()) > 0
    live_a_little(shop, rng, calls=6)
    shop.go_live(segment("buyers", BUYERS))
    live_a_little(shop, rng, calls=6)
    repaired = nightly.repair(shop.night())
    before, orders, position = remembered(shop), claims(shop), shop.ports.profiles.position()
    features = shop.ports.profiles.features()

    again(shop)

    assert repaired > 0
    assert len(before) > len(PEOPLE)
    assert remembered(shop) == before
    assert claims(shop) == orders
    assert shop.ports.profiles.position() == position == shop.ports.log.head()
    assert [one.id for one in shop.ports.profiles.features()] == [one.id for one in features]
    assert all(one.warm for one in shop.ports.profiles.features())

    live_a_little(shop, rng, calls=4)
    nightly.repair(shop.night())
    before = remembered(shop)
    again(shop)
    assert remembered(shop) == before


def test_whoever_is_folded_again_alone_is_the_same(shop: Shop) -> None:
    rng = Random(3)
    live_a_little(shop, rng, calls=8)
    shop.go_live(segment("lookers", LOOKERS))
    live_a_little(shop, rng, calls=8)
    nightly.repair(shop.night())
    before = remembered(shop)

    refold(shop.ports.log, shop.ports.profiles, shop.opened.configuration.how, frozenset(before))

    assert remembered(shop) == before


def test_a_log_without_anything_gives_no_profiles(shop: Shop) -> None:
    again(shop)

    assert remembered(shop) == {}


def live_a_little(shop: Shop, rng: Random, *, calls: int) -> None:
    """Send calls with duplicates and late events, from the server and from browsers."""
    sent: list[Said] = []
    for _ in range(calls):
        shop.now += rng.randrange(1, 20) * HOUR
        lot = [_anything(rng, shop) for _ in range(12)]
        lot += rng.sample(sent, k=min(len(sent), 3))
        rng.shuffle(lot)
        shop.batch(*lot)
        sent += lot
        browser = rng.choice(PEOPLE)
        number = f"A-{rng.randrange(40)}"
        token = issue_visitor_token(browser, shop.now, shop.ports.keys.secret("visitor"))
        shop.batch(order(number, browser), key=shop.write_key, token=token)


def _anything(rng: Random, shop: Shop) -> Said:
    visitor, customer = rng.choice(PEOPLE), f"C-{rng.randrange(8)}0"
    at = shop.now - rng.choice([0, MINUTE, HOUR, 3 * DAY, 40 * DAY]) - rng.randrange(MINUTE)
    number, total = f"A-{rng.randrange(40)}", rng.randrange(10, 90)
    drawn: list[Said] = [
        view(f"S-{rng.randrange(5)}", visitor, at=at),
        view(f"S-{rng.randrange(5)}", visitor, at=at),
        track("add_to_cart", visitor, at=at, product_id="S-1", price=5, quantity=2),
        order(number, visitor, at=at, total=total),
        order(number, None, at=at, user=customer, consent=YES, total=total),
        identify(visitor, customer, at=at, country=rng.choice(["NL", "BE"])),
        track("unlink", visitor, at=at),
        track("consent", visitor, at=at, consent=None, **rng.choice([YES, NO])),
        track("preference", visitor, at=at, colour=rng.choice(["red", "blue"])),
    ]
    return rng.choice(drawn)
