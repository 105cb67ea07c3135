"""Google's merchant feed as XML: RSS 2.0 or Atom, read item by item.

In:   a path and the shop's settings.
Out:  a `Feed`.
Idea: the parser never holds more than one item; no document type, no entities, no depth beyond 64.
From: conventions.md 4; safety.md 3 "Feeds and imports".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError
from xml.parsers.expat import errors

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from etalage.collect.feed import Feed, refuse_other_documents
from etalage.connect.catalogue.assemble import Entry, Notes, assemble
from etalage.connect.catalogue.merchant import MerchantReader
from etalage.connect.catalogue.settings import FeedSettings
from etalage.errors import BadFeed

MAX_DEPTH = 64
_ITEMS = frozenset({"item", "entry"})
_GOOGLE = "{http://base.google.com/ns/1.0}"
_HEAD = 1024  # bytes
# What expat says when a document stops half way.
_TRUNCATED = frozenset(
    errors.codes[text]
    for text in (
        errors.XML_ERROR_NO_ELEMENTS,
        errors.XML_ERROR_UNCLOSED_TOKEN,
        errors.XML_ERROR_PARTIAL_CHAR,
        errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
)


def read(path: Path, settings: FeedSettings) -> Feed:
    """Read a merchant feed in XML.

    Raises:
        BadFeed: it is empty, a web page, cut off, not well-formed, hostile, or in another encoding than it says.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    refuse_other_documents(head)
    if b"WordPress eXtended RSS" in head or b"wordpress.org/export" in head:
        raise BadFeed("this is WordPress's own XML export; export the products as CSV instead")
    notes = Notes()
    reader = MerchantReader(settings, notes)
    entries: list[Entry] = [
        reader.entry(row, _attributes(item)) for row, item in enumerate(_items(path), 1)
    ]
    return assemble(entries, notes, rows=len(entries), currency=reader.currency, settings=settings)


def _items(path: Path) -> Iterator[Element]:
    """Give each item whole, and forget it afterwards."""
    with path.open("rb") as file:
        try:
            yield from _items_in(file)
        except ParseError as error:
            raise _explained(error) from error
        except DefusedXmlException as error:
            raise BadFeed(
                "the XML declares a document type or entities, which feeds never need"
            ) from error
        except (LookupError, ValueError) as error:
            raise BadFeed(f"the XML cannot be read: {error}") from error


def _items_in(file: BinaryIO) -> Iterator[Element]:
    open_elements: list[Element] = []
    for event, element in iterparse(
        file, events=("start", "end"), forbid_dtd=True, forbid_entities=True
    ):
        if event == "start":
            open_elements.append(element)
            _refuse_depth(len(open_elements))
            continue
        open_elements.pop()
        if _local(element.tag) in _ITEMS:
            yield element
        if not any(_local(above.tag) in _ITEMS for above in open_elements):
            _forget(element, open_elements)


def _forget(element: Element, open_elements: list[Element]) -> None:
    element.clear()
    if open_elements:
        open_elements[-1].remove(element)


def _refuse_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadFeed(f"the XML is nested deeper than {MAX_DEPTH} levels")


def _explained(error: ParseError) -> BadFeed:
    line, _ = error.position
    if error.code in _TRUNCATED:
        return BadFeed(f"the XML ends in the middle, at line {line}: the file was cut off")
    return BadFeed(f"the XML is not well-formed at line {line} (or not in the encoding it states)")


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _attributes(item: Element) -> dict[str, list[str]]:
    """Give the values of an item by name; Google's own names come before RSS's and Atom's."""
    values: dict[str, list[str]] = {}
    for child in sorted(item, key=lambda child: not child.tag.startswith(_GOOGLE)):
        text = "".join(child.itertext()) if _holds_markup(child) else (child.text or "")
        text = text.strip() or child.get("href", "")
        if text:
            values.setdefault(_local(child.tag), []).append(text)
    return values


def _holds_markup(child: Element) -> bool:
    """Atom may hold XHTML in its texts; parts such as g:shipping hold attributes of their own."""
    return len(child) > 0 and not any(part.tag.startswith(_GOOGLE) for part in child)
