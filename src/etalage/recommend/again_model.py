"""Step 4 of 8, recommend: the model of what people buy again, learned from a shop's orders, with its card.

In:   orders of the last year (`sql/again.sql`), of who lets herself be known; no person can be read from the model.
Out:  per product how long it lasts people, which products are often forgotten, and people's baskets without names.
Idea: a model has to earn its place. Everybody's last order is predicted from those before it, by how often she buys a
      thing, and by that times whether it is due. The better of both is used; if neither beats what is popular, none is.
From: methods 1.5 (precision@3 of the shop's own last baskets).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct, to_builtins

from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue
from etalage.domain.profile import BASKETS_KEPT, Basket
from etalage.domain.time import DAY
from etalage.recommend.baskets import RECENT_BASKETS
from etalage.recommend.cadence import Due, all_due, gaps_of
from etalage.recommend.model_file import digest, packed, to_bytes
from etalage.recommend.model_kind import Lesson, Taught, people_bound

KIND = "again"
LAYOUT = 1
WINDOW = 365 * DAY
LEAST_GAPS = 3  # of a product over all people, before it has a rhythm; else its category's counts
LEAST_LATE = 3  # people who forgot it, before it is said to be forgotten often
FORGOTTEN_SHRINK = 20  # few buyers prove little
TRIED_PLACES = 3  # precision@3
LEAST_ORDERS = 3  # of a person, before her last one is predicted


class AgainCard(Struct, frozen=True):
    """What the model is: its content, data, size and worth."""

    version: str
    made: int  # micros
    people: int
    orders: int
    products: int
    rhythms: int  # products of which it is known how long they last
    since: int
    predictions: int  # last orders, of people with three or more
    precision: float  # precision@3 of the way that is used
    frequency_precision: float  # of how often she buys it
    due_precision: float  # of that times whether it is due
    popular_precision: float  # of naming what most people buy: the bar

    @property
    def is_worth_it(self) -> bool:
        """Whether it beats what a shop would show without it."""
        return self.precision > self.popular_precision

    @property
    def asks_whether_due(self) -> bool:
        """Whether the rhythm adds something: else only how often she buys a thing counts."""
        return self.due_precision > self.frequency_precision


class Ordered(NamedTuple):
    """One person's orders, oldest first."""

    baskets: tuple[Basket, ...]
    late: frozenset[str]  # products she forgot at least once


def learn(rows: Iterable[Sequence[Any]], catalogue: Catalogue, now: int) -> Taught:
    """Learn from rows (person, time, id, product, late), in order of person and time."""
    people = list(_people(rows, catalogue))
    lasts = how_long(people, catalogue)
    precision = _tried(people, catalogue)
    late = often_forgotten(people)
    baskets = _columns(people)
    arrays = {
        "rhythm_of": packed(sorted(lasts)),
        "rhythm_days": np.array([lasts[p] for p in sorted(lasts)], np.float64),
        "late_of": packed([product for product, _ in late]),
        "late_share": np.array([share for _, share in late], np.float64),
        **baskets,
    }
    by_frequency, by_due, popular = precision.shares
    card = AgainCard(
        version=digest(arrays),
        made=now,
        people=len(people),
        orders=sum(len(one.baskets) for one in people),
        products=len({p for one in people for b in one.baskets for p in b.products}),
        rhythms=len(lasts),
        since=now - WINDOW,
        predictions=precision.predictions,
        precision=max(by_frequency, by_due),
        frequency_precision=by_frequency,
        due_precision=by_due,
        popular_precision=popular,
    )
    return Taught(card, to_bytes(KIND, LAYOUT, to_builtins(card), arrays))


def _people(rows: Iterable[Sequence[Any]], catalogue: Catalogue) -> Iterator[Ordered]:
    orders: dict[int, dict[tuple[int, str], list[str]]] = defaultdict(lambda: defaultdict(list))
    late: dict[int, set[str]] = defaultdict(set)
    for person, time, order, product, is_late in rows:
        if ProductId(product) in catalogue.products:
            orders[int(person)][int(time), str(order)].append(str(product))
            late[int(person)].update([str(product)] if is_late else ())
    for person in sorted(orders):
        lines = sorted(orders[person].items())
        baskets = tuple(Basket(time, order, tuple(p)) for (time, order), p in lines)
        yield Ordered(baskets, frozenset(late[person]))


