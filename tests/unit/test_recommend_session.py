"""Session kNN: the vector of methods 1.2, the compiled path against the plain one, and the live part."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.recommend import list_compiled
from etalage.recommend.session_index import LONGEST, Clicks, index_sessions, with_ended
from etalage.recommend.session_recipe import Recipe, vmis, vsknn, vstan
from etalage.recommend.session_rules import learn_rules, popularity_order
from etalage.recommend.session_scorer import DIGITS, Scored, SessionScorer, best_of

A, B, C, D, E = range(5)
ITEMS = 8
PAST = st.lists(
    st.lists(st.integers(0, ITEMS - 1), min_size=1, max_size=6), min_size=1, max_size=25
)
RECIPES = (
    vstan(),
    vstan(sample=5, neighbours=3, recency=40.0),
    vmis(),
    vsknn(sample=4, neighbours=2),
)


def clicks(sessions: list[list[int]], first: int = 0) -> Clicks:
    lengths = [len(session) for session in sessions]
    return Clicks(
        np.repeat(np.arange(first, first + len(sessions)), lengths),
        np.array([item for session in sessions for item in session], np.int32),
        np.repeat(np.arange(first, first + len(sessions)) * 10.0, lengths),
    )


def scored(scorer: SessionScorer, session: list[int], now: float = 1e3) -> dict[int, float]:
    found = scorer.scored(session, now=now)
    return {
        i: s for i, s in zip(found.items.tolist(), found.scores.tolist(), strict=True) if s > 1e-200
    }


@pytest.mark.parametrize("compiled", [False, True])
def test_the_toy_vector_of_vmis_comes_out(compiled: bool) -> None:
    index = index_sessions(clicks([[A, B, C], [B, C, D, E]]), 5)

    found = scored(SessionScorer(index, vmis(), compiled=compiled), [B])

    assert {i: found[i] for i in (A, C, D, E)} == pytest.approx(
        {C: 2.254973, A: 1.751319, D: 1.751319, E: 1.751319}, abs=1e-6
    )


@settings(max_examples=60, deadline=None)
@given(PAST, st.lists(st.integers(0, ITEMS - 1), max_size=12), st.sampled_from(RECIPES))
def test_compiled_and_plain_give_the_same_scores(
    past: list[list[int]], session: list[int], recipe: Recipe
) -> None:
    index = index_sessions(clicks(past), ITEMS)
    compiled, plain = SessionScorer(index, recipe), SessionScorer(index, recipe, compiled=False)

    assert compiled.is_compiled
    assert scored(compiled, session) == scored(plain, session)
    assert scored(compiled, session) == scored(plain, session)  # nothing stays behind


@settings(max_examples=40, deadline=None)
@given(PAST, PAST, st.lists(st.integers(0, ITEMS - 1), min_size=1, max_size=5), st.booleans())
def test_sessions_that_ended_today_count_like_those_of_the_night(
    night: list[list[int]], today: list[list[int]], session: list[int], compiled: bool
) -> None:
    at_once = index_sessions(clicks(night + today), ITEMS)
    later = with_ended(index_sessions(clicks(night), ITEMS), clicks(today, len(night)), ITEMS)
    recipe = vstan(sample=6, neighbours=4)

    found = scored(SessionScorer(later, recipe, compiled=compiled), session)

    assert found == scored(SessionScorer(at_once, recipe, compiled=compiled), session)


def test_the_live_part_keeps_the_newest_sessions_and_no_more() -> None:
    index = index_sessions(clicks([[A, B]]), 5)

    for first in range(1, 50):
        index = with_ended(index, clicks([[A, C], [A, D]], 2 * first), 5, room=7)

    assert index.live.sessions == 7
    assert index.sessions == 8
    assert index.live.ends.tolist() == [10.0 * ended for ended in range(93, 100)]


def test_a_product_nobody_had_clicked_before_is_found_after_one_session() -> None:
    index = with_ended(index_sessions(clicks([[A, B]]), 2), clicks([[B, C]], 1), 3)

    assert C in scored(SessionScorer(index, vstan()), [B])


def test_a_session_of_ten_thousand_clicks_is_bounded() -> None:
    index = index_sessions(clicks([[A, B] * 5_000 + [C], [A, C]]), 3)
    scorer = SessionScorer(index, vsknn())

    assert index.clicks.sum() == LONGEST + 2
    assert scored(scorer, [A, B] * 5_000)


def test_an_empty_past_and_an_empty_session_recommend_nothing() -> None:
    nothing = index_sessions(clicks([]), 3)
    something = index_sessions(clicks([[A]]), 3)

    assert scored(SessionScorer(nothing, vstan()), [A]) == {}
    assert scored(SessionScorer(something, vstan()), []) == {}


def test_the_best_are_given_with_the_lower_code_first_where_scores_are_equal() -> None:
    index = index_sessions(clicks([[D, B], [C, B], [B]]), 5)

    best = SessionScorer(index, vsknn()).best([B], now=0.0, count=3)

    assert [item for item, _ in best[:2]] == [C, D]


def test_sequential_rules_weigh_a_pair_by_its_distance_and_never_repeat_an_item() -> None:
    rules = learn_rules(clicks([[A, B, A, C], [A, C]]), 3)

    followers, weights = rules.after(A)

    assert followers.tolist() == [C, B]
    assert weights.tolist() == pytest.approx([1 + 1 / 3 + 1, 1])


def test_popularity_counts_clicks() -> None:
    assert popularity_order(clicks([[A, B], [B, C, C], [C]]), 4).tolist() == [C, B, A, 3]


@settings(max_examples=60, deadline=None)
@given(PAST, st.lists(st.integers(0, ITEMS - 1), min_size=1, max_size=12))
def test_each_item_names_one_of_the_session_and_both_paths_the_same(
    past: list[list[int]], session: list[int]
) -> None:
    index = index_sessions(clicks(past), ITEMS)

    compiled, plain = (
        SessionScorer(index, vstan(), compiled=way).best_with_speakers(session, now=1e3, count=9)
        for way in (True, False)
    )

    assert compiled == plain
    assert len(compiled.items) == len(compiled.scores) == len(compiled.speakers)
    assert set(compiled.speakers) <= set(session)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([-1.0, 0.0, 0.5, 0.5000004, 1.0, 2.0]), max_size=60))
def test_the_best_are_the_same_compiled_or_not_where_many_are_equal(told: list[float]) -> None:
    items, given_to = np.arange(len(told), dtype=np.int32)[::-1].copy(), np.array(told)

    for count in (1, 3, 9):
        best, rounded, givers = list_compiled.best(items, given_to, items, count, 10.0**DIGITS)
        plain = best_of(Scored(items.astype(np.int64), given_to), count)

        assert (best.tolist(), rounded.tolist()) == (plain.items.tolist(), plain.scores.tolist())
        assert givers.tolist() == best.tolist()
