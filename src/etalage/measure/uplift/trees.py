"""Step 7 of 8, measure: boosted trees as plain arrays, so that who serves need not know who grew them.

In:   features (rows, features); nan = not known.
Out:  what the trees add up to, per row.
Idea: every tree has as many places for nodes as the largest. A leaf points to itself, so that all trees go down side by
      side, as many steps as the deepest has, and nobody asks who has arrived.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
AT_ONCE = 4_096  # rows that go down together: all trees of them at a time fit into the cache


class Trees(NamedTuple):
    """Trees, one per row of each array: int32, float64 and bool (trees, nodes)."""

    start: float  # what is foretold before the first tree
    steps: int  # of the deepest tree
    feature: NDArray[np.int32]  # asked at a node
    threshold: Floats  # at most this goes left; of a leaf without meaning
    unknown_left: NDArray[np.bool_]
    left: NDArray[np.int32]  # of a leaf: itself, as `right`
    right: NDArray[np.int32]
    value: Floats  # of a leaf

    def foretell(self, features: Floats) -> Floats:
        """Add up what the leaves say: float64 (rows,)."""
        parts = range(0, len(features), AT_ONCE)
        said = [self._foretold(features[at : at + AT_ONCE]) for at in parts]
        return np.concatenate(said) if said else np.empty(0)

    def _foretold(self, features: Floats) -> Floats:
        places = np.arange(len(self.feature)) * self.feature.shape[1]  # where each tree begins
        rows = np.arange(len(features))[:, None] * features.shape[1]
        asked = np.ascontiguousarray(features).ravel()
        node = np.broadcast_to(places, (len(features), len(places)))
        for _ in range(self.steps):
            known = asked.take(rows + self.feature.take(node))
            goes_left = known <= self.threshold.take(node)
            goes_left |= np.isnan(known) & self.unknown_left.take(node)
            node = places + np.where(goes_left, self.left.take(node), self.right.take(node))
        found: Floats = self.value.take(node).sum(axis=1) + self.start
        return found

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """Write them as named arrays, each name with this one in front."""
        said = self._asdict()
        start = np.array([said.pop("start")])
        steps = np.array([said.pop("steps")], np.int32)
        every = {"start": start, "steps": steps, **said}
        return {f"{name}.{field}": array for field, array in every.items()}


def together(parts: Sequence[tuple[float, Trees]]) -> Trees:
    """Make one of several, each counted so many times: it foretells the sum of what they foretell."""
    most = max(trees.value.shape[1] for _, trees in parts)

    def wide(name: str) -> Any:
        every = [getattr(trees, name) for _, trees in parts]
        return np.concatenate([np.pad(one, ((0, 0), (0, most - one.shape[1]))) for one in every])

    counted = [np.full(len(trees.value), factor) for factor, trees in parts]
    return Trees(
        start=sum(factor * trees.start for factor, trees in parts),
        steps=max(trees.steps for _, trees in parts),
        feature=wide("feature"),
        threshold=wide("threshold"),
        unknown_left=wide("unknown_left"),
        left=wide("left"),
        right=wide("right"),
        value=wide("value") * np.concatenate(counted)[:, None],
    )


def from_arrays(name: str, arrays: Mapping[str, NDArray[Any]]) -> Trees:
    """Read what `Trees.arrays` wrote."""
    said = {field: arrays[f"{name}.{field}"] for field in Trees._fields}
    said["start"], said["steps"] = float(said["start"][0]), int(said["steps"][0])  # type: ignore[assignment]
    return Trees(**said)  # type: ignore[arg-type]


def grown(model: Any) -> Trees:
    """Take the trees out of a fitted HistGradientBoostingRegressor of scikit-learn (numbers only, one outcome)."""
    every = [stage[0].nodes for stage in model._predictors]  # noqa: SLF001  there is no public way; a test holds it
    most = max(len(nodes) for nodes in every)
    own = np.arange(most, dtype=np.int32)
    shape = (len(every), most)
    trees = Trees(
        start=float(np.ravel(model._baseline_prediction)[0]),  # noqa: SLF001  idem
        steps=max(int(nodes["depth"].max()) for nodes in every),
        feature=np.zeros(shape, np.int32),
        threshold=np.zeros(shape),
        unknown_left=np.zeros(shape, np.bool_),
        left=np.tile(own, (len(every), 1)),
        right=np.tile(own, (len(every), 1)),
        value=np.zeros(shape),
    )
    for tree, nodes in enumerate(every):
        asks = np.flatnonzero(nodes["is_leaf"] == 0)
        trees.feature[tree, asks] = nodes["feature_idx"][asks]
        trees.threshold[tree, asks] = nodes["num_threshold"][asks]
        trees.unknown_left[tree, asks] = nodes["missing_go_to_left"][asks] == 1
        trees.left[tree, asks] = nodes["left"][asks]
        trees.right[tree, asks] = nodes["right"][asks]
        leaves = np.flatnonzero(nodes["is_leaf"])
        trees.value[tree, leaves] = nodes["value"][leaves]
    return trees
