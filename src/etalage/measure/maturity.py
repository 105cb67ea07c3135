"""Step 7 of 8, measure: when a result may be shown as a result.

In:   what was seen at each daily look of one variant beside its control, and the plan.
Out:  a verdict, with the interval to show, or what is still missing and when to expect it.
Idea: a number that may still turn round is not a result. The verdict falls at weekly looks (whole weeks, at least
      two, a hundred conversions in both arms); harm is watched for every day. Since the interval holds at all
      looks together, the first verdict stands, and what later looks say can only narrow it or sound an alarm.
From: methods 3.7.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt

from msgspec import Struct

from etalage.domain.report import Interval, NoteKey, Plan, State, Unsettled
from etalage.domain.time import DAY
from etalage.measure.arms import Mean, difference
from etalage.measure.interval import ALPHA, always_valid, around_lift, multiple, p_at_look, tuning

WEEK_DAYS = 7
LEAST_DAYS = 14
LEAST_CONVERSIONS = 100  # per arm; a Wald-type z is poor below
LEAST_CONVERSIONS_HARM = 50  # per arm; harm is called sooner
LEAST_ORDERS = 100  # per arm, for figures of revenue

STEP = 1.02  # of the ladder of sample sizes: a forecast need not be finer
_FIRST_RUNG = 1_000
_LAST_RUNG = 10**9


class Look(Struct, frozen=True):
    """What is known of one pair at one moment, over persons whose window was closed by then."""

    at: int  # micros
    day: int  # days since the start
    treated: Mean
    control: Mean
    least_conversions: int  # in the arm that has the fewest
    final: bool = False  # the planned end, all windows closed

    @property
    def n(self) -> int:
        """Count the persons in both arms."""
        return self.treated.n + self.control.n

    @property
    def is_weekly(self) -> bool:
        """Whether a verdict may fall here."""
        return self.final or self.day % WEEK_DAYS == 0


class Rules(Struct, frozen=True):
    """How to judge one pair: N* of its own persons, and its share of the 5% where there are several variants."""

    planned: float
    alpha: float = ALPHA
    precision: float = 0.10


class Verdict(Struct, frozen=True):
    """What may be said, at which look, with which intervals; p is the smallest so far."""

    state: State
    look: Look | None = None  # None: nothing may be shown
    difference: Interval | None = None
    lift: Interval | None = None
    p: float = 1.0
    alarms: tuple[NoteKey, ...] = ()


class _Seen(Struct, frozen=True):
    look: Look
    difference: Interval
    lift: Interval | None


def judge(looks: Sequence[Look], rules: Rules) -> Verdict:
    """Say what the looks so far allow to be said; `looks` are daily, in order of time.

    The first conclusion stands; only harm, at any look, overrides it. From then on the interval shown is what all
    its looks have in common; if that is nothing, the newest is shown with the alarm `effect_changed`.
    """
    verdict, p = Verdict(state="too_early"), 1.0
    for look in looks:
        seen = _seen(look, rules)
        p = min(
            p, p_at_look(difference(look.treated, look.control), look.n, rules.planned, rules.alpha)
        )
        if verdict.state != "harmful" and _harms(seen):
            verdict = _shown("harmful", seen, p, alarms=("effect_changed",) if verdict.look else ())
        elif verdict.look and (look.is_weekly or verdict.state == "harmful"):
            verdict = _narrowed(verdict, seen, p)
        elif not verdict.look and _is_mature(look) and (state := _conclusion(seen, rules)):
            verdict = _shown(state, seen, p)
    if verdict.look is None and looks and looks[-1].final:
        return _undecided(_seen(looks[-1], rules), p)
    return verdict


def _seen(look: Look, rules: Rules) -> _Seen:
    found = difference(look.treated, look.control)
    return _Seen(
        look=look,
        difference=always_valid(found, look.n, rules.planned, rules.alpha),
        lift=around_lift(look.treated, look.control, rules.planned, rules.alpha),
    )


def _harms(seen: _Seen) -> bool:
    return seen.difference.high < 0 and seen.look.least_conversions >= LEAST_CONVERSIONS_HARM


def _is_mature(look: Look) -> bool:
    return look.is_weekly and look.day >= LEAST_DAYS and look.least_conversions >= LEAST_CONVERSIONS


def _conclusion(seen: _Seen, rules: Rules) -> State | None:
    if seen.difference.low > 0:
        return "verified_effect"
    lift = seen.lift
    if lift and -rules.precision <= lift.low and lift.high <= rules.precision:
        return "no_relevant_difference"
    return None


def _shown(state: State, seen: _Seen, p: float, alarms: tuple[NoteKey, ...] = ()) -> Verdict:
    return Verdict(
        state=state, look=seen.look, difference=seen.difference, lift=seen.lift, p=p, alarms=alarms
    )


def _narrowed(verdict: Verdict, seen: _Seen, p: float) -> Verdict:
    common = verdict.difference and verdict.difference.within(seen.difference)
    lift = verdict.lift and seen.lift and verdict.lift.within(seen.lift)
    if common is None or lift is None or verdict.alarms:
        return _shown(verdict.state, seen, p, alarms=("effect_changed",))
    return Verdict(state=verdict.state, look=seen.look, difference=common, lift=lift, p=p)


def _undecided(seen: _Seen, p: float) -> Verdict:
    if seen.look.least_conversions < LEAST_CONVERSIONS:
        return Verdict(state="undecided", p=p)
    return _shown("undecided", seen, p)


# ---- How long still -----------------------------------------------------------------------------------


def persons_needed(base_rate: float, treated_share: float, rules: Rules) -> int:
    """Forecast after how many persons the interval of the lift is as narrow as the precision.

    The first N of a ladder in steps of 2% with c(N) sqrt(p (1 - p) (1/h + 1/(1 - h)) / N) <= precision * p, with
    N* = N; p the base rate, h the share of one arm.

    >>> persons_needed(0.03, 0.5, Rules(planned=5_000)), persons_needed(0.03, 0.9, Rules(planned=5_000))
    (121228, 332872)
    """
    spread = base_rate * (1 - base_rate) * (1 / treated_share + 1 / (1 - treated_share))
    n = _FIRST_RUNG
    while n < _LAST_RUNG:
        half_width = multiple(n, tuning(n, rules.alpha), rules.alpha) * sqrt(spread / n)
        if half_width <= rules.precision * base_rate:
            break
        n = int(STEP * n) + 1
    return n


def missing(
    looks: Sequence[Look], plan: Plan, rules: Rules, *, treated_share: float, now: int
) -> Unsettled:
    """Say what stands between this pair and a verdict, and by when to expect one at the present pace.

    The date is that of rule (2), a lift known to within the precision; a clear effect shows itself sooner.
    """
    last = looks[-1] if looks else None
    if last is None:
        return Unsettled(reason="windows_open", need=1, expected=None)
    need = persons_needed(_base_rate(last, plan), treated_share, rules)
    expected = _expected(last, plan, need=need, now=now)
    if last.day < LEAST_DAYS:
        return Unsettled(reason="too_few_days", need=LEAST_DAYS, have=last.day, expected=expected)
    if last.least_conversions < LEAST_CONVERSIONS:
        return Unsettled(
            reason="too_few_conversions",
            need=LEAST_CONVERSIONS,
            have=last.least_conversions,
            expected=expected,
        )
    return Unsettled(reason="interval_wide", need=need, have=last.n, expected=expected)


def _base_rate(look: Look, plan: Plan) -> float:
    """Take the rate of both arms together: it does not give the effect away."""
    if look.least_conversions < LEAST_CONVERSIONS_HARM:
        return plan.base_rate
    return (look.treated.n * look.treated.mean + look.control.n * look.control.mean) / look.n


def _expected(look: Look, plan: Plan, *, need: int, now: int) -> int:
    """Give the weekly look after which `need` persons have closed windows, at the pace since the start."""
    entering = max(look.at - plan.started - plan.window, DAY)  # time in which the counted ones came
    reached = plan.started + plan.window + ceil(entering * need / look.n)
    week = WEEK_DAYS * DAY
    earliest = max(reached, plan.started + LEAST_DAYS * DAY, now + 1)
    planned = plan.started + ceil((earliest - plan.started) / week) * week
    return planned if plan.ends is None else min(planned, max(plan.ends + plan.window, now))
