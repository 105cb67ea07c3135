"""Step 1 of 8, the way in: the steps through which every event passes, in this order.

In:   an `Item` (one event as it was written) and the `Door` it came to.
Out:  an `Arrival` for the log, or a `Rejected` with the reason of the first step that said no: exactly one of them.
Idea: it goes in two halves, because between them somebody has to look up what is known of the visitor: `read`
      finds out whose event it is, `admit` decides with what the flow found. Both are pure.

    draft = read(item, door)                                   bound, translate, bots, clock, permit, recognise
    known = ... the flow looks up draft.subject ...
    admitted = admit(draft, door, known)                       erased, token, complete, consent, minimise
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from etalage.collect.bots import is_bot
from etalage.collect.call import Item
from etalage.collect.clock import corrected
from etalage.collect.consent import Known, Settled, Settlements, no_earlier_than_yes, settle
from etalage.collect.follow import DECLARED, consent_event, consent_id, consent_news, mail_link
from etalage.collect.identity import identity_of
from etalage.collect.intake import Door
from etalage.collect.lines import completed, is_sensitive, worth
from etalage.collect.minimise import books_only, minimised
from etalage.collect.notes import Notes, count
from etalage.collect.recognise import permitted, recognised
from etalage.collect.refusal import Refusal
from etalage.collect.scene import Scenes
from etalage.collect.translate import Draft, subject, translate
from etalage.domain.arrival import Arrival, Rejected
from etalage.domain.consent import Registers
from etalage.domain.event import ORDERS, Event, Shown
from etalage.domain.ids import CONTROL, HOLDOUT, VisitorKey
from etalage.domain.time import DAY

# Reads the token of a decision, if this shop issued it for this visitor; given by the flow.
TokenReader = Callable[[str, VisitorKey], Shown | None]

Step = Callable[[Draft, Door], Draft]


class Admitted(Struct, frozen=True):
    """What became of one event: `arrival` or `rejected`, never both.

    `derived` are events that follow from it: news of her consent, a mail address that belongs to a customer. They
    may stand beside a rejected event too: a refusal to be measured is itself remembered.
    `personal` is to be sealed under the key of `person` and written into the arrival's event.
    """

    arrival: Arrival | None
    rejected: Rejected | None
    derived: tuple[Arrival, ...]
    registers: Registers  # of the visitor after this event; the next event of the call needs them
    personal: bytes | None = None
    person: VisitorKey | None = None
    notes: Notes = {}


def read(item: Item, door: Door, scenes: Scenes | None = None) -> Draft | Rejected:
    """Find out what an event is and whose, or name the first reason to refuse it; `scenes` of the call it is in."""
    try:
        draft = translate(item, door.settings, scenes)
        for step in FIRST_STEPS:
            draft = step(draft, door)
    except Refusal as refusal:
        return rejected(refusal, door)
    return draft


def admit(
    draft: Draft,
    door: Door,
    known: Known,
    read_token: TokenReader,
    settlements: Settlements | None = None,
) -> Admitted:
    """Turn a draft into an arrival, or name the first reason to refuse it.

    Args:
        draft: of `read`.
        door: the same as then.
        known: what the stores know of `subject(draft)`.
        read_token: of decisions.
        settlements: of the call, if more events come in it.
    """
    try:
        return _admitted(draft, door, known, read_token, settlements or Settlements())
    except Refusal as refusal:
        return Admitted(None, rejected(refusal, door), (), known.registers, notes=draft.notes)


def _admitted(
    draft: Draft, door: Door, known: Known, read_token: TokenReader, settlements: Settlements
) -> Admitted:
    identity = _identity(draft, door)
    is_order = draft.trust == "confirmed" and draft.name in ORDERS
    if known.erased and is_order:
        return _for_the_books(draft, door, identity)
    if known.erased:
        raise Refusal("erased")
    shown = _shown(draft, read_token)
    _complete(draft, door)
    event_id = identity.hex()
    if draft.stated.refused and draft.name == "consent" and door.sender.kind == "server":
        draft.time = no_earlier_than_yes(draft.stated, known, draft.time)
    settled = _settled(draft, door, known, event_id, settlements)
    if draft.name == "consent" and (settled.news or settled.may_keep or known.registers):
        event = consent_event(draft, door, settled, event_id)
        arrival = _arrival(draft, door, event, identity)
        return Admitted(arrival, None, (), settled.registers, notes=draft.notes)
    derived = consent_news(draft, door, settled, event_id)
    if not settled.may_keep and is_order:
        kept_books = _for_the_books(draft, door, identity)
        return replace(kept_books, derived=derived, registers=settled.registers)
    if not settled.may_keep:
        refused = rejected(Refusal("no_consent"), door)
        return Admitted(None, refused, derived, settled.registers, notes=draft.notes)
    kept = minimised(
        draft,
        door,
        identity=event_id,
        purposes=settled.purposes,
        epoch=settled.epoch,
        shown=shown,
    )
    return Admitted(
        arrival=_arrival(draft, door, kept.event, identity),
        rejected=None,
        derived=derived + mail_link(draft, door, settled, event_id),
        registers=settled.registers,
        personal=kept.personal,
        person=draft.customer or draft.visitor,
        notes=draft.notes,
    )


def rejected(refusal: Refusal, door: Door) -> Rejected:
    """Write down a refusal for the account; what is set aside the flow seals and adds."""
    now = door.received.now
    return Rejected(
        key=door.sender.label,
        outcome=refusal.outcome,
        reason=refusal.reason,
        received=now,
        day=door.settings.zone.day(now),
    )


# ---- The steps of the first half ---------------------------------------------------------------------


def _is_human(draft: Draft, door: Door) -> Draft:
    """A browser's call is judged by its header too; a server's only by what it says of the visitor."""
    received = door.received
    if received.staff or draft.scene.is_staff:
        raise Refusal("staff")
    if door.sender.kind == "write" and (received.prefetch or is_bot(received.user_agent or "")):
        raise Refusal("bot")
    scene = draft.scene
    if scene.is_automated or (scene.user_agent is not None and is_bot(scene.user_agent)):
        raise Refusal("bot")
    return draft


def _timed(draft: Draft, door: Door) -> Draft:
    """Give the time by our clock; a browser's no counts from now if it does not say when it was sent.

    Its clock may be behind that of her yes, and a withdrawal that lies before the yes would withdraw nothing.
    """
    now = door.received.now
    time = corrected(draft.happened, draft.sent, received=now, notes=draft.notes)
    is_unsure = door.sender.kind == "write" and draft.sent is None
    draft.time = now if is_unsure and draft.stated.refused else time
    return draft


FIRST_STEPS: tuple[Step, ...] = (
    _is_human,
    _timed,
    permitted,  # before anybody is looked up: what a browser may not say is not looked at
    recognised,
)


# ---- The second half ---------------------------------------------------------------------------------


def _identity(draft: Draft, door: Door) -> bytes:
    known_by = draft.message or draft.digest.hex()
    if draft.name == "consent":  # never set aside, and never taken for what she said another time
        told = draft.message is not None or draft.happened is not None
        known_by = f"{draft.digest.hex()}.{0 if told else draft.time}"
    return identity_of(door.settings.pepper, door.sender.kind, subject(draft) or "", known_by)


def _settled(
    draft: Draft, door: Door, known: Known, event: str, settlements: Settlements
) -> Settled:
    stated, time, gpc = draft.stated, draft.time, door.received.gpc or draft.scene.gpc
    settled = settlements.find(stated, known, time=time, gpc=gpc)
    if settled is not None:
        return settled
    settled = settle(
        stated,
        known,
        door.sender,
        time=time,
        gpc=gpc,
        ids=(consent_id(draft, event), event + DECLARED),
        is_told=draft.name == "consent" and door.sender.kind == "server",
    )
    settlements.keep(settled, stated, known, time=time, gpc=gpc)
    return settled


def _shown(draft: Draft, read_token: TokenReader) -> Shown | None:
    """Read the token of a decision. A shop's own promotions have none; a wrong one is worse than none."""
    found = None
    if draft.token is not None and draft.visitor is not None:
        found = read_token(draft.token, draft.visitor)
    is_ours = draft.name == "triggered" or (draft.token is not None and draft.name in _WITH_TOKEN)
    if found is None and is_ours:
        raise Refusal("invalid_token")
    if found is not None and found.arm in _GHOSTS and draft.name in _WITH_TOKEN:
        raise Refusal("invalid_token")  # a ghost has its moment, but cannot be seen or clicked
    if found is not None and draft.time > found.decided + TOKEN_LIFE:
        raise Refusal("invalid_token")  # of an earlier day: it says nothing about this page
    return found


