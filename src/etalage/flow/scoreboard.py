"""The scoreboard: the shop's week beside the weeks before and last year's, from the log as it stands now."""

from __future__ import annotations

from etalage.domain.shop import shop_from
from etalage.domain.time import ShopZone
from etalage.flow.alerts import series_between
from etalage.measure.watch.lead_lag import MOST_DAYS, lead_and_lag
from etalage.measure.watch.marks import marked_days
from etalage.measure.watch.scoreboard import WEEKS_BEFORE, YEAR, measures
from etalage.measure.watch.scoreboard_lines import Scoreboard
from etalage.ports import Ports

DAYS_BACK = YEAR + MOST_DAYS + (WEEKS_BEFORE + 1) * 7


def scoreboard(ports: Ports, *, now: int) -> Scoreboard:
    """Compare the last seven finished days."""
    shop = shop_from(ports.records.shop())
    zone = ShopZone(shop.zone)
    last = zone.day(now) - 1
    marked = marked_days(shop.marked_days)
    series = series_between(ports, last - DAYS_BACK, last)
    return Scoreboard(
        week_ends=zone.date(last).isoformat(),
        measures=tuple(measures(series, marked, last=last)),
        tends_to_move=tuple(lead_and_lag(series, marked, last=last)),
    )
