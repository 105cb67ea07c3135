"""What should be looked at, every night: figures out of the ordinary, tracking that broke, messages that do harm.

In:   the log, by the questions of `measure/sql`; the days that the shop marked; the alerts as they stand.
Out:  the alerts as they now stand, in the records; a message paused, only where the shop said so beforehand.
Idea: nothing is counted twice and nothing is remembered but the alerts themselves: every night judges the last four
      weeks from the log, so it may come late, come twice, or be killed on the way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from etalage.domain.alert import Alert
from etalage.domain.arrival import ENGINE
from etalage.domain.report import OVERALL
from etalage.domain.shop import Shop, changed, shop_from
from etalage.domain.time import ShopZone
from etalage.errors import EtalageError
from etalage.flow import publish
from etalage.flow.report import report_all
from etalage.measure.watch.alerts import AGAIN_DAYS, carry_on, figures, from_reports
from etalage.measure.watch.anomaly import WEEK, WINDOW
from etalage.measure.watch.breaks import LOOK_BACK, Intake, breaks, seen_from
from etalage.measure.watch.daily import Series, kpi_rows, series_of
from etalage.measure.watch.marks import marked_days
from etalage.measure.watch.questions import AlertQuestion, ask_days
from etalage.ports import Document, Ports
from etalage.unify.batch import view_statements

JUDGED = "alerts"  # the note of the night that was judged last
DAYS_BACK = AGAIN_DAYS + WINDOW + WEEK + 1  # that the figures are asked about
SYSTEM = "etalage"  # who pauses a message where the shop let it be paused


class JudgedNight(Struct, frozen=True):
    """Up to where was judged, and with which days marked."""

    today: int
    marked: dict[str, str]


def look_out(ports: Ports, *, now: int, only_due: bool = False) -> list[Alert] | None:
    """Judge everything up to yesterday and keep the alerts as they now stand.

    Args:
        ports: the shop's stores.
        now: the moment; the day it falls on is not over and never judged.
        only_due: give None, and do nothing, where this day was judged before.
    """
    shop = shop_from(ports.records.shop())
    today = ShopZone(shop.zone).day(now)
    night = JudgedNight(today, shop.marked_days)
    if only_due and _judged(ports) == night:
        return None
    found = _found(ports, shop, today=today, now=now)
    kept = ports.records.change_alerts(lambda known: carry_on(known, found, today=today))
    if shop.pause_harmful:
        _pause(ports, kept, now=now)
    ports.models.put(JUDGED, msgspec.json.encode(night))
    return kept


def judged_to(ports: Ports) -> int | None:
    """Give the shop day up to which was judged, which is not in it; None if nothing was judged yet."""
    night = _judged(ports)
    return None if night is None else night.today


def open_alerts(ports: Ports) -> list[Alert]:
    """Give the alerts that are open."""
    return [one for one in ports.records.alerts() if one.state == "open"]


def untold(ports: Ports, *, now: int) -> list[Alert]:
    """Give the alerts that were not given out before, and note that they are now: for whoever passes them on.

    What is over by itself needs nobody; that a message did harm is told also when it was paused meanwhile.
    """
    new: list[Alert] = []

    def take(known: list[Alert]) -> list[Alert]:
        new[:] = [one for one in known if one.told is None and _is_to_be_told(one)]
        return [replace(one, told=now) if one in new else one for one in known]

    ports.records.change_alerts(take)
    return new


def _is_to_be_told(alert: Alert) -> bool:
    return alert.state == "open" or alert.kind == "harmful"


def mark(ports: Ports, days: Mapping[str, str | None], *, actor: str, now: int) -> Shop:
    """Mark days by date, with a word that says why; None takes a mark away."""
    shop = shop_from(ports.records.shop())
    kept = {**shop.marked_days, **days}
    new = {day: kept[day] for day in sorted(kept) if kept[day] is not None}
    after = changed(shop, {"marked_days": new})
    if after.marked_days != shop.marked_days:
        ports.records.change_shop({"marked_days": after.marked_days}, actor=actor, now=now)
    return after


def series_between(ports: Ports, first: int, last: int) -> list[Series]:
    """Give the shop's figures of these shop days, both included."""
    return series_of(kpi_rows(_asked(ports, ("kpis",), first, last)["kpis"]))


def _judged(ports: Ports) -> JudgedNight | None:
    content = ports.models.get(JUDGED)
    if content is None:
        return None
    try:
        return msgspec.json.decode(content, type=JudgedNight)
    except msgspec.DecodeError:
        return None


def _found(ports: Ports, shop: Shop, *, today: int, now: int) -> list[Alert]:
    marked = marked_days(shop.marked_days)
    live = [document.name for document in ports.records.live("experience")]
    reports = report_all(ports, now=now) if live else []
    return [
        *figures(series_between(ports, today - DAYS_BACK, today - 1), marked, today=today),
        *_broken(ports, shop, live, marked, today),
        *from_reports(reports, today=today, live=[*live, OVERALL]),
    ]


def _broken(
    ports: Ports, shop: Shop, live: Sequence[str], marked: Collection[int], today: int
) -> list[Alert]:
    asked: tuple[AlertQuestion, ...] = ("signals", "books", "shown")
    rows = _asked(ports, asked, today - LOOK_BACK, today - 1)
    intake = _intake(ports, today)
    seen = seen_from(rows, intake=intake, orders=shop.orders, live=live)
    return breaks(seen, marked, today=today)


def _asked(
    ports: Ports, asked: Sequence[AlertQuestion], first: int, last: int
) -> dict[str, list[dict[str, object]]]:
    with ports.warehouse.session() as questions:
        for statement in view_statements():
            questions.prepare(statement)
        return {
            name: questions.ask(*ask_days(name, first=first, last=last)).dicts() for name in asked
        }


def _intake(ports: Ports, today: int) -> list[dict[str, object]]:
    """Give what intake did per day and reason; what the engine itself says is not received."""
    received: Counter[int] = Counter()
    counts: Counter[tuple[int, str]] = Counter()
    for line in ports.log.account():
        if line.key != ENGINE and today - LOOK_BACK <= line.day < today:
            received[line.day] += line.count
            counts[line.day, line.reason] += line.count
    return [
        msgspec.structs.asdict(Intake(day, reason, count, received[day]))
        for (day, reason), count in sorted(counts.items())
    ]


def _pause(ports: Ports, kept: Sequence[Alert], *, now: int) -> list[Document]:
    """Pause what does harm; what somebody paused or ended meanwhile is left as it is."""
    paused = []
    for alert in kept:
        if alert.kind == "harmful" and alert.state == "open" and alert.name != OVERALL:
            try:
                paused.append(publish.pause(ports, alert.name, actor=SYSTEM, now=now))
            except EtalageError:
                continue
    return paused
