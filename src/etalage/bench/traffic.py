"""What the benches send: calls as a shop's server sends them, as bytes that only wait to be written.

In:   people, products, a random source.
Out:  the past of a person as events; a body of 100 events; the body of a decide call; a whole HTTP request.
From: conventions.md 3 (the shape and size of what Segment's libraries send), design 12 (decide).
"""

from __future__ import annotations

import base64
import math
import random
from collections.abc import Callable, Sequence

import msgspec

from etalage.domain.product import Product
from etalage.domain.time import DAY, HOUR, MINUTE, iso

CONSENT = {"device": True, "measure": True, "personalise": True}
AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36"
)
NAMES = ("view_item", "add_to_cart", "purchase")
OFTEN = (80, 16, 4)  # of a hundred
LEAST_EVENTS, MOST_EVENTS, MOST_EVENTS_AT_ALL = 20, 60, 600
FAVOURITES = 6  # categories somebody looks at
HAVE_ACCOUNT = 0.3  # share of people with a customer number
PER_VISITOR = 5  # events of one visitor in a batch
NUMBER = b"00000000"  # stands in message ids of a batch, to be replaced by the number of the call

Event = dict[str, object]


def eager(rng: random.Random) -> int:
    """Draw how much somebody does who comes back: 20 to 60 events."""
    return rng.randint(LEAST_EVENTS, MOST_EVENTS)


def usual(rng: random.Random) -> int:
    """Draw how much a visitor of a shop does in a month: half of all at most 5, 14 on average, a few hundreds."""
    return max(1, min(MOST_EVENTS_AT_ALL, round(rng.lognormvariate(math.log(5), 1.43))))


def history(
    person: str,
    products: Sequence[Product],
    rng: random.Random,
    *,
    now: int,
    often: Callable[[random.Random], int] = eager,
) -> list[Event]:
    """Give the events of a person over the last 30 days: who she is, then what she looked at and bought."""
    liked = [rng.choice(products).categories[0][0] for _ in range(FAVOURITES)]
    shelf = [product for product in rng.sample(products, 400) if product.categories[0][0] in liked]
    moments = sorted(now - rng.randrange(HOUR, 30 * DAY) for _ in range(often(rng)))
    known: Event = {"type": "identify", "traits": {"country": "NL"}}
    if rng.random() < HAVE_ACCOUNT:
        known["userId"] = f"C-{person}"
    return [
        _event(person, moments[0] - MINUTE, f"{person}-0") | known,
        *(
            _shopping(person, rng.choice(shelf), at, f"{person}-{number}", rng)
            for number, at in enumerate(moments, 1)
        ),
    ]


def _shopping(person: str, product: Product, at: int, message: str, rng: random.Random) -> Event:
    (name,) = rng.choices(NAMES, OFTEN)
    price = (product.price_at(at) or 995) / 100
    item = {"item_id": product.id, "item_name": product.title, "price": price, "quantity": 1}
    properties: dict[str, object] = {"currency": "EUR", "value": price, "items": [item]}
    if name == "purchase":
        properties["transaction_id"] = f"T-{message}"
    return _event(person, at, message) | {"type": "track", "event": name, "properties": properties}


def _event(person: str, at: int, message: str) -> Event:
    page = {"path": "/p/1", "url": "https://bench.example/p/1", "title": "Artikel", "referrer": ""}
    return {
        "anonymousId": person,
        "messageId": f"m-{message}",
        "timestamp": iso(at),
        "context": {
            "consent": CONSENT,
            "locale": "nl-NL",
            "userAgent": AGENT,
            "page": page,
            "library": {"name": "analytics.js", "version": "next-1.84.3"},
        },
    }


def batch(events: Sequence[Event], *, now: int) -> bytes:
    """Write the body of a call to /v1/batch."""
    return msgspec.json.encode({"batch": events, "sentAt": iso(now)})


def batch_bodies(
    people: Sequence[str],
    products: Sequence[Product],
    rng: random.Random,
    *,
    count: int,
    size: int,
    now: int,
) -> list[bytes]:
    """Write bodies of `size` events now, five of each visitor; `numbered` makes any of them new again."""
    return [
        batch(
            [
                _shopping(who, rng.choice(products), now, f"{NUMBER.decode()}-{who}-{one}", rng)
                for who in rng.sample(people, max(1, size // PER_VISITOR))
                for one in range(min(size, PER_VISITOR))
            ],
            now=now,
        )
        for _ in range(count)
    ]


def numbered(body: bytes, number: int) -> bytes:
    """Give a batch ids that no call had before, without changing its length."""
    return body.replace(NUMBER, b"%08d" % number)


def decide_body(person: str, product: Product, slots: Sequence[str]) -> bytes:
    """Write the body of POST /v1/decide from a product page (about 600 bytes)."""
    page = {
        "url": f"https://bench.example/p/{product.id}?utm_source=newsletter&utm_medium=email&utm_campaign=lente",
        "type": "product",
        "product_id": product.id,
        "category": product.category,
        "referrer": "https://www.search.example/",
        "title": product.title,
        "language": "nl-NL",
        "user_agent": AGENT,
    }
    return msgspec.json.encode(
        {
            "anonymousId": person,
            "userId": None,
            "consent": CONSENT,
            "page": page,
            "cart": [{"product_id": product.id, "quantity": 1}],
            "slots": list(slots),
        }
    )


def request(path: str, body: bytes, server_key: str) -> bytes:
    """Write a whole POST, head and body."""
    head = (
        b"POST %b HTTP/1.1\r\nHost: bench\r\nAuthorization: %b\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    )
    return head % (path.encode(), key_header(server_key), len(body)) + body


def key_header(server_key: str) -> bytes:
    """Give the value of `Authorization` for a key."""
    return b"Basic " + base64.b64encode(f"{server_key}:".encode())
