"""Policies: what a bandit's last weighing said, as the log keeps it and every process takes it up.

A weighing is learned, not decided by people: it needs no approval and has a version of its own. The log holds every
one that was ever in force, so that a decision made under it can be made again.
"""

from __future__ import annotations

from msgspec import Struct

from etalage.domain.ids import ExperienceName, VariantName

POLICY = "policy"  # name of the event that holds a `Policies`, and of the file


class WeighedArm(Struct, frozen=True, omit_defaults=True):
    """One arm as it was weighed."""

    best: int  # chance that it is the best, millionths
    share: int  # of those shown a variant outside the even tenth, millionths
    visitors: int = 0
    conversions: int = 0
    revenue: int = 0  # capped per person, minor units


class Learned(Struct, frozen=True, omit_defaults=True):
    """What suits whom: per arm a logistic regression on features that are there or not, the constant first.

    Weights and precisions are millionths: whole numbers, so that votes come out alike on every machine.
    """

    features: tuple[str, ...]
    seed: int
    means: dict[VariantName, tuple[int, ...]]
    precisions: dict[VariantName, tuple[int, ...]]


class Weighing(Struct, frozen=True, omit_defaults=True):
    """What the last weighing of one experience said."""

    experience: ExperienceName
    salt: str
    made: int  # micros
    arms: dict[VariantName, WeighedArm]
    delay: int = 0  # mean time from entry to conversion, micros
    lately: int = 0  # conversions of the 24 hours before it
    learned: Learned | None = None  # where there is enough to tell who is who


class PictureWeighing(Struct, frozen=True, omit_defaults=True):
    """How the pictures of one variant are divided; the name of the one that everybody sees is empty."""

    experience: ExperienceName
    variant: VariantName
    made: int
    arms: dict[str, WeighedArm]
    lately: int = 0


class Policies(Struct, frozen=True, omit_defaults=True):
    """All weighings in force at one moment; `version` is the digest of the rest."""

    version: str = ""
    weighings: tuple[Weighing, ...] = ()
    pictures: tuple[PictureWeighing, ...] = ()
