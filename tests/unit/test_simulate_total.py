"""What all messages together were worth is counted exactly: each person beside herself without any of them."""

from __future__ import annotations

from collections import Counter
from math import sqrt

import numpy as np
import pytest
from msgspec.structs import replace

from etalage.domain.report import ANY_MESSAGE, OVERALL
from etalage.domain.time import DAY
from etalage.errors import BadInput
from etalage.simulate import person
from etalage.simulate.crowd import calendar
from etalage.simulate.person import Sight
from etalage.simulate.total import Drawn, sights, total
from etalage.simulate.trial import together, trials
from etalage.simulate.truth import WINDOW
from etalage.simulate.world import Group, World

PLAIN = World(
    seed=4, effects={"helps": 0.5, "harms": -0.2}, visitors_per_day=100, days=20, base=0.2
)
END = PLAIN.days * DAY
GROUPS = (Group("a", 0.5, {"helps": 0.8}), Group("b", 0.5, {"helps": -0.3}))
WORLDS = {
    "plain": replace(PLAIN, holdout=0.2),
    "groups": replace(PLAIN, holdout=0.3, groups=GROUPS),
    "taken back": replace(PLAIN, holdout=0.1, consent_share=0.6, withdrawn_share=0.5),
    "worn out": replace(PLAIN, holdout=0.2, novelty_days=6.0, fatigue=0.3),
    "log odds": replace(PLAIN, holdout=0.4, form="logit", mixed=0.6, phases=True),
}


def drawn(world: World, *, held: int = 5) -> list[Drawn]:
    """Let everybody be decided for at her first visit; every fifth is held out."""
    return [Drawn(p, person.arrives_at(world, p), p % held == 0) for p in range(world.people)]


def saw(world: World, *names: str) -> dict[int, list[tuple[int, str]]]:
    """Let everybody who is not held out see some messages at her first visit."""
    others = [one for one in drawn(world) if not one.held]
    return {one.person: [(one.at + 1_000_000, name) for name in names] for one in others}


# ---- Small worlds, by hand --------------------------------------------------------------------------------


def test_messages_without_effect_bring_exactly_nothing() -> None:
    world = replace(PLAIN, effects={"nothing": 0.0, "neither": 0.0})

    found = total(world, drawn(world), saw(world, "nothing", "neither"), upto=END)

    assert (found.extra_conversions, found.extra_revenue, found.planted) == (0, 0, 0.0)
    assert found.conversions_with == found.conversions_without > 100


def test_who_sees_nothing_is_worth_nothing_whatever_the_messages_could_do() -> None:
    found = total(PLAIN, drawn(PLAIN), {}, upto=END)

    assert (found.extra_conversions, found.extra_revenue, found.planted) == (0, 0, 0.0)


def test_what_messages_bring_together_is_the_sum_by_hand() -> None:
    both = {"helps": Sight(), "harms": Sight()}
    expected, cents, persons = 0, 0, Counter[str]()
    for one in drawn(PLAIN):
        if one.at + WINDOW > END:
            continue
        persons["holdout" if one.held else "messages"] += 1
        moment = person.buying_moment(PLAIN, one.person)
        if one.held or moment >= one.at + WINDOW:
            continue
        changed = person.buys(PLAIN, one.person, both) - person.buys(PLAIN, one.person, ())
        expected, cents = expected + changed, cents + changed * person.basket(PLAIN, one.person)

    found = total(PLAIN, drawn(PLAIN), saw(PLAIN, "helps", "harms"), upto=END)

    assert (found.extra_conversions, found.extra_revenue) == (expected, cents)
    assert expected > 20
    assert found.persons == persons == {"messages": 1_040, "holdout": 260}
    assert (found.triggered, found.shown) == (1_300, 1_040)
    assert found.planted == pytest.approx(1.5 * 0.8 - 1), "effects multiply"
    assert found.extra_conversions == found.conversions_with - found.conversions_without
    assert found.experience == OVERALL


