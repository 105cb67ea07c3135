"""Profiles made again from the log alone: after a restore, or when their file was damaged.

In:   a log that is whole, and profiles that hold nothing.
Out:  the same folds, warm conditions included, as if they had been made as events came in.
"""

from __future__ import annotations

from etalage.domain.shop import shop_from
from etalage.domain.time import ShopZone
from etalage.flow.look_back import back_fill, refold
from etalage.flow.remember import Memorist, remember
from etalage.ports import Ports


def make_profiles_again(ports: Ports) -> int:
    """Fold the whole log, count the past of each condition, settle orders; give the position reached."""
    shop = shop_from(ports.records.shop())
    how = Memorist(ShopZone(shop.zone), shop.currency)
    position = remember(ports.log, ports.profiles, how)
    back_fill(ports.log, ports.profiles, how)
    refold(ports.log, ports.profiles, how, ports.profiles.marked())
    return position
