"""Step 7 of 8, measure: for whom a message does more, foretold by three learners (methods 4).

In:   features known before (rows, features), whether she was treated, and what she did.
Out:  per row the effect foretold by models that never saw that row; and the models themselves.
Idea: a person is treated or not, so nobody ever sees an effect of one. The learners compare people who are alike:

      S   one model f(x, treated): f(x, 1) - f(x, 0)
      T   one of the treated, one of the others: mu1(x) - mu0(x)
      X   what each did beside what the model of the other arm expected of her, learned per arm, and mixed by the
          share treated: g tau0 + (1 - g) tau1
From: Kuenzel et al. 2019 (X-learner); methods 4: depth 3, rate .05, 100 trees, leaf >= 200, five folds.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from etalage.measure.uplift.trees import Floats, Trees, grown

Learner = Literal["s", "t", "x"]
LEARNERS: tuple[Learner, ...] = get_args(Learner)
FOLDS = 5
DEPTH, RATE, TREES, LEAST_LEAF = 3, 0.05, 100, 200
Flags = NDArray[np.bool_]


class Trial(NamedTuple):
    """A random trial: one row a person, in any order."""

    features: Floats  # (rows, features); nan = not known
    treated: Flags
    outcome: Floats  # 0 or 1, or an amount

    def only(self, rows: Flags) -> Trial:
        """Give some of the rows."""
        return Trial(self.features[rows], self.treated[rows], self.outcome[rows])

    @property
    def share(self) -> float:
        """Give the share that was treated."""
        return float(self.treated.mean())


class Effects(NamedTuple):
    """Models ready to foretell the effect of one learner."""

    learner: Learner
    share: float  # treated, g of the X-learner
    models: tuple[Trees, ...]  # S: f; T: mu1, mu0; X: tau1, tau0

    def foretell(self, features: Floats) -> Floats:
        """Give the effect per row."""
        if self.learner == "s":
            (both,) = self.models
            return both.foretell(_with(features, 1.0)) - both.foretell(_with(features, 0.0))
        one, other = (model.foretell(features) for model in self.models)
        if self.learner == "t":
            return one - other
        return (1 - self.share) * one + self.share * other


class Foretold(NamedTuple):
    """What was foretold of each row by models that had not seen it."""

    effects: dict[Learner, Floats]
    response: Floats  # mu1: what she does when treated
    untreated: Floats  # mu0


def crossfit(trial: Trial, learners: tuple[Learner, ...] = LEARNERS, *, seed: int = 0) -> Foretold:
    """Foretell every row by models of the other four folds."""
    folds = folds_of(trial.treated, seed=seed)
    size = len(folds)
    found = Foretold({one: np.empty(size) for one in learners}, np.empty(size), np.empty(size))
    for fold in range(FOLDS):
        held = folds == fold
        known, features = trial.only(~held), trial.features[held]
        both = arms_of(known)
        found.response[held], found.untreated[held] = (m.foretell(features) for m in both)
        for one in learners:
            found.effects[one][held] = learned(known, one, both=both).foretell(features)
    return found


def learned(trial: Trial, learner: Learner, *, both: tuple[Trees, Trees] | None = None) -> Effects:
    """Learn one learner from all rows; `both` are mu1 and mu0, if they are there already."""
    if learner == "s":
        features = _with(trial.features, trial.treated.astype(float))
        return Effects(learner, trial.share, (fit(features, trial.outcome),))
    mu1, mu0 = both or arms_of(trial)
    if learner == "t":
        return Effects(learner, trial.share, (mu1, mu0))
    one, other = trial.only(trial.treated), trial.only(~trial.treated)
    tau1 = fit(one.features, one.outcome - mu0.foretell(one.features))
    tau0 = fit(other.features, mu1.foretell(other.features) - other.outcome)
    return Effects(learner, trial.share, (tau1, tau0))


def arms_of(trial: Trial) -> tuple[Trees, Trees]:
    """Learn what the treated do, and what the others do."""
    one, other = trial.only(trial.treated), trial.only(~trial.treated)
    return fit(one.features, one.outcome), fit(other.features, other.outcome)


def folds_of(treated: Flags, *, seed: int) -> NDArray[np.int64]:
    """Give each row a fold, so that every fold has as many of each arm."""
    folds = np.empty(len(treated), np.int64)
    rng = np.random.default_rng(seed)
    for arm in (True, False):
        rows = np.flatnonzero(treated == arm)
        folds[rng.permutation(rows)] = np.arange(len(rows)) % FOLDS
    return folds


def fit(features: Floats, outcome: Floats) -> Trees:
    """Grow the trees of one model; the only place that needs scikit-learn."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # comes with scikit-learn

    model: Any = HistGradientBoostingRegressor(
        max_depth=DEPTH,
        learning_rate=RATE,
        max_iter=TREES,
        min_samples_leaf=LEAST_LEAF,
        early_stopping=False,
        random_state=0,  # it only chooses which rows set the bins, of more than 200,000
    )
    with threadpool_limits(1):  # whoever serves beside it needs the other cores
        model.fit(_varied(features), outcome)
    return grown(model)


def _varied(features: Floats) -> Floats:
    """Give columns of one value a second one, in one row: the library cannot read them, and no leaf is that small."""
    every = features.copy()
    for column in every.T:
        known = column[~np.isnan(column)]
        if not len(known) or (known == known[0]).all():
            column[:] = 0.0
            column[0] = 1.0
    return every


def _with(features: Floats, treated: Floats | float) -> Floats:
    column = np.broadcast_to(np.asarray(treated, float), len(features))
    return np.column_stack([features, column])
