"""What is measured in whole worlds, held against their truth: estimates, faults, merges, bots, and a naive rival."""

from __future__ import annotations

from math import sqrt

import numpy as np
from figures import tell, times
from numpy.typing import NDArray

from etalage.domain.time import DAY
from etalage.measure.statistics.ratio import BLOCKED_BELOW, fixed_p, inverse_bayes_factor
from etalage.simulate import draws, robots
from etalage.simulate.crowd import Crowd, Seen, calendar, crowd, on_second
from etalage.simulate.trial import Trial, shown_to, trials
from etalage.simulate.truth import WINDOW
from etalage.simulate.world import Group, World

EFFECTS = {"helps": 0.30, "nothing": 0.0, "harms": -0.25}
GROUPS = (
    Group("persuadable", 0.4, {"helps": 0.6}),
    Group("neutral", 0.35, {"helps": 0.0}),
    Group("sleeping dog", 0.25, {"helps": -0.4}),
)
FAIR = 0.5
Errors = NDArray[np.float64]


def small(seed: int, **other: object) -> World:
    """Give a world of some 6,000 persons, all of whom have closed windows in the end."""
    fields = {"visitors_per_day": 430, "arriving_days": 14, "days": 28, "effects": EFFECTS} | other
    return World(seed=seed, **fields)  # type: ignore[arg-type]


# ---- Extra conversions and revenue -----------------------------------------------------------------------


def errors_of(tried: Trial, upto: int) -> tuple[float, float]:
    """Give by how much what a report computes of a message is beside the truth: conversions, euros."""
    seen, kept = tried.counts(upto, shown=True), tried.counts(upto, shown=False)
    conversions = seen.persons * (seen.conversions / seen.persons - kept.conversions / kept.persons)
    revenue = seen.persons * (seen.revenue / seen.persons - kept.revenue / kept.persons)
    true_conversions, true_revenue = tried.truth(upto)
    return conversions - true_conversions, (revenue - true_revenue) / 100


def test_extra_conversions_and_revenue_are_unbiased_whoever_is_moved() -> None:
    number = times(100, 2_000)
    kinds = {
        "alike": {},
        "groups": {"groups": GROUPS},
        "phases, novelty and fatigue": {
            "phases": True,
            "base": 0.08,
            "novelty_days": 10.0,
            "fatigue": 0.3,
        },
        "log odds": {"form": "logit", "mixed": 0.7, "groups": GROUPS},
    }
    furthest = 0.0
    for kind, fields in kinds.items():
        worlds = (small(seed, **fields) for seed in range(number))
        found = [
            [errors_of(tried, world.days * DAY) for tried in trials(world).values()]
            for world in worlds
        ]
        errors = np.array(found)  # worlds, messages, (conversions, euros)
        away = errors.mean(axis=0) / (errors.std(axis=0, ddof=1) / sqrt(number))
        furthest = max(furthest, float(np.abs(away).max()))
        assert np.abs(away).max() <= 3, f"{kind}: {away}"
    tell("extra conversions and revenue, unbiased", "each of 24 mean errors within 3 standard errors", worlds=4 * number, largest=round(furthest, 2))  # fmt: skip


# ---- The sample ratio ------------------------------------------------------------------------------------


def broken(persons: dict[bool, NDArray[np.int64]]) -> bool:
    """Tell whether the report would call the arms broken, at any of its daily looks."""
    looks = [
        [int(seen), int(kept)] for seen, kept in zip(persons[True], persons[False], strict=True)
    ]
    watched = min(inverse_bayes_factor([(look, [FAIR, FAIR])]) for look in looks if sum(look))
    last = fixed_p([(looks[-1], [FAIR, FAIR])])
    return min(watched, 1.0 if last is None else last) < BLOCKED_BELOW


