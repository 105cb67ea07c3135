"""Step 4 of 8, recommend: which offers of a product are in her size.

In:   the size she told, what she bought, a product.
Out:  her size for this kind of product, if it is known, and the offers in it.
Idea: what she said goes before what she did. Of orders a size counts only if she bought it twice, and for its own
      kind of clothes: 40 is a shoe or a dress, and a gift is no size. "M" says nothing about shoes: letters are held
      against letters and numbers against numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from types import MappingProxyType

from etalage.domain.product import CATEGORY_SEPARATOR, Offer, Product
from etalage.domain.profile import KeptLine, Part

BOUGHT = 2  # pieces of one size, before it is taken for hers
REMEMBERED = 40  # lines of orders, the newest: who grows is not kept in an old size
AGREED = 2 / 3  # of the pieces of a kind have to be of that size
_SIZE = "size"  # the preference that says the person's size
_LEVELS = 2  # of a category that say the kind of product: "Dames > Schoenen"

Sizes = Mapping[str, str]  # kind of product -> her size, by what she bought
NO_SIZES: Sizes = MappingProxyType({})


def told_size(part: Part | None) -> str | None:
    """Give the size she told us."""
    written = None if part is None else part.preferences.get(_SIZE) or part.traits.get(_SIZE)
    if written is None or not isinstance(written.value, str | int):
        return None
    return str(written.value).strip() or None


def bought_sizes(part: Part | None, now: int) -> Sizes:
    """Give the sizes she buys, per kind of product."""
    if part is None or not part.bought:  # in it is every product that she ever bought
        return NO_SIZES
    pieces: dict[str, dict[str, int]] = {}
    for line in islice(_sized(part, now), REMEMBERED):
        kind, size = _kind_of(line.category or ""), _plain(line.size or "")
        counted = pieces.get(kind)
        if counted is None:
            pieces[kind] = {size: line.quantity}
        else:
            counted[size] = counted.get(size, 0) + line.quantity
    found: dict[str, str] = {}
    for kind, counted in pieces.items():
        size, most = min(counted.items(), key=lambda one: (-one[1], one[0]))
        if most >= BOUGHT and most >= AGREED * sum(counted.values()):
            found[kind] = size
    return found


def _sized(part: Part, now: int) -> Iterator[KeptLine]:
    """Give what she bought that has a size, the newest first."""
    for recent in reversed(part.recents):
        if recent.name == "purchase" and recent.time <= now:
            for line in recent.lines:
                if line.size and line.category:
                    yield line


def size_for(product: Product, told: str | None, bought: Sizes) -> str | None:
    """Give her size for a product: as she told it, else as she buys it; None if nothing is known of its kind."""
    if told is not None and _asks(product, told):
        return told
    if not bought or not product.categories:
        return None
    size = bought.get(_kind(product.categories[0]))
    return size if size is not None and _asks(product, size) else None


def offers_for(product: Product, size: str | None) -> tuple[Offer, ...]:
    """Give the offers a person can buy: available ones, in her size where this kind of size is asked."""
    available = tuple(offer for offer in product.offers if offer.is_available)
    if size is None or not _asks(product, size):
        return available
    return tuple(o for o in available if o.size is not None and _plain(o.size) == _plain(size))


def _kind(path: Sequence[str]) -> str:
    return CATEGORY_SEPARATOR.join(path[:_LEVELS])


@lru_cache(maxsize=4_096)  # a shop has few categories, and a decision asks for them often
def _kind_of(category: str) -> str:
    return _kind(category.split(CATEGORY_SEPARATOR))


def _asks(product: Product, size: str) -> bool:
    kind = _plain(size)[:1].isdigit()
    return any(o.size is not None and _plain(o.size)[:1].isdigit() == kind for o in product.offers)


def _plain(size: str) -> str:
    return size.strip().casefold()
