"""EASE^R and its fallback against their formulas, written out."""

from __future__ import annotations

import numpy as np
import pytest

from etalage.recommend import ease
from etalage.recommend.ease import Had, learn_cosine, learn_ease, scores_for, worth_learning
from etalage.recommend.session_index import Floats


def had(people: list[list[int]]) -> Had:
    lengths = [len(items) for items in people]
    return Had(np.repeat(np.arange(len(people)), lengths), np.array([i for p in people for i in p]))


def dense(learned: ease.ItemWeights) -> Floats:
    square = np.zeros((learned.items, learned.items))
    for item in range(learned.items):
        others, weights = learned.row(item)
        square[item, others] = weights
    return square


PEOPLE = [[0, 1], [0, 1, 2], [1, 2], [3], [0, 0, 3]]  # who had something twice had it once


def matrix() -> Floats:
    x = np.zeros((5, 4))
    for person, items in enumerate(PEOPLE):
        x[person, items] = 1
    return x


@pytest.mark.parametrize("single_above", [10_000, 0])
def test_ease_is_its_closed_form(monkeypatch: pytest.MonkeyPatch, single_above: int) -> None:
    monkeypatch.setattr(ease, "SINGLE_ABOVE", single_above)
    monkeypatch.setattr(ease, "ROWS_AT_ONCE", 3)
    x = matrix()
    inverse = np.linalg.inv(x.T @ x + 2.0 * np.eye(4))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0.0)

    learned = learn_ease(had(PEOPLE), 4, ridge=2.0)

    assert dense(learned) == pytest.approx(expected, abs=1e-6)
    assert scores_for(np.array([0, 0, 3]), learned) == pytest.approx(x[4] @ expected, abs=1e-6)


def test_cosine_shrinks_what_few_people_say() -> None:
    learned = learn_cosine(had(PEOPLE), 4, shrink=20.0)

    assert dense(learned)[0, 1] == pytest.approx(2 / (3 + 20))
    assert dense(learned)[2, 3] == 0


def test_only_the_largest_weights_of_a_row_are_kept() -> None:
    rng = np.random.default_rng(1)
    many = Had(rng.integers(0, 50, 600), rng.integers(0, 12, 600))

    whole, few = (
        dense(learn_ease(many, 12, ridge=1.0)),
        dense(learn_ease(many, 12, ridge=1.0, kept=3)),
    )

    assert (np.count_nonzero(few, axis=1) == 3).all()
    assert np.abs(few).sum(axis=1) == pytest.approx(np.sort(np.abs(whole))[:, -3:].sum(axis=1))


def test_what_few_people_had_is_not_learned_and_the_list_is_bounded() -> None:
    people = [[0, 1], [0, 1], [0, 1], [0], [0], [1], [1], [2], [2, 2, 2, 2, 2]]

    assert worth_learning(had(people)).tolist() == [0, 1]
    assert worth_learning(had(people), most=1).tolist() == [0]


def test_one_person_with_one_item_is_no_reason_to_fail() -> None:
    learned = learn_ease(had([[0]]), 1)

    assert scores_for(np.array([0]), learned).tolist() == [0]