def how_long(people: Iterable[Ordered], catalogue: Catalogue) -> dict[str, float]:
    """Give per product of the catalogue how many days it lasts people: its own median, or its category's."""
    own: dict[str, list[float]] = defaultdict(list)
    for one in people:
        times: dict[str, list[int]] = defaultdict(list)
        for basket in one.baskets:
            for product in basket.products:
                times[product].append(basket.time)
        for product, at in times.items():
            own[product].extend(gaps_of(at))
    of_category: dict[str | None, list[float]] = defaultdict(list)
    for product, gaps in own.items():
        of_category[catalogue.products[ProductId(product)].category].extend(gaps)
    lasts: dict[str, float] = {}
    for key, known in catalogue.products.items():
        gaps = own.get(key, [])
        if len(gaps) < LEAST_GAPS:
            gaps = of_category.get(known.category, []) if known.category else []
        if len(gaps) >= LEAST_GAPS:
            lasts[str(key)] = float(median(gaps))
    return lasts


def often_forgotten(people: Iterable[Ordered]) -> list[tuple[str, float]]:
    """Give what people forget most often, by the share of its buyers that did, drawn to 0 for few buyers."""
    buyers: Counter[str] = Counter()
    late: Counter[str] = Counter()
    for one in people:
        buyers.update({product for basket in one.baskets for product in basket.products})
        late.update(one.late)
    shares = {p: n / (buyers[p] + FORGOTTEN_SHRINK) for p, n in late.items() if n >= LEAST_LATE}
    return sorted(shares.items(), key=lambda one: (-one[1], one[0]))


class _Precision(NamedTuple):
    predictions: int
    shares: tuple[float, float, float]  # by frequency, by due, popular


def _tried(people: Sequence[Ordered], catalogue: Catalogue) -> _Precision:
    """Predict everybody's last order from the orders before it, hers and the others'."""
    before = [one._replace(baskets=one.baskets[:-1]) for one in people]
    lasts = how_long(before, catalogue)
    counted = Counter(p for one in before for basket in one.baskets for p in set(basket.products))
    ranked = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    popular = [product for product, _ in ranked[:TRIED_PLACES]]
    hits = [0, 0, 0]
    predictions = 0
    for one, known in zip(people, before, strict=True):
        if len(one.baskets) < LEAST_ORDERS:
            continue
        true = set(one.baskets[-1].products)
        due = all_due(known.baskets, lasts, one.baskets[-1].time)
        often = sorted(due, key=_by_frequency)
        predictions += 1
        for way, proposed in enumerate((_first(often), _first(due), popular)):
            hits[way] += len(true.intersection(proposed))
    of = max(1, predictions * TRIED_PLACES)
    by_frequency, by_due, most_bought = (round(n / of, 6) for n in hits)
    return _Precision(predictions, (by_frequency, by_due, most_bought))


def _by_frequency(one: Due) -> tuple[float, str]:
    return (-one.frequency, one.product)


def _first(due: Sequence[Due]) -> list[str]:
    return [one.product for one in due[:TRIED_PLACES]]


def _columns(people: Sequence[Ordered]) -> dict[str, Any]:
    """Write whose basket held what, as numbers: per line the person, the product, and its share of her last orders."""
    codes: dict[str, int] = {}
    lines: list[tuple[int, int, float]] = []
    for number, one in enumerate(people):
        shares = recent_shares_of(one.baskets)
        had = dict.fromkeys(p for basket in one.baskets for p in basket.products)
        lines.extend((number, codes.setdefault(p, len(codes)), shares.get(p, 0.0)) for p in had)
    table: Mapping[str, Any] = {
        "line_person": np.array([line[0] for line in lines], np.int32),
        "line_product": np.array([line[1] for line in lines], np.int32),
        "line_share": np.array([line[2] for line in lines], np.float64),
        "products": packed(list(codes)),
    }
    return dict(table)


def recent_shares_of(baskets: Sequence[Basket]) -> dict[str, float]:
    """Give for each product the share of the last ten orders that held it."""
    recent = baskets[-RECENT_BASKETS:]
    counted = Counter(product for basket in recent for product in set(basket.products))
    return {product: count / len(recent) for product, count in counted.items()}


def taught(lesson: Lesson) -> Taught:
    """Ask the log, and learn."""
    sql = files("etalage.recommend").joinpath("sql", "again.sql").read_text("utf-8")
    bound = {
        "now": lesson.now,
        "since": lesson.now - WINDOW,
        **people_bound(lesson.visitors_needed),
        "most": BASKETS_KEPT,
        "erased": list(lesson.erased),
    }
    return learn(lesson.ask(sql, bound), lesson.catalogue, lesson.now)
