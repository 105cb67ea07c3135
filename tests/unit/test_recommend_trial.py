"""Which way of answering a shop's own sessions choose, and what the card says of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from etalage.domain.time import SECOND
from etalage.recommend.session_model import SessionModel, read, session_model, write
from etalage.recommend.session_shelf import SessionShelf
from etalage.recommend.session_trial import mixed, own_items

NOW = 1_800_000_000 * SECOND


def learned(sessions: Sequence[Sequence[str]]) -> SessionModel:
    rows = [(NOW / SECOND - len(sessions) + n, list(one)) for n, one in enumerate(sessions)]
    return session_model(rows, NOW)


def to_and_fro(rng: np.random.Generator) -> list[str]:
    """Somebody who goes back and forth between three products that nobody else looks at together."""
    a, b, c = (f"p{i}" for i in rng.choice(300, 3, replace=False))
    return [a, b, a, c, b, a, c]


def test_where_people_go_back_and_forth_their_own_products_are_mixed_in_and_the_card_says_so() -> (
    None
):
    rng = np.random.default_rng(1)
    model = learned([to_and_fro(rng) for _ in range(400)])

    card = model.card

    assert card.repeats > 0
    assert card.own_hit_rate > card.popular_hit_rate
    assert card.hit_rate >= card.knn_hit_rate
    listed = [near.product for near in SessionShelf(model).near(["p1", "p2", "p3"], now=NOW)]
    assert set(listed[:3]) == {"p1", "p2", "p3"}


def test_where_nobody_comes_back_nothing_of_a_session_is_mixed_in() -> None:
    rng = np.random.default_rng(1)
    ways = [[f"w{way}-{place}" for place in range(6)] for way in rng.integers(0, 60, 400)]

    assert learned(ways).card.repeats == 0


def test_rules_answer_where_they_predict_better_than_neighbours_do() -> None:
    # What follows says nothing but the product before it; sessions share all the others by chance.
    rng = np.random.default_rng(4)
    pairs = [[(f"p{i}", f"q{i}") for i in rng.integers(0, 100, 8)] for _ in range(600)]
    model = learned([[product for pair in one for product in pair] for one in pairs])

    found = [near.product for near in SessionShelf(model).near(["p9", "p7"], now=NOW)]

    assert model.card.method == "rules"
    assert model.card.hit_rate == model.card.rules_hit_rate > model.card.knn_hit_rate
    assert found[0] == "q7"


def test_the_rules_of_a_model_are_read_back_with_it() -> None:
    model = learned([["tent", "mat"], ["tent", "mat"], ["stove", "gas"]])

    found = read(write(model))

    assert isinstance(found, SessionModel)
    after = list(SessionShelf(found).after("tent"))
    assert [(near.product, near.of) for near in after] == [("mat", "tent")]
    assert list(SessionShelf(found).after("unknown")) == []


def test_a_session_of_one_product_has_nothing_of_its_own_to_mix_in() -> None:
    assert own_items([7]) == []
    assert mixed([(3, 1.0)], [7, 7], 1.0) == [(3, 1.0)]
    assert mixed([], [7, 8], 1.0) == []
    assert mixed([(3, 1.0), (7, 0.5)], [7, 8], 0.0) == [(3, 1.0), (7, 0.5)]
    assert mixed([(3, 1.0), (7, 0.5)], [7, 8], 1.0)[0] == (7, 1.5)
