"""Play the prepared events against a running server, as the pages and the server of the shop would send them.

In:   the prepared events, the address and the server key of a simulated shop (only there may a caller say the time).
Out:  `Played`: what was sent and what was answered, counted on this side of the wire.
Idea: nothing is known here but the events and the answers, so the report can be held against an independent count.

    a view ── POST /v1/decide, with the view in it ── for each answer, a second later ── POST /v1/batch
              the time of the view                    `triggered`, in every arm; `view_promotion`, where it shows
    a cart, an order, a row that stands there twice ── POST /v1/batch

Each visitor's events go out in their order, one after the other; visitors are divided over a few connections.
"""  # noqa: INP001  a script, no package

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
from msgspec import Struct

from etalage.domain.time import SECOND, iso
from etalage.simulate.client import Client

CONNECTIONS = (
    8  # most of the time each waits for the disk; the server syncs what comes together at once
)
SLOTS = ("overlay", "product_below")
DOMAIN = "rees46.example"

# A row that stands there twice is a delivery repeated, not a second look at the page. Params: source, visitors.
_ROWS = """
SELECT
    event_name AS name, event_timestamp AS time, user_pseudo_id AS visitor, ga_session_id AS session,
    item_id AS product, item_category AS category, item_brand AS brand, price, value, currency,
    transaction_id AS transaction, id,
    row_number() OVER (PARTITION BY id ORDER BY event_timestamp) > 1 AS is_repeated
FROM read_parquet($source)
WHERE hash(user_pseudo_id) % 1000 < $visitors
ORDER BY event_timestamp, id
"""

Event = dict[str, Any]


class Row(Struct, frozen=True):
    """One prepared event."""

    name: str
    time: int  # micros
    visitor: str
    session: str
    product: str
    category: str | None
    brand: str | None
    price: float
    value: float | None
    currency: str
    transaction: str | None
    id: str
    is_repeated: bool


class Entered(Struct, frozen=True):
    """The first moment of an experience in a visitor."""

    arm: str
    time: int  # micros


class Played(Struct):
    """What was sent, and what the answers said."""

    rows: int = 0
    repeated: int = 0
    asked_again: int = (
        0  # decisions, their event with them: a store was in the way of the first answer
    )
    purchases: int = 0
    decisions: int = 0
    triggered: int = 0  # events, also those of somebody who was counted already
    shown: int = 0
    entered: dict[tuple[str, str], Entered] = {}  # by (experience, visitor)
    milliseconds: list[float] = []  # from asking for a decision until its answer was read
    seconds: float = 0.0

    @property
    def sent(self) -> int:
        """All events that the server was told of."""
        return self.rows + self.triggered + self.shown


def rows_of(source: Path, *, share: float = 1.0) -> list[Row]:
    """Read the prepared events of a share of the visitors, oldest first."""
    bound = {"source": str(source), "visitors": round(share * 1000)}
    with duckdb.connect() as connection:
        return [Row(*found) for found in connection.execute(_ROWS, bound).fetchall()]


def play(
    rows: Sequence[Row], url: str, server_key: str, *, progress: Callable[[], None] = lambda: None
) -> Played:
    """Play all rows; `progress` is called after each.

    Raises:
        NotFound: nobody answers at the address.
        BadInput: the server refused a call.
    """
    client = Client(url, server_key)
    started = time.perf_counter()
    try:
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            parts = list(threads.map(lambda own: _play(own, client, progress), _divided(rows)))
    finally:
        client.close()
    played = _together(parts, time.perf_counter() - started)
    played.asked_again = client.asked_again
    return played


def _divided(rows: Iterable[Row]) -> list[list[Row]]:
    """Give each connection its visitors, in order of time, so that all of them are at about the same moment."""
    visitors: dict[str, int] = {}
    parts: list[list[Row]] = [[] for _ in range(CONNECTIONS)]
    for row in rows:
        parts[visitors.setdefault(row.visitor, len(visitors)) % CONNECTIONS].append(row)
    return parts


def _play(rows: Iterable[Row], client: Client, progress: Callable[[], None]) -> Played:
    played = Played()
    for row in rows:
        played.rows += 1
        played.repeated += row.is_repeated
        played.purchases += row.name == "purchase"
        if row.name == "view_item" and not row.is_repeated:
            _look(row, client, played)
        else:
            client.send([_event(row)], now=row.time)
        progress()
    return played


def _look(row: Row, client: Client, played: Played) -> None:
    """Open a product page: ask what it should show, then live with the answer."""
    question = {
        "anonymousId": row.visitor,
        "page": {"type": "product", "product_id": row.product, "url": _address(row)},
        "slots": SLOTS,
        "events": [_event(row)],
    }
    asked = time.perf_counter()
    entries = client.decide(question, now=row.time)["decisions"]
    played.milliseconds.append(1000 * (time.perf_counter() - asked))
    played.decisions += 1
    moments = [event for entry in entries for event in _moments(row, entry)]
    if moments:
        client.send(moments, now=row.time + SECOND)
    for entry in entries:
        played.triggered += 1
        played.shown += entry["show"]
        entered = Entered(entry["variant"], row.time + SECOND)
        played.entered.setdefault((entry["experience"], row.visitor), entered)


def _moments(row: Row, entry: Mapping[str, Any]) -> Iterator[Event]:
    """Tell that the moment came, in every arm alike; and that the message was seen, where there was one."""
    said = {
        "token": entry["id"],
        "promotion_id": entry["experience"],
        "creative_name": entry["variant"],
        "creative_slot": entry["slot"],
    }
    for name in ("triggered", "view_promotion") if entry["show"] else ("triggered",):
        yield {
            "type": "track",
            "event": name,
            "anonymousId": row.visitor,
            "messageId": f"{name}-{entry['experience']}-{row.id}",
            "timestamp": iso(row.time + SECOND),
            "properties": said,
        }


def _event(row: Row) -> Event:
    item = {
        "item_id": row.product,
        "item_category": row.category,
        "item_brand": row.brand,
        "price": row.price,
        "quantity": 1,
    }
    properties = {
        "items": [item],
        "currency": row.currency,
        "value": row.value,
        "transaction_id": row.transaction,
    }
    return {
        "type": "track",
        "event": row.name,
        "anonymousId": row.visitor,
        "messageId": row.id,
        "timestamp": iso(row.time),
        "properties": {name: value for name, value in properties.items() if value is not None},
        "context": {"sessionId": row.session, "page": {"url": _address(row)}},
    }


def _address(row: Row) -> str:
    return f"https://{DOMAIN}/p/{row.product}"


def _together(parts: Iterable[Played], seconds: float) -> Played:
    total = Played(seconds=seconds)
    for part in parts:
        for field in ("rows", "repeated", "purchases", "decisions", "triggered", "shown"):
            setattr(total, field, getattr(total, field) + getattr(part, field))
        total.entered |= part.entered
        total.milliseconds += part.milliseconds
    return total
