"""Orders as the platforms' own REST interfaces give them: WooCommerce v3 and Magento, as JSON.

In:   a path to JSON lines or one JSON list (Magento's answer `{"items": [...]}` may stand on one line too).
Out:  items, see `orders`.
Idea: times without a zone are UTC in both. Magento tells a configurable product twice, as a parent with the
      price and a child with the sku: they are one line.
From: conventions.md 6 and 7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from etalage.connect.imports.items import Given, ImportSettings, Skipped
from etalage.connect.imports.orders import VISITOR_FIELD, OrderTold, items_of, line_of
from etalage.connect.imports.rows import Fields, documents
from etalage.connect.imports.values import time_of


def read_woocommerce(path: Path, settings: ImportSettings) -> Iterator[Given]:
    """Read orders of WooCommerce's REST v3."""
    return _read(path, settings, _woocommerce)


def read_magento(path: Path, settings: ImportSettings) -> Iterator[Given]:
    """Read orders of Magento's REST V1."""
    return _read(path, settings, _magento)


def _read(
    path: Path, settings: ImportSettings, told_by: Callable[[int, Fields], OrderTold]
) -> Iterator[Given]:
    for row in documents(path):
        if isinstance(row, Skipped):
            yield row
            continue
        number, document = row
        page = document.get("items")
        is_page = isinstance(page, list) and "search_criteria" in document
        for order in page if is_page and isinstance(page, list) else [document]:
            if isinstance(order, dict):
                yield from items_of(told_by(number, order), settings)
            else:
                yield Skipped(number, "not_an_object")


def _woocommerce(row: int, order: Fields) -> OrderTold:
    billing = _object(order.get("billing"))
    coupons = [_object(one).get("code") for one in _list(order.get("coupon_lines"))]
    meta = {
        str(one.get("key")).lstrip("_"): one.get("value")
        for one in _objects(order.get("meta_data"))
    }
    refunds = [str(one.get("total", "")).lstrip("-") for one in _objects(order.get("refunds"))]
    return OrderTold(
        row=row,
        order_id=order.get("number") or order.get("id"),
        time=_utc(order.get("date_created_gmt")) or order.get("date_created"),
        status=order.get("status"),
        currency=order.get("currency"),
        total=order.get("total"),
        tax=order.get("total_tax"),
        shipping=order.get("shipping_total"),
        discount=order.get("discount_total"),
        coupon=next((code for code in coupons if code), None),
        refunded=refunds[0] if len(refunds) == 1 else None,
        customer_id=order.get("customer_id"),
        visitor=meta.get(VISITOR_FIELD),
        email=billing.get("email"),
        first_name=billing.get("first_name"),
        last_name=billing.get("last_name"),
        phone=billing.get("phone"),
        postcode=billing.get("postcode"),
        city=billing.get("city"),
        country=billing.get("country"),
        lines=tuple(
            line_of(
                product=line.get("sku") or line.get("product_id"),
                sku=line.get("sku"),
                name=line.get("name"),
                price=line.get("price"),
                quantity=line.get("quantity"),
            )
            for line in _objects(order.get("line_items"))
        ),
    )


def _magento(row: int, order: Fields) -> OrderTold:
    billing = _object(order.get("billing_address"))
    return OrderTold(
        row=row,
        order_id=order.get("increment_id"),
        time=_utc(order.get("created_at")),
        status=order.get("status"),
        currency=order.get("base_currency_code") or order.get("order_currency_code"),
        total=order.get("grand_total"),
        tax=order.get("tax_amount"),
        shipping=order.get("shipping_amount"),
        discount=str(order.get("discount_amount") or "").lstrip("-"),
        coupon=order.get("coupon_code"),
        refunded=order.get("total_refunded"),
        customer_id=order.get("customer_id"),
        email=order.get("customer_email"),
        first_name=order.get("customer_firstname"),
        middle_name=order.get("customer_middlename"),
        last_name=order.get("customer_lastname"),
        phone=billing.get("telephone"),
        postcode=billing.get("postcode"),
        city=billing.get("city"),
        country=billing.get("country_id"),
        lines=tuple(_magento_lines(_objects(order.get("items")))),
    )


def _magento_lines(lines: list[Fields]) -> Iterator[Fields]:
    """Give each thing bought once: the parent's price with the sku of its child, as the sku that was bought."""
    child_of = {line.get("parent_item_id"): line for line in lines if line.get("parent_item_id")}
    for line in lines:
        if line.get("parent_item_id"):
            continue
        child = child_of.get(line.get("item_id"), line)
        is_variant = line.get("product_type") == "configurable"
        yield line_of(
            product=None,
            sku=(child if is_variant else line).get("sku"),
            name=line.get("name"),
            price=line.get("price_incl_tax") or line.get("price"),
            quantity=line.get("qty_ordered"),
        )


def _utc(told: object) -> str | None:
    return time_of(told, "UTC")


def _object(told: object) -> Mapping[str, object]:
    return told if isinstance(told, dict) else {}


def _list(told: object) -> list[object]:
    return told if isinstance(told, list) else []


def _objects(told: object) -> list[Fields]:
    return [one for one in _list(told) if isinstance(one, dict)]
