"""Events with GA4's names: one row or JSON object an event, flat or as in GA4's export to BigQuery.

In:   rows of CSV or Parquet (columns by `names`), or JSON lines.
Out:  items with `event` a GA4 name and GA4's parameters in `properties` (`items`, `value`, `currency` ...).
Idea: a flat file has a row per line of an order, and an order must count once: rows of one transaction are
      gathered first and given at the end, as one item with all its lines.
From: conventions.md 1 (parameters); GA4's BigQuery export schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import msgspec

from etalage.connect.imports.gather import Gathered
from etalage.connect.imports.items import Given, ImportSettings, Item, Skipped, digest, filled
from etalage.connect.imports.names import EVENT_FIELDS, columns_of, require
from etalage.connect.imports.nested import flattened
from etalage.connect.imports.rows import Fields, columns, documents, is_json, table_rows
from etalage.connect.imports.values import identifier, pieces, text, time_of, value
from etalage.domain.money import minor_units

_LINE = (
    *("item_id", "item_name", "item_brand", "item_variant", "price", "quantity", "coupon"),
    *("item_category", "item_category2", "item_category3", "item_category4", "item_category5"),
    *("item_list_id", "item_list_name"),
)
_OF_EVENT = (
    *("value", "currency", "tax", "shipping", "search_term", "page_type"),
    "engagement_time_msec",
)
_PURCHASE = "purchase"


def read(path: Path, settings: ImportSettings, *, scratch: Path) -> Iterator[Given]:
    """Read events; every row becomes (part of) an item or is skipped with a reason."""
    if is_json(path):
        rows = _documents(path, settings.mapping)
    else:
        by_field = columns_of(columns(path), EVENT_FIELDS, settings.mapping)
        require(by_field, "event_name", "time")
        rows = _table(path, by_field)
    with Gathered(scratch / "gathered.sqlite") as orders:
        for row in rows:
            if isinstance(row, Skipped):
                yield row
                continue
            number, fields = row
            transaction = identifier(fields.get("transaction_id"))
            if fields.get("event_name") == _PURCHASE and transaction and "items" not in fields:
                orders.add(transaction, number, fields)
            else:
                yield item_of(number, fields, [_line(fields)], settings)
        for group in orders:
            yield from _order(group, settings)


def _table(path: Path, by_field: Mapping[str, str]) -> Iterator[tuple[int, Fields] | Skipped]:
    for row in table_rows(path):
        if isinstance(row, Skipped):
            yield row
        else:
            number, cells = row
            told = {field: value(cells[column]) for field, column in by_field.items()}
            told["id"] = identifier(told.get("id")) or digest(cells)
            yield number, filled(told)


def _documents(path: Path, mapping: Mapping[str, str]) -> Iterator[tuple[int, Fields] | Skipped]:
    """Give JSON objects as flat fields; nested ones (BigQuery's) are flattened first."""
    for row in documents(path):
        if isinstance(row, Skipped):
            yield row
        else:
            number, document = row
            flat = flattened(document)
            by_field = _fields_of(tuple(flat), tuple(mapping.items()))
            told = {field: value(flat[column]) for field, column in by_field.items()}
            told["id"] = identifier(told.get("id")) or digest(document)
            yield number, filled(told)


@lru_cache(maxsize=1_000)
def _fields_of(names: tuple[str, ...], mapping: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Give the name of each field in objects of one shape; the mapping speaks of names not every object has."""
    return columns_of(names, EVENT_FIELDS, {name: to for name, to in mapping if name in names})


def item_of(number: int, fields: Fields, lines: list[Fields], settings: ImportSettings) -> Given:
    """Make the item of one event from its fields and lines."""
    time = time_of(fields.get("time"), settings.zone)
    if time is None:
        return Skipped(number, "bad_time")
    client = identifier(fields.get("client_id"))
    user = identifier(fields.get("user_id"))
    session = identifier(fields.get("session"))
    item: Item = {
        "type": "track",
        "event": text(fields.get("event_name")) or "",
        "messageId": str(fields.get("id") or digest(fields)),
        "anonymousId": client or (None if user else session),
        "userId": user,
        "timestamp": time,
        "properties": _properties(fields, lines),
        "context": _context(fields, session),
    }
    return filled(item)


def _properties(fields: Fields, lines: list[Fields]) -> Fields:
    told = {name: fields.get(name) for name in _OF_EVENT}
    told["transaction_id"] = identifier(fields.get("transaction_id"))
    told["items"] = _items(fields.get("items")) or [line for line in lines if line]
    return filled(told)


def _items(raw: object) -> list[Fields]:
    """Read the `items` of a row: a list of objects, one object, or the JSON text of either."""
    if isinstance(raw, str):
        try:
            raw = msgspec.json.decode(raw)
        except msgspec.DecodeError:
            return []
    listed = [raw] if isinstance(raw, dict) else raw
    if not isinstance(listed, list):
        return []
    return [line for one in listed if isinstance(one, dict) and (line := _line(one))]


def _line(fields: Mapping[str, object]) -> Fields:
    """Give the parts of a line; a row without a product has none."""
    item_id, name = identifier(fields.get("item_id")), text(fields.get("item_name"))
    if item_id is None and name is None:
        return {}
    told = {part: value(fields[part]) for part in _LINE if part in fields}
    told |= {"item_id": item_id, "item_name": name, "quantity": pieces(fields.get("quantity"))}
    return filled(told)


def _context(fields: Fields, session: str | None) -> Fields:
    page = {
        "url": fields.get("url"),
        "title": fields.get("title"),
        "referrer": fields.get("referrer"),
    }
    campaign = {
        "source": fields.get("utm_source"),
        "medium": fields.get("utm_medium"),
        "name": fields.get("utm_campaign"),
    }
    device = {"type": fields.get("device")}
    location = {"country": fields.get("country"), "region": fields.get("region")}
    return filled(
        {
            "page": filled(page),
            "campaign": filled(campaign),
            "device": filled(device),
            "location": filled(location),
            "locale": fields.get("language"),
            "userAgent": fields.get("user_agent"),
            "sessionId": session,
        }
    )


def _order(group: list[tuple[int, Fields]], settings: ImportSettings) -> Iterator[Given]:
    """Give one order of all its rows; a row that stands there twice is the same row sent twice."""
    rows = {str(fields["id"]): (number, fields) for number, fields in reversed(group)}
    distinct = sorted(rows.values(), key=lambda row: row[0])
    number, first = distinct[0]
    told = dict(first)
    if len(distinct) > 1:
        told["id"] = digest([fields["id"] for _, fields in distinct])
        told["value"] = _value_of_order([fields for _, fields in distinct])
    lines = [_line(fields) for _, fields in distinct]
    order = item_of(number, told, lines, settings)
    for _ in range(1 + len(group) - len(distinct)):
        yield order


def _value_of_order(rows: list[Fields]) -> object:
    """Give the value of an order told over several rows.

    GA4 repeats the order's value on each row; some exports give each line its own. The latter shows when every
    row's value is its price times its quantity: then they are added up by whoever reads the lines.
    """
    values = [row.get("value") for row in rows]
    of_lines = all(_is_line_value(row) for row in rows)
    return None if of_lines or None in values else values[0]


def _is_line_value(row: Fields) -> bool:
    currency = str(row.get("currency") or "EUR")
    price, total = (minor_units(row.get(name), currency) for name in ("price", "value"))
    count = pieces(row.get("quantity", 1))
    return price is not None and isinstance(count, int) and price * count == total
