"""Step 3 of 8, segment: from written JSON to a tree, or to the first thing that is wrong with it.

In:   what a person wrote, and the written trees of the other segments it may refer to.
Out:  a `Node`, with amounts in minor units and dates as shop days; or an error whose `field` says where,
      such as `all[1].where.category`, and which names the nearest name that exists.
Idea: the language is closed and strict: whatever is not known is refused, nothing is guessed or ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from etalage.domain.event import NOT_ACTIVITY
from etalage.domain.ids import SegmentName
from etalage.domain.segment import (
    ONCE,
    AllOf,
    AnyOf,
    Did,
    Fact,
    In,
    InOrder,
    Node,
    Not,
    OfContext,
    Preference,
    Step,
    Tests,
    Trait,
    Where,
    walk,
)
from etalage.errors import BadSegment, Unknown
from etalage.segment.fields import (
    CONTEXT_FIELDS,
    EVENT_FIELDS,
    LINE_FIELDS,
    MONEY_FIELDS,
    PROPERTY,
    RFM_SIDES,
    Kind,
    kind_of,
)
from etalage.segment.values import (
    read_name,
    read_range,
    read_tests,
    read_text,
    read_times,
    read_window,
)

MAX_DEPTH = 8  # forms inside each other, in one written tree (safety.md)
MAX_NODES = 200  # forms, `where` fields and steps, in one written tree (safety.md)
MAX_CHAIN = 8  # segments that refer to segments
MAX_INLINED = 2_000  # nodes with all segments referred to written out
MIN_STEPS, MAX_STEPS = 2, 10

FORMS = tuple(
    "all any not did trait context phase persona rfm score preference in".split(),
)
SESSION = "session"  # {"did": "session", "order": [...]}: what an order of steps counts


def parse(tree: object, *, currency: str, known: Mapping[str, object] | None = None) -> Node:
    """Read a written tree.

    Args:
        tree: the JSON document, already decoded.
        currency: the shop's; amounts in the tree are in it, in major units.
        known: the written trees of the shop's segments by name, for `in`.

    Raises:
        Unknown: a form, field, operator or segment that does not exist.
        BadSegment: anything else that breaks a rule of the language.
    """
    reader = _Reader(currency, known or {})
    _measure(tree, "", 1, [0])
    node = reader.node(tree, "")
    for count, _ in enumerate(walk(node)):
        if count >= MAX_INLINED:
            raise BadSegment(
                f"with the segments it refers to this is more than {MAX_INLINED} conditions"
            )
    return node


def _measure(tree: object, path: str, depth: int, counted: list[int]) -> None:
    """Refuse a tree that is too deep or too large before looking closer."""
    if depth > MAX_DEPTH:
        raise BadSegment(f"conditions may lie {MAX_DEPTH} deep, not more", field=path)
    if not isinstance(tree, Mapping):
        return
    where, order = tree.get("where"), tree.get("order")
    counted[0] += 1 + (len(where) if isinstance(where, Mapping) else 0)
    counted[0] += len(order) if isinstance(order, list) else 0
    if counted[0] > MAX_NODES:
        raise BadSegment(f"a segment may have {MAX_NODES} conditions, not more", field=path)
    for form in ("all", "any"):
        parts = tree.get(form)
        if isinstance(parts, list):
            for i, part in enumerate(parts):
                _measure(part, f"{_under(path, form)}[{i}]", depth + 1, counted)
    if "not" in tree:
        _measure(tree["not"], _under(path, "not"), depth + 1, counted)


def _under(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


class _Reader:
    """Reads the forms of one tree; holds what they share: currency, other segments, the chain of `in`."""

    def __init__(self, currency: str, known: Mapping[str, object]) -> None:
        self._currency = currency
        self._known = known
        self._chain: tuple[str, ...] = ()
        self._read: dict[str, Node] = {}
        self._forms: dict[str, Callable[[Mapping[str, object], str], Node]] = {
            "all": lambda tree, path: AllOf(self._nodes(tree, "all", path)),
            "any": lambda tree, path: AnyOf(self._nodes(tree, "any", path)),
            "not": self._not,
            "did": self._did,
            "trait": lambda tree, path: Trait(*self._named(tree, "trait", "any", path)),
            "preference": lambda tree, path: Preference(
                *self._named(tree, "preference", "any", path)
            ),
            "score": lambda tree, path: Fact("score", *self._named(tree, "score", "score", path)),
            "context": self._context,
            "phase": lambda tree, path: self._fact(tree, "phase", path),
            "persona": lambda tree, path: self._fact(tree, "persona", path),
            "rfm": self._rfm,
            "in": self._in,
        }

    def node(self, tree: object, path: str) -> Node:
        """Read one form and all inside it."""
        if not isinstance(tree, Mapping):
            raise BadSegment(
                'a condition is an object such as {"did": "view_item"}', field=path or None
            )
        keys = [str(key) for key in tree]
        forms = [key for key in keys if key in FORMS and key != "in"] or (
            ["in"] if "in" in keys else []
        )
        if len(forms) == 1:
            return self._forms[forms[0]](tree, path)
        if not forms and keys:
            raise Unknown("condition", keys[0], FORMS, field=_under(path, keys[0]))
        named = " and ".join(f"'{form}'" for form in forms) or "none"
        raise BadSegment(
            f"a condition has exactly one of {', '.join(FORMS)}; here: {named}", field=path or None
        )

    def _nodes(self, tree: Mapping[str, object], form: str, path: str) -> tuple[Node, ...]:
        only(tree, (form,), path)
        parts, place = tree[form], _under(path, form)
        if not isinstance(parts, list) or not parts:
            raise BadSegment(f"'{form}' takes a list of at least one condition", field=place)
        return tuple(self.node(part, f"{place}[{i}]") for i, part in enumerate(parts))

    def _not(self, tree: Mapping[str, object], path: str) -> Node:
        only(tree, ("not",), path)
        return Not(self.node(tree["not"], _under(path, "not")))

    def _named(
        self, tree: Mapping[str, object], form: str, kind: Kind, path: str
    ) -> tuple[str, Tests]:
        name = read_name(tree[form], _under(path, form))
        tests = {key: value for key, value in tree.items() if key != form}
        return name, read_tests(tests, kind, self._currency, path)

    def _context(self, tree: Mapping[str, object], path: str) -> Node:
        place = _under(path, "context")
        field = read_text(tree["context"], place)
        if field not in CONTEXT_FIELDS:
            raise Unknown("field of the context", field, CONTEXT_FIELDS, field=place)
        tests = {key: value for key, value in tree.items() if key != "context"}
        return OfContext(field, read_tests(tests, CONTEXT_FIELDS[field], self._currency, path))

    def _fact(self, tree: Mapping[str, object], kind: str, path: str) -> Node:
        only(tree, (kind,), path)
        tests = read_tests(tree[kind], "text", self._currency, _under(path, kind))
        return Fact("phase" if kind == "phase" else "persona", kind, tests)

    def _rfm(self, tree: Mapping[str, object], path: str) -> Node:
        only(tree, ("rfm",), path)
        sides, place = tree["rfm"], _under(path, "rfm")
        if not isinstance(sides, Mapping) or not sides:
            raise BadSegment(
                'rfm takes an object such as {"recency": {"at_least": 4}}', field=place
            )
        only(sides, RFM_SIDES, place, kind="side of rfm")
        facts = tuple(
            Fact("rfm", side, read_tests(sides[side], "number", self._currency, f"{place}.{side}"))
            for side in RFM_SIDES
            if side in sides
        )
        return facts[0] if len(facts) == 1 else AllOf(facts)

    def _in(self, tree: Mapping[str, object], path: str) -> Node:
        only(tree, ("in",), path)
        place = _under(path, "in")
        name = read_text(tree["in"], place)
        if name in self._chain:
            chain = " > ".join((*self._chain[self._chain.index(name) :], name))
            raise BadSegment(f"segments refer to each other in a circle: {chain}", field=place)
        if len(self._chain) >= MAX_CHAIN:
            raise BadSegment(f"segments refer to segments more than {MAX_CHAIN} times", field=place)
        if name not in self._known:
            raise Unknown("segment", name, self._known, field=place)
        return In(SegmentName(name), self._segment(name, place))

    def _segment(self, name: str, place: str) -> Node:
        if name not in self._read:
            outer, self._chain = self._chain, (*self._chain, name)
            inner = f"{place}({name})"
            _measure(self._known[name], inner, 1, [0])
            self._read[name] = self.node(self._known[name], inner)
            self._chain = outer
        return self._read[name]

    def _did(self, tree: Mapping[str, object], path: str) -> Node:
        if "order" in tree:
            return self._in_order(tree, path)
        only(tree, ("did", "where", "times", "sum", "within", "since", "until"), path)
        name = _event_name(tree["did"], _under(path, "did"))
        if name == SESSION:
            raise BadSegment(
                '"did": "session" needs an "order" of steps', field=_under(path, "did")
            )
        return Did(
            name=name,
            where=self._where(tree, path),
            times=read_times(tree["times"], _under(path, "times")) if "times" in tree else ONCE,
            sum=read_range(tree["sum"], "money", self._currency, _under(path, "sum"))
            if "sum" in tree
            else None,
            window=read_window(tree, path),
        )

    def _in_order(self, tree: Mapping[str, object], path: str) -> Node:
        only(tree, ("did", "order", "times", "within", "since", "until"), path)
        place = _under(path, "order")
        if tree["did"] != SESSION:
            raise BadSegment(
                'an order counts sessions: write {"did": "session", "order": [all steps]}',
                field=_under(path, "did"),
            )
        steps = tree["order"]
        if not isinstance(steps, list) or not MIN_STEPS <= len(steps) <= MAX_STEPS:
            raise BadSegment(f"order takes a list of {MIN_STEPS} to {MAX_STEPS} steps", field=place)
        return InOrder(
            steps=tuple(self._step(step, f"{place}[{i}]") for i, step in enumerate(steps)),
            times=read_times(tree["times"], _under(path, "times")) if "times" in tree else ONCE,
            window=read_window(tree, path),
        )

    def _step(self, step: object, path: str) -> Step:
        if not isinstance(step, Mapping) or "did" not in step:
            raise BadSegment('a step is an object such as {"did": "view_item"}', field=path)
        only(step, ("did", "where"), path)
        name = _event_name(step["did"], _under(path, "did"))
        if name == SESSION:
            raise BadSegment("a step of a session is an event", field=_under(path, "did"))
        return Step(name, self._where(step, path))

    def _where(self, tree: Mapping[str, object], path: str) -> Where:
        if "where" not in tree:
            return ()
        where, place = tree["where"], _under(path, "where")
        if not isinstance(where, Mapping) or not where:
            raise BadSegment(
                'where takes an object such as {"category": {"under": "Hond"}}', field=place
            )
        tests = {
            _field(str(field), place): read_tests(
                written, _kind(str(field), place), self._currency, f"{place}.{field}"
            )
            for field, written in where.items()
        }
        if MONEY_FIELDS & tests.keys():
            if "currency" in tests:
                raise BadSegment(
                    f"amounts are in {self._currency} already; leave the currency out",
                    field=f"{place}.currency",
                )
            tests["currency"] = read_tests({"is": self._currency}, "text", "", place)
        return tuple(sorted(tests.items()))


def only(
    tree: Mapping[str, object], allowed: tuple[str, ...], path: str, *, kind: str = "key"
) -> None:
    """Refuse the first key that does not belong here, naming the nearest that does."""
    for key in tree:
        if key not in allowed:
            raise Unknown(kind, str(key), allowed, field=_under(path, str(key)))


def _event_name(written: object, path: str) -> str:
    name = read_name(written, path)
    if name in NOT_ACTIVITY:
        raise BadSegment(f"'{name}' is nothing a visitor does; it cannot be counted", field=path)
    return name


def _field(field: str, path: str) -> str:
    _kind(field, path)
    return field


def _kind(field: str, path: str) -> Kind:
    if field.startswith(PROPERTY):
        read_name(field.removeprefix(PROPERTY), f"{path}.{field}")
    elif field not in LINE_FIELDS and field not in EVENT_FIELDS:
        known = (*LINE_FIELDS, *EVENT_FIELDS, f"{PROPERTY}NAME")
        raise Unknown("field of an event", field, known, field=f"{path}.{field}")
    return kind_of(field)
