"""Step 1 of 8, names: what others call an event, in GA4's words.

E-commerce v2 (with its v1 aliases) becomes GA4; GA4's own and any other name stay, in snake case.
From: conventions.md 3. Two entries differ from its table, because counting must be true: taking something off a
wishlist is no `add_to_wishlist`, and a review is no `share`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

MAX_NAME = 64

_FROM_ECOMMERCE_V2: Final = {
    "products_searched": "search",
    "product_list_viewed": "view_item_list",
    "viewed_product_category": "view_item_list",
    "promotion_viewed": "view_promotion",
    "viewed_promotion": "view_promotion",
    "promotion_clicked": "select_promotion",
    "clicked_promotion": "select_promotion",
    "product_clicked": "select_item",
    "clicked_product": "select_item",
    "product_viewed": "view_item",
    "viewed_product": "view_item",
    "product_added": "add_to_cart",
    "added_product": "add_to_cart",
    "product_removed": "remove_from_cart",
    "removed_product": "remove_from_cart",
    "cart_viewed": "view_cart",
    "viewed_cart": "view_cart",
    "checkout_started": "begin_checkout",
    "started_checkout": "begin_checkout",
    "checkout_step_viewed": "add_shipping_info",
    "viewed_checkout_step": "add_shipping_info",
    "checkout_step_completed": "add_shipping_info",
    "completed_checkout_step": "add_shipping_info",
    "payment_info_entered": "add_payment_info",
    "order_completed": "purchase",
    "completed_order": "purchase",
    "order_refunded": "refund",
    "refunded_order": "refund",
    "product_added_to_wishlist": "add_to_wishlist",
    "wishlist_product_added_to_cart": "add_to_cart",
    "product_removed_from_wishlist": "remove_from_wishlist",
    "product_shared": "share",
    "cart_shared": "share",
    "signed_up": "sign_up",
    "signed_in": "login",
    "logged_in": "login",
}

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_APART = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=4096)
def snake_case(name: str) -> str | None:
    """Write a name in snake case; None for what is none: too long, empty, or with letters other than a-z.

    Letters of other scripts are refused and not left out: a name that only looks like another must not become it.

    >>> snake_case("Order Completed"), snake_case("addToCart"), snake_case("Café bekeken")
    ('order_completed', 'add_to_cart', 'cafe_bekeken')
    """
    plain = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    if len(name) > 2 * MAX_NAME or any(
        not c.isascii() and (c.isalpha() or not c.isprintable()) for c in plain
    ):
        return None
    written = _APART.sub("_", _CAMEL.sub("_", plain.strip()).lower()).strip("_")
    return written if 0 < len(written) <= MAX_NAME else None


@lru_cache(maxsize=4096)
def event_name(name: str) -> str | None:
    """Give the name under which an event is logged; None if it has no name one could ask for.

    >>> event_name("Product Added"), event_name("view_item"), event_name("Maattabel geopend")
    ('add_to_cart', 'view_item', 'maattabel_geopend')
    """
    written = None if "@" in name else snake_case(name)  # a mail address names a person, no event
    return None if written is None else _FROM_ECOMMERCE_V2.get(written, written)
