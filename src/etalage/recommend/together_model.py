"""Step 4 of 8, recommend: the model of what goes together, learned from a shop's baskets, with its card.

In:   baskets of the last months (`sql/together.sql`) and the catalogue of today.
Out:  complements per product, and per kind of product for what nobody bought yet.
Idea: a kind is the first two steps of a category ("Dames > Jassen"): a rain jacket and a winter coat are rivals, a jacket
      and trousers are not. What too few people chose together to say something about the two products still says
      something about their kinds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, ClassVar, NamedTuple

import numpy as np
from msgspec import Struct, to_builtins

from etalage.domain.ids import ProductId
from etalage.domain.product import CATEGORY_SEPARATOR, Catalogue
from etalage.domain.time import DAY
from etalage.recommend.model_file import Written, digest, packed, reader, to_bytes, unpacked
from etalage.recommend.model_kind import Kind, Lesson, Taught, judges, people_bound
from etalage.recommend.together import LEAST_TOGETHER, LONGEST, Chosen, Complement, complements

KIND = "together"
LAYOUT = 1
WINDOW = 180 * DAY  # baskets are few, and what goes together lasts
KIND_DEPTH = 2  # steps of a category that make a kind
TOP = 10
STANDING = 2  # the column of the answer that says whose basket it is
TRIED = 1_000  # baskets that are predicted before a model is used


class TogetherCard(Struct, frozen=True):
    """What the model is: its content, data, size and worth."""

    version: str
    made: int  # micros
    baskets: int
    products: int
    pairs: int
    kinds: int
    since: int
    predictions: int  # the rest of a basket from a product of it, on the newest tenth, where it had something to say
    hit_rate: float  # HR@10 of those
    popular_hit_rate: float  # of naming as many popular products of other kinds: the bar

    @property
    def is_worth_it(self) -> bool:
        """Whether it beats what a shop would show without it."""
        return self.hit_rate > self.popular_hit_rate


class Learned(NamedTuple):
    """Complements of products and of kinds, and what is chosen most of a kind (its nearness is a share)."""

    products: Mapping[str, tuple[Complement[str], ...]]
    kinds: Mapping[str, tuple[Complement[str], ...]]
    most: Mapping[str, tuple[Complement[str], ...]] = {}


class TogetherShelf:
    """A model made ready to answer."""

    __slots__ = ("_learned", "_version")
    name: ClassVar[str] = KIND

    def __init__(self, version: str, learned: Learned) -> None:
        self._version = version
        self._learned = learned

    @property
    def version(self) -> str:
        """That of the model's card."""
        return self._version

    def with_product(self, product: str) -> tuple[Complement[str], ...]:
        """Give what goes with a product, the nearest first."""
        return self._learned.products.get(product, ())

    def with_kind(self, kind: str) -> tuple[Complement[str], ...]:
        """Give which kinds of products go with a kind, the nearest first."""
        return self._learned.kinds.get(kind, ())

    def most_of(self, kind: str) -> tuple[Complement[str], ...]:
        """Give what is chosen most of a kind, the most first."""
        return self._learned.most.get(kind, ())


def kind_of(category: str | None) -> str:
    """Give the kind a category is of: 'Dames > Jassen > Regenjassen' is of 'Dames > Jassen'."""
    steps = (category or "").split(CATEGORY_SEPARATOR)
    return CATEGORY_SEPARATOR.join(steps[:KIND_DEPTH])


def learn(rows: Sequence[Sequence[Any]], catalogue: Catalogue, now: int) -> Taught:
    """Learn from rows (who, products, standing), oldest first, of products the catalogue still has."""
    kinds = {str(key): kind_of(one.category) for key, one in catalogue.products.items()}
    baskets = [
        Chosen(int(who), [str(p) for p in products if ProductId(p) in catalogue.products])
        for who, products, *_ in rows
    ]
    learned = _learned(baskets, kinds)
    predictions, hits, popular_hits = _tried(baskets, kinds, judges(rows, STANDING))
    arrays = _arrays(learned)
    card = TogetherCard(
        version=digest(arrays),
        made=now,
        baskets=len(baskets),
        products=len(learned.products),
        pairs=sum(map(len, learned.products.values())) // 2,
        kinds=len(learned.kinds),
        since=now - WINDOW,
        predictions=predictions,
        hit_rate=round(hits / max(1, predictions), 6),
        popular_hit_rate=round(popular_hits / max(1, predictions), 6),
    )
    return Taught(card, to_bytes(KIND, LAYOUT, to_builtins(card), arrays))


