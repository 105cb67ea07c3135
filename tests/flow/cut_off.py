"""Erases somebody, files and all, and ends this process without a word at the place that is named.

`python cut_off.py DIR PROFILE PLACE NOW`
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shop import SETTINGS

from etalage import app
from etalage.domain.shop import Shop
from etalage.domain.time import ShopZone
from etalage.flow import clean as cleaning
from etalage.flow import privacy
from etalage.flow.remember import Memorist, remember
from etalage.govern.privacy import Keep
from etalage.store.duckdb.rewrite import Rewriter
from etalage.store.lmdb import exchange
from etalage.store.lmdb.journal import LmdbEventLog

CUT_OFF = 77


def after(work: Callable[..., Any]) -> Callable[..., Any]:
    """Do it, and end."""

    def ending(*given: Any, **named: Any) -> None:
        work(*given, **named)
        os._exit(CUT_OFF)

    return ending


def arrange(where: str) -> None:
    """Make the process end at a place."""
    if where == "exchange":  # between the two renames
        exchange.sync = after_renames(exchange.sync)  # type: ignore[assignment]
    elif where == "renew":
        LmdbEventLog.renew = after(LmdbEventLog.renew)  # type: ignore[method-assign]
    elif where == "rewrite":
        Rewriter.rewrite = after(Rewriter.rewrite)  # type: ignore[method-assign]
    elif where == "refold":
        setattr(cleaning, "remember", after(remember))  # noqa: B010  not its own name
    elif where != "nowhere":
        setattr(privacy, where, after(getattr(privacy, where)))


def after_renames(sync: Callable[[Path], None]) -> Callable[[Path], None]:
    """End when the old files have given up their name and the new ones do not have it yet."""

    def ending(path: Path) -> None:
        sync(path)
        if path.name == "journal.next" and (path / exchange.WHOLE).exists():
            path.with_name("journal").rename(path.with_name("journal.old"))
            os._exit(CUT_OFF)

    return ending


def main(directory: str, profile: str, where: str, moment: str) -> None:
    now = int(moment)
    shop: Shop
    shop, ports = app.open_ports(Path(directory), app.the_shop(Path(directory)), settings=SETTINGS)
    how = Memorist(ShopZone(shop.zone), shop.currency)
    arrange(where)
    privacy.erase(ports, profile, how, actor="ann", now=now)
    while cleaning.clean(ports, how, keep=Keep(), now=now, at_once=True) is None:
        pass
    ports.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
