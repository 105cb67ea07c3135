"""A crowd at once is its shoppers one by one, to the last bit; and it is fast."""

from __future__ import annotations

import numpy as np
import pytest

from etalage.simulate import crowd as crowds
from etalage.simulate import person
from etalage.simulate.crowd import Seen, calendar, crowd
from etalage.simulate.person import Sight
from etalage.simulate.world import Group, World

GROUPS = (
    Group("persuadable", 0.5, {"helps": 0.5}),
    Group("neutral", 0.3, {"helps": 0.0}),
    Group("sleeping dog", 0.2, {"helps": -0.5}),
)
EFFECTS = {"helps": 0.30, "nothing": 0.0, "harms": -0.25}
SMALL = {"effects": EFFECTS, "visitors_per_day": 20, "days": 14}
WORLDS = {
    "plain": World(seed=1, **SMALL),
    "groups": World(seed=2, groups=GROUPS, **SMALL),
    "phases": World(seed=3, phases=True, base=0.08, **SMALL),
    "each her own pace": World(seed=4, visit_rate=2, drop_out=(1, 2), **SMALL),
    "prices": World(seed=5, price_sensitivity=0.6, withdrawn_share=0.4, **SMALL),
    "worn out": World(seed=6, novelty_days=5.0, fatigue=0.3, second_device=0.5, **SMALL),
    "logit": World(
        seed=7, form="logit", mixed=0.7, phases=True, price_sensitivity=0.5, groups=GROUPS, **SMALL
    ),
    "by device": World(
        seed=9,
        grouped_by="device",
        groups=(
            Group("tablet", effects={"harms": 0.2}),
            Group("desktop", effects={"helps": -0.5}),
            Group("phone"),
        ),
        **SMALL,
    ),
    "one part of the day": World(seed=8, day_pattern=(1,), delay_days=5.0, **SMALL),
}
everywhere = pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)


@everywhere
def test_a_crowd_is_its_shoppers_to_the_last_bit(world: World) -> None:
    found = crowd(world)

    everybody = range(world.people)
    assert found.arrives.tolist() == [person.arrives_at(world, p) for p in everybody]
    assert found.buys_at.tolist() == [person.buying_moment(world, p) for p in everybody]
    assert found.basket.tolist() == [person.basket(world, p) for p in everybody]
    assert found.measured.tolist() == [person.may_measure(world, p) for p in everybody]
    later = found.arrives + 3 * 86_400_000_000
    assert (found.measured & (later < found.withdraws)).tolist() == [
        person.may_measure(world, p, int(later[p])) for p in everybody
    ]
    if world.groups:
        names = [world.groups[place].name for place in found.group]
        assert names == [person.group(world, p).name for p in everybody]  # type: ignore[union-attr]


@everywhere
def test_a_crowd_buys_what_its_shoppers_buy_whoever_saw_what(world: World) -> None:
    found = crowd(world)
    number = np.arange(world.people)
    first, times = number * 60_000_000, 1 + number % 3
    seen = {
        "helps": Seen(number % 2 == 0, first, times),
        "harms": Seen(number % 3 == 0, first, times),
    }

    def sights(who: int) -> dict[str, Sight]:
        both = {"helps": who % 2 == 0, "harms": who % 3 == 0}
        return {name: Sight(int(first[who]), int(times[who])) for name, saw in both.items() if saw}

    everybody = range(world.people)
    assert found.chance(seen).tolist() == [person.chance(world, p, sights(p)) for p in everybody]
    assert found.buys(seen).tolist() == [person.buys(world, p, sights(p)) for p in everybody]
    assert found.buys({}).tolist() == [person.buys(world, p, ()) for p in everybody]


@everywhere
def test_the_calendar_is_that_of_its_shoppers(world: World) -> None:
    found = calendar(world)
    second = crowds.on_second(world, found)

    visits = sorted(
        zip(
            *(part.tolist() for part in (found.at, found.person, found.number, second)), strict=True
        )
    )
    told = [visit for p in range(world.people) for visit in person.visits(world, p)]
    assert visits == sorted(
        (v.at, v.person, v.number, bool(person.device_of(world, v))) for v in told
    )


def test_some_shoppers_may_be_asked_for_alone() -> None:
    world = WORLDS["phases"]
    some = np.array([3, 77, 120])

    assert crowd(world, some).bar.tolist() == crowd(world).bar[some].tolist()
    assert set(calendar(world, some).person) == {3, 77, 120}
