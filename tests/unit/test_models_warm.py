"""Taking up a model compiles what it answers with, where there is much to compare; no visitor waits for a compiler."""

from __future__ import annotations

import subprocess
import sys

import pytest

from etalage.recommend.session_shelf import SMALL

FRESH_PROGRAM = """
import sys
from msgspec.structs import replace
import numpy as np
from etalage.bench.recommend import drawn_clicks
from etalage.bench.recommend_lists import drawn_profile, drawn_sessions
from etalage.domain.product import Catalogue
from etalage.recommend import profile_model, session_model
from etalage.recommend.both import Both
from etalage.recommend.profile_shelf import PROFILE
from etalage.recommend.session_index import index_sessions
from etalage.recommend.session_shelf import SESSIONS

names = tuple(map(str, range(20_000)))
clicks = drawn_clicks(np.random.default_rng(1), int(sys.argv[1]))
sessions = drawn_sessions(clicks, index_sessions(clicks, len(names)), names)
sessions = sessions._replace(card=replace(sessions.card, hit_rate=1.0))
profile = drawn_profile(names)
profile = profile._replace(card=replace(profile.card, recall=1.0))
assert "numba" not in sys.modules
shelf = SESSIONS.ready(session_model.write(sessions))
profile = PROFILE.ready(profile_model.write(profile))


def compiled():
    from etalage.recommend import list_compiled
    ways = list_compiled.session_best, list_compiled.row_best, list_compiled.both_best
    return [len(way.signatures) for way in ways]


before = compiled() if "numba" in sys.modules else None
shelf.near(names[:5], now=1)
profile.nearest(names[:5], rows=shelf.compiled)
seen = {name: code for code, name in enumerate(names[:9])}
list(Both(shelf, profile, Catalogue("", "EUR", {})).lines(seen, seen, now=1))
print(before, before and compiled())
print("numba" in sys.modules)
"""


@pytest.mark.parametrize(
    ("sessions", "says"),
    [(SMALL + 1, "[1, 1, 1] [1, 1, 1]\nTrue\n"), (SMALL, "None None\nFalse\n")],
)
def test_a_large_model_has_compiled_what_it_answers_with_and_a_small_one_needs_no_compiler(
    sessions: int, says: str
) -> None:
    said = subprocess.run(
        [sys.executable, "-c", FRESH_PROGRAM, str(sessions)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == says
