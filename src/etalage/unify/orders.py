"""Step 2 of 8, unify: how an order finds its visitor (design 5).

In:   the purchases and claims of one transaction, in the order of the log.
Out:  with whom the order is remembered, and whose memory has to be made again.
Idea: the browser says who, the shop's server says how much. In this order: our own visitor id in the order;
      the browser's claim on the same transaction within 24 hours (the first in the log); a strong identifier.
      `sql/orders.sql` says the same in batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from etalage.domain.event import Event
from etalage.domain.ids import VisitorKey
from etalage.domain.profile import OrderClaim
from etalage.domain.time import HOUR

CLAIM_WITHIN = 24 * HOUR


class Settled(Struct, frozen=True):
    """What an event of a transaction changes."""

    claim: OrderClaim
    remember: Event | None = None  # the order, with the visitor it was found to belong to
    again: VisitorKey | None = None  # who has to be folded again, because she lost it


def is_of_transaction(event: Event) -> bool:
    """Tell whether an event has to pass here before it is folded."""
    return event.transaction is not None and event.name in {"purchase", "purchase_claim"}


def settle(event: Event, known: OrderClaim) -> Settled:
    """Decide who has an order, now that one more event of its transaction is there."""
    if event.name == "purchase_claim":
        return _claimed(event, known)
    if event.visitor is not None:
        return Settled(
            msgspec.structs.replace(known, order=None, owner=event.visitor), remember=event
        )
    return _ordered(event, known)


def as_remembered(history: Iterable[Event]) -> Iterator[Event]:
    """Give a whole history as it is remembered in the end: each order once, with its final owner."""
    claims: dict[str, OrderClaim] = {}
    found: dict[str, Event] = {}
    for event in history:
        if not is_of_transaction(event) or event.transaction is None:
            yield event
            continue
        settled = settle(event, claims.get(event.transaction, OrderClaim()))
        claims[event.transaction] = settled.claim
        if settled.remember is not None:
            found[event.transaction] = settled.remember
        if event.name != "purchase":
            yield event
    yield from found.values()


def _ordered(order: Event, known: OrderClaim) -> Settled:
    if known.claim is not None and _in_time(known.claim, order):
        found = found_by_claim(order, known.claim)
        return Settled(OrderClaim(order, known.claim, found.visitor), remember=found)
    if order.customer is None:
        return Settled(OrderClaim(order, known.claim, None))
    found = found_by_identifier(order)
    return Settled(OrderClaim(order, known.claim, found.visitor), remember=found)


def _claimed(claim: Event, known: OrderClaim) -> Settled:
    if known.claim is not None:  # somebody was first
        return Settled(known)
    order = known.order
    if order is None or not _in_time(claim, order) or known.owner == claim.visitor:
        return Settled(msgspec.structs.replace(known, claim=claim))
    found = found_by_claim(order, claim)
    return Settled(OrderClaim(order, claim, found.visitor), remember=found, again=known.owner)


def _in_time(claim: Event, order: Event) -> bool:
    return abs(claim.time - order.time) <= CLAIM_WITHIN


def found_by_claim(order: Event, claim: Event) -> Event:
    """Give the order as the claimant's, under the consent of her claim."""
    return msgspec.structs.replace(
        order, visitor=claim.visitor, purposes=claim.purposes, epoch=claim.epoch
    )


def found_by_identifier(order: Event) -> Event:
    """Give the order as that of the customer key it came with."""
    return msgspec.structs.replace(order, visitor=order.customer)
