"""Which column of a table of events is what: names that analytics exports use, and `--map`.

Fields are named as GA4's parameters. A mapped field takes the mapped column only; of several known columns for
one field the first in the list below wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from etalage.errors import BadInput, Unknown

# Field -> the headings it is known under, in lower case with underscores.
EVENT_FIELDS: dict[str, tuple[str, ...]] = {
    "event_name": ("event_name", "event", "name"),
    "time": (
        "event_timestamp",
        "time",
        "event_time",
        "timestamp",
        "created_at",
        "datetime",
        "date",
    ),
    "client_id": (
        *("client_id", "user_pseudo_id", "anonymous_id", "anonymousid", "visitor_id", "visitor"),
        *("fullvisitorid", "cookie_id"),
    ),
    "user_id": ("user_id", "userid", "customer_id", "customer"),
    "session": ("session", "session_id", "ga_session_id", "user_session", "sessionid", "visit_id"),
    "id": ("id", "event_id", "message_id", "messageid"),
    "item_id": ("item_id", "product_id", "sku", "item"),
    "item_name": ("item_name", "product_name"),
    "item_brand": ("item_brand", "brand"),
    "item_category": ("item_category", "category", "product_category", "category_code"),
    "item_category2": ("item_category2",),
    "item_category3": ("item_category3",),
    "item_category4": ("item_category4",),
    "item_category5": ("item_category5",),
    "item_variant": ("item_variant", "variant"),
    "item_list_id": ("item_list_id",),
    "item_list_name": ("item_list_name",),
    "price": ("price", "item_price"),
    "quantity": ("quantity", "item_quantity", "qty"),
    "coupon": ("coupon",),
    "items": ("items",),
    "value": ("value", "event_value", "revenue"),
    "tax": ("tax",),
    "shipping": ("shipping",),
    "currency": ("currency", "currency_code"),
    "transaction_id": ("transaction_id", "order_id"),
    "search_term": ("search_term", "query", "search_query"),
    "url": ("page_location", "url", "page_url"),
    "title": ("page_title", "title"),
    "referrer": ("page_referrer", "referrer"),
    "page_type": ("page_type",),
    "engagement_time_msec": ("engagement_time_msec",),
    "device": ("device_category", "device", "device_type"),
    "country": ("country", "geo_country"),
    "region": ("region", "geo_region"),
    "language": ("language", "locale"),
    "user_agent": ("user_agent", "useragent"),
    "utm_source": ("utm_source",),
    "utm_medium": ("utm_medium",),
    "utm_campaign": ("utm_campaign",),
}


def columns_of(
    header: Iterable[str], fields: Mapping[str, tuple[str, ...]], mapping: Mapping[str, str]
) -> dict[str, str]:
    """Give the column of each field that the table has.

    Raises:
        Unknown: the mapping names a column or a field that does not exist.
    """
    found = {_plain(column): column for column in reversed(list(header))}
    known = {
        field: found[name]
        for field, names in fields.items()
        if (name := next((n for n in names if n in found), None)) is not None
    }
    by_name = {name: field for field, names in fields.items() for name in (field, *names)}
    for column, name in mapping.items():
        if column not in found.values():
            raise Unknown("column", column, found.values(), field="map")
        if _plain(name) not in by_name:
            raise Unknown("field", name, fields, field="map")
    mapped = {by_name[_plain(name)]: column for column, name in mapping.items()}
    taken = set(mapped.values())
    return {field: column for field, column in known.items() if column not in taken} | mapped


def require(columns: Mapping[str, str], *fields: str) -> None:
    """Refuse a table that lacks a field without which no row means anything."""
    if missing := [field for field in fields if field not in columns]:
        raise BadInput(
            f"no column is known as {', '.join(missing)}; say which with --map COLUMN={missing[0]}",
            field="map",
        )


def _plain(column: str) -> str:
    return column.strip().casefold().replace(" ", "_").replace("-", "_")
