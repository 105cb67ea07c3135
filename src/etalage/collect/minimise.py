"""Step 1 of 8, minimise: from a draft, which knows too much, to an event that may be kept.

In:   a draft, and the purposes that are open for it.
Out:  an `Event`, and apart from it what must be encrypted before it is stored.
Idea: a list says what stays; all the rest is dropped, and counted where a source sent it in vain.
From: safety.md 4 "Privacy by design".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec
from msgspec import Struct

from etalage.collect.allowed import PERSONAL_TRAITS
from etalage.collect.bots import device_of
from etalage.collect.fields import ENGAGED, engaged, names_somebody, scalar, text
from etalage.collect.intake import Door
from etalage.collect.names import snake_case
from etalage.collect.notes import Notes, count
from etalage.collect.translate import Draft
from etalage.domain.consent import PURPOSES, Purpose
from etalage.domain.event import TRUSTED_FOR_IDENTITY, Event, Scalar, Shown
from etalage.domain.ids import EventId

_FREE_NAMES = frozenset(
    {"score", "preference"}
)  # their properties are named by the shop's own questions
_FREE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
# Properties that are read elsewhere, or that everybody sends and nobody needs: dropped without being counted.
_READ = frozenset(
    [
        "brand",
        "cart_id",
        "category",
        "checkout_id",
        "currency",
        "currency_code",
        "decision",
        "id",
        "image_url",
        "item_brand",
        "item_category",
        "item_id",
        "item_name",
        "items",
        "keywords",
        "name",
        "order_id",
        "page_type",
        "path",
        "price",
        "product_id",
        "products",
        "quantity",
        "query",
        "referrer",
        "revenue",
        "search",
        "search_term",
        "size",
        "sku",
        "subtotal",
        "tax",
        "title",
        "token",
        "total",
        "transaction_id",
        "type",
        "url",
        "value",
    ]
)


class Minimised(Struct, frozen=True):
    """What may be kept: in the clear, and encrypted."""

    event: Event
    personal: bytes | None


def minimised(
    draft: Draft,
    door: Door,
    *,
    identity: str,
    purposes: frozenset[Purpose],
    epoch: int,
    shown: Shown | None,
) -> Minimised:
    """Keep of a draft what its purposes allow."""
    settings, notes = door.settings, draft.notes
    query, rest = searched(draft.search, settings.words)
    scene, place = draft.scene, draft.place
    if place.is_masked:
        count(notes, "address_masked")
    utm = [own or told for own, told in zip(scene.campaign, place.campaign, strict=True)]
    event = Event(
        id=EventId(identity),
        name=draft.name,
        time=draft.time,
        received=door.received.now,
        trust=draft.trust,
        source=door.sender.name,
        visitor=draft.visitor,
        customer=draft.customer,
        session=scene.session,
        lines=draft.lines,
        category=draft.category,
        value=draft.value,
        tax=draft.tax,
        currency=draft.currency,
        transaction=draft.transaction,
        query=query,
        url=place.url,
        page_type=place.page_type,
        referrer=place.referrer,
        utm_source=utm[0],
        utm_medium=utm[1],
        utm_campaign=utm[2],
        device=device_of(_user_agent(draft, door)),
        country=_country(draft, door),
        region=text(door.received.region) or scene.region,
        language=scene.language,
        shown=shown,
        properties=_properties(draft, door, purposes),
        purposes=ordered(purposes),
        epoch=epoch,
    )
    return Minimised(event, _personal(draft, rest, purposes))


def books_only(draft: Draft, door: Door, *, identity: str) -> Event:
    """Keep of an order that nobody may be known by what the shop's books need, and nothing of who or where from."""
    return Event(
        id=EventId(identity),
        name=draft.name,
        time=draft.time,
        received=door.received.now,
        trust=draft.trust,
        source=door.sender.name,
        lines=draft.lines,
        value=draft.value,
        tax=draft.tax,
        currency=draft.currency,
        transaction=draft.transaction,
    )


