"""`etalage recommend show`: the card of each learned model, in the words of who asks.

In:   the models of a shop.
Out:  per model whether it is used and if not why, its data, size and figures, and the bar it has to pass; as JSON for
      programs, which is English and has the figures as they are.
"""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from babel.numbers import format_decimal, format_percent

from etalage.cli.console import out, print_json
from etalage.domain.experience import Language
from etalage.flow.learn import cards
from etalage.flow.uplift import UpliftCard
from etalage.ports import Ports
from etalage.recommend.model_file import Unusable
from etalage.recommend.model_kind import Card

HEAD = {"model", "used", "reason"}  # told in the first line
MOMENTS = {"made", "since"}
SHARES = ("hit_rate", "precision", "recall")  # how the names of figures end
MEASURED_ON = ("predictions", "tried")  # nothing was measured where this is 0


def show_models(ports: Ports, language: Language, *, json: bool) -> None:
    """Print the card of each model: its data, size, figures, and the bar it has to pass."""
    said = [said_of(name, card) for name, card in cards(ports.models).items()]
    if json:
        print_json({"models": said})
        return
    for model in said:
        for line in lines_of(model, language):
            out.print(line, markup=False, highlight=False)
        out.print()


def said_of(name: str, card: Card | Unusable) -> dict[str, Any]:
    """Give what is known of a model, as the JSON has it."""
    if isinstance(card, Unusable):
        return {"model": name, "used": False, "reason": card.reason}
    below = "not_released" if isinstance(card, UpliftCard) else "below_popular"
    reason = None if card.is_worth_it else below
    return {
        "model": name,
        "used": card.is_worth_it,
        "reason": reason,
        **msgspec.to_builtins(card),
    }


def lines_of(model: dict[str, Any], language: Language) -> list[str]:
    """Say it in lines: first what it is for and whether it is used, then everything else that is known."""
    said = words()[language]
    unmeasured = any(model.get(field) == 0 for field in MEASURED_ON)
    reason = "unmeasured" if unmeasured and not model["used"] else model["reason"]
    state = said["used"] if model["used"] else said["not_used"].format(why=said["why"][reason])
    lines = [f"{model['model']}: {said['what'][model['model']]}", f"  {state}"]
    for field, value in model.items():
        if field in HEAD or field == "experiences" or (unmeasured and field.endswith(SHARES)):
            continue
        lines.append(f"  {said['field'][field]}: {_value(field, value, language)}")
    return [*lines, *(of_experience(one, language) for one in model.get("experiences", ()))]


def _value(field: str, value: Any, language: Language) -> str:
    if field in MOMENTS:
        moment = datetime.fromtimestamp(value / 1e6, UTC)
        return f"{moment.isoformat(sep=' ', timespec='minutes').removesuffix('+00:00')} UTC"
    if field.endswith(SHARES):
        return str(format_percent(value, format="#,##0.0%", locale=language))
    if isinstance(value, int | float):
        return str(format_decimal(value, locale=language))
    return ", ".join(value) if isinstance(value, list | tuple) else str(value)


def of_experience(one: dict[str, Any], language: Language) -> str:
    """Say of one experience whether its effect is known per person, and if not, why."""
    said = words()[language]
    treated, control = (
        format_decimal(one[group], locale=language) for group in ("treated", "control")
    )
    people = said["people"].format(name=one["experience"], treated=treated, control=control)
    if not one["because"]:
        qini = format_decimal(
            one["verdict"]["qini"]["value"], format="#,##0.00000", locale=language
        )
        return f"  {people}; {said['released'].format(qini=qini)}; {one['groups']}"
    return "\n    ".join([f"  {people}; {said['not_released']}:", *one["because"]])


@cache
def words() -> dict[Language, dict[str, Any]]:
    """Give all words, by language and key."""
    text = (files("etalage.cli") / "models.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[Language, dict[str, Any]])
