"""Boundaries of a test with a planned end: the printed values of methods 3.4, and that the budget holds."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from numpy.typing import NDArray

from etalage.measure.statistics.group_sequential import (
    Asked,
    boundaries,
    cautious,
    equally_spaced,
    even,
    p_at,
)
from etalage.measure.statistics.interval import multiple, tuning
from etalage.measure.statistics.walk import above, below, onward, start

Floats = NDArray[np.float64]


# ---- Printed values -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fraction", "printed"), [(0.25, 1.5e-5), (0.5, 0.003051), (0.75, 0.019299), (1, 0.05)]
)
def test_what_is_spent_is_as_printed(fraction: float, printed: float) -> None:
    assert cautious(fraction, 0.05) == pytest.approx(printed, abs=5e-7)


@pytest.mark.parametrize(
    ("looks", "printed"),
    [
        (2, [2.9626, 1.9686]),
        (4, [4.3326, 2.9631, 2.3590, 2.0141]),
        (5, [4.8769, 3.3570, 2.6803, 2.2898, 2.0310]),
    ],
)
def test_the_boundaries_are_as_printed(looks: int, printed: list[float]) -> None:
    assert equally_spaced(looks) == pytest.approx(printed, abs=5.1e-5)


def test_the_even_boundaries_are_as_printed() -> None:
    printed = [2.4380, 2.4268, 2.4102, 2.3966, 2.3860]

    assert equally_spaced(5, spending=even) == pytest.approx(printed, abs=5.1e-5)


def test_the_boundaries_of_daily_looks_are_as_printed() -> None:
    daily = equally_spaced(28)

    weekly = [daily[day - 1] for day in (7, 14, 21, 28)]
    assert weekly == pytest.approx([4.3459, 3.0415, 2.4748, 2.1396], abs=5.1e-5)


# ---- The budget ---------------------------------------------------------------------------------------


def watched(
    days: int, *, window: int = 7, planned: float = 56_000, a_day: float = 2_000
) -> list[Asked]:
    """Ask as a pilot does: about harm every day, about benefit every week."""
    asked = []
    for day in range(window + 1, days + 1):
        n = (day - window) * a_day
        spent = 1.0 if day == days else min(n / planned, day / days) if day % 7 == 0 else None
        asked.append(Asked(n / planned, spent, multiple(n, tuning(planned))))
    return asked


def crossing(looks: list[Asked]) -> tuple[float, float]:
    """Work out, apart from the module, how often a walk without effect crosses up and down: by simulation."""
    runs, rng = 60_000, np.random.default_rng(6)
    bounds = boundaries(looks)
    total, time = np.zeros(runs), 0.0
    inside = np.ones(runs, bool)
    up = down = 0
    for look, bound in zip(looks, bounds, strict=True):
        total += rng.standard_normal(runs) * sqrt(look.time - time)
        time = look.time
        z = total / sqrt(time)
        rose, fell = inside & (z > bound.benefit), inside & (z < -bound.harm)
        up, down = up + int(rose.sum()), down + int(fell.sum())
        inside &= ~(rose | fell)
    return up / runs, down / runs


@pytest.mark.parametrize("days", [35, 49])
def test_watching_for_harm_every_day_stays_within_the_five_per_cent(days: int) -> None:
    up, down = crossing(watched(days, planned=2_000.0 * (days - 7)))

    assert up == pytest.approx(0.025, abs=0.0019)  # three standard deviations of 60,000 runs
    assert down == pytest.approx(0.025, abs=0.0019)


def test_the_daily_watch_costs_harm_little_and_benefit_nothing() -> None:
    with_watch = boundaries(watched(35))[-1]
    without = boundaries([look._replace(watch=9.0) for look in watched(35)])[-1]

    assert with_watch.benefit == pytest.approx(without.benefit, abs=0.001)
    assert without.harm == pytest.approx(2.0141, abs=0.0001)
    assert with_watch.harm == pytest.approx(2.025, abs=0.001)


def test_harm_is_never_called_later_than_the_always_valid_interval_would() -> None:
    looks = watched(35)

    assert all(b.harm <= look.watch for b, look in zip(boundaries(looks), looks, strict=True))


def test_later_looks_do_not_move_earlier_boundaries() -> None:
    looks = watched(35)

    assert boundaries(looks[:9]) == boundaries(looks)[:9]


@pytest.mark.parametrize("ended_at", [0.3, 0.5, 0.97, 1.4, 3.0])
def test_wherever_the_sample_ends_the_rest_is_spent_there(ended_at: float) -> None:
    looks = [Asked(min(t, ended_at * 0.9), min(t, ended_at * 0.9)) for t in (0.25, 0.5, 0.75)]
    looks = sorted({*looks, Asked(ended_at, 1.0)})

    up, down = crossing(looks)

    assert up == pytest.approx(0.025, abs=0.0019)
    assert down == pytest.approx(0.025, abs=0.0019)


def test_a_look_without_anybody_new_is_no_second_chance() -> None:
    once = boundaries([Asked(0.5, 0.5), Asked(1.0, 1.0)])
    twice = boundaries([Asked(0.5, 0.5), Asked(0.5, 0.5), Asked(1.0, 1.0)])

    assert twice[-1].benefit == pytest.approx(once[-1].benefit, abs=0.001)
    assert twice[1].benefit > 2.9


def test_several_variants_divide_the_budget() -> None:
    one, half = boundaries(watched(35))[-1], boundaries(watched(35), alpha=0.025)[-1]

    assert half.benefit == pytest.approx(2.284, abs=0.02)
    assert half.benefit > one.benefit


# ---- The p-value at the end ---------------------------------------------------------------------------


def test_p_is_below_five_per_cent_exactly_beyond_the_last_boundary() -> None:
    looks = watched(35)
    last = boundaries(looks)[-1]

    assert p_at(looks, last.benefit) == pytest.approx(0.05, abs=1e-6)
    assert p_at(looks, -last.harm) == pytest.approx(0.05, abs=1e-6)
    assert p_at(looks, 0.0) > 0.97
    assert p_at(looks, 4.0) < p_at(looks, 3.0) < p_at(looks, 2.0) < 0.06


def test_p_of_a_single_look_is_the_ordinary_one() -> None:
    assert p_at([Asked(1.0, 1.0)], 1.959964) == pytest.approx(0.05, abs=1e-6)


# ---- The walk itself ----------------------------------------------------------------------------------


def test_a_walk_loses_nobody() -> None:
    walk, left = start(), 0.0
    for look in range(1, 11):
        time, bound = look / 10, 1.2 * sqrt(look / 10)
        left += above(walk, time, bound, 0.7) + below(walk, time, -bound, 0.7)
        walk = onward(walk, time, -bound, bound, next_step=0.1, drift=0.7)

    assert left + walk.masses.sum() == pytest.approx(1, abs=1e-9)


def test_the_points_are_fine_enough() -> None:
    # A grid of 801 points and Simpson's rule, written out, gives the same crossing at the third look.
    bound, step = 2.0, 1 / 3
    grid = np.linspace(-1, 1, 801)
    rule = np.array([1, *([4, 2] * 399), 4, 1]) / 3 * (grid[1] - grid[0])

    def normal(away: Floats) -> Floats:
        density: Floats = np.exp(-0.5 * away**2 / step) / sqrt(2 * np.pi * step)
        return density

    first, second = bound * sqrt(step), bound * sqrt(2 * step)
    density = normal(first * grid) * first
    density = normal(second * grid[:, None] - first * grid[None, :]) @ (density * rule) * second
    reach = bound + 3 * (grid + 1)  # from the boundary on, six further
    tail = normal(reach[:, None] - second * grid[None, :]) @ (density * rule)
    expected = float(tail @ rule) * 3

    walk = onward(start(), step, -first, first, next_step=step)
    walk = onward(walk, 2 * step, -second, second, next_step=step)

    assert above(walk, 1.0, bound) == pytest.approx(expected, abs=1e-7)
