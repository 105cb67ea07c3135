"""What the messages were worth: from the log, as it stands now, to one report per experience.

All figures of a report come from one frozen moment of the warehouse, and each from a named question in
`measure/sql`; the same questions on the same log give the same report.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from etalage.decide.allocate import parts_of
from etalage.domain.experience import MILLION, Experience
from etalage.domain.report import ExperienceReport, Plan
from etalage.domain.shop import Shop, shop_from
from etalage.domain.time import DAY, ShopZone, micros
from etalage.errors import Unknown
from etalage.flow.configuration import read_experience
from etalage.measure import case
from etalage.measure.questions import QUESTIONS, answers, ask
from etalage.measure.report import report
from etalage.ports import Document, Ports
from etalage.unify.batch import view_statements

EVER_LIVE = frozenset({"live", "paused", "ended"})


def report_all(ports: Ports, *, now: int, name: str | None = None) -> list[ExperienceReport]:
    """Report on every experience that was ever live, or on one.

    Raises:
        Unknown: no experience of this name was ever live.
    """
    shop = shop_from(ports.records.shop())
    zone = ShopZone(shop.zone)
    plans = [_plan(d, read_experience(d, shop), zone) for d in _ever_live(ports)]
    if name is not None:
        known = [plan.name for plan in plans]
        plans = [plan for plan in plans if plan.name == name]
        if not plans:
            raise Unknown("experience", name, known, field="experience")
    elif plans and shop.holdout_share:
        plans.append(_total(plans, shop))
    return _asked(ports, plans, shop, now) if plans else []


def _asked(ports: Ports, plans: list[Plan], shop: Shop, now: int) -> list[ExperienceReport]:
    rows = {}
    with ports.warehouse.session() as questions:
        for statement in view_statements():
            questions.prepare(statement)
        for question in QUESTIONS:
            text, bound = ask(question, plans, currency=shop.currency, now=now)
            rows[question] = questions.ask(text, bound).dicts()
    of_shop = case.Shop(currency=shop.currency, orders=shop.orders)
    return report(answers(rows), plans, shop=of_shop, now=now)


def _ever_live(ports: Ports) -> Iterable[Document]:
    """Give, per experience, the version that is or was live last."""
    for newest in ports.records.documents("experience"):
        for version in range(newest.version, 0, -1):
            document = ports.records.document("experience", newest.name, version)
            if document is not None and document.state in EVER_LIVE and document.approved:
                yield document
                break


def _plan(document: Document, experience: Experience, zone: ShopZone) -> Plan:
    goal = experience.goal
    return Plan(
        name=experience.name,
        started=document.approved or document.created,
        shares={part.arm: part.share / MILLION for part in parts_of(experience)},
        goal=goal.event,
        window=goal.window_days * DAY,
        ends=_end(experience, zone),
    )


def _end(experience: Experience, zone: ShopZone) -> int | None:
    """Give the planned end of a message: who triggers later is not compared, and a vague result is `undecided`."""
    until = experience.schedule.until
    if until is None:
        return None
    wall = datetime.fromisoformat(until).replace(tzinfo=zone.local(0).tzinfo)
    return micros(wall)


def _total(plans: Iterable[Plan], shop: Shop) -> Plan:
    """Plan the comparison of everybody with the global holdout: the only source of a total."""
    started = min(plan.started for plan in plans)
    return case.everything(started=started, holdout_share=shop.holdout_share)
