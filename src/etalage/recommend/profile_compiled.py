"""Step 4 of 8, recommend: the sums of `profile_shelf`, compiled.

Importing this module imports numba: only who has a model to score does.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from etalage.recommend.session_index import Floats, Ints

NOTHING = 1e-300  # stands for a sum of zero, so that zero says "not touched"


@njit(cache=True, nogil=True)
def add_up(
    starts: Ints,
    others: Ints,
    weights: NDArray[np.float32],
    had: Ints,
    sums: Floats,
    best: Floats,
    speaker: Ints,
    touched: Ints,
) -> int:
    """Add up what products say about others, all sums zero before; give how many were touched.

    `speaker` is the place in `had` of the one that says most for an item, `best` how much that is.
    """
    count = 0
    for place in range(len(had)):
        for entry in range(starts[had[place]], starts[had[place] + 1]):
            item = others[entry]
            if sums[item] == 0.0:
                touched[count] = item
                count += 1
                best[item] = -np.inf
            weight = np.float64(weights[entry])
            sums[item] += weight
            if sums[item] == 0.0:
                sums[item] = NOTHING
            if weight > best[item]:
                best[item] = weight
                speaker[item] = place
    return count
