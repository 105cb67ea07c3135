"""The long evidence. In `make test` each proof runs with a small count, in `make proof` (ETALAGE_PROOF=1) with all.

Proofs borrow the people and the calls of the flow tests.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "flow"))
