"""Who holds only the public key moves no public list (safety 1, row 9): through intake, the log and the night.

Lists of what others viewed after a product are learned; tests/unit/test_recommend_poisoned.py has all that is learned.
"""

from __future__ import annotations

from shop import Shop, view

from etalage.decide.token import issue_visitor_token
from etalage.domain.time import DAY, HOUR, MINUTE
from etalage.flow.nightly import add_ended, count_popular, learn, popular_now
from etalage.recommend.session_shelf import SessionShelf

FORGED = 60  # made-up visitors; tests/unit/test_recommend_popular.py counts a thousand
PAIRS = 30  # of products that are looked at one after the other
LISTED = 12  # products that people the shop knows look at


def known_people(shop: Shop) -> None:
    """Let ever fewer people look at each product, as the shop's own server tells it."""
    shop.batch(
        *(
            view(f"p{n:02}", f"known-{n}-{who}", at=shop.now - who * MINUTE)
            for n in range(LISTED)
            for who in range(30 - n)
        )
    )


def forge(shop: Shop, visitor: str) -> int:
    """Let a made-up browser look at three products nobody wants, eight times each; give what was accepted."""
    token = issue_visitor_token(visitor, shop.now, shop.ports.keys.secret("visitor"))
    looks = [view(product, visitor) for product in ("p11", "new", "p10") for _ in range(8)]
    reply = shop.post(
        "/v1/batch",
        {"batch": looks, "visitorToken": token},
        key=shop.write_key,
        headers={"origin": "https://noord.example"},
    )
    assert reply.status == 200, reply.body
    return len(looks)


def popular(shop: Shop) -> dict[str, int]:
    count_popular(shop.night()._replace(popular_least_visitors=10))
    model = popular_now(shop.ports)
    assert model is not None
    return {str(line.product): line.standing for line in model.products}


def test_made_up_visitors_stand_behind_whoever_the_shop_knows_however_many_they_are(
    shop: Shop,
) -> None:
    known_people(shop)
    before = list(popular(shop))
    events = len(shop.events("view_item"))

    sent = sum(forge(shop, f"forged-{n}") for n in range(FORGED))
    after = popular(shop)

    assert len(shop.events("view_item")) == events + sent  # they were let in, and counted
    assert before == [f"p{n:02}" for n in range(LISTED)]
    assert list(after) == [*before, "new"]
    assert (after["p11"], after["new"]) == (2, 0)


def test_patience_over_two_days_buys_a_place_behind_them_and_no_more(shop: Shop) -> None:
    known_people(shop)
    for _ in range(2):
        for n in range(12):
            forge(shop, f"forged-{n}")
        shop.now += DAY

    after = popular(shop)

    assert list(after) == [*(f"p{n:02}" for n in range(LISTED)), "new"]
    assert after["new"] == 1


def pairs(shop: Shop, who: str, pair: int, first: str, then: str, *, ago: int, **sent: str) -> None:
    moments = ((first, shop.now - ago), (then, shop.now - ago + MINUTE))
    looks = [view(product, f"{who}-{pair}", at=at) for product, at in moments]
    if not sent:
        shop.batch(*looks)
        return
    token = issue_visitor_token(f"{who}-{pair}", shop.now, shop.ports.keys.secret("visitor"))
    origin = {"origin": "https://noord.example"}
    reply = shop.post(
        "/v1/batch", {"batch": looks, "visitorToken": token}, key=sent["key"], headers=origin
    )
    assert reply.status == 200, reply.body


def viewed_after(shop: Shop) -> dict[str, list[str]]:
    shop.opened.refresh(shop.now)
    shelf = shop.opened.shelf.learned(SessionShelf)
    assert shelf is not None
    products = [f"P-{n}" for n in range(PAIRS)]
    return {p: sorted(near.product for near in shelf.near([p], now=shop.now)) for p in products}


def test_made_up_sessions_are_in_no_list_of_what_others_viewed_by_night_nor_by_the_minute(
    shop: Shop,
) -> None:
    for n in range(4 * PAIRS):
        pairs(shop, f"known{n}", n, f"P-{n % PAIRS}", f"Q-{n % PAIRS}", ago=5 * HOUR - n * MINUTE)
    learn(shop.night())
    before = viewed_after(shop)

    shop.now += 3 * HOUR
    for n in range(2 * PAIRS):
        pairs(shop, "early", n, f"P-{n % PAIRS}", "new", ago=2 * HOUR, key=shop.write_key)
    shop.now += MINUTE
    add_ended(shop.night())
    by_the_minute = viewed_after(shop)
    shop.now += DAY
    learn(shop.night())

    assert before["P-7"] == ["P-7", "Q-7"]
    assert by_the_minute == before
    assert viewed_after(shop) == before
    made_up = [e for e in shop.events("view_item") if e.trust == "claimed"]
    assert len(made_up) == 4 * PAIRS  # they were let in
