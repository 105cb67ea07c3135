"""Files of a shop, taken over: a catalogue behind its guard, and events, orders and customers through intake.

What an import brings goes through the very same steps as a call over HTTP: the sender is the import, with the
purposes and the basis it declares. Rows that could not even be read are accounted for too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from msgspec import Struct

from etalage.collect.call import Item
from etalage.collect.feed import Feed, catalogue_of, judge
from etalage.collect.intake import Door, Received, Sender
from etalage.domain.arrival import Reason, Rejected
from etalage.domain.product import Catalogue
from etalage.domain.shop import shop_from
from etalage.errors import BadFeed
from etalage.flow.configuration import Configuration
from etalage.flow.ingest import Receipt, door_of, receipt, take_in
from etalage.flow.rectify import Right, put_right, without
from etalage.flow.remember import remember
from etalage.ports import Ports

AT_ONCE = 500


class Judged(Struct, frozen=True):
    """What a catalogue file holds, and whether it may replace the one in use."""

    catalogue: Catalogue
    rows: int
    problems: dict[str, int]  # by reason
    products_before: int


def judged(ports: Ports, feed: Feed, *, anyway: bool = False) -> Judged:
    """Hold a feed against the catalogue in use; `BadFeed` if it does not look like the shop's.

    With `anyway` a person says that the shop did change this much: the feed is only held against itself. Prices of
    another currency than the shop's are never taken: pages, segments and messages would show and compare them as its own.
    """
    old = ports.records.catalogue()
    judge(feed, None if anyway else old)
    own = shop_from(ports.records.shop()).currency
    if feed.currency != own:
        raise BadFeed(f"its prices are in {feed.currency}, those of this shop in {own}")
    problems: dict[str, int] = {}
    for problem in feed.problems:
        problems[problem.reason] = problems.get(problem.reason, 0) + 1
    before = 0 if old is None else len(old.products)
    return Judged(catalogue_of(feed), feed.rows, dict(sorted(problems.items())), before)


class Unreadable(Struct, frozen=True):
    """A row that is no event: counted, with the reason nearest to it."""

    reason: Reason


def take_over(
    rows: Iterable[Item | Unreadable],
    source: Sender,
    *,
    live: Configuration,
    ports: Ports,
    now: int,
) -> Iterator[Receipt]:
    """Take rows through intake, five hundred at a time; gives the account of each lot once it is on disk."""
    door = door_of(source, Received(now=now), live, ports, visitor_id=None)
    waiting = iter(rows)
    right = put_right(ports)
    while lot := list(islice(waiting, AT_ONCE)):
        yield _take(lot, door, ports, live, right)


def _take(
    lot: Sequence[Item | Unreadable], door: Door, ports: Ports, live: Configuration, right: Right
) -> Receipt:
    rows = [row for row in lot if isinstance(row, Item)]
    taken = take_in(without(rows, right, ports.keys.pepper), door, ports)
    day = door.settings.zone.day(door.received.now)
    unreadable = tuple(
        Rejected(door.sender.label, "quarantined", row.reason, door.received.now, day)
        for row in lot
        if isinstance(row, Unreadable)
    )
    entered = ports.log.append(taken.arrivals, (*taken.rejected, *unreadable))
    remember(ports.log, ports.profiles, live.how)
    lost: dict[str, int] = {}
    for rejection in unreadable:
        lost[rejection.reason] = lost.get(rejection.reason, 0) + 1
    aside = Receipt(received=len(unreadable), quarantined=len(unreadable), reasons=lost)
    return together([receipt(taken, entered), aside])


def together(receipts: Iterable[Receipt]) -> Receipt:
    """Add up the accounts of all lots."""
    total = Receipt()
    for one in receipts:
        reasons = dict(total.reasons)
        for reason, count in one.reasons.items():
            reasons[reason] = reasons.get(reason, 0) + count
        total = Receipt(
            total.received + one.received,
            total.accepted + one.accepted,
            total.duplicate + one.duplicate,
            total.quarantined + one.quarantined,
            total.refused + one.refused,
            dict(sorted(reasons.items())),
        )
    return total
