"""WooCommerce's product export (CSV): simple and variable products, English or Dutch headings.

In:   a path and the shop's settings.
Out:  a `Feed`: one product per variable product, with an offer per variation; one per other product.
Idea: the headings are translated in a Dutch shop, so they are matched by a table of labels; `--map` names the
      column where a label is not known. WooCommerce's older XML form (WXR) is not read.
From: conventions.md 6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from etalage.collect.feed import Feed
from etalage.connect.catalogue.assemble import Entry, Notes, assemble
from etalage.connect.catalogue.settings import FeedSettings
from etalage.connect.catalogue.values import is_nothing, path_of, pieces, plain_text
from etalage.connect.catalogue.variants import Stock, asked, colour_in, size_in, stock_of
from etalage.connect.delimited import table
from etalage.domain.ids import ProductId
from etalage.domain.product import Offer, Product
from etalage.errors import BadFeed, Unknown

LABELS: dict[str, tuple[str, ...]] = {
    "id": ("id",),
    "type": ("type",),
    "sku": ("sku", "artikelnummer"),
    "gtin": ("gtin, upc, ean, or isbn", "gtin, upc, ean of isbn"),
    "name": ("name", "naam"),
    "published": ("published", "gepubliceerd"),
    "visibility": ("visibility in catalog", "zichtbaarheid in catalogus"),
    "short": ("short description", "korte beschrijving"),
    "description": ("description", "beschrijving"),
    "sale_from": ("date sale price starts", "startdatum actieprijs", "datum start actieprijs"),
    "sale_until": ("date sale price ends", "einddatum actieprijs", "datum einde actieprijs"),
    "in_stock": ("in stock?", "op voorraad?"),
    "stock": ("stock", "voorraad"),
    "backorders": ("backorders allowed?", "nabestellingen toestaan?", "nabestellingen toegestaan?"),
    "sale_price": ("sale price", "actieprijs"),
    "price": ("regular price", "reguliere prijs", "normale prijs"),
    "categories": ("categories", "categorieën"),
    "tags": ("tags",),
    "images": ("images", "afbeeldingen"),
    "parent": ("parent", "hoofd", "bovenliggend", "ouder"),
    "url": ("external url", "externe url"),
    "brands": ("brands", "merken", "merk"),
}
REQUIRED = ("type", "name", "price")
_ATTRIBUTE = re.compile(
    r"(?:attribute|attribuut|eigenschap) (\d+) (?:(name|naam)|(value\(s\)|waarden?(?:\(n\))?))",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"(?<!\\),")
_HIDDEN = frozenset({"hidden", "search", "verborgen"})


class _Raw(Struct, frozen=True):
    """A row as text, by our own names, with its attributes (Color, Size ...)."""

    row: int
    texts: dict[str, str]
    attributes: dict[str, str]

    def get(self, name: str) -> str:
        return self.texts.get(name, "")

    def types(self) -> set[str]:
        return {part.strip().casefold() for part in self.get("type").split(",")}

    def is_public(self) -> bool:
        return self.get("published") in {"1", ""} and self.get("visibility") not in _HIDDEN


def is_woocommerce(header: tuple[str, ...]) -> bool:
    """Tell whether a header is that of WooCommerce's product export, in a language that we know."""
    return set(REQUIRED) <= set(_known(header).values())


def read(path: Path, settings: FeedSettings) -> Feed:
    """Read a product export.

    Raises:
        BadFeed: the headings are in a language that we do not know; `--map` helps.
        Unknown: the mapping names a column or field that does not exist.
    """
    opened = table(path)
    names = _columns(opened.header, settings.mapping)
    notes = Notes()
    raws: list[_Raw] = []
    rows = 0
    for row in opened.rows():
        rows = row.number
        if row.problem:
            notes.add(row.number, row.problem)
        else:
            raws.append(_raw(row.number, opened.header, row.cells, names))
    entries = _entries(raws, settings, notes)
    return assemble(entries, notes, rows=rows, currency=settings.currency, settings=settings)


def _known(header: tuple[str, ...]) -> dict[str, str]:
    by_label = {label: name for name, labels in LABELS.items() for label in labels}
    return {
        column: by_label[column.casefold()] for column in header if column.casefold() in by_label
    }


def _columns(header: tuple[str, ...], mapping: Mapping[str, str]) -> dict[str, str]:
    """Give our name of each column that is read."""
    for column, name in mapping.items():
        if column not in header:
            raise Unknown("column", column, header, field="map")
        if name not in LABELS:
            raise Unknown("field", name, LABELS, field="map")
    mapped = set(mapping.values())
    names = {c: n for c, n in _known(header).items() if n not in mapped} | dict(mapping)
    if missing := [name for name in REQUIRED if name not in names.values()]:
        raise BadFeed(
            f"no column of this WooCommerce export is known as {', '.join(missing)}; "
            f"say which with --map COLUMN={missing[0]} (columns: {', '.join(header[:20])})"
        )
    return names


