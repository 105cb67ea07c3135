"""Give the shop of a bench what it would have learned: sessions and profiles, generated and kept as a night's files.

In:   the models of a shop, the ids of its products, of how many sessions.
Out:  both models in their files, as `etalage serve` takes them up.
Idea: what is looked up takes as long as if it had been learned; what it is worth is not asked here.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from etalage.bench.recommend import SEED, drawn_clicks
from etalage.bench.recommend_lists import drawn_profile, drawn_sessions
from etalage.domain.time import SECOND
from etalage.ports import Models
from etalage.recommend import profile_model, session_model
from etalage.recommend.profile_shelf import PROFILE
from etalage.recommend.session_index import index_sessions
from etalage.recommend.session_shelf import SESSIONS

SESSIONS_LEARNED = 200_000  # the reference size (methods 1.2)


def put_models(models: Models, products: Sequence[str], *, sessions: int, now: int) -> None:
    """Keep a model of so many sessions up to now, and one of profiles, over these products."""
    names = tuple(products)
    drawn = drawn_clicks(np.random.default_rng(SEED), sessions, len(names))
    clicks = drawn._replace(time=drawn.time + (now / SECOND - drawn.time[-1]))
    model = drawn_sessions(clicks, index_sessions(clicks, len(names)), names)
    worth = msgspec.structs.replace(model.card, hit_rate=1.0)
    models.put(SESSIONS.name, session_model.write(model._replace(card=worth)))
    profile = drawn_profile(names)
    liked = msgspec.structs.replace(profile.card, recall=1.0)
    models.put(PROFILE.name, profile_model.write(profile._replace(card=liked)))
