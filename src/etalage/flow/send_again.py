"""Send again what was set aside, after its cause was mended: through the same door, as of the moment it came.

    set aside ──> unseal ──> the steps of intake ──> out of the quarantine and into the log, in one transaction

In:   a reason. The sender, the token and the headers of the call lie with each record; its consent and whether
      anybody in it was erased are looked up now.
Out:  how many got in, were duplicates, are refused now, and stay (some with another reason).
Idea: a record leaves the quarantine in the very transaction in which it becomes something else. Cut off anywhere,
      or run twice, each is counted once. Events of one visitor follow each other, so that what the first says of
      her consent holds for the next. A server may be at work; only sealing and cleaning wait.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from msgspec import Struct

from etalage.collect.call import Item, items_of
from etalage.collect.intake import Door, Received, Sender
from etalage.collect.kept_door import door_kept_in
from etalage.collect.parse import parse_batch
from etalage.domain.arrival import ENGINE, Entered, Outcome, Reason, Rejected
from etalage.errors import BadInput, Conflict, Damaged, KeyDestroyed, NotYet
from etalage.flow.configuration import Configuration
from etalage.flow.ingest import Taken, door_of, sender_of, take_in
from etalage.flow.remember import remember
from etalage.ports import ApiKey, Aside, Keys, Ports, Replayable, Retried

if TYPE_CHECKING:
    from etalage.domain.ids import VisitorKey

AT_ONCE = 200  # records in one transaction
PATIENCE_SECONDS = 30.0  # for whoever is sealing


class SentAgain(Struct, frozen=True):
    """What became of the records of one reason: tried = accepted + duplicate + refused + quarantined."""

    tried: int = 0
    accepted: int = 0
    duplicate: int = 0
    refused: int = 0  # gone: nothing is kept of what is refused
    quarantined: int = 0  # they stay
    reasons: dict[str, int] = {}  # of what is refused or stays
    unusable: int = (
        0  # of those that stay: nothing of them was kept, or nobody may send them any more
    )


def send_again(ports: Ports, live: Configuration, reason: Reason) -> Iterator[SentAgain]:
    """Send again all that was set aside for a reason; gives what became of each lot once it is on disk.

    Raises:
        Conflict: somebody has been sealing or cleaning for half a minute.
    """
    log = replayable(ports)
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        with ports.warehouse.changing() as changing:
            if changing is not None:
                for lot in _Again(ports, live).lots(log, reason):
                    yield _sent(lot, log)
                    remember(ports.log, ports.profiles, live.how)
                return
        if time.monotonic() > until:
            raise Conflict("events are being sealed or cleaned just now; try again in a minute")
        time.sleep(0.2)


def try_again(ports: Ports, live: Configuration, reason: Reason) -> SentAgain:
    """Tell what would become of them, and change nothing; a duplicate shows only when it is really sent."""
    trial = ports._replace(keys=cast("Keys", _Unsealing(ports.keys)))
    again = _Again(trial, live)
    return added(_told(lot) for lot in again.lots(replayable(ports), reason))


def replayable(ports: Ports) -> Replayable:
    """Give the log as one that can take things back; `NotYet` if it is of a kind that cannot."""
    if not isinstance(ports.log, Replayable):
        raise NotYet("sending again from this kind of log comes with a later version")
    return ports.log


def added(lots: Iterator[SentAgain]) -> SentAgain:
    """Add up what became of all lots."""
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for lot in lots:
        reasons.update(lot.reasons)
        counts.update({name: getattr(lot, name) for name in _COUNTS})
    return SentAgain(**{name: counts[name] for name in _COUNTS}, reasons=dict(sorted(reasons.items())))  # fmt: skip


_COUNTS = ("tried", "accepted", "duplicate", "refused", "quarantined", "unusable")


class Opened(Struct, frozen=True):
    """A record of the quarantine as it would be sent again."""

    item: Item
    door: Door


class Opener:
    """Opens records of one shop's quarantine."""

    def __init__(self, ports: Ports, live: Configuration) -> None:
        self._ports, self._live = ports, live
        known = ports.records.keys()
        self._keys: dict[str, ApiKey] = {key.label: key for key in known}

    def opened(self, one: Rejected) -> Opened | None:
        """Give the event and its door; None where nothing was kept or its sender may not send any more."""
        if one.sealed is None:
            return None
        try:
            original = self._ports.keys.unseal_shop(one.sealed)
            items = items_of(parse_batch(original))
        except (Damaged, BadInput):
            return None
        kept = door_kept_in(original)
        if kept is None or len(items) != 1:
            return None
        key = self._keys.get(one.key)
        if key is not None and key.revoked is not None:
            return None
        sender = kept.sender(one.key) if key is None else sender_of(key)
        return Opened(items[0], self._door(sender, kept.received(one.received), kept.visitor))

    def _door(self, sender: Sender, received: Received, visitor: str | None) -> Door:
        return door_of(sender, received, self._live, self._ports, visitor_id=visitor)


