"""How long a page was looked at: counted by hand from `user_engagement`, and watched as what must not get worse."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from report_world import START, Fields, asked, event, link, moment, order, reported

from etalage.domain.ids import CONTROL, ExperienceName, VariantName
from etalage.domain.report import Guardrail, Plan
from etalage.domain.time import DAY
from etalage.measure.guardrails import LEAST_TIMED
from etalage.measure.tally import sums

B = VariantName("b")
PLAN = Plan(
    name=ExperienceName("welcome"), started=START, shares={B: 0.5, CONTROL: 0.5}, planned_sample=900
)
HOUR = 3_600_000


def looked(visitor: str, days: float, msec: object, **fields: object) -> Fields:
    told = msgspec.json.encode({"engagement_time_msec": msec}).decode()
    return event("user_engagement", visitor, days, **{"properties": told, **fields})


def test_a_small_world_counts_as_it_does_by_hand() -> None:
    world = [
        moment("emma", 1, "b"),
        looked("emma", 0.9, 9_000),  # before her moment
        looked("emma", 1.5, 2_000),
        looked("emma-phone", 7.9, 3_000),  # hers too
        looked("emma", 8, 9_000),  # her window is closed
        link("emma", "c-emma"),
        link("emma-phone", "c-emma"),
        moment("finn", 2, "b"),
        looked("finn", 3, 4 * HOUR),
        looked("finn", 3, 9_000, purposes=["device"]),  # measuring is closed
        event("page_view", "finn", 4, properties='{"engagement_time_msec":9000}'),  # no such event
        moment("gina", 2, "b"),  # nobody told how long she looked
        order("gina", 3, "o-1", 2_000),
        moment("hugo", 15, "b"),  # his window is still open
        looked("hugo", 15.5, 9_000),
        moment("ilse", 1, "control"),
        looked("ilse", 2, 6_000),
        looked("jan", 2, 9_000),  # met nothing
    ]

    found = asked(world, [PLAN]).outcomes

    treated = sums(row for row in found if row.arm == "b")
    assert (treated.persons, treated.timed, treated.pages) == (3, 2, 3)
    assert treated.pages_squares == 2**2 + 1
    assert treated.page_msec == 5_000 + 4 * HOUR
    assert treated.page_msec_squares == 5_000**2 + (4 * HOUR) ** 2
    assert treated.page_msec_pages == 2 * 5_000 + 4 * HOUR
    assert (treated.conversions, treated.orders, treated.buyers) == (1, 1, 1)
    kept = sums(row for row in found if row.arm == "control")
    assert (kept.persons, kept.timed, kept.pages, kept.page_msec) == (1, 1, 1, 6_000)


@pytest.mark.parametrize("msec", [-5, 0, 4 * HOUR + 1, 10**30, "long", "", 1.5e300, True, None])
def test_what_is_no_time_counts_for_nothing(msec: object) -> None:
    world = [
        moment("emma", 1, "b"),
        looked("emma", 2, msec),
        event("user_engagement", "emma", 2),
        looked("emma", 3, 1_000),
    ]

    found = sums(asked(world, [PLAN]).outcomes)

    assert (found.persons, found.timed, found.pages, found.page_msec) == (1, 1, 1, 1_000)


def test_a_part_of_the_persons_has_its_own_time() -> None:
    world = [
        moment("emma", 1, "b", device="phone"),
        looked("emma", 2, 1_000),
        moment("finn", 1, "b", device="desktop"),
        looked("finn", 2, 7_000),
    ]

    parts = {row.value: row.page_msec for row in asked(world, [PLAN]).parts}

    assert parts == {"phone": 1_000, "desktop": 7_000}


# ---- Watched --------------------------------------------------------------------------------------------------


def crowd(arm: str, msec: int, *, timed: int = 300) -> Iterator[Fields]:
    """Let 300 persons meet the message on the first day; so many look at one to three pages, each a little longer."""
    for number in range(300):
        visitor = f"{arm}-{number}"
        yield moment(visitor, 1, arm)
        for page in range(1 + number % 3 if number < timed else 0):
            yield looked(visitor, 1.5, msec + 100 * (number % 50) * page)


def page_time(world: list[Fields]) -> Guardrail:
    found = reported(world, PLAN, now=START + 22 * DAY)
    (rail,) = [rail for rail in found.guardrails if rail.name == "page_time"]
    return rail


def test_pages_that_are_left_sooner_are_told_as_harm() -> None:
    rail = page_time([*crowd("b", 20_000), *crowd("control", 30_000)])

    assert rail.state == "harm"
    assert rail.p_harm is not None
    assert rail.treated == pytest.approx(sum(_times(20_000)) / len(_times(20_000)))
    assert rail.control == pytest.approx(sum(_times(30_000)) / len(_times(30_000)))


def _times(msec: int) -> list[int]:
    return [msec + 100 * (n % 50) * page for n in range(300) for page in range(1 + n % 3)]


def test_pages_that_are_looked_at_longer_are_no_harm() -> None:
    assert page_time([*crowd("b", 40_000), *crowd("control", 30_000)]).state == "fine"


def test_with_too_few_persons_it_cannot_be_said() -> None:
    few = LEAST_TIMED - 1

    rail = page_time([*crowd("b", 20_000), *crowd("control", 30_000, timed=few)])

    assert (rail.state, rail.p_harm) == ("unsettled", None)
    assert (
        page_time([*crowd("b", 20_000), *crowd("control", 30_000, timed=few + 1)]).state == "harm"
    )


def test_where_no_shop_tells_it_nothing_is_said() -> None:
    world = [moment(f"{arm}-{n}", 1, arm) for arm in ("b", "control") for n in range(200)]

    rail = page_time(world)

    assert (rail.treated, rail.control, rail.p_harm, rail.state) == (None, None, None, "unsettled")
