"""What a visitor does on her own page: choose, rest, put right, refuse, start again, detach, take along, be erased.

In:   an opened token and what she asks.
Out:  events in the log like any other, through intake where intake judges such events; or the copy, or the receipt.
Idea: whoever asks is `me`, a source of its own. A no from here is her last word: a banner that repeats an old yes
      does not take it back (domain/consent.py). What she asks stands in the log, so that it survives a rebuild.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct

from etalage.collect.call import item_of
from etalage.collect.intake import Received, Sender
from etalage.domain.arrival import engines_own
from etalage.domain.consent import OWN_PAGE, PURPOSES, Purpose
from etalage.domain.event import Event, Scalar
from etalage.domain.ids import EventId
from etalage.domain.privacy import PAUSE
from etalage.domain.time import DAY, iso
from etalage.errors import BadInput, Conflict
from etalage.flow.access import access_of
from etalage.flow.ingest import door_of, take_in
from etalage.flow.me import asking, hers
from etalage.flow.open_shop import OpenShop
from etalage.flow.privacy import erase_visitors, receipt
from etalage.flow.rectify import rectify
from etalage.govern.me_token import Opened
from etalage.govern.me_told import refusable

Deed = Literal["consent", "pause", "feedback", "rectify", "restart", "unlink", "download", "erase"]
DEEDS: tuple[Deed, ...] = get_args(Deed)
HEAVY: frozenset[Deed] = frozenset({"download", "erase"})  # they ask the whole log
REST_DAYS = 30
# Nothing is written down without `device`: closing it closes what is written down.
WITH_DEVICE: tuple[Purpose, ...] = ("device", "measure", "personalise")
MOST_VALUE = 200
MILLISECOND = 1_000

Said = dict[str, Any]


class Asked(Struct, frozen=True):
    """What the page sends with a deed; each deed reads its own part."""

    purpose: str = ""
    granted: bool = False
    on: bool = True  # of a pause
    name: str = ""
    kind: str = ""  # of what is put right: trait or answer
    value: str = ""
    refused: bool = True


class Acting(Struct, frozen=True):
    """Who acts, where and when."""

    shop: OpenShop
    opened: Opened
    key: str  # label of the key the call came with
    now: int
    gpc: bool = False
    user_agent: str | None = None


def do(deed: Deed, asked: Asked, acting: Acting) -> Said:
    """Do what she asks.

    Raises:
        BadInput: it cannot be read. Conflict: it cannot be done now. NotFound: nothing is known of her.
    """
    return _DEEDS[deed](asked, acting)


def _consent(asked: Asked, acting: Acting) -> Said:
    if asked.purpose not in PURPOSES:
        raise BadInput("this is none of the purposes", field="purpose")
    purposes: tuple[Purpose, ...] = (asked.purpose,)
    if asked.purpose == "device" and not asked.granted:
        purposes = WITH_DEVICE
    _tell(acting, _statement(purposes, granted=asked.granted, now=acting.now), is_choice=True)
    return {}


def _statement(purposes: tuple[Purpose, ...], *, granted: bool, now: int) -> Said:
    said: Said = {"source": OWN_PAGE, **dict.fromkeys(purposes, granted)}
    return {"type": "track", "event": "consent", "timestamp": iso(now), "properties": said}


def _restart(_: Asked, acting: Acting) -> Said:
    """Close the epoch and begin another: what was before is read no more, and gone after the night."""
    told: tuple[Purpose, ...] = ("personalise",)
    _tell(acting, _statement(told, granted=False, now=acting.now), is_choice=True)
    after = msgspec.structs.replace(acting, now=acting.now + MILLISECOND)
    _tell(after, _statement(told, granted=True, now=after.now), is_choice=True)
    return {}


def _feedback(asked: Asked, acting: Acting) -> Said:
    parts = refusable(asked.name)
    if parts is None:
        raise BadInput("say what it is about: product:ID or experience:NAME", field="name")
    kind, name = parts
    about = {"product_id" if kind == "product" else "experience": name, "refused": asked.refused}
    _tell(acting, _event("feedback", about, acting.now))
    return {}


def _rectify(asked: Asked, acting: Acting) -> Said:
    """Put right what she said of herself or what was said of her; only what is there already, and no name or address."""
    fold = acting.shop.ports.profiles.get(asking(acting.shop, acting.opened))
    value = asked.value.strip()[:MOST_VALUE]
    if not value:
        raise BadInput("say what is right", field="value")
    parts = () if fold is None else fold.parts.values()
    if asked.kind == "trait" and any(asked.name in part.traits for part in parts):
        live = acting.shop.configuration
        named = f"visitor:{acting.opened.visitor_id}"
        right = {asked.name: value}
        rectify(acting.shop.ports, named, right, live=live, actor=OWN_PAGE, now=acting.now)
    elif asked.kind == "answer" and any(asked.name in part.preferences for part in parts):
        _tell(acting, _event("preference", {asked.name: value}, acting.now))
    else:
        raise BadInput("there is nothing of this name in this browser", field="name")
    return {}


def _event(name: str, properties: Mapping[str, object], now: int) -> Said:
    return {"type": "track", "event": name, "timestamp": iso(now), "properties": dict(properties)}


def _tell(acting: Acting, said: Said, *, is_choice: bool = False) -> None:
    """Take what she says through intake, and wait until it is on disk and remembered."""
    shop = acting.shop
    door = door_of(
        Sender("write", acting.key, source=OWN_PAGE),
        Received(now=acting.now, gpc=acting.gpc, user_agent=acting.user_agent),
        shop.configuration,
        shop.ports,
        visitor_id=acting.opened.visitor_id,
    )
    taken = take_in([item_of(said)], door, shop.ports)
    reason = taken.rejected[0].reason if taken.rejected else None
    # A no of somebody of whom nothing is known changes nothing, and is as good as done.
    if reason is not None and not (is_choice and reason == "no_consent"):
        raise Conflict(f"it cannot be kept: {reason}")
    if taken.arrivals:
        _written(shop, taken.arrivals)


def _written(shop: OpenShop, arrivals: Any) -> None:
    for entered in shop.commits.submit(arrivals, ()).result():
        if entered.outcome not in {"accepted", "duplicate"}:
            raise Conflict(f"it cannot be kept: {entered.reason}")


# ---- What is about her and not through intake ----------------------------------------------------------


def _pause(asked: Asked, acting: Acting) -> Said:
    until = acting.now + REST_DAYS * DAY if asked.on else 0
    _note(acting, PAUSE, {"until": until})
    return {}


def _unlink(_: Asked, acting: Acting) -> Said:
    _note(acting, "unlink", {})
    return {}


def _note(acting: Acting, name: str, properties: dict[str, Scalar]) -> None:
    """Write down a wish that needs no consent: to be left alone, and to be no part of somebody."""
    visitor = asking(acting.shop, acting.opened)
    event = Event(
        id=EventId(f"{name}:{visitor}:{acting.now}"),
        name=name,
        time=acting.now,
        received=acting.now,
        trust="signed",
        source=OWN_PAGE,
        visitor=visitor,
        properties=properties,
    )
    _written(acting.shop, [engines_own(event)])


def _download(_: Asked, acting: Acting) -> Said:
    shop, alone = acting.shop, acting.opened.customer is None
    visitors = hers(shop, acting.opened)
    return access_of(
        shop.ports, visitors, named=OWN_PAGE, actor=OWN_PAGE, now=acting.now, alone=alone
    )


def _erase(_: Asked, acting: Acting) -> Said:
    shop = acting.shop
    done = erase_visitors(
        shop.ports,
        hers(shop, acting.opened),
        shop.configuration.how,
        named=OWN_PAGE,
        actor=OWN_PAGE,
        now=acting.now,
    )
    return receipt(shop.ports, done)


_DEEDS: Mapping[Deed, Callable[[Asked, Acting], Said]] = {
    "consent": _consent,
    "pause": _pause,
    "feedback": _feedback,
    "rectify": _rectify,
    "restart": _restart,
    "unlink": _unlink,
    "download": _download,
    "erase": _erase,
}
