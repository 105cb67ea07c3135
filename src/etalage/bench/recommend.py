"""How long it takes to say what comes next in a session, compiled and in numpy, and to learn it.

In:   generated sessions: twenty thousand products of which few are popular, in groups that are looked at together.
Out:  p50, p90 and p99 of one question, each beside the plain path in the same run, and as VS-kNN does it over
      dictionaries; of a list for a person; seconds and memory to learn.
"""

from __future__ import annotations

import time

import numpy as np

from etalage.bench.recommend_builds import build_rows
from etalage.bench.recommend_lists import list_rows
from etalage.bench.recommend_peers import DictionaryKnn, timed
from etalage.bench.rows import Row, latency_rows, row
from etalage.recommend.session_index import Clicks, Ints, SessionIndex, index_sessions
from etalage.recommend.session_recipe import vstan
from etalage.recommend.session_scorer import SessionScorer

ITEMS = 20_000
SMALLER = 200_000  # sessions: the size of the reference figures (methods 1.2)
GROUP = 50  # products that are looked at together
ONWARD = 0.25  # chance that a click is the last: four clicks a session
STRAY = 0.2  # share of the clicks that go anywhere
LONGEST = 10  # clicks of a question
QUESTIONS = 2_000
PLAIN_QUESTIONS = 100  # they take a hundred times as long
LISTED = 100  # products that the guards choose from
SEED = 5


def bench_recommend(*, sessions: int, products: int, seconds: float) -> list[Row]:
    """Measure VSTAN on generated sessions, at the size of the reference and at the size asked; lists; learning."""
    rows: list[Row] = []
    smaller = min(SMALLER, sessions)
    for size in sorted({smaller, sessions}):
        rows += _measured(size, seconds)
    rows += _beside(smaller, seconds)
    return [*rows, *build_rows(sessions=sessions, products=products)]


def _beside(sessions: int, seconds: float) -> list[Row]:
    """Measure the lists, and what is published, on the same sessions."""
    rng = np.random.default_rng(SEED)
    clicks = drawn_clicks(rng, sessions)
    questions = _questions(rng)[:PLAIN_QUESTIONS]
    others = timed(DictionaryKnn(clicks).best, questions, seconds)
    return [
        *latency_rows(f"vs-knn over dictionaries, {sessions:,} sessions", others, unit="ms"),
        *list_rows(clicks, index_sessions(clicks, ITEMS), seconds=seconds),
    ]


def _measured(sessions: int, seconds: float) -> list[Row]:
    rng = np.random.default_rng(SEED)
    clicks = drawn_clicks(rng, sessions)
    began = time.perf_counter()
    index = index_sessions(clicks, ITEMS)
    built = time.perf_counter() - began
    questions = _questions(rng)
    now = float(clicks.time[-1])
    plain = _times(index, questions[:PLAIN_QUESTIONS], now, seconds, compiled=False)
    compiled = _times(index, questions, now, seconds, compiled=True)
    name = f"vstan, {sessions:,} sessions"
    return [
        *latency_rows(name, compiled, unit="ms", floor=plain),
        row(f"{name}: index", built, "s"),
    ]


def _times(
    index: SessionIndex, questions: list[list[int]], now: float, seconds: float, *, compiled: bool
) -> list[float]:
    """Ask each question once, for so many seconds; the first is asked before, to load what is compiled."""
    scorer = SessionScorer(index, vstan(), compiled=compiled)
    scorer.best(questions[0], now=now, count=LISTED)
    taken: list[float] = []
    until = time.perf_counter() + seconds
    for session in questions:
        began = time.perf_counter()
        scorer.best(session, now=now, count=LISTED)
        ended = time.perf_counter()
        taken.append(ended - began)
        if ended > until:
            break
    return taken


def drawn_clicks(rng: np.random.Generator, sessions: int, items: int = ITEMS) -> Clicks:
    """Draw the clicks of so many sessions, one every two seconds from moment 0 on."""
    lengths = rng.geometric(ONWARD, sessions)
    session = np.repeat(np.arange(sessions), lengths)
    group = np.repeat(_skewed(rng, sessions, items) // GROUP, lengths)
    times = session * 2.0 + np.arange(len(session)) * 1e-6
    return Clicks(session, _within(rng, group, items), times)


def _questions(rng: np.random.Generator) -> list[list[int]]:
    lengths = np.minimum(rng.geometric(ONWARD, QUESTIONS), LONGEST)
    groups = np.repeat(_skewed(rng, QUESTIONS, ITEMS) // GROUP, lengths)
    items = _within(rng, groups, ITEMS)
    return [part.tolist() for part in np.split(items, np.cumsum(lengths)[:-1])]


def _within(rng: np.random.Generator, group: Ints, items: int) -> Ints:
    """Draw clicks of a group; one in five goes anywhere."""
    near = np.minimum(group * GROUP + rng.integers(0, GROUP, len(group)), items - 1)
    is_stray = rng.random(len(group)) < STRAY
    return np.where(is_stray, _skewed(rng, len(group), items), near).astype(np.int32)


def _skewed(rng: np.random.Generator, count: int, items: int) -> Ints:
    """Draw products: a twentieth of them has more than a third of the clicks."""
    return (items * rng.random(count) ** 3).astype(np.int32)
