"""Step 3 of 8, segment: the written values of a tree: tests, numbers, amounts, windows and names.

In:   one value of the JSON document and where it stands.
Out:  the value as a tree keeps it: amounts in minor units, fractions in millionths, dates as shop days; or a
      `BadSegment` that says what belongs there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from etalage.domain.event import Scalar
from etalage.domain.money import CEILING, exponent
from etalage.domain.segment import Range, Test, Tests, Window
from etalage.domain.time import day_of_date
from etalage.errors import BadSegment, Unknown
from etalage.segment.fields import OPERATORS, OPERATORS_OF, WRITTEN_OPERATORS, Kind

MAX_TEXT = 500  # characters of a value
MAX_VALUES = 500  # of one `in`
LARGEST = 2**53  # beyond it JSON numbers of other programs lose digits
MILLION = 1_000_000  # a score is kept in millionths
MAX_TIMES = 1_000_000
MAX_HOURS = 48  # what a profile remembers whole (profile.RECENT_HOURS)
MAX_DAYS = 3_660  # ten years

_NAME = re.compile(r"[\w.:-]([\w .:-]{0,98}[\w.:-])?")
_WITHIN = re.compile(r"([1-9][0-9]{0,4})([hd])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RANGE_OPERATORS = ("at_least", "at_most", "between", "is")


def read_tests(written: object, kind: Kind, currency: str, path: str) -> Tests:
    """Read the tests of one value: {"at_least": 3, "at_most": 5}. All must hold."""
    if not isinstance(written, Mapping):
        raise BadSegment('a test is an object such as {"is": "NL"}', field=path or None)
    if not written:
        raise BadSegment(f"a test is missing: one of {', '.join(WRITTEN_OPERATORS)}", field=path)
    found: dict[str, Test] = {}
    for operator, value in written.items():
        place = f"{path}.{operator}" if path else str(operator)
        if operator not in WRITTEN_OPERATORS:
            raise Unknown("operator", str(operator), WRITTEN_OPERATORS, field=place)
        if operator not in OPERATORS_OF[kind]:
            fitting = ", ".join(sorted(OPERATORS_OF[kind]))
            raise BadSegment(f"'{operator}' does not fit here; these do: {fitting}", field=place)
        for test in _tests(str(operator), value, kind, currency, place):
            if test.operator in found:
                raise BadSegment(f"'{test.operator}' is said twice", field=place)
            found[test.operator] = test
    _refuse_empty(found, path)
    return tuple(found[operator] for operator in OPERATORS if operator in found)


def _refuse_empty(found: Mapping[str, Test], path: str) -> None:
    if "at_least" in found and "at_most" in found:
        low, high = found["at_least"].value, found["at_most"].value
        if isinstance(low, int) and isinstance(high, int) and low > high:
            raise BadSegment("the lower bound lies above the upper one", field=path or None)


def _tests(operator: str, value: object, kind: Kind, currency: str, path: str) -> list[Test]:
    if operator == "exists":
        if not isinstance(value, bool):
            raise BadSegment("exists takes true or false", field=path)
        return [Test("exists", value)]
    if operator == "in":
        return [_in(value, kind, currency, path)]
    if operator == "is":
        return [Test("is", _scalar(value, kind, currency, path))]
    if operator in {"at_least", "at_most", "between"}:
        bounds = _bounds(operator, value, kind, currency, path)
        low, high = bounds.at_least, bounds.at_most
        lower = [Test("at_least", low)] if low is not None else []
        return lower + ([Test("at_most", high)] if high is not None else [])
    if operator in {"before", "after"}:
        text = read_date(value, path).isoformat()
        return [Test("before" if operator == "before" else "after", text)]
    textual = {"contains": "contains", "starts_with": "starts_with"}.get(operator, "under")
    return [_textual(textual, read_text(value, path))]


def _textual(operator: str, text: str) -> Test:
    if operator == "contains":
        return Test("contains", text)
    return Test("starts_with", text) if operator == "starts_with" else Test("under", text)


def _in(value: object, kind: Kind, currency: str, path: str) -> Test:
    if not isinstance(value, list) or not value:
        raise BadSegment("in takes a list of at least one value", field=path)
    if len(value) > MAX_VALUES:
        raise BadSegment(f"in takes at most {MAX_VALUES} values", field=path)
    scalars = [_scalar(v, kind, currency, f"{path}[{i}]") for i, v in enumerate(value)]
    unique = {(type(v).__name__, v): v for v in scalars}
    ordered = tuple(unique[key] for key in sorted(unique, key=lambda k: (k[0], k[1])))
    return Test("is", ordered[0]) if len(ordered) == 1 else Test("in", ordered)


def _scalar(value: object, kind: Kind, currency: str, path: str) -> Scalar:
    if kind in {"text", "path"}:
        return read_text(value, path)
    if kind == "any" and isinstance(value, str | bool):
        return value if isinstance(value, bool) else read_text(value, path)
    return _number(value, kind, currency, path)


def _number(value: object, kind: Kind, currency: str, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadSegment(f"a number belongs here, not {_named(value)}", field=path)
    if isinstance(value, float) and not math.isfinite(value):
        raise BadSegment("a number belongs here, not NaN or infinity", field=path)
    if abs(value) > LARGEST:
        raise BadSegment("this number is too large", field=path)
    digits = {"money": exponent(currency), "score": 6}.get(kind, 0)
    scaled = Decimal(str(value)).scaleb(digits)
    if scaled != scaled.to_integral_value():
        allowed = f"at most {digits} decimals" if digits else "a whole number"
        raise BadSegment(f"{value} is not possible here; write {allowed}", field=path)
    if kind == "money" and abs(scaled) > CEILING:
        raise BadSegment("this amount is too large", field=path)
    return int(scaled)


def _named(value: object) -> str:
    names = {bool: "true or false", str: "a text", list: "a list", dict: "an object"}
    return names.get(type(value), "nothing")


def _bounds(operator: str, value: object, kind: Kind, currency: str, path: str) -> Range:
    if operator == "at_least":
        return Range(at_least=_number(value, kind, currency, path))
    if operator == "at_most":
        return Range(at_most=_number(value, kind, currency, path))
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004  from and to
        raise BadSegment("between takes two values: [from, to]", field=path)
    low = _number(value[0], kind, currency, f"{path}[0]")
    high = _number(value[1], kind, currency, f"{path}[1]")
    return Range(low, high)


def read_range(written: object, kind: Kind, currency: str, path: str) -> Range:
    """Read how many or how much: {"at_least": 3}, {"at_most": 0}, {"between": [2, 5]}, {"is": 1}."""
    if not isinstance(written, Mapping) or not written:
        raise BadSegment('a bound belongs here, such as {"at_least": 3}', field=path)
    for operator in written:
        if operator not in _RANGE_OPERATORS:
            raise Unknown("bound", str(operator), _RANGE_OPERATORS, field=f"{path}.{operator}")
    by_operator = {test.operator: test.value for test in read_tests(written, kind, currency, path)}
    if "is" in by_operator:
        if len(by_operator) > 1:
            raise BadSegment("'is' and a bound exclude each other", field=path)
        return Range(_whole(by_operator["is"]), _whole(by_operator["is"]))
    return Range(_whole(by_operator.get("at_least")), _whole(by_operator.get("at_most")))


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def read_times(written: object, path: str) -> Range:
    """Read how often: whole numbers from 0; {"at_most": 0} means never."""
    times = read_range(written, "number", "", path)
    for bound in (times.at_least, times.at_most):
        if bound is not None and not 0 <= bound <= MAX_TIMES:
            raise BadSegment(f"times go from 0 to {MAX_TIMES}", field=path)
    if times.at_least == 0 and times.at_most is None:
        raise BadSegment("at least 0 times is always true", field=path)
    return times


def read_window(tree: Mapping[str, object], path: str) -> Window:
    """Read `within`, or `since` and `until`."""
    dot = f"{path}." if path else ""
    fixed = [key for key in ("since", "until") if key in tree]
    if "within" in tree:
        if fixed:
            raise BadSegment(
                "within moves along with today; use it, or since and until, not both",
                field=f"{dot}{fixed[0]}",
            )
        return _within(tree["within"], f"{dot}within")
    days = {key: day_of_date(read_date(tree[key], f"{dot}{key}")) for key in fixed}
    window = Window(since=days.get("since"), until=days.get("until"))
    if window.since is not None and window.until is not None and window.since > window.until:
        raise BadSegment("since lies after until", field=f"{dot}since")
    return window


def _within(written: object, path: str) -> Window:
    found = _WITHIN.fullmatch(written) if isinstance(written, str) else None
    if found is None:
        raise BadSegment('within is written as "36h" (hours) or "30d" (days)', field=path)
    length = int(found[1])
    if found[2] == "d":
        if length > MAX_DAYS:
            raise BadSegment(f"within goes up to {MAX_DAYS} days", field=path)
        return Window(days=length)
    if length > MAX_HOURS:
        raise BadSegment(f"hours go up to {MAX_HOURS}h; use days beyond that", field=path)
    return Window(hours=length)


def read_date(written: object, path: str) -> date:
    """Read a calendar date of the shop: "2026-03-01"."""
    if isinstance(written, str) and _DATE.fullmatch(written):
        try:
            return date.fromisoformat(written)
        except ValueError:
            pass
    raise BadSegment('a date is written as "2026-03-01"', field=path)


def read_text(written: object, path: str) -> str:
    """Read a text of 1 to 500 characters."""
    if not isinstance(written, str):
        raise BadSegment(f"a text belongs here, not {_named_number(written)}", field=path)
    if not written or len(written) > MAX_TEXT:
        raise BadSegment(f"a text of 1 to {MAX_TEXT} characters belongs here", field=path)
    if any("\ud800" <= character <= "\udfff" or character == "\x00" for character in written):
        raise BadSegment("this text has a character that is none", field=path)
    return written


def _named_number(value: object) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return "a number" if is_number else _named(value)


def read_name(written: object, path: str) -> str:
    """Read the name of an event, trait, preference, score or property: letters, digits, `_ . : -`, spaces."""
    name = read_text(written, path)
    if _NAME.fullmatch(name) is None:
        raise BadSegment(
            f"'{name}' is no name: letters, digits, '_', '.', ':', '-' and spaces, at most 100",
            field=path,
        )
    return name
