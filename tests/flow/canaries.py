"""A person of whom something random and incompressible is known in every kind of place, and where to look for it.

A canary is found by looking at the bytes of every file, and by reading every store through its own format with all
keys at hand: what is compressed or encrypted shows only there.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import duckdb
import msgspec
from shop import YES, Shop, identify, order, track, view

from etalage.errors import Damaged, KeysMissing

KEPT = (
    "email first_name street phone postcode search coupon visitor utm_campaign referrer group preference category "
    "order_number brand badly_priced unreadable refund_number"
).split()
DIGESTED = ("phone_visitor", "customer", "message")  # never kept as they are
DROPPED = (
    "path",  # one that looks like a token
    "dropped_property",
    "dropped_parameter",
    "dropped_trait",
    "title",
    "user_agent",
)


class Canary:
    """Her secrets by place; `says` sends all of them."""

    def __init__(self) -> None:
        self.of = {place: secrets.token_hex(12) for place in (*KEPT, *DIGESTED, *DROPPED)}
        self.of["referrer"] = f"{self.of['referrer']}.example"
        self.of["email"] = f"{self.of['email']}@shop.example"

    def says(self, shop: Shop) -> None:
        """Let two browsers of hers and the shop's server tell everything."""
        of = self.of
        page = {
            "url": f"https://noord.example/{of['path']}?mail={of['dropped_parameter']}",
            "referrer": f"https://{of['referrer']}/a",
            "title": of["title"],
        }
        context = {
            "page": page,
            "campaign": {"name": of["utm_campaign"]},
            "userAgent": f"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko Firefox/128.0 {of['user_agent']}",
        }
        me, phone, customer = of["visitor"], of["phone_visitor"], of["customer"]
        shop.batch(
            track("page", me, context=context, message=of["message"]),
            view("S-1", me, coupon=of["coupon"], hidden=of["dropped_property"]),
            track("view_item_list", me, category=of["category"]),
            view(
                "S-2", me, brand=of["brand"], products=[{"product_id": "S-2", "brand": of["brand"]}]
            ),
            track("search", me, query=f"jas {of['search']}"),
            track("preference", me, kleur=of["preference"]),
            identify(
                me,
                customer,
                email=of["email"],
                firstName=of["first_name"],
                phone=of["phone"],
                address={"street": of["street"], "postalCode": of["postcode"]},
                customer_group=of["group"],
                zodiac=of["dropped_trait"],
            ),
            order(of["order_number"], me),
            identify(phone, customer),
            view("S-3", phone),
            order(of["refund_number"], None, user=customer, consent=YES),
            track(
                "Order Refunded", None, order_id=of["refund_number"], total="50,00", user=customer
            ),
        )
        shop.batch(order("N-9", me, total="veel", coupon=of["badly_priced"]))
        shop.batch(view("S-4", me, again={"a": {"b": of["unreadable"]}, "__proto__": 1}))


def stored(shop: Shop) -> str:
    """Read every store through its format, with all keys."""
    return "\n".join(msgspec.json.encode(one).decode() for one in _told(shop))


def _told(shop: Shop) -> Iterator[object]:
    ports = shop.ports
    shop.events()
    for position, event in ports.log.read(0):
        yield position, event
        for person in (event.customer, event.visitor):
            if event.personal is not None and person is not None:
                try:
                    yield (ports.keys.unseal(person, event.personal) or b"").decode()
                except (Damaged, KeysMissing):
                    yield "sealed for another"
    for rejected in ports.log.quarantine():
        yield ports.keys.unseal_shop(rejected.sealed or b"").decode(errors="replace")
    yield list(ports.profiles.visitors())
    for transaction in (shop_order for shop_order in _orders(shop)):
        yield ports.profiles.order(transaction)
    yield ports.records.audit_lines()
    for file in sorted(shop.directory.rglob("*.parquet")):
        yield [str(row) for row in duckdb.execute(f"SELECT * FROM '{file}'").fetchall()]


def _orders(shop: Shop) -> list[str]:
    return [e.transaction for _, e in shop.ports.log.read(0) if e.transaction is not None]


def in_bytes(directory: Path, canary: str) -> list[str]:
    """Name the files that hold a canary as it is."""
    wanted = canary.encode()
    return [
        str(path.relative_to(directory))
        for path in sorted(directory.rglob("*"))
        if path.is_file() and wanted in path.read_bytes()
    ]


def found(shop: Shop, canary: Canary) -> dict[str, list[str]]:
    """Give the places whose canary is anywhere, and where."""
    text = stored(shop)
    where = {
        place: in_bytes(shop.directory, secret) + (["through the format"] if secret in text else [])
        for place, secret in canary.of.items()
    }
    return {place: files for place, files in where.items() if files}
