"""Step 3 of 8, segment: the tests on one value as a Python closure.

In:   the tests of a field.
Out:  a function from the value (None = unknown) to whether all of them hold.
Idea: types are never mixed: 1, true and "1" are three different values, here and in sql.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from etalage.domain.event import Scalar
from etalage.domain.product import is_under
from etalage.domain.segment import Test, Tests

Check = Callable[[object], bool]
ISO_DATE = (
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}"  # what a text must begin with to lie before or after a date
)
_ISO_DATE = re.compile(ISO_DATE)
DATE_LENGTH = 10


def check_of(tests: Tests) -> Check:
    """Compile tests of which all must hold."""
    checks = tuple(_check(test) for test in tests)
    if len(checks) == 1:
        return checks[0]
    return lambda value: all(check(value) for check in checks)


def _check(test: Test) -> Check:
    wanted = test.value
    if isinstance(wanted, tuple):
        return _is_one_of(wanted)
    if test.operator == "is":
        return _is_one_of((wanted,))
    if test.operator == "exists":
        return lambda value: (value is not None) is wanted
    if isinstance(wanted, int):
        return _compare_number(test.operator, wanted)
    return _compare_text(test.operator, wanted)


def _is_one_of(wanted: tuple[Scalar, ...]) -> Check:
    if all(isinstance(value, str) for value in wanted):
        texts = frozenset(wanted)
        return lambda value: value in texts
    typed = frozenset((type(value), value) for value in wanted)
    return lambda value: (type(value), value) in typed


def _compare_number(operator: str, wanted: int) -> Check:
    if operator == "at_least":
        return lambda value: type(value) is int and value >= wanted
    return lambda value: type(value) is int and value <= wanted


def _compare_text(operator: str, wanted: str) -> Check:
    if operator == "contains":
        return lambda value: isinstance(value, str) and wanted in value
    if operator == "starts_with":
        return lambda value: isinstance(value, str) and value.startswith(wanted)
    if operator == "under":
        return lambda value: isinstance(value, str) and is_under(value, wanted)
    if operator == "before":
        return lambda value: _is_date(value) and str(value)[:DATE_LENGTH] < wanted
    return lambda value: _is_date(value) and str(value)[:DATE_LENGTH] > wanted


def _is_date(value: object) -> bool:
    return isinstance(value, str) and _ISO_DATE.match(value) is not None