def test_what_she_saw_after_buying_is_worth_nothing() -> None:
    late = {
        one.person: [(person.buying_moment(PLAIN, one.person) + 1, "helps")]
        for one in drawn(PLAIN)
        if not one.held
    }

    found = total(PLAIN, drawn(PLAIN), late, upto=END)

    assert (found.extra_conversions, found.planted) == (0, 0.0)


def test_nobody_counts_before_her_window_is_closed() -> None:
    found = total(PLAIN, drawn(PLAIN), saw(PLAIN, "helps"), upto=8 * DAY)

    assert found.triggered == sum(one.at <= DAY for one in drawn(PLAIN)) > 0
    assert total(PLAIN, drawn(PLAIN), {}, upto=7 * DAY - 1).triggered == 0


def test_the_sight_of_a_message_is_its_first_moment_and_how_often() -> None:
    seen = [(5, "a"), (3, "a"), (4, "b"), (9, "a")]

    assert sights(seen, 5) == {"a": Sight(3, 2), "b": Sight(4, 1)}
    assert sights(seen, 2) == {}


# ---- All at once ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_one_by_one_and_all_at_once_the_total_is_the_same(world: World) -> None:
    tried = trials(world)
    whole = together(tried)
    visits = calendar(world)
    times = {p: sorted(visits.at[visits.person == p].tolist()) for p in range(world.people)}
    # straight into the log, a message comes with the first load, and counts again with every visit
    seen = {
        p: [
            (at + 1_000_000, name) for name, one in tried.items() if one.shown[p] for at in times[p]
        ]
        for p in range(world.people)
    }
    those = [
        Drawn(int(p), int(whole.crowd.arrives[p]), bool(whole.held[p]))
        for p in np.flatnonzero(whole.drawn)
    ]

    found = total(world, those, seen, upto=END)
    sums = whole.sums(END)

    assert (found.extra_conversions, found.extra_revenue) == (
        sums.extra_conversions,
        sums.extra_revenue,
    )
    assert (found.triggered, found.shown) == (sums.triggered, sums.shown)
    assert found.planted == pytest.approx(sums.planted)
    assert found.conversions_with == sums.conversions_with
    assert found.persons["holdout"] == whole.counts(END, held=True).persons
    assert found.persons[ANY_MESSAGE] == whole.counts(END, held=False).persons
    for place, group in enumerate(world.groups):
        of_group = whole.sums(END, place)
        assert found.groups[group.name].extra_conversions == of_group.extra_conversions
        assert found.groups[group.name].triggered == of_group.triggered
    assert sums.extra_conversions != 0


def test_holding_some_out_changes_nothing_for_the_others() -> None:
    with_it, without = trials(replace(PLAIN, holdout=0.25)), trials(PLAIN)

    for name, tried in with_it.items():
        others = ~tried.held
        assert (tried.shown[others] == without[name].shown[others]).all()
        assert not tried.shown[tried.held].any()
        assert 0.2 < tried.held.mean() < 0.3
        arms = [tried.counts(END, shown=shown) for shown in (True, False)]
        kept = tried.held_out(END)
        assert sum(arm.persons for arm in (*arms, kept)) == tried.sums(END).triggered
    assert not next(iter(without.values())).held.any()


def test_a_report_against_the_holdout_is_right_on_average() -> None:
    errors = []
    for seed in range(200):
        whole = together(trials(replace(PLAIN, seed=seed, holdout=0.3)))
        those, held = whole.counts(END, held=False), whole.counts(END, held=True)
        share = those.conversions / those.persons - held.conversions / held.persons
        errors.append(those.persons * share - whole.sums(END).extra_conversions)

    assert abs(np.mean(errors)) <= 3 * np.std(errors, ddof=1) / sqrt(len(errors))
    assert np.std(errors) > 5, "a single report differs by chance"


def test_the_holdout_is_a_share_that_leaves_somebody_to_see_a_message() -> None:
    assert World(effects={}).holdout == 0
    for share in (-0.1, 0.95, float("nan")):
        with pytest.raises(BadInput, match="holdout"):
            World(effects={}, holdout=share)
