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

from functools import lru_cache
from hashlib import sha256
from itertools import accumulate
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
    digest = sha256(f"{salt}:{experience}:{unit}".encode()).digest()
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


class Odds(NamedTuple):
    """All that a draw needs of one experience, worked out once."""

    experience: str
    salt: str
    parts: tuple[Part, ...]
    policy: str
    ghosts: tuple[tuple[int, VariantName], ...]  # where the stretch of each variant ends

    def place(self, unit: str) -> int:
        """Give the bucket of a unit."""
        return bucket(self.salt, self.experience, unit)

    def draw(self, place: int, unit: str) -> StoredArm:
        """Give the arm that owns a bucket."""
        for arm, start, end in self.parts:
            if place < end:
                return StoredArm(arm, unit, end - start, self.policy)
        raise AssertionError(place)  # the last part ends where buckets end

    def would_see(self, unit: str) -> VariantName:
        """Give the variant a unit would see if there were no control and no holdout: what a ghost stands for."""
        if len(self.ghosts) == 1:
            return self.ghosts[0][1]
        place = bucket(f"{self.salt}/ghost", self.experience, unit)
        return next((name for end, name in self.ghosts if place < end), self.ghosts[-1][1])


def odds_of(experience: Experience) -> Odds:
    """Work out the odds of an experience."""
    return Odds(
        experience.name,
        experience.allocation.salt,
        parts_of(experience),
        policy_of(experience),
        _ghosts(experience),
    )


def _ghosts(experience: Experience) -> tuple[tuple[int, VariantName], ...]:
    total = sum(variant.share for variant in experience.variants)
    ends = accumulate(variant.share for variant in experience.variants)
    return tuple(
        (MILLION * end // total, variant.name)
        for end, variant in zip(ends, experience.variants, strict=True)
    )


def allocate(experience: Experience, unit: str) -> StoredArm:
    """Draw the arm of a unit that has none yet."""
    odds = odds_of(experience)
    return odds.draw(odds.place(unit), unit)


def draw_holdout(holdout: Holdout, unit: str) -> StoredArm:
    """Draw whether a unit is kept from everything; its own salt cuts across all experiments."""
    held = bucket(holdout.salt, HOLDOUT_EXPERIENCE, unit) < holdout.share
    share = holdout.share if held else MILLION - holdout.share
    return StoredArm(HOLDOUT if held else OPEN, unit, share, _holdout_policy(holdout))


@lru_cache(maxsize=64)
def _holdout_policy(holdout: Holdout) -> str:
    return _digest(f"{holdout.salt}:{holdout.share}")


def policy_of(experience: Experience) -> str:
    """Name the version of an allocation: it changes with shares, variants and salt, and with nothing else."""
    parts = ",".join(f"{part.arm}={part.end}" for part in parts_of(experience))
    return _digest(f"{experience.allocation.salt}:{experience.name}:{parts}")


def _digest(said: str) -> str:
    return sha256(said.encode()).hexdigest()[:_POLICY_LENGTH]
