"""Step 7 of 8, measure: when a result may be shown as a result.

In:   what was seen at each daily look of one variant beside its control, and the plan.
Out:  a verdict, with the interval to show, or what is still missing and when to expect it.
Idea: a number that may still turn round is not a result. The verdict falls at weekly looks (whole weeks, at least
      two, a hundred conversions in both arms); harm is watched for every day, also where hardly anybody converts any more. Since the interval holds at all
      looks together, the first verdict stands, and what later looks say can only narrow it or sound an alarm.
      Without a planned end the interval is the always-valid one. With a planned end it is that of group-sequential
      boundaries: wide early, at the end hardly wider than if nobody had looked; the always-valid one then only
      watches for harm, and pays for that from the same 5%. So an interval misses the truth at any look, ever, in at
      most 5% of all tests, and nothing that is said here is said on anything else (decision 50).
From: methods 3.7.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import ceil, copysign, expm1, sqrt

import msgspec
from msgspec import Struct

from etalage.domain.report import Interval, NoteKey, Plan, State, Unsettled
from etalage.domain.time import DAY
from etalage.measure.statistics.arms import Difference, Mean, difference
from etalage.measure.statistics.exact import share_interval
from etalage.measure.statistics.group_sequential import Asked, Bounds, boundaries, p_at
from etalage.measure.statistics.interval import ALPHA, multiple, p_at_look, tuning
from etalage.measure.statistics.lift import log_ratio
from etalage.measure.statistics.walk import CAP

WEEK_DAYS = 7
LEAST_DAYS = 14
LEAST_CONVERSIONS = 100  # per arm; a Wald-type z is poor below
LEAST_CONVERSIONS_HARM = 50  # per arm; harm is called sooner
LEAST_ORDERS = 100  # per arm, for figures of revenue

STEP = 1.02  # of the ladder of sample sizes: a forecast need not be finer
_FIRST_RUNG = 1_000
_LAST_RUNG = 10**9
_LARGEST_LOG = 700.0  # of a lift; e to the power of more is no float
_FAR = 100 * 365 * DAY  # a date beyond it says no more than "never at this pace"
_MOST_HALVINGS = 6  # of the precision; a lift known to 0.2% interests nobody


class Look(Struct, frozen=True):
    """What is known of one pair at one moment, over persons whose window was closed by then."""

    at: int  # micros
    day: int  # days since the start
    treated: Mean
    control: Mean
    least_conversions: int  # in the arm that has the fewest
    final: bool = False  # the planned end, all windows closed
    converted: tuple[int, int] | None = None  # treated and control, where both are of one stretch

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
    last_day: int | None = None  # of the final look, where the end is planned; None = open-ended


class Evidence(Struct, frozen=True):
    """What a look shows: the intervals of the difference and of the lift, and the smallest p so far."""

    look: Look
    difference: Interval
    lift: Interval | None
    p: float


class Verdict(Struct, frozen=True):
    """What may be said, and on what evidence; without evidence no figure may be shown."""

    state: State
    evidence: Evidence | None = None
    alarms: tuple[NoteKey, ...] = ()


def judge(looks: Sequence[Look], rules: Rules) -> Verdict:
    """Say what the looks so far allow to be said; `looks` are daily, in order of time.

    The first conclusion stands; only harm, at any look, overrides it. From then on the interval shown is what all
    its looks have in common; if that is nothing, the newest is shown with the alarm `effect_changed`.
    """
    verdict, p, since = Verdict(state="too_early"), 1.0, 0
    for number, seen in enumerate(evidence(looks, rules)):
        look = seen.look
        p = min(p, seen.p)
        before = verdict
        if verdict.state != "harmful" and _harms(seen, rules):
            contradicted = verdict.evidence is not None
            verdict = _concluded("harmful", seen, alarm=contradicted)
        elif verdict.evidence and (look.is_weekly or verdict.state == "harmful"):
            verdict = _narrowed(verdict, verdict.evidence, seen)
        elif not verdict.evidence and _is_mature(look) and (state := _conclusion(seen, rules)):
            verdict = _concluded(state, seen)
        elif not verdict.evidence and look.final:
            verdict = _undecided(seen)
        since = number if verdict.state != before.state else since
    if verdict.evidence is None:
        return verdict
    if rules.last_day is not None:
        p = _p_planned(looks[: since + 1], rules)
    shown = msgspec.structs.replace(verdict.evidence, p=p)
    return msgspec.structs.replace(verdict, evidence=shown)


def evidence(looks: Sequence[Look], rules: Rules) -> Iterator[Evidence]:
    """Give what each look shows by itself; all of these intervals together hold the truth in 95% of all tests."""
    open_ended = rules.last_day is None
    for look, reach in zip(looks, _reaches(looks, rules), strict=True):
        found = difference(look.treated, look.control)
        yield Evidence(
            look=look,
            difference=_around(found, reach, rules.alpha),
            lift=_around_lift(look, reach, rules.alpha),
            p=p_at_look(found, look.n, rules.planned, rules.alpha) if open_ended else 1.0,
        )


def _reaches(looks: Sequence[Look], rules: Rules) -> Iterable[Bounds]:
    """Give how many standard errors each interval reaches down (proof of benefit) and up (proof of harm)."""
    if rules.last_day is not None:
        return boundaries(_asked(looks, rules), rules.alpha)
    rho = tuning(rules.planned, rules.alpha)
    always = (multiple(look.n, rho, rules.alpha) for look in looks)
    return [Bounds(benefit=reach, harm=reach) for reach in always]


def _asked(looks: Sequence[Look], rules: Rules) -> list[Asked]:
    rho = tuning(rules.planned, rules.alpha)
    return [
        Asked(
            time=look.n / rules.planned,
            spent=_spent(look, rules),
            watch=multiple(look.n, rho, rules.alpha),
        )
        for look in looks
    ]


def _spent(look: Look, rules: Rules) -> float | None:
    """Give how much of the budget may be used up by a weekly look; all of it at the final one, wherever that is.

    As much as there are of the planned persons, but never more than there is of the time: with more visitors than
    planned, something is left for the end.
    """
    if look.final:
        return 1.0
    if not look.is_weekly or not rules.last_day or look.day >= rules.last_day:
        return None
    return min(look.n / rules.planned, look.day / rules.last_day)


def _around(found: Difference, reach: Bounds, alpha: float) -> Interval:
    return Interval(
        low=found.estimate - reach.benefit * found.error,
        high=found.estimate + reach.harm * found.error,
        level=1 - alpha,
    )


def _around_lift(look: Look, reach: Bounds, alpha: float) -> Interval | None:
    found = log_ratio(look.treated, look.control)
    if found is None:
        return None
    logs = _around(found, reach, alpha)
    low, high = (expm1(min(end, _LARGEST_LOG)) for end in (logs.low, logs.high))
    return Interval(low=low, high=high, level=logs.level)


def _p_planned(looks: Sequence[Look], rules: Rules) -> float:
    """Give the p-value of the look at which a test with a planned end was concluded, the last of these."""
    found = difference(looks[-1].treated, looks[-1].control)
    z = found.estimate / found.error if found.error else copysign(CAP, found.estimate)
    return p_at(_asked(looks, rules), z, rules.alpha)


def _harms(seen: Evidence, rules: Rules) -> bool:
    if seen.difference.high >= 0:
        return False
    return seen.look.least_conversions >= LEAST_CONVERSIONS_HARM or _breaks_off(seen.look, rules)


def _breaks_off(look: Look, rules: Rules) -> bool:
    """Tell whether so few of the treated converted that even the exact intervals of both shares lie apart.

    What breaks buying altogether never brings the treated to fifty conversions, and must not wait for them.
    """
    treated, control = look.converted or (0, 0)
    if control < LEAST_CONVERSIONS_HARM:
        return False
    reaches = (
        share_interval(done, arm.n, planned=rules.planned * arm.n / look.n, alpha=rules.alpha / 2)
        for done, arm in ((treated, look.treated), (control, look.control))
    )
    of_treated, of_control = reaches
    return of_treated.high < of_control.low


def _is_mature(look: Look) -> bool:
    return look.is_weekly and look.day >= LEAST_DAYS and look.least_conversions >= LEAST_CONVERSIONS


def _conclusion(seen: Evidence, rules: Rules) -> State | None:
    if seen.difference.low > 0:
        return "verified_effect"
    lift = seen.lift
    if lift and -rules.precision <= lift.low and lift.high <= rules.precision:
        return "no_relevant_difference"
    return None


def _concluded(state: State, seen: Evidence, *, alarm: bool = False) -> Verdict:
    return Verdict(state=state, evidence=seen, alarms=("effect_changed",) if alarm else ())


def _narrowed(verdict: Verdict, before: Evidence, seen: Evidence) -> Verdict:
    common = before.difference.within(seen.difference)
    lift = before.lift.within(seen.lift) if before.lift and seen.lift else seen.lift
    contradicts = before.lift is not None and lift is None
    if common is None or contradicts or verdict.alarms:
        return _concluded(verdict.state, seen, alarm=True)
    return _concluded(
        verdict.state, Evidence(look=seen.look, difference=common, lift=lift, p=seen.p)
    )


def _undecided(seen: Evidence) -> Verdict:
    enough = seen.look.least_conversions >= LEAST_CONVERSIONS
    return Verdict(state="undecided", evidence=seen if enough else None)


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
        end = None if plan.ends is None else plan.ends + plan.window
        return Unsettled(reason="windows_open", need=1, expected=end)
    need = _narrower(last, plan, rules, treated_share)
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


def _narrower(look: Look, plan: Plan, rules: Rules, treated_share: float) -> int:
    """Give the persons for the precision; for half of it and so on, where that many were not enough."""
    base_rate = _base_rate(look, plan)
    need = 0
    for halvings in range(_MOST_HALVINGS):
        finer = msgspec.structs.replace(rules, precision=rules.precision / 2**halvings)
        need = persons_needed(base_rate, treated_share, finer)
        if need > look.n:
            break
    return need


def _base_rate(look: Look, plan: Plan) -> float:
    """Take the rate of both arms together: it does not give the effect away."""
    if look.least_conversions < LEAST_CONVERSIONS_HARM:
        return plan.base_rate
    return (look.treated.n * look.treated.mean + look.control.n * look.control.mean) / look.n


def _expected(look: Look, plan: Plan, *, need: int, now: int) -> int:
    """Give the weekly look after which `need` persons have closed windows, at the pace since the start.

    A planned end that is still to come decides sooner; once it is over, this is how long it would still take.
    """
    entering = max(look.at - plan.started - plan.window, DAY)  # time in which the counted ones came
    reached = plan.started + plan.window + ceil(entering * need / look.n)
    week = WEEK_DAYS * DAY
    earliest = max(reached, plan.started + LEAST_DAYS * DAY, now + 1)
    weekly = min(plan.started + ceil((earliest - plan.started) / week) * week, now + _FAR)
    over = plan.ends is None or plan.ends + plan.window <= now
    return weekly if over or plan.ends is None else min(weekly, plan.ends + plan.window)
