"""How one bandit stands: what each arm did so far, what it gets of the visitors, and why.

In:   the log as it is now, and the policy in force.
Out:  a `Standing`; nothing is weighed by looking.
"""

from __future__ import annotations

from msgspec import Struct

from etalage.decide.allocate import UNIFORM, odds_of
from etalage.domain.experience import MILLION, Experience
from etalage.domain.ids import ExperienceName, VariantName
from etalage.domain.policy import PictureWeighing, Weighing
from etalage.domain.shop import shop_from
from etalage.errors import BadInput, Unknown
from etalage.flow.configuration import read_experience
from etalage.flow.policies import policies_now
from etalage.flow.reweigh import look
from etalage.flow.weigh import Found, why_not
from etalage.ports import Ports


class ArmStanding(Struct, frozen=True):
    """One arm: what it did up to now, and what it gets."""

    arm: VariantName
    visitors: int
    conversions: int
    revenue: int  # capped per person, minor units
    best: float | None  # chance to be the best at the last weighing; None before the first
    share: float  # of all who are in the experiment and outside the holdout


class PictureStanding(Struct, frozen=True):
    """One picture of a variant, as it was weighed last; the name of everybody's own is empty."""

    variant: VariantName
    picture: str
    visitors: int
    conversions: int
    best: float
    share: float  # of those who see the variant and are measured


class Standing(Struct, frozen=True):
    """How a bandit stands."""

    experience: ExperienceName
    by: str
    state: str  # too_few_days, too_few_visitors, due (at the next night), weighed
    made: int | None  # micros, of the last weighing
    version: str  # of all policies in force
    policy: str  # under which most are drawn; of contexts there are more
    even_policy: str  # of the tenth that is divided evenly
    even: float
    control: float
    floor: float
    half_life: int  # days
    delay: float  # mean days from entry to conversion
    days: float  # since somebody first saw a variant
    context: tuple[str, ...]  # what it may ask
    features: tuple[str, ...]  # what it learned of; none before a thousand conversions
    arms: tuple[ArmStanding, ...]
    pictures: tuple[PictureStanding, ...] = ()


def show_bandit(ports: Ports, name: str, *, now: int) -> Standing:
    """Tell how a bandit stands.

    Raises:
        Unknown: no live experience has this name.
        BadInput: it is no bandit.
    """
    shop = shop_from(ports.records.shop())
    live = {d.name: d for d in ports.records.live("experience")}
    if name not in live:
        raise Unknown("live experience", name, live, field="experience")
    experience = read_experience(live[name], shop)
    if experience.allocation.kind != "bandit" and not any(v.by_bandit for v in experience.variants):
        raise BadInput(
            f"'{name}' divides by {experience.allocation.kind}: nothing in it is weighed",
            field="experience",
        )
    (found,) = look(ports, [experience], shop, now=now)
    policies = policies_now(ports)
    last = next((one for one in policies.weighings if one.experience == name), None)
    pictures = [one for one in policies.pictures if one.experience == name]
    if last is not None and last.salt != experience.allocation.salt:
        last = None
    return _standing(found, last, pictures, policies.version)


def _standing(
    found: Found, last: Weighing | None, pictures: list[PictureWeighing], version: str
) -> Standing:
    experience = found.experience
    odds = odds_of(experience, last)
    even, weighed = ({p.arm: p.share for p in d.parts} for d in (odds.even, odds.weighed))
    allocation = experience.allocation
    return Standing(
        experience=experience.name,
        by=allocation.by,
        state=(why_not(found) or "due") if last is None else "weighed",
        made=None if last is None else last.made,
        version=version,
        policy=odds.weighed.policy,
        even_policy=odds.even.policy,
        even=UNIFORM / MILLION,
        control=allocation.control / MILLION,
        floor=allocation.floor / MILLION,
        half_life=allocation.half_life,
        delay=round(found.delay, 3),
        days=round(found.days, 2),
        context=allocation.context,
        features=() if last is None or last.learned is None else last.learned.features,
        arms=tuple(_arm(found, last, experience, v.name, even, weighed) for v in experience.variants),
        pictures=tuple(
            PictureStanding(
                one.variant, picture, told.visitors, told.conversions,
                told.best / MILLION, told.share / MILLION,
            )
            for one in pictures
            for picture, told in one.arms.items()
        ),
    )  # fmt: skip


def _arm(
    found: Found,
    last: Weighing | None,
    experience: Experience,
    arm: VariantName,
    even: dict[VariantName, int],
    weighed: dict[VariantName, int],
) -> ArmStanding:
    rows = [row for row in found.arms if row.arm == arm]
    told = None if last is None else last.arms.get(arm)
    is_bandit = experience.allocation.kind == "bandit"
    apart = UNIFORM if is_bandit else MILLION
    share = (apart * even[arm] + (MILLION - apart) * weighed[arm]) / MILLION
    return ArmStanding(
        arm=arm,
        visitors=sum(row.visitors for row in rows),
        conversions=sum(row.conversions for row in rows),
        revenue=sum(row.revenue for row in rows),
        best=None if told is None else told.best / MILLION,
        share=round(share / MILLION, 6),
    )
