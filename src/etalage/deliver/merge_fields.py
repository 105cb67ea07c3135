"""Step 6 of 8, deliver: fill in the merge fields of a text, from live facts only.

In:   blocks as the shop wrote them, and what is known of the moment.
Out:  blocks with plain text; a block whose fact is unknown and has no fallback is left out.
Idea: a value is text and is never read again: a product called "{{cart.value}}" is shown as just that. Escaping
      is for the place where the text lands, so it is the renderer's (`textContent`); here only characters that
      are not seen are taken out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache

from babel.dates import format_datetime
from babel.numbers import format_currency
from msgspec import Struct
from msgspec.structs import replace

from etalage.domain.context import Context
from etalage.domain.experience import (
    Block,
    Button,
    Countdown,
    Coupon,
    Image,
    Language,
    ProductList,
    Question,
    Text,
)
from etalage.domain.merge_field import MERGE_FIELDS, MergeField, Piece, fields_of, pieces_of
from etalage.domain.money import exponent
from etalage.domain.product import Product
from etalage.domain.profile import Part
from etalage.domain.time import ShopZone

LOCALES: Mapping[Language, str] = {"nl": "nl_NL", "en": "en_GB"}
QUERY = "search.query"  # the one field for which her past is read
LONGEST_VALUE = 200  # characters of a value; a title beyond it is cut


class Situation(Struct, frozen=True):
    """What merge fields may know. What is None is unknown, and its field falls back."""

    now: int
    zone: ShopZone
    currency: str
    shop: str = ""
    product: Product | None = None  # on the page
    buyers: int | None = None  # of that product, lately
    cart_count: int | None = None
    cart_value: int | None = None  # minor units
    free_delivery_from: int | None = None  # minor units; a setting of the shop
    first_name: str | None = None  # only where the session is signed
    segment: str | None = None  # title of the experience's segment
    query: str | None = None


def field_values(
    situation: Situation, language: Language, fields: Iterable[str] = MERGE_FIELDS
) -> dict[str, str]:
    """Give the value of these merge fields, where it is known, as plain text in a language."""
    return {
        name: plain(str(value)) for name in fields if (value := FIELDS[name](situation, language))
    }


def fill(text: str, values: Mapping[str, str]) -> str | None:
    """Fill in a text; None if a field without a fallback is unknown.

    >>> fill("Dag {{customer.first_name|jij}}!", {})
    'Dag jij!'
    """
    return fill_pieces(pieces_of(text), values)


def fill_pieces(pieces: Iterable[Piece], values: Mapping[str, str]) -> str | None:
    """Fill in a text that was read before; None if a field without a fallback is unknown."""
    filled = ""
    for piece in pieces:
        value = values.get(piece.name, piece.fallback) if isinstance(piece, MergeField) else piece
        if value is None:
            return None
        filled += value
    return filled


def fields_in(block: Block) -> frozenset[str]:
    """Give the names of the merge fields in the texts of a block."""
    return frozenset(field.name for text in _texts(block) for field in fields_of(text))


def _texts(block: Block) -> tuple[str, ...]:
    match block:
        case Text(text=said) | Image(alt=said) | ProductList(title=said):
            return (said,)
        case Button(label=said) | Coupon(label=said) | Countdown(label=said):
            return (said,)
        case Question(text=said, options=options):
            return (said, *options)


def fill_block(block: Block, values: Mapping[str, str]) -> Block | None:
    """Fill in all texts of a block; None if it must be left out."""
    match block:
        case Text(text=said):
            filled = fill(said, values)
            return None if filled is None else replace(block, text=filled)
        case Image(alt=said):
            filled = fill(said, values)
            return None if filled is None else replace(block, alt=filled)
        case ProductList(title=said):
            # Its products were chosen with reasons of their own: without a title they still stand.
            return replace(block, title=fill(said, values) or "")
        case Button(label=said) | Coupon(label=said) | Countdown(label=said):
            filled = fill(said, values)
            return None if filled is None else replace(block, label=filled)
        case Question(text=said, options=options):
            filled = fill(said, values)
            answers = tuple(answer for o in options if (answer := fill(o, values)) is not None)
            complete = filled is not None and len(answers) == len(options)
            return replace(block, text=filled, options=answers) if complete else None


def money(units: int | None, currency: str, language: Language) -> str | None:
    """Write an amount as people of a language do: '€ 12,50', with a space that does not break."""
    return None if units is None else _money(units, currency, language)


@lru_cache(maxsize=8192)  # a catalogue has few prices and a decision writes many: 30 us each
def _money(units: int, currency: str, language: Language) -> str:
    amount = Decimal(units).scaleb(-exponent(currency))
    return format_currency(amount, currency, locale=LOCALES[language])


def cart_of(page: Context, part: Part | None) -> tuple[int | None, int | None]:
    """Give the number of pieces in the cart and their value: as the page says, or else as remembered.

    The value is None where a price is unknown: half a sum is a wrong one.
    """
    if page.cart is not None:
        lines = [(line.quantity, line.price) for line in page.cart]
    elif part is not None:
        lines = [(line.quantity, line.price) for line in part.cart.values() if line.quantity > 0]
    else:
        return None, None
    count = sum(quantity for quantity, _ in lines)
    if page.cart_value is not None:
        return count, page.cart_value
    values = [quantity * price for quantity, price in lines if price is not None]
    return count, sum(values) if len(values) == len(lines) else None


def sale_end(product: Product | None, now: int) -> int | None:
    """Give when the running sale of a product ends, if it has an end."""
    ends = [
        offer.sale_until
        for offer in (product.offers if product is not None else ())
        if offer.sale_until is not None
        and offer.sale_until > now
        and offer.is_available
        and offer.price_at(now) == offer.sale_price
    ]
    return min(ends, default=None)


def plain(value: str) -> str:
    """Take out what is not seen, put white space in one line, and cut what is too long."""
    if value.isprintable() and "  " not in value:  # as nearly all are
        return value.strip(" ")[:LONGEST_VALUE]
    seen = "".join(" " if c.isspace() and c != "\u00a0" else c for c in value)
    kept = "".join(c for c in seen if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    return " ".join(part for part in kept.split(" ") if part)[:LONGEST_VALUE]


def _category(product: Product) -> str | None:
    return product.categories[0][-1] if product.categories else None


def _price(said: Situation, product: Product, language: Language) -> str | None:
    return money(product.price_at(said.now), said.currency, language)


def _stock(product: Product) -> str | None:
    """Give the pieces in stock; None if one source does not tell, or there are none."""
    stocks = [offer.stock for offer in product.offers if offer.is_available]
    total = sum(stock for stock in stocks if stock is not None)
    return str(total) if stocks and None not in stocks and total > 0 else None


def _missing(situation: Situation) -> int | None:
    """Give what the cart still lacks for free delivery; None if it lacks nothing."""
    if situation.free_delivery_from is None or situation.cart_value is None:
        return None
    missing = situation.free_delivery_from - situation.cart_value
    return missing if missing > 0 else None


def _sale_text(situation: Situation, language: Language) -> str | None:
    ends = sale_end(situation.product, situation.now)
    if ends is None:
        return None
    local = situation.zone.local(ends)
    return format_datetime(local, "d MMMM HH:mm", locale=LOCALES[language])


Fact = Callable[[Situation, Language], object]

FIELDS: Mapping[str, Fact] = {
    "product.title": lambda said, _: said.product and said.product.title,
    "product.brand": lambda said, _: said.product and said.product.brand,
    "product.category": lambda said, _: said.product and _category(said.product),
    "product.price": lambda said, language: said.product and _price(said, said.product, language),
    "product.stock": lambda said, _: said.product and _stock(said.product),
    "product.buyers": lambda said, _: None if said.buyers is None else str(said.buyers),
    "cart.value": lambda said, language: money(said.cart_value, said.currency, language),
    "cart.count": lambda said, _: None if said.cart_count is None else str(said.cart_count),
    "free_delivery.missing": lambda said, language: money(_missing(said), said.currency, language),
    "customer.first_name": lambda said, _: said.first_name,
    "customer.segment": lambda said, _: said.segment,
    QUERY: lambda said, _: said.query,
    "shop.name": lambda said, _: said.shop,
    "sale.ends": _sale_text,
}