TOKEN_LIFE = DAY  # between a decision and the moment it was for; a tag may be offline in between
_GHOSTS = frozenset({CONTROL, HOLDOUT})
_WITH_TOKEN = frozenset({"view_promotion", "select_promotion"})


def _complete(draft: Draft, door: Door) -> None:
    """Write in what the catalogue says; refuse what is about something that is never remembered."""
    settings = door.settings
    lines = draft.lines
    if lines:
        is_now = (
            door.received.now - draft.time < DAY and draft.currency == settings.catalogue.currency
        )
        price_at = draft.time if is_now else None
        draft.lines = lines = completed(lines, settings.catalogue, price_at=price_at)
    if settings.sensitive and is_sensitive(lines, draft.category, settings.sensitive):
        raise Refusal("sensitive")
    if draft.value is None:
        draft.value = worth(draft.name, lines)
    if draft.value is None and draft.name in ORDERS:
        count(draft.notes, "value_missing")


def _arrival(draft: Draft, door: Door, event: Event, identity: bytes) -> Arrival:
    return Arrival(
        event=event,
        identity=identity,
        digest=draft.digest,
        key=door.sender.label,
        once=_once(draft, door),
    )


def _once(draft: Draft, door: Door) -> bytes | None:
    """An order counts once, whoever tells of it; a browser claims it once."""
    if draft.transaction is None:
        return None
    if draft.name == "purchase":
        return identity_of(door.settings.pepper, "order", draft.transaction)
    if draft.name == "purchase_claim":
        return identity_of(door.settings.pepper, "claim", draft.visitor or "", draft.transaction)
    return None


def _for_the_books(draft: Draft, door: Door, identity: bytes) -> Admitted:
    event = books_only(draft, door, identity=identity.hex())
    arrival = _arrival(draft, door, event, identity)
    return Admitted(arrival, None, (), {}, notes=draft.notes)
