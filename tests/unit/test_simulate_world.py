"""The simulated world: what it plants is what it means, in both of everybody's lives."""

from __future__ import annotations

import itertools
from math import sqrt

import numpy as np
import pytest

from etalage.domain.time import DAY
from etalage.errors import BadInput
from etalage.simulate.crowd import Seen, crowd
from etalage.simulate.person import (
    agenda,
    basket,
    buying_moment,
    buys,
    may_measure,
    purchase,
    visits,
)
from etalage.simulate.run import days
from etalage.simulate.truth import WINDOW, Met, truth
from etalage.simulate.world import World

EFFECTS = {"helps": 0.30, "nothing": 0.0, "harms": -0.25}
WORLD = World(seed=1, effects=EFFECTS, base=0.10, visitors_per_day=100, days=28)


def test_without_an_effect_both_lives_are_equal() -> None:
    assert all(
        buys(WORLD, person, {"nothing"}) == buys(WORLD, person, ()) for person in range(20_000)
    )


def test_a_message_that_helps_takes_no_purchase_away_and_one_that_harms_adds_none() -> None:
    for person in range(20_000):
        plain = buys(WORLD, person, ())
        assert buys(WORLD, person, {"helps"}) >= plain
        assert buys(WORLD, person, {"harms"}) <= plain


@pytest.mark.parametrize("others", [(), ("harms",), ("nothing", "harms")])
def test_the_planted_effect_is_the_mean_effect_whatever_else_was_seen(
    others: tuple[str, ...],
) -> None:
    those = crowd(World(seed=5, effects=EFFECTS, visitors_per_day=200_000, days=1))
    all_of_them = Seen(np.ones(200_000, dtype=bool))
    seen = dict.fromkeys(others, all_of_them)

    with_it = those.chance(seen | {"helps": all_of_them}).sum()
    without = those.chance(seen).sum()

    assert with_it / without == pytest.approx(1.30, abs=1e-9)


def test_the_planted_effect_shows_in_what_200_000_people_buy() -> None:
    people = 200_000
    those = crowd(World(seed=5, effects=EFFECTS, visitors_per_day=people, days=1))

    with_it = those.buys({"helps": Seen(np.ones(people, dtype=bool))}).sum()
    without = those.buys({}).sum()

    assert without / people == pytest.approx(0.10, abs=4 * sqrt(0.1 * 0.9 / people))
    # the lives are paired: only the purchases that the message adds vary, Poisson with mean 0.03 * people
    extra = 0.03 * people
    assert with_it - without == pytest.approx(extra, abs=4 * sqrt(extra))


def test_visits_lie_within_the_world_at_most_one_a_day_and_end_on_their_day() -> None:
    for person in range(WORLD.people):
        found = visits(WORLD, person)
        on = [visit.at // DAY for visit in found]
        assert on[0] == person // WORLD.visitors_per_day
        assert len(set(on)) == len(on)
        assert on == sorted(on)
        assert on[-1] < WORLD.days
        assert all(visit.at % DAY < DAY - 10 * 60 * 1_000_000 for visit in found)


def test_every_visit_and_every_purchase_is_played_once() -> None:
    played = days(WORLD)

    assert sum(len(day.visits) for day in played) == sum(len(day) for day in agenda(WORLD))
    assert {v.person for day in played for v in day.visits} == set(range(WORLD.people))
    due = [person for day in played for _, person in day.buyers]
    before_the_end = [p for p in range(WORLD.people) if buying_moment(WORLD, p) < 28 * DAY]
    assert sorted(due) == before_the_end
    for number, day in enumerate(played):
        assert all(number * DAY <= at < (number + 1) * DAY for at, _ in day.buyers)


def test_most_but_not_all_purchases_fall_within_the_window() -> None:
    late = [
        buying_moment(WORLD, person) - visits(WORLD, person)[0].at >= WINDOW
        for person in range(WORLD.people)
    ]

    assert sum(late) / len(late) == pytest.approx(0.0302, abs=0.013)  # exp(-7 / 2)


def test_the_share_that_gives_consent_is_the_one_asked_for() -> None:
    given = sum(may_measure(WORLD, person) for person in range(20_000)) / 20_000

    assert given == pytest.approx(0.85, abs=0.011)


def test_baskets_are_log_normal_and_of_a_web_shop() -> None:
    values = sorted(basket(WORLD, person) for person in range(20_000))

    assert values[10_000] / 100 == pytest.approx(36.6, rel=0.04)  # exp(3.6)
    assert values[0] >= 100
    assert values[-1] <= 250_000


@pytest.mark.parametrize(
    ("base", "effects"),
    [(0.6, {"a": 0.5}), (0.1, {"a": -1.5}), (0.0, {}), (0.3, {"a": 0.5, "b": 0.5})],
)
def test_a_world_in_which_a_chance_could_leave_0_to_1_is_refused(
    base: float, effects: dict[str, float]
) -> None:
    with pytest.raises(BadInput, match="chance to buy"):
        World(seed=1, effects=effects, base=base)


# ---- Truth -------------------------------------------------------------------------------------------


def meetings(shown: dict[str, bool], person: int, at: int) -> list[Met]:
    return [
        Met(person, name, "message" if seen else "control", seen, at)
        for name, seen in shown.items()
    ]


def test_the_truth_adds_up_over_the_persons_who_met_the_message() -> None:
    met = list(
        itertools.chain.from_iterable(
            meetings(
                {"helps": person % 2 == 0, "nothing": person % 3 == 0},
                person,
                visits(WORLD, person)[0].at + 1,
            )
            for person in range(WORLD.people)
        )
    )
    end = WORLD.days * DAY

    found = truth(WORLD, met, upto={"helps": end, "nothing": end})

    helps, nothing = found["helps"], found["nothing"]
    closed = [one for one in met if one.experience == "helps" and one.at + WINDOW <= end]
    assert helps.triggered == len(closed)
    assert helps.shown == sum(one.shown for one in closed)
    bought = {
        one.person: purchase(WORLD, one.person, {"helps"} if one.shown else ()) for one in closed
    }
    within = [
        one
        for one in closed
        if (found_ := bought[one.person]) and one.at <= found_.at < one.at + WINDOW
    ]
    assert sum(helps.conversions.values()) == len(within)
    assert helps.conversions["message"] == sum(one.shown for one in within)
    assert 0 < helps.extra_conversions <= helps.conversions_with - helps.conversions_without
    assert helps.extra_revenue > 0
    assert (nothing.extra_conversions, nothing.extra_revenue) == (0, 0)
    assert nothing.lift == 0.0


def test_who_would_have_bought_before_the_message_came_is_not_its_doing() -> None:
    person = next(p for p in range(WORLD.people) if buys(WORLD, p, {"helps"}))
    after = buying_moment(WORLD, person) + 1

    found = truth(WORLD, meetings({"helps": True}, person, after), upto={"helps": 60 * DAY})

    assert found["helps"].conversions_with == found["helps"].conversions_without == 0


def test_a_window_that_is_still_open_is_not_counted() -> None:
    at = visits(WORLD, 3)[0].at

    found = truth(WORLD, meetings({"helps": True}, 3, at), upto={"helps": at + WINDOW - 1})

    assert found["helps"].triggered == 0
