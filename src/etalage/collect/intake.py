"""Step 1 of 8, the nouns of intake: who sends, what came with the call, and what this shop keeps."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from etalage.collect.allowed import PARAMETERS, PROPERTIES, TRAITS
from etalage.collect.names import snake_case
from etalage.domain.consent import PURPOSES, Purpose
from etalage.domain.product import Catalogue
from etalage.domain.shop import OrdersFrom, Shop
from etalage.domain.time import ShopZone


class Sender(Struct, frozen=True):
    """The key a call came with. A server source or an import declares under which purposes it sends, and why."""

    kind: Literal["write", "server"]
    label: str  # as in the account of intake
    purposes: tuple[Purpose, ...] = ()
    basis: str = ""
    source: str = ""  # "import:ga4", "webhook:shopify" ...; empty: by the kind of key

    @property
    def name(self) -> str:
        """Give the source that is written into events."""
        return self.source or ("server" if self.kind == "server" else "browser")


class Received(Struct, frozen=True):
    """What came with the call besides its body."""

    now: int  # micros
    user_agent: str | None = None
    gpc: bool = False  # header Sec-GPC: 1
    prefetch: bool = False  # header Sec-Purpose: prefetch
    staff: bool = False  # the shop's own test traffic
    country: str | None = None  # of the address, which itself is never kept
    region: str | None = None


class IntakeSettings(Struct, frozen=True):
    """What one shop keeps, and the secrets that make pseudonyms of its identifiers."""

    shop: str
    currency: str
    zone: ShopZone
    catalogue: Catalogue
    words: frozenset[str]  # of the catalogue: only these stay of a search
    pepper: bytes
    identify_secret: bytes
    orders: OrdersFrom = "server"
    properties: frozenset[str] = PROPERTIES
    traits: frozenset[str] = TRAITS
    parameters: frozenset[str] = PARAMETERS  # of addresses
    sensitive: frozenset[str] = (
        frozenset()
    )  # categories that are never remembered, with all below them
    consent_mapping: dict[str, tuple[Purpose, ...]] = {}  # a source's category -> our purposes


class Door(Struct, frozen=True):
    """All that is the same for every event of one call."""

    sender: Sender
    settings: IntakeSettings
    received: Received
    visitor_id: str | None = None  # in the visitor token of the call, if it was valid


def settings_of(
    shop: Shop,
    *,
    zone: ShopZone,
    catalogue: Catalogue,
    words: frozenset[str],
    pepper: bytes,
    identify_secret: bytes,
) -> IntakeSettings:
    """Make the settings of intake from those of the shop; what it allows itself comes on top of the defaults."""
    return IntakeSettings(
        shop=shop.id,
        currency=shop.currency,
        zone=zone,
        catalogue=catalogue,
        words=words,
        pepper=pepper,
        identify_secret=identify_secret,
        orders=shop.orders,
        properties=PROPERTIES | _in_snake_case(shop.properties),
        traits=TRAITS | _in_snake_case(shop.traits),
        sensitive=frozenset(shop.sensitive),
        consent_mapping={
            category: tuple(purpose for purpose in PURPOSES if purpose in purposes)
            for category, purposes in shop.consent_mapping.items()
        },
    )


def _in_snake_case(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(written for name in names if (written := snake_case(name)) is not None)
