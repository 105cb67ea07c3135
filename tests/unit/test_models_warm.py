"""Taking up a model compiles what it answers with; no visitor waits for a compiler."""

from __future__ import annotations

import subprocess
import sys

FRESH_PROGRAM = """
from msgspec.structs import replace
import numpy as np
from etalage.bench.recommend import drawn_clicks
from etalage.bench.recommend_lists import drawn_profile, drawn_sessions
from etalage.recommend import profile_compiled, profile_model, session_compiled, session_model
from etalage.recommend.profile_shelf import PROFILE
from etalage.recommend.session_index import index_sessions
from etalage.recommend.session_shelf import SESSIONS

def compiled():
    return len(session_compiled.compiled_scores.signatures), len(profile_compiled.add_up.signatures)

names = tuple(map(str, range(20_000)))
clicks = drawn_clicks(np.random.default_rng(1), 50)
sessions = drawn_sessions(clicks, index_sessions(clicks, len(names)), names)
sessions = sessions._replace(card=replace(sessions.card, hit_rate=1.0))
profile = drawn_profile(names)
profile = profile._replace(card=replace(profile.card, recall=1.0))
before = compiled()
SESSIONS.ready(session_model.write(sessions))
PROFILE.ready(profile_model.write(profile))
print(before, compiled())
"""


def test_a_model_that_is_taken_up_has_compiled_what_it_answers_with() -> None:
    said = subprocess.run(
        [sys.executable, "-c", FRESH_PROGRAM], capture_output=True, text=True, check=True
    )
    assert said.stdout == "(0, 0) (1, 1)\n"
