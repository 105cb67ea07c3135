"""From what people had to a profile model, and from it to what an open shop recommends."""

from __future__ import annotations

from shop import NO, Shop, view

from etalage.domain.time import HOUR, MINUTE
from etalage.flow import privacy
from etalage.flow.learn import cards, learn_models
from etalage.flow.nightly import learn
from etalage.recommend.model_file import Unusable
from etalage.recommend.profile_model import A_PROGRAM, KIND, Card, ProfileModel, read
from etalage.recommend.profile_shelf import ProfileShelf

GROUPS = 12
PEOPLE = 120


def fill(shop: Shop) -> None:
    """Each person looks at three products of a group of four, on three days apart in their sessions."""
    for person in range(PEOPLE):
        group, turn = person % GROUPS, person // GROUPS
        for place in range(3):
            at = shop.now - 72 * HOUR + place * 24 * HOUR + person * MINUTE
            product = f"g{group}-{(turn + place) % 4} ☕"
            shop.batch(view(product, f"v{person}", at=at))


def test_an_open_shop_takes_up_what_people_had_and_says_with_what_it_answers(shop: Shop) -> None:
    fill(shop)

    learn(shop.night())
    shop.opened.refresh(shop.now)

    found = shop.opened.shelf.learned(ProfileShelf)
    assert found is not None
    assert {near.product for near in found.near(["g3-0 ☕"])} == {f"g3-{i} ☕" for i in (1, 2, 3)}
    card = cards(shop.ports.models)[KIND]
    assert isinstance(card, Card)
    assert (card.people, card.products) == (PEOPLE, GROUPS * 4)
    assert card.recall > card.popular_recall
    assert shop.opened.shelf.versions[KIND] == card.version


def test_who_is_erased_did_not_allow_it_or_is_a_program_teaches_nothing(shop: Shop) -> None:
    fill(shop)
    learn_models(shop.ports, now=shop.now, visitors_needed=1)
    before = read(shop.ports.models.get(KIND))
    for product in ("g1-0 ☕", "g2-0 ☕", "g3-0 ☕"):
        shop.batch(view(product, "karel"), view(product, "jip", consent=NO))
    for start in range(0, A_PROGRAM + 100, 100):
        shop.batch(*(view(f"p{n}", "program") for n in range(start, start + 100)))
    shop.batch(*(view(f"g{n}-0 ☕", "program") for n in range(GROUPS)))
    learn_models(shop.ports, now=shop.now, visitors_needed=1)
    with_karel = read(shop.ports.models.get(KIND))

    how = shop.opened.configuration.how
    privacy.erase(shop.ports, "karel", how, actor="ann", now=shop.now)
    learn(shop.night())  # at once, though it was learned today

    after = read(shop.ports.models.get(KIND))
    assert isinstance(before, ProfileModel)
    assert isinstance(with_karel, ProfileModel)
    assert isinstance(after, ProfileModel)
    assert with_karel.card.people == PEOPLE + 1
    assert after.card.version == before.card.version != with_karel.card.version


def test_a_damaged_profile_leaves_the_other_models_in_use(shop: Shop) -> None:
    fill(shop)
    learn(shop.night())
    path = next(shop.directory.rglob(f"{KIND}.model"))
    path.write_bytes(path.read_bytes()[:-9])

    shop.opened.refresh(shop.now)

    assert shop.opened.shelf.models[KIND] == Unusable("damaged")
    assert learn(shop.night()) >= 1  # what is damaged is due
    shop.opened.refresh(shop.now)
    assert shop.opened.shelf.learned(ProfileShelf) is not None
