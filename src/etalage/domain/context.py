"""Context: what is known of the moment itself, without any history: the page, where she came from, the device."""

from __future__ import annotations

from msgspec import Struct

from etalage.domain.event import Line


class Context(Struct, frozen=True, omit_defaults=True):
    """One page view (or mail, or API call) as a decision sees it; absent fields are unknown, not empty.

    `hour` (0-23), `weekday` (1 = Monday .. 7) are of the shop's wall clock; whoever makes a context fills them.
    """

    url: str | None = None  # path and allow-listed parameters, as in an event
    page_type: str | None = None  # home, category, product, search, cart, checkout, account, other
    product: str | None = None
    category: str | None = None  # "Dames > Jassen"
    query: str | None = None
    referrer: str | None = None  # host
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    device: str | None = None
    country: str | None = None
    region: str | None = None
    language: str | None = None
    hour: int | None = None
    weekday: int | None = None
    cart: tuple[Line, ...] | None = (
        None  # as the page says it is now; None = the page does not tell
    )
    cart_value: int | None = None  # minor units
