"""Trees as plain arrays: they say what scikit-learn says, and a server needs no scikit-learn."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from etalage.measure.uplift.learners import fit
from etalage.measure.uplift.trees import Trees, from_arrays, grown, together


def crowd(seed: int, rows: int = 4_000) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(rows, 5))
    features[:, 2] = rng.integers(0, 3, rows)  # many equal values: thresholds between them
    features[rng.random(features.shape) < 0.15] = np.nan
    outcome = (rng.random(rows) < 0.2 + 0.2 * (features[:, 0] > 0)).astype(float)
    return features, outcome


@pytest.mark.parametrize("seed", [1, 2])
def test_the_arrays_foretell_exactly_what_scikit_learn_foretells(seed: int) -> None:
    from sklearn.ensemble import HistGradientBoostingRegressor

    features, outcome = crowd(seed)
    model: Any = HistGradientBoostingRegressor(
        max_depth=3, max_iter=30, min_samples_leaf=50, early_stopping=False
    ).fit(features[:3_000], outcome[:3_000])
    beyond = np.array([[np.inf] * 5, [-np.inf] * 5, [np.nan] * 5, [1e300] * 5])
    asked = np.vstack([features, beyond])

    foretold = grown(model).foretell(asked)

    assert np.ptp(foretold) > 0.1
    np.testing.assert_allclose(foretold, model.predict(asked), rtol=0, atol=1e-12)


def test_trees_of_one_leaf_foretell_the_mean() -> None:
    features, outcome = crowd(3, rows=300)  # no leaf of two hundred fits twice
    trees = fit(features, outcome)

    np.testing.assert_allclose(trees.foretell(features[:3]), outcome.mean(), atol=1e-12)


def test_trees_are_written_and_read_back_whole() -> None:
    trees = fit(*crowd(4))
    again = from_arrays("mu", trees.arrays("mu"))

    features, _ = crowd(5, rows=200)
    assert isinstance(again, Trees)
    np.testing.assert_array_equal(again.foretell(features), trees.foretell(features))
    assert trees.foretell(np.empty((0, 5))).shape == (0,)


def test_who_serves_loads_no_scikit_learn() -> None:
    said = (
        "import sys, etalage.api.server, etalage.flow.serve, etalage.flow.learn;"
        "sys.exit(any(name.split('.')[0] == 'sklearn' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", said], check=False).returncode == 0


def test_columns_that_say_nothing_change_nothing() -> None:
    features, outcome = crowd(6)
    empty, same = np.full((len(features), 1), np.nan), np.full((len(features), 1), 7.0)

    alone = fit(features, outcome).foretell(features)
    beside = np.hstack([features, empty, same])

    np.testing.assert_array_equal(fit(beside, outcome).foretell(beside), alone)


def test_two_models_as_one_foretell_their_sum() -> None:
    features, outcome = crowd(7)
    one, other = fit(features, outcome), fit(features[:900], outcome[:900])  # of other sizes
    mixed = together([(0.25, one), (0.75, other)])

    said = 0.25 * one.foretell(features) + 0.75 * other.foretell(features)
    np.testing.assert_allclose(mixed.foretell(features), said, atol=1e-12)
