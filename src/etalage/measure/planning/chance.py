"""Step 7 of 8, measure: the chance that an effect will be verified, foreseen from the rules that will judge it.

In:   who came by in the past weeks; how persons would be divided; the true effect.
Out:  per weekly look to come, the chance that it is verified by then; the smallest effect that has a fair chance.
Idea: the rules of `maturity` are known beforehand, so their answers can be foreseen: the very boundaries that will
      judge are held against a walk with the true effect, look by look. Nothing is simulated.
From: methods 3.4, 3.7.
"""

from __future__ import annotations

from math import inf, log1p, sqrt
from statistics import NormalDist

from msgspec import Struct

from etalage.measure.maturity import LEAST_CONVERSIONS, LEAST_DAYS, WEEK_DAYS, Rules
from etalage.measure.statistics.group_sequential import Asked, boundaries
from etalage.measure.statistics.interval import ALPHA, multiple, tuning
from etalage.measure.statistics.walk import above, onward, start

ENOUGH = 0.80  # chance from which we call it a plan
HORIZON_DAYS = 90  # how long a message without an end is given, for a chance
PLANNED_DAYS = 28  # N* of a message without an end (methods 3.3)

_LARGEST_LIFT = 4.0  # five times as many; who needs that much has too few visitors
_HALVINGS = 12


