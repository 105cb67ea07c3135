"""Both models asked at once, compiled: the list is the one that asking each in numpy and blending gives, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from decide_examples import NOW, catalogue, product
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from etalage.bench.recommend import drawn_clicks
from etalage.bench.recommend_lists import drawn_profile, drawn_sessions
from etalage.domain.time import SECOND
from etalage.recommend import list_compiled, session_shelf
from etalage.recommend.blend import Blended
from etalage.recommend.both import Both, Spoken
from etalage.recommend.guards import Limits
from etalage.recommend.near import PROPOSED
from etalage.recommend.profile_model import ProfileModel
from etalage.recommend.profile_shelf import ProfileShelf
from etalage.recommend.session_index import index_sessions, with_ended
from etalage.recommend.session_model import SessionModel
from etalage.recommend.session_recipe import vstan
from etalage.recommend.session_scorer import DIGITS, Scored, SessionScorer, best_of
from etalage.recommend.session_shelf import SessionShelf

ITEMS = 700
SHOP = catalogue(*(product(f"P{item}") for item in range(ITEMS + 150)))
SEEDS = st.integers(0, 2**32 - 1)


def sessions_of(seed: int, *, sessions: int = 2_000, repeats: float = 0.0) -> SessionModel:
    """Draw sessions of which the last fifth ended after the night."""
    clicks = drawn_clicks(np.random.default_rng(seed), sessions, ITEMS)
    clicks = clicks._replace(time=clicks.time + NOW / SECOND - 2 * sessions)
    is_late = clicks.session > 0.8 * sessions
    night, late = clicks.only(~is_late), clicks.only(is_late)
    index = with_ended(index_sessions(night, ITEMS), late, ITEMS)
    names = tuple(f"P{item}" for item in range(ITEMS))
    model = drawn_sessions(night, index, names)
    return model._replace(card=replace(model.card, repeats=repeats))


def profile_of(seed: int) -> ProfileModel:
    """Draw weights, many of them equal and some negative, of products that the sessions know in part."""
    rng = np.random.default_rng(seed)
    model = drawn_profile(tuple(f"P{item}" for item in range(100, 100 + ITEMS)))
    weights = (rng.integers(-20, 100, len(model.weights.weights)) / 64).astype(np.float32)
    return model._replace(weights=model.weights._replace(weights=weights))


def asked(seed: int) -> tuple[list[str], list[str]]:
    """Draw what somebody looked at lately, and all she had; some of it nobody knows."""
    rng = np.random.default_rng(seed)
    had = [f"P{item}" for item in rng.integers(0, ITEMS + 200, rng.integers(0, 60)).tolist()]
    return had[: int(rng.integers(0, 11))], had


def listed(sessions: SessionModel, profile: ProfileModel, seed: int) -> list[Blended]:
    both = Both(SessionShelf(sessions), ProfileShelf(profile), SHOP)
    return list(both.lines(*spoken(both, seed), now=NOW + SECOND))


def spoken(both: Both, seed: int) -> tuple[Spoken, Spoken]:
    session, had = asked(seed)
    return both.spoken_of(session, Limits(NOW)), both.spoken_of(had, Limits(NOW))


@pytest.mark.parametrize("method", ["knn", "rules"])
@pytest.mark.parametrize("repeats", [0.0, 0.25, 1.0])
def test_a_list_is_the_same_compiled_or_not(
    monkeypatch: pytest.MonkeyPatch, method: str, repeats: float
) -> None:
    lengths = set()
    for seed in range(40):
        sessions = sessions_of(seed % 4, repeats=repeats)
        sessions = sessions._replace(card=replace(sessions.card, method=method))
        profile = profile_of(seed)

        plain = listed(sessions, profile, seed)
        with monkeypatch.context() as patched:
            patched.setattr(session_shelf, "SMALL", 0)
            compiled = listed(sessions, profile, seed)

        assert compiled == plain
        lengths.add(len(plain))

    assert max(lengths) == PROPOSED
    assert 0 in lengths or min(lengths) < PROPOSED


def test_what_may_be_spoken_of_is_found_out_once_and_told_the_same_again() -> None:
    shop = catalogue(product("P100", category="Intiem > Meer"), product("P101"), product("P9"))
    both = Both(None, ProfileShelf(profile_of(1)), shop)
    limits = Limits(NOW, sensitive=("Intiem",))

    for _ in range(2):
        assert both.spoken_of(["P9", "P100", "P101", "P102", "hat"], limits) == {
            "P9": -1,
            "P101": 1,
        }


def test_nothing_of_one_list_is_left_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_shelf, "SMALL", 0)
    both = Both(SessionShelf(sessions_of(1, repeats=0.5)), ProfileShelf(profile_of(1)), SHOP)

    first = [list(both.lines(*spoken(both, seed), now=NOW)) for seed in range(20)]
    again = [list(both.lines(*spoken(both, seed), now=NOW)) for seed in range(20)]

    assert again == first
    assert len({tuple(one) for one in first}) > 1


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(0, 900), st.sampled_from([1, 3, 10, 1000]))
def test_the_best_of_many_are_those_that_sorting_all_gives(
    seed: int, size: int, values: int
) -> None:
    rng = np.random.default_rng(seed)
    items = rng.permutation(size).astype(np.int32)
    scores = rng.integers(0, values, size) / 3 + rng.choice([0, 2e-7, 1e3], size)

    for count in (1, 20, PROPOSED):
        best, rounded, _ = list_compiled.best(items, scores, items, count, 10.0**DIGITS)
        plain = best_of(Scored(items.astype(np.int64), scores), count)

        assert (best.tolist(), rounded.tolist()) == (plain.items.tolist(), plain.scores.tolist())


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from([-np.inf, -2.0, 0.0, 5e-324, 1e-9, 0.5, 0.75, 3e9, 1e308, np.inf]),
        min_size=1,
    ),
    st.integers(1, 30),
)
def test_the_nth_highest_is_the_one_that_sorting_gives(values: list[float], count: int) -> None:
    found = list_compiled.nth_highest(np.array(values), count)

    assert found == sorted(values, reverse=True)[min(count, len(values)) - 1]


@pytest.mark.parametrize("count", [1, 3])
def test_what_is_no_number_is_left_out_and_breaks_nothing(count: int) -> None:
    scores = np.array([0.5, np.nan, 2.0, np.inf, -np.inf, np.nan])
    items = np.arange(len(scores), dtype=np.int32)

    found, _, _ = list_compiled.best(items, scores, items, count, 10.0**DIGITS)

    assert set(found.tolist()) <= {0, 2, 3, 4}
    assert len(list_compiled.most_similar(scores, count)) <= count


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.lists(st.integers(0, 99), min_size=1, max_size=10))
def test_neighbours_are_the_same_compiled_or_not_where_more_are_alike_than_count(
    seed: int, session: list[int]
) -> None:
    clicks = drawn_clicks(np.random.default_rng(seed), 3_000, 100)
    index = index_sessions(clicks, 100)

    compiled, plain = (
        SessionScorer(index, vstan(), compiled=way).best_with_speakers(session, now=1e4, count=50)
        for way in (True, False)
    )

    assert compiled == plain
