"""The log of a shop's own experience, for off-policy evaluation.

In:   an experience that was ever live, and the moment.
Out:  a `Log`: per person whose window is closed her arm (`control` is one of them), its odds, and whether she reached
      the goal.
Idea: the odds were written down when the arm was drawn, also while a bandit changed them; so a policy that never ran
      can be judged by those that did. The uniform slice keeps every arm possible, and with it the weights small.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from etalage.domain.experience import MILLION
from etalage.domain.shop import shop_from
from etalage.errors import BadInput, Unknown
from etalage.evaluate.bandit import Log, log_of
from etalage.flow.report import plans_of
from etalage.measure.uplift.trial import ask_rewards
from etalage.ports import Ports
from etalage.unify.batch import view_statements


def shop_log(ports: Ports, name: str, *, now: int) -> Log:
    """Read what an experience did.

    Raises:
        Unknown: no experience of this name was ever live.
        BadInput: no window of anybody is closed yet.
    """
    plans = {plan.name: plan for plan in plans_of(ports)}
    plan = next((one for key, one in plans.items() if key == name), None)
    if plan is None:
        raise Unknown("experience", name, plans, field="experience")
    currency = shop_from(ports.records.shop()).currency
    with ports.warehouse.session() as questions:
        for statement in view_statements():
            questions.prepare(statement)
        rows: Sequence[Sequence[Any]] = questions.ask(
            *ask_rewards(plan, currency=currency, now=now)
        ).rows
    if not rows:
        raise BadInput(f"nobody's window of '{name}' is closed yet", field="experience")
    arms = tuple(sorted({str(row[0]) for row in rows}))
    persons = [int(row[3]) for row in rows]
    return log_of(
        Log(
            action=np.repeat([arms.index(str(row[0])) for row in rows], persons),
            actions=arms,
            context=np.zeros(sum(persons), np.int64),
            contexts=("",),
            reward=np.repeat([float(row[2]) for row in rows], persons),
            propensity=np.repeat([int(row[1]) / MILLION for row in rows], persons),
            about=f"experience {name}: a row a person, reward 1 = {plan.goal} within its window",
        )
    )
