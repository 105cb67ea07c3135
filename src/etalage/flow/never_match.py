"""Names in a segment that can never match: what neither the log nor the catalogue has ever seen.

In:   a tree, and what was seen so far.
Out:  warnings with the nearest name that does exist. They are no errors: a shop may write a segment before the
      first event of its kind comes.
Idea: a segment with a typing error is not wrong, it is empty for ever. So every name in it is held against what is
      there, and properties and traits also against the list of what is kept at all.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from msgspec import Struct

from etalage.collect.allowed import PROPERTIES, TRAITS
from etalage.collect.names import snake_case
from etalage.domain.event import GA4_NAMES, OUR_NAMES
from etalage.domain.product import CATEGORY_SEPARATOR
from etalage.domain.segment import Did, Fact, InOrder, Node, Preference, Tests, Trait, Where, walk
from etalage.domain.shop import Shop
from etalage.ports import Ports, Questions
from etalage.segment.fields import PROPERTY

_LINE = ("product", "category", "brand")


class Doubt(Struct, frozen=True):
    """A name that matches nothing so far."""

    kind: str  # event, property, trait, preference, score, product, category, brand
    name: str
    says: str


def doubts(ports: Ports, node: Node, shop: Shop) -> list[Doubt]:
    """Give the names in a tree that match nothing so far, each once, in order of appearance."""
    with ports.warehouse.session() as questions:
        found = list(_Seen(ports, shop, questions).all_in(node))
    return list(dict.fromkeys(found))


class _Seen:
    """What was seen so far; each kind of name is asked for once, when it is needed."""

    def __init__(self, ports: Ports, shop: Shop, questions: Questions) -> None:
        self._ports, self._shop, self._questions = ports, shop, questions

    def all_in(self, node: Node) -> Iterator[Doubt]:
        for part in walk(node):
            if isinstance(part, Did):
                yield from self._event(part.name)
                yield from self._where(part.where)
            elif isinstance(part, InOrder):
                for step in part.steps:
                    yield from self._event(step.name)
                    yield from self._where(step.where)
            elif isinstance(part, Trait):
                yield from self._kept("trait", part.name, TRAITS, self._shop.traits, self._traits)
            elif isinstance(part, Preference):
                yield from _doubt("preference", part.name, self._named("preference"))
            elif isinstance(part, Fact) and part.kind == "score":
                yield from _doubt("score", part.name, self._named("score"))

    def _event(self, name: str) -> Iterator[Doubt]:
        yield from _doubt("event", name, self._events, others=GA4_NAMES | OUR_NAMES)

    def _where(self, where: Where) -> Iterator[Doubt]:
        for field, tests in where:
            if field.startswith(PROPERTY):
                name = field.removeprefix(PROPERTY)
                own = self._shop.properties
                yield from self._kept("property", name, PROPERTIES, own, self._properties)
            elif field in _LINE:
                for value in _wanted(tests):
                    yield from _doubt(field, value, self._values[field])

    def _kept(
        self,
        kind: str,
        name: str,
        default: frozenset[str],
        own: Iterable[str],
        seen: frozenset[str],
    ) -> Iterator[Doubt]:
        kept = default | {written for one in own if (written := snake_case(one)) is not None}
        if name in kept or name in seen:
            yield from _doubt(kind, name, seen)
            return
        plural = "properties" if kind == "property" else "traits"
        near = _nearest(name, kept | seen)
        yield Doubt(kind, name, f"is not kept: intake drops it{near}. The shop's setting '{plural}' adds names")  # fmt: skip

    @cached_property
    def _events(self) -> frozenset[str]:
        return self._ask("SELECT DISTINCT name FROM events")

    @cached_property
    def _properties(self) -> frozenset[str]:
        return self._keys("name NOT IN ('identify', 'score', 'preference', 'consent')")

    @cached_property
    def _traits(self) -> frozenset[str]:
        return self._named("identify")

    def _named(self, event: str) -> frozenset[str]:
        return self._keys("name = $name", name=event)

    def _keys(self, which: str, **bound: object) -> frozenset[str]:
        return self._ask(
            f"SELECT DISTINCT unnest(json_keys(properties)) FROM events WHERE properties <> '{{}}' AND {which}",
            bound,
        )

    @cached_property
    def _values(self) -> Mapping[str, frozenset[str]]:
        catalogue = self._ports.records.catalogue()
        products = () if catalogue is None else catalogue.products.values()
        of_lines = {
            field: self._ask(
                f"SELECT DISTINCT line.{field} FROM (SELECT unnest(lines) AS line FROM events)"
            )
            for field in _LINE
        }
        paths = {path for product in products for path in product.categories}
        categories = {CATEGORY_SEPARATOR.join(path) for path in paths} | of_lines["category"]
        return {
            "product": of_lines["product"] | {product.id for product in products},
            "category": frozenset(above for path in categories for above in _and_above(path)),
            "brand": of_lines["brand"] | {p.brand for p in products if p.brand is not None},
        }

    def _ask(self, text: str, bound: Mapping[str, object] | None = None) -> frozenset[str]:
        rows = self._questions.ask(text, bound or {}).rows
        return frozenset(str(one) for (one,) in rows if one is not None)


def _wanted(tests: Tests) -> Iterator[str]:
    """Give the whole names that tests ask for; the beginning or part of one cannot be looked up."""
    for test in tests:
        if test.operator in {"is", "in", "under"}:
            values = test.value if isinstance(test.value, tuple) else (test.value,)
            yield from (value for value in values if isinstance(value, str))


def _doubt(
    kind: str, name: str, seen: frozenset[str], *, others: frozenset[str] = frozenset()
) -> Iterator[Doubt]:
    if name in seen:
        return
    known = "has not been seen yet" if name in others else "has never been seen"
    near = "" if name in others else _nearest(name, seen | others)
    yield Doubt(kind, name, known + near)


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""


def _and_above(path: str) -> Iterator[str]:
    parts = path.split(CATEGORY_SEPARATOR)
    return (CATEGORY_SEPARATOR.join(parts[:n]) for n in range(1, len(parts) + 1))
