"""The shop: what people decided about it as a whole. Kept in Records; one change reaches all processes in a second."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
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
    add_link: str = (
        ""  # the address that puts {offer} or {product} into the basket; "": there is none
    )
    protected_pages: tuple[str, ...] = ()  # besides login, payment, account and checkout
    # Quotas, for each kind of key apart; a minute's worth may come at once. 0: no limit.
    events_per_second: int = 5_000  # in each server process
    events_per_day: int = 50_000_000  # in all of them together
    questions_per_second: int = 500  # decisions, ordered lists, profiles; in each server process
    queries_per_minute: int = 60  # what asks the whole log, such as an erasure; idem
    marked_days: dict[
        str, str
    ] = {}  # date -> what was special about it; figures of such a day raise no alert
    pause_harmful: bool = False  # a message that does harm is paused without anybody being asked
    closed: bool = False  # the shutter: nothing is shown to anybody, within ten seconds
    theme: dict[str, str] = {}  # the look of messages: the tokens of THEME
    slots: dict[
        str, str
    ] = {}  # place -> CSS selector, where the page cannot carry data-etalage-slot
    data_layer: str = "dataLayer"  # name of the array that the tag listens to


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


# The tokens that messages take over from a shop; all but the last are colours.
THEME = ("paper", "sheet", "ink", "ink-soft", "line", "accent", "on-accent", "round")
_COLOUR = re.compile(
    r"#[0-9a-fA-F]{3,8}|[a-z]{3,24}|((rgb|hsl|hwb|lab|lch|oklab|oklch)a?|light-dark|color-mix|color)\([a-z0-9 .,%/#()-]{1,100}\)"
)
_LENGTH = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?(px|em|rem)|0")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,63}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LONGEST_SELECTOR = 200
LONGEST_MARK = 80

QUOTAS = ("events_per_second", "events_per_day", "questions_per_second", "queries_per_minute")

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
    for name in QUOTAS:
        if getattr(new, name) < 0:
            raise BadInput(f"{name} is a number from 1, or 0 for no limit", field=name)
    for origin in new.origins:
        if not origin.startswith(("https://", "http://")) or origin.count("/") != 2:  # noqa: PLR2004  scheme://host
            raise BadInput(
                f"'{origin}' is no origin; an example is https://www.shop.example", field="origins"
            )
    _check_marked(new.marked_days)
    _check_tag(new)
    return new


def _check_marked(days: Mapping[str, str]) -> None:
    """Refuse a mark on what is no date, or without a word that says why."""
    for text, word in days.items():
        if _DATE.fullmatch(text) is None or not _is_date(text):
            raise BadInput(
                f"'{text[:40]}' is no date; an example is 2026-11-27", field="marked_days"
            )
        if not 0 < len(word.strip()) <= LONGEST_MARK or not word.isprintable():
            raise BadInput(
                f"say in at most {LONGEST_MARK} characters what is special about {text}",
                field="marked_days",
            )


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _adds(link: str) -> bool:
    """Tell whether an address can put a product into the basket: of the shop, or of another host over https."""
    leads = link.startswith("https://") or (link.startswith("/") and not link.startswith("//"))
    return leads and ("{offer}" in link or "{product}" in link) and link.isprintable()


def _check_tag(shop: Shop) -> None:
    """Refuse a look or a place that the tag could not use, or that could load something from elsewhere."""
    for name, value in shop.theme.items():
        if name not in THEME:
            raise Unknown("token of the theme", name, THEME, field="theme")
        form = _LENGTH if name == "round" else _COLOUR
        if form.fullmatch(value) is None or "url(" in value:
            example = "10px" if name == "round" else "#14594a"
            raise BadInput(
                f"'{value[:40]}' cannot be {name}; an example is {example}", field="theme"
            )
    for name, selector in shop.slots.items():
        if _NAME.fullmatch(name) is None or not 0 < len(selector) <= LONGEST_SELECTOR:
            raise BadInput(
                f"'{name[:40]}' needs a CSS selector of at most {LONGEST_SELECTOR} characters",
                field="slots",
            )
    if shop.add_link and not _adds(shop.add_link):
        raise BadInput(
            "add_link needs {offer} or {product} and begins with / or https://; an example is /cart/add?id={offer}",
            field="add_link",
        )
    if _VARIABLE.fullmatch(shop.data_layer) is None:
        raise BadInput(f"'{shop.data_layer[:40]}' is no name of an array", field="data_layer")
