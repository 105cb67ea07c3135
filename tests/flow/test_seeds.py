"""Twenty worlds with a known truth, through the real server: the report finds what was planted in them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from etalage.domain.report import Interval
from etalage.domain.time import DAY
from etalage.simulate.beside import Beside, beside, lift_now, measured
from etalage.simulate.run import run
from etalage.simulate.server import serving
from etalage.simulate.shop import HELPS, Opened, open_shop
from etalage.simulate.world import World

SEEDS = range(1, 21)
PLANTED = 0.30
AT_LEAST = 17  # of twenty


def world(seed: int) -> World:
    """Give a world of 3,000 persons who all may be measured, come once, and whose windows close within it."""
    return World(
        seed=seed,
        effects={HELPS: PLANTED},
        base=0.10,
        visitors_per_day=1_000,
        arriving_days=3,
        days=11,
        consent_share=1.0,
        returning_share=0.0,
        views=0,
    )


def play(url: str, directory: Path, opened: Opened, *, seed: int, start: int) -> Beside:
    played = run(
        url,
        opened.server_key,
        world(seed),
        catalogue=opened.catalogue,
        slots=opened.slots,
        start=start,
    )
    reports = measured(directory, opened.shop, now=played.end)
    return beside(played, reports)[0]


def line(seed: int, found: Beside, interval: Interval) -> str:
    truth = found.truth
    assert truth.lift is not None
    held = "holds" if interval.holds(PLANTED) else "MISSES"
    return (
        f"{seed:4}  {truth.triggered:6}  {truth.lift:+7.1%}  {truth.extra_conversions:5}"
        f"  {interval.low:+7.1%} .. {interval.high:+7.1%}  {held}"
    )


@pytest.mark.slow
def test_the_interval_holds_the_planted_effect_in_at_least_17_of_20_worlds(tmp_path: Path) -> None:
    directory = tmp_path / "shops"
    directory.mkdir()
    # Sealing and popular lists have tests of their own; for twenty shops at once they would take a whole core.
    seldom = "roll_seconds = 86400\npopular_seconds = 86400\n"
    (directory / "etalage.toml").write_text(seldom, encoding="utf-8")
    start = time.time_ns() // 1_000 - world(1).days * DAY
    shops = {
        seed: open_shop(directory, now=start, name=f"Seed {seed}", experiences=[HELPS])
        for seed in SEEDS
    }

    with serving(directory) as url:
        found = {
            seed: play(url, directory, opened, seed=seed, start=start)
            for seed, opened in shops.items()
        }

    intervals = {seed: lift_now(one.report) for seed, one in found.items()}
    print("\nseed  people    truth  extra  always-valid 95% interval")  # noqa: T201  the evidence
    held = 0
    for seed, one in found.items():
        interval = intervals[seed]
        assert interval is not None
        print(line(seed, one, interval))  # noqa: T201
        held += interval.holds(PLANTED)
        assert one.truth.triggered == 3_000
        counted = {arm.arm: arm.conversions for arm in one.report.arms}
        assert counted == one.truth.conversions, "the report counts what the world did"
    assert held >= AT_LEAST
