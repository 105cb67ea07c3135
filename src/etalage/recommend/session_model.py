"""Step 4 of 8, recommend: the session model of a shop, learned from its log, with its card.

In:   sessions of the last weeks, from `sql/sessions.sql`; no person can be read from the model.
Out:  an index over product ids, and a card that says what it is worth.
Idea: a model has to earn its place. The newest tenth of the sessions is predicted first; if that is no better than
      naming the popular products, the card says so and nobody uses the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct, convert, to_builtins

from etalage.domain.time import DAY, HOUR
from etalage.recommend.model_file import Unusable, digest, from_bytes, packed, to_bytes, unpacked
from etalage.recommend.session_index import LONGEST, Clicks, Part, SessionIndex, index_sessions
from etalage.recommend.session_recipe import vstan
from etalage.recommend.session_rules import popularity_order
from etalage.recommend.session_scorer import SessionScorer

KIND = "sessions"
LAYOUT = 1  # of the arrays; a file of another layout is not read
WINDOW = 30 * DAY  # older sessions weigh less than half, and shops change
GAP = HOUR // 2  # between two views of one session
SESSIONS_A_DAY = 3  # of one visitor
TRIED = 500  # sessions that are predicted before a model is used
TOP = 20


class Card(Struct, frozen=True):
    """What a model is: its content, data, size and worth."""

    version: str
    made: int  # micros
    sessions: int
    clicks: int
    products: int
    since: int  # micros: the oldest data it may hold
    predictions: int  # on the newest tenth of the sessions, learned from the rest
    hit_rate: float  # HR@20 of those
    popular_hit_rate: float  # HR@20 of naming the popular products: the bar

    @property
    def is_worth_it(self) -> bool:
        """Whether it beats what a shop would show without it."""
        return self.hit_rate > self.popular_hit_rate


class SessionModel(NamedTuple):
    """An index with the ids of its products."""

    card: Card
    products: tuple[str, ...]
    past: SessionIndex


def question() -> str:
    """Give the SQL that the model is made from."""
    return files("etalage.recommend").joinpath("sql", "sessions.sql").read_text("utf-8")


def parameters(now: int, *, visitors_needed: int, erased: Sequence[str] = ()) -> dict[str, object]:
    """Give what is bound in the question; `erased` are visitors whose events still wait to be removed."""
    return {
        "now": now,
        "since": now - WINDOW,
        "gap": GAP,
        "visitors_needed": visitors_needed,
        "sessions_a_day": SESSIONS_A_DAY,
        "longest": LONGEST,
        "erased": list(erased),
    }


def session_model(rows: Iterable[Sequence[Any]], now: int) -> SessionModel:
    """Learn the model from rows (ended, products), oldest first."""
    codes: dict[str, int] = {}
    items: list[int] = []
    ends: list[float] = []
    lengths: list[int] = []
    for ended, viewed in rows:
        items.extend(codes.setdefault(str(product), len(codes)) for product in viewed)
        ends.append(float(ended))
        lengths.append(len(viewed))
    clicks = Clicks(
        np.repeat(np.arange(len(ends)), lengths),
        np.array(items, np.int32),
        np.repeat(np.array(ends, np.float64), lengths),
    )
    index = index_sessions(clicks, len(codes))
    predictions, hits, popular_hits = _tried(clicks, len(codes))
    card = Card(
        version=digest(_arrays(tuple(codes), index)),
        made=now,
        sessions=len(ends),
        clicks=len(items),
        products=len(codes),
        since=now - WINDOW,
        predictions=predictions,
        hit_rate=round(hits / max(1, predictions), 6),
        popular_hit_rate=round(popular_hits / max(1, predictions), 6),
    )
    return SessionModel(card, tuple(codes), index)


def write(model: SessionModel) -> bytes:
    """Write the model as a file."""
    return to_bytes(KIND, LAYOUT, to_builtins(model.card), _arrays(model.products, model.past))


def read(content: bytes | None) -> SessionModel | Unusable:
    """Read the model, or say why it cannot be used."""
    found = from_bytes(content, KIND, LAYOUT)
    if isinstance(found, Unusable):
        return found
    arrays = found.arrays
    base, live = (
        Part(*(arrays[f"{part}_{name}"] for name in Part._fields)) for part in ("base", "live")
    )
    index = SessionIndex(base, live, arrays["clicks"])
    return SessionModel(convert(found.said, Card), unpacked(arrays["products"]), index)


def _arrays(products: tuple[str, ...], index: SessionIndex) -> dict[str, Any]:
    parts = {"base": index.base, "live": index.live}
    columns = {
        f"{part}_{name}": getattr(found, name)
        for part, found in parts.items()
        for name in Part._fields
    }
    return {**columns, "clicks": index.clicks, "products": packed(products)}


def _tried(clicks: Clicks, items: int) -> tuple[int, int, int]:
    """Predict the newest sessions from the others: give predictions, hits, and hits of the popular products."""
    sessions = int(clicks.session.max(initial=-1)) + 1
    first = sessions - min(TRIED, sessions // 10)
    known = clicks.only(clicks.session < first)
    scorer = SessionScorer(index_sessions(known, items), vstan())
    popular = popularity_order(known, items)[: TOP + 1].tolist()
    predictions = hits = popular_hits = 0
    for session in range(first, sessions):
        one = clicks.only(clicks.session == session)
        viewed = [item for at, item in enumerate(one.item) if not at or item != one.item[at - 1]]
        for place in range(1, len(viewed)):
            seen, true = [int(item) for item in viewed[:place]], int(viewed[place])
            best = [i for i, _ in scorer.best(seen, now=float(one.time[0]), count=TOP + 1)]
            predictions += 1
            hits += true in [item for item in best if item != seen[-1]][:TOP]
            popular_hits += true in [item for item in popular if item != seen[-1]][:TOP]
    return predictions, hits, popular_hits
