"""Step 7 of 8, measure: all that is known of one experience, before anything is concluded from it.

In:   the rows of the warehouse and what was agreed about the experience.
Out:  a `Case`: its own rows, without those who must leave the analysis.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from etalage.domain.event import Trust
from etalage.domain.ids import HOLDOUT, VariantName
from etalage.domain.report import ANY_MESSAGE, OVERALL, Coverage, Joined, Plan
from etalage.domain.time import DAY
from etalage.measure import tally
from etalage.measure.maturity import Look, Rules
from etalage.measure.past import UsesPast, uses_past
from etalage.measure.questions import (
    Answers,
    Entered,
    Entries,
    Exposed,
    OfPart,
    Outcome,
    Suspect,
)
from etalage.measure.statistics.interval import ALPHA

MOST_CROSSED = 0.01  # of the persons; with more they leave the analysis


class Shop(Struct, frozen=True):
    """What a report must know of the shop."""

    currency: str
    orders: Literal["server", "browser"] = "server"  # who is believed about purchases


class Case(Struct, frozen=True):
    """One experience: the plan, the shop, and its rows."""

    plan: Plan
    shop: Shop
    now: int
    entered: tuple[Entered, ...]
    outcomes: tuple[Outcome, ...]  # of those who are analysed
    exposed: tuple[Exposed, ...]
    coverage: Coverage
    joined: Joined
    stretches: Mapping[str, int]
    crossed: int
    crossed_left_out: bool
    suspects: tuple[Suspect, ...] = ()
    parts: tuple[OfPart, ...] = ()  # as outcomes, of those who have something in common
    entries: tuple[Entries, ...] = ()
    slices: int = 0  # of a part: among how many the 5% is divided; 0 = this is the whole

    @property
    def triggered(self) -> int:
        """Count the persons in all arms."""
        return sum(row.persons for row in self.entered)

    @property
    def last_look(self) -> int:
        """Give the moment after which nothing changes any more: all windows closed, or now."""
        end = self.plan.ends
        return self.now if end is None else min(self.now, end + self.plan.window)

    @property
    def variants(self) -> list[VariantName]:
        """Name the arms that are compared with the control: none, if there is no control."""
        plan = self.plan
        if not plan.shares.get(plan.control):
            return []
        return [arm for arm, share in plan.shares.items() if share > 0 and arm != plan.control]

    @property
    def arms(self) -> list[VariantName]:
        """Name all arms: variants, control, holdout, and those of earlier versions that somebody met."""
        met = {VariantName(row.arm) for row in self.entered}
        planned = [arm for arm in self.plan.shares if arm != self.plan.control]
        kept = [a for a in (self.plan.control, HOLDOUT) if a in met or a in self.plan.shares]
        return [*planned, *sorted(met.difference(planned, kept)), *dict.fromkeys(kept)]

    @property
    def trust(self) -> Trust:
        """Say how far the conversions can be trusted (design 5)."""
        confirmed = self.plan.goal == "purchase" and self.shop.orders == "server"
        return "confirmed" if confirmed else "claimed"

    def share(self, arm: VariantName) -> float:
        """Give a variant's share of the persons in it and its control together."""
        mine = self.plan.shares[arm]
        return mine / (mine + self.plan.shares[self.plan.control])

    def rules(self, arm: VariantName) -> Rules:
        """Say how to judge a variant. Several variants divide the 5% (Bonferroni), so all hold together."""
        plan = self.plan
        both = plan.shares[arm] + plan.shares[plan.control]
        return Rules(
            planned=plan.planned_sample * both,
            alpha=ALPHA / len(self.variants) / max(self.slices, 1),
            precision=plan.precision,
            last_day=None if self.slices else _last_day(plan),
        )

    def looks(self, arm: VariantName) -> list[Look]:
        """Give what was known of a variant beside its control after each day."""
        means = tally.less_the_past if self.uses_past(arm).conversions else tally.plain
        return tally.looks(self.outcomes, arm, self.plan, self.stretches, now=self.now, means=means)

    def uses_past(self, arm: VariantName) -> UsesPast:
        """Say what is adjusted for the past of the persons."""
        return uses_past(self.outcomes, arm, self.plan, self.stretches)

    def outcomes_at(self, look: int) -> list[Outcome]:
        """Give the rows of windows that were closed at a look, or of all closed now."""
        if look >= self.last_look:
            return list(self.outcomes)
        return [row for row in self.outcomes if self.plan.started + row.day * DAY <= look]


def _last_day(plan: Plan) -> int | None:
    """Give the day of the final look of what has a planned end."""
    if plan.ends is None or not plan.is_planned:
        return None
    return (plan.ends + plan.window - plan.started) // DAY


def everything(*, started: int, holdout_share: float, planned_sample: int = 10_000) -> Plan:
    """Plan the comparison of all messages together with the global holdout."""
    return Plan(
        name=OVERALL,
        started=started,
        shares={ANY_MESSAGE: 1 - holdout_share, HOLDOUT: holdout_share},
        control=HOLDOUT,
        planned_sample=planned_sample,
    )


def case_of(answers: Answers, plan: Plan, *, shop: Shop, now: int) -> Case:
    """Take what belongs to one experience out of all the answers."""
    entered = tuple(row for row in answers.triggered if row.experience == plan.name)
    crossed = sum(row.persons for row in entered if row.crossed)
    left_out = crossed > MOST_CROSSED * sum(row.persons for row in entered)
    found = {row.how: row.orders for row in answers.joined if row.experience == plan.name}
    covered = [row for row in answers.coverage if row.experience == plan.name]
    return Case(
        plan=plan,
        shop=shop,
        now=now,
        entered=entered,
        outcomes=tuple(
            row
            for row in answers.outcomes
            if row.experience == plan.name and not (left_out and row.crossed)
        ),
        parts=tuple(
            row
            for row in answers.parts
            if row.experience == plan.name and not (left_out and row.crossed)
        ),
        entries=tuple(row for row in answers.entries if row.experience == plan.name),
        suspects=tuple(row for row in answers.causes or () if row.experience == plan.name),
        exposed=tuple(row for row in answers.exposures if row.experience == plan.name),
        coverage=Coverage(
            measurable=sum(row.measurable for row in covered),
            reached=sum(row.reached for row in covered),
        ),
        joined=Joined(by_way=dict(sorted(found.items()))),
        stretches=tally.stretches(entered),
        crossed=crossed,
        crossed_left_out=left_out,
    )
