"""What a shop may say about its catalogue file."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

Format = Literal["merchant", "magento", "woocommerce", "csv"]
FORMATS: tuple[Format, ...] = get_args(Format)


class FeedSettings(Struct, frozen=True):
    """How to read a file; every part has a default that suits most shops."""

    currency: str = "EUR"  # of amounts that do not name one
    zone: str = "Europe/Amsterdam"  # of times without an offset
    product_id: Literal["group", "row"] = (
        "group"  # whether the tag sends item_group_id or the row's id
    )
    mapping: dict[str, str] = {}  # column -> field, for tables (--map)
    base_url: str = ""  # of the shop, for files with relative addresses (Magento)
    store_view: str = (
        ""  # whose texts to take (Magento); empty = the only one there is, else the default
    )
    identify_by: Literal["sku", "id"] = "sku"  # which of both the tag sends (WooCommerce)
