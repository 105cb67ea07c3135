"""How long a list takes: `for_you` as a decision asks it, and the two models it is made from.

In:   generated sessions and people over twenty thousand products, and a person with fifty products behind her.
Out:  p50, p90 and p99: of the list beside the session model alone, and of the profile beside `implicit`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from etalage.bench.recommend_builds import had
from etalage.bench.recommend_peers import implicit_search, people_by_items, timed
from etalage.bench.rows import Row, latency_rows
from etalage.domain.decision import DecisionFacts
from etalage.domain.experience import Wanted
from etalage.domain.ids import ProductId, VisitorKey
from etalage.domain.product import Catalogue, Offer, Product
from etalage.domain.profile import KeptLine, Part, Recent
from etalage.domain.time import MINUTE, SECOND
from etalage.recommend.ease import KEPT, ItemWeights
from etalage.recommend.popular import EMPTY, PopularIndex
from etalage.recommend.profile_model import Card as ProfileCard
from etalage.recommend.profile_model import ProfileModel
from etalage.recommend.profile_shelf import ProfileShelf
from etalage.recommend.propose_for_you import LOOKED_AT
from etalage.recommend.recent import recently_had
from etalage.recommend.session_index import Clicks, SessionIndex
from etalage.recommend.session_model import Card, SessionModel
from etalage.recommend.session_rules import learn_rules
from etalage.recommend.session_shelf import SessionShelf
from etalage.recommend.shelf import Models, Shelf
from etalage.recommend.strategy import recommend
from etalage.unify.person import EMPTY as NO_PAST

SIZE = 12
REMEMBERED = 50
PEOPLE = 500
SEED = 6


def list_rows(clicks: Clicks, past: SessionIndex, *, seconds: float) -> list[Row]:
    """Measure `for_you` over these sessions, with a shelf as a shop has it."""
    items = past.items
    names = tuple(f"P{item}" for item in range(items))
    sessions = SessionShelf(drawn_sessions(clicks, past, names))
    user, item = had(items, people=items)
    profile = ProfileShelf(drawn_profile(names))
    catalogue = _catalogue(names)
    models: Models = {sessions.name: sessions, profile.name: profile}
    shelf = Shelf(catalogue, PopularIndex(EMPTY, catalogue), (), models)
    now = round(float(clicks.time[-1]) * SECOND)
    parts = _parts(items, now)
    facts = DecisionFacts(
        now=now, zone="Europe/Amsterdam", visitor=VisitorKey("0" * 32), purposes=("personalise",)
    )
    wanted = Wanted("for_you", size=SIZE)
    lists = timed(lambda part: recommend(wanted, facts, part, shelf), parts, seconds)
    seen = [recently_had(part, now, LOOKED_AT)[::-1] for part in parts]
    alone = timed(lambda one: list(sessions.near(one, now=now)), seen, seconds)
    people = [[names[i] for i in item[user == person]] for person in range(PEOPLE)]
    looked_up = timed(profile.near, people, seconds)
    search = implicit_search(people_by_items(user, item, items))
    floor = None if search is None else timed(search, range(PEOPLE), seconds)
    name = "profile alone" if floor is None else "profile alone, beside implicit"
    return [
        *latency_rows("for_you, beside its session model alone", lists, unit="us", floor=alone),
        *latency_rows(name, looked_up, unit="us", floor=floor),
    ]


def drawn_sessions(clicks: Clicks, past: SessionIndex, names: tuple[str, ...]) -> SessionModel:
    """Make a model of these sessions."""
    card = msgspec.convert(
        dict.fromkeys(Card.__struct_fields__, 0) | {"version": "bench", "method": "knn"}, Card
    )
    return SessionModel(card, names, past, learn_rules(clicks, past.items))


def drawn_profile(names: tuple[str, ...]) -> ProfileModel:
    """Draw the weights: looking them up takes as long as if they had been learned."""
    rng = np.random.default_rng(SEED)
    items = len(names)
    near = np.arange(items)[:, None] + rng.permutation(4 * KEPT)[:KEPT] - 2 * KEPT
    weights = ItemWeights(
        np.arange(0, items * KEPT + 1, KEPT, dtype=np.int32),
        (near % items).astype(np.int32).ravel(),
        rng.random(items * KEPT).astype(np.float32),
    )
    fields: dict[str, object] = dict.fromkeys(ProfileCard.__struct_fields__, 0)
    card = msgspec.convert(fields | {"version": "bench", "method": "ease"}, ProfileCard)
    return ProfileModel(card, names, weights)


def _catalogue(names: Sequence[str]) -> Catalogue:
    offer = Offer(id="o", price=1_000, stock=5, availability="in_stock")
    products = {
        ProductId(name): Product(ProductId(name), f"Product {name}", (offer,)) for name in names
    }
    return Catalogue("bench", "EUR", products)


def _parts(items: int, now: int) -> list[Part]:
    """Make people who looked at fifty products of a group, one each minute up to now."""
    rng = np.random.default_rng(SEED)
    parts = []
    for _ in range(PEOPLE):
        group = items * rng.random() ** 3
        seen = (group + REMEMBERED * rng.random(REMEMBERED)).astype(int) % items
        recents = tuple(
            Recent(now - (REMEMBERED - at) * MINUTE, str(at), "view_item", (KeptLine(f"P{one}"),))
            for at, one in enumerate(seen.tolist())
        )
        parts.append(msgspec.structs.replace(NO_PAST, recents=recents))
    return parts
