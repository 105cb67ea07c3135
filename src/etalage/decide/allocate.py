"""Step 5 of 8, decide: the arm this person belongs to.

In:   an experience (or the shop's holdout) and the unit.
Out:  an arm with its odds.
Idea: the draw is a hash, not dice: the same unit gets the same arm on every page and machine, and anybody can
      check it a year later. All boundaries are integers of millionths. What was entered once is never drawn
      again, also when shares or links change (design 7).
From: methods 3.1: bucket = first 8 bytes of SHA-256(salt + ':' + experience + ':' + unit) / 2^64.

A propensity is the odds of an arm among those who could get it: the holdout's against everybody, those of a
control and of variants against everybody outside the holdout.

A bandit is two draws, each with exact odds. A second hash puts a tenth of all units, control included, into a part that
is divided evenly for ever: what is compared there has no bias. All others are divided as the last weighing says,
or for this context. The name of a policy follows from the odds alone, so units drawn with equal odds share it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from etalage.domain.decision import OPEN, Holdout, StoredArm
from etalage.domain.experience import MILLION, Experience
from etalage.domain.ids import CONTROL, HOLDOUT, VariantName
from etalage.domain.policy import Weighing
from etalage.domain.profile import HOLDOUT_EXPERIENCE

if TYPE_CHECKING:
    from etalage.decide.votes import Votes

UNIFORM = 100_000  # millionths: the part of a bandit's units that is always divided evenly

_WIDTH = 64  # bits of a bucket
_REMEMBERED = 1_024  # divisions of one bandit, one for each way in which votes fall
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
    return _divided(experience, [variant.share for variant in experience.variants])


def _divided(experience: Experience, shares: Sequence[int]) -> tuple[Part, ...]:
    control = experience.allocation.control
    parts = [Part(CONTROL, 0, control)] if control else []
    total = sum(shares)
    start, seen = control, 0
    for variant, share in zip(experience.variants, shares, strict=True):
        seen += share
        end = control + (MILLION - control) * seen // total
        parts.append(Part(variant.name, start, end))
        start = end
    return tuple(parts)


class Division(NamedTuple):
    """Buckets divided over arms, with a name that follows from the boundaries."""

    parts: tuple[Part, ...]
    policy: str
    ghosts: tuple[tuple[int, VariantName], ...]  # where the stretch of each variant ends

    def draw(self, place: int, unit: str) -> StoredArm:
        """Give the arm that owns a bucket."""
        for arm, start, end in self.parts:
            if place < end:
                return StoredArm(arm, unit, end - start, self.policy)
        raise AssertionError(place)  # the last part ends where buckets end


class Odds:
    """All that a draw needs of one experience, worked out once."""

    __slots__ = ("_by_shares", "_experience", "_votes", "even", "experience", "salt", "weighed")

    def __init__(self, experience: Experience, weighing: Weighing | None = None) -> None:
        self.experience = experience.name
        self.salt = experience.allocation.salt
        shares = tuple(variant.share for variant in experience.variants)
        self._experience = experience
        self._by_shares: dict[tuple[int, ...], Division] = {}
        self._votes: Votes | None = None
        self.even = self.weighed = self._division(shares)
        if experience.allocation.kind == "bandit" and weighing is not None:
            self._take_up(weighing)

    def _take_up(self, weighing: Weighing) -> None:
        if weighing.salt != self.salt:
            return  # another experiment
        experience = self._experience
        self.weighed = self._division(carried(experience, weighing))
        names = tuple(variant.name for variant in experience.variants)
        if weighing.learned is not None and set(weighing.learned.means) >= set(names):
            from etalage.decide.votes import Votes  # with numpy, which few shops need here

            self._votes = Votes(weighing.learned, names, experience.allocation.floor)

    def place(self, unit: str) -> int:
        """Give the bucket of a unit."""
        return bucket(self.salt, self.experience, unit)

    def division(self, unit: str, traits: Collection[str] = ()) -> Division:
        """Give how the buckets are divided for a unit in a context."""
        if self.weighed is self.even and self._votes is None:
            return self.even
        if bucket(f"{self.salt}/even", self.experience, unit) < UNIFORM:
            return self.even
        return self.weighed if self._votes is None else self._division(self._votes.shares(traits))

    def draw(self, place: int, unit: str, traits: Collection[str] = ()) -> StoredArm:
        """Give the arm that owns a bucket."""
        return self.division(unit, traits).draw(place, unit)

    def would_see(self, unit: str, traits: Collection[str] = ()) -> VariantName:
        """Give the variant a unit would see if there were no control and no holdout: what a ghost stands for."""
        ghosts = self.division(unit, traits).ghosts
        if len(ghosts) == 1:
            return ghosts[0][1]
        place = bucket(f"{self.salt}/ghost", self.experience, unit)
        return next((name for end, name in ghosts if place < end), ghosts[-1][1])

    def _division(self, shares: tuple[int, ...]) -> Division:
        known = self._by_shares.get(shares)
        if known is None:
            if len(self._by_shares) >= _REMEMBERED:
                self._by_shares.clear()
            parts = _divided(self._experience, shares)
            policy = _policy(self._experience, parts)
            known = Division(parts, policy, _ghosts(self._experience, shares))
            self._by_shares[shares] = known
        return known


def odds_of(experience: Experience, weighing: Weighing | None = None) -> Odds:
    """Work out the odds of an experience; those of a bandit as its last weighing says."""
    return Odds(experience, weighing)


def carried(experience: Experience, weighing: Weighing) -> tuple[int, ...]:
    """Give the shares that a weighing says for the arms there are now.

    An arm that was added since gets an even share until it is weighed; that of a removed one goes to the others.
    """
    names = [variant.name for variant in experience.variants]
    even = MILLION // len(names)
    known = {name: arm.share for name, arm in weighing.arms.items() if name in names}
    rest = MILLION - even * (len(names) - len(known))
    total = sum(known.values())
    if not total:
        return (even,) * len(names)
    return tuple(known[name] * rest // total if name in known else even for name in names)


def _ghosts(experience: Experience, shares: Sequence[int]) -> tuple[tuple[int, VariantName], ...]:
    total = sum(shares)
    return tuple(
        (MILLION * end // total, variant.name)
        for end, variant in zip(accumulate(shares), experience.variants, strict=True)
    )


def allocate(experience: Experience, unit: str) -> StoredArm:
    """Draw the arm of a unit that has none yet."""
    odds = odds_of(experience)
    return odds.draw(odds.place(unit), unit)


def draw_holdout(holdout: Holdout, unit: str) -> StoredArm:
    """Draw whether a unit is kept from everything; its own salt cuts across all experiments."""
    # Most shops hold nobody back: then there is nothing to draw.
    held = holdout.share > 0 and bucket(holdout.salt, HOLDOUT_EXPERIENCE, unit) < holdout.share
    share = holdout.share if held else MILLION - holdout.share
    return StoredArm(HOLDOUT if held else OPEN, unit, share, _holdout_policy(holdout))


@lru_cache(maxsize=64)
def _holdout_policy(holdout: Holdout) -> str:
    return _digest(f"{holdout.salt}:{holdout.share}")


def policy_of(experience: Experience) -> str:
    """Name the version of an allocation: it changes with shares, variants and salt, and with nothing else."""
    return _policy(experience, parts_of(experience))


def _policy(experience: Experience, parts: Sequence[Part]) -> str:
    said = ",".join(f"{part.arm}={part.end}" for part in parts)
    return _digest(f"{experience.allocation.salt}:{experience.name}:{said}")


def _digest(said: str) -> str:
    return sha256(said.encode()).hexdigest()[:_POLICY_LENGTH]