def ordered(purposes: Iterable[Purpose]) -> tuple[Purpose, ...]:
    """Write purposes in their one order."""
    return _ordered(frozenset(purposes))


@lru_cache  # there are five
def _ordered(allowed: frozenset[Purpose]) -> tuple[Purpose, ...]:
    return tuple(purpose for purpose in PURPOSES if purpose in allowed)


def _user_agent(draft: Draft, door: Door) -> str | None:
    if door.sender.kind == "server":
        return draft.scene.user_agent
    return door.received.user_agent or draft.scene.user_agent


def _country(draft: Draft, door: Door) -> str | None:
    """Prefer what the address of the call says; only a server may tell another country."""
    told = (
        door.received.country
        if door.sender.kind == "write"
        else draft.scene.country or door.received.country
    )
    return told.upper() if told is not None and _COUNTRY.fullmatch(told) else None


def searched(search: str | None, words: frozenset[str]) -> tuple[str | None, str | None]:
    """Part a search into the words of the catalogue and, if there was more, the whole of it."""
    if search is None:
        return None, None
    said = [word.strip(".,;:!?()[]\"'") for word in search.casefold().split()]
    kept = [word for word in said if word in words]
    query = " ".join(kept)[:200] or None
    return query, search if len(kept) < len(said) else None


def _properties(draft: Draft, door: Door, purposes: frozenset[Purpose]) -> dict[str, Scalar]:
    if draft.name == "consent":
        return {}  # what she said is written in by `admit`, from what was read of it
    if draft.name == "identify":
        return _traits(draft, door) if "personalise" in purposes else {}
    if draft.name in _FREE_NAMES:
        named = {n: v for n, v in draft.properties.items() if _FREE_NAME.fullmatch(n)}
        return _scalars(named.items(), draft.notes)
    allowed, kept = door.settings.properties, []
    for name, value in draft.properties.items():
        written = name if name in allowed else snake_case(name)
        if written in allowed:
            kept.append((written, value))
        elif written not in _READ:
            count(draft.notes, "unknown_field")
    return _scalars(kept, draft.notes) if kept else {}


def _traits(draft: Draft, door: Door) -> dict[str, Scalar]:
    allowed, kept = door.settings.traits, []
    for name, value in draft.traits.items():
        written = snake_case(name)
        if written in allowed:
            kept.append((written, value))
        elif written == "address" and isinstance(value, dict):
            kept += [(n, value[n]) for n in ("country", "region") if n in value]
        elif written not in PERSONAL_TRAITS:
            count(draft.notes, "unknown_field")
    return _scalars(kept, draft.notes)


def _scalars(items: Iterable[tuple[str | None, object]], notes: Notes) -> dict[str, Scalar]:
    read: dict[str, Scalar] = {}
    for name, value in items:
        if name is None or value is None:
            continue
        kept = engaged(value) if name == ENGAGED else scalar(value)
        if kept is not None:
            read[name] = kept
        elif isinstance(value, str) and names_somebody(value):
            count(notes, "personal_value")
        elif value != "":
            count(notes, "unreadable_value")
    return read


def _personal(draft: Draft, search: str | None, purposes: frozenset[Purpose]) -> bytes | None:
    """Gather what names a person: of an identify the shop vouches for, and the free text of a search."""
    personal: dict[str, object] = {}
    if draft.name == "identify":
        told = {snake_case(n): v for n, v in draft.traits.items() if v not in (None, "")}
        personal = {n: v for n, v in told.items() if n is not None and n in PERSONAL_TRAITS}
        if personal and draft.trust not in TRUSTED_FOR_IDENTITY:
            count(draft.notes, "unsigned_personal", len(personal))
            personal = {}
        if not purposes & {"personalise", "email"}:
            personal = {}
    if search is not None and "personalise" in purposes:
        personal["search"] = search
    return msgspec.json.encode(personal, order="sorted") if personal else None
