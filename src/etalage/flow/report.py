"""What the messages were worth: from the log, as it stands now, to one report per experience.

All figures of a report come from one frozen moment of the warehouse, and each from a named question in
`measure/sql`; the same questions on the same log give the same report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    plans = plans_of(ports)
    if name is not None:
        known = [plan.name for plan in plans]
        plans = [plan for plan in plans if plan.name == name]
        if not plans:
            raise Unknown("experience", name, known, field="experience")
    elif plans and shop.holdout_share:
        plans.append(_total(plans, shop))
    return _asked(ports, plans, shop, now) if plans else []


def plans_of(ports: Ports) -> list[Plan]:
    """Plan the comparison of every experience that was ever live."""
    shop = shop_from(ports.records.shop())
    zone = ShopZone(shop.zone)
    since = _live_since(ports)
    return [_plan(versions, since, shop, zone) for versions in _ever_live(ports)]


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


def _ever_live(ports: Ports) -> Iterable[list[Document]]:
    """Give, per experience, the versions that are or were live, the last one first."""
    for newest in ports.records.documents("experience"):
        versions = (
            ports.records.document("experience", newest.name, version)
            for version in range(newest.version, 0, -1)
        )
        found = [d for d in versions if d is not None and d.state in EVER_LIVE and d.approved]
        if found:
            yield found


def _live_since(ports: Ports) -> dict[str, int]:
    """Give when each version went live first, from the audit: a later approval of the same text is not its start."""
    since: dict[str, int] = {}
    for line in ports.records.audit_lines():
        if line.action == "document.live":
            since.setdefault(line.object, line.at)
    return since


def _plan(versions: list[Document], since: Mapping[str, int], shop: Shop, zone: ShopZone) -> Plan:
    """Plan the comparison as the last version says it, since the first one that drew with the same salt.

    What a new version changes starts nothing anew: who was drawn before stays in her arm and in the figures, and
    stretches with other shares are kept apart. Another salt is another experiment (methods 3.1).
    """
    experience = read_experience(versions[0], shop)
    salt = experience.allocation.salt
    same = [d for d in versions if read_experience(d, shop).allocation.salt == salt]
    starts = (since.get(f"experience/{d.name}@{d.version}", d.approved or d.created) for d in same)
    goal = experience.goal
    return Plan(
        name=experience.name,
        started=min(starts),
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
