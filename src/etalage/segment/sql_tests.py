"""Step 3 of 8, segment: the tests on one value, and a `where`, as SQL expressions.

In:   tests of a tree and the column they are about.
Out:  `sqlglot` expressions; whatever the shop wrote is bound as a parameter, never part of the text.
Idea: a value is looked at as one type at a time, as in check.py: a column of `events` has one type; a property or
      trait is JSON and is a text, a whole number or a boolean. Each view that does not exist fails the test.
"""

from __future__ import annotations

from msgspec import Struct
from sqlglot import exp

from etalage.domain.event import Scalar
from etalage.domain.product import CATEGORY_SEPARATOR
from etalage.domain.segment import Test, Tests, Where
from etalage.segment.check import DATE_LENGTH, ISO_DATE
from etalage.segment.fields import EVENT_FIELDS, LINE_FIELDS, PROPERTY, attribute

LINE = "line"  # name of one line of an event in a lambda


class Bindings:
    """The values of a question by the name of their parameter; the same value is bound once."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self._names: dict[tuple[type, Scalar], str] = {}

    def bind(self, value: Scalar) -> exp.Placeholder:
        """Give the parameter that stands for a value."""
        name = self._names.setdefault((type(value), value), f"p{len(self._names)}")
        self.values[name] = value
        return exp.Placeholder(this=name)


class Operand(Struct, frozen=True):
    """A value as a text, as a number and as a boolean; None where it can never be one."""

    known: exp.Condition  # IS NULL when there is no value
    text: exp.Condition | None = None
    number: exp.Condition | None = None
    boolean: exp.Condition | None = None


def text_operand(column: exp.Condition) -> Operand:
    """Look at a column of texts."""
    return Operand(known=column, text=column)


def number_operand(column: exp.Condition) -> Operand:
    """Look at a column of whole numbers."""
    return Operand(known=column, number=column)


def json_operand(value: exp.Condition) -> Operand:
    """Look at a JSON scalar."""
    kind, text = _call("json_type", value), _call("json_extract_string", value, _literal("$"))
    is_number = exp.In(this=kind, expressions=[_literal("BIGINT"), _literal("UBIGINT")])
    number = exp.TryCast(this=text, to=exp.DataType.build("BIGINT"))
    return Operand(
        known=value,
        text=exp.case().when(kind.eq(_literal("VARCHAR")), text),
        number=exp.case().when(is_number, number),
        boolean=exp.case().when(kind.eq(_literal("BOOLEAN")), text.eq(_literal("true"))),
    )


def json_value(name: str, bindings: Bindings) -> exp.Condition:
    """Give the JSON scalar of a property of an event, by the name that the parser let through."""
    return _call("json_extract", exp.column("properties"), bindings.bind(f'$."{name}"'))


def tests_sql(operand: Operand, tests: Tests, bindings: Bindings) -> exp.Condition:
    """Write tests of which all must hold; NULL counts as false."""
    return exp.and_(*(_test(operand, test, bindings) for test in tests))


def _test(operand: Operand, test: Test, bindings: Bindings) -> exp.Condition:
    wanted = test.value
    if isinstance(wanted, tuple):
        return exp.or_(*(_equal(operand, value, bindings) for value in wanted))
    if test.operator == "is":
        return _equal(operand, wanted, bindings)
    if test.operator == "exists":
        missing = operand.known.is_(exp.null())
        return exp.not_(missing) if wanted else missing
    if isinstance(wanted, int):
        return _compared(operand.number, test.operator, bindings.bind(wanted))
    return _textual(operand.text, test.operator, wanted, bindings)


def _equal(operand: Operand, wanted: Scalar, bindings: Bindings) -> exp.Condition:
    if isinstance(wanted, bool):
        if operand.boolean is None:
            return exp.false()
        return operand.boolean if wanted else exp.not_(operand.boolean)
    view = operand.number if isinstance(wanted, int) else operand.text
    return exp.false() if view is None else view.eq(bindings.bind(wanted))


def _compared(number: exp.Condition | None, operator: str, bound: exp.Placeholder) -> exp.Condition:
    if number is None:
        return exp.false()
    return number >= bound if operator == "at_least" else number <= bound


def _textual(
    text: exp.Condition | None, operator: str, wanted: str, bindings: Bindings
) -> exp.Condition:
    if text is None:
        return exp.false()
    bound = bindings.bind(wanted)
    if operator == "contains":
        return exp.Contains(this=text, expression=bound)
    if operator == "starts_with":
        return exp.StartsWith(this=text, expression=bound)
    if operator == "under":
        below = bindings.bind(wanted + CATEGORY_SEPARATOR)
        return exp.or_(text.eq(bound), exp.StartsWith(this=text, expression=below))
    is_date = exp.RegexpLike(this=text, expression=_literal(ISO_DATE))
    day = exp.Left(this=text, expression=exp.Literal.number(DATE_LENGTH))
    return exp.and_(is_date, day < bound if operator == "before" else day > bound)


def where_sql(name: str, where: Where, bindings: Bindings) -> exp.Condition:
    """Write whether an event has a name and fits a `where`; NULL counts as false."""
    of_event = [
        tests_sql(_event_operand(field, bindings), tests, bindings)
        for field, tests in where
        if field not in LINE_FIELDS
    ]
    of_line = [
        tests_sql(_operand(LINE_FIELDS[field], exp.column(field, table=LINE)), tests, bindings)
        for field, tests in where
        if field in LINE_FIELDS
    ]
    if of_line:
        one_line = exp.Lambda(this=exp.and_(*of_line), expressions=[exp.to_identifier(LINE)])
        fitting = exp.ArrayFilter(this=exp.column("lines"), expression=one_line)
        of_event.append(exp.ArraySize(this=fitting) > exp.Literal.number(0))
    named = exp.column("name").eq(bindings.bind(name))
    if not of_event:
        return named
    # CASE keeps the engine from looking at lines and properties of all other events.
    return exp.case().when(named, exp.and_(*of_event)).else_(exp.false())


def _event_operand(field: str, bindings: Bindings) -> Operand:
    if field.startswith(PROPERTY):
        return json_operand(json_value(field.removeprefix(PROPERTY), bindings))
    return _operand(EVENT_FIELDS[field], exp.column(attribute(field)))


def _operand(kind: str, column: exp.Condition) -> Operand:
    return text_operand(column) if kind in {"text", "path"} else number_operand(column)


def _call(name: str, *arguments: exp.Condition) -> exp.Condition:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _literal(text: str) -> exp.Literal:
    return exp.Literal.string(text)
