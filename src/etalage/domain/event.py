"""Events: what happened, in the one form in which it is logged, folded and asked about.

Names are GA4's. An event in this form is already minimised: visitors are pseudonyms, identifiers are keyed
digests, amounts are minor units, and whatever could name a person is inside `personal`, encrypted.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from etalage.domain.consent import Purpose
from etalage.domain.ids import EventId, ExperienceName, VariantName, VisitorKey

Trust = Literal["claimed", "signed", "confirmed"]
TRUSTED_FOR_IDENTITY: frozenset[Trust] = frozenset({"signed", "confirmed"})

# Scalars that a property or trait may hold. No floats: fractions arrive as decimal text.
Scalar = str | int | bool

GA4_NAMES = frozenset(
    [
        "page_view",
        "view_item_list",
        "select_item",
        "view_item",
        "search",
        "view_search_results",
        "add_to_wishlist",
        "add_to_cart",
        "remove_from_cart",
        "view_cart",
        "begin_checkout",
        "add_shipping_info",
        "add_payment_info",
        "purchase",
        "refund",
        "view_promotion",
        "select_promotion",
        "login",
        "sign_up",
        "share",
        "user_engagement",
    ]
)
OUR_NAMES = frozenset(
    [
        "triggered",
        "decision",
        "consent",
        "identify",
        "link",
        "unlink",
        "feedback",
        "preference",
        "score",
        "coupon_issued",
        "coupon_redeemed",
        "feature",
        "configuration",
        "policy",
        "purchase_claim",
        "product_seen",  # schema.org data on a page: a draft that nobody trusts
        "restriction",
        "pause",
        "erased",
    ]
)
# What the engine and the shop's server write; a browser that sends one of these is refused.
NOT_FROM_BROWSER = frozenset(
    {
        "decision",
        "link",
        "unlink",
        "score",
        "feature",
        "configuration",
        "policy",
        "purchase_claim",
        "coupon_issued",
        "restriction",
        "pause",
        "erased",
    }
)
# What says something about a visitor but is nothing that she did: never counted by a segment's `did`,
# never remembered as a recent event, never part of a session.
NOT_ACTIVITY = frozenset(
    [
        "decision",
        "consent",
        "identify",
        "link",
        "unlink",
        "score",
        "triggered",
        "purchase_claim",
        "product_seen",
        "restriction",
        "pause",
        "erased",
        "policy",
        "user_engagement",  # for how long she looked; that she did, the page view said
    ]
)
# The shop's own books: kept without a visitor where no consent allows more.
ORDERS = frozenset({"purchase", "refund"})


class Line(Struct, frozen=True, omit_defaults=True, gc=False):
    """A line of a view, cart or order: product x quantity x price, with what the catalogue said at that moment."""

    product: str
    quantity: int = 1
    price: int | None = None  # minor units a piece, in the event's currency
    category: str | None = None  # "Dames > Jassen"
    brand: str | None = None
    size: str | None = None


class Shown(Struct, frozen=True, gc=False):
    """What a valid decision token says: which arm of which experience this event belongs to."""

    experience: ExperienceName
    arm: VariantName  # a variant, "control" or "holdout"
    unit: str  # keyed digest of what was allocated
    propensity: int  # millionths
    policy: str  # version of the allocation
    decided: int  # micros


class Event(Struct, frozen=True, omit_defaults=True):
    """One thing that happened.

    `time` is when it happened by our clock, `received` when it reached us, both in micros.
    `visitor` is None only for orders that found nobody. `purposes` is what was open at intake, `epoch` the
    stretch of consent to `personalise` it fell in (0: closed, hence measured but never used for profiles).
    """

    id: EventId
    name: str
    time: int
    received: int
    trust: Trust
    source: str  # "browser", "server", "import:ga4", "engine" ...
    visitor: VisitorKey | None = None
    customer: VisitorKey | None = None  # of an identify/link: the key this visitor is linked to
    session: str | None = None  # the sender's label; sessions are ours (gaps of 30 minutes)
    lines: tuple[Line, ...] = ()
    category: str | None = None  # of the page or list, where there are no lines
    value: int | None = None  # minor units, gross
    tax: int | None = None
    currency: str | None = None
    transaction: str | None = None
    query: str | None = None  # of a search: only words of the catalogue
    url: str | None = None  # path and allow-listed parameters
    page_type: str | None = None
    referrer: str | None = None  # host
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    device: str | None = None  # desktop | phone | tablet | other
    country: str | None = None
    region: str | None = None
    language: str | None = None
    shown: Shown | None = None
    properties: dict[
        str, Scalar
    ] = {}  # also the fields of an identify (traits), score, preference, consent
    purposes: tuple[Purpose, ...] = ()
    epoch: int = 0
    personal: bytes | None = (
        None  # AES-GCM under the person's key: names, addresses, mail, free text
    )
    record: str | None = None  # of a `decision`: its whole record as JSON, for replay

    def order(self) -> tuple[int, str]:
        """Give the key that orders events of one shop: by time, then by id."""
        return (self.time, self.id)

    @property
    def product(self) -> str | None:
        """Give the product of the first line."""
        return self.lines[0].product if self.lines else None
