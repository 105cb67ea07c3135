"""Whether a record of the quarantine may stay: not too old, and about nobody who was erased."""

from __future__ import annotations

from collections import Counter

from etalage.domain.arrival import Rejected
from etalage.domain.ids import VisitorKey
from etalage.domain.time import DAY
from etalage.errors import Damaged
from etalage.govern.privacy import Keep
from etalage.govern.privacy_quarantine import mentioned
from etalage.ports import Keys


def about(rejected: Rejected, keys: Keys) -> frozenset[VisitorKey]:
    """Give the keys of everybody a record may be about: whose it is, if known, and whoever a text in it names."""
    whose = frozenset(() if rejected.visitor is None else (rejected.visitor,))
    if rejected.sealed is None:
        return whose
    try:
        raw = keys.unseal_shop(rejected.sealed)
    except Damaged:  # of other keys: nobody can read it any more
        return whose
    return whose | mentioned(raw, keys.pepper)


class Wanted:
    """Answers for one record after another, and counts what it did not want."""

    def __init__(self, keys: Keys, keep: Keep | None, now: int) -> None:
        self._keys = keys
        self._oldest = 0 if keep is None else now - keep.quarantine * DAY
        self._ledger = {v: one.number for one in keys.erasures() for v in one.visitors}
        self.by_erasure: Counter[int] = Counter()

    def reset(self) -> None:
        """Count from the beginning."""
        self.by_erasure = Counter()

    def __call__(self, rejected: Rejected) -> bool:
        """Tell whether a record stays."""
        if rejected.received < self._oldest:
            return False
        if not self._ledger:
            return True
        found = {self._ledger[v] for v in about(rejected, self._keys) if v in self._ledger}
        self.by_erasure.update(found)
        return not found
