"""From the body of a decide or rank call to a question: who asks, where, with which cart, and what she allows.

In:   the body as it came (design 12), the sender, and the visitor token if it was valid.
Out:  the visitor whose profile may be read (or None), the page as a `Context`, the items to take in first.
Idea: with the server key the body says for whom; with the write key only our own signed token does. What the call
      says of consent goes through intake like everything else, and only if it is news.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec
from msgspec import Struct

from etalage.collect.address import host, read_address
from etalage.collect.allowed import PAGE_TYPES
from etalage.collect.bots import device_of
from etalage.collect.call import Item, item_of
from etalage.collect.fields import MAX_ID, MAX_QUANTITY, language_of, text
from etalage.collect.intake import Door
from etalage.collect.minimise import searched
from etalage.collect.stated import NOTHING_STATED, Stated, stated_in
from etalage.domain.consent import Registers, is_overheard
from etalage.domain.context import Context
from etalage.domain.event import Line
from etalage.domain.ids import VisitorKey, is_placeholder, visitor_key
from etalage.domain.product import Catalogue
from etalage.domain.time import MINUTE, ShopZone, iso
from etalage.errors import BadInput
from etalage.flow.configuration import Configuration

MOST_SLOTS = 50
MOST_LINES = 200
QUARTER = 15 * MINUTE


class Page(Struct, frozen=True):
    """What the page tells of itself."""

    url: str | None = None
    type: str | None = None
    product_id: str | int | None = None
    category: str | None = None
    referrer: str | None = None
    title: str | None = None
    query: str | None = None
    language: str | None = None
    user_agent: str | None = None


class CartItem(Struct, frozen=True):
    """A line of the cart on the page."""

    product_id: str | int
    quantity: int = 1


class Body(Struct, frozen=True, rename="camel"):
    """The body of POST /v1/decide and /v1/rank. Unknown fields are left alone: the tag may be newer than we."""

    anonymous_id: str | int | None = None
    user_id: str | int | None = None
    visitor_token: str | None = None
    consent: dict[str, object] | None = None
    page: Page = Page()
    cart: list[CartItem] | None = None
    slots: list[str] | None = (
        None  # of a decide; an empty list is an answer, none at all is a mistake
    )
    explain: bool = False
    ids: list[str | int] = []  # of /v1/rank


def body_of(fields: Mapping[str, object]) -> Body:
    """Read the body of a call; `BadInput` names the field that is wrong."""
    try:
        body = msgspec.convert(fields, Body)
    except msgspec.ValidationError as error:
        raise BadInput(
            str(error), field=str(error).rpartition("`$")[2].rstrip("`").lstrip(".") or None
        ) from error
    if body.slots is not None and len(body.slots) > MOST_SLOTS:
        raise BadInput(f"a page has at most {MOST_SLOTS} slots", field="slots")
    if body.cart is not None and len(body.cart) > MOST_LINES:
        raise BadInput(f"a cart has at most {MOST_LINES} lines", field="cart")
    return body


def asker(body: Body, door: Door) -> VisitorKey | None:
    """Give the visitor whose profile this call may read; None: the answer is contextual."""
    pepper = door.settings.pepper
    if door.sender.kind == "write":
        return visitor_key(pepper, "visitor", door.visitor_id) if door.visitor_id else None
    anonymous = _identifier(body.anonymous_id)
    if anonymous is not None and not is_placeholder(anonymous):
        return visitor_key(pepper, "visitor", anonymous)
    user = _identifier(body.user_id)
    if user is not None and not is_placeholder(user):
        return visitor_key(pepper, "user", user)
    return None


def _identifier(value: str | int | None) -> str | None:
    return None if value is None or value == "" else str(value)


def stated_by(body: Body, door: Door) -> Stated:
    """Read what the call says of consent, in our form or mapped from another tool's."""
    if body.consent is None:
        return NOTHING_STATED
    return stated_in({"consent": body.consent}, door.settings.consent_mapping, {})