def _raw(row: int, header: tuple[str, ...], cells: list[str], names: Mapping[str, str]) -> _Raw:
    texts: dict[str, str] = {}
    attribute_names: dict[str, str] = {}
    attribute_values: dict[str, str] = {}
    for column, cell in zip(header, cells, strict=True):
        text = cell.strip()
        if not text:
            continue
        if column in names:
            texts.setdefault(names[column], text)
        elif found := _ATTRIBUTE.fullmatch(column):
            target = attribute_names if found[2] else attribute_values
            target[found[1]] = text.replace("\\,", ",")
    attributes = {
        name.casefold(): attribute_values[number]
        for number, name in attribute_names.items()
        if number in attribute_values
    }
    return _Raw(row, texts, attributes)


def _entries(raws: list[_Raw], settings: FeedSettings, notes: Notes) -> Iterator[Entry]:
    by_reference = {f"id:{raw.get('id')}": raw for raw in raws if raw.get("id")}
    by_reference |= {raw.get("sku"): raw for raw in raws if raw.get("sku")}
    variations = [raw for raw in raws if "variation" in raw.types()]
    parents = {raw.get("parent") for raw in variations}
    for raw in raws:
        if "variation" in raw.types():
            yield from _variation(raw, by_reference.get(raw.get("parent")), settings, notes)
        elif not raw.is_public():
            notes.add(raw.row, "not_for_sale", raw.get("name"))
        elif not (parents & {raw.get("sku"), f"id:{raw.get('id')}"}):
            yield Entry(raw.row, _offer(raw, None, settings, notes), _product(raw))


def _variation(
    raw: _Raw, parent: _Raw | None, settings: FeedSettings, notes: Notes
) -> Iterator[Entry]:
    if parent is None:
        notes.add(raw.row, "no_parent", raw.get("parent"))
    elif not (parent.is_public() and raw.is_public()):
        notes.add(raw.row, "not_for_sale", raw.get("name"))
    else:
        told = _product(raw) if settings.product_id == "row" else _product(parent)
        offer = _offer(raw, parent, settings, notes)
        yield Entry(raw.row, offer, told, _id(parent, settings))


def _id(raw: _Raw, settings: FeedSettings) -> str:
    first, second = ("sku", "id") if settings.identify_by == "sku" else ("id", "sku")
    return raw.get(first) or raw.get(second)


def _offer(raw: _Raw, parent: _Raw | None, settings: FeedSettings, notes: Notes) -> Offer:
    stock = _stock(raw, parent, notes)
    texts = (raw.get("price"), raw.get("sale_price"), raw.get("sale_from"), raw.get("sale_until"))
    ask = asked(raw.row, texts, settings, notes)
    one_value = {name: text for name, text in raw.attributes.items() if not _SEPARATOR.search(text)}
    return Offer(
        id=_id(raw, settings),
        **ask._asdict(),
        availability=stock.availability,
        stock=stock.pieces,
        size=size_in(one_value),
        colour=colour_in(one_value),
    )


def _stock(raw: _Raw, parent: _Raw | None, notes: Notes) -> Stock:
    """Read the stock; `parent` in a variation's cell means that the parent's pieces are shared."""
    text, holder = raw.get("stock"), raw
    if text.casefold() in {"parent", "hoofd"} and parent is not None:
        text, holder = parent.get("stock"), parent
    count = None
    if not is_nothing(text):
        count = pieces(text)
        if count is None:
            notes.add(raw.row, "bad_stock", text)
            return Stock("unknown", None)
    stated = raw.get("in_stock").casefold()
    if stated == "backorder":
        return Stock("backorder", count)
    if not stated and count is None:
        return Stock("unknown", None)
    if stated not in {"0", "1"} and not is_nothing(stated):
        notes.add(raw.row, "bad_availability", stated)
        return Stock("unknown", None)
    return stock_of(
        says_in_stock=stated != "0",
        count=count,
        may_backorder=holder.get("backorders") in {"1", "notify"},
    )


def _product(raw: _Raw) -> Product:
    pictures = [text.strip() for text in _SEPARATOR.split(raw.get("images")) if text.strip()]
    paths = [path_of_category(text) for text in _SEPARATOR.split(raw.get("categories"))]
    brands = [text.strip() for text in _SEPARATOR.split(raw.get("brands")) if text.strip()]
    return Product(
        id=ProductId(raw.get("sku")),
        title=plain_text(raw.get("name")).replace("\n", " "),
        categories=tuple(dict.fromkeys(path for path in paths if path)),
        brand=path_of(brands[0])[-1] if brands and path_of(brands[0]) else None,
        description=plain_text((raw.get("description") or raw.get("short")).replace("\\n", "\n")),
        link=raw.get("url"),
        images=tuple(pictures),
        gtin=raw.get("gtin") or None,
        labels={
            name: text
            for name, text in (("tags", raw.get("tags")), *raw.attributes.items())
            if text
        },
    )


def path_of_category(text: str) -> tuple[str, ...]:
    r"""Split a category path on '>' alone, with its escaped commas restored.

    >>> path_of_category("Hond > Voer\\, nat")
    ('Hond', 'Voer, nat')
    """
    return tuple(part.strip() for part in text.replace("\\,", ",").split(">") if part.strip())
