"""Compile the hot path of session kNN once, so that no visitor waits. `make install` runs this.

What was compiled is kept beside the source, or, where that may not be written, in the user's cache directory;
`NUMBA_CACHE_DIR` names another place. It is thrown away by itself when the source or the processor changes.
"""

from __future__ import annotations

import numpy as np

from etalage.recommend.session_index import Clicks, index_sessions
from etalage.recommend.session_recipe import vstan
from etalage.recommend.session_scorer import SessionScorer


def compile_now() -> bool:
    """Score one small session; give whether it was the compiled path that answered."""
    past = Clicks(np.array([0, 0]), np.array([0, 1], np.int32), np.array([0.0, 1.0]))
    scorer = SessionScorer(index_sessions(past, 2), vstan())
    scorer.best([0], now=2.0, count=1)
    if scorer.compiled is not None:
        none = np.zeros(0, np.int32)
        scorer.compiled.compile_both((scorer.asked([0], now=2.0).plain(), none, 0.0, np.zeros(0)))
    return scorer.is_compiled


if __name__ == "__main__":
    compile_now()
