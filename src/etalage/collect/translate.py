"""Step 1 of 8, translate: one call of Segment's or RudderStack's into our words.

In:   the fields of an event, within bounds.
Out:  a `Draft`: an event in GA4's terms that still holds what a person may be known by.
Idea: what is known is read, by name; everything else is dropped and counted.
From: conventions.md 3; the shapes were seen in analytics-next 1.84 and rudderstack analytics-js 3.34.
"""

from __future__ import annotations

from msgspec import Struct

from etalage.collect.call import CALL_TYPES, CallType, Item
from etalage.collect.clock import times
from etalage.collect.fields import Fields, identifier, long_text, part, person_id, public_id
from etalage.collect.identity import digest_of
from etalage.collect.intake import IntakeSettings
from etalage.collect.lines import (
    Products,
    amounts_of,
    category_of,
    currency_of,
    lines_of,
    products_of,
)
from etalage.collect.names import event_name
from etalage.collect.notes import Notes, count
from etalage.collect.refusal import Refusal
from etalage.collect.scene import Place, Scene, Scenes, place_of
from etalage.collect.stated import Stated, stated_by
from etalage.domain.consent import PURPOSES
from etalage.domain.event import ORDERS, Line, Trust
from etalage.domain.ids import VisitorKey

_MAX_TOKEN = 512
_PURPOSES = frozenset(PURPOSES)

# They come in as calls of their own, or are written by the engine alone.
_NEVER_TRACKED = frozenset(
    ["identify", "decision", "feature", "configuration", "policy", "purchase_claim"]
)
_OF_CALL: dict[CallType, str] = {
    "identify": "identify",
    "page": "page_view",
    "screen": "page_view",
    "group": "identify",
    "alias": "link",
}


class Draft(Struct, kw_only=True):
    """An event on its way in; steps write into it. Personal, hence never stored: `minimise` makes an `Event` of it."""

    item: Item
    type: CallType
    name: str
    digest: bytes
    message: str | None = None
    user: str | None = None
    anonymous: str | None = None
    previous: str | None = None  # of an alias
    happened: int | None = None  # by the client's clock
    sent: int | None = None
    time: int = 0  # by ours
    lines: tuple[Line, ...] = ()
    category: str | None = None
    value: int | None = None
    tax: int | None = None
    currency: str | None = None
    transaction: str | None = None
    search: str | None = None
    scene: Scene
    place: Place
    properties: Fields = {}
    traits: Fields = {}
    mail: str | None = None
    stated: Stated
    token: str | None = None  # of a decision
    signature: object = None
    notes: Notes = {}  # what was let pass, but is counted
    # By `recognise`:
    visitor: VisitorKey | None = None
    customer: VisitorKey | None = None  # who this visitor is, by somebody who may say so
    email: VisitorKey | None = None  # a mail address of that customer, to be linked to her
    trust: Trust = "claimed"


def subject(draft: Draft) -> VisitorKey | None:
    """Give the key of whom an event is about: the visitor, or the customer of an order without one."""
    return draft.visitor or draft.customer


def translate(item: Item, settings: IntakeSettings, scenes: Scenes | None = None) -> Draft:
    """Read one event.

    Args:
        item: the event.
        settings: of the shop.
        scenes: of the call, if more events come in it.

    Raises:
        Refusal: it cannot be read, or has no type, name or id; see `Reason`.
    """
    fields = item.fields()
    notes: Notes = {}
    kind = item.type or CALL_TYPES.get(str(fields.get("type")))
    if kind is None:
        raise Refusal("no_type")
    context = part(fields, "context")
    properties = part(fields, "properties")
    name = _name(kind, fields)
    scene = (scenes or Scenes(settings)).of(context)
    place = scene.place
    if kind in {"page", "screen"}:
        place = place_of({**scene.page, **properties}, settings.parameters)
    products = products_of(properties)
    currency = currency_of(properties, products, settings.currency, notes)
    value, tax, currency = amounts_of(properties, currency, name=name)
    happened, sent = times(fields, settings.zone, notes)
    lines = lines_of(products, currency, notes)
    stated = _stated(name, properties, scene, notes)
    return Draft(
        item=item,
        type=kind,
        name=name,
        digest=digest_of(fields, settings.pepper),
        message=identifier(fields, "messageId"),
        user=person_id(fields, "userId", notes),
        anonymous=person_id(fields, "anonymousId", notes),
        previous=person_id(fields, "previousId", notes) if kind == "alias" else None,
        happened=happened,
        sent=sent,
        lines=lines,
        category=_category(fields, properties, products),
        value=value,
        tax=tax,
        currency=currency if value is not None or lines else None,
        transaction=_transaction(properties, name),
        search=long_text(properties.get("query") or properties.get("search_term")),
        scene=scene,
        place=place,
        properties=properties,
        traits=_traits(kind, fields, context),
        mail=long_text(part(fields, "traits").get("email") or part(context, "traits").get("email")),
        stated=stated,
        token=_token(properties),
        signature=fields.get("signature") or context.get("signature"),
        notes=notes,
    )


def _name(kind: CallType, fields: Fields) -> str:
    if kind != "track":
        return _OF_CALL[kind]
    said = fields.get("event")
    if said is None or said == "":
        raise Refusal("no_event_name")
    name = event_name(said) if isinstance(said, str) else None
    if name is None or name in _NEVER_TRACKED:
        raise Refusal("bad_field", "event")
    if name in {"constructor", "prototype", "proto"}:
        raise Refusal("hostile_name", "event")
    return name


def _category(fields: Fields, properties: Fields, products: Products) -> str | None:
    """Read the category of the page or list; that of a single product stands in its line."""
    if isinstance(fields.get("category"), str):
        return category_of(fields)
    is_product = len(products) == 1 and products[0] is properties
    return None if is_product else category_of(properties)


def _transaction(properties: Fields, name: str) -> str | None:
    """Read the number of an order; of an order it may not be missing: nobody could tell it from the next."""
    for field in ("transaction_id", "order_id"):
        if field in properties and (found := public_id(properties, field)) is not None:
            return found
    if name in ORDERS:
        raise Refusal("bad_field", "transaction_id")
    return None


def _traits(kind: CallType, fields: Fields, context: Fields) -> Fields:
    """Find the traits of an identify: RudderStack has them in the context. Of a group only its id is kept."""
    if kind == "group":
        return {"group": identifier(fields, "groupId")}
    if kind != "identify":
        return {}
    return part(fields, "traits") or part(context, "traits")


def _stated(name: str, properties: Fields, scene: Scene, notes: Notes) -> Stated:
    if name == "consent" and not _PURPOSES.isdisjoint(properties):
        stated = stated_by(properties, notes)
    else:
        stated = scene.stated
        for note, by in scene.stated_notes.items():
            count(notes, note, by)
    if name == "consent" and not stated.granted | stated.refused:
        raise Refusal("bad_field", "consent")
    return stated


def _token(properties: Fields) -> str | None:
    for field in ("token", "decision"):
        found = properties.get(field)
        if isinstance(found, str) and found:
            return found[: _MAX_TOKEN + 1]
    return None
