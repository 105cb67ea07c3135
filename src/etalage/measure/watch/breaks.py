"""Step 7 of 8, measure: whether the measuring itself broke.

In:   what came per kind and day, what is missing in the orders, what was shown, what intake refused.
Out:  one alert per thing that broke.
Idea: a figure that falls may be the shop's trouble; one that stops is nearly always a tag, a template or a feed that
      somebody changed. Each check asks for so much evidence that an ordinary quiet day cannot pass for a break:
      twenty that should have come and did not, or four standard errors.
From: issue 6; methods 8.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import sqrt
from statistics import median

import msgspec
from msgspec import Struct

from etalage.domain.alert import Alert
from etalage.domain.event import Scalar
from etalage.measure.checks import LEAST_JOINED

LOOK_BACK = 63  # days that the questions are asked about
ALWAYS_DAYS, ALWAYS = 14, 0.9  # came on nine of ten days, for at least so many
LEAST_MISSED = 20.0  # that should have come and did not
RECENT, BEFORE = 3, 28  # days of which a share is looked at, and those it is compared with
ERRORS = 4.0  # standard errors
LEAST_INCOMPLETE, INCOMPLETE_SHARE = 3, 0.05
LEAST_ORDERS, LOWER_BY = 30, 0.10
JOINED_DAYS = 7
LEAST_TRIGGERED = 30
REFUSED_SHARE, REFUSED_TIMES = 0.05, 3.0


class Signal(Struct, frozen=True):
    """A row of signals.sql."""

    kind: str
    name: str
    day: int
    count: int


class Book(Struct, frozen=True):
    """A row of books.sql."""

    day: int
    orders: int
    nameless: int
    valueless: int
    unfound: int


class ShownDay(Struct, frozen=True):
    """A row of shown.sql."""

    experience: str
    day: int
    triggered: int
    seen: int


class Intake(Struct, frozen=True):
    """What intake did on a day: of all that was received, how much it did not take for a reason."""

    day: int
    reason: str
    count: int
    received: int


class Seen(Struct, frozen=True):
    """All that the checks look at, of finished days."""

    signals: tuple[Signal, ...] = ()
    books: tuple[Book, ...] = ()
    shown: tuple[ShownDay, ...] = ()
    intake: tuple[Intake, ...] = ()
    orders: str = "server"  # who tells of orders, as the shop's setting says
    live: tuple[str, ...] = ()  # experiences


# Refusals that say nothing about the shop's own tracking.
NO_BREAK = frozenset({"", "bot", "erased", "restricted", "staff", "sensitive"})


def seen_from(rows: Mapping[str, object], **more: object) -> Seen:
    """Turn the rows of the questions into types."""
    return msgspec.convert({**rows, **more}, Seen)


def breaks(seen: Seen, marked: Collection[int], *, today: int) -> list[Alert]:
    """Name what broke, as of yesterday; days that the shop marked are not held against it."""
    days = [d for d in range(today - LOOK_BACK, today) if d not in marked]
    return [
        *_stopped(seen.signals, days, today),
        *_incomplete(seen.books, days, today),
        *_unfound(seen, days, today),
        *_unseen(seen, days, today),
        *_refused(seen.intake, days, today),
    ]


def _stopped(signals: Sequence[Signal], days: Sequence[int], today: int) -> list[Alert]:
    """Name what always came and comes no more; where nothing at all comes, that alone is said."""
    counts: dict[tuple[str, str], dict[int, int]] = {}
    everything: dict[int, int] = {}
    for row in signals:
        counts.setdefault((row.kind, row.name), {})[row.day] = row.count
        everything[row.day] = everything.get(row.day, 0) + row.count
    if (nothing := _silence("tracking:nothing", "", everything, days, today)) is not None:
        return [nothing]
    found = [
        _silence(_stop_key(kind, name), name, of_days, days, today)
        for (kind, name), of_days in sorted(counts.items())
    ]
    return [alert for alert in found if alert is not None]


def _stop_key(kind: str, name: str) -> str:
    return "tracking:consent" if (kind, name) == ("event", "consent") else f"tracking:{kind}:{name}"


def _silence(
    key: str, name: str, counts: Mapping[int, int], days: Sequence[int], today: int
) -> Alert | None:
    came = [d for d in days if counts.get(d, 0)]
    if not came:
        return None
    silent = [d for d in days if d > came[-1]]
    before = [d for d in days if max(came[0], came[-1] - BEFORE) < d <= came[-1]]
    if not silent or len(before) < ALWAYS_DAYS:
        return None
    usual = median(counts.get(d, 0) for d in before)
    share = sum(counts.get(d, 0) > 0 for d in before) / len(before)
    if share < ALWAYS or usual * len(silent) < LEAST_MISSED:
        return None
    return _alert(key, name, silent[0], today, usual=round(usual), days=len(silent))


def _incomplete(books: Sequence[Book], days: Sequence[int], today: int) -> Iterable[Alert]:
    """Name orders that come without their number, or without an amount."""
    of_day = {row.day: row for row in books}
    recent = [of_day[d] for d in days[-RECENT:] if d in of_day]
    before = [of_day[d] for d in days[-RECENT - BEFORE : -RECENT] if d in of_day]
    orders = sum(row.orders for row in recent)
    for field in ("nameless", "valueless"):
        missing = sum(getattr(row, field) for row in recent)
        if missing < LEAST_INCOMPLETE or missing < INCOMPLETE_SHARE * orders:
            continue
        past = sum(getattr(row, field) for row in before) + 0.5
        usual = past / (sum(row.orders for row in before) + 50)  # nothing known: one in a hundred
        if missing - usual * orders > ERRORS * sqrt(orders * usual * (1 - usual)):
            since = next(row.day for row in recent if getattr(row, field))
            yield _alert(f"tracking:{field}", "", since, today, missing=missing, orders=orders)


def _unfound(seen: Seen, days: Sequence[int], today: int) -> Iterable[Alert]:
    """Say that fewer orders find their person than before, or too few to measure by."""
    of_day = {row.day: row for row in seen.books}
    recent = [of_day[d] for d in days[-JOINED_DAYS:] if d in of_day]
    before = [of_day[d] for d in days[-JOINED_DAYS - BEFORE : -JOINED_DAYS] if d in of_day]
    orders, past = sum(row.orders for row in recent), sum(row.orders for row in before)
    if orders < LEAST_ORDERS:
        return
    share = 1 - sum(row.unfound for row in recent) / orders
    is_low = seen.orders == "server" and share < LEAST_JOINED
    is_lower, was = False, None
    if past >= LEAST_ORDERS:
        was = 1 - sum(row.unfound for row in before) / past
        both = (share * orders + was * past) / (orders + past)
        error = sqrt(max(both * (1 - both), 1e-9) * (1 / orders + 1 / past))
        is_lower = was - share >= LOWER_BY and was - share > ERRORS * error
    if is_low or is_lower:
        told = {} if was is None else {"was": round(was, 4)}
        yield _alert("tracking:joined", "", recent[0].day, today, share=round(share, 4), **told)


def _unseen(seen: Seen, days: Sequence[int], today: int) -> Iterable[Alert]:
    """Name live experiences whose moment comes, and of which nobody sees anything."""
    recent = frozenset(days[-RECENT:])
    for name in seen.live:
        rows = [row for row in seen.shown if row.experience == name and row.day in recent]
        triggered = sum(row.triggered for row in rows)
        if triggered >= LEAST_TRIGGERED and not sum(row.seen for row in rows):
            since = min(row.day for row in rows)
            yield _alert(f"tracking:unseen:{name}", name, since, today, triggered=triggered)


def _refused(intake: Sequence[Intake], days: Sequence[int], today: int) -> Iterable[Alert]:
    """Name reasons for which much more is refused or set aside than before."""
    if not days:
        return
    yesterday, before = days[-1], days[-1 - BEFORE : -1]
    received = {row.day: row.received for row in intake}
    for reason in sorted({row.reason for row in intake} - NO_BREAK):
        counts = {row.day: row.count for row in intake if row.reason == reason}
        count, total = counts.get(yesterday, 0), received.get(yesterday, 0)
        shares = [counts.get(d, 0) / received[d] for d in before if received.get(d)]
        usual = median(shares) if shares else 0.0
        if len(shares) < ALWAYS_DAYS // 2 or count < LEAST_MISSED or not total:
            continue
        if count / total >= max(REFUSED_SHARE, REFUSED_TIMES * usual):
            share = round(count / total, 4)
            key = f"tracking:refused:{reason}"
            yield _alert(key, reason, yesterday, today, share=share, was=round(usual, 4))


def _alert(key: str, name: str, since: int, today: int, **details: Scalar | float) -> Alert:
    return Alert(
        key=key, kind="tracking", name=name, since=since, last=today - 1, details=dict(details)
    )
