"""Step 3 of 8, segment: what a tree says, in one sentence of Dutch or English.

In:   a tree.
Out:  "Bezoekers die in de afgelopen 30 dagen minstens 3 keer een artikel in Hond > Voer bekeken."
Idea: every condition is a relative clause of its own ("die ...", "van wie ..."), so clauses join with "en" and
      "of"; a group inside a group stands in brackets. All words are in words.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Literal

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from msgspec import Struct, convert

from etalage.domain.money import decimal_text
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
    Range,
    Test,
    Tests,
    Trait,
    Where,
    Window,
)
from etalage.domain.time import ShopZone, day_of_date
from etalage.segment.fields import (
    CONTEXT_FIELDS,
    LINE_FIELDS,
    MONEY_FIELDS,
    PROPERTY,
    Kind,
    kind_of,
)
from etalage.segment.values import MILLION

Language = Literal["nl", "en"]
LOCALES: dict[Language, str] = {"nl": "nl_NL", "en": "en_GB"}
_UTC = ShopZone("UTC")  # a calendar date is the same in every zone


class EventWords(Struct, frozen=True):
    """How an event is told when it happened, and when it did not."""

    object: str
    no_object: str
    verb: str
    no_verb: str
    rest: str  # of the verb, behind the object


class Words(Struct, frozen=True):
    """All words of one language."""

    phrases: dict[str, str]
    tests: dict[str, str]
    labels: dict[str, str]
    phases: dict[str, str]
    weekdays: dict[str, str]
    events: dict[str, EventWords]


class Teller(Struct, frozen=True):
    """What it takes to tell a tree: words, the language of numbers and dates, the currency, titles of segments."""

    words: Words
    language: Language
    currency: str
    names: Mapping[str, str]

    def say(self, phrase: str, **parts: str) -> str:
        """Fill a phrase; parts that are empty leave no hole."""
        return re.sub(r"\s+", " ", self.words.phrases[phrase].format(**parts)).strip()


def sentence(
    node: Node, language: Language, *, currency: str, names: Mapping[str, str] | None = None
) -> str:
    """Tell a tree in one sentence; `names` are the titles of the segments it refers to."""
    teller = Teller(words(language), language, currency, names or {})
    return teller.say("sentence", clause=_clause(teller, node, outermost=True))


@cache
def words(language: Language) -> Words:
    """Give all words of a language."""
    text = (files("etalage.segment") / "words.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)[language]
    phrases = {key: value for key, value in table.items() if isinstance(value, str)}
    return convert({**table, "phrases": phrases}, Words)


def _clause(teller: Teller, node: Node, *, outermost: bool = False) -> str:  # noqa: PLR0911  one per form
    match node:
        case AllOf(parts) | AnyOf(parts):
            link = teller.words.phrases["all" if isinstance(node, AllOf) else "any"]
            if len(parts) == 1:
                return _clause(teller, parts[0], outermost=outermost)
            joined = _joined([_clause(teller, part) for part in parts], link)
            return joined if outermost else teller.say("group", clause=joined)
        case Not(part):
            return _negated(teller, part)
        case In(name):
            return teller.say("in", name=teller.names.get(name, name))
        case Did():
            return _did(teller, node)
        case InOrder():
            return _in_order(teller, node, never=_is_never(node.times))
        case OfContext(field, tests):
            label = _label(teller, teller.words.labels[field], article=True)
            said = _tests(teller, label, tests, CONTEXT_FIELDS[field], field)
            return teller.say("of_context", tests=said)
        case _:
            return teller.say("of_person", tests=_register(teller, node))


def _joined(items: Sequence[str], link: str) -> str:
    return f"{', '.join(items[:-1])} {link} {items[-1]}" if len(items) > 1 else items[0]


def _negated(teller: Teller, part: Node) -> str:
    if isinstance(part, Did) and part.times == ONCE and part.sum is None:
        return _did_not(teller, part)
    if isinstance(part, InOrder) and part.times == ONCE:
        return _in_order(teller, part, never=True)
    if isinstance(part, In):
        return teller.say("not_in", name=teller.names.get(part.name, part.name))
    return teller.say("not", clause=_clause(teller, part))


# ---- What she did ------------------------------------------------------------------------------------


def _is_never(times: Range) -> bool:
    return times.at_most == 0


def _did(teller: Teller, node: Did) -> str:
    if _is_never(node.times) and node.sum is None:
        return _did_not(teller, node)
    return teller.say(
        "did",
        when=_when(teller, node.window),
        times=_times(teller, node.times),
        total=_total(teller, node.sum),
        **_event(teller, node.name, node.where),
    )


def _did_not(teller: Teller, node: Did) -> str:
    when = _when(teller, node.window)
    return teller.say("did_not", when=when, **_event(teller, node.name, node.where))


def _in_order(teller: Teller, node: InOrder, *, never: bool) -> str:
    steps = [teller.say("step", **_event(teller, step.name, step.where)) for step in node.steps]
    told = steps[0]
    for step in steps[1:]:
        told = teller.say("then", first=told, next=step)
    when = _when(teller, node.window)
    if never:
        return teller.say("not_in_order", when=when, steps=told)
    return teller.say("in_order", when=when, steps=told, times=_times(teller, node.times))


def _event(teller: Teller, name: str, where: Where) -> dict[str, str]:
    """Give object, verb, category and further conditions of an event."""
    told = teller.words.events.get(name) or teller.words.events["other"]
    category, rest = _split_category(where)
    return {
        "object": told.object.format(name=name),
        "no_object": told.no_object.format(name=name),
        "verb": told.verb,
        "no_verb": told.no_verb,
        "rest": told.rest,
        "category": teller.say("category", value=category) if category else "",
        "where": _where(teller, rest),
    }


def _split_category(where: Where) -> tuple[str, Where]:
    """Take out "under a category": it is told with the object."""
    for field, tests in where:
        if field == "category" and len(tests) == 1 and tests[0].operator == "under":
            return str(tests[0].value), tuple((f, t) for f, t in where if f != field)
    return "", where


def _where(teller: Teller, where: Where) -> str:
    amounts = any(field in MONEY_FIELDS for field, _ in where)
    told = [(f, t) for f, t in where if not (f == "currency" and amounts)]  # the parser added it
    of_line = [_field(teller, f, t, article=False) for f, t in told if f in LINE_FIELDS]
    of_event = [_field(teller, f, t, article=True) for f, t in told if f not in LINE_FIELDS]
    link = teller.words.phrases["all"]
    line = teller.say("of_line", tests=_joined(of_line, link)) if of_line else ""
    event = teller.say("of_event", tests=_joined(of_event, link)) if of_event else ""
    return _joined([part for part in (line, event) if part], link) if line or event else ""


def _field(teller: Teller, field: str, tests: Tests, *, article: bool) -> str:
    if field.startswith(PROPERTY):
        label = teller.words.labels["property"].format(name=field.removeprefix(PROPERTY))
    else:
        label = teller.words.labels[field]
    return _tests(teller, _label(teller, label, article=article), tests, kind_of(field), field)


def _label(teller: Teller, label: str, *, article: bool) -> str:
    """Dutch labels carry their article; English ones need it after "where" but not after "whose"."""
    return f"the {label}" if article and teller.language == "en" else label


def _times(teller: Teller, times: Range) -> str:
    if times == ONCE:
        return ""
    low, high = times.at_least, times.at_most
    bound = high if high is not None else low
    number = _number(teller, bound or 0)
    count = teller.say("count_one" if bound == 1 else "count", number=number)
    phrase = f"times_{_shape(times)}"
    return teller.say(phrase, number=number, count=count, low=_number(teller, low or 0))


def _total(teller: Teller, total: Range | None) -> str:
    if total is None:
        return ""
    low, high = total.at_least, total.at_most
    amount = _money(teller, high if high is not None else low or 0)
    return teller.say(f"total_{_shape(total)}", amount=amount, low=_money(teller, low or 0))


def _shape(bounds: Range) -> str:
    if bounds.at_most is None:
        return "at_least"
    if bounds.at_least is None:
        return "at_most"
    return "exactly" if bounds.at_least == bounds.at_most else "between"


def _when(teller: Teller, window: Window) -> str:
    if window.hours is not None:
        return teller.say("hours" if window.hours == 1 else "hours_many", number=str(window.hours))
    if window.days is not None:
        number = _number(teller, window.days)
        return teller.say("days" if window.days == 1 else "days_many", number=number)
    since, until = _date(teller, window.since), _date(teller, window.until)
    if since and until:
        return teller.say("from_to", since=since, until=until)
    if since or until:
        return teller.say("since" if since else "until", since=since, until=until)
    return ""


# ---- What is known of her ----------------------------------------------------------------------------


def _register(teller: Teller, node: Trait | Preference | Fact) -> str:
    labels = teller.words.labels
    if isinstance(node, Fact):
        key = f"rfm_{node.name}" if node.kind == "rfm" else node.kind
        label = labels[key].format(name=node.name)
        kinds: dict[str, Kind] = {"rfm": "number", "score": "score"}
        return _tests(teller, label, node.tests, kinds.get(node.kind, "text"), node.kind)
    label = labels["trait" if isinstance(node, Trait) else "preference"].format(name=node.name)
    return _tests(teller, label, node.tests, "any", "")


def _tests(teller: Teller, label: str, tests: Tests, kind: Kind, field: str) -> str:
    """Tell tests of one value; a lower and an upper bound are told together."""
    by_operator = {test.operator: test for test in tests}
    told = []
    if "at_least" in by_operator and "at_most" in by_operator:
        low = _value(teller, by_operator.pop("at_least").value, kind, field)
        high = _value(teller, by_operator.pop("at_most").value, kind, field)
        told.append(teller.words.tests["between"].format(label=label, low=low, high=high))
    told += [_test(teller, label, test, kind, field) for test in by_operator.values()]
    return _joined(told, teller.words.phrases["all"])


def _test(teller: Teller, label: str, test: Test, kind: Kind, field: str) -> str:
    templates, wanted = teller.words.tests, test.value
    if test.operator == "exists":
        return templates["exists" if wanted else "exists_not"].format(label=label)
    if isinstance(wanted, tuple):
        values = [_value(teller, value, kind, field) for value in wanted]
        value = _joined(values, teller.words.phrases["any"])
    elif test.operator in {"before", "after"}:
        value = _date(teller, day_of_date(date.fromisoformat(str(wanted))))
    elif test.operator == "under":
        value = str(wanted)
    else:
        value = _value(teller, wanted, kind, field)
    return templates[test.operator].format(label=label, value=value)


def _value(teller: Teller, value: object, kind: Kind, field: str) -> str:
    if isinstance(value, bool):
        return teller.words.phrases["yes" if value else "no"]
    if isinstance(value, int):
        if field == "weekday" and str(value) in teller.words.weekdays:
            return teller.words.weekdays[str(value)]
        return _amount(teller, value, kind)
    if field == "phase" and value in teller.words.phases:
        return teller.words.phases[str(value)]
    return teller.say("text", text=str(value))


def _amount(teller: Teller, number: int, kind: Kind) -> str:
    if kind == "money":
        return _money(teller, number)
    if kind == "score":
        return str(
            format_decimal(
                Decimal(number) / MILLION, format="#,##0.######", locale=LOCALES[teller.language]
            )
        )
    return _number(teller, number)


def _number(teller: Teller, number: int) -> str:
    return str(format_decimal(number, locale=LOCALES[teller.language]))


def _money(teller: Teller, units: int) -> str:
    exact = Decimal(decimal_text(units, teller.currency))
    return str(format_currency(exact, teller.currency, locale=LOCALES[teller.language]))


def _date(teller: Teller, day: int | None) -> str:
    if day is None:
        return ""
    return str(format_date(_UTC.date(day), format="long", locale=LOCALES[teller.language]))
