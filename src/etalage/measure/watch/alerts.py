"""Step 7 of 8, measure: from judged days to alerts, one per cause, and how they go on from night to night.

In:   the series of a shop and the days it marked; what was found tonight, and the alerts as they were kept.
Out:  alerts: since when, when last seen, open or over.
Idea: the last four weeks are judged again every night, from the log as it now stands. So a night that was missed,
      done twice or killed in the middle changes nothing, and events that come late correct what was said too early.
From: methods 8.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from statistics import fmean
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from etalage.domain.alert import Alert
from etalage.domain.report import ExperienceReport
from etalage.measure.watch.anomaly import (
    ALERT,
    WATCH,
    WATCH_DAYS,
    Judged,
    discoveries,
    is_watched,
    judge,
)
from etalage.measure.watch.daily import SHARES, Series

AGAIN_DAYS = 28  # judged again every night
MANY = 20  # figures; above it, Benjamini-Hochberg too
KEPT_DAYS = 400  # an alert that is over is forgotten after this long
LEAST_OFF = 1.0  # after an alert, a day that is off by less is no watch: only the mean remembers
GAP_DAYS = 3  # what comes back within so many days is the same alert
# Judged as figures; what else is counted is only shown on the scoreboard.
NOT_JUDGED = frozenset({"click_share", "repeat"})

Way = Literal["up", "down"]


class Sign(Struct, frozen=True):
    """A day on which a figure was off."""

    judged: Judged
    grade: Literal["alert", "watch"]
    z: float  # of the day, or the mean of three


def figures(series: Sequence[Series], marked: Collection[int], *, today: int) -> list[Alert]:
    """Find the figures that are out of the ordinary in the last four weeks, up to yesterday.

    More than twenty figures: of a day only those that Benjamini-Hochberg calls real at 5%.
    """
    days = range(today - AGAIN_DAYS, today)
    judged_series = [one for one in series if one.name not in NOT_JUDGED]
    rows = {one.name: [judge(one, day, marked) for day in days] for one in judged_series}
    real = _real(rows, len(days))
    return [
        alert
        for name, row in sorted(rows.items())
        for way in ("up", "down")
        for alert in _of_way(name, row, real[name], way)
    ]


def _real(rows: dict[str, list[Judged | None]], days: int) -> dict[str, list[bool]]:
    """Tell per figure and day whether an alert of it is one among so many."""
    real = {name: [True] * days for name in rows}
    for i in range(days):
        found = {name: one for name, row in rows.items() if (one := row[i]) is not None}
        if len(found) > MANY:
            for name, is_real in zip(
                found, discoveries([one.p for one in found.values()]), strict=True
            ):
                real[name][i] = is_real
    return real


def _of_way(
    name: str, row: Sequence[Judged | None], real: Sequence[bool], way: str
) -> Iterable[Alert]:
    """Give the stretches in which a figure was off this way: a day not judged neither begins nor ends one."""
    stretch: list[Sign] = []
    side = 1 if way == "up" else -1
    for i, judged in enumerate(row):
        if judged is None:
            continue
        sign = _sign(row[: i + 1], judged, side, is_real=real[i])
        if sign is not None:
            stretch.append(sign)
        elif stretch and side * judged.z < WATCH:
            yield _alert(name, way, stretch, is_over=True)
            stretch = []
    if stretch:
        yield _alert(name, way, stretch, is_over=False)


def _sign(
    so_far: Sequence[Judged | None], judged: Judged, side: int, *, is_real: bool
) -> Sign | None:
    if side * judged.z >= ALERT and is_real:
        return Sign(judged, "alert", judged.z)
    if not is_watched(so_far):
        return None
    three = [side * one.z for one in so_far[-WATCH_DAYS:] if one is not None]
    is_echo = max(three) >= ALERT and side * judged.z < LEAST_OFF
    return Sign(judged, "watch", side * fmean(three)) if fmean(three) > 0 and not is_echo else None


def _alert(name: str, way: str, stretch: Sequence[Sign], *, is_over: bool) -> Alert:
    loudest = max(stretch, key=lambda sign: (sign.grade == "alert", abs(sign.z)))
    first = stretch[0]
    began = first.judged.day - (WATCH_DAYS - 1 if first.grade == "watch" else 0)
    return Alert(
        key=f"figure:{name}:{way}",
        kind="figure",
        name=name,
        since=began - (first.judged.days - 1),
        last=stretch[-1].judged.day,
        grade=loudest.grade,
        state="over" if is_over else "open",
        details={
            "way": way,
            "day": loudest.judged.day,
            "days": loudest.judged.days,
            "seen": round(loudest.judged.seen, 6),
            "expected": round(loudest.judged.expected, 6),
            "z": round(loudest.z, 2),
            "share": name in SHARES,
        },
    )


def from_reports(
    reports: Iterable[ExperienceReport], *, today: int, live: Collection[str]
) -> list[Alert]:
    """Find what the reports say: messages that do harm (a proposal to pause), arms not filled as configured."""
    found = []
    for one in reports:
        if one.state == "harmful" and one.name in live:
            found.append(_today(f"harmful:{one.name}", "harmful", one.name, today))
        if "sample_ratio" in one.faults and one.name in live:
            key = f"tracking:sample_ratio:{one.name}"
            found.append(_today(key, "tracking", one.name, today))
    return found


def _today(key: str, kind: Literal["tracking", "harmful"], name: str, today: int) -> Alert:
    return Alert(key=key, kind=kind, name=name, since=today, last=today)


def carry_on(known: Iterable[Alert], found: Iterable[Alert], *, today: int) -> list[Alert]:
    """Give the alerts as they now stand: what goes on under its key keeps since when and whom it was told to.

    Who finds the same twice gets the same. What was open and is not found is over.
    """
    kept = sorted((one for one in known if one.last > today - KEPT_DAYS), key=lambda one: one.since)
    met: set[int] = set()
    for new in sorted(found, key=lambda one: (one.since, one.key)):
        at = next((i for i, old in enumerate(kept) if _is_same(old, new)), len(kept))
        met.add(at)
        kept[at:] = [new] if at == len(kept) else [_continued(kept[at], new), *kept[at + 1 :]]
    return sorted(
        (one if i in met else replace(one, state="over") for i, one in enumerate(kept)), key=_order
    )


def _is_same(old: Alert, new: Alert) -> bool:
    if old.key != new.key:
        return False
    return old.since <= new.last + GAP_DAYS and new.since <= old.last + GAP_DAYS


def _continued(old: Alert, new: Alert) -> Alert:
    """Go on with an alert; one that became graver has to be told again."""
    is_graver = old.grade == "watch" and new.grade == "alert"
    return replace(
        new,
        since=min(old.since, new.since),
        last=max(old.last, new.last),
        told=None if is_graver else old.told,
    )


def _order(alert: Alert) -> tuple[bool, int, str]:
    return (alert.state == "over", -alert.last, f"{alert.key} {alert.since:09d}")
