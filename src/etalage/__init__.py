"""Etalage, the digital salesperson of a web shop.

>>> import etalage
>>> shop = etalage.open("shop")                                  # doctest: +SKIP
>>> shop.segment({"did": "view_item", "within": "7d"}).size()    # doctest: +SKIP
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etalage.notebook import ShopFace

__all__ = ["open"]


def open(directory: str | Path, *, shop: str | None = None) -> ShopFace:  # noqa: A001  the promised name
    """Open a shop for questions; a context manager, or close it yourself.

    Args:
        directory: the data directory; a server may be running on it.
        shop: which one, if the directory holds several.
    """
    from etalage.notebook import ShopFace

    return ShopFace(Path(directory), shop)
