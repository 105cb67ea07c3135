"""A catalogue as any table: the shop says which column is what, and plain names are known already.

In:   a path, and `--map column=field` from the shop's settings.
Out:  a `Feed`.
Idea: fields are named as Google's attributes, so a mapped table is a merchant feed with other headings.
"""

from __future__ import annotations

from pathlib import Path

from etalage.collect.feed import Feed
from etalage.connect.catalogue.merchant import LABELS
from etalage.connect.catalogue.merchant_tsv import REQUIRED, attribute_name, read_columns
from etalage.connect.catalogue.settings import FeedSettings
from etalage.connect.delimited import table
from etalage.errors import BadFeed, Unknown

FIELDS = frozenset(
    "id title description link image_link additional_image_link availability stock price sale_price "
    "sale_price_effective_date sale_from sale_until currency brand gtin product_type item_group_id color size "
    "gender age_group".split()
) | frozenset(LABELS)

# Headings that mean a field without being called so, English and Dutch, and what people type in --map.
ALIASES = {
    **dict.fromkeys(("sku", "product_id", "item_id", "artikelnummer", "productnummer"), "id"),
    **dict.fromkeys(("name", "product_name", "item_name", "naam", "titel", "productnaam"), "title"),
    **dict.fromkeys(("omschrijving", "beschrijving"), "description"),
    **dict.fromkeys(("url", "product_url"), "link"),
    **dict.fromkeys(("image", "image_url", "afbeelding"), "image_link"),
    **dict.fromkeys(("images", "afbeeldingen"), "additional_image_link"),
    **dict.fromkeys(
        ("category", "categories", "item_category", "categorie", "categorieën"), "product_type"
    ),
    **dict.fromkeys(("group", "group_id", "parent_id"), "item_group_id"),
    **dict.fromkeys(("item_brand", "merk"), "brand"),
    **dict.fromkeys(("quantity", "inventory", "qty", "voorraad"), "stock"),
    **dict.fromkeys(("prijs",), "price"),
    **dict.fromkeys(("actieprijs", "special_price"), "sale_price"),
    **dict.fromkeys(("colour", "kleur"), "color"),
    **dict.fromkeys(("maat",), "size"),
    **dict.fromkeys(("ean", "barcode"), "gtin"),
    **dict.fromkeys(("valuta",), "currency"),
}


def read(path: Path, settings: FeedSettings) -> Feed:
    """Read a table.

    Raises:
        Unknown: the mapping names a column or a field that does not exist.
        BadFeed: there is no column for the id or the title.
    """
    opened = table(path)
    names = columns(opened.header, settings.mapping)
    if missing := sorted(REQUIRED - set(names)):
        raise BadFeed(
            f"no column is the product's {' or '.join(missing)}; say which with --map COLUMN={missing[0]} "
            f"(columns: {', '.join(opened.header[:20])})"
        )
    return read_columns(opened, names, settings)


def columns(header: tuple[str, ...], mapping: dict[str, str]) -> tuple[str, ...]:
    """Give the field of each column, '' for those that are none.

    A field that was mapped takes only the mapped column; two columns of one plain field keep the first.
    """
    for column in mapping:
        if column not in header:
            raise Unknown("column", column, header, field="map")
    wanted = {column: _field(name) for column, name in mapping.items()}
    taken = set(wanted.values())
    names: list[str] = []
    for column in header:
        plain = ALIASES.get(attribute_name(column), attribute_name(column))
        name = wanted.get(column) or (plain if plain in FIELDS - taken else "")
        taken.add(name)
        names.append(name)
    return tuple(names)


def _field(name: str) -> str:
    plain = attribute_name(name)
    plain = plain if plain in FIELDS else ALIASES.get(plain, plain)
    if plain not in FIELDS:
        raise Unknown("field", name, FIELDS, field="map")
    return plain
