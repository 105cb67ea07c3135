"""Before a message starts: whether it can be decided, by when, and its plan, written down for good.

In:   an experience, live or only written, and who would meet it.
Out:  the outlook; and when it goes live, the sample it was planned for.
Idea: a plan is fixed before anybody has looked, so it is a line in the audit, which nobody can change afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from etalage.decide.allocate import parts_of
from etalage.domain.experience import MILLION, Experience
from etalage.domain.ids import CONTROL
from etalage.domain.report import Plan
from etalage.domain.shop import Shop, shop_from
from etalage.domain.time import DAY, ShopZone, micros
from etalage.errors import Unknown
from etalage.flow.configuration import read_experience
from etalage.flow.public import public_of
from etalage.measure.planning.chance import Design, planned_sample
from etalage.measure.planning.outlook import DEFAULT_LIFT, LEAST_DAYS, Forecast, outlook
from etalage.ports import Document, Ports

LEAST_CONVERTED = 20  # persons; below it a base rate is chance, and the default of a plan stands
FIXED = "experience.planned"  # of the audit


class Fixed(Struct, frozen=True, omit_defaults=True):
    """What was planned when an experience went live."""

    planned_sample: int | None = (
        None  # None: the log was too young to say; the default of a plan stands
    )
    base_rate: float | None = None  # idem
    ends: int | None = None  # micros; None: no end was planned, so a later one is not a planned one


def forecast(
    ports: Ports, experience: Experience, *, now: int, lift: float = DEFAULT_LIFT
) -> Forecast:
    """Foresee what an experience would tell, if it went live now."""
    shop = shop_from(ports.records.shop())
    public = public_of(ports, experience, shop, now=now)
    ends = planned_end(experience, ShopZone(shop.zone))
    design = design_of(experience, shop, now=now, ends=ends)
    known = public.days >= LEAST_DAYS and design is not None
    return Forecast(
        experience=experience.name,
        now=now,
        public=public,
        lift=lift,
        has_control=design is not None,
        outlook=outlook(
            design,
            public.traffic,
            goal=experience.goal.event,
            window_days=experience.goal.window_days,
            lift=lift,
            whole=public.whole,
        )
        if known and design is not None
        else None,
    )


def experience_named(ports: Ports, name: str) -> Experience:
    """Read the newest version of an experience; `Unknown` gives the nearest name."""
    document = ports.records.document("experience", name)
    if document is None:
        known = [other.name for other in ports.records.documents("experience")]
        raise Unknown("experience", name, known, field="experience")
    return read_experience(document, shop_from(ports.records.shop()))


def experience_written(ports: Ports, name: str, body: Mapping[str, object]) -> Experience:
    """Read an experience that is only written, in a file."""
    document = Document("experience", name, 1, "", dict(body), "draft", "", 0)
    return read_experience(document, shop_from(ports.records.shop()))


def design_of(experience: Experience, shop: Shop, *, now: int, ends: int | None) -> Design | None:
    """Say how an experience divides its persons: its smallest variant beside its control; None without a control.

    Who is in the global holdout is in neither.
    """
    rest = 1 - shop.holdout_share
    shares = {part.arm: part.share / MILLION for part in parts_of(experience)}
    control = shares.pop(CONTROL, 0.0)
    if not control or not shares:
        return None
    days = None if ends is None else max(round((ends - now) / DAY), 1)
    smallest = min(shares.values())
    return Design(smallest * rest, control * rest, ends=days, variants=len(shares))


def planned_end(experience: Experience, zone: ShopZone) -> int | None:
    """Give the planned end of a message: who triggers later is not compared, and a vague result is `undecided`."""
    until = experience.schedule.until
    if until is None:
        return None
    wall = datetime.fromisoformat(until).replace(tzinfo=zone.local(0).tzinfo)
    return micros(wall)


# ---- Fixed when it goes live --------------------------------------------------------------------------


def fix(ports: Ports, document: Document, *, now: int) -> None:
    """Write down the plan of an experience that goes live, once per experiment: N* and the base rate.

    What a later version changes does not change it; nor what a young shop learns afterwards.
    """
    shop = shop_from(ports.records.shop())
    experience = read_experience(document, shop)
    name = object_of(experience)
    if name not in fixed_plans(ports) and not _ran_before(ports, document, experience, shop):
        fixed = _planned(ports, experience, shop, now=now)
        told = msgspec.json.encode(fixed).decode()
        ports.records.audit("etalage", FIXED, name, now=now, after=told)


def _planned(ports: Ports, experience: Experience, shop: Shop, *, now: int) -> Fixed:
    ends = planned_end(experience, ShopZone(shop.zone))
    fixed = Fixed(ends=ends)
    design = design_of(experience, shop, now=now, ends=ends)
    if design is None:
        return fixed
    public = public_of(ports, experience, shop, now=now)
    if public.days < LEAST_DAYS:
        return fixed
    sample = round(planned_sample(design, public.traffic) * (1 - shop.holdout_share))
    rate = public.traffic.rates.get(experience.goal.event, 0.0)
    is_known = rate * public.traffic.persons >= LEAST_CONVERTED
    return replace(
        fixed, planned_sample=sample or None, base_rate=round(rate, 6) if is_known else None
    )


def _ran_before(ports: Ports, document: Document, experience: Experience, shop: Shop) -> bool:
    """Tell whether an earlier version drew the same arms, before plans were written down."""
    earlier = (
        ports.records.document("experience", document.name, version)
        for version in range(1, document.version)
    )
    ran = (read_experience(one, shop) for one in earlier if one is not None and one.approved)
    return any(one.allocation.salt == experience.allocation.salt for one in ran)


def object_of(experience: Experience) -> str:
    """Name an experiment: another salt draws everybody anew, so it is planned anew."""
    return f"experience/{experience.name}#{experience.allocation.salt}"


def fixed_plans(ports: Ports) -> dict[str, Fixed]:
    """Give what was planned, by experiment."""
    found: dict[str, Fixed] = {}
    for line in ports.records.audit_lines():
        if line.action == FIXED and line.after is not None:
            found.setdefault(line.object, msgspec.json.decode(line.after, type=Fixed))
    return found


def as_fixed(plan: Plan, fixed: Fixed | None) -> Plan:
    """Give a plan with what was written down when it went live.

    The planned end is the one that judges, also where the schedule was moved on the way; and an end that nobody
    planned is judged as if there were none. Otherwise somebody could look every day, and end it on a lucky one.
    """
    if fixed is None:
        return replace(plan, is_planned=False)
    return replace(
        plan,
        planned_sample=fixed.planned_sample or plan.planned_sample,
        base_rate=fixed.base_rate or plan.base_rate,
        ends=plan.ends if fixed.ends is None else fixed.ends,
        is_planned=fixed.ends is not None,
    )