class Traffic(Struct, frozen=True):
    """Who would meet a message: new persons per day of the past, and which part of them reached each goal in time.

    Somebody is compared once, so the days after the first count fewer new persons; `entered` shows that by itself.
    """

    entered: tuple[int, ...]  # persons whose first meeting was on that day, oldest day first
    rates: dict[str, float]  # goal -> share that reached it within the window

    @property
    def persons(self) -> int:
        """Count all of them."""
        return sum(self.entered)

    @property
    def later(self) -> float:
        """Give new persons a day once regular visitors have been met: those of the second half."""
        half = self.entered[len(self.entered) // 2 :]
        return sum(half) / len(half) if half else 0.0

    def persons_by(self, days: float) -> float:
        """Foresee how many persons will have been met after so many days."""
        if days <= 0:
            return 0.0
        whole = min(int(days), len(self.entered))
        met = float(sum(self.entered[:whole]))
        if whole < len(self.entered):
            return met + (days - whole) * self.entered[whole]
        return met + (days - whole) * self.later


def steady(a_day: float, rates: dict[str, float], *, days: int = PLANNED_DAYS) -> Traffic:
    """Make a traffic of so many new persons every day, for tables."""
    return Traffic(entered=tuple(round(a_day) for _ in range(days)), rates=rates)


class Design(Struct, frozen=True):
    """How the persons are divided and judged."""

    treated: float  # share of all persons in the variant that is judged
    control: float  # share of all persons in its control
    ends: int | None = None  # days of entering; None = open-ended, always-valid
    variants: int = 1  # among how many the 5% is divided

    @property
    def both(self) -> float:
        """Give the share of all persons that the comparison is made of."""
        return self.treated + self.control


class _Step(Struct, frozen=True):
    """A weekly look to come: the persons counted by then and the boundary of benefit."""

    day: int
    n: float
    bound: float
    is_mature: bool


def chances(
    design: Design,
    traffic: Traffic,
    *,
    rate: float,
    lift: float,
    window_days: int,
    days: int = HORIZON_DAYS,
) -> list[tuple[int, float]]:
    """Give, per weekly look, the chance that an effect of `lift` is verified by then.

    Args:
        design: how persons are divided; with an end, `days` is that.
        traffic: who will come.
        rate: the share that converts without the message, 0 to 1.
        lift: relative; 0.10 = 10% more.
        window_days: a person counts once her window is closed.
        days: of an open-ended message, how far to look.
    """
    shown = rate * (1 + lift)
    steps = _steps(design, traffic, rates=(shown, rate), window_days=window_days, days=days)
    if not steps or not 0 < rate < 1 or not 0 < shown < 1:
        return [(step.day, 0.0) for step in steps]
    part = design.treated / design.both
    spread = shown * (1 - shown) / part + rate * (1 - rate) / (1 - part)
    most = max(step.n for step in steps)
    drift = (shown - rate) / sqrt(spread) * sqrt(most)  # of S = z sqrt t, t = N / most
    walk, verified, found = start(), 0.0, []
    for number, step in enumerate(steps):
        time = step.n / most
        bound = step.bound if step.is_mature else inf
        verified += above(walk, time, bound * sqrt(time), drift)
        found.append((step.day, min(verified, 1.0)))
        following = steps[number + 1].n / most - time if number + 1 < len(steps) else time
        walk = onward(
            walk,
            time,
            -step.bound * sqrt(time),
            bound * sqrt(time),
            next_step=following,
            drift=drift,
        )
    return found


def _steps(
    design: Design, traffic: Traffic, *, rates: tuple[float, float], window_days: int, days: int
) -> list[_Step]:
    """Lay out the weekly looks that will have somebody to count."""
    last = days + 1 if design.ends is None else design.ends + window_days
    looks = [day for day in range(WEEK_DAYS, last, WEEK_DAYS) if day > window_days]
    if design.ends is not None:
        looks.append(last)
    n = [traffic.persons_by(day - window_days) * design.both for day in looks]
    counted = [(day, persons) for day, persons in zip(looks, n, strict=True) if persons >= 1]
    if not counted:
        return []
    return [
        _Step(day, persons, bound, _is_mature(design, day, persons, rates))
        for (day, persons), bound in zip(
            counted, _bounds(design, traffic, counted, last), strict=True
        )
    ]


def _is_mature(design: Design, day: int, persons: float, rates: tuple[float, float]) -> bool:
    part = design.treated / design.both
    fewest = persons * min(part * rates[0], (1 - part) * rates[1])
    return day >= LEAST_DAYS and fewest >= LEAST_CONVERSIONS


def _bounds(
    design: Design, traffic: Traffic, counted: list[tuple[int, float]], last: int
) -> list[float]:
    alpha = ALPHA / design.variants
    planned = max(planned_sample(design, traffic) * design.both, 1.0)
    if design.ends is None:
        rho = tuning(planned, alpha)
        return [multiple(persons, rho, alpha) for _, persons in counted]
    asked = [
        Asked(persons / planned, 1.0 if day == last else min(persons / planned, day / last))
        for day, persons in counted
    ]
    return [bounds.benefit for bounds in boundaries(asked, alpha)]


def planned_sample(design: Design, traffic: Traffic) -> int:
    """Give N*, fixed before the start: the persons expected until the end, or in 28 days without one."""
    return round(traffic.persons_by(design.ends or PLANNED_DAYS))


def smallest_lift(
    design: Design, traffic: Traffic, *, rate: float, window_days: int
) -> float | None:
    """Give the smallest lift that is verified with 80% chance; None if not even +400% is."""

    def chance(lift: float) -> float:
        found = chances(design, traffic, rate=rate, lift=lift, window_days=window_days)
        return found[-1][1] if found else 0.0

    most = min(_LARGEST_LIFT, 0.99 / rate - 1) if rate else 0.0
    if most <= 0 or chance(most) < ENOUGH:
        return None
    low, high = 0.0, most
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if chance(middle) < ENOUGH else (low, middle)
    return high


def no_difference_by(
    design: Design, traffic: Traffic, *, rate: float, window_days: int, days: int
) -> int | None:
    """Give the day by which, without any effect, "no relevant difference" is said with 80% chance; None = never.

    The whole interval of the lift must lie within the precision, so there must be room for luck besides:
    (bound + 1.28) sqrt((1 - p) / p (1/h + 1/(1 - h)) / N) <= log(1 + precision), at a weekly look.
    """
    if not 0 < rate < 1:
        return None
    part = design.treated / design.both
    spread = (1 - rate) / rate * (1 / part + 1 / (1 - part))
    luck = NormalDist().inv_cdf((1 + ENOUGH) / 2)
    room = log1p(Rules(planned=1.0).precision)
    steps = _steps(design, traffic, rates=(rate, rate), window_days=window_days, days=days)
    return next(
        (s.day for s in steps if s.is_mature and (s.bound + luck) * sqrt(spread / s.n) <= room),
        None,
    )
