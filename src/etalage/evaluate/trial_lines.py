"""What `evaluate bandit` and `evaluate uplift` found, in words: the rules, a table, and each refusal.

In:   the protocol and the rows, as they stand in JSON.
Out:  lines and cells in Dutch or English. Figures stay as they are; the names in JSON never change.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from etalage.domain.experience import Language
from etalage.evaluate.bandit import LOGGED, REFUSED, UNIFORM
from etalage.evaluate.uplift import RESPONSE
from etalage.measure.policy_value import LARGEST_WEIGHT, LEAST_ESS
from etalage.measure.refusal_words import number
from etalage.measure.uplift.learners import FOLDS, LEAST_LEAF
from etalage.measure.uplift.worth import DRAWS

SHOWN = (
    *("method", "treatment", "ips", "snips", "dr", "ess", "largest_weight", "rows"),
    *("qini", "policy_value", "highest_response", "released"),
)
ALWAYS = "always "
# As `shop_log` says it in the protocol.
_OF_SHOP = re.compile(
    r"experience (?P<name>.+): a row a person, reward 1 = (?P<goal>.+) within its window"
)
_LEFT_OUT = {"names": "names_the_row", "differs": "differs", "follows": "follows"}  # by first word

Row = Mapping[str, Any]


@cache
def words() -> dict[str, dict[str, Any]]:
    """Give all words, by language and key."""
    return tomllib.loads((files("etalage.evaluate") / "words.toml").read_text(encoding="utf-8"))


def rules(protocol: Row, language: Language) -> Iterator[str]:
    """Say under which rules the figures stand, a line each."""
    said = words()[language]["rules"]
    fields = {
        "least_ess": number(LEAST_ESS, language),
        "most_weight": number(LARGEST_WEIGHT, language),
        "folds": str(FOLDS),
        "leaf": str(LEAST_LEAF),
        "draws": str(DRAWS),
    }
    if of_shop := _OF_SHOP.fullmatch(str(protocol.get("log", ""))):
        fields |= of_shop.groupdict()
    for key, value in protocol.items():
        template = said[_rule(key, value, protocol)]
        yield template.format(value=_value(key, value, language), **fields)


def _rule(key: str, value: object, protocol: Row) -> str:
    if key == "interval":
        return "interval_bandit" if "estimators" in protocol else "interval_uplift"
    if key == "log":
        return "log_shop" if _OF_SHOP.fullmatch(str(value)) else "log"
    return "cost_average" if key == "cost" and isinstance(value, str) else key


def _value(key: str, value: Any, language: Language) -> str:
    said = words()[language]
    if key == "arms":
        return "; ".join(_arm(arm, found, language) for arm, found in value.items())
    if isinstance(value, dict):  # columns that were left out, by treatment
        named = (
            f"{column} ({said[_LEFT_OUT[reason.split()[0]]]})"
            for columns in value.values()
            for column, reason in columns.items()
        )
        return ", ".join(dict.fromkeys(named)) or said["nothing"]
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return number(value, language) if isinstance(value, int) else str(value)


def _arm(arm: str, found: Row, language: Language) -> str:
    counts = {name: number(found[name], language) for name in ("treated", "control")}
    figures = {name: _figure(found[name], language) for name in ("effect", "se")}
    said: str = words()[language]["arm"]
    return said.format(arm=arm, **counts, **figures)


def table(rows: Sequence[Row], language: Language) -> list[list[str]]:
    """Give the figures that decide: a row of titles, then one row each."""
    names = [name for name in SHOWN if name in rows[0]]
    heads = words()[language]["heads"]
    return [
        [heads[name] for name in names],
        *([_cell(name, row.get(name), language) for name in names] for row in rows),
    ]


def _cell(name: str, value: Any, language: Language) -> str:
    said = words()[language]
    if value is None:
        return str(said["nothing"])
    if isinstance(value, bool):
        return str(said["yes" if value else "no"])
    if name == "method":
        return method(value, language)
    if isinstance(value, int):
        return number(value, language)
    return _figure(value, language) if isinstance(value, float) else str(value)


def _figure(value: float, language: Language) -> str:
    """Write a figure with five digits that count."""
    said = f"{value + 0.0:.5g}"  # no "-0"
    return said.replace(".", ",") if language == "nl" else said


def method(name: str, language: Language) -> str:
    """Name a policy or a learner."""
    known = words()[language]["methods"]
    if name.startswith(ALWAYS):
        return str(known["always"].format(action=name.removeprefix(ALWAYS)))
    return str(known[name]) if name in {LOGGED, UNIFORM, RESPONSE} else name


def refusals(rows: Sequence[Row], language: Language) -> Iterator[str]:
    """Say of what may not be used why, a line for each reason."""
    said = words()[language]
    for row in rows:
        about = " ".join(filter(None, (method(row["method"], language), row.get("treatment"))))
        refused = said["refused" if row.get("refused") == REFUSED else "not_released"]
        for reason in row.get("because", ()):
            yield f"{about}: {refused}: {reason}"
