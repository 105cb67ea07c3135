"""Step 4 of 8, recommend: the profile model of a shop: which products say that somebody will like another.

In:   what each person had in the last half year, from `sql/had.sql`; no person can be read from the model.
Out:  for each product the hundred that say most about each other, and a card that says what they are worth.
Idea: of some people the newest fifth is hidden and predicted. Half of them choose between EASE under several ridges
      and plain cosine; the other half says what the chosen one is worth. It has to beat naming the popular
      products, else the card says so and nobody uses the model; and where EASE does not beat cosine, cosine is it.
From: Steck (2019); methods 1.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib.resources import files
from typing import Any, Literal, NamedTuple

import numpy as np
from msgspec import Struct, convert, to_builtins

from etalage.domain.time import DAY
from etalage.recommend.ease import (
    MOST_ITEMS,
    PEOPLE_NEEDED,
    Had,
    ItemWeights,
    learn_cosine,
    learn_ease,
    scores_for,
    worth_learning,
)
from etalage.recommend.model_file import Unusable, digest, from_bytes, packed, to_bytes, unpacked
from etalage.recommend.model_kind import judges, people_bound
from etalage.recommend.session_index import Longs

KIND = "profile"
LAYOUT = 1  # of the arrays; a file of another layout is not read
WINDOW = 180 * DAY
MOST_OF_A_PERSON = 200  # products, the newest: the work grows with their square
A_PROGRAM = 1_000  # products in half a year: nobody looks at so many
MOST_PEOPLE = 500_000  # the newest
RIDGES = (200.0, 500.0, 1000.0, 2000.0)
TRIED = 1_000  # people of whom the newest fifth is hidden
TRIED_ITEMS = 2_000  # of most people: four ridges over more would take the night
TOP = 20
STANDING = 1  # the column of the answer that says who she is
HIDDEN = 0.2

Method = Literal["ease", "cosine", "none"]


class Card(Struct, frozen=True):
    """What a model is: its content, data, size and worth."""

    version: str
    made: int  # micros
    people: int
    pairs: int  # of a person and a product
    products: int
    since: int  # micros: the oldest data it may hold
    method: Method
    ridge: float  # of EASE; 0 with another method
    tried: int  # people of the other half: hidden products of theirs were predicted
    recall: float  # recall@20 of those, by the chosen method
    ease_recall: float  # by EASE under the best ridge
    cosine_recall: float
    popular_recall: float  # by naming the popular products: the bar

    @property
    def is_worth_it(self) -> bool:
        """Whether it beats what a shop would show without it."""
        return self.recall > self.popular_recall


class ProfileModel(NamedTuple):
    """Weights with the ids of their products."""

    card: Card
    products: tuple[str, ...]
    weights: ItemWeights


class Trial(NamedTuple):
    """What a choice is made by: recall@20 of each method, on the people who choose and on the others."""

    method: Method
    ridge: float
    tried: int
    recall: float
    ease: float
    cosine: float
    popular: float


def question() -> str:
    """Give the SQL that the model is made from."""
    return files("etalage.recommend").joinpath("sql", "had.sql").read_text("utf-8")


def parameters(now: int, *, visitors_needed: int, erased: Sequence[str] = ()) -> dict[str, object]:
    """Give what is bound in the question; `erased` are visitors whose events still wait to be removed."""
    return {
        "now": now,
        "since": now - WINDOW,
        **people_bound(visitors_needed),
        "most": MOST_OF_A_PERSON,
        "program": A_PROGRAM,
        "most_people": MOST_PEOPLE,
        "erased": list(erased),
    }


def profile_model(
    rows: Iterable[Sequence[Any]], now: int, *, most_items: int = MOST_ITEMS
) -> ProfileModel:
    """Learn the model from rows (products, standing), each person's in the order in which she came to them."""
    told = list(rows)
    had, names = _coded_rows(told)
    judging = judges(told, STANDING)
    known = np.sort(worth_learning(had, most=most_items, needed=PEOPLE_NEEDED))
    had = _only(had, known)
    products = tuple(names[code] for code in known.tolist())
    trial = _tried(had, len(products), judging)
    weights = _learned(had, len(products), trial)
    card = Card(
        version=digest(_arrays(products, weights)),
        made=now,
        people=len(np.unique(had.user)),
        pairs=len(had.user),
        products=len(products),
        since=now - WINDOW,
        method=trial.method,
        ridge=trial.ridge,
        tried=trial.tried,
        recall=trial.recall,
        ease_recall=trial.ease,
        cosine_recall=trial.cosine,
        popular_recall=trial.popular,
    )
    return ProfileModel(card, products, weights)


def write(model: ProfileModel) -> bytes:
    """Write the model as a file."""
    return to_bytes(KIND, LAYOUT, to_builtins(model.card), _arrays(model.products, model.weights))


