"""Google's merchant attributes, whichever file they come in: one row's attributes become an entry.

In:   the attributes of a row, by name without `g:`, each with all its values.
Out:  an `Entry`, with notes about the parts that could not be read.
From: conventions.md 4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from etalage.connect.catalogue.assemble import Entry, Notes
from etalage.connect.catalogue.settings import FeedSettings
from etalage.connect.catalogue.values import (
    availability,
    end_of,
    gender,
    is_nothing,
    moment_of,
    path_of,
    paths_of,
    pieces,
    plain_text,
    price,
)
from etalage.connect.catalogue.variants import Stock
from etalage.domain.ids import ProductId
from etalage.domain.money import currency_in, is_currency
from etalage.domain.product import Offer, Product

Attributes = Mapping[str, Sequence[str]]

# Attributes that are kept as labels, for rules of the shop.
LABELS = (
    *(f"custom_label_{n}" for n in range(5)),
    *(
        "look",
        "condition",
        "material",
        "pattern",
        "mpn",
        "google_product_category",
        "energy_efficiency_class",
    ),
)
# Stock is no attribute of the format, but feeds for several platforms carry it under one of these names.
_STOCK = ("stock", "inventory", "quantity", "quantity_to_sell_on_facebook")


class MerchantReader:
    """Reads rows of one file; the currency of the first amount that names one is the file's."""

    def __init__(self, settings: FeedSettings, notes: Notes) -> None:
        self.currency = settings.currency
        self._settings, self._notes = settings, notes
        self._currency_known = False

    def entry(self, row: int, attributes: Attributes) -> Entry:
        """Turn the attributes of one row into an entry."""
        told = {name: values[0].strip() for name, values in attributes.items() if values}
        stock = self._stock(row, told)
        offer = Offer(
            id=told.get("id", ""),
            availability=stock.availability,
            stock=stock.pieces,
            size=told.get("size") or None,
            colour=told.get("color") or told.get("colour") or None,
            **self._prices(row, told),
        )
        return Entry(row, offer, _product(told, attributes), told.get("item_group_id", ""))

    def _prices(self, row: int, told: Mapping[str, str]) -> dict[str, int | None]:
        asked = self._amount(row, told, "price")
        if asked is None:
            return {}
        reduced = self._amount(row, told, "sale_price")
        if reduced is None:
            return {"price": asked}
        period = self._period(told)
        if reduced > asked or period is None:
            self._notes.add(row, "bad_sale_price" if reduced > asked else "bad_period")
            return {"price": asked}
        return {
            "price": asked,
            "sale_price": reduced,
            "sale_from": period[0],
            "sale_until": period[1],
        }

    def _amount(self, row: int, told: Mapping[str, str], name: str) -> int | None:
        """Read an amount in the file's currency, or note why it is unknown."""
        text = told.get(name, "")
        if is_nothing(text):
            if name == "price":
                self._notes.add(row, "no_price")
            return None
        stated = currency_in(text) or told.get("currency", "").upper()
        if stated and is_currency(stated) and price(text, stated) is not None:
            if not self._currency_known:
                self.currency, self._currency_known = stated, True
            if stated != self.currency:
                self._notes.add(row, "other_currency", text)
                return None
        amount = price(text, self.currency)
        if amount is None:
            self._notes.add(row, "bad_price" if name == "price" else "bad_sale_price", text)
        return amount

    def _period(self, told: Mapping[str, str]) -> tuple[int | None, int | None] | None:
        """Read the sale's period; None if it is stated but unreadable, so that no sale is promised."""
        zone = self._settings.zone
        text = told.get("sale_price_effective_date", "")
        if text:
            begin, _, end = text.partition("/")
        else:
            begin, end = told.get("sale_from", ""), told.get("sale_until", "")
        since = moment_of(begin, zone) if begin else None
        until = end_of(end, zone) if end else None
        if (begin and since is None) or (end and until is None):
            return None
        return since, until

    def _stock(self, row: int, told: Mapping[str, str]) -> Stock:
        """Read the stock. What cannot be read makes it unknown, whatever stands beside it."""
        text, counted = told.get("availability", ""), _counted(told)
        stated = availability(text) if text else None
        count = None if is_nothing(counted) else pieces(counted)
        if text and stated is None:
            self._notes.add(row, "bad_availability", text)
            return Stock("unknown", None)
        if count is None and not is_nothing(counted):
            self._notes.add(row, "bad_stock", counted)
            return Stock(stated if stated == "out_of_stock" else "unknown", None)
        if stated in {"out_of_stock", "preorder"}:
            return Stock(stated, None)  # a count beside that is not believed
        return Stock(stated or "unknown", count)


def _counted(told: Mapping[str, str]) -> str:
    return next((told[name] for name in _STOCK if told.get(name)), "")


def _product(told: Mapping[str, str], attributes: Attributes) -> Product:
    return Product(
        id=ProductId(told.get("id", "")),
        title=plain_text(told.get("title", "")).replace("\n", " "),
        categories=_categories(told, attributes),
        brand=told.get("brand") or None,
        description=plain_text(told.get("description", "")),
        link=told.get("link", ""),
        image=told.get("image_link", ""),
        images=tuple(_links(attributes.get("additional_image_link", ()))),
        gender=gender(told.get("gender", "")),
        age_group=told.get("age_group") or None,
        gtin=told.get("gtin") or None,
        labels={name: told[name] for name in LABELS if told.get(name)},
    )


def _categories(told: Mapping[str, str], attributes: Attributes) -> tuple[tuple[str, ...], ...]:
    own = attributes.get("product_type", ())
    if any(own):
        return tuple(dict.fromkeys(path for text in own for path in paths_of(text)))
    googles = told.get("google_product_category", "")
    return () if not googles or googles.isdigit() else (path_of(googles),)


def _links(texts: Sequence[str]) -> list[str]:
    """Split addresses on the commas between them, not on those inside."""
    parts = (part for text in texts for part in re.split(r",\s*(?=https?://)", text))
    return [part.strip() for part in parts if part.strip()]
