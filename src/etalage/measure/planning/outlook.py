"""Step 7 of 8, measure: what can be known of a message before it starts, by when, and what could be decided instead.

In:   who came by in the past weeks and how many of them converted; how the persons would be divided.
Out:  the chance of the design as it is, beside the pilot and the programme; offers where it cannot be decided.
Idea: nothing is promised that the rules will not keep. A chance below 80% is not called a plan, no date is named
      that lies over a year away, and what is offered instead has its 80%.
From: methods 3.4, 3.7; design 7 (defaults).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from etalage.measure.planning.chance import (
    ENOUGH,
    HORIZON_DAYS,
    PLANNED_DAYS,
    Design,
    Traffic,
    chances,
    no_difference_by,
    smallest_lift,
)
from etalage.measure.statistics.sample_size import ALWAYS_VALID, GROUP_SEQUENTIAL, persons_per_arm

YEAR_DAYS = 365  # beyond it no date is named
PILOT_DAYS = (28, 42)  # design 7: four or six weeks
PROGRAMME_CONTROL = 0.20  # design 7
HOLDOUTS = (0.05, 0.10, 0.20)  # of everybody, for all messages together; the first is design 7's
LEAST_DAYS = 7  # of closed windows; a shop younger than that has no week to go by
DEFAULT_LIFT = 0.10  # the difference that matters, as the precision of a report

PILOTS = tuple(Design(treated=0.5, control=0.5, ends=days) for days in PILOT_DAYS)
PROGRAMME = Design(treated=1 - PROGRAMME_CONTROL, control=PROGRAMME_CONTROL)


class Prospect(Struct, frozen=True):
    """What a design would tell at the end of its days, or of ninety."""

    design: Design
    days: int  # until the last window is closed
    persons: int  # counted by then, in both arms
    fewest: int  # conversions by then in the arm that has the fewest, without an effect
    chance: float  # of verifying the effect one hopes for
    smallest: float | None  # lift that is verified with 80% chance; None = none below +400%
    decided: int | None  # days until the chance is 80%; None = not by the end
    no_difference: (
        int | None
    )  # days until that is said with 80% chance, if there is none; None = not in a year


class Offer(Struct, frozen=True):
    """Something else, that can be decided."""

    kind: Literal["split", "longer", "goal", "whole"]
    goal: str
    chance: float
    days: int
    treated: float = 0.5  # share of the variant among both
    rate: float = 0.0  # of that goal


class Outlook(Struct, frozen=True):
    """The whole plan of one experience."""

    goal: str
    base_rate: float
    window_days: int
    lift: float
    a_day: float  # new persons, on average over the first four weeks
    chosen: Prospect
    beside: tuple[Prospect, ...]  # the pilots and the programme
    offers: tuple[Offer, ...]

    @property
    def can_be_decided(self) -> bool:
        """Whether the design as it is finds the effect one hopes for, four times in five."""
        return self.chosen.chance >= ENOUGH


class Public(Struct, frozen=True):
    """Who would meet a message."""

    days: int  # of the past that were looked at
    traffic: Traffic
    whole: Traffic  # who would meet any message at all
    is_own: bool  # counted from the moments of the message itself
    at_most: bool  # its moment, or its segment, may come to fewer


class Forecast(Struct, frozen=True):
    """What `etalage plan` tells. Without an outlook the log is too young to say anything."""

    experience: str
    now: int
    public: Public
    lift: float
    has_control: bool
    outlook: Outlook | None


def persons_for(rate: float, lift: float, *, treated_part: float = 0.5, is_planned: bool) -> int:
    """Give the persons in both arms for 80% chance: the fixed test's, times 1.03 with a planned end, 1.91 without.

    >>> persons_for(0.03, 0.10, is_planned=True), persons_for(0.03, 0.10, is_planned=False)
    (109608, 203255)
    """
    factor = GROUP_SEQUENTIAL if is_planned else ALWAYS_VALID
    uneven = (1 / treated_part + 1 / (1 - treated_part)) / 4
    return round(2 * persons_per_arm(rate, lift) * factor * uneven)


# ---- The plan -----------------------------------------------------------------------------------------


def outlook(
    design: Design,
    traffic: Traffic,
    *,
    goal: str,
    window_days: int,
    lift: float = DEFAULT_LIFT,
    whole: Traffic | None = None,
) -> Outlook:
    """Plan one message: as it is, beside the pilot and the programme, and what else could be decided.

    Args:
        design: as it is written.
        traffic: of those who would meet it; `rates` of every goal that may be offered.
        goal: the one it has.
        window_days: of that goal.
        lift: the effect one hopes for.
        whole: of all who would meet any message, for the programme against its holdout.
    """
    rate = traffic.rates.get(goal, 0.0)

    def seen(one: Design) -> Prospect:
        return prospect(one, traffic, rate=rate, lift=lift, window_days=window_days)

    chosen = seen(design)
    beside = tuple(seen(one) for one in (*PILOTS, PROGRAMME))
    offers: tuple[Offer, ...] = ()
    if chosen.chance < ENOUGH:
        offers = _offers(
            design, traffic, goal=goal, window_days=window_days, lift=lift, whole=whole
        )
    return Outlook(
        goal=goal,
        base_rate=rate,
        window_days=window_days,
        lift=lift,
        a_day=traffic.persons_by(PLANNED_DAYS) / PLANNED_DAYS,
        chosen=chosen,
        beside=beside,
        offers=offers,
    )


def prospect(
    design: Design, traffic: Traffic, *, rate: float, lift: float, window_days: int
) -> Prospect:
    """Foresee what one design would tell."""
    found = chances(design, traffic, rate=rate, lift=lift, window_days=window_days)
    last = HORIZON_DAYS if design.ends is None else design.ends + window_days
    persons = traffic.persons_by(last - window_days)
    return Prospect(
        design=design,
        days=last,
        persons=round(persons * design.both),
        fewest=round(persons * min(design.treated, design.control) * rate),
        chance=found[-1][1] if found else 0.0,
        smallest=smallest_lift(design, traffic, rate=rate, window_days=window_days),
        decided=_decided(found),
        no_difference=no_difference_by(
            design, traffic, rate=rate, window_days=window_days, days=YEAR_DAYS
        ),
    )


def _decided(found: Iterable[tuple[int, float]]) -> int | None:
    return next((day for day, chance in found if chance >= ENOUGH), None)


# ---- What else could be decided -----------------------------------------------------------------------


def _offers(
    design: Design,
    traffic: Traffic,
    *,
    goal: str,
    window_days: int,
    lift: float,
    whole: Traffic | None,
) -> tuple[Offer, ...]:
    """Offer only what has an 80% chance, the smallest change first; nothing if there is nothing."""
    rate = traffic.rates.get(goal, 0.0)
    nearer = sorted(
        (share, name) for name, share in traffic.rates.items() if name != goal and share > rate
    )

    def of_halves(kind: Literal["split", "goal"], name: str, share: float) -> Offer | None:
        for pilot in PILOTS:
            reached = chances(pilot, traffic, rate=share, lift=lift, window_days=window_days)
            if reached and reached[-1][1] >= ENOUGH:
                return Offer(kind, name, chance=reached[-1][1], days=reached[-1][0], rate=share)
        return None

    def longer(kind: Literal["longer", "whole"], one: Design, public: Traffic) -> Offer | None:
        share = public.rates.get(goal, 0.0)
        reached = chances(
            one, public, rate=share, lift=lift, window_days=window_days, days=YEAR_DAYS
        )
        day = _decided(reached)
        if day is None:
            return None
        part = one.treated / one.both
        return Offer(kind, goal, chance=dict(reached)[day], days=day, treated=part, rate=share)

    open_ended = (replace(design, ends=None), Design(treated=0.5, control=0.5))
    # The rarest goal that can be decided is the one nearest to what the shop wants.
    goals = (of_halves("goal", name, share) for share, name in nearer)
    held_out = (Design(treated=1 - share, control=share) for share in HOLDOUTS)
    found = (
        of_halves("split", goal, rate),
        _first(longer("longer", one, traffic) for one in open_ended),
        _first(goals),
        _first(longer("whole", one, whole) for one in held_out)
        if whole is not None and whole.persons > traffic.persons
        else None,
    )
    return tuple(offer for offer in found if offer is not None)


def _first(offers: Iterable[Offer | None]) -> Offer | None:
    return next((offer for offer in offers if offer is not None), None)
