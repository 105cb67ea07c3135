"""What the messages were worth: from the log, as it stands now, to one report per experience.

All figures of a report come from one frozen moment of the warehouse, and each from a named question in
`measure/sql`; the same questions on the same log give the same report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from etalage.decide.allocate import parts_of
from etalage.domain.experience import MILLION, Experience
from etalage.domain.report import About, ExperienceReport, Plan
from etalage.domain.shop import Shop, shop_from
from etalage.domain.time import DAY, ShopZone
from etalage.errors import Unknown
from etalage.flow.configuration import read_experience
from etalage.flow.planning import as_fixed, fixed_plans, object_of, planned_end
from etalage.measure import case
from etalage.measure.maturity import LEAST_DAYS, LEAST_ORDERS
from etalage.measure.questions import QUESTIONS, Asked, answers, ask_staged, stages
from etalage.measure.report import report
from etalage.ports import Document, Ports, Questions, Warehouse
from etalage.unify.batch import view_statements

EVER_LIVE = frozenset({"live", "paused", "ended"})
FIXED = "report.cap_fixed"  # of the audit


def report_all(
    ports: Ports, *, now: int, name: str | None = None, keep: bool = True
) -> list[ExperienceReport]:
    """Report on every experience that was ever live, or on one.

    Args:
        ports: of the shop.
        now: micros.
        name: of one experience; all of them, and the total against the holdout, without it.
        keep: whether what a first analysis fixes is written down: the cap of a person's revenue.

    Raises:
        Unknown: no experience of this name was ever live.
    """
    shop = shop_from(ports.records.shop())
    ran = {found.plan.name: found for found in _ran(ports)}
    if name is not None:
        if name not in ran:
            raise Unknown("experience", name, list(ran), field="experience")
        ran = {found.plan.name: found for found in ran.values() if found.plan.name == name}
    plans = [found.plan for found in ran.values()]
    if name is None and plans and shop.holdout_share:
        plans.append(_total(plans, shop))
    if not plans:
        return []
    caps = _Caps(ports)
    fixed = [caps.fixed(plan, ran.get(plan.name)) for plan in plans]
    erasures = [one.requested for one in ports.keys.erasures()]
    reports = [
        replace(
            told,
            about=ran[told.name].about if told.name in ran else None,
            erased=sum(told.started <= at <= now for at in erasures),
        )
        for told in asked_of(ports.warehouse, fixed, shop, now=now)
    ]
    if keep:
        for plan, told in zip(fixed, reports, strict=True):
            caps.fix(plan, ran.get(plan.name), told)
    return reports


class _Ran(Struct, frozen=True):
    """An experience that was ever live."""

    plan: Plan
    about: About
    salt: str  # another one is another experiment


def plans_of(ports: Ports) -> list[Plan]:
    """Plan the comparison of every experience that was ever live."""
    return [found.plan for found in _ran(ports)]


def _ran(ports: Ports) -> list[_Ran]:
    shop = shop_from(ports.records.shop())
    zone = ShopZone(shop.zone)
    since, planned = _live_since(ports), fixed_plans(ports)
    found = []
    for versions in _ever_live(ports):
        experience = read_experience(versions[0], shop)
        found.append(
            _Ran(
                plan=as_fixed(
                    _plan(experience, versions, since, shop, zone),
                    planned.get(object_of(experience)),
                ),
                about=_about(experience, versions[0]),
                salt=experience.allocation.salt,
            )
        )
    return found


def asked_of(
    warehouse: Warehouse, plans: list[Plan], shop: Shop, *, now: int
) -> list[ExperienceReport]:
    """Ask all questions of one frozen moment; where to look for a fault only if there is one."""
    rows: dict[Asked, list[dict[str, object]]] = {}
    of_shop = case.Shop(currency=shop.currency, orders=shop.orders)
    with warehouse.session() as questions:
        for statement in view_statements():
            questions.prepare(statement)
        for text, bound in stages(plans, currency=shop.currency, now=now):
            questions.prepare(text, bound)
        for question in QUESTIONS:
            rows[question] = _rows(questions, question, plans, shop, now)
        told = report(answers(rows), plans, shop=of_shop, now=now)
        if not any("sample_ratio" in one.faults for one in told):
            return told
        rows["causes"] = _rows(questions, "causes", plans, shop, now)
    return report(answers(rows), plans, shop=of_shop, now=now)


def _rows(
    questions: Questions, question: Asked, plans: list[Plan], shop: Shop, now: int
) -> list[dict[str, object]]:
    text, bound = ask_staged(question, plans, currency=shop.currency, now=now)
    return questions.ask(text, bound).dicts()


class _Caps:
    """What a person's revenue is capped at, written down in the audit by the first analysis that may show any.

    From then on one large order more, or a person erased, no longer moves what others spent.
    """

    def __init__(self, ports: Ports) -> None:
        self._records = ports.records
        self._fixed: dict[str, int] = {}
        for line in self._records.audit_lines():
            if line.action == FIXED and line.after is not None:
                self._fixed.setdefault(line.object, int(line.after))

    def fixed(self, plan: Plan, ran: _Ran | None) -> Plan:
        """Give the plan with the cap that was fixed for it, if one was."""
        return replace(plan, revenue_cap=self._fixed.get(_object(plan, ran)))

    def fix(self, plan: Plan, ran: _Ran | None, told: ExperienceReport) -> None:
        """Write the cap down where this is the first analysis: 14 days, and 100 orders in each arm."""
        orders = [told.arm(arm).orders for arm, share in plan.shares.items() if share > 0]
        early = told.now < plan.started + LEAST_DAYS * DAY or min(orders) < LEAST_ORDERS
        if plan.revenue_cap is None and told.revenue_cap is not None and not early:
            self._records.audit(
                "etalage", FIXED, _object(plan, ran), now=told.now, after=str(told.revenue_cap)
            )


def _object(plan: Plan, ran: _Ran | None) -> str:
    return f"experience/{plan.name}" if ran is None else f"experience/{plan.name}#{ran.salt}"


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


def _plan(
    experience: Experience,
    versions: list[Document],
    since: Mapping[str, int],
    shop: Shop,
    zone: ShopZone,
) -> Plan:
    """Plan the comparison as the last version says it, since the first one that drew with the same salt.

    What a new version changes starts nothing anew: who was drawn before stays in her arm and in the figures, and
    stretches with other shares are kept apart. Another salt is another experiment (methods 3.1).
    """
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
        ends=planned_end(experience, zone),
    )


def _about(experience: Experience, document: Document) -> About:
    """Say what ran and for whom, in the words of its last version."""
    return About(
        title=experience.title,
        form=experience.form,
        slot=experience.slot,
        trigger=experience.trigger.on,
        purpose=experience.purpose,
        gain={str(language): text for language, text in experience.gain.items()},
        segment=experience.segment,
        phase=experience.phase,
        persona=experience.persona,
        principle=experience.principle,
        version=document.version,
        state=document.state,
    )


def _total(plans: Iterable[Plan], shop: Shop) -> Plan:
    """Plan the comparison of everybody with the global holdout: the only source of a total."""
    started = min(plan.started for plan in plans)
    return case.everything(started=started, holdout_share=shop.holdout_share)
