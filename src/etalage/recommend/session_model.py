"""Step 4 of 8, recommend: the session model of a shop, learned from its log, with its card.

In:   sessions of the last weeks, from `sql/sessions.sql`; no person can be read from the model.
Out:  an index over product ids with the sequential rules, and a card that says what they are worth.
Idea: a model has to earn its place. The newest tenth of the sessions is predicted first (`session_trial`): that chooses
      between kNN and rules, and says how much of a session's own products to mix in. If the chosen one is no better
      than naming the popular products, the card says so and nobody uses the model.

Only sessions that ended are learned: those whose last view is longer ago than a gap. What ends later is added to the
served index by `session_live`, by the same question.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct, convert, to_builtins

from etalage.domain.time import DAY, HOUR
from etalage.recommend.model_file import Unusable, digest, from_bytes, packed, to_bytes, unpacked
from etalage.recommend.model_kind import judges, people_bound
from etalage.recommend.session_index import (
    LONGEST,
    Clicks,
    Part,
    SessionIndex,
    beside,
    index_sessions,
)
from etalage.recommend.session_rules import Rules, learn_rules
from etalage.recommend.session_trial import Method, tried

KIND = "sessions"
LAYOUT = 3  # of the arrays; a file of another layout is not read
WINDOW = 30 * DAY  # older sessions weigh less than half, and shops change
GAP = HOUR // 2  # between two views of one session
SESSIONS_A_DAY = 3  # of one visitor
COLUMNS = ("session_start", "items", "places", "ends", "item_start", "postings")  # in the file
STANDING = 3  # the column of the answer that says whose session it is


class Card(Struct, frozen=True):
    """What a model is: its content, data, size and worth."""

    version: str
    made: int  # micros
    sessions: int
    clicks: int
    products: int
    since: int  # micros: the oldest data it may hold
    method: Method  # what answers
    repeats: float  # how much of the session's own products is mixed in; 0 = none
    predictions: int  # on half of the newest tenth of the sessions; the other half chose
    hit_rate: float  # HR@20 of those, by what answers
    knn_hit_rate: float  # by kNN alone, nothing mixed in
    rules_hit_rate: float  # by sequential rules
    own_hit_rate: float  # by the session's own products, and then the popular ones
    popular_hit_rate: float  # by naming the popular products: the bar

    @property
    def is_worth_it(self) -> bool:
        """Whether it beats what a shop would show without it."""
        return self.hit_rate > self.popular_hit_rate


class SessionModel(NamedTuple):
    """An index with the ids of its products."""

    card: Card
    products: tuple[str, ...]
    past: SessionIndex
    rules: Rules
    needed: tuple[int, ...] = ()  # of each product: the standing of whom it was learned from


def question() -> str:
    """Give the SQL that the model is made from."""
    return files("etalage.recommend").joinpath("sql", "sessions.sql").read_text("utf-8")


def parameters(
    now: int,
    *,
    visitors_needed: int,
    erased: Sequence[str] = (),
    since: int | None = None,
    after: int = 0,
    known: Sequence[str] = (),
    known_needed: Sequence[int] = (),
) -> dict[str, object]:
    """Give what is bound in the question.

    Args:
        now: the moment.
        visitors_needed: different ones, before a product counts.
        erased: visitors whose events still wait to be removed.
        since: of the oldest view; a month ago where it is not said.
        after: only sessions that ended after it.
        known: products that count however few visitors they have here,
        known_needed: and the standing of whom each of them is learned from.
    """
    return {
        "now": now,
        "since": now - WINDOW if since is None else since,
        "after": after,
        "known": list(known),
        "known_needed": list(known_needed),
        "gap": GAP,
        **people_bound(visitors_needed),
        "sessions_a_day": SESSIONS_A_DAY,
        "longest": LONGEST,
        "erased": list(erased),
    }


def session_model(rows: Iterable[Sequence[Any]], now: int) -> SessionModel:
    """Learn the model from rows (ended, products), oldest first.

    A third column says which standing each product needs, a fourth which one she has whose session it is.
    """
    told = list(rows)
    codes: dict[str, int] = {}
    clicks = clicks_of(told, codes)
    needed = _needed(told, codes)
    index = index_sessions(clicks, len(codes))
    rules = learn_rules(clicks, len(codes))
    trial = tried(clicks, len(codes), judges(told, STANDING))
    card = Card(
        version=digest(_arrays(tuple(codes), index, rules, needed)),
        made=now,
        sessions=index.sessions,
        clicks=len(clicks.item),
        products=len(codes),
        since=now - WINDOW,
        **trial._asdict(),
    )
    return SessionModel(card, tuple(codes), index, rules, needed)


def _needed(rows: Sequence[Sequence[Any]], codes: dict[str, int]) -> tuple[int, ...]:
    found = dict.fromkeys(codes, 0)
    for _, products, *more in rows:
        found.update(zip(map(str, products), more[0] if more else (), strict=bool(more)))
    return tuple(found.values())


def clicks_of(rows: Iterable[Sequence[Any]], codes: dict[str, int]) -> Clicks:
    """Turn rows (ended, products) into clicks; products that have no code yet get the next one."""
    items: list[int] = []
    ends: list[float] = []
    lengths: list[int] = []
    for ended, viewed, *_ in rows:
        items.extend(codes.setdefault(str(product), len(codes)) for product in viewed)
        ends.append(float(ended))
        lengths.append(len(viewed))
    return Clicks(
        np.repeat(np.arange(len(ends)), lengths),
        np.array(items, np.int32),
        np.repeat(np.array(ends, np.float64), lengths),
    )


def write(model: SessionModel) -> bytes:
    """Write the model as a file."""
    return to_bytes(
        KIND,
        LAYOUT,
        to_builtins(model.card),
        _arrays(model.products, model.past, model.rules, model.needed),
    )


def read(content: bytes | None) -> SessionModel | Unusable:
    """Read the model, or say why it cannot be used."""
    found = from_bytes(content, KIND, LAYOUT)
    if isinstance(found, Unusable):
        return found
    arrays = found.arrays
    base, live = (
        _part({name: arrays[f"{part}_{name}"] for name in COLUMNS}) for part in ("base", "live")
    )
    index = SessionIndex(base, live, arrays["clicks"])
    rules = Rules(*(arrays[f"rules_{name}"] for name in Rules._fields))
    needed = tuple(arrays["needed"].tolist())
    return SessionModel(
        convert(found.said, Card), unpacked(arrays["products"]), index, rules, needed
    )


def _part(columns: dict[str, Any]) -> Part:
    visits = beside(columns.pop("items"), columns.pop("places"))
    return Part(visits=visits, **columns)


def _arrays(
    products: tuple[str, ...], index: SessionIndex, rules: Rules, needed: tuple[int, ...]
) -> dict[str, Any]:
    parts = {"base": index.base, "live": index.live}
    columns = {
        f"{part}_{name}": getattr(found, name) for part, found in parts.items() for name in COLUMNS
    }
    columns |= {f"rules_{name}": column for name, column in rules._asdict().items()}
    known = {"products": packed(products), "needed": np.array(needed, np.int8)}
    return {**columns, **known, "clicks": index.clicks}
