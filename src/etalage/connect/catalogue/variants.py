"""What Magento and WooCommerce have in common: stock rules, and which attribute is a size or a colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from etalage.connect.catalogue.assemble import Notes
from etalage.connect.catalogue.settings import FeedSettings
from etalage.connect.catalogue.values import end_of, is_nothing, moment_of, price
from etalage.domain.product import Availability

_SIZES = ("size", "maat", "schoenmaat", "kledingmaat", "shoe_size")
_COLOURS = ("color", "colour", "kleur")


def size_in(attributes: Mapping[str, str]) -> str | None:
    """Find the size among attributes by their name: 'size', 'maat', 'pa_size', 'dress_size' ..."""
    return _named(attributes, _SIZES)


def colour_in(attributes: Mapping[str, str]) -> str | None:
    """Find the colour among attributes by their name."""
    return _named(attributes, _COLOURS)


def _named(attributes: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    plain = {name.casefold().removeprefix("pa_"): text for name, text in attributes.items() if text}
    exact = next((plain[name] for name in names if name in plain), None)
    ending = (text for name, text in plain.items() if name.endswith(tuple(f"_{n}" for n in names)))
    return exact or next(ending, None)


class Stock(NamedTuple):
    """Stated availability and count; the count is None where it is unknown or contradicts the statement."""

    availability: Availability
    pieces: int | None


def stock_of(*, says_in_stock: bool, count: int | None, may_backorder: bool) -> Stock:
    """Join what the shop says with what it counted: of two that disagree the careful one is believed."""
    if count is not None and count <= 0:
        return Stock("backorder" if may_backorder and says_in_stock else "out_of_stock", 0)
    if not says_in_stock:
        return Stock("out_of_stock", None)
    return Stock("in_stock", count)


class Asked(NamedTuple):
    """An asking price and its reduction."""

    price: int | None = None
    sale_price: int | None = None
    sale_from: int | None = None
    sale_until: int | None = None


def asked(
    row: int, texts: tuple[str, str, str, str], settings: FeedSettings, notes: Notes
) -> Asked:
    """Read (price, reduced price, from, until); what cannot be read is noted and not promised."""
    regular, reduced, begin, end = texts
    if is_nothing(regular):
        notes.add(row, "no_price")
        return Asked()
    full = price(regular, settings.currency)
    if full is None:
        notes.add(row, "bad_price", regular)
        return Asked()
    if is_nothing(reduced):
        return Asked(full)
    low = price(reduced, settings.currency)
    if low is None or low > full:
        notes.add(row, "bad_sale_price", reduced)
        return Asked(full)
    since = None if is_nothing(begin) else moment_of(begin, settings.zone)
    until = None if is_nothing(end) else end_of(end, settings.zone)
    if (since is None) != is_nothing(begin) or (until is None) != is_nothing(end):
        notes.add(row, "bad_period", f"{begin} - {end}")
        return Asked(full)
    return Asked(full, low, since, until)
