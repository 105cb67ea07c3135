"""What a page tells of a product in schema.org's words: taken in as nothing that she did, and nobody's price."""

from __future__ import annotations

from collect_examples import AT_BROWSER, JACKET, NOBODY, SHOP, YES

from etalage.collect.admit import admit, read
from etalage.collect.call import item_of
from etalage.collect.translate import Draft
from etalage.domain.event import NOT_ACTIVITY

SEEN = {
    "type": "track",
    "event": "product_seen",
    "messageId": "t-1",
    "properties": {"product_id": "NEW-1", "brand": "Noord", "in_stock": True, "price": 0.01},
    "context": {"consent": YES},
}


def test_it_is_accepted_as_a_claim_and_is_no_activity() -> None:
    draft = read(item_of(SEEN), AT_BROWSER)
    assert isinstance(draft, Draft)

    admitted = admit(draft, AT_BROWSER, NOBODY, lambda _token, _visitor: None)

    assert admitted.arrival is not None
    event = admitted.arrival.event
    assert (event.name, event.trust, event.lines[0].product) == ("product_seen", "claimed", "NEW-1")
    assert event.name in NOT_ACTIVITY


def test_the_catalogue_keeps_its_own_price() -> None:
    draft = read(
        item_of(SEEN | {"properties": {"product_id": JACKET.id, "price": 0.01}}), AT_BROWSER
    )
    assert isinstance(draft, Draft)
    admit(draft, AT_BROWSER, NOBODY, lambda _token, _visitor: None)

    assert SHOP.catalogue.products[JACKET.id] == JACKET
    assert JACKET.price_at(AT_BROWSER.received.now) == 7995
