"""The next basket: the vector of methods 1.5, and people alike written out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from etalage.recommend.baskets import (
    Lines,
    Matrix,
    blended,
    decayed_frequency,
    frequencies,
    recent_shares,
    those_alike,
)

A, B, C, D = range(4)


def lines(people: list[list[list[int]]]) -> Lines:
    rows = [
        (user, number, item)
        for user, baskets in enumerate(people)
        for number, basket in enumerate(baskets)
        for item in basket
    ]
    return Lines(*np.array(rows).T)


def row(matrix: Matrix, user: int) -> dict[int, float]:
    items, values = matrix.row(user)
    return dict(zip(items.tolist(), values.tolist(), strict=True))


def test_the_toy_vector_of_the_decayed_frequency_comes_out() -> None:
    scores = decayed_frequency([{"A", "B"}, {"A"}, {"B", "C"}, {"A"}])

    assert scores == pytest.approx({"A": 2.759875, "B": 1.807375, "C": 0.95})


def test_the_frequencies_of_everybody_equal_those_of_one() -> None:
    people = [[[A, B], [A], [B, C], [A, A]], [[D]]]

    found = frequencies(lines(people), 2, 4)

    assert row(found, 0) == pytest.approx({A: 2.759875, B: 1.807375, C: 0.95})
    assert row(found, 1) == {D: 1.0}


def test_only_the_last_baskets_count_for_the_share() -> None:
    people = [[[A], [B], [B, C]]]

    assert row(recent_shares(lines(people), 1, 4, recent=2), 0) == {B: 1.0, C: 0.5}
    assert row(recent_shares(lines(people), 1, 4), 0) == pytest.approx(
        {A: 1 / 3, B: 2 / 3, C: 1 / 3}
    )


def test_people_alike_add_their_baskets_by_how_alike_they_are() -> None:
    people = [[[A, B]], [[A, B, C, D]], [[D]]]
    had = frequencies(lines(people), 3, 4, fades=1.0)
    similar = 2 / (2**0.75 * 4**0.25)

    found = row(those_alike(recent_shares(lines(people), 3, 4), had, locality=2.0), 0)

    assert found == pytest.approx(
        {A: 1 + similar**2, B: 1 + similar**2, C: similar**2, D: similar**2}
    )


def test_a_blend_puts_both_on_one_scale() -> None:
    own, others = (
        frequencies(lines([[[A], [A, B]]]), 1, 4, fades=1.0),
        frequencies(lines([[[C]]]), 1, 4),
    )

    assert row(blended(own, others, 0.3), 0) == pytest.approx({A: 1.0, B: 0.5, C: 0.3})
