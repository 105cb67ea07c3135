"""Orders from a table with a row per line: Shopify's export, WooCommerce's plug-ins, or any CSV or Parquet.

In:   a path; columns by known headings and `--map`.
Out:  items, see `orders`.
Idea: the cells of the order itself may stand on its first row only, and the key may be blank on the rows after
      it; so rows are gathered by order, and of each cell of the order the first that is filled counts.
From: conventions.md 5 (Shopify's columns are exact); WooCommerce itself exports no orders as CSV, so headings of
      its usual plug-ins are tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from etalage.connect.imports.gather import Gathered
from etalage.connect.imports.items import Given, ImportSettings, Skipped, filled
from etalage.connect.imports.names import columns_of, require
from etalage.connect.imports.orders import VISITOR_FIELD, OrderTold, items_of, line_of
from etalage.connect.imports.rows import Fields, columns, table_rows
from etalage.connect.imports.values import identifier, value

_LINE = ("product_id", "sku", "item_name", "price", "quantity", "variant")

SHOPIFY_FIELDS: dict[str, tuple[str, ...]] = {
    "order_id": ("name",),
    "time": ("created_at",),
    "status": ("financial_status",),
    "cancelled": ("cancelled_at",),
    "currency": ("currency",),
    "total": ("total",),
    "tax": ("taxes",),
    "shipping": ("shipping",),
    "discount": ("discount_amount",),
    "coupon": ("discount_code",),
    "refunded": ("refunded_amount",),
    "email": ("email",),
    "last_name": ("billing_name",),
    "phone": ("phone", "billing_phone"),
    "postcode": ("billing_zip",),
    "city": ("billing_city",),
    "country": ("billing_country",),
    "note": ("note_attributes",),
    "sku": ("lineitem_sku",),
    "item_name": ("lineitem_name",),
    "price": ("lineitem_price",),
    "quantity": ("lineitem_quantity",),
}
ORDER_FIELDS: dict[str, tuple[str, ...]] = {
    "order_id": (
        "order_id",
        "order_number",
        "transaction_id",
        "ordernummer",
        "bestelnummer",
        "invoice",
        "order",
    ),
    "time": (
        "time",
        "order_date",
        "date_created",
        "created_at",
        "timestamp",
        "besteldatum",
        "date",
        "datum",
    ),
    "status": ("status", "order_status", "financial_status"),
    "cancelled": ("cancelled_at",),
    "currency": ("currency", "order_currency", "valuta"),
    "total": ("total", "order_total", "order_total_amount", "grand_total", "totaal"),
    "tax": ("tax", "order_tax", "total_tax", "order_total_tax_amount", "btw"),
    "shipping": (
        "shipping",
        "order_shipping",
        "shipping_total",
        "order_shipping_amount",
        "verzendkosten",
    ),
    "discount": ("discount", "discount_amount", "cart_discount", "korting"),
    "coupon": ("coupon", "coupon_code", "discount_code", "kortingscode"),
    "refunded": ("refunded", "refunded_amount", "order_refund_amount"),
    "customer_id": ("customer_id", "customer_user_id", "user_id", "customer", "klantnummer"),
    "visitor": (VISITOR_FIELD, f"meta:_{VISITOR_FIELD}", f"meta:{VISITOR_FIELD}", "client_id"),
    "email": (
        "email",
        "billing_email",
        "email_(billing)",
        "customer_email",
        "e_mail",
        "e_mailadres",
    ),
    "first_name": ("first_name", "billing_first_name", "first_name_(billing)", "voornaam"),
    "middle_name": ("middle_name", "tussenvoegsel"),
    "last_name": ("last_name", "billing_last_name", "last_name_(billing)", "achternaam"),
    "phone": ("phone", "billing_phone", "phone_(billing)", "telefoon"),
    "postcode": ("postcode", "billing_postcode", "postcode_(billing)", "zip"),
    "city": ("city", "billing_city", "city_(billing)", "plaats", "woonplaats"),
    "country": ("country", "billing_country", "country_code_(billing)", "land"),
    "product_id": ("product_id", "item_id", "item_product_id"),
    "sku": ("sku", "item_sku", "artikelnummer"),
    "item_name": ("item_name", "product_name", "omschrijving"),
    "price": ("price", "item_price", "item_cost", "unit_price", "prijs"),
    "quantity": ("quantity", "item_quantity", "quantity_(_refund)", "qty", "aantal"),
    "variant": ("variant", "item_variant"),
}
_OF_ORDER = frozenset(OrderTold.__struct_fields__) - {"row", "lines"}


def read_shopify(path: Path, settings: ImportSettings, *, scratch: Path) -> Iterator[Given]:
    """Read Shopify's order export."""
    return _read(path, settings, SHOPIFY_FIELDS, scratch)


def read_table(path: Path, settings: ImportSettings, *, scratch: Path) -> Iterator[Given]:
    """Read orders from any table with known or mapped columns."""
    return _read(path, settings, ORDER_FIELDS, scratch)


def _read(
    path: Path, settings: ImportSettings, fields: Mapping[str, tuple[str, ...]], scratch: Path
) -> Iterator[Given]:
    by_field = columns_of(columns(path), fields, settings.mapping)
    require(by_field, "order_id", "time")
    key = ""
    with Gathered(scratch / "gathered.sqlite") as orders:
        for row in table_rows(path):
            if isinstance(row, Skipped):
                yield row
                continue
            number, cells = row
            told = filled({field: _cell(cells[column]) for field, column in by_field.items()})
            key = identifier(told.get("order_id")) or key
            if key:
                orders.add(key, number, told)
            else:
                yield Skipped(number, "no_order_id")
        for group in orders:
            yield from items_of(_order(group), settings)


def _cell(raw: object) -> object:
    """Read a cell; spreadsheets' apostrophe in front of a postcode or number is no part of it."""
    told = value(raw)
    return told.removeprefix("'") if isinstance(told, str) else told


def _order(group: list[tuple[int, Fields]]) -> OrderTold:
    whole: Fields = {}
    for _, fields in reversed(group):
        whole |= fields
    if "visitor" not in whole:
        whole["visitor"] = _visitor_in(str(whole.get("note", "")))
    of_order = {name: told for name, told in whole.items() if name in _OF_ORDER}
    return OrderTold(row=group[0][0], lines=tuple(_lines(group)), **of_order)


def _lines(group: list[tuple[int, Fields]]) -> Iterator[Fields]:
    for _, fields in group:
        if any(part in fields for part in ("product_id", "sku", "item_name")):
            product, sku, name, price, quantity, variant = (fields.get(part) for part in _LINE)
            yield line_of(
                product=product, sku=sku, name=name, price=price, quantity=quantity, variant=variant
            )


def _visitor_in(note: str) -> str | None:
    """Find our visitor id in Shopify's note attributes: 'name: value' lines in one cell."""
    found = re.search(rf"^\s*{VISITOR_FIELD}\s*:\s*(\S+)\s*$", note, re.MULTILINE)
    return found[1] if found else None
