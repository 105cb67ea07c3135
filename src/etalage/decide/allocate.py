"""Step 5 of 8, decide: the arm this person belongs to.

In:   an experience (or the shop's holdout) and the unit.
Out:  an arm with its odds.
Idea: the draw is a hash, not dice: the same unit gets the same arm on every page and machine, and anybody can
      check it a year later. All boundaries are integers of millionths. What was entered once is never drawn
      again, also when shares or links change (design 7).
From: methods 3.1: bucket = first 8 bytes of SHA-256(salt + ':' + experience + ':' + unit) / 2^64.

A propensity is the odds of an arm among those who could get it: the holdout's against everybody, those of a
control and of variants against everybody outside the holdout.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from etalage.domain.decision import OPEN, Holdout, StoredArm
from etalage.domain.experience import MILLION, Experience
from etalage.domain.ids import CONTROL, HOLDOUT, VariantName
from etalage.domain.profile import HOLDOUT_EXPERIENCE

_WIDTH = 64  # bits of a bucket
_POLICY_LENGTH = 10  # hex digits; enough to tell the versions of one experience apart


class Part(NamedTuple):
    """An arm with the stretch of buckets it owns."""

    arm: VariantName
    start: int
    end: int

    @property
    def share(self) -> int:
        """The odds of the arm, in millionths."""
        return self.end - self.start


def bucket(salt: str, experience: str, unit: str) -> int:
    """Give the place of a unit between 0 and 999,999 in one experience.

    >>> bucket("1", "welcome-back", "u-1") == bucket("1", "welcome-back", "u-1")
    True
    """
    digest = hashlib.sha256(f"{salt}:{experience}:{unit}".encode()).digest()
    return (int.from_bytes(digest[:8]) * MILLION) >> _WIDTH


def parts_of(experience: Experience) -> tuple[Part, ...]:
    """Divide the buckets: first the control, then the variants over the rest, by cumulative shares."""
    control = experience.allocation.control
    parts = [Part(CONTROL, 0, control)] if control else []
    total = sum(variant.share for variant in experience.variants)
    start, seen = control, 0
    for variant in experience.variants:
        seen += variant.share
        end = control + (MILLION - control) * seen // total
        parts.append(Part(variant.name, start, end))
        start = end
    return tuple(parts)


def allocate(experience: Experience, unit: str) -> StoredArm:
    """Draw the arm of a unit that has none yet."""
    place = bucket(experience.allocation.salt, experience.name, unit)
    part = next(part for part in parts_of(experience) if place < part.end)
    return StoredArm(part.arm, unit, part.share, policy_of(experience))


def would_see(experience: Experience, unit: str) -> VariantName:
    """Give the variant a unit would see if there were no control and no holdout: what a ghost stands for."""
    place = bucket(f"{experience.allocation.salt}/ghost", experience.name, unit)
    total = sum(variant.share for variant in experience.variants)
    seen = 0
    for variant in experience.variants:
        seen += variant.share
        if place < MILLION * seen // total:
            return variant.name
    return experience.variants[-1].name


def draw_holdout(holdout: Holdout, unit: str) -> StoredArm:
    """Draw whether a unit is kept from everything; its own salt cuts across all experiments."""
    held = bucket(holdout.salt, HOLDOUT_EXPERIENCE, unit) < holdout.share
    policy = _digest(f"{holdout.salt}:{holdout.share}")
    share = holdout.share if held else MILLION - holdout.share
    return StoredArm(HOLDOUT if held else OPEN, unit, share, policy)


def policy_of(experience: Experience) -> str:
    """Name the version of an allocation: it changes with shares, variants and salt, and with nothing else."""
    parts = ",".join(f"{part.arm}={part.end}" for part in parts_of(experience))
    return _digest(f"{experience.allocation.salt}:{experience.name}:{parts}")


def _digest(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()[:_POLICY_LENGTH]
