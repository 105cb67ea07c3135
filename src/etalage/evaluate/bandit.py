"""The protocol of off-policy evaluation (methods 2.2): what another policy would have earned, from a log.

In:   rows (action, reward, propensity, and perhaps a context) of a policy that drew by known odds.
Out:  a row per policy: IPS, SNIPS and DR with the interval of DR, or the reason why this log cannot tell.
Idea: the log's own mean is a row too: a policy is worth evaluating because it may beat that one. A refused row gives
      no figure as a result; what the formulas would say stands under `arithmetic`, for who checks them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from etalage.domain.experience import Language
from etalage.errors import BadInput
from etalage.evaluate.tables import Table, codes_of, read_table
from etalage.measure.policy_value import (
    LARGEST_WEIGHT,
    LEAST_ESS,
    Floats,
    Longs,
    PolicyValue,
    foretold_rewards,
    in_words,
    policy_value,
)

UNIFORM = "uniform"
LOGGED = "logged"
FEW_ACTIONS = 10  # of so many, each is tried alone too
NEEDED = ("action", "reward", "propensity")
REFUSED = "cannot be estimated from this log"
ROUNDING = 1e-6  # of probabilities that should add up to one


class Log(NamedTuple):
    """What was done, with which odds, and what came of it."""

    action: Longs  # code
    actions: tuple[str, ...]  # by code
    context: Longs
    contexts: tuple[str, ...]
    reward: Floats
    propensity: Floats
    left_out: int = 0
    about: str = "file"


class Policy(NamedTuple):
    """What would be done: float64 (contexts, actions); `covered` is False if it does what the log never shows."""

    name: str
    odds: Floats
    covered: bool = True


def read_log(table: Table) -> Log:
    """Read the rows of a file, and refuse what no estimate can stand on.

    Raises:
        BadInput: a propensity or reward that is none.
    """
    action, actions = codes_of(table["action"])
    context, contexts = _contexts(table)
    return log_of(
        Log(
            action=action[0],
            actions=tuple(str(one) for one in actions),
            context=context,
            contexts=contexts,
            reward=_numbers(table, "reward"),
            propensity=_numbers(table, "propensity"),
            left_out=table.left_out,
        )
    )


def log_of(log: Log) -> Log:
    """Give a log back, if estimates can stand on it.

    Raises:
        BadInput: a propensity or reward that is none.
    """
    wrong = ~((log.propensity > 0) & (log.propensity <= 1))  # NaN is wrong too
    if wrong.any():
        raise BadInput(
            f"{int(wrong.sum())} of {len(wrong)} propensities are no probability above 0 and at most 1, such as "
            f"{log.propensity[wrong][0]}; they are the odds with which the action was taken",
            field="propensity",
        )
    if not np.isfinite(log.reward).all():
        raise BadInput("a reward is not a finite number", field="reward")
    return log


def _contexts(table: Table) -> tuple[Longs, tuple[str, ...]]:
    if not table.has("context"):
        return np.zeros(table.rows, np.int64), ("",)
    numbers, names = codes_of(table["context"])
    return numbers[0], tuple(str(name) for name in names)


def _numbers(table: Table, field: str) -> Floats:
    try:
        return np.asarray(table[field], np.float64)
    except (TypeError, ValueError) as error:
        raise BadInput(f"{field} is not a number in every row", field=field) from error


# ---- Policies ------------------------------------------------------------------------------------------


def uniform(log: Log) -> Policy:
    """Do every action of the log as often."""
    many = len(log.actions)
    return Policy(UNIFORM, np.full((len(log.contexts), many), 1 / many))


def always(log: Log, action: str) -> Policy:
    """Do one action always."""
    odds = np.zeros((len(log.contexts), len(log.actions)))
    odds[:, log.actions.index(action)] = 1.0
    return Policy(f"always {action}", odds)


def read_policy(path: Path, log: Log) -> Policy:
    """Read a policy: rows (action, probability, and perhaps context).

    Raises:
        BadInput: the probabilities of a context do not add up to one, or there are none.
    """
    table = read_table(path, ("action", "probability"), also=("context",))
    probability = _numbers(table, "probability")
    if not np.isfinite(probability).all() or (probability < 0).any():
        raise BadInput(f"{path.name} has a probability that is none", field="policy")
    odds = np.zeros((len(log.contexts), len(log.actions)))
    outside = np.zeros(len(log.contexts))
    places = {name: code for code, name in enumerate(log.actions)}
    known = {name: code for code, name in enumerate(log.contexts)}
    seen: set[tuple[str, str]] = set()
    for row in range(table.rows):
        action = str(table["action"][row])
        context = str(table["context"][row]) if table.has("context") else ""
        if (context, action) in seen:
            raise BadInput(f"{path.name} says twice how often '{action}' is done", field="policy")
        seen.add((context, action))
        where = [known[context]] if context in known else []
        for place in range(len(log.contexts)) if not table.has("context") else where:
            if action in places:
                odds[place, places[action]] += probability[row]
            else:
                outside[place] += probability[row]
    _add_up(odds.sum(axis=1) + outside, log, path)
    return Policy(path.stem, odds, covered=not (outside > ROUNDING).any())


def _add_up(totals: Floats, log: Log, path: Path) -> None:
    wrong = np.flatnonzero(np.abs(totals - 1) > ROUNDING)
    if len(wrong):
        of = log.contexts[int(wrong[0])]
        where = f" for context '{of}'" if of else ""
        raise BadInput(
            f"the probabilities of {path.name} add up to {totals[wrong[0]]:.6g}{where}, not to 1",
            field="policy",
        )


# ---- Rows ----------------------------------------------------------------------------------------------


def protocol(log: Log) -> dict[str, Any]:
    """Say under which rules the figures stand."""
    return {
        "log": log.about,
        "rows": len(log.reward),
        "left_out": log.left_out,
        "actions": len(log.actions),
        "contexts": len(log.contexts),
        "estimators": "ips, snips, dr; the reward of one row",
        "reward_model": "of dr: the mean reward of the action over the other four folds, drawn to the mean of all by "
        "100 rows",
        "guard": f"a result needs ess >= {LEAST_ESS:.0f} and no weight above {LARGEST_WEIGHT:.0f}",
        "interval": "95%, of dr, rows taken as independent",
    }


def bandit_rows(
    log: Log, policies: Sequence[Policy], language: Language = "en"
) -> list[dict[str, Any]]:
    """Evaluate policies, beside the log's own; of few actions each is tried alone too; refusals in this language."""
    foretold, folds = foretold_rewards(log.reward, log.action, actions=len(log.actions))
    of_action = foretold[folds, log.action]
    rows = [_row(LOGGED, _as_logged(log), language)]
    tried = list(policies)
    if 1 < len(log.actions) <= FEW_ACTIONS:
        tried += [always(log, action) for action in log.actions]
    for policy in tried:
        found = policy_value(
            log.reward,
            log.propensity,
            policy.odds[log.context, log.action],
            of_action=of_action,
            expected=(policy.odds @ foretold.T)[log.context, folds],
            covered=policy.covered,
        )
        rows.append(_row(policy.name, found, language))
    return rows


def _as_logged(log: Log) -> PolicyValue:
    """Give the policy that ran: every row counts once."""
    nothing = np.zeros(len(log.reward))
    return policy_value(
        log.reward, log.propensity, log.propensity, of_action=nothing, expected=nothing
    )


def _row(name: str, found: PolicyValue, language: Language) -> dict[str, Any]:
    figures = {name: round(value, 6) for name, value in _named(found).items()}
    row: dict[str, Any] = {
        "method": name,
        **(figures if found.result else dict.fromkeys(figures)),
        "ess": round(found.ess, 6),
        "largest_weight": round(found.largest_weight, 6),
        "rows": found.rows,
    }
    if found.result is None:
        row["refused"] = REFUSED
        row["because"] = [in_words(reason, found, language) for reason in found.refusals]
        row["arithmetic"] = figures  # of the formulas; no result
    else:
        row["interval"] = {"dr": [round(end, 6) for end in found.interval]}
    return row


def _named(found: PolicyValue) -> dict[str, float]:
    return {name: getattr(found.estimates, name) for name in ("ips", "snips", "dr")}
