"""Magento's product export: configurable products with their variants, sizes, colours and stock.

In:   a path and the shop's settings.
Out:  a `Feed`: one product per configurable, with an offer per variant; one per other product that is for sale.
Idea: a variant is a row of its own that the shop does not show; the configurable row names its variants. So
      all rows are read first (as plain texts), and products are made from the rows that are shown.
From: conventions.md 7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from etalage.collect.feed import Feed
from etalage.connect.catalogue.assemble import Entry, Notes, assemble
from etalage.connect.catalogue.settings import FeedSettings
from etalage.connect.catalogue.values import (
    gender,
    is_nothing,
    moment_of,
    pieces,
    plain_text,
)
from etalage.connect.catalogue.variants import Stock, asked, colour_in, size_in, stock_of
from etalage.connect.delimited import table
from etalage.domain.ids import ProductId
from etalage.domain.product import Offer, Product
from etalage.errors import BadFeed

REQUIRED = ("sku", "product_type", "name", "price")
_TEXTS = ("name", "description", "short_description", "url_key")
_READ = (
    *REQUIRED,
    *_TEXTS,
    *("categories", "product_online", "visibility", "special_price", "special_price_from_date"),
    *(
        "special_price_to_date",
        "base_image",
        "additional_images",
        "created_at",
        "additional_attributes",
    ),
    *("qty", "out_of_stock_qty", "allow_backorders", "use_config_backorders", "is_in_stock"),
    *("manage_stock", "use_config_manage_stock", "configurable_variations", "associated_skus"),
)
_HIDDEN = frozenset({"not visible individually", "niet individueel zichtbaar", "1"})
_DISABLED = frozenset({"2", "0"})
# A comma separates attributes only before the next "name=": values may hold commas themselves.
_NEXT_ATTRIBUTE = re.compile(r',(?="?[A-Za-z0-9_]+=)')
_NEXT_CATEGORY = re.compile(r"(?<!\\)/")
_NO_LABELS = frozenset({"has_options", "required_options"})


class _Raw(Struct, frozen=True):
    """A row as text: only the columns that are read and filled."""

    row: int
    texts: dict[str, str]

    def get(self, column: str) -> str:
        return self.texts.get(column, "")

    def says(self, column: str) -> bool:
        return self.get(column) in {"1", "1.0", "1.0000"}


def is_magento(header: tuple[str, ...]) -> bool:
    """Tell whether a header is that of Magento's product export."""
    return set(REQUIRED) <= set(header) and "attribute_set_code" in header


def read(path: Path, settings: FeedSettings) -> Feed:
    """Read a product export.

    Raises:
        BadFeed: a column that every such export has is missing.
    """
    opened = table(path)
    if missing := [name for name in REQUIRED if name not in opened.header]:
        raise BadFeed(
            f"the file has no column {', '.join(missing)}; is this Magento's product export?"
        )
    notes = Notes()
    products: dict[str, _Raw] = {}
    views: dict[str, dict[str, dict[str, str]]] = {}
    rows = 0
    for row in opened.rows():
        rows = row.number
        if row.problem:
            notes.add(row.number, row.problem)
            continue
        named = opened.named(row)
        texts = {name: named[name] for name in _READ if named.get(name)}
        raw = _Raw(row.number, texts)
        view = named.get("store_view_code", "")
        if view:
            views.setdefault(view, {})[raw.get("sku")] = texts
        elif raw.get("sku") in products:
            notes.add(row.number, "duplicate_id", raw.get("sku"))
        else:
            products[raw.get("sku")] = raw
    shown = _in_view(products, views, settings.store_view)
    entries = _entries(shown, settings, notes)
    return assemble(entries, notes, rows=rows, currency=settings.currency, settings=settings)


def _in_view(
    products: dict[str, _Raw], views: Mapping[str, Mapping[str, Mapping[str, str]]], wanted: str
) -> dict[str, _Raw]:
    """Put the texts of a store view over the default ones: of the wanted one, or of the only one."""
    chosen = views.get(wanted, {}) if wanted or len(views) != 1 else next(iter(views.values()))
    over = {
        sku: {name: text for name, text in texts.items() if name in _TEXTS}
        for sku, texts in chosen.items()
    }
    return {sku: _Raw(raw.row, raw.texts | over.get(sku, {})) for sku, raw in products.items()}


def _entries(products: dict[str, _Raw], settings: FeedSettings, notes: Notes) -> Iterator[Entry]:
    variants_of = {sku: _variations(raw) for sku, raw in products.items() if _has_variants(raw)}
    children = {sku for variants in variants_of.values() for sku in variants}
    for sku, raw in products.items():
        if sku in children:
            continue
        if raw.get("product_online") in _DISABLED or raw.get("visibility").casefold() in _HIDDEN:
            notes.add(raw.row, "not_for_sale", sku)
        elif sku in variants_of:
            yield from _configurable(raw, variants_of[sku], products, settings, notes)
        else:
            yield Entry(raw.row, _offer(raw, {}, settings, notes), _product(raw, settings))


def _has_variants(raw: _Raw) -> bool:
    return raw.get("product_type") == "configurable"


def _variations(raw: _Raw) -> dict[str, dict[str, str]]:
    """Give the attributes of each variant by sku: 'sku=A-M,size=M|sku=A-L,size=L'."""
    listed = [attributes_in(part) for part in raw.get("configurable_variations").split("|")]
    found = {attributes.pop("sku"): attributes for attributes in listed if "sku" in attributes}
    others = (sku.strip() for sku in raw.get("associated_skus").split(","))
    return found | {sku: {} for sku in others if sku and sku not in found}


