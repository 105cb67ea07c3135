"""Give the shop of a bench what it would have learned: sessions and profiles, generated and kept as a night's files.

In:   the models of a shop, the ids of its products, how many sessions.
Out:  both models in their files, as `etalage serve` takes them up.
Idea: what is looked up takes as long as if it had been learned; what it is worth is not asked here.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from etalage.bench.recommend import ITEMS, SEED, drawn_clicks
from etalage.bench.recommend_lists import drawn_profile, drawn_sessions
from etalage.domain.time import SECOND
from etalage.ports import Models
from etalage.recommend import profile_model, session_model
from etalage.recommend.profile_shelf import PROFILE
from etalage.recommend.session_index import index_sessions
from etalage.recommend.session_shelf import SESSIONS

SESSIONS_LEARNED = 200_000  # the reference size (methods 1.2)


def put_models(models: Models, products: Sequence[str], *, now: int) -> None:
    """Keep a model of sessions up to now and one of profiles over these 20,000 products."""
    names = tuple(products)
    drawn = drawn_clicks(np.random.default_rng(SEED), SESSIONS_LEARNED)
    clicks = drawn._replace(time=drawn.time + (now / SECOND - drawn.time[-1]))
    sessions = drawn_sessions(clicks, index_sessions(clicks, ITEMS), names)
    worth = msgspec.structs.replace(sessions.card, hit_rate=1.0)
    models.put(SESSIONS.name, session_model.write(sessions._replace(card=worth)))
    profile = drawn_profile(names)
    liked = msgspec.structs.replace(profile.card, recall=1.0)
    models.put(PROFILE.name, profile_model.write(profile._replace(card=liked)))
