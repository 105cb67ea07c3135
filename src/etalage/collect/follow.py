"""Step 1 of 8, what follows from an event: news of her consent, and a mail address that belongs to a customer.

In:   a draft and what consent says about it.
Out:  events of our own, logged beside the one that was sent (or beside its refusal).
Idea: consent stands in the log as events like everything else, so that a fold of the log knows it. A call states
      the same consent a hundred times; only what changes it is written.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from etalage.collect.consent import Settled
from etalage.collect.identity import identity_of
from etalage.collect.intake import Door
from etalage.collect.minimise import ordered
from etalage.collect.translate import Draft, subject
from etalage.domain.arrival import Arrival
from etalage.domain.event import Event, Scalar
from etalage.domain.ids import EventId, VisitorKey

ENGINE = "engine"  # key under which these are counted: nobody sent them

# What is put behind the id of the event from which they follow.
CONSENT, DECLARED, MAIL = ".consent", ".declared", ".mail"


def consent_id(draft: Draft, event: str) -> str:
    """Give the id of the event that logs what she said: a consent event logs its own news.

    The digest makes that two events under one id, the second of which is set aside, are two statements all the
    same: a withdrawal must not be lost because a sender used an id again.
    """
    return event if draft.name == "consent" else f"{event}{CONSENT}.{draft.digest.hex()}"


def consent_event(draft: Draft, door: Door, settled: Settled, event: str) -> Event:
    """Write what she said herself, as far as it is news."""
    stated = draft.stated
    told = {"basis": stated.basis, "text_version": stated.text_version, "source": stated.source}
    said: dict[str, Scalar] = {purpose: settled.news[purpose] for purpose in ordered(settled.news)}
    said |= {name: value for name, value in told.items() if value}
    return _event(draft, door, "consent", consent_id(draft, event), settled, said)


def consent_news(draft: Draft, door: Door, settled: Settled, event: str) -> tuple[Arrival, ...]:
    """Give the events that log what an event changes in the registers of consent."""
    found = []
    if settled.news:
        found.append(_derived(consent_event(draft, door, settled, event), door))
    if settled.declared:
        said: dict[str, Scalar] = dict.fromkeys(ordered(settled.declared), True)
        said |= {"declared": True, "basis": door.sender.basis}
        found.append(
            _derived(_event(draft, door, "consent", event + DECLARED, settled, said), door)
        )
    return tuple(found)


def mail_link(draft: Draft, door: Door, settled: Settled, event: str) -> tuple[Arrival, ...]:
    """Link a mail address to the customer it belongs to, so that she is known where only the address is told."""
    if draft.email is None or draft.customer is None:
        return ()
    of_mail = replace(draft, visitor=draft.email)
    link = _event(of_mail, door, "link", event + MAIL, settled, {}, customer=draft.customer)
    return (_derived(link, door),)


def _derived(event: Event, door: Door) -> Arrival:
    identity = identity_of(door.settings.pepper, ENGINE, event.id)
    return Arrival(event, identity=identity, digest=identity, key=ENGINE)


def _event(
    draft: Draft,
    door: Door,
    name: str,
    event: str,
    settled: Settled,
    properties: Mapping[str, Scalar],
    *,
    customer: VisitorKey | None = None,
) -> Event:
    return Event(
        id=EventId(event),
        name=name,
        time=draft.time,
        received=door.received.now,
        trust=draft.trust,
        source=door.sender.name,
        visitor=subject(draft),
        customer=customer,
        properties=dict(properties),
        purposes=ordered(settled.purposes),
        epoch=settled.epoch,
    )
