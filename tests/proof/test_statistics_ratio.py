"""The sample ratio against known truth: few false alarms though watched daily, a loss is found, and then nothing is shown.

Everything goes through what a report is made of: rows of a warehouse, made up day by day, and the product's own
checks and reports on them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import pytest
from figures import tell, times

from etalage.domain.ids import CONTROL, ExperienceName, VariantName
from etalage.domain.report import Effect, ExperienceReport, Fault, Plan, SampleRatio
from etalage.domain.time import DAY
from etalage.measure.case import Shop, case_of
from etalage.measure.checks import faults, sample_ratio
from etalage.measure.questions import Answers, Entered, Outcome
from etalage.measure.report import effects, report
from etalage.measure.statistics import ratio

NAME, B = ExperienceName("welcome"), VariantName("b")
SHOP = Shop(currency="EUR")
WINDOW = 7  # days
WATCHED = 90  # days
SPLITS = ((300, 0.5), (2_000, 0.9), (20_000, 0.5))  # persons a day, share of the treated
LOST = 0.05


class Shown(NamedTuple):
    """What a report said on one day."""

    day: int
    broken: bool
    verdict: bool  # a state that says something of the effect, or an effect


def entered(arm: str, persons: int, *, share: float, day: int) -> Entered:
    return Entered(
        experience=NAME,
        policy="1",
        arm=arm,
        crossed=False,
        day=day,
        propensity=round(1_000_000 * share),
        first=day * DAY,
        persons=persons,
        visitors=persons,
    )


def outcome(arm: str, persons: int, conversions: int, *, day: int) -> Outcome:
    return Outcome(
        experience=NAME,
        policy="1",
        arm=arm,
        crossed=False,
        day=day,
        cap=1_000,
        persons=persons,
        conversions=conversions,
        orders=conversions,
        revenue=1_000 * conversions,
        revenue_squares=1_000**2 * conversions,
        capped=1_000 * conversions,
        capped_squares=1_000**2 * conversions,
        foreign_orders=0,
        valueless=0,
    )


def plan(share: float) -> Plan:
    return Plan(name=NAME, started=0, shares={B: share, CONTROL: 1 - share})


def filled(
    daily: int, share: float, days: int, rng: np.random.Generator, *, lost: float = 0.0
) -> list[Entered]:
    """Fill the arms day by day; `lost` is the share of the control that never arrives."""
    treated = rng.binomial(daily, share, days)
    control = rng.binomial(daily - treated, 1 - lost)
    return [
        entered(arm, int(persons), share=of, day=day)
        for day in range(days)
        for arm, persons, of in (("b", treated[day], share), ("control", control[day], 1 - share))
    ]


def counts(
    daily: int, share: float, days: int, rng: np.random.Generator, *, lost: float = 0.0
) -> list[tuple[int, int]]:
    """Fill the arms as `filled` does; give the persons of both so far, day by day."""
    treated = rng.binomial(daily, share, days)
    control = rng.binomial(daily - treated, 1 - lost)
    return list(zip(np.cumsum(treated).tolist(), np.cumsum(control).tolist(), strict=True))


def counted(rows: Sequence[Entered]) -> list[tuple[int, int]]:
    """Add rows up in the same way."""
    treated = np.cumsum([row.persons for row in rows if row.arm == "b"])
    control = np.cumsum([row.persons for row in rows if row.arm == "control"])
    return list(zip(treated.tolist(), control.tolist(), strict=True))


def bought(rows: Sequence[Entered], rng: np.random.Generator) -> list[Outcome]:
    """Let a third more buy of those with the message: an effect that would be shown."""
    rates = {"b": 0.04, "control": 0.03}
    return [
        outcome(
            row.arm,
            row.persons,
            int(rng.binomial(row.persons, rates[row.arm])),
            day=row.day + WINDOW + 1,
        )
        for row in rows
    ]


def first_alarm(run: Sequence[tuple[int, int]], shares: tuple[float, float]) -> int | None:
    """Give the first day on which a report that is read every day would be held back.

    The p-values are made here of the counts so far: by rows, as `by_rows` does it, ten thousand runs take an hour.
    """
    case = case_of(Answers(), plan(shares[0]), shop=SHOP, now=WATCHED * DAY)
    smallest = 1.0
    for day, so_far in enumerate(run, start=1):
        fillings = [(so_far, shares)]
        smallest = min(smallest, ratio.inverse_bayes_factor(fillings))
        found = SampleRatio(
            counts={},
            expected={},
            p_fixed=ratio.fixed_p(fillings),
            p_continuous=smallest,
        )
        if "sample_ratio" in faults(case, found):
            return day
    return None


def by_rows(rows: Sequence[Entered], share: float, day: int) -> SampleRatio:
    """Give what the report of that day knows of the arms."""
    known = Answers(triggered=tuple(row for row in rows if row.day < day))
    found = sample_ratio(case_of(known, plan(share), shop=SHOP, now=day * DAY))
    assert found is not None
    return found


def found_by_rows(rows: Sequence[Entered], share: float, day: int) -> tuple[Fault, ...]:
    """Name what holds the report of that day back."""
    return faults(
        case_of(Answers(), plan(share), shop=SHOP, now=day * DAY), by_rows(rows, share, day)
    )


def reported(rows: Sequence[Entered], outcomes: Sequence[Outcome], day: int) -> ExperienceReport:
    """Report as on that day."""
    known = Answers(
        triggered=tuple(row for row in rows if row.day < day),
        outcomes=tuple(row for row in outcomes if row.day <= day),
    )
    return report(known, [plan(0.5)], shop=SHOP, now=day * DAY)[0]


def shown(found: ExperienceReport, day: int) -> Shown:
    return Shown(
        day=day,
        broken=found.state == "broken",
        verdict=found.state not in {"broken", "too_early"}
        or bool(effects(found))
        or any(isinstance(arm.effect, Effect) for arm in found.arms),
    )


# ---- Arms as they were configured ---------------------------------------------------------------------


@pytest.mark.parametrize(("daily", "share"), SPLITS)
def test_arms_as_configured_hardly_ever_raise_an_alarm_in_ninety_days(
    daily: int, share: float
) -> None:
    runs = times(400, 10_000)

    alarms = false_alarms(daily, share, runs)

    tell("Arms as configured, watched daily for 90 days, in three shops: false alarms", "1% in each", runs=runs, alarms=alarms)  # fmt: skip
    assert alarms <= 0.01 * runs


def false_alarms(daily: int, share: float, runs: int) -> int:
    """Count the runs in which a report would be held back on any day."""
    rng = np.random.default_rng(5)
    drawn = (counts(daily, share, WATCHED, rng) for _ in range(runs))
    return sum(first_alarm(run, (share, 1 - share)) is not None for run in drawn)


def test_nor_do_three_devices_and_ninety_days_tested_by_themselves() -> None:
    runs = times(2, 100)
    rng = np.random.default_rng(10)

    alarms = 0
    for _ in range(runs):
        rows = [
            msgspec.structs.replace(row, device=device)
            for device, daily in (("phone", 1_200), ("tablet", 200), ("desktop", 600))
            for row in filled(daily, 0.5, WATCHED, rng)
        ]
        alarms += any(
            "sample_ratio" in found_by_rows(rows, 0.5, day) for day in range(1, WATCHED + 1)
        )

    tell("The same through the report's own checks, with three kinds of devices", "1%", runs=runs, alarms=alarms)  # fmt: skip
    assert alarms <= 0.01 * runs


def test_the_ordinary_test_read_daily_would_raise_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def by_ordinary_test(_: object, found: SampleRatio) -> tuple[str, ...]:
        p = found.p_fixed
        return ("sample_ratio",) if p is not None and p < ratio.BLOCKED_BELOW else ()

    monkeypatch.setattr(sys.modules[__name__], "faults", by_ordinary_test)

    assert false_alarms(*SPLITS[1], 400) > 4


@pytest.mark.parametrize(("daily", "share"), SPLITS)
def test_rows_of_a_warehouse_give_the_same_figures_as_counts(daily: int, share: float) -> None:
    rows = filled(daily, share, 20, np.random.default_rng(6))
    shares = (share, 1 - share)
    so_far = [[(persons, shares)] for persons in counted(rows)]

    found = by_rows(rows, share, 20)

    smallest = min(1.0, *(ratio.inverse_bayes_factor(one) for one in so_far))
    assert found.p_continuous == pytest.approx(smallest)
    assert found.p_fixed == pytest.approx(ratio.fixed_p(so_far[-1]))


# ---- A loss in one arm --------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_loss_of_five_per_cent_in_one_arm_is_found(share: float) -> None:
    runs = times(200, 10_000)
    rng = np.random.default_rng(7)
    daily = round(2_000 / (1 - share))  # so that 40,000 have come to the smaller arm after 20 days

    found = 0
    for _ in range(runs):
        run = counts(daily, share, 20, rng, lost=LOST)
        found += first_alarm(run, (share, 1 - share)) is not None

    tell(f"5% lost in the smaller arm at {share:.0%} treated: found by 40,000 in it", "99%", runs=runs, found=f"{found / runs:.2%}")  # fmt: skip
    assert found >= 0.99 * runs


def test_where_it_was_found_no_report_shows_a_verdict() -> None:
    runs = times(5, 100)
    rng = np.random.default_rng(8)

    later, shown_before, shown_after, found = 0, 0, 0, 0
    for _ in range(runs):
        rows = filled(4_000, 0.5, 28, rng, lost=LOST)
        days = [shown(reported(rows, bought(rows, rng), day), day) for day in range(1, 36)]
        first = next((day.day for day in days if day.broken), 99)
        found += first < 99
        shown_before += any(day.verdict for day in days if day.day < first)
        after = [day for day in days if day.day >= first]
        later += len(after)
        shown_after += sum(day.verdict or not day.broken for day in after)

    tell("5% lost and a third more bought: reports after it was found that show a verdict", "0", runs=runs, found=found, reports=later, with_a_verdict=shown_after, a_verdict_before=shown_before)  # fmt: skip
    assert found == runs
    assert shown_after == 0


def test_without_a_loss_the_same_reports_show_one() -> None:
    rng = np.random.default_rng(9)
    rows = filled(4_000, 0.5, 28, rng)

    assert shown(reported(rows, bought(rows, rng), 35), 35).verdict
