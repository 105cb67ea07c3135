"""One shop at its door, and calls as they come in. Karel allows all, Jip allows nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from etalage.collect.admit import Admitted, admit, read
from etalage.collect.call import Item, item_of
from etalage.collect.consent import NOBODY, Known
from etalage.collect.intake import Door, IntakeSettings, Received, Sender
from etalage.collect.translate import Draft, translate
from etalage.domain.arrival import Rejected
from etalage.domain.event import Event, Shown
from etalage.domain.ids import ProductId, VisitorKey, visitor_key
from etalage.domain.product import Catalogue, Offer, Product
from etalage.domain.time import ShopZone

NOW = 1_795_292_585_000_000  # 21 November 2026
YES = {"device": True, "measure": True, "personalise": True}
NO = {"device": False, "measure": False, "personalise": False}
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36"
)
JACKET = Product(
    id=ProductId("S-42"),
    title="Regenjas Noord",
    offers=(Offer("S-42-M", price=7995, availability="in_stock"),),
    categories=(("Dames", "Jassen"),),
    brand="Noord",
)
SHOP = IntakeSettings(
    shop="noord",
    currency="EUR",
    zone=ShopZone("Europe/Amsterdam"),
    catalogue=Catalogue("v1", "EUR", {JACKET.id: JACKET}),
    words=frozenset(["regenjas", "noord", "dames", "jassen"]),
    pepper=b"p" * 32,
    identify_secret=b"i" * 32,
)
SERVER = Sender("server", "sk_ab12")
BROWSER = Sender("write", "wk_ab12")
AT_SERVER = Door(SERVER, SHOP, Received(NOW))
AT_BROWSER = Door(BROWSER, SHOP, Received(NOW, user_agent=CHROME), visitor_id="v-token")

# Conventions 3, letter for letter.
EXAMPLE = b"""{"type":"track","event":"Product Added","anonymousId":"ad10d997-71ef-4786-9382-f208d998a5ef","userId":"u-17",
 "properties":{"cart_id":"c-9","product_id":"42","sku":"S-42","name":"Regenjas Noord","price":79.95,"quantity":1,"currency":"EUR"},
 "context":{"ip":"192.0.2.7","locale":"nl-NL","timezone":"Europe/Amsterdam","userAgent":"Mozilla/5.0 ...",
   "page":{"path":"/p/regenjas","referrer":"","search":"?utm_source=nieuwsbrief","title":"Regenjas","url":"https://shop.example/p/regenjas?utm_source=nieuwsbrief"},
   "campaign":{"source":"nieuwsbrief","medium":"email","name":"lente"},"library":{"name":"analytics.js","version":"next-1.84.3"}},
 "integrations":{"All":true},"messageId":"ajs-next-1795292584936-71ef0786-9382-4208-9998-a5ef83bc03f5",
 "timestamp":"2026-11-21T20:23:04.936Z","sentAt":"2026-11-21T20:23:04.954Z","writeKey":"KEY","_metadata":{"bundled":["Segment.io"]}}"""


def key(kind: Any, identifier: str) -> VisitorKey:
    return visitor_key(SHOP.pepper, kind, identifier)


def call(event: str = "view_item", **fields: Any) -> dict[str, Any]:
    """Make a track call of Karel's; fields replace what is there, `context` and all."""
    return {
        "type": "track",
        "event": event,
        "messageId": "m-1",
        "anonymousId": "karel",
        "context": {"consent": YES},
    } | fields


def consented(consent: Mapping[str, object] | None = None, **context: Any) -> dict[str, Any]:
    return {"consent": YES if consent is None else consent} | context


def draft(fields: Mapping[str, object], settings: IntakeSettings = SHOP) -> Draft:
    return translate(item_of(fields), settings)


def no_token(_token: str, _visitor: VisitorKey) -> Shown | None:
    return None


def send(
    fields: Mapping[str, object] | Item,
    door: Door = AT_SERVER,
    known: Known = NOBODY,
    read_token: Any = no_token,
) -> Admitted:
    """Bring one event to the door, all the way."""
    item = fields if isinstance(fields, Item) else item_of(fields)
    found = read(item, door)
    if isinstance(found, Rejected):
        return Admitted(None, found, (), known.registers)
    return admit(found, door, known, read_token)


def logged(
    fields: Mapping[str, object] | Item,
    door: Door = AT_SERVER,
    known: Known = NOBODY,
    read_token: Any = no_token,
) -> Event:
    """Give the event that is logged; the test fails if it was refused."""
    admitted = send(fields, door, known, read_token)
    assert admitted.arrival is not None, admitted.rejected
    return admitted.arrival.event


def reason(
    fields: Mapping[str, object] | Item,
    door: Door = AT_SERVER,
    known: Known = NOBODY,
    read_token: Any = no_token,
) -> str | None:
    """Give the reason of the refusal; None if it was let in."""
    rejected = send(fields, door, known, read_token).rejected
    return rejected.reason if rejected is not None else None


def body(*events: Mapping[str, object], **around: object) -> bytes:
    return msgspec.json.encode({"batch": list(events), **around})