def _learned(baskets: Sequence[Chosen[str]], kinds: Mapping[str, str]) -> Learned:
    of_kinds = (Chosen(who, [kinds[p] for p in products if kinds[p]]) for who, products in baskets)
    return Learned(
        complements(baskets, lambda product: kinds[product]),
        complements(of_kinds, lambda kind: kind),
        _most(baskets, kinds),
    )


def _most(
    baskets: Sequence[Chosen[str]], kinds: Mapping[str, str]
) -> dict[str, tuple[Complement[str], ...]]:
    """Find what most people chose of each kind: a person counts once."""
    people: dict[str, set[int]] = {}
    for who, products in baskets:
        for product in products:
            people.setdefault(product, set()).add(who)
    found: dict[str, list[Complement[str]]] = {}
    everybody = max(1, len({one.who for one in baskets}))
    for product in sorted(people, key=lambda one: (-len(people[one]), one)):
        own = found.setdefault(kinds[product], [])
        if len(own) < TOP and len(people[product]) >= LEAST_TOGETHER:
            own.append(Complement(product, len(people[product]) / everybody))
    return {kind: tuple(own) for kind, own in found.items()}


def _tried(
    baskets: Sequence[Chosen[str]], kinds: Mapping[str, str], judging: Sequence[int]
) -> tuple[int, int, int]:
    """Predict the newest baskets of these from all before: give predictions, hits, and hits of the popular products."""
    asking = judging[len(judging) - min(TRIED, len(judging) // 10) :]
    known = baskets[: asking[0]] if asking else []
    learned = _learned(known, kinds)
    counted = Counter(product for one in known for product in set(one.things))
    popular = [product for product, _ in sorted(counted.items(), key=lambda one: (-one[1], one[0]))]
    predictions = hits = popular_hits = 0
    for _, products in (baskets[place] for place in asking):
        for product in products:
            others = {other for other in products if kinds[other] != kinds[product]}
            proposed = [one.thing for one in learned.products.get(product, ())[:TOP]]
            if not others or not proposed:
                continue
            bar = [one for one in popular if kinds[one] != kinds[product]][: len(proposed)]
            predictions += 1
            hits += not others.isdisjoint(proposed)
            popular_hits += not others.isdisjoint(bar)
    return predictions, hits, popular_hits


# ---- As a file ----------------------------------------------------------------------------------------


def _arrays(learned: Learned) -> dict[str, Any]:
    return {
        **_columns("product", learned.products),
        **_columns("kind", learned.kinds),
        **_columns("most", learned.most),
    }


def _columns(name: str, found: Mapping[str, tuple[Complement[str], ...]]) -> dict[str, Any]:
    lines = [(thing, one) for thing in sorted(found) for one in found[thing]]
    return {
        f"{name}_of": packed([thing for thing, _ in lines]),
        f"{name}_with": packed([one.thing for _, one in lines]),
        f"{name}_near": np.array([one.nearness for _, one in lines], np.float64),
    }


def _found(name: str, arrays: Mapping[str, Any]) -> dict[str, tuple[Complement[str], ...]]:
    found: dict[str, list[Complement[str]]] = {}
    columns = unpacked(arrays[f"{name}_of"]), unpacked(arrays[f"{name}_with"])
    for thing, other, near in zip(*columns, arrays[f"{name}_near"].tolist(), strict=True):
        found.setdefault(thing, []).append(Complement(other, near))
    return {thing: tuple(own) for thing, own in found.items()}


def _learn(lesson: Lesson) -> Taught:
    sql = files("etalage.recommend").joinpath("sql", "together.sql").read_text("utf-8")
    bound = {
        "now": lesson.now,
        "since": lesson.now - WINDOW,
        **people_bound(lesson.visitors_needed),
        "longest": LONGEST,
        "erased": list(lesson.erased),
    }
    return learn(lesson.ask(sql, bound), lesson.catalogue, lesson.now)


def _shelf(kept: Written[TogetherCard]) -> TogetherShelf:
    learned = Learned(*(_found(name, kept.arrays) for name in ("product", "kind", "most")))
    return TogetherShelf(kept.card.version, learned)


TOGETHER = Kind(KIND, _learn, reader(KIND, LAYOUT, TogetherCard), _shelf)
