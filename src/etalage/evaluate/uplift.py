"""The protocol of uplift (methods 4): for whom a treatment does more, tried on people the models have not seen.

In:   a random trial: a row a person, with what was done, what came of it, and what was known before.
Out:  rows per learner and for the order by response: Qini, policy value, groups, and whether the gate lets it through.
Idea: a column that was not known before the treatment makes every model look good. So unless the columns are named,
      those go that differ between the arms, that follow from the outcome, or that name the row; and each is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from etalage.domain.experience import Language
from etalage.errors import BadInput, Unknown
from etalage.evaluate.tables import columns_of, read_table
from etalage.measure.uplift.gate import Verdict, groups, in_words, verdict
from etalage.measure.uplift.learners import (
    FOLDS,
    LEAST_LEAF,
    Flags,
    Learner,
    Trial,
    crossfit,
)
from etalage.measure.uplift.trees import Floats
from etalage.measure.uplift.worth import DRAWS, effect, ordered, qini, seen

LEAST_ROWS = 50  # in an arm: with fewer not even a fold has leaves
MOST_LEVELS = 20  # of a text column; the rarer ones count as one
MOST_VALUES = 10  # a number of so few values is a kind of treatment, not an amount
CONTROLS = frozenset({"0", "0.0", "false", "no", "none", "control", "c"})
DIFFERS = 5.0  # standard errors between the arms: chance would need a million columns
EXPECTED = 20  # conversions: so many are not missing by chance
ROUNDED = 6
NAMES: dict[Learner, str] = {"s": "s-learner", "t": "t-learner", "x": "x-learner"}
RESPONSE = "response"


class Features(NamedTuple):
    """What was known before, as numbers; which columns that is, and why others are not."""

    values: Floats  # (rows, features)
    columns: tuple[str, ...]
    left_out: dict[str, str]


class UpliftTask(NamedTuple):
    """One treatment beside the control."""

    treatment: str
    control: str
    trial: Trial
    features: Features
    left_out: int  # rows with an empty treatment or outcome


def uplift_tasks(
    path: Path, *, treatment: str, outcome: str, features: Sequence[str], control: str | None
) -> list[UpliftTask]:
    """Read a file; give one task for each treatment that is no control.

    Raises:
        BadInput: no control can be told, an outcome is no number, or nobody is in an arm.
        Unknown: a column is not in the file.
    """
    if treatment == outcome:
        raise BadInput("treatment and outcome are two columns", field="outcome")
    there = columns_of(path)
    for name in (treatment, outcome, *features):
        if name not in there:
            raise Unknown("column", name, there, field="features")
    told = {treatment, outcome}.intersection(features)
    if told:
        raise BadInput(f"{', '.join(sorted(told))} cannot be a feature", field="features")
    chosen = tuple(features) or tuple(c for c in there if c not in {treatment, outcome})
    table = read_table(path, (treatment, outcome), nullable=chosen)
    arms = np.array([_text(value) for value in table[treatment]])
    did = _amounts(table[outcome], outcome)
    found = np.unique(arms).tolist()
    if "nan" in found:
        raise BadInput(f"{treatment} is not a number in every row", field="treatment")
    against = _control(found, control, treatment)
    tasks = []
    for arm in (one for one in found if one != against):
        rows = (arms == arm) | (arms == against)
        treated = (arms == arm)[rows]
        if min(treated.sum(), (~treated).sum()) < LEAST_ROWS:
            raise BadInput(
                f"'{arm}' and '{against}' need at least {LEAST_ROWS} rows each", field="treatment"
            )
        columns = {name: np.ma.asarray(table[name])[rows] for name in chosen}
        known = _features(columns, treated, did[rows], guarded=not features)
        trial = Trial(known.values, treated, did[rows])
        tasks.append(UpliftTask(arm, against, trial, known, table.left_out))
    return tasks


def _text(value: object) -> str:
    """Write 1, 1.0 and True as they are meant."""
    if isinstance(value, bool | np.bool_):
        return "1" if value else "0"
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _control(found: list[str], said: str | None, column: str) -> str:
    if said is not None:
        if said not in found:
            raise Unknown("value", said, found, field="control")
        return said
    if len(found) > MOST_VALUES:
        raise BadInput(f"{column} has {len(found)} values: no treatment", field="treatment")
    likely = [v for v in found if v.casefold() in CONTROLS or v.casefold().startswith("no ")]
    if len(likely) != 1 or len(found) < 2:  # noqa: PLR2004  a control and a treatment
        raise BadInput(
            f"which value of {column} is the control? Say --control; there is: {', '.join(found)}",
            field="control",
        )
    return likely[0]


def _amounts(column: NDArray[Any], name: str) -> Floats:
    try:
        amounts = np.asarray(column, np.float64)
    except (TypeError, ValueError) as error:
        raise BadInput(f"{name} is not a number in every row", field="outcome") from error
    if not np.isfinite(amounts).all():
        raise BadInput(f"{name} has a value that is not finite", field="outcome")
    if not amounts.any():
        raise BadInput(f"nobody did anything: {name} is 0 in every row", field="outcome")
    return amounts


# ---- What was known before ---------------------------------------------------------------------------


def _features(
    columns: dict[str, Any], treated: Flags, outcome: Floats, *, guarded: bool
) -> Features:
    """Write columns as numbers: a text column as one column per common value."""
    values: list[Floats] = []
    kept: list[str] = []
    left_out: dict[str, str] = {}
    for name, column in columns.items():
        numbers, reason = _as_numbers(column)
        if reason is None and guarded:
            reason = _suspicious(column, numbers, treated, outcome)
        if reason is not None:
            left_out[name] = reason
            continue
        kept.append(name)
        values += numbers
    if not values:
        raise BadInput(
            "no column is left that was known before; name them with --features", field="features"
        )
    return Features(np.column_stack(values), tuple(kept), left_out)


def _as_numbers(column: Any) -> tuple[list[Floats], str | None]:
    unknown = np.ma.getmaskarray(column)
    if column.dtype.kind in "biuf":
        numbers = np.where(unknown, np.nan, np.ma.getdata(column).astype(np.float64))
        numbers[~np.isfinite(numbers)] = np.nan
        return [numbers], None
    texts = np.array(["" if empty else str(v) for v, empty in zip(column, unknown, strict=True)])
    levels, counts = np.unique(texts, return_counts=True)
    if len(levels) > max(MOST_LEVELS, len(texts) // 2):
        return [], "names the row"
    common = levels[np.lexsort((levels, -counts))][:MOST_LEVELS]
    return [(texts == level).astype(np.float64) for level in common], None


def _suspicious(column: Any, numbers: list[Floats], treated: Flags, outcome: Floats) -> str | None:
    """Say why a column was hardly known before; the columns that somebody names are not questioned."""
    if column.dtype.kind in "iu" and len(np.unique(np.ma.getdata(column))) == len(column):
        return "names the row"
    for one in numbers:
        known = np.nan_to_num(one, nan=0.0)
        mine, other = known[treated], known[~treated]
        error = np.sqrt(mine.var() / len(mine) + other.var() / len(other))
        if error and abs(mine.mean() - other.mean()) / error > DIFFERS:
            return "differs between the arms, so that it was not known before"
        most = np.unique(known, return_counts=True)
        usual = known == most[0][most[1].argmax()]
        if any(_says_the_outcome(side, outcome > 0) for side in (usual, ~usual)):
            return "follows from the outcome, so that it was not known before"
    return None


def _says_the_outcome(rows: Flags, did: Flags) -> bool:
    """Tell whether among these rows all did it, or nobody, where chance would have had twenty others."""
    share, size, count = float(did.mean()), int(rows.sum()), int((rows & did).sum())
    nobody = count == 0 and size * share >= EXPECTED
    everybody = count == size and size * (1 - share) >= EXPECTED
    return nobody or everybody


# ---- Rows ----------------------------------------------------------------------------------------------


def protocol(tasks: Sequence[UpliftTask], *, cost: float | None, seed: int) -> dict[str, Any]:
    """Say under which rules the figures stand."""
    first = tasks[0]
    return {
        "assumed": "the treatment was drawn at random, with one share for everybody",
        "control": first.control,
        "features": list(first.features.columns),
        "left_out": {t.treatment: t.features.left_out for t in tasks},
        "rows_left_out": first.left_out,
        "held_out": f"{FOLDS} folds: nobody is foretold by a model that has seen her",
        "model": f"histogram gradient boosting, depth 3, rate .05, 100 trees, leaf >= {LEAST_LEAF}",
        "cost": "the average effect: what the place could have done" if cost is None else cost,
        "qini": "area above chance, divided by the persons twice",
        "interval": f"95%, bootstrap of {DRAWS}",
        "seed": seed,
        "arms": {
            t.treatment: {
                "treated": int(t.trial.treated.sum()),
                "control": int((~t.trial.treated).sum()),
                "effect": round(effect(seen(t.trial.treated, t.trial.outcome)), ROUNDED),
                "se": round(_error(t.trial), ROUNDED),
            }
            for t in tasks
        },
    }


def _error(trial: Trial) -> float:
    one, other = trial.outcome[trial.treated], trial.outcome[~trial.treated]
    return float(np.sqrt(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other)))


def uplift_rows(
    task: UpliftTask, *, cost: float | None = None, seed: int = 0, language: Language = "en"
) -> list[dict[str, Any]]:
    """Measure the learners, beside the order by response; refusals in this language."""
    foretold = crossfit(task.trial, seed=seed)
    tried = seen(task.trial.treated, task.trial.outcome)
    rows: list[dict[str, Any]] = []
    for learner, effects in foretold.effects.items():
        found = verdict(task.trial, effects, foretold.response, cost=cost)
        kinds = groups(task.trial, effects, foretold.untreated, cost=cost or 0.0)
        rows.append(
            {
                "method": NAMES[learner],
                "treatment": task.treatment,
                **_figures(found),
                "released": found.is_released,
                "refusals": list(found.refusals),
                "because": [in_words(one, found, task.trial, language) for one in found.refusals],
                "groups": {name: getattr(kinds, name) for name in kinds.__struct_fields__},
            }
        )
    order = qini(ordered(foretold.response), tried)
    rows.append({"method": RESPONSE, "treatment": task.treatment, "qini": round(order, ROUNDED)})
    return rows


def _figures(found: Verdict) -> dict[str, Any]:
    def pair(span: Any) -> list[float]:
        return [round(span.low, ROUNDED), round(span.high, ROUNDED)]

    return {
        "qini": round(found.qini.value, ROUNDED),
        "policy_value": round(found.gain, ROUNDED),
        "everyone": round(found.gain_everyone, ROUNDED),
        "highest_response": round(found.gain_response, ROUNDED),
        "treated_share": round(found.share, ROUNDED),
        "cost": round(found.cost, ROUNDED),
        "interval": {
            "qini": pair(found.qini),
            "over_everyone": pair(found.over_everyone),
            "over_response": pair(found.over_response),
        },
    }
