"""Weighing one bandit: from the rows of the warehouse to the shares of its arms, and of the pictures of an arm.

In:   per arm and day of entry what everybody did so far, and what was agreed about the experience.
Out:  a `Weighing`, or why it is too early for one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from etalage.decide import bandit, suits
from etalage.decide.parse_allocation import standard_floor
from etalage.domain.experience import MILLION, Experience, Variant
from etalage.domain.ids import VariantName
from etalage.domain.policy import Learned, PictureWeighing, WeighedArm, Weighing
from etalage.domain.report import Plan
from etalage.domain.time import DAY
from etalage.measure.bandit import ArmRow, ContextRow, PictureRow

LEAST_WAITS = 20  # conversions of closed windows, before their delay is believed


class Found(NamedTuple):
    """What the log says of one bandit."""

    experience: Experience
    plan: Plan
    now: int
    arms: tuple[ArmRow, ...]
    contexts: tuple[ContextRow, ...] = ()
    pictures: tuple[PictureRow, ...] = ()

    @property
    def delay(self) -> float:
        """The mean time from entry to conversion in days: of closed windows, or of all while those are few."""
        waits, waited = sum(r.waits for r in self.arms), sum(r.waited for r in self.arms)
        if waits < LEAST_WAITS:
            waits, waited = sum(r.conversions for r in self.arms), sum(r.taken for r in self.arms)
        return waited / waits / DAY if waits else 0.0

    @property
    def lately(self) -> int:
        """The conversions of the last 24 hours, in all variants."""
        return sum(row.lately for row in self.arms)

    @property
    def days(self) -> float:
        """How long ago somebody first saw a variant."""
        first = min((row.day for row in self.arms), default=0)
        return (self.now - self.plan.started) / DAY - first if self.arms else 0.0

    def evidence(self, rows: Iterable[ArmRow | ContextRow | PictureRow]) -> bandit.Evidence:
        """Add up what rows say, by how far their answers are in and how long ago they entered."""
        return bandit.evidence(
            (_cohort(row) for row in rows),
            delay=self.delay,
            half_life=self.experience.allocation.half_life,
            window=self.plan.window / DAY,
        )


def why_not(found: Found) -> str | None:
    """Say why it is too early to weigh the variants; None if it is not."""
    arms = [[_cohort(row) for row in rows] for rows in _by_arm(found).values()]
    return bandit.why_not(arms, found.days)


def weigh(found: Found) -> Weighing | None:
    """Weigh the variants; None if it is too early."""
    if why_not(found) is not None:
        return None
    experience, by_arm = found.experience, _by_arm(found)
    allocation = experience.allocation
    known = [found.evidence(rows) for rows in by_arm.values()]
    seed = bandit.seed_of(experience.name, allocation.salt)
    worth = bandit.best_means if allocation.by == "revenue" else bandit.best_rates
    best = worth(known, seed)
    floor = bandit.floor_outside(allocation.floor, len(by_arm))
    shares = bandit.shares_of(best, floor)
    lines = zip(by_arm.items(), best, shares, strict=True)
    return Weighing(
        experience=experience.name,
        salt=allocation.salt,
        made=found.now,
        arms={arm: _weighed(rows, chance, share) for (arm, rows), chance, share in lines},
        delay=round(found.delay * DAY),
        lately=found.lately,
        learned=_learned(found, seed),
    )


def weigh_pictures(found: Found, variant: Variant) -> PictureWeighing | None:
    """Weigh the pictures of one variant, everybody's own among them; None if it is too early."""
    names = ["", *(one.name for one in variant.artwork)]
    rows: dict[str, list[PictureRow]] = {name: [] for name in names}
    for row in found.pictures:
        if row.arm == variant.name and row.picture in rows:
            rows[row.picture].append(row)
    cohorts = [[_cohort(row) for row in of_one] for of_one in rows.values()]
    if bandit.why_not(cohorts, found.days) is not None:
        return None
    seed = bandit.seed_of(found.experience.name, variant.name, "pictures")
    best = bandit.best_rates([found.evidence(of_one) for of_one in rows.values()], seed)
    shares = bandit.shares_of(best, min(standard_floor(len(names)), MILLION // 2 // len(names)))
    lines = zip(rows.items(), best, shares, strict=True)
    return PictureWeighing(
        experience=found.experience.name,
        variant=variant.name,
        made=found.now,
        arms={name: _weighed(of_one, chance, share) for (name, of_one), chance, share in lines},
        lately=found.lately,
    )


def _by_arm(found: Found) -> dict[VariantName, list[ArmRow]]:
    rows: dict[VariantName, list[ArmRow]] = {v.name: [] for v in found.experience.variants}
    for row in found.arms:
        if VariantName(row.arm) in rows:  # others were removed
            rows[VariantName(row.arm)].append(row)
    return rows


def _learned(found: Found, seed: int) -> Learned | None:
    """Learn what suits whom, where the shop wants it and there is enough."""
    allocation = found.experience.allocation
    if not allocation.context:
        return None
    contexts: dict[tuple[str, str], list[ContextRow]] = defaultdict(list)
    for row in found.contexts:
        contexts[row.arm, row.traits].append(row)
    told: dict[VariantName, list[suits.Told]] = {v.name: [] for v in found.experience.variants}
    for (arm, said), rows in sorted(contexts.items()):
        if VariantName(arm) in told:
            told[VariantName(arm)].append(suits.Told(_traits(said), found.evidence(rows)))
    return suits.learn(told, seed)


def _traits(said: str) -> tuple[str, ...]:
    return msgspec.json.decode(said, type=tuple[str, ...])


def _cohort(row: ArmRow | ContextRow | PictureRow) -> bandit.Cohort:
    revenue, squares = (row.revenue, row.squares) if isinstance(row, ArmRow) else (0, 0.0)
    return bandit.Cohort(row.age / DAY, row.visitors, row.conversions, revenue, squares)


def _weighed(
    rows: Sequence[ArmRow] | Sequence[PictureRow], chance: float, share: int
) -> WeighedArm:
    return WeighedArm(
        best=math.floor(chance * MILLION),
        share=share,
        visitors=sum(row.visitors for row in rows),
        conversions=sum(row.conversions for row in rows),
        revenue=sum(row.revenue for row in rows if isinstance(row, ArmRow)),
    )
