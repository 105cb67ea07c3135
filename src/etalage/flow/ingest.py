"""The way in, in one page: from the events of one call to the log, and an answer once they are on disk.

    items ──> read ──> who ──> what is known ──> admit ──> seal ──> commit ──> remember
               │                                   │
               └────────────> rejected <───────────┘      received = accepted + duplicate + quarantined + refused

In:   items (one event each, as it was written) and the door they came to.
Out:  `Taken`: arrivals for the log and rejections for the account; every item is in exactly one of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from etalage.collect.admit import Admitted, admit, read, rejected
from etalage.collect.call import Item
from etalage.collect.consent import NOBODY, Known, Settlements
from etalage.collect.intake import Door, Received, Sender, settings_of
from etalage.collect.kept_door import kept
from etalage.collect.refusal import Refusal
from etalage.collect.scene import Scenes
from etalage.collect.translate import Draft, subject
from etalage.decide import token
from etalage.domain.arrival import Arrival, Entered, Rejected
from etalage.domain.consent import PURPOSES, Registers
from etalage.domain.event import Event, Shown
from etalage.domain.ids import VisitorKey, visitor_key
from etalage.flow.configuration import Configuration
from etalage.flow.merge_limit import MergeLimit
from etalage.flow.who import known_consent
from etalage.ports import ApiKey, Keys, Ports


class Taken(Struct, frozen=True):
    """What the items of one call became."""

    arrivals: tuple[Arrival, ...]
    rejected: tuple[Rejected, ...]
    registers: dict[VisitorKey, Registers]  # of everybody in the call, after it
    notes: dict[str, int]  # what was left out or filled in, by name


def sender_of(key: ApiKey) -> Sender:
    """Give the sender that a key stands for."""
    purposes = tuple(purpose for purpose in PURPOSES if purpose in key.purposes)
    return Sender(key.kind, key.label, purposes, key.basis)


def door_of(
    sender: Sender, received: Received, live: Configuration, ports: Ports, *, visitor_id: str | None
) -> Door:
    """Open the door for one call."""
    settings = settings_of(
        live.shop,
        zone=live.zone,
        catalogue=live.catalogue,
        words=live.words,
        pepper=ports.keys.pepper,
        identify_secret=ports.keys.secret("identify"),
    )
    return Door(sender, settings, received, visitor_id)


def take_in(items: Sequence[Item], door: Door, ports: Ports, *, key: str = "") -> Taken:
    """Take the items of a call through all steps; what is set aside is sealed, without the key it came with."""
    counter = _Counter(door, ports, key)
    with ports.profiles.at_one_moment(), ports.keys.at_one_moment():
        for item in items:
            counter.take(item)
    return counter.taken()


class _Counter:
    """One call at the counter: holds what its events have said so far, until all of them have been taken."""

    def __init__(self, door: Door, ports: Ports, key: str) -> None:
        self._door, self._ports, self._key = door, ports, key
        self._kept = kept(door)  # with whatever is set aside
        self._merges = MergeLimit(ports.profiles, door.settings.zone)
        self._scenes, self._settlements = Scenes(door.settings), Settlements()
        self._secret = ports.keys.secret("token")
        asking = door.visitor_id  # in her token, which is not kept with what is set aside
        pepper = door.settings.pepper
        self._asking = None if asking is None else visitor_key(pepper, "visitor", asking)
        self._known: dict[VisitorKey, Known] = {}
        self._claims: dict[str, VisitorKey] = {}
        self._arrivals: list[Arrival] = []
        self._personal: list[tuple[int, VisitorKey, bytes]] = []
        self._rejected: list[Rejected] = []
        self._notes: Counter[str] = Counter()

    def take(self, item: Item) -> None:
        draft = read(item, self._door, self._scenes)
        if isinstance(draft, Rejected):
            self._refuse(item, draft)
            return
        known = self._about(draft)
        admitted = admit(draft, self._door, known, self._shown, self._settlements)
        self._learn(draft, admitted)
        for derived in admitted.derived:
            self._arrivals.append(derived)
        if admitted.rejected is not None:
            self._refuse(item, admitted.rejected)
        elif admitted.arrival is not None:
            self._enter(item, admitted, admitted.arrival)

    def taken(self) -> Taken:
        self._seal()
        registers = {who: known.registers for who, known in self._known.items()}
        return Taken(tuple(self._arrivals), tuple(self._rejected), registers, dict(self._notes))

    def _about(self, draft: Draft) -> Known:
        who = subject(draft)
        if who is None:
            return NOBODY
        if who not in self._known:
            own, linked = known_consent(self._ports.profiles, who)
            erased = self._ports.keys.is_destroyed(who)
            self._known[who] = Known(own, tuple(linked), erased)
        named = [key for key in (draft.customer, draft.email) if key is not None and key != who]
        if any(self._ports.keys.is_destroyed(key) for key in named):
            return replace(self._known[who], erased=True)
        return self._known[who]

    def _learn(self, draft: Draft, admitted: Admitted) -> None:
        who = subject(draft)
        if admitted.notes:
            self._notes.update(admitted.notes)
        if who is not None and admitted.registers is not self._known[who].registers:
            self._known[who] = replace(self._known[who], registers=admitted.registers)

    def _shown(self, text: str, visitor: VisitorKey) -> Shown | None:
        return token.read(text, self._secret, visitor)

    def _enter(self, item: Item, admitted: Admitted, arrival: Arrival) -> None:
        if self._is_conflicting(arrival.event):
            self._refuse(item, rejected(Refusal("conflicting_claim"), self._door))
            return
        if self._merges.is_passed(arrival.event):
            self._refuse(item, rejected(Refusal("merge_limit"), self._door))
            return
        if admitted.personal is not None and admitted.person is not None:
            self._personal.append((len(self._arrivals), admitted.person, admitted.personal))
        # Nothing of this object: it holds the arrivals, and a ring waits for the collector of reference cycles.
        seal = partial(_sealed, self._ports.keys, item, self._key, self._kept)
        self._arrivals.append(replace(arrival, raw=seal))

    def _is_conflicting(self, event: Event) -> bool:
        """Tell whether another visitor has claimed this order already."""
        if event.name != "purchase_claim" or event.transaction is None or event.visitor is None:
            return False
        if event.transaction not in self._claims:
            claim = self._ports.profiles.order(event.transaction).claim
            first = claim.visitor if claim is not None else None
            self._claims[event.transaction] = first or event.visitor
        return self._claims[event.transaction] != event.visitor

    def _refuse(self, item: Item, refusal: Rejected) -> None:
        if refusal.outcome == "quarantined":
            refusal = replace(
                refusal,
                sealed=_sealed(self._ports.keys, item, self._key, self._kept),
                visitor=self._asking,
            )
        self._rejected.append(refusal)

    def _seal(self) -> None:
        """Encrypt what could name a person, under her own key: all of the call at the cost of one sync."""
        fields = [(person, plain) for _, person, plain in self._personal]
        for (place, _, _), sealed in zip(
            self._personal, self._ports.keys.seal_many(fields) if fields else [], strict=True
        ):
            arrival = self._arrivals[place]
            event = replace(arrival.event, personal=sealed)
            self._arrivals[place] = replace(arrival, event=event)


def _sealed(keys: Keys, item: Item, key: str, kept_door: bytes) -> bytes:
    """Encrypt what came in, for whoever has to look into what is set aside."""
    return keys.seal_shop(item.original(without=key, door=kept_door))


class Receipt(Struct, frozen=True):
    """The account of one call or import."""

    received: int = 0
    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0
    refused: int = 0
    reasons: dict[str, int] = {}


def receipt(taken: Taken, entered: Iterable[Entered]) -> Receipt:
    """Account for one call: what the log did with its arrivals (our own ones aside), and what never got there."""
    outcomes: Counter[str] = Counter(line.outcome for line in taken.rejected)
    reasons: Counter[str] = Counter(line.reason for line in taken.rejected)
    for arrival, done in zip(taken.arrivals, entered, strict=True):
        if arrival.key == ENGINE:
            continue
        outcomes[done.outcome] += 1
        if done.reason is not None:
            reasons[done.reason] += 1
    return Receipt(
        received=outcomes.total(),
        accepted=outcomes["accepted"],
        duplicate=outcomes["duplicate"],
        quarantined=outcomes["quarantined"],
        refused=outcomes["refused"],
        reasons=dict(sorted(reasons.items())),
    )


ENGINE = "engine"