def arrivals(those: Crowd, who: NDArray[np.bool_], days: int) -> NDArray[np.int64]:
    """Count the persons of an arm after each day."""
    return np.bincount(those.arrives[who] // DAY, minlength=days).cumsum()


def test_losing_two_per_cent_of_the_treated_is_found_and_a_sound_split_left_alone() -> None:
    number = times(4, 200)
    found = sound = 0
    for seed in range(number):
        world = World(seed=seed, effects={"helps": 0.3}, visitors_per_day=20_000, days=28)
        those = crowd(world)
        shown = those.measured & shown_to(world, "helps", those.person)
        kept = those.measured & ~shown
        lost = draws.uniform(world.seed, those.person, 0, "lost") < 0.02
        each = {False: arrivals(those, kept, 28), True: arrivals(those, shown, 28)}
        sound += broken(each)
        found += broken(each | {True: arrivals(those, shown & ~lost, 28)})
    tell("sample ratio, 2% of treated events lost", "found >= 99% by 240,000 per arm; false alarms <= 1%", worlds=number, found=found, false_alarms=sound)  # fmt: skip
    assert found >= 0.99 * number
    assert sound <= 0.01 * number


def test_programs_in_one_arm_are_found() -> None:
    number = times(20, 400)
    found = 0
    for seed in range(number):
        world = World(seed=seed, effects={"helps": 0.3}, visitors_per_day=1_500, days=28)
        those = crowd(world)
        shown = those.measured & shown_to(world, "helps", those.person)
        # one visitor in ten is a program that never gets as far as where a message is drawn
        programs = robots.FIRST + np.arange(world.people // 10)
        counted = programs[~shown_to(world, "helps", programs)]
        day = np.bincount((counted - robots.FIRST) % 28, minlength=28).cumsum()
        each = {
            True: arrivals(those, shown, 28),
            False: arrivals(those, those.measured & ~shown, 28) + day,
        }
        found += broken(each)
    tell("programs in one arm, one visitor in ten", "found >= 99%", worlds=number, found=found)
    assert found >= 0.99 * number


# ---- Two devices -----------------------------------------------------------------------------------------


def test_persons_who_meet_both_arms_lower_the_effect_as_predicted_and_leaving_them_out_mends_it() -> (
    None
):
    number = times(40, 1_000)
    bought, persons = np.zeros((2, 2)), np.zeros((2, 2))  # (all, uncrossed) x (control, treated)
    reached = at_risk = 0
    for seed in range(number):
        world = small(
            seed,
            effects={"helps": 0.5},
            returning_share=0.9,
            second_device=1.0,
            delay_days=5.0,
            base=0.3,
            consent_share=1.0,
        )
        those, visits = crowd(world), calendar(world)
        second = on_second(world, visits)
        early = second & (visits.at <= those.buys_at[visits.person])
        has, in_time = np.zeros((2, world.people), dtype=bool)
        has[visits.person[second]] = True
        in_time[visits.person[early]] = True
        first = shown_to(world, "helps", those.person)
        other = shown_to(world, "helps, second device", those.person)
        buys = those.buys({"helps": Seen(first | (in_time & other))})
        window = those.buys_at < those.arrives + WINDOW
        reached += int((in_time & window).sum())
        at_risk += int(window.sum())
        crossed = has & (first != other)
        for place, those_in in enumerate((np.ones_like(crossed), ~crossed)):
            for arm in (0, 1):
                here = those_in & (first == bool(arm))
                persons[place, arm] += here.sum()
                bought[place, arm] += (buys & window & here).sum()
    shares = bought / persons
    lifts = shares[:, 1] / shares[:, 0] - 1
    predicted = 1.5 / (1 + 0.5 * FAIR * reached / at_risk) - 1
    errors = (1 + lifts) * np.sqrt(((1 - shares) / bought).sum(axis=1))
    tell("persons who meet both arms (planted +50%)", "lift as predicted; +50% again without them; each within 3 standard errors", worlds=number, predicted=round(predicted, 4), measured=round(float(lifts[0]), 4), without_crossed=round(float(lifts[1]), 4))  # fmt: skip
    assert abs(lifts[0] - predicted) <= 3 * errors[0]
    assert abs(lifts[1] - 0.5) <= 3 * errors[1]
    assert lifts[0] < 0.5 - 3 * errors[0]


# ---- Last click ------------------------------------------------------------------------------------------


def test_attribution_by_last_click_overstates_and_finds_what_is_not_there() -> None:
    number = times(20, 400)
    attributed, true, measured = dict.fromkeys(EFFECTS, 0), dict.fromkeys(EFFECTS, 0), dict.fromkeys(EFFECTS, 0.0)  # fmt: skip
    for seed in range(number):
        world = small(seed)
        upto = world.days * DAY
        for name, tried in trials(world).items():
            those = tried.crowd
            # who is going to buy anyway clicks more: at twice the chance to buy, 20% on average
            clicks = draws.uniform(world.seed, those.person, 0, f"clicks {name}") < 2 * those.ground
            attributed[name] += int(
                (tried.closed(upto) & tried.shown & clicks & tried.bought).sum()
            )
            true[name] += tried.truth(upto)[0]
            measured[name] += errors_of(tried, upto)[0] + tried.truth(upto)[0]
    tell("attribution by last click", "overstates the null and the harmful message", worlds=number, **{f"{name}_{what}": round(of[name]) for name in ("nothing", "harms") for what, of in (("attributed", attributed), ("true", true), ("measured", measured))})  # fmt: skip
    for name in ("nothing", "harms"):
        assert attributed[name] > 0 >= true[name]
        assert abs(measured[name] - true[name]) < abs(attributed[name] - true[name]) / 3
