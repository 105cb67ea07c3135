"""`bench simulate`: how many visitor-days of a world with known truth pass in a second, without a server.

Measured: a world of 28 days with 2,000 new visitors a day and three messages: who comes when, who met which message in
          which arm, what everybody did and would have done without it, and the counts that a report needs.
Floor:    numpy's own generator, drawing as many numbers as such a world asks for and doing nothing with them.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from etalage.bench.rows import Row, row

DRAWS = 12  # numbers that a visitor-day asks for: 4 a visit, 11 a person with 1.4 visits


def bench_simulate(play: Callable[[int], int], *, seconds: float) -> list[Row]:
    """Measure a simulation.

    Args:
        play: plays the world of a seed and gives its visitor-days.
        seconds: how long.
    """
    days = play(0)  # loads what it needs
    played, spent, seed = 0, 0.0, 0
    while spent < seconds:
        seed += 1
        began = time.process_time()
        played += play(seed)
        spent += time.process_time() - began
    pace = played / spent
    return [row("visitor-days, both lives of each", pace, "1/s", floor=_drawn(days, seconds))]


def _drawn(days: int, seconds: float) -> float:
    """Give how many visitor-days' worth of numbers are drawn in a second."""
    rng = np.random.default_rng(1)
    drawn, spent = 0, 0.0
    while spent < min(seconds, 1.0):
        began = time.process_time()
        for _ in range(DRAWS):
            rng.random(days)
        drawn += days
        spent += time.process_time() - began
    return drawn / spent
