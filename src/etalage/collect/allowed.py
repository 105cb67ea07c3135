"""Step 1 of 8, what may be kept: the default lists of properties, traits and parameters of addresses.

Everything else is dropped before anything is stored, and counted; a shop may add names of its own. Names are in
snake case; what comes in is brought to it first.
"""

from __future__ import annotations

from typing import Final

# Of GA4 and E-commerce v2, what a segment may ask for and what names nobody.
PROPERTIES: Final = frozenset(
    [
        "affiliation",
        "content_type",
        "coupon",
        "coupon_name",
        "creative",
        "creative_name",
        "creative_slot",
        "customer_type",
        "discount",
        "discount_type",
        "engagement_time_msec",
        "experience",
        "gift",
        "in_stock",
        "index",
        "item_list_id",
        "item_list_name",
        "list",
        "list_id",
        "location_id",
        "method",
        "offer",
        "payment_method",
        "payment_type",
        "plan",
        "position",
        "promotion_id",
        "promotion_name",
        "rating",
        "reason",
        "refused",
        "results",
        "scroll_depth",
        "share_via",
        "shipping",
        "shipping_method",
        "shipping_tier",
        "slot",
        "sort",
        "step",
        "subscription",
        "variant",
        "video_percent",
    ]
)

TRAITS: Final = frozenset(
    [
        "age_group",
        "birth_year",
        "business",
        "children",
        "company_type",
        "country",
        "currency",
        "customer_group",
        "customer_since",
        "customer_type",
        "gender",
        "group",
        "household",
        "industry",
        "language",
        "loyalty_points",
        "loyalty_tier",
        "newsletter",
        "pets",
        "plan",
        "preferred_store",
        "region",
        "size",
        "subscription",
    ]
)

# Traits that say who somebody is: kept encrypted, and only of who was identified by the shop.
PERSONAL_TRAITS: Final = frozenset(
    [
        "address",
        "billing_address",
        "birthday",
        "city",
        "company",
        "company_name",
        "date_of_birth",
        "email",
        "first_name",
        "house_number",
        "last_name",
        "middle_name",
        "mobile",
        "name",
        "phone",
        "postal_code",
        "postcode",
        "prefix",
        "shipping_address",
        "street",
        "title",
        "username",
        "zip",
    ]
)

PARAMETERS: Final = frozenset(["category", "page", "sort"])
PAGE_TYPES: Final = frozenset(
    ["home", "category", "product", "search", "cart", "checkout", "account", "other"]
)
