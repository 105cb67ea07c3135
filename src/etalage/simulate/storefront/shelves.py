"""What stands where in the shop: goods as its pages show them, categories, filters, searching.

In:   the shop's catalogue (the same the engine reads) and what `range` knows beside it.
Out:  `Good`s; lists of them, filtered and sorted by what an address asks.
Idea: prices and stock come from the catalogue alone; nothing here decides what anything costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Literal

from msgspec import Struct

from etalage.domain.product import Catalogue, Offer, Product
from etalage.simulate.storefront.drawing import colour_of, picture
from etalage.simulate.storefront.range import Style, dyes, plan, slug_of, styles
from etalage.simulate.storefront.scenes import scene

Tongue = Literal["nl", "en"]
LOW = 3  # pieces: the page says how many are left
PRICES = {"tot-50": (0, 5_000), "50-100": (5_000, 10_000), "100-150": (10_000, 15_000), "150-plus": (15_000, 10**9)}  # fmt: skip
SORTS = ("passend", "prijs", "prijs-af", "beoordeling", "nieuw")
PER_PAGE = 24
SCENE = "buiten-"  # before the name of a scene
MOST_WORDS = 8  # of a search


class Good(Struct, frozen=True):
    """A product on the shelf."""

    product: Product
    style: Style
    slug: str

    @property
    def id(self) -> str:
        """Its id in the catalogue, and in every event."""
        return self.product.id

    @property
    def path(self) -> tuple[str, ...]:
        """Its category in the shop's own words."""
        return self.product.categories[0]

    @property
    def offers(self) -> tuple[Offer, ...]:
        """Its sizes and colours."""
        return self.product.offers

    @property
    def colours(self) -> tuple[str, ...]:
        """Its colours; the first is the one it is shown in."""
        return self.style.colours

    def title(self, tongue: Tongue) -> str:
        """Give its name."""
        return self.product.title if tongue == "nl" else self.style.title[1]

    def description(self, tongue: Tongue) -> str:
        """Give its text."""
        return self.product.description if tongue == "nl" else self.style.description[1]

    def price(self, now: int) -> int:
        """Give what it costs now, in cents; sold out, what it would."""
        asked = self.product.price_at(now)
        return asked if asked is not None else min(o.price_at(now) or 0 for o in self.offers)

    def was(self, now: int) -> int | None:
        """Give what it cost before; None if it is not reduced."""
        full = min(o.price or 0 for o in self.offers)
        return full if full > self.price(now) else None

    def picture(self, colour: str | None = None) -> str:
        """Give the name of its picture in a colour."""
        shown = colour or colour_of(self.style)
        return f"{self.id.lower()}-{slug_of(shown)}.svg"

    def sizes(self, colour: str | None) -> list[Offer]:
        """Give what can be chosen in a colour."""
        return [o for o in self.offers if colour is None or o.colour == colour]


class Wish(Struct, frozen=True):
    """What an address asks of a list."""

    sizes: frozenset[str] = frozenset()
    colours: frozenset[str] = frozenset()
    price: str = ""
    only_sale: bool = False
    sort: str = "passend"
    page: int = 1

    @property
    def is_plain(self) -> bool:
        """Whether nothing was chosen: the list as the shop gives it."""
        return self == Wish()


def wish_of(given: Mapping[str, Sequence[str]]) -> Wish:
    """Read an address; what it does not know, it leaves alone."""

    def one(name: str) -> str:
        return next(iter(given.get(name, ())), "")

    page = one("pagina")
    return Wish(
        sizes=frozenset(given.get("maat", ())[:20]),
        colours=frozenset(given.get("kleur", ())[:20]),
        price=one("prijs") if one("prijs") in PRICES else "",
        only_sale=bool(one("afgeprijsd")),
        sort=one("sorteer") if one("sorteer") in SORTS else "passend",
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 4 else 1,  # noqa: PLR2004
    )


