"""Step 4 of 8, recommend: what this person looked at lately.

In:   the readable part of her profile.
Out:  products, the one she saw last first, each once.
Idea: the newest view says where she was; nothing is guessed. Bought ones are kept out by the guards.
From: methods 1.4.
"""

from __future__ import annotations

from collections.abc import Iterator

from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue
from etalage.domain.profile import Part


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


def last_category(part: Part | None, now: int, catalogue: Catalogue) -> str | None:
    """Give the category of what was viewed last, as the catalogue has it today."""
    for product in recently_viewed(part, now):
        known = catalogue.find(product)
        if known is not None and known.category is not None:
            return known.category
    return None
