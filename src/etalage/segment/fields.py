"""Step 3 of 8, segment: which fields a tree may ask about, and which tests fit each.

Idea: one closed table, read by the parser, by both readings and by the sentences.
"""

from __future__ import annotations

from typing import Literal, get_args

from etalage.domain.segment import Operator

# text: names and codes. path: a category. number: a whole number. money: minor units of the shop's currency.
# any: a text, whole number or boolean, as the shop sends it. score: a fraction, kept in millionths.
Kind = Literal["text", "path", "number", "money", "any", "score"]

OPERATORS: tuple[Operator, ...] = get_args(Operator)
WRITTEN_OPERATORS: tuple[str, ...] = (*OPERATORS, "between")

_NUMERIC = frozenset({"is", "in", "at_least", "at_most", "between", "exists"})
_TEXTUAL = frozenset({"is", "in", "contains", "starts_with", "exists"})
OPERATORS_OF: dict[Kind, frozenset[str]] = {
    "text": _TEXTUAL,
    "path": _TEXTUAL | {"under"},
    "number": _NUMERIC,
    "money": _NUMERIC,
    "score": _NUMERIC,
    "any": frozenset(WRITTEN_OPERATORS),
}

# Of one line of an event: all tests of these fields must hold for one and the same line.
LINE_FIELDS: dict[str, Kind] = {
    "product": "text",
    "category": "path",
    "brand": "text",
    "price": "money",
    "quantity": "number",
    "size": "text",
}
# Of the event itself. Besides these: `properties.NAME`, of kind `any`.
EVENT_FIELDS: dict[str, Kind] = {
    "value": "money",
    "currency": "text",
    "query": "text",
    "url": "text",
    "page_type": "text",
    "page_category": "path",
    "referrer": "text",
    "utm_source": "text",
    "utm_medium": "text",
    "utm_campaign": "text",
    "device": "text",
    "country": "text",
    "region": "text",
    "language": "text",
}
PROPERTY = "properties."
CONTEXT_FIELDS: dict[str, Kind] = {
    "url": "text",
    "page_type": "text",
    "product": "text",
    "category": "path",
    "query": "text",
    "referrer": "text",
    "utm_source": "text",
    "utm_medium": "text",
    "utm_campaign": "text",
    "device": "text",
    "country": "text",
    "region": "text",
    "language": "text",
    "hour": "number",
    "weekday": "number",
    "cart_value": "money",
}
RFM_SIDES = ("recency", "frequency", "monetary")
MONEY_FIELDS = frozenset({"price", "value"})  # of an event: only in the shop's currency


def attribute(field: str) -> str:
    """Give the name of an event's field in `Event`, `Recent` and the table `events`."""
    return "category" if field == "page_category" else field


def kind_of(field: str) -> Kind:
    """Give the kind of a field of an event."""
    if field.startswith(PROPERTY):
        return "any"
    return LINE_FIELDS.get(field) or EVENT_FIELDS[field]
