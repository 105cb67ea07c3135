"""Step 1 of 8, recognise: whose event this is, how far it may be trusted, and whether its sender may send it.

In:   a draft with ids as the source sent them.
Out:  the draft with pseudonyms and a trust.
Idea: what a browser says about who it is selects nobody. With the write key the visitor is the one in our own
      signed token; without it the event goes to a claimed visitor of its own, which no token can ever select.
From: design 5 and 12; safety.md 3 "Public key, origins, identity".
"""

from __future__ import annotations

from msgspec.structs import replace

from etalage.collect.fields import MAIL
from etalage.collect.identity import is_signed
from etalage.collect.intake import Door
from etalage.collect.refusal import Refusal
from etalage.collect.translate import Draft
from etalage.domain.consent import OWN_PAGE
from etalage.domain.event import NOT_FROM_BROWSER, ORDERS
from etalage.domain.ids import IdentifierKind, VisitorKey, is_placeholder_mail, visitor_key

_SAYS_WHO = frozenset({"identify", "link"})


def permitted(draft: Draft, door: Door) -> Draft:
    """Refuse what only the shop's server may say; a browser's order only says who has it, if the server sends them."""
    if draft.stated.source == OWN_PAGE and door.sender.name != OWN_PAGE:
        draft.stated = replace(draft.stated, source="")  # only her own page speaks for itself
    if door.sender.kind == "server":
        return draft
    if draft.name in NOT_FROM_BROWSER:
        raise Refusal("not_from_browser")
    if draft.name in ORDERS and door.settings.orders == "server":
        if draft.name == "refund":
            raise Refusal("not_from_browser")
        draft.name = "purchase_claim"
    return draft


def recognised(draft: Draft, door: Door) -> Draft:
    """Find the visitor of an event, and the customer she is said to be."""
    if door.sender.kind == "server":
        return _by_server(draft, door)
    return _by_browser(draft, door)


def _by_browser(draft: Draft, door: Door) -> Draft:
    if door.visitor_id is None:
        claimed = draft.anonymous or (f"user:{draft.user}" if draft.user else None)
        if claimed is None:
            raise Refusal("no_id")
        draft.visitor = _key(door, "claimed", claimed)
        return draft
    draft.visitor = _key(door, "visitor", door.visitor_id)
    if _is_signed(draft, door):
        draft.trust = "signed"
        _name_customer(draft, door)
    return draft


def _is_signed(draft: Draft, door: Door) -> bool:
    return (
        draft.type == "identify"
        and draft.user is not None
        and door.visitor_id is not None
        and is_signed(
            draft.signature,
            door.settings.identify_secret,
            shop=door.settings.shop,
            user=draft.user,
            visitor=door.visitor_id,
            now=door.received.now,
        )
    )


def _by_server(draft: Draft, door: Door) -> Draft:
    anonymous = draft.previous if draft.type == "alias" and draft.previous else draft.anonymous
    draft.visitor = _key(door, "visitor", anonymous) if anonymous else None
    draft.trust = "confirmed"
    if draft.name in _SAYS_WHO and draft.type != "group":
        _name_customer(draft, door)
        if draft.name == "link" and (draft.visitor is None or draft.customer is None):
            raise Refusal("no_id")
    elif draft.name in ORDERS:  # an order may find its visitor later, by the browser's claim
        draft.customer = _user(draft, door) or _mail(draft, door)
        return draft
    if draft.visitor is None:  # seen without a browser: she is her own visitor
        draft.visitor, draft.customer = _user(draft, door) or _mail(draft, door), None
    if draft.visitor is None:
        raise Refusal("no_id")
    return draft


def _name_customer(draft: Draft, door: Door) -> None:
    user, mail = _user(draft, door), _mail(draft, door)
    draft.customer, draft.email = user or mail, mail if user else None


def _user(draft: Draft, door: Door) -> VisitorKey | None:
    return _key(door, "user", draft.user) if draft.user else None


def _mail(draft: Draft, door: Door) -> VisitorKey | None:
    if draft.mail is None or MAIL.fullmatch(draft.mail) is None or not draft.mail.isprintable():
        return None
    if is_placeholder_mail(draft.mail):
        return None
    return _key(door, "email", draft.mail)


def _key(door: Door, kind: IdentifierKind, identifier: str) -> VisitorKey:
    return visitor_key(door.settings.pepper, kind, identifier)
