"""Step 4 of 8, recommend: what this person looked at lately.

In:   the readable part of her profile.
Out:  products, the one she saw last first, each once.
Idea: the newest view says where she was; nothing is guessed. Bought ones are kept out by the guards.
From: methods 1.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue
from etalage.domain.profile import Part

HAVING = frozenset({"view_item", "add_to_cart", "purchase"})
LOOKED_BACK = 500  # events, the newest: a session of ten thousand takes no longer


def recently_viewed(part: Part | None, now: int) -> Iterator[ProductId]:
    """Give the products viewed up to now, newest first, each once."""
    seen: set[str] = set()
    for recent in reversed(part.recents if part is not None else ()):
        if recent.name != "view_item" or recent.time > now:
            continue
        for line in recent.lines:
            if line.product not in seen:
                seen.add(line.product)
                yield ProductId(line.product)


def recently_had(part: Part | None, now: int, most: int) -> list[str]:
    """Give what she looked at, put in her cart or bought up to now, newest first, each once; `most` of them."""
    if part is None:
        return []
    had: dict[str, int] = {}  # product -> last time
    for recent in islice(reversed(part.recents), LOOKED_BACK):
        if recent.name in HAVING and recent.time <= now:
            for line in recent.lines:
                had.setdefault(line.product, recent.time)
        if len(had) >= most:
            break
    for product, time in part.bought.items():
        if had.get(product, -1) < time <= now:
            had[product] = time
    is_clear = len({*had.values()}) == len(had)
    named = had if is_clear else sorted(had)  # of one time, by their names
    return sorted(named, key=had.__getitem__, reverse=True)[:most]


def last_category(part: Part | None, now: int, catalogue: Catalogue) -> str | None:
    """Give the category of what was viewed last, as the catalogue has it today."""
    for product in recently_viewed(part, now):
        known = catalogue.find(product)
        if known is not None and known.category is not None:
            return known.category
    return None
