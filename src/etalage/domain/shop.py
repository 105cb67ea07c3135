"""The shop: what people decided about it as a whole. Kept in Records; one change reaches all processes in a second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from etalage.domain.ids import ShopId
from etalage.errors import BadInput, Unknown

OrdersFrom = Literal["server", "browser"]


class Shop(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of one shop.

    `orders`: "server" if orders come from the shop's server (then a browser's purchase only says who placed it);
    "browser" for a pilot without: then figures about orders say "not confirmed by the shop".
    `salt` is part of every allocation; changing it draws all arms anew.
    """

    id: ShopId
    name: str
    domain: str
    currency: str = "EUR"
    zone: str = "Europe/Amsterdam"
    language: str = "nl"
    origins: tuple[
        str, ...
    ] = ()  # exact: scheme, host and port of pages that may call with the write key
    orders: OrdersFrom = "server"
    simulated: bool = False  # made by `demo` or `simulate`: only there may a caller set the clock
    salt: str = ""
    holdout_share: float = 0.0  # of all persons never get a message (programme: 0.05)
    control_share: float = 0.5  # of each experience that does not say otherwise (programme: 0.20)
    traits: tuple[str, ...] = ()  # kept besides the default list
    properties: tuple[str, ...] = ()  # idem
    sensitive: tuple[
        str, ...
    ] = ()  # categories never remembered nor recommended, with all below them
    consent_mapping: dict[str, tuple[str, ...]] = {}  # a source's category -> our purposes
    free_delivery_from: int | None = None  # minor units; None: the shop has no such rule
    protected_pages: tuple[str, ...] = ()  # besides login, payment, account and checkout


def shop_from(settings: Mapping[str, object]) -> Shop:
    """Read a shop's settings as Records keeps them.

    Raises:
        BadInput: a setting has the wrong type or an unknown name.
    """
    try:
        return msgspec.convert(dict(settings), Shop)
    except msgspec.ValidationError as error:
        raise BadInput(f"the shop's settings cannot be read: {error}") from error


def to_settings(shop: Shop) -> dict[str, object]:
    """Write a shop's settings as plain JSON values."""
    plain = msgspec.to_builtins(shop)
    assert isinstance(plain, dict)  # noqa: S101  a Struct always becomes an object
    return plain


# Decided when the shop is made: its data was counted, priced and allocated by them.
FIXED = frozenset({"id", "currency", "zone", "salt", "simulated"})


def changed(shop: Shop, changes: Mapping[str, object]) -> Shop:
    """Give the shop with other settings.

    Raises:
        Unknown: no such setting; the message names the nearest one.
        BadInput: a value of the wrong type or out of its range, or a setting that cannot be changed.
    """
    for name in changes:
        if name not in Shop.__struct_fields__:
            raise Unknown("setting of a shop", name, Shop.__struct_fields__, field=name)
        if name in FIXED:
            raise BadInput(
                f"{name} was decided when the shop was made and cannot be changed", field=name
            )
    new = shop_from(to_settings(shop) | dict(changes))
    for name in ("holdout_share", "control_share"):
        if not 0 <= getattr(new, name) <= 0.9:  # noqa: PLR2004  somebody must be left to see a message
            raise BadInput(f"{name} is a share between 0 and 0.9", field=name)
    for origin in new.origins:
        if not origin.startswith(("https://", "http://")) or origin.count("/") != 2:  # noqa: PLR2004  scheme://host
            raise BadInput(
                f"'{origin}' is no origin; an example is https://www.shop.example", field="origins"
            )
    return new
