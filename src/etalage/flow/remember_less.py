"""Memories of orders, when events of an order change or go.

In:   what was judged, and a write transaction of the profiles.
Out:  what is known of each order from now on, and who has to be folded again because of it.
Idea: the memory of an order holds copies of its events, so the same verdicts hold for them. An order that went into
      the books is nobody's: nothing is remembered of it, and a claim that comes late finds nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct

from etalage.domain.event import Event
from etalage.domain.ids import VisitorKey
from etalage.domain.privacy import Verdict, rewritten
from etalage.domain.profile import OrderClaim
from etalage.domain.time import ShopZone
from etalage.govern.privacy import Judged
from etalage.ports import ProfilesWrite

_LOST = frozenset({"gone", "books"})


class Order(Struct, frozen=True):
    """The verdicts on the events of one transaction."""

    transaction: str
    verdicts: dict[str, Verdict]  # by id of the event
    is_lost: bool  # the order itself is nobody's any more


def orders_in(lot: Iterable[Judged]) -> list[Order]:
    """Gather verdicts by order."""
    by_order: dict[str, list[Judged]] = defaultdict(list)
    for one in lot:
        if one.is_of_order and one.transaction is not None:
            by_order[one.transaction].append(one)
    return [
        Order(
            transaction,
            {one.id: one.verdict for one in judged},
            is_lost=any(one.name == "purchase" and one.verdict.fate in _LOST for one in judged),
        )
        for transaction, judged in sorted(by_order.items())
    ]


def settle_order(write: ProfilesWrite, order: Order, zone: ShopZone) -> set[VisitorKey]:
    """Change what is known of an order; give who had it and who has it now."""
    known = write.order(order.transaction)
    placed, claim = _left(known.order, order, zone), _left(known.claim, order, zone)
    owner = known.owner
    if known.claim is not None and claim is None and placed is not None:
        owner = placed.customer  # as if nobody had claimed it
    if order.is_lost or (placed is None and claim is None and owner is None):
        write.remove_order(order.transaction)
        owner = None
    else:
        write.put_order(order.transaction, OrderClaim(placed, claim, owner))
    return {visitor for visitor in (known.owner, owner) if visitor is not None}


def _left(event: Event | None, order: Order, zone: ShopZone) -> Event | None:
    verdict = None if event is None else order.verdicts.get(event.id)
    if event is None or verdict is None:
        return event
    return None if verdict.fate in _LOST else rewritten(event, verdict, zone)