class Shelves:
    """All goods of the shop."""

    def __init__(self, catalogue: Catalogue) -> None:
        known = styles()
        self.goods: dict[str, Good] = {
            p.id: Good(p, known[p.id], p.link.rsplit("/", 1)[-1])
            for p in catalogue.products.values()
            if p.id in known
        }
        self.by_slug = {good.slug: good for good in self.goods.values()}

    @cached_property
    def categories(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        """Every category path by its address."""
        found: dict[tuple[str, ...], tuple[str, ...]] = {}
        for good in self.goods.values():
            for depth in range(1, len(good.path) + 1):
                path = good.path[:depth]
                found.setdefault(tuple(category_slug(name) for name in path), path)
        return found

    def under(self, path: tuple[str, ...]) -> list[Good]:
        """Give what stands in a category or below it."""
        return [g for g in self.goods.values() if g.path[: len(path)] == path]

    def below(self, path: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Give the categories right below one."""
        return [
            p
            for p in self.categories.values()
            if len(p) == len(path) + 1 and p[: len(path)] == path
        ]

    def search(self, asked: str) -> list[Good]:
        """Find what has every word in its name, category, colour or text; names first."""
        words = [word for word in fold(asked).split() if word][:MOST_WORDS]
        if not words:
            return []
        found = []
        for good in self.goods.values():
            name, text = self._read[good.id]
            if all(word in name or word in text for word in words):
                found.append((-sum(word in name for word in words), good.id, good))
        return [good for _, _, good in sorted(found, key=lambda one: one[:2])]

    @cached_property
    def _read(self) -> dict[str, tuple[str, str]]:
        return {
            good.id: (
                fold(" ".join(good.style.title)),
                fold(
                    " ".join(
                        (
                            *good.path,
                            *(en_of(part) for part in good.path),
                            *good.colours,
                            *(dyes()[c][0] for c in good.colours),
                            *good.style.description,
                        )
                    )
                ),
            )
            for good in self.goods.values()
        }


def chosen(goods: Iterable[Good], wish: Wish, now: int) -> list[Good]:
    """Keep what is wished, in the wished order."""
    kept = [good for good in goods if _fits(good, wish, now)]
    keys = {
        "prijs": lambda g: (g.price(now), g.id),
        "prijs-af": lambda g: (-g.price(now), g.id),
        "beoordeling": lambda g: (-g.style.stars, -len(g.style.reviews), g.id),
        "nieuw": lambda g: (-int(g.id[2:]), g.id),
    }
    return sorted(kept, key=keys[wish.sort]) if wish.sort in keys else kept


def _fits(good: Good, wish: Wish, now: int) -> bool:
    if wish.price:
        low, high = PRICES[wish.price]
        if not low <= good.price(now) < high:
            return False
    if wish.only_sale and good.was(now) is None:
        return False
    if not wish.sizes and not wish.colours:
        return True
    return any(
        offer.is_available
        and (not wish.sizes or offer.size in wish.sizes)
        and (not wish.colours or offer.colour in wish.colours)
        for offer in good.offers
    )


def sizes_in(goods: Iterable[Good]) -> list[str]:
    """Give the sizes there are, in the order of the first goods."""
    return list(dict.fromkeys(o.size for g in goods for o in g.offers if o.size))


def colours_in(goods: Iterable[Good]) -> list[str]:
    """Give the colours there are."""
    return sorted({colour for good in goods for colour in good.colours})


def category_slug(name: str) -> str:
    """Write a category as part of an address."""
    known = plan()["categories"].get(name)
    return known[1] if known else slug_of(name)


def en_of(name: str) -> str:
    """Give a category's English name."""
    known = plan()["categories"].get(name)
    return known[0] if known else name


def fold(text: str) -> str:
    """Give a text as it is compared in a search."""
    return slug_of(text[:200]).replace("-", " ")


def drawn(name: str, shelves: Shelves) -> str | None:
    """Draw the picture of this name, such as `n-601-okergeel.svg` or `los-n-601-okergeel.svg`; None: there is none."""
    stem, dot, kind = name.rpartition(".")
    if not dot or kind != "svg":
        return None
    if stem.startswith(SCENE):
        return scene(stem.removeprefix(SCENE))
    bare = stem.startswith("los-")
    parts = stem.removeprefix("los-").split("-", 2)
    good = shelves.goods.get("-".join(parts[:2]).upper())
    if good is None:
        return None
    colour = parts[2] if len(parts) == 3 else ""  # noqa: PLR2004  id and colour
    known = next((c for c in (*good.colours, colour_of(good.style)) if slug_of(c) == colour), None)
    if colour and known is None:
        return None
    return picture(good.id, known, grounded=not bare)
