"""Orders and customers of the demo shop, and how its server tells Etalage of an order.

In:   what the checkout sent: which offers, how many; nothing it says of prices is believed.
Out:  an order priced by the catalogue; the event the shop's server sends with the server key (design 5).
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.request import Request as Call
from urllib.request import urlopen

import msgspec
from msgspec import Struct
from starlette.requests import Request

from etalage.collect.identity import signature_of
from etalage.decide.token import read_visitor_token
from etalage.domain.time import HOUR, iso
from etalage.errors import BadInput, Conflict, NotFound
from etalage.flow.open_shop import OpenShop
from etalage.simulate.regulars import KNOWN
from etalage.simulate.storefront.shelves import Good, Shelves

FREE_FROM = 6_000  # cents
DELIVERY = {"standaard": 495, "avond": 695, "afhalen": 0}  # cents; from FREE_FROM standard is free
VAT = 21  # per cent, contained in every price
MOST_LINES, MOST_PIECES = 50, 20
PATIENCE_SECONDS = 5.0
PURPOSES = ("device", "measure", "personalise", "ads")


class Customer(Struct, frozen=True):
    """Somebody who can sign in."""

    id: str
    name: str
    orders: tuple[tuple[str, int], ...] = ()  # number, days ago


def _newest(customer: str) -> tuple[tuple[str, int], ...]:
    """Give the newest orders of somebody, as the shop's administration has them."""
    days = sorted({days for days, _ in KNOWN[customer]})[:4]
    return tuple((f"N26-{1_000 - day:04}", day) for day in days)


CUSTOMERS = (
    Customer("K-1001", "Karel", _newest("K-1001")),
    Customer("K-1002", "Fatima", _newest("K-1002")),
    Customer("K-1003", "Jip"),
)


class Line(Struct, frozen=True):
    """A line of an order."""

    good: str
    offer: str
    title: str
    category: str
    price: int  # cents
    quantity: int


class Order(Struct, frozen=True):
    """An order as the shop's server made it."""

    id: str
    lines: tuple[Line, ...]
    delivery: int
    total: int
    tax: int


def order_of(given: Mapping[str, Any], shelves: Shelves, *, now: int) -> Order:
    """Make an order of what the checkout sent.

    Raises:
        BadInput: it holds nothing that can be ordered.
        Conflict: something is sold out by now.
    """
    asked = given.get("lines")
    if not isinstance(asked, list) or not 0 < len(asked) <= MOST_LINES:
        raise BadInput("an order has lines", field="lines")
    lines = tuple(_line(one, shelves, now) for one in asked)
    goods = sum(line.price * line.quantity for line in lines)
    tier = given.get("tier")
    cost = DELIVERY.get(tier if isinstance(tier, str) else "", DELIVERY["standaard"])
    if goods >= FREE_FROM and tier != "avond":
        cost = 0
    total = goods + cost
    return Order(f"NW-{secrets.token_hex(5)}", lines, cost, total, round(total * VAT / (100 + VAT)))


def _line(one: object, shelves: Shelves, now: int) -> Line:
    fields = one if isinstance(one, dict) else {}
    good = shelves.goods.get(str(fields.get("id")))
    offer = None if good is None else _offer_of(good, str(fields.get("offer")))
    count = fields.get("quantity")
    if good is None or offer is None or not isinstance(count, int) or not 0 < count <= MOST_PIECES:
        raise BadInput("a line names a product, one of its sizes and how many", field="lines")
    price = offer.price_at(now)
    if not offer.is_available or price is None:
        raise Conflict(f"{good.product.title} is sold out in this size", field="lines")
    category = good.product.category or ""
    return Line(good.id, offer.id, good.product.title, category, price, count)


def _offer_of(good: Good, asked: str) -> Any:
    return next((o for o in good.offers if o.id == asked), None)


def visitor_in(given: Mapping[str, Any], shop: OpenShop) -> str | None:
    """Read whose order it is: the visitor of the token the page put into the order; None without one."""
    return read_visitor_token(given.get("visitor"), shop.ports.keys.secret("visitor"))


def told(
    made: Order, visitor: str | None, given: Mapping[str, Any], *, now: int
) -> dict[str, object]:
    """Write the event of an order as a shop's server sends it."""
    said = given.get("consent")
    consent = {p: isinstance(said, dict) and said.get(p) is True for p in PURPOSES}
    event: dict[str, object] = {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"order-{made.id}",
        "timestamp": iso(now),
        "properties": {
            "order_id": made.id,
            "transaction_id": made.id,
            "total": made.total / 100,
            "value": made.total / 100,
            "tax": made.tax / 100,
            "shipping": made.delivery / 100,
            "currency": "EUR",
            "products": [
                {
                    "product_id": line.good,
                    "name": line.title,
                    "category": line.category,
                    "price": line.price / 100,
                    "quantity": line.quantity,
                }
                for line in made.lines
            ],
        },
        "context": {"consent": consent},
    }
    if visitor is not None:
        event["anonymousId"] = visitor
    customer = given.get("customer")
    if customer in {one.id for one in CUSTOMERS}:
        event["userId"] = customer
    return event


def sending(server_key: str) -> Any:
    """Give the way an order goes to Etalage: a call to /v1/track with the server key, as any shop's server makes it."""
    secret = base64.b64encode(f"{server_key}:".encode()).decode()

    def tell(event: dict[str, object], request: Request) -> None:
        host, port = request.scope["server"]  # our own socket, never what the caller calls it
        call = Call(
            f"http://{host}:{port}/v1/track",
            data=msgspec.json.encode(event),
            headers={"authorization": f"Basic {secret}", "content-type": "application/json"},
        )
        with urlopen(call, timeout=PATIENCE_SECONDS):  # noqa: S310  idem
            pass

    return tell


def customer(given: Mapping[str, Any], shop: OpenShop, *, now: int) -> dict[str, object]:
    """Sign a customer in: who it is, and the proof by which the tag may say so.

    Raises:
        NotFound: there is no such customer.
    """
    asked = given.get("id")
    known = next((one for one in CUSTOMERS if one.id == asked), None)
    if known is None and asked == "nieuw":
        known = Customer(f"K-{secrets.randbelow(900_000) + 100_000}", "Noor")
    if known is None:
        raise NotFound("there is no such customer", field="id")
    visitor = visitor_in(given, shop)
    signature = None
    if visitor is not None:
        signature = signature_of(
            shop.ports.keys.secret("identify"),
            shop=shop.configuration.shop.id,
            user=known.id,
            visitor=visitor,
            expires=(now + HOUR) // 1_000_000,
        )
    return {
        "id": known.id,
        "name": known.name,
        "orders": known.orders,
        "signature": signature,
    }
