"""From what visitors look at to a model, and from the model to the shelf of an open shop."""

from __future__ import annotations

import pytest
from shop import NO, Shop, view

from etalage.domain.time import HOUR, MINUTE
from etalage.errors import Damaged, Unknown
from etalage.flow import privacy
from etalage.flow.ask import recommended_after
from etalage.flow.learn import KINDS, cards, learn_models
from etalage.flow.nightly import learn
from etalage.recommend.model_file import Unusable
from etalage.recommend.session_model import KIND, Card, SessionModel, read
from etalage.recommend.session_shelf import SessionShelf

PAIRS = 30


def look_around(shop: Shop, visitor: str, *products: str, ago: int = HOUR) -> None:
    shop.batch(
        *(
            view(product, visitor, at=shop.now - ago + place * MINUTE)
            for place, product in enumerate(products)
        )
    )


def fill(shop: Shop) -> None:
    """Two visitors look at each of thirty pairs: too many products to guess from what is popular."""
    for number in range(2 * PAIRS):
        pair = number % PAIRS
        look_around(shop, f"v{number}", f"P-{pair}", f"Q-{pair}", ago=HOUR * 3 - number * MINUTE)


def test_an_open_shop_takes_up_what_was_learned_and_recommends_from_it(shop: Shop) -> None:
    fill(shop)

    assert learn(shop.night()) == len(KINDS)
    assert learn(shop.night()) == 0  # nothing is due
    shop.opened.refresh(shop.now)

    found = shop.opened.shelf.learned(SessionShelf)
    assert found is not None
    assert {near.product for near in found.near(["P-7"], now=shop.now)} == {"P-7", "Q-7"}
    assert shop.opened.shelf.versions["sessions"] == found.version


def test_who_is_erased_or_did_not_allow_it_is_not_in_what_is_learned(shop: Shop) -> None:
    fill(shop)
    look_around(shop, "karel", "only-karel", "P-1")
    shop.batch(*(view(product, "jip", consent=NO) for product in ("only-jip", "P-1")))
    learn(shop.night())
    before = read(shop.ports.models.get(KIND))

    how = shop.opened.configuration.how
    privacy.erase(shop.ports, "karel", how, actor="ann", now=shop.now)
    learn(shop.night())

    after = read(shop.ports.models.get(KIND))
    assert isinstance(before, SessionModel)
    assert isinstance(after, SessionModel)
    assert "only-karel" in before.products
    assert "only-karel" not in after.products
    assert "only-jip" not in before.products


def test_who_is_frozen_teaches_nothing_until_she_is_let_go(shop: Shop) -> None:
    fill(shop)
    look_around(shop, "karel", "only-karel", "P-1")
    how = shop.opened.configuration.how

    def products() -> tuple[str, ...]:
        model = read(shop.ports.models.get(KIND))
        assert isinstance(model, SessionModel)
        return model.products

    privacy.restrict(shop.ports, "karel", how, on=True, actor="ann", now=shop.now)
    learn_models(shop.ports, now=shop.now, visitors_needed=1)
    assert "only-karel" not in products()

    shop.now += MINUTE
    privacy.restrict(shop.ports, "karel", how, on=False, actor="ann", now=shop.now)
    learn_models(shop.ports, now=shop.now, visitors_needed=1)
    assert "only-karel" in products()


def test_a_damaged_model_is_not_used_and_the_shop_says_so(shop: Shop) -> None:
    fill(shop)
    learn(shop.night())
    path = next(shop.directory.rglob(f"{KIND}.model"))
    path.write_bytes(path.read_bytes()[:-50])

    shop.opened.refresh(shop.now)

    assert shop.opened.shelf.models[KIND] == Unusable("damaged")
    assert cards(shop.ports.models)[KIND] == Unusable("damaged")
    with pytest.raises(Damaged, match="model sessions is damaged"):
        shop.opened.prove_models()
    learn(shop.night())
    shop.opened.refresh(shop.now)
    shop.opened.prove_models()


def test_a_list_can_be_asked_for_a_session_that_nobody_had(shop: Shop) -> None:
    fill(shop)
    learn(shop.night())

    found = recommended_after(shop.ports, "for_you", ["P-3"], most=5, now=shop.now)

    # without a catalogue nothing may be shown, and the list says what it fell back to
    assert (found.asked, found.used, found.candidates) == ("for_you", "popular_now", ())
    with pytest.raises(Unknown):
        recommended_after(shop.ports, "for_yuo", ["P-3"], most=5, now=shop.now)


def test_a_young_shop_has_a_card_that_says_its_model_is_not_used(shop: Shop) -> None:
    look_around(shop, "karel", "P-1", "Q-1")

    card = learn_models(shop.ports, now=shop.now, visitors_needed=1)[KIND]
    shop.opened.refresh(shop.now)

    assert isinstance(card, Card)
    assert (card.sessions, card.predictions, card.is_worth_it) == (1, 0, False)
    assert shop.opened.shelf.models[KIND] == Unusable("below_popular")
    shop.opened.prove_models()
