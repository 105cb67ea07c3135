"""Experiments whose truth is known, drawn from sufficient statistics: what a shop sees at each daily look.

In:   how many persons a day, how they are split, how many of them convert, and what the message does to that.
Out:  runs, each a list of daily `Look`s as the product makes them from its warehouse.
Idea: a look needs four counts only. So ten thousand experiments of ninety days are drawn in a second, and what the
      product's own `judge` says of each can be held against the truth. Who falls in which arm is drawn as well:
      the counts of persons wobble as they do in a shop.
From: methods 9.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etalage.domain.time import DAY
from etalage.measure.maturity import Look, Rules
from etalage.measure.statistics.arms import proportion

Counts = NDArray[np.int64]

# Orders of the shoppers of methods 9: log-normal, ln EUR; capped where one in a hundred is larger.
MU, SIGMA = 3.6, 1.2
CAP = float(np.exp(MU + 2.326 * SIGMA))


class Truth(NamedTuple):
    """One kind of experiment."""

    daily: int  # persons in both arms whose window closes on one day
    days: int
    treated_share: float = 0.5
    base: float = 0.03  # share of the control that converts
    lift: float = 0.0  # 0.2 = the message makes it 20% more
    planned_end: bool = False  # group-sequential, with the last day as its end
    expected: float = 1.0  # persons planned for, by those who come; of a planned end

    @property
    def treated(self) -> float:
        """Give the share of those with the message that converts."""
        return self.base * (1 + self.lift)

    @property
    def difference(self) -> float:
        """Give what the message adds to the share that converts."""
        return self.treated - self.base

    @property
    def rules(self) -> Rules:
        """Plan as the product does: for the visitors of 28 days, or for those until the planned end."""
        if self.planned_end:
            return Rules(planned=self.expected * self.days * self.daily, last_day=self.days)
        return Rules(planned=28 * self.daily)


class Drawn(NamedTuple):
    """Counts since the start, (runs, days)."""

    treated: Counts
    treated_converted: Counts
    control: Counts
    control_converted: Counts


def draw(truth: Truth, number: int, *, seed: int) -> Drawn:
    """Draw what is known after each day, in each of so many runs."""
    rng = np.random.default_rng(seed)
    treated = rng.binomial(truth.daily, truth.treated_share, (number, truth.days))
    control = truth.daily - treated
    counts = (
        treated,
        rng.binomial(treated, truth.treated),
        control,
        rng.binomial(control, truth.base),
    )
    return Drawn(*(np.cumsum(count, axis=1) for count in counts))


def looks(drawn: Drawn, *, planned_end: bool = False) -> Iterator[list[Look]]:
    """Give each run as the product sees it: a look a day, the last one final if its end was planned."""
    for run in zip(*(counts.tolist() for counts in drawn), strict=True):
        last = len(run[0]) if planned_end else None
        yield [
            Look(
                at=day * DAY,
                day=day,
                treated=proportion(treated, treated_converted),
                control=proportion(control, control_converted),
                least_conversions=min(treated_converted, control_converted),
                final=day == last,
            )
            for day, (treated, treated_converted, control, control_converted) in enumerate(
                zip(*run, strict=True), start=1
            )
        ]


def runs(truth: Truth, number: int, *, seed: int) -> Iterator[list[Look]]:
    """Draw that many experiments of one kind."""
    return looks(draw(truth, number, seed=seed), planned_end=truth.planned_end)


def z_scores(drawn: Drawn) -> NDArray[np.float64]:
    """Give what the ordinary test sees after each day: the difference over its standard error, (runs, days)."""
    treated, control = (
        drawn.treated_converted / drawn.treated,
        drawn.control_converted / drawn.control,
    )
    variance = treated * (1 - treated) / drawn.treated + control * (1 - control) / drawn.control
    return np.divide(
        treated - control, np.sqrt(variance), out=np.zeros_like(treated), where=variance > 0
    )


def capped_order() -> float:
    """Give the true mean of a capped order: integrate min(x, cap) over the log-normal density."""
    grid = np.linspace(-8, 8, 200_001)
    density = np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi)
    return float(np.trapezoid(np.minimum(np.exp(MU + SIGMA * grid), CAP) * density, grid))
