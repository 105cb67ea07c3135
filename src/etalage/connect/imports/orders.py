"""Orders as one shop's system told them, turned into Segment's `Order Completed` (and `Order Refunded`).

In:   an `OrderTold`, whichever file it was read from.
Out:  items, or `Skipped` for an order that does not count.
Idea: every format fills the same few fields, so that there is one rule for what counts as an order. Who bought
      is told in `userId`, `anonymousId` (our visitor id, where the shop kept it) and `context.traits`.
From: conventions.md 3 (names), 5 and 6 (statuses).
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from etalage.connect.imports.items import Given, ImportSettings, Item, Skipped, digest, filled
from etalage.connect.imports.values import identifier, pieces, text, time_of, value
from etalage.domain.ids import is_placeholder
from etalage.domain.money import minor_units

VISITOR_FIELD = "etalage_visitor"  # under which a shop keeps our visitor id in an order (design 5)

# Statuses of Shopify, WooCommerce and Magento that do not count as an order (yet).
_NOT_PAID = frozenset(
    "pending failed on-hold on_hold holded checkout-draft draft expired pending_payment payment_review".split()
)
_CANCELLED = frozenset("cancelled canceled voided trash deleted fraud closed_unpaid".split())


class OrderTold(Struct, frozen=True):
    """An order in the fields that all systems share; absent is None."""

    row: int
    order_id: object = None
    time: object = None
    status: object = None
    cancelled: object = None
    currency: object = None
    total: object = None
    tax: object = None
    shipping: object = None
    discount: object = None
    coupon: object = None
    refunded: object = None  # amount
    customer_id: object = None
    visitor: object = None
    email: object = None
    first_name: object = None
    middle_name: object = None
    last_name: object = None
    phone: object = None
    postcode: object = None
    city: object = None
    country: object = None
    lines: tuple[dict[str, object], ...] = ()


def items_of(told: OrderTold, settings: ImportSettings) -> Iterator[Given]:
    """Give the order, and its refund if there was one; both carry the order's time."""
    order_id = identifier(told.order_id)
    time = time_of(told.time, settings.zone)
    status = str(text(told.status) or "").casefold().removeprefix("wc-").replace(" ", "_")
    if order_id is None:
        yield Skipped(told.row, "no_order_id")
    elif status in _CANCELLED or value(told.cancelled) is not None:
        yield Skipped(told.row, "cancelled")
    elif status in _NOT_PAID:
        yield Skipped(told.row, "not_paid")
    elif time is None:
        yield Skipped(told.row, "bad_time")
    else:
        currency = text(told.currency) or settings.currency
        order: Item = {
            "type": "track",
            "event": "Order Completed",
            "anonymousId": identifier(told.visitor),
            "userId": _customer(told),
            "timestamp": time,
            "properties": _properties(told, order_id, currency),
            "context": filled({"traits": _traits(told)}),
        }
        yield {"messageId": digest(order)} | filled(order)
        if (minor_units(value(told.refunded), currency) or 0) > 0:
            refund = order | {
                "event": "Order Refunded",
                "properties": {"order_id": order_id, "currency": currency, "total": told.refunded},
            }
            yield {"messageId": digest(refund)} | filled(refund)


def _customer(told: OrderTold) -> str | None:
    """Give the customer number; guests have one of the numbers that stand for nobody."""
    number = identifier(told.customer_id)
    return None if number is None or is_placeholder(number) else number


def _properties(told: OrderTold, order_id: str, currency: str) -> Item:
    amounts = {
        name: value(getattr(told, name)) for name in ("total", "tax", "shipping", "discount")
    }
    return filled(
        {
            "order_id": order_id,
            "currency": currency,
            **amounts,
            "coupon": text(told.coupon),
            "products": [line for line in told.lines if line],
        }
    )


def _traits(told: OrderTold) -> Item:
    address = {
        "postalCode": text(told.postcode),
        "city": text(told.city),
        "country": text(told.country),
    }
    names = (text(told.middle_name), text(told.last_name))
    return filled(
        {
            "email": text(told.email),
            "firstName": text(told.first_name),
            "lastName": " ".join(name for name in names if name),
            "phone": text(told.phone),
            "address": filled(address),
        }
    )


def line_of(
    *,
    product: object,
    sku: object,
    name: object,
    price: object,
    quantity: object,
    variant: object = None,
) -> dict[str, object]:
    """Give a line in Segment's words; the sku stands in where the system tells no product id."""
    return filled(
        {
            "product_id": identifier(product) or identifier(sku),
            "sku": identifier(sku),
            "name": text(name),
            "variant": text(variant),
            "price": value(price),
            "quantity": pieces(quantity),
        }
    )
