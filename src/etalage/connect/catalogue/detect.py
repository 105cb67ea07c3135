"""Which format is this catalogue file? `--format auto` asks here; the file's own names decide, not its ending."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from etalage.collect.feed import Feed, refuse_other_documents
from etalage.connect.catalogue import (
    magento,
    merchant_tsv,
    merchant_xml,
    table,
    woocommerce,
)
from etalage.connect.catalogue.settings import FORMATS, FeedSettings, Format
from etalage.connect.delimited import table as opened_table
from etalage.errors import BadFeed, Unknown

_HEAD = 1024  # bytes
_TABLES: dict[str, Callable[[Path, FeedSettings], Feed]] = {
    "magento": magento.read,
    "woocommerce": woocommerce.read,
    "csv": table.read,
}


def detect(path: Path) -> Format:
    """Tell the format of a file by its content.

    Raises:
        BadFeed: it is empty, a web page, or nothing that we know.
    """
    if _is_xml(path):
        return "merchant"
    header = opened_table(path).header
    if magento.is_magento(header):
        return "magento"
    if merchant_tsv.is_merchant(header):
        return "merchant"
    return "woocommerce" if woocommerce.is_woocommerce(header) else "csv"


def read(path: Path, format_name: str, settings: FeedSettings) -> Feed:
    """Read a catalogue file in the named format, or in the one it turns out to be (`auto`)."""
    if format_name not in {"auto", *FORMATS}:
        raise Unknown("format", format_name, ("auto", *FORMATS), field="format")
    chosen = detect(path) if format_name == "auto" else format_name
    if chosen == "merchant":
        read_merchant = merchant_xml.read if _is_xml(path) else merchant_tsv.read
        return read_merchant(path, settings)
    if _is_xml(path):
        raise BadFeed(f"the file is XML; the format '{chosen}' is a table")
    return _TABLES[chosen](path, settings)


def _is_xml(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    refuse_other_documents(head)
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<") or head[:4] in {
        b"\xff\xfe<\0",
        b"\xfe\xff\0<",
    }
