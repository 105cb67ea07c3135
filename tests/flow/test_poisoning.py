"""Who holds only the public key moves no public list (safety 1, row 9): through intake, the log and the night."""

from __future__ import annotations

from shop import Shop, view

from etalage.decide.token import issue_visitor_token
from etalage.domain.time import DAY, MINUTE
from etalage.flow.nightly import count_popular, popular_now

FORGED = 60  # made-up visitors; tests/unit/test_recommend_popular.py counts a thousand
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
