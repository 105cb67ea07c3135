"""Which method somebody wants to measure, and with which parameters.

In:   names as a person gave them.
Out:  nothing where they are known; else an error that gives the nearest name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from etalage.errors import BadInput, Unknown


def check_method(
    only: str | None, methods: Collection[str], parameters: Mapping[str, float] | None
) -> None:
    """Refuse a method that is none, and parameters that belong to no method.

    Raises:
        Unknown: no such method.
        BadInput: parameters for all methods at once.
    """
    if only is not None and only not in methods:
        raise Unknown("strategy", only, methods, field="strategy")
    if parameters and only is None:
        says = "--parameters belong to one method: name it with --strategy"
        raise BadInput(says, field="parameters")


def check_parameters(given: Iterable[str], known: Collection[str]) -> None:
    """Refuse a parameter that the method does not have.

    Raises:
        Unknown: it has none of that name.
    """
    for name in given:
        if name not in known:
            raise Unknown("parameter", name, known, field="parameters")
