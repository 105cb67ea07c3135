"""Step 3 of 8, segment: what has to be counted per shop day so that a tree can be answered live.

In:   trees.
Out:  features: the `did` conditions without window and thresholds, and for the fold what to count per event.
Idea: equal conditions have equal ids, whoever wrote them and in whatever order, so they are counted once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import get_args

from etalage.domain.event import Event, Line, Scalar
from etalage.domain.ids import FeatureId
from etalage.domain.product import CATEGORY_SEPARATOR
from etalage.domain.profile import Recent
from etalage.domain.segment import Did, Feature, Node, Operator, Test, Where, walk
from etalage.segment.check import Check, check_of
from etalage.segment.fields import LINE_FIELDS, PROPERTY, attribute

Matcher = Callable[[Event | Recent], bool]
Counting = Callable[[Event], list[FeatureId]]  # which conditions an event satisfies
PLACES_KEPT = 4_096  # a name with its categories, each with the conditions that lie there


def features(node: Node) -> tuple[Feature, ...]:
    """Give the conditions that are counted per day, each once, in order of id."""
    found = [
        feature_of(part.name, part.where)
        for part in walk(node)
        if isinstance(part, Did) and part.window.hours is None
    ]
    return tuple({feature.id: feature for feature in sorted(found, key=lambda f: f.id)}.values())


def feature_of(name: str, where: Where) -> Feature:
    """Make the feature of a condition; its id is the digest of what it counts."""
    text = json.dumps([name, where_json(where)], sort_keys=True, separators=(",", ":"))
    return Feature(FeatureId(hashlib.sha256(text.encode()).hexdigest()[:16]), name, where)


def where_json(where: Where) -> dict[str, object]:
    """Write a `where` for storage, in minor units: {"price": {"at_least": 5000}}."""
    return {field: {test.operator: test.value for test in tests} for field, tests in where}


def feature_from(feature_id: FeatureId, name: str, stored: Mapping[str, object]) -> Feature:
    """Make a feature of what was stored of it: its id, its event and its `where_json`."""
    return Feature(feature_id, name, where_of(stored))


def where_of(stored: Mapping[str, object]) -> Where:
    """Read what `where_json` wrote, also after a journey through JSON."""
    known: tuple[Operator, ...] = get_args(Operator)
    where = []
    for field in sorted(stored):
        written = stored[field]
        if not isinstance(written, Mapping):
            raise TypeError(f"the stored condition on {field} is no object")
        tests = tuple(Test(op, _value(written[op])) for op in known if op in written)
        where.append((field, tests))
    return tuple(where)


def _value(stored: object) -> Scalar | tuple[Scalar, ...]:
    if isinstance(stored, list | tuple):
        return tuple(value for value in stored if isinstance(value, str | int))
    if isinstance(stored, str | int):
        return stored
    raise TypeError(f"a stored condition tests {type(stored).__name__}")


def counted(all_features: Iterable[Feature]) -> Counting:
    """Compile conditions into one function that tells which of them an event satisfies, each once.

    Most conditions of a shop ask for a category. They lie ready under it, so that an event meets those of its own
    categories only: what it costs does not grow with the number of segments.
    """
    ready: dict[tuple[str, str | None], list[tuple[FeatureId, Matcher | None]]] = {}
    for feature in {one.id: one for one in all_features}.values():
        place = feature.name, _category(feature.where)
        holds = None if _is_all_said(feature.where) else where_matcher(feature.where)
        ready.setdefault(place, []).append((feature.id, holds))

    @lru_cache(maxsize=PLACES_KEPT)  # events are about few sets of categories
    def lying_at(
        name: str, categories: tuple[str | None, ...]
    ) -> tuple[tuple[FeatureId, Matcher | None], ...]:
        places = [(name, None), *((name, path) for path in _paths(categories))]
        return tuple([one for at in places for one in ready.get(at, ())])

    def satisfied(event: Event) -> list[FeatureId]:
        there = lying_at(event.name, tuple([line.category for line in event.lines]))
        return [one for one, holds in there if holds is None or holds(event)]

    return satisfied


def _is_all_said(where: Where) -> bool:
    """Tell whether lying under a category, or nothing at all, is all that is asked: then the place says it holds."""
    if not where:
        return True
    ((field, tests), *rest) = where
    return (
        field == "category"
        and not rest
        and len(tests) == 1
        and tests[0].operator == "under"
        and bool(tests[0].value)
    )


def _category(where: Where) -> str | None:
    """Give a category that a line must lie in or under for this to hold; None if there is no such."""
    tests = (test for field, tests in where if field == "category" for test in tests)
    named = (str(test.value) for test in tests if test.operator in {"is", "under"} and test.value)
    return next(named, None)


def _paths(categories: Iterable[str | None]) -> set[str]:
    """Give the categories of all lines, and those above them: 'Hond > Voer' and 'Hond'."""
    paths = {category for category in categories if category}
    for category in tuple(paths):
        end = category.find(CATEGORY_SEPARATOR)
        while end >= 0:
            paths.add(category[:end])
            end = category.find(CATEGORY_SEPARATOR, end + 1)
    return paths


def matcher(feature: Feature) -> Matcher:
    """Compile a feature into a test of an event."""
    name, holds = feature.name, where_matcher(feature.where)
    return lambda event: event.name == name and holds(event)


def where_matcher(where: Where) -> Matcher:
    """Compile a `where`: event fields all hold, and one line satisfies all tests of line fields."""
    of_line = tuple((f, check_of(tests)) for f, tests in where if f in LINE_FIELDS)
    of_event = tuple(_event_check(f, check_of(tests)) for f, tests in where if f not in LINE_FIELDS)
    if not of_line:
        return lambda event: all(holds(event) for holds in of_event)

    def line_fits(line: Line) -> bool:
        return all(check(getattr(line, field)) for field, check in of_line)

    return lambda event: (
        all(holds(event) for holds in of_event) and any(line_fits(line) for line in event.lines)
    )


def _event_check(field: str, check: Check) -> Matcher:
    if field.startswith(PROPERTY):
        name = field.removeprefix(PROPERTY)
        return lambda event: check(event.properties.get(name))
    column = attribute(field)
    return lambda event: check(getattr(event, column))
