"""Step 7 of 8, measure: how many persons each arm got, beside the shares with which they were drawn.

In:   counts per arm, stretch, day and device.
Out:  fillings, for the tests of ratio.py: of everybody, of one device or of one day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from etalage.domain.experience import MILLION
from etalage.domain.ids import HOLDOUT, VariantName
from etalage.domain.report import Plan
from etalage.measure.questions import Entered
from etalage.measure.statistics.ratio import Filling, inverse_bayes_factor
from etalage.measure.tally import Stretches

_ROUNDED = 1e-4  # shares are rounded to millionths, and a removed arm may have been met by nobody


class Split:
    """The arms of an experience that are drawn, with their shares in each stretch of time.

    The shares are those that the tokens say. An arm that nobody met has what they leave, which is nothing where it
    was not there yet; where they say nothing at all, the shares are those configured now.
    """

    def __init__(self, rows: Iterable[Entered], plan: Plan, of: Stretches) -> None:
        self.arms: list[VariantName] = [arm for arm, share in plan.shares.items() if share > 0]
        self._of = of
        self._places = {str(arm): place for place, arm in enumerate(self.arms)}
        drawn: dict[int, dict[str, float]] = {stretch: {} for stretch in set(of.values())}
        for row in rows:
            if row.propensity and row.arm != HOLDOUT:  # also of arms that are there no more
                drawn[of[row.policy]][row.arm] = row.propensity / MILLION
        configured = {str(arm): plan.shares[arm] for arm in self.arms}
        self._shares = {
            stretch: self._parts(_completed(shares, configured) if shares else configured)
            for stretch, shares in drawn.items()
        }

    def _parts(self, shares: dict[str, float]) -> list[float]:
        whole = sum(shares[arm] for arm in self.arms)
        return [shares[arm] / whole for arm in self.arms]

    def fillings(self, rows: Iterable[Entered]) -> list[Filling]:
        """Give the persons per arm and the shares they were drawn with, per stretch that has any of them."""
        counts: dict[int, list[int]] = {}
        for row in rows:
            self._count(counts, row)
        return self._filled(counts)

    def running_p(self, rows: Sequence[Entered]) -> float:
        """Give the smallest p-value of the sample ratio over all days so far (methods 3.5, continuous)."""
        counts: dict[int, list[int]] = {}
        smallest, day = 1.0, None
        for row in sorted(rows, key=lambda one: one.day):
            if day is not None and row.day != day:
                smallest = min(smallest, inverse_bayes_factor(self._filled(counts)))
            self._count(counts, row)
            day = row.day
        return min(smallest, inverse_bayes_factor(self._filled(counts)))

    def _count(self, counts: dict[int, list[int]], row: Entered) -> None:
        place = self._places.get(row.arm)
        if place is not None:
            counts.setdefault(self._of[row.policy], [0] * len(self.arms))[place] += row.persons

    def _filled(self, counts: dict[int, list[int]]) -> list[Filling]:
        return [(counts[stretch], self._shares[stretch]) for stretch in sorted(counts)]


def _completed(told: Mapping[str, float], configured: Mapping[str, float]) -> dict[str, float]:
    """Divide what the tokens of a stretch leave over the arms that nobody met, as configured."""
    unmet = {arm: share for arm, share in configured.items() if arm not in told}
    rest = 1 - sum(told.values())
    if not unmet or rest < _ROUNDED:
        return {**dict.fromkeys(unmet, 0.0), **told}
    whole = sum(unmet.values())
    return {**{arm: rest * share / whole for arm, share in unmet.items()}, **told}
