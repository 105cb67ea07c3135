"""Weighing bandits anew, in one page: from what the log says of each arm to the shares of the hours to come.

ask       the warehouse what everybody did since her first moment, per arm and day, context and picture
weigh     each bandit that is due: every night, every hour where there are more than 500 conversions a day
write     the policies into the log, so that every decision under them can be made again
take up   a file, which every process sees within a second; no approval, for people decided that it may

Killed between the last two, the log knows policies that nobody used, and the next weighing finds the file missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from etalage.domain.experience import Experience
from etalage.domain.ids import ExperienceName, VariantName
from etalage.domain.policy import PictureWeighing, Policies, Weighing
from etalage.domain.shop import Shop, shop_from
from etalage.domain.time import DAY, HOUR, ShopZone
from etalage.flow.configuration import read_experience
from etalage.flow.policies import policies_now, put_policies
from etalage.flow.report import plans_of
from etalage.flow.weigh import Found, weigh, weigh_pictures
from etalage.measure.bandit import ArmRow, Asked, ContextRow, PictureRow, ask
from etalage.ports import Ports, Questions
from etalage.unify.batch import view_statements

BUSY = 500  # conversions a day, above which a bandit is weighed every hour
NEARLY = HOUR - HOUR // 10  # what comes every hour is not always a whole one later


def reweigh(ports: Ports, *, now: int) -> int:
    """Weigh all bandits that are due; give how many weighings are new."""
    shop = shop_from(ports.records.shop())
    zone, held = ShopZone(shop.zone), policies_now(ports)
    weighed = {one.experience: one for one in held.weighings}
    pictures = {(one.experience, one.variant): one for one in held.pictures}
    due = _due(bandits(ports, shop), held, zone, now)
    new = 0
    for found in look(ports, due, shop, now=now):
        fresh = weigh(found) if found.experience.allocation.kind == "bandit" else None
        if fresh is not None:
            weighed[fresh.experience] = fresh
            new += 1
        for variant in found.experience.variants:
            of_one = weigh_pictures(found, variant) if variant.by_bandit else None
            if of_one is not None:
                pictures[of_one.experience, of_one.variant] = of_one
                new += 1
    if new:
        put_policies(ports, _policies(weighed, pictures), now=now)
    return new


def bandits(ports: Ports, shop: Shop) -> list[Experience]:
    """Give the live experiences in which something is divided by what it was worth."""
    live = (read_experience(document, shop) for document in ports.records.live("experience"))
    return [
        e for e in live if e.allocation.kind == "bandit" or any(v.by_bandit for v in e.variants)
    ]


def look(ports: Ports, experiences: Sequence[Experience], shop: Shop, *, now: int) -> list[Found]:
    """Ask the warehouse what everybody did so far in these experiences."""
    of_name = {experience.name: experience for experience in experiences}
    plans = [plan for plan in plans_of(ports) if plan.name in of_name]
    if not plans:
        return []
    wants_contexts = any(e.allocation.context for e in experiences)
    wants_pictures = any(v.by_bandit for e in experiences for v in e.variants)
    with ports.warehouse.session() as questions:
        for statement in view_statements():
            questions.prepare(statement)

        def asked(question: Asked) -> list[dict[str, object]]:
            return _asked(questions, question, plans, shop, now)

        arms = msgspec.convert(asked("arms"), list[ArmRow])
        contexts = msgspec.convert(asked("contexts") if wants_contexts else [], list[ContextRow])
        pictures = msgspec.convert(asked("pictures") if wants_pictures else [], list[PictureRow])
    return [
        Found(
            of_name[plan.name],
            plan,
            now,
            tuple(row for row in arms if row.experience == plan.name),
            tuple(row for row in contexts if row.experience == plan.name),
            tuple(row for row in pictures if row.experience == plan.name),
        )
        for plan in plans
    ]


def _asked(
    questions: Questions, question: Asked, plans: Sequence[Any], shop: Shop, now: int
) -> list[dict[str, object]]:
    text, bound = ask(question, plans, currency=shop.currency, now=now)
    return questions.ask(text, bound).dicts()


def _due(
    experiences: Sequence[Experience], held: Policies, zone: ShopZone, now: int
) -> list[Experience]:
    """Give the bandits whose last weighing is old enough, or of another experiment, or of other arms."""
    last: dict[ExperienceName, list[Weighing | PictureWeighing]] = {}
    every: list[Weighing | PictureWeighing] = [*held.weighings, *held.pictures]
    for one in every:
        last.setdefault(one.experience, []).append(one)
    return [e for e in experiences if _is_due(e, last.get(e.name, []), zone, now)]


def _is_due(
    experience: Experience,
    last: Sequence[Weighing | PictureWeighing],
    zone: ShopZone,
    now: int,
) -> bool:
    if not last:
        return True
    made = min(one.made for one in last)
    salts = {one.salt for one in last if isinstance(one, Weighing)}
    if made > now or (salts and salts != {experience.allocation.salt}):  # a clock that went back
        return True
    if max(one.lately for one in last) > BUSY:
        return now - made >= NEARLY
    return zone.day(made) != zone.day(now) or now - made >= DAY


def _policies(
    weighed: dict[ExperienceName, Weighing],
    pictures: dict[tuple[ExperienceName, VariantName], PictureWeighing],
) -> Policies:
    return Policies(
        weighings=tuple(weighed[name] for name in sorted(weighed)),
        pictures=tuple(pictures[key] for key in sorted(pictures)),
    )