def read(content: bytes | None) -> ProfileModel | Unusable:
    """Read the model, or say why it cannot be used."""
    found = from_bytes(content, KIND, LAYOUT)
    if isinstance(found, Unusable):
        return found
    weights = ItemWeights(*(found.arrays[name] for name in ItemWeights._fields))
    return ProfileModel(convert(found.said, Card), unpacked(found.arrays["products"]), weights)


def _arrays(products: tuple[str, ...], weights: ItemWeights) -> dict[str, Any]:
    return {**weights._asdict(), "products": packed(products)}


def _coded_rows(rows: Iterable[Sequence[Any]]) -> tuple[Had, list[str]]:
    codes: dict[str, int] = {}
    items: list[int] = []
    lengths: list[int] = []
    for products, *_ in rows:
        items.extend(codes.setdefault(str(product), len(codes)) for product in products)
        lengths.append(len(products))
    users = np.repeat(np.arange(len(lengths)), lengths)
    return Had(users, np.array(items, np.int64)), list(codes)


def _only(had: Had, known: Longs) -> Had:
    """Keep some products, numbered anew in their order."""
    place = np.searchsorted(known, had.item)
    stays = np.zeros(len(place), bool)
    inside = place < len(known)
    stays[inside] = known[place[inside]] == had.item[inside]
    return Had(had.user[stays], place[stays].astype(np.int64))


def _learned(had: Had, items: int, trial: Trial) -> ItemWeights:
    """Learn by the method that won; a model that is not worth it holds nothing."""
    if trial.method == "none" or not items or trial.recall <= trial.popular:
        return _nothing(items)
    if trial.method == "cosine":
        return learn_cosine(had, items)
    return learn_ease(had, items, ridge=trial.ridge)


def _nothing(items: int) -> ItemWeights:
    none = np.zeros(0, np.int32)
    return ItemWeights(np.zeros(items + 1, np.int32), none, np.zeros(0, np.float32))


def _tried(had: Had, items: int, judging: Sequence[int]) -> Trial:
    """Hide the newest fifth of some people, learn from all the rest, and predict it."""
    most = np.sort(worth_learning(had, most=TRIED_ITEMS))
    had, items = _only(had, most), len(most)
    hidden = _hidden(had, judging)
    given = Had(had.user[~hidden], had.item[~hidden])
    truth = _by_person(Had(had.user[hidden], had.item[hidden]))
    before = _by_person(given)
    asked = [user for user in truth if user in before]
    if len(asked) < 2:  # noqa: PLR2004  one to choose by, and another to judge by
        return Trial("none", 0.0, 0, 0.0, 0.0, 0.0, 0.0)
    choosing, judging = asked[::2], asked[1::2]

    def recalls(scores: Callable[[Longs], Any]) -> tuple[float, float]:
        return _recall(scores, before, truth, choosing), _recall(scores, before, truth, judging)

    people = np.bincount(given.item, minlength=items).astype(float)
    by_ridge = {ridge: recalls(_scorer(learn_ease(given, items, ridge=ridge))) for ridge in RIDGES}
    ridge = max(by_ridge, key=lambda one: (by_ridge[one][0], one))
    cosine, popular = recalls(_scorer(learn_cosine(given, items))), recalls(lambda _: people.copy())
    method: Method = "ease" if by_ridge[ridge][0] >= cosine[0] else "cosine"
    return Trial(
        method=method,
        ridge=ridge if method == "ease" else 0.0,
        tried=len(judging),
        recall=by_ridge[ridge][1] if method == "ease" else cosine[1],
        ease=by_ridge[ridge][1],
        cosine=cosine[1],
        popular=popular[1],
    )


def _hidden(had: Had, judging: Sequence[int]) -> Any:
    """Mark the newest fifth of some people who had two products or more; at least one product each."""
    lengths = np.bincount(had.user, minlength=max(judging, default=0) + 1)
    several = np.intersect1d(np.flatnonzero(lengths > 1), np.array(judging, np.int64))
    step = max(1, len(several) // TRIED)
    chosen = np.zeros(len(lengths), bool)
    chosen[several[::step][:TRIED]] = True
    from_end = np.cumsum(lengths)[had.user] - np.arange(len(had.user))
    return chosen[had.user] & (from_end <= np.maximum(1, lengths[had.user] * HIDDEN))


def _recall(
    scores: Callable[[Longs], Any],
    before: dict[int, list[int]],
    truth: dict[int, list[int]],
    people: Sequence[int],
) -> float:
    total = 0.0
    for user in people:
        history = np.array(before[user], np.int64)
        found = scores(history)
        found[history] = -np.inf
        top = set(np.lexsort((np.arange(len(found)), -found))[:TOP].tolist())
        total += len(top.intersection(truth[user])) / len(truth[user])
    return round(total / max(1, len(people)), 6)


def _scorer(weights: ItemWeights) -> Callable[[Longs], Any]:
    return lambda history: scores_for(history, weights)


def _by_person(had: Had) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for user, item in zip(had.user.tolist(), had.item.tolist(), strict=True):
        found.setdefault(user, []).append(item)
    return found