def _configurable(
    parent: _Raw,
    variants: dict[str, dict[str, str]],
    products: dict[str, _Raw],
    settings: FeedSettings,
    notes: Notes,
) -> Iterator[Entry]:
    """Give an entry per variant that is in the file and for sale; the parent's texts are the product's."""
    sku = parent.get("sku")
    told = _product(parent, settings)
    for variant, attributes in variants.items():
        child = products.get(variant)
        if child is None:
            notes.add(parent.row, "missing_variant", variant)
        elif child.get("product_online") in _DISABLED:
            notes.add(child.row, "not_for_sale", variant)
        else:
            offer = _offer(child, attributes, settings, notes, parent)
            alone = settings.product_id == "row"
            yield Entry(child.row, offer, _product(child, settings) if alone else told, sku)


def _offer(
    raw: _Raw,
    attributes: dict[str, str],
    settings: FeedSettings,
    notes: Notes,
    parent: _Raw | None = None,
) -> Offer:
    own = attributes_in(raw.get("additional_attributes")) | attributes
    priced = raw if parent is None or not is_nothing(raw.get("price")) else parent
    stock = _stock(raw, notes)
    if parent is not None and parent.get("is_in_stock") == "0":
        stock = Stock("out_of_stock", None)
    amounts = ("price", "special_price", "special_price_from_date", "special_price_to_date")
    texts = tuple(priced.get(name) for name in amounts)
    ask = asked(raw.row, (texts[0], texts[1], texts[2], texts[3]), settings, notes)
    return Offer(
        id=raw.get("sku"),
        **ask._asdict(),
        availability=stock.availability,
        stock=stock.pieces,
        size=size_in(own),
        colour=colour_in(own),
    )


def _stock(raw: _Raw, notes: Notes) -> Stock:
    """Read the stock; a product whose stock is not managed has a statement but no count."""
    if is_nothing(raw.get("is_in_stock")) and is_nothing(raw.get("qty")):
        return Stock("unknown", None)
    stated = raw.get("is_in_stock")
    if stated not in {"0", "1"} and not is_nothing(stated):
        notes.add(raw.row, "bad_availability", stated)
        return Stock("unknown", None)
    managed = raw.says("manage_stock") or raw.get("use_config_manage_stock") != "0"
    count = None
    if managed and not is_nothing(raw.get("qty")):
        count = pieces(raw.get("qty"))
        if count is None:
            notes.add(raw.row, "bad_stock", raw.get("qty"))
            return Stock("unknown", None)
        reserve = pieces(raw.get("out_of_stock_qty")) or 0
        count = max(count - reserve, 0)
    backorder = raw.get("allow_backorders") in {"1", "2", "101"}
    return stock_of(
        says_in_stock=stated != "0",
        count=count,
        may_backorder=backorder and not raw.says("use_config_backorders"),
    )


def _product(raw: _Raw, settings: FeedSettings) -> Product:
    attributes = attributes_in(raw.get("additional_attributes"))
    key = raw.get("url_key")
    pictures = [
        _picture(text, settings) for text in raw.get("additional_images").split(",") if text
    ]
    return Product(
        id=ProductId(raw.get("sku")),
        title=plain_text(raw.get("name")).replace("\n", " "),
        categories=categories(raw.get("categories")),
        brand=attributes.get("brand") or attributes.get("manufacturer"),
        description=plain_text(raw.get("description") or raw.get("short_description")),
        link=f"{settings.base_url.rstrip('/')}/{key}.html" if settings.base_url and key else "",
        image=_picture(raw.get("base_image"), settings),
        images=tuple(pictures),
        gender=gender(attributes.get("gender", "")),
        labels={name: text for name, text in attributes.items() if name not in _NO_LABELS},
        added=moment_of(raw.get("created_at"), settings.zone),
    )


def _picture(path: str, settings: FeedSettings) -> str:
    path = path.strip()
    if not path or not settings.base_url or "://" in path:
        return path
    return f"{settings.base_url.rstrip('/')}/media/catalog/product/{path.lstrip('/')}"


def attributes_in(text: str) -> dict[str, str]:
    """Split 'color=Geel,size=M'; values may hold commas, and be quoted.

    >>> attributes_in('color=Geel,material=Wol, katoen,"size=M"')
    {'color': 'Geel', 'material': 'Wol, katoen', 'size': 'M'}
    """
    parts = (part.strip().strip('"').partition("=") for part in _NEXT_ATTRIBUTE.split(text))
    return {name.strip(): value.strip() for name, equals, value in parts if equals}


def categories(text: str) -> tuple[tuple[str, ...], ...]:
    """Split the category paths and drop their root, which no shopper sees.

    The product's own category comes first: the deepest one below the first that is named.

    >>> categories("Default Category/Gear,Default Category/Gear/Bags,Default Category")
    (('Gear', 'Bags'), ('Gear',))
    """
    paths = [
        tuple(part.replace("\\/", "/").strip() for part in _NEXT_CATEGORY.split(path))[1:]
        for path in text.split(",")
    ]
    paths = [path for path in paths if path]
    if not paths:
        return ()
    own = max((path for path in paths if path[: len(paths[0])] == paths[0]), key=len)
    return tuple(dict.fromkeys([own, *paths]))
