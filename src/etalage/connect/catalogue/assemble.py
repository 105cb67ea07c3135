"""From rows to products: the rows of one item group become one product, each row an offer.

In:   an `Entry` per row, of whichever format, and the notes the parser made.
Out:  a `Feed`.
Idea: all formats share this one place where ids are checked, groups gathered and repeated ids left out.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from etalage.collect.feed import Feed, Problem, ProblemReason
from etalage.connect.catalogue.settings import FeedSettings
from etalage.connect.catalogue.values import MAX_TITLE, identifier
from etalage.domain.ids import ProductId
from etalage.domain.product import Offer, Product

MAX_IMAGES = 11  # the first and ten more, as in the merchant format


class Entry(Struct, frozen=True):
    """What one row says: an offer, what it tells of its product, and the group it belongs to, if any."""

    row: int
    offer: Offer
    product: Product
    group: str = ""


class Notes:
    """Collects what was wrong with a file while it is read."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def add(self, row: int, reason: ProblemReason, detail: str = "") -> None:
        """Note what was wrong with a row."""
        self._problems.append(Problem(row, reason, detail[:100]))

    def in_order(self) -> tuple[Problem, ...]:
        """Give all notes in the order of the rows."""
        return tuple(sorted(self._problems, key=lambda problem: problem.row))


def assemble(
    entries: Iterable[Entry], notes: Notes, *, rows: int, currency: str, settings: FeedSettings
) -> Feed:
    """Gather entries into products, in the order of their first row."""
    gathered: dict[str, list[Entry]] = {}
    seen: set[str] = set()
    for entry in entries:
        name = _usable_id(entry, notes)
        if name is None:
            continue
        if name in seen:
            notes.add(entry.row, "duplicate_id", name)
            continue
        seen.add(name)
        group = identifier(entry.group) if settings.product_id == "group" else ""
        offer = msgspec.structs.replace(entry.offer, id=name)
        gathered.setdefault(group or name, []).append(msgspec.structs.replace(entry, offer=offer))
    products = tuple(_product(name, members) for name, members in gathered.items())
    return Feed(products, notes.in_order(), rows, currency)


def _usable_id(entry: Entry, notes: Notes) -> str | None:
    name = identifier(entry.offer.id)
    if name is None:
        notes.add(entry.row, "bad_id", entry.offer.id)
    elif not name:
        notes.add(entry.row, "no_id")
    elif not entry.product.title.strip():
        notes.add(entry.row, "no_title", name)
    else:
        return name
    return None


def _product(name: str, members: list[Entry]) -> Product:
    """Make one product: the first row that tells something decides, pictures and categories add up."""
    told = [member.product for member in members]
    pictures = dict.fromkeys(
        picture for one in told for picture in (one.image, *one.images) if picture
    )
    first, *others = (*pictures, "")[:MAX_IMAGES]
    return Product(
        id=ProductId(name),
        title=told[0].title.strip()[:MAX_TITLE],
        offers=tuple(member.offer for member in members),
        categories=tuple(dict.fromkeys(path for one in told for path in one.categories)),
        brand=next((one.brand for one in told if one.brand), None),
        description=next((one.description for one in told if one.description), ""),
        link=next((one.link for one in told if one.link), ""),
        image=first,
        images=tuple(picture for picture in others if picture),
        gender=next((one.gender for one in told if one.gender), None),
        age_group=next((one.age_group for one in told if one.age_group), None),
        gtin=next((one.gtin for one in told if one.gtin), None),
        labels={key: text for one in reversed(told) for key, text in one.labels.items()},
        added=min((one.added for one in told if one.added is not None), default=None),
    )
