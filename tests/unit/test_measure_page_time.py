"""Time on the page as something that must not get worse: what chance alone does to it is not called harm."""

from __future__ import annotations

import numpy as np
import pytest

from etalage.domain.ids import CONTROL, ExperienceName, VariantName
from etalage.domain.report import Plan
from etalage.domain.time import DAY
from etalage.measure.case import Shop, case_of
from etalage.measure.guardrails import guardrails
from etalage.measure.questions import Answers, Entered, Outcome
from etalage.measure.statistics.quotient import per_unit
from etalage.measure.tally import Sums

NAME, B = ExperienceName("welcome"), VariantName("b")
ARMS = ("b", "control")
PLAN = Plan(name=NAME, started=0, shares={B: 0.5, CONTROL: 0.5}, planned_sample=2_000)
WEEKS, A_WEEK = 4, 200  # persons an arm: few, so that the long tail of the times shows


def state(seed: int, *, shorter: float = 1.0) -> str:
    """Watch four weeks in which the pages of the variant are looked at for so many times as long."""
    rng = np.random.default_rng((61, seed))
    rows = tuple(
        _week(rng, 7 * week, arm, shorter if arm == "b" else 1.0)
        for week in range(1, WEEKS + 1)
        for arm in ARMS
    )
    entered = tuple(
        Entered(
            experience=NAME,
            policy="1",
            arm=arm,
            crossed=False,
            day=0,
            propensity=500_000,
            first=0,
            persons=WEEKS * A_WEEK,
            visitors=WEEKS * A_WEEK,
        )
        for arm in ARMS
    )
    known = Answers(triggered=entered, outcomes=rows)
    judging = case_of(known, PLAN, shop=Shop(currency="EUR"), now=(7 * WEEKS + 1) * DAY)
    return {rail.name: rail.state for rail in guardrails(judging)}["page_time"]


def _week(rng: np.random.Generator, day: int, arm: str, times: float) -> Outcome:
    """Draw a week of persons: some tell nothing, each has a pace of her own, and times have a long tail."""
    pages = rng.poisson(1.5, A_WEEK) * (rng.random(A_WEEK) < 0.8)
    pace = 20_000 * times * rng.lognormal(0, 0.7, A_WEEK)
    msec = [int(sum(pace[i] * rng.lognormal(0, 0.9, pages[i]))) for i in range(A_WEEK)]
    nothing = dict.fromkeys(
        "conversions orders revenue revenue_squares capped capped_squares foreign_orders valueless".split(),
        0,
    )
    return Outcome(
        experience=NAME,
        policy="1",
        arm=arm,
        crossed=False,
        day=day,
        cap=None,
        persons=A_WEEK,
        timed=int((pages > 0).sum()),
        pages=int(pages.sum()),
        pages_squares=int((pages**2).sum()),
        page_msec=sum(msec),
        page_msec_squares=sum(one * one for one in msec),
        page_msec_pages=sum(one * int(n) for one, n in zip(msec, pages, strict=True)),
        **nothing,
    )


def test_where_pages_are_looked_at_equally_long_hardly_any_is_called_harm() -> None:
    found = [state(seed) for seed in range(300)]

    assert set(found) == {"fine", "harm"} or set(found) == {"fine"}  # all of them have an answer
    assert found.count("harm") <= 0.05 * len(found)


def test_where_they_are_left_in_half_the_time_it_is_said() -> None:
    assert [state(seed, shorter=0.5) for seed in range(20)] == ["harm"] * 20


def test_where_they_are_looked_at_twice_as_long_it_is_fine() -> None:
    assert [state(seed, shorter=2.0) for seed in range(20)] == ["fine"] * 20


def test_the_error_is_that_of_persons_and_not_of_pages() -> None:
    """Two persons, 2 s on one page and 9 s on three: 2.75 s a page, and s^2 by the delta method, by hand."""
    both = Sums(persons=2, timed=2, pages=4, pages_squares=10, page_msec=11_000, page_msec_squares=85_000_000, page_msec_pages=29_000)  # fmt: skip

    found = per_unit(both.page_time())

    assert found is not None
    assert found.mean == pytest.approx(2_750)
    # means a = 5,500 and b = 2; variances 24.5e6 and 2, covariance 7,000.
    by_hand = 24.5e6 / 4 + 2 * 5_500**2 / 16 - 2 * 7_000 * 5_500 / 8
    assert found.variance == pytest.approx(by_hand)
