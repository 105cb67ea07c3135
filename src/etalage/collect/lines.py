"""Step 1 of 8, translate: the lines of a view, cart or order, and what they cost.

In:   the properties of an event in any of the shapes that shops send: `items`, `products`, or one product.
Out:  `Line`s, and the amounts of the event in minor units of one currency.
Idea: amounts are gross. Segment's `revenue` leaves tax and shipping out, so they are added; `total` has them, and
      GA4's `value` is taken as it is sent (Dutch shops send it with tax).
From: conventions.md 1 and 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from etalage.collect.fields import Fields, amount, public_id, quantity, text
from etalage.collect.notes import Notes, count
from etalage.collect.refusal import Refusal
from etalage.domain.event import GA4_NAMES, ORDERS, Line
from etalage.domain.money import CEILING, currency_in, is_currency
from etalage.domain.product import CATEGORY_SEPARATOR, Catalogue, is_under

_MAX_LEVELS = 5  # item_category .. item_category5
_IDS = ("product_id", "item_id", "id", "sku")
_SINGLE = ("product_id", "item_id", "sku")  # by which the properties themselves are a product
_LISTS = ("items", "products")

# Events whose value, if it is not told, is what their lines cost.
_WORTH_THEIR_LINES = frozenset(
    [
        "view_item",
        "add_to_cart",
        "remove_from_cart",
        "add_to_wishlist",
        "view_cart",
        "begin_checkout",
        "add_shipping_info",
        "add_payment_info",
        "purchase",
        "purchase_claim",
    ]
)


Products = Sequence[Fields]


class Amounts(NamedTuple):
    """What an event says it is worth."""

    value: int | None
    tax: int | None
    currency: str


def products_of(properties: Fields) -> Products:
    """Find the products an event tells of; the properties themselves may be one."""
    for name in _LISTS:
        told = properties.get(name)
        if isinstance(told, list):
            return [one for one in told if isinstance(one, dict)]
        if isinstance(told, dict):  # one object, or a list that a language wrote as an object
            inner = [one for one in told.values() if isinstance(one, dict)]
            return inner or [told]
    return [properties] if any(name in properties for name in _SINGLE) else []


def currency_of(properties: Fields, products: Products, own: str, notes: Notes) -> str:
    """Find the currency of an event: stated, in the text of an amount, or else the shop's own, which is counted.

    Raises:
        Refusal: `bad_money` for one that is stated and is none: its amounts must not be taken for another's.
    """
    stated = properties.get("currency") or properties.get("currencyCode")
    if not stated:
        stated = next((found for told in products if (found := told.get("currency"))), None)
    if stated and (code := _currency_named(stated)) is not None:
        return code
    amounts = [properties.get(name) for name in ("value", "total", "revenue")]
    amounts += [told.get("price") for told in products]
    told_amounts = [one for one in amounts if one not in (None, "")]
    if stated and told_amounts:
        raise Refusal("bad_money", "currency")
    for amount_told in told_amounts:
        if isinstance(amount_told, str) and (found := currency_in(amount_told)) is not None:
            return found
    if told_amounts:
        count(notes, "currency_missing")
    return own


def _currency_named(stated: object) -> str | None:
    """Read a code of ISO 4217, in any case, or the word or sign for euros, dollars and pounds."""
    if not isinstance(stated, str):
        return None
    code = stated.strip().upper()
    return code if is_currency(code) else CURRENCY_NAMES.get(code)


CURRENCY_NAMES = {"€": "EUR", "EURO": "EUR", "EUROS": "EUR", "$": "USD", "US$": "USD", "£": "GBP"}


def lines_of(products: Products, currency: str, notes: Notes) -> tuple[Line, ...]:
    """Read the lines of an event; a product without any id is left out and counted.

    Raises:
        Refusal: `bad_money` or `bad_field` in one of the lines: half an order is no order.
    """
    lines = []
    for told in products:
        line = _line(told, currency, notes)
        if line is not None:
            lines.append(line)
    return tuple(lines)


def amounts_of(properties: Fields, currency: str, *, name: str) -> Amounts:
    """Read what an event is worth; of an order the first that is told: total, value, revenue and what it lacks.

    In events of GA4 these are amounts or a mistake; what a shop means by `value` in its own events is its own.
    """
    if name not in GA4_NAMES:
        return Amounts(_amount_perhaps(properties, "value", currency), None, currency)
    tax = amount(properties, "tax", currency)
    if name not in ORDERS:
        return Amounts(amount(properties, "value", currency), tax, currency)
    value = amount(properties, "total", currency)
    if value is None:
        value = amount(properties, "value", currency)
    if value is None and (revenue := amount(properties, "revenue", currency)) is not None:
        value = revenue + (tax or 0) + (amount(properties, "shipping", currency) or 0)
    return Amounts(value, tax, currency)


def _amount_perhaps(properties: Fields, name: str, currency: str) -> int | None:
    try:
        return amount(properties, name, currency)
    except Refusal:
        return None


def completed(
    lines: Iterable[Line], catalogue: Catalogue, *, price_at: int | None
) -> tuple[Line, ...]:
    """Write in what the catalogue says of each product: category and brand; and the price, if none was told.

    Args:
        lines: as the source told them.
        catalogue: of the shop; where it knows a product, it knows better than the source.
        price_at: the moment for which its prices hold; None if the event is of another time or currency.
    """
    return tuple(_completed(line, catalogue, price_at) for line in lines)


def _completed(line: Line, catalogue: Catalogue, price_at: int | None) -> Line:
    product = catalogue.find(line.product)
    if product is None:
        return line
    price = line.price
    if price is None and price_at is not None:
        price = product.price_at(price_at)
    return Line(
        product=line.product,
        quantity=line.quantity,
        price=price,
        category=product.category or line.category,
        brand=product.brand or line.brand,
        size=line.size,
    )


def worth(name: str, lines: tuple[Line, ...]) -> int | None:
    """Add up what the lines cost; None where that says nothing, or a price is missing.

    Raises:
        Refusal: `bad_money` if that is beyond any order, though each line is not.
    """
    if not lines or name not in _WORTH_THEIR_LINES:
        return None
    total = 0
    for line in lines:
        if line.price is None:
            return None
        total += line.price * line.quantity
    if total > CEILING:
        raise Refusal("bad_money", "value")
    return total


def is_sensitive(lines: Iterable[Line], category: str | None, sensitive: frozenset[str]) -> bool:
    """Tell whether an event is about something that is never remembered."""
    categories = {category, *(line.category for line in lines)}
    return any(is_under(one, ancestor) for one in categories for ancestor in sensitive)


def category_of(fields: Fields) -> str | None:
    """Read a category path: GA4's levels, or one text in which '>' parts the levels."""
    levels = [text(fields.get("item_category"))]
    if levels[0] is None:
        whole = text(fields.get("category"))
        levels = [level.strip() for level in whole.split(">")] if whole is not None else []
    else:
        levels += [text(fields.get(f"item_category{n}")) for n in range(2, _MAX_LEVELS + 1)]
    return CATEGORY_SEPARATOR.join(level for level in levels if level) or None


def _line(told: Fields, currency: str, notes: Notes) -> Line | None:
    named = (public_id(told, name) for name in _IDS if name in told)
    product = next((found for found in named if found), None)
    if product is None:
        product = text(told.get("item_name"))
    if product is None:
        count(notes, "product_without_id")
        return None
    return Line(
        product=product,
        quantity=quantity(told, notes) if "quantity" in told else 1,
        price=amount(told, "price", currency),
        category=category_of(told),
        brand=text(told.get("item_brand") or told.get("brand")),
        size=text(told.get("size")),
    )