class _Tried(Struct, frozen=True):
    """A record and what intake makes of it now; `taken` is None where it cannot be sent."""

    aside: Aside
    taken: Taken | None

    @property
    def stays(self) -> bool:
        """Whether nothing about it changes."""
        if self.taken is None:
            return True
        now = self.taken.rejected
        return bool(now) and now[0].reason == self.aside.rejected.reason


class _Again:
    """One run through the quarantine."""

    def __init__(self, ports: Ports, live: Configuration) -> None:
        self._ports = ports
        self._opener = Opener(ports, live)

    def lots(self, log: Replayable, reason: Reason) -> Iterator[list[_Tried]]:
        """Give the records in lots within which nobody is met twice."""
        last = max((one.number for one in log.aside(reason)), default=0)
        lot: list[_Tried] = []
        met: set[str] = set()
        for aside in log.aside(reason):
            if aside.number > last:  # set aside since, or by this very run
                break
            tried = self._try(aside)
            if len(lot) == AT_ONCE or not met.isdisjoint(_meets(tried)):
                yield lot
                lot, met = [], set()
                tried = self._try(aside)  # again: what the others said is known now
            lot.append(tried)
            met |= _meets(tried)
        if lot:
            yield lot

    def _try(self, aside: Aside) -> _Tried:
        opened = self._opener.opened(aside.rejected)
        if opened is None:
            return _Tried(aside, None)
        try:
            return _Tried(aside, take_in([opened.item], opened.door, self._ports))
        except KeyDestroyed:  # erased between two looks
            return _Tried(aside, take_in([opened.item], opened.door, self._ports))


def _meets(tried: _Tried) -> set[str]:
    """Give the visitors and orders that a record is about."""
    if tried.taken is None:
        return set()
    orders = {a.event.transaction for a in tried.taken.arrivals if a.event.transaction is not None}
    visitors: set[VisitorKey] = set(tried.taken.registers)
    return {*visitors, *(f"order:{order}" for order in orders)}


def _sent(lot: Sequence[_Tried], log: Replayable) -> SentAgain:
    moving = [one for one in lot if not one.stays]
    retried = [
        Retried(one.aside, one.taken.arrivals, one.taken.rejected)
        for one in moving
        if one.taken is not None
    ]
    entered = log.retry(retried) if retried else []
    became = [
        _became(one, done) for one, done in zip(moving, entered, strict=True) if done is not None
    ]
    return _summed(became, lot)


def _told(lot: Sequence[_Tried]) -> SentAgain:
    would = [_would_become(one) for one in lot if not one.stays]
    return _summed(would, lot)


def _summed(became: Sequence[tuple[Outcome, str | None]], lot: Sequence[_Tried]) -> SentAgain:
    staying = [one for one in lot if one.stays]
    outcomes: Counter[str] = Counter(outcome for outcome, _ in became)
    reasons: Counter[str] = Counter(reason for _, reason in became if reason is not None)
    reasons.update(one.aside.rejected.reason for one in staying)
    return SentAgain(
        tried=len(became) + len(staying),
        accepted=outcomes["accepted"],
        duplicate=outcomes["duplicate"],
        refused=outcomes["refused"],
        quarantined=outcomes["quarantined"] + len(staying),
        reasons=dict(reasons),
        unusable=sum(one.taken is None for one in staying),
    )


def _became(one: _Tried, entered: Sequence[Entered]) -> tuple[Outcome, str | None]:
    assert one.taken is not None  # noqa: S101  only what was taken in is sent
    for arrival, done in zip(one.taken.arrivals, entered, strict=True):
        if arrival.key != ENGINE:
            return done.outcome, done.reason
    return _would_become(one)


def _would_become(one: _Tried) -> tuple[Outcome, str | None]:
    rejected = () if one.taken is None else one.taken.rejected
    return (rejected[0].outcome, rejected[0].reason) if rejected else ("accepted", None)


class _Unsealing:
    """The shop's keys, but for encrypting: a trial must not make a key for anybody."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def __getattr__(self, name: str) -> object:
        return getattr(self._keys, name)

    def seal_many(self, fields: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """Seal nothing."""
        return [b"" for _ in fields]
