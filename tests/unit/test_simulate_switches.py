"""What can be switched on in a world does what it says, and its truth stays exact."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

import numpy as np
import pytest
from msgspec.structs import replace

from etalage.domain.time import DAY, iso
from etalage.errors import BadInput
from etalage.simulate import faults, person, robots
from etalage.simulate.client import Event
from etalage.simulate.crowd import Seen, calendar, crowd
from etalage.simulate.person import Sight
from etalage.simulate.run import days
from etalage.simulate.trial import trials
from etalage.simulate.truth import Met, truth
from etalage.simulate.world import Bots, Faults, Group, World

PLAIN = World(seed=1, effects={"helps": 0.3, "harms": -0.2}, visitors_per_day=1_000, days=20)
GROUPS = (
    Group("persuadable", 0.5, {"helps": 0.6}),
    Group("neutral", 0.3, {"helps": 0.0}),
    Group("sleeping dog", 0.2, {"helps": -0.5}),
)
GROUPED = replace(PLAIN, groups=GROUPS)
END = PLAIN.days * DAY


def everybody(world: World) -> Seen:
    return Seen(np.ones(world.people, dtype=bool))


# ---- What moves her --------------------------------------------------------------------------------------


def test_each_group_is_moved_by_its_own_effect_and_neutral_ones_by_none() -> None:
    those = crowd(GROUPED)
    moved = those.chance({"helps": everybody(GROUPED)}) / those.chance({})

    assert np.bincount(those.group) / GROUPED.people == pytest.approx([0.5, 0.3, 0.2], abs=0.015)
    for place, effect in enumerate((0.6, 0.0, -0.5)):
        assert moved[those.group == place] == pytest.approx(1 + effect)
    elsewhere = those.chance({"harms": everybody(GROUPED)}) / those.chance({})
    assert elsewhere == pytest.approx(0.8), "what a group says nothing of is as in the world"


def test_the_truth_of_groups_adds_up_to_the_truth_of_all() -> None:
    tried = trials(GROUPED)["helps"]
    met = [
        Met(int(p), "helps", "message" if tried.shown[p] else "control", bool(tried.shown[p]), int(tried.at[p]))
        for p in np.flatnonzero(tried.met)[:4_000]
    ]  # fmt: skip

    found = truth(GROUPED, met, upto={"helps": END})["helps"]

    groups = found.groups
    assert set(groups) == {group.name for group in GROUPS}
    assert sum(one.extra_conversions for one in groups.values()) == found.extra_conversions
    assert sum(one.extra_revenue for one in groups.values()) == found.extra_revenue
    assert sum(one.triggered for one in groups.values()) == found.triggered
    assert groups["neutral"].extra_conversions == 0
    assert groups["persuadable"].extra_conversions > 0 > groups["sleeping dog"].extra_conversions
    assert groups["persuadable"].planted == pytest.approx(0.6)
    assert found.planted == pytest.approx(0.5 * 0.6 - 0.2 * 0.5, abs=0.03)


def test_one_by_one_and_all_at_once_the_truth_is_the_same() -> None:
    world = replace(GROUPED, visitors_per_day=150, consent_share=0.7, fatigue=0.2, novelty_days=9.0)
    whole = trials(world)
    visits = calendar(world)
    again = {
        p: tuple(sorted(int(at) + 1_000_000 for at in visits.at[visits.person == p])[1:])
        for p in range(world.people)
    }
    met = [
        Met(int(p), name, str(tried.shown[p]), bool(tried.shown[p]), int(tried.at[p]), again[int(p)])
        for name, tried in whole.items()
        for p in np.flatnonzero(tried.met)
    ]  # fmt: skip

    found = truth(world, met, upto=dict.fromkeys(whole, END))

    for name, tried in whole.items():
        one = found[name]
        assert (one.extra_conversions, one.extra_revenue) == tried.truth(END)
        for shown in (True, False):
            counted = tried.counts(END, shown=shown)
            assert one.conversions[str(shown)] == counted.conversions
        for place, group in enumerate(world.groups):
            assert one.groups[group.name].extra_conversions == tried.truth(END, group=place)[0]


def test_a_message_wears_off_with_its_age_and_with_each_time_it_was_seen() -> None:
    world = replace(PLAIN, novelty_days=10.0, fatigue=0.25)

    def moved(sight: Sight) -> float:
        return person.effect(world, 3, "helps", sight)

    assert moved(Sight(0, 1)) == pytest.approx(0.3)
    assert moved(Sight(10 * DAY, 1)) == pytest.approx(0.3 / np.e)
    assert moved(Sight(0, 3)) == pytest.approx(0.3 * 0.75**2)


def test_what_is_planted_is_the_exact_mean_where_a_message_wears_off() -> None:
    world = replace(PLAIN, novelty_days=8.0)
    early = [Met(p, "helps", "message", True, person.arrives_at(world, p)) for p in range(2_000)]
    late = [Met(p, "helps", "message", True, person.arrives_at(world, p)) for p in range(12_000, 14_000)]  # fmt: skip

    first = truth(world, early, upto={"helps": 60 * DAY})["helps"]
    later = truth(world, late, upto={"helps": 60 * DAY})["helps"]

    assert 0.3 * np.exp(-2 / 8) <= first.planted <= 0.3
    assert 0.3 * np.exp(-14 / 8) <= later.planted <= 0.3 * np.exp(-12 / 8)


def test_log_odds_move_everybody_in_one_direction_but_not_by_one_factor() -> None:
    world = replace(PLAIN, form="logit", mixed=1.0)
    those = crowd(world)
    factor = those.chance({"helps": everybody(world)}) / those.chance({})

    assert factor.min() > 1
    assert factor.max() / factor.min() > 1.1
    assert factor.max() < np.exp(0.3)


# ---- Who she is ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [{"phases": True, "base": 0.08}, {"price_sensitivity": 0.7}])
def test_phases_and_prices_make_shoppers_differ_and_leave_the_mean(
    other: dict[str, object],
) -> None:
    world = World(seed=4, effects={}, visitors_per_day=40_000, days=1, **other)  # type: ignore[arg-type]
    chances = crowd(world).chance({})

    assert chances.mean() == pytest.approx(world.base, abs=4 * chances.std() / sqrt(40_000))
    plain = World(seed=4, effects={}, visitors_per_day=40_000, days=1, base=world.base)
    assert chances.std() > 1.2 * crowd(plain).chance({}).std()


def test_who_looks_at_prices_spends_less() -> None:
    world = replace(PLAIN, price_sensitivity=0.8)
    those = crowd(world)
    sensitive = np.array([person.price_sensitivity(world, p) for p in range(4_000)])

    spent = np.log(those.basket[:4_000])
    assert np.corrcoef(sensitive, spent)[0, 1] < -0.25


def test_phases_follow_their_chain_and_end_in_gone() -> None:
    world = replace(PLAIN, phases=True, base=0.08, days=60, visitors_per_day=300)
    first = Counter[str | None]()
    moves = Counter[tuple[str | None, str | None]]()
    for p in range(6_000):
        visits = person.visits(world, p)
        first[visits[0].phase] += 1
        for one, other in pairwise(visits):
            moves[one.phase, other.phase] += 1

    assert first["awareness"] / 6_000 == pytest.approx(0.5, abs=0.026)
    onward = moves["consideration", "purchase"] / moves["consideration", "consideration"]
    assert onward == pytest.approx(0.25 / 0.5, rel=0.15)


def test_who_drops_out_differs_from_person_to_person() -> None:
    alike = calendar(replace(PLAIN, returning_share=0.5, days=60))
    own = calendar(replace(PLAIN, drop_out=(1, 1), days=60))

    visits = {name: np.bincount(np.bincount(of.person))[1:] for name, of in {"alike": alike, "own": own}.items()}  # fmt: skip
    # Beta(1, 1): half leave after the first visit as well; of those who stay more stay on
    stay = {name: of[1:].sum() / of.sum() for name, of in visits.items()}
    on = {name: of[2:].sum() / of[1:].sum() for name, of in visits.items()}
    assert stay["own"] == pytest.approx(stay["alike"], abs=0.02)
    assert on["own"] > on["alike"] + 0.1


def test_consent_is_taken_back_by_as_many_as_said_and_for_good() -> None:
    world = replace(PLAIN, consent_share=1.0, withdrawn_share=0.3)
    those = crowd(world)

    assert (those.withdraws < 10**17).mean() == pytest.approx(0.3, abs=0.015)
    who = int(np.argmin(those.withdraws))
    assert person.may_measure(world, who, int(those.withdraws[who]) - 1)
    assert not person.may_measure(world, who, int(those.withdraws[who]))


def test_shoppers_of_one_taste_come_for_the_same_things() -> None:
    shelves = {f"category {number}": 1.0 for number in range(20)}
    chance = [person.favourite(PLAIN, p, shelves) for p in range(1_500)]
    taste = [person.favourite(replace(PLAIN, taste=4.0), p, shelves) for p in range(1_500)]

    assert len(set(chance)) == 20
    assert len(set(taste)) == 20, "no category is for nobody"
    near = np.array([person._taste(1, p) for p in range(1_500)])
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    alike = near @ near.T > 0.45

    def agree(chosen: list[str]) -> float:
        same = np.array(chosen)[:, None] == np.array(chosen)
        pairs = np.triu(alike, 1)
        return float(same[pairs].mean())

    assert agree(taste) > 2 * agree(chance)


# ---- What goes wrong -------------------------------------------------------------------------------------


def told(number: int, name: str = "view_item", arm: str = "balk") -> Event:
    return {
        "event": name,
        "anonymousId": f"v-{number % 50}",
        "messageId": f"m-{number}",
        "timestamp": iso(1_700_000_000_000_000 + number),
        "properties": {"creative_name": arm},
    }


NOW = 1_700_000_100_000_000
EVENTS = [told(number) for number in range(4_000)]


def through(events: list[Event], **wrong: object) -> tuple[list[Event], list[Event]]:
    world = replace(PLAIN, faults=Faults(**wrong))  # type: ignore[arg-type]
    return faults.through(world, events, now=NOW, tomorrow=True)


@dataclass
class Case:
    today: float
    tomorrow: float = 0.0


@pytest.mark.parametrize(
    ("wrong", "share"),
    [
        ({}, Case(1.0)),
        ({"dropped": 0.1}, Case(0.9)),
        ({"doubled": 0.1}, Case(1.1)),
        ({"late": 0.1}, Case(0.9, 0.1)),
        ({"disordered": True}, Case(1.0)),
        ({"treated_lost": 0.5}, Case(1.0)),
    ],
)
def test_as_many_events_go_wrong_as_said(wrong: dict[str, object], share: Case) -> None:
    today, later = through(EVENTS, **wrong)

    assert len(today) / len(EVENTS) == pytest.approx(share.today, abs=0.02)
    assert len(later) / len(EVENTS) == pytest.approx(share.tomorrow, abs=0.02)
    assert {e["messageId"] for e in [*today, *later]} <= {e["messageId"] for e in EVENTS}


def test_events_in_any_order_are_the_same_events() -> None:
    today, _ = through(EVENTS, disordered=True)

    assert today != EVENTS
    assert sorted(today, key=str) == sorted(EVENTS, key=str)


def test_only_moments_of_shown_messages_are_lost_to_the_sample_ratio() -> None:
    shown = [told(number, "triggered") for number in range(2_000)]
    kept = [told(number, "triggered", "control") for number in range(2_000)]

    assert len(through(shown, treated_lost=0.2)[0]) == pytest.approx(1_600, abs=72)
    assert through(kept, treated_lost=0.2)[0] == kept


def test_orders_come_from_the_shops_server_and_suffer_nothing() -> None:
    orders = [told(number, "purchase") for number in range(100)]

    assert through(orders, dropped=1.0, late=1.0, doubled=1.0, skewed=1.0) == (orders, [])


def test_a_wrong_clock_is_wrong_by_as_much_when_it_sends() -> None:
    today, later = through(EVENTS, skewed=1.0, late=0.2)

    for events, at in ((today, NOW), (later, NOW + DAY)):
        for event in events:
            number = int(event["messageId"][2:])
            off = micros_of(event["sentAt"]) - at
            assert micros_of(event["timestamp"]) - off == 1_700_000_000_000_000 + number
    assert len({micros_of(e["sentAt"]) for e in today}) == 50, "each browser has its own clock"


def micros_of(text: str) -> int:
    from datetime import datetime

    from etalage.domain.time import micros

    return micros(datetime.fromisoformat(text))


def test_programs_come_every_day_and_are_no_shoppers() -> None:
    world = replace(PLAIN, visitors_per_day=5, bots=Bots(per_day=7, declared=False, only="kept"))
    played = days(world)

    numbers = [v.person for day in played for v in day.visits if robots.is_one(v.person)]
    assert len(numbers) == len(set(numbers)) == 7 * world.days
    assert all(number * DAY <= v.at < (number + 1) * DAY for number, day in enumerate(played) for v in day.visits)  # fmt: skip
    assert robots.tells(world, show=False)
    assert not robots.tells(world, show=True)
    assert "bot" not in robots.user_agent(world).lower()
    assert "bot" in robots.user_agent(replace(world, bots=Bots(per_day=1))).lower()


@pytest.mark.parametrize(
    "fields",
    [
        {"groups": (Group("a", 0.5), Group("b", 0.4))},
        {"groups": (Group("a", 1.0, {"other": 0.1}),)},
        {"groups": GROUPS, "grouped_by": "device"},
        {"faults": Faults(late=1.5)},
        {"drop_out": (0, 2)},
        {"visit_rate": 0},
        {"novelty_days": 0.0},
        {"day_pattern": (0, 0)},
        {"days": 0},
        {"days": 366},
        {"visitors_per_day": 10**9},
        {"bots": Bots(per_day=0)},
        {"delay_days": 0.0},
    ],
)
def test_a_world_that_makes_no_sense_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        World(**{"effects": {"helps": 0.1}, **fields})  # type: ignore[arg-type]
