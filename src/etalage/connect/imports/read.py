"""Which reader reads this file of events, orders or customers: by the format's name, or by its content."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from etalage.collect.feed import refuse_other_documents
from etalage.connect.imports import customers, ga4, orders_json, orders_table, segment
from etalage.connect.imports.items import Given, ImportSettings, Kind
from etalage.connect.imports.rows import columns, documents, is_json, is_parquet
from etalage.errors import Unknown

FORMATS: dict[Kind, tuple[str, ...]] = {
    "events": ("ga4", "segment", "csv", "parquet"),
    "orders": ("shopify", "woocommerce", "magento", "csv", "parquet"),
    "customers": ("shopify", "woocommerce", "magento", "csv", "parquet"),
}
_HEAD = 1024  # bytes


def read_import(
    path: Path, kind: Kind, format_name: str, settings: ImportSettings, *, scratch: Path
) -> Iterator[Given]:
    """Read a file, item by item.

    Args:
        path: the file, not packed.
        kind: what it holds.
        format_name: one of `FORMATS`, or `auto`.
        settings: mapping, zone and currency.
        scratch: an empty directory for rows that are set aside.

    Raises:
        Unknown: the format, or a mapped column or field, does not exist.
        BadFeed: the file is not what it should be.
    """
    if format_name not in {"auto", *FORMATS[kind]}:
        raise Unknown("format", format_name, ("auto", *FORMATS[kind]), field="format")
    with path.open("rb") as file:
        refuse_other_documents(file.read(_HEAD))
    chosen = detect(path, kind) if format_name == "auto" else format_name
    if kind == "events":
        is_calls = chosen == "segment"
        return (
            segment.read(path, settings) if is_calls else ga4.read(path, settings, scratch=scratch)
        )
    if kind == "orders":
        return _orders(path, chosen, settings, scratch)
    return customers.read(path, settings)


def detect(path: Path, kind: Kind) -> str:
    """Tell the format of a file by its content."""
    if is_parquet(path):
        return "parquet"
    if not is_json(path):
        is_shopify = kind == "orders" and "Lineitem name" in columns(path)
        return "shopify" if is_shopify else "csv"
    first = next((row[1] for row in documents(path) if isinstance(row, tuple)), {})
    if kind == "events":
        is_call = first.get("type") in _CALLS or "batch" in first
        return "segment" if is_call else "ga4"
    return "magento" if {"increment_id", "search_criteria"} & set(first) else "woocommerce"


_CALLS = frozenset({"track", "identify", "page", "screen", "group", "alias"})


def _orders(path: Path, chosen: str, settings: ImportSettings, scratch: Path) -> Iterator[Given]:
    if is_json(path):
        read_json = (
            orders_json.read_magento if chosen == "magento" else orders_json.read_woocommerce
        )
        return read_json(path, settings)
    read_rows = orders_table.read_shopify if chosen == "shopify" else orders_table.read_table
    return read_rows(path, settings, scratch=scratch)