def is_news(stated: Stated, known: Registers, linked: Iterable[Registers]) -> bool:
    """Tell whether a statement differs from what the visitor said last; a refusal of a stranger changes nothing."""
    for purpose in stated.granted:
        register = known.get(purpose)
        if register is None or register.own is None:
            return True
        if not register.own.granted and not is_overheard(register, stated.source):
            return True
    if not stated.refused or not (known or any(linked)):
        return False
    for purpose in stated.refused:
        register = known.get(purpose)
        if register is None or register.own is None or register.own.granted:
            return True
    return False


def consent_item(body: Body, now: int) -> Item:
    """Make the statement of a call an item of its own, so that intake logs it; said again later, it is another."""
    said = {
        "type": "track",
        "event": "consent",
        "anonymousId": _identifier(body.anonymous_id),
        "userId": _identifier(body.user_id),
        "timestamp": iso(now),
        "context": {"consent": body.consent or {}},
    }
    return item_of({name: value for name, value in said.items() if value is not None})


def slots_of(body: Body, live: Configuration) -> tuple[str, ...]:
    """Give the places of the page that something live could fill; the names of others decide and say nothing."""
    if body.slots is None:
        raise BadInput("say which places the page has: slots", field="slots")
    places = live.plan.places
    return tuple([slot for slot in body.slots if slot in places])


def context_of(body: Body, door: Door, live: Configuration) -> Context:
    """Read the page as a context, kept as small as an event would be: it stands in the log with the decision."""
    page, now = body.page, door.received.now
    address = read_address(page.url, door.settings.parameters, {})
    source, medium, campaign = address.campaign
    hour, weekday = _wall_clock(live.zone, now // QUARTER)
    cart = None if body.cart is None else _cart(body.cart, live.catalogue, now)
    return Context(
        url=address.url,
        page_type=page.type if page.type in PAGE_TYPES else None,
        product=_product(page.product_id, live.catalogue),
        category=text(page.category),
        query=searched(page.query, live.words)[0],
        referrer=host(page.referrer),
        utm_source=source,
        utm_medium=medium,
        utm_campaign=campaign,
        device=device_of(page.user_agent or _header_agent(door)),
        country=door.received.country,
        region=door.received.region,
        language=language_of(page.language),
        hour=hour,
        weekday=weekday,
        cart=cart,
        cart_value=None if cart is None else sum([one.quantity * (one.price or 0) for one in cart]),
    )


@lru_cache(maxsize=1_024)
def _wall_clock(zone: ShopZone, quarter: int) -> tuple[int, int]:
    """Give hour and weekday, which are the same for a quarter of an hour in every zone."""
    local = zone.local(quarter * QUARTER)
    return local.hour, local.isoweekday()


def _header_agent(door: Door) -> str | None:
    """Give the user agent of the call itself: a server's says nothing about the visitor."""
    return door.received.user_agent if door.sender.kind == "write" else None


def _product(told: str | int | None, catalogue: Catalogue) -> str | None:
    """Read the id of a product: one of the shop's, or else a text that can name nobody."""
    if told is None:
        return None
    known = catalogue.find(str(told))
    return text(told, MAX_ID) if known is None else known.id


def _cart(lines: list[CartItem], catalogue: Catalogue, now: int) -> tuple[Line, ...]:
    """Price the cart with the catalogue: what a page says of prices decides nothing."""
    found = []
    for line in lines:
        product = catalogue.find(str(line.product_id))
        named = product.id if product is not None else text(line.product_id, MAX_ID)
        if named is None:
            continue
        if product is None:
            product = catalogue.find(named)  # without the white space around it
        found.append(
            Line(
                named,
                quantity=min(max(line.quantity, 0), MAX_QUANTITY),
                price=None if product is None else product.price_at(now),
                category=None if product is None else product.category,
                brand=None if product is None else product.brand,
            )
        )
    return tuple(found)
