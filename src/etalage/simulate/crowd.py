"""All shoppers of a world at once, without a server: what `person` says of each, as arrays, equal to the last bit.

In:   a world.
Out:  when each comes, whether and when she buys, given arrays of who saw what.
Idea: statistics are proved over thousands of worlds; asking a person at a time, or a server, would take days. What
      is written here is what `person` says, in the same order of operations; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log

import numpy as np
from msgspec import Struct

from etalage.domain.time import DAY
from etalage.simulate import draws
from etalage.simulate.draws import Bools, Floats, Ints
from etalage.simulate.person import (
    BASKET_MU,
    BASKET_SIGMA,
    LARGEST_BASKET,
    LAST_ORDERS,
    LEAST_BASKET,
    LEAST_DELAY,
    MOST_VISITS,
    RETURN_DAYS,
    WITHDRAWS_DAYS,
)
from etalage.simulate.world import DEVICES, PHASE_MOVES, PHASE_NEXT, PHASE_START, PHASES, World


class Seen(Struct, frozen=True):
    """Who saw a message; where that makes a difference, when first and how often by the moment of buying."""

    who: Bools
    first: Ints | None = None
    times: Ints | None = None


class Crowd(Struct, frozen=True):
    """Shoppers of a world. All arrays are as long as `person`; moments are micros after the start of the world."""

    world: World
    person: Ints
    measured: Bools  # until she withdraws
    withdraws: Ints  # never: far away
    group: Ints  # place in the world's groups; all 0 in a world without
    arrives: Ints
    buys_at: Ints
    basket: Ints  # cents
    bar: Floats  # her draw: she buys if it lies under her chance
    ground: Floats  # chance to buy, or log odds, without any message

    def chance(self, seen: Mapping[str, Seen]) -> Floats:
        """Give each one's chance to buy, given who saw what."""
        found = self.ground.copy()
        logit = self.world.form == "logit"
        for experience in self.world.effects:
            if experience not in seen:
                continue
            sight = seen[experience]
            moved = self.effect(experience, sight)
            found = np.where(sight.who, found + moved if logit else found * (1 + moved), found)
        return 1.0 / (1.0 + draws.exps(-found)) if logit else found

    def buys(self, seen: Mapping[str, Seen]) -> Bools:
        """Tell who buys, given who saw what before the moment at which she would."""
        return np.asarray(self.bar < self.chance(seen))

    def effect(self, experience: str, sight: Seen) -> Floats:
        """Give what a message does to each of them."""
        world = self.world
        own = world.effects[experience]
        each = [group.effects.get(experience, own) for group in world.groups] or [own]
        found: Floats = np.array(each)[self.group]
        if world.novelty_days is not None and sight.first is not None:
            found = found * draws.exps(-sight.first / (world.novelty_days * DAY))
        if world.fatigue and sight.times is not None:
            most = int(sight.times.max(initial=1))
            worn = np.array([(1 - world.fatigue) ** (times - 1) for times in range(1, most + 1)])
            found = found * worn[np.maximum(sight.times, 1) - 1]
        return found


class Calendar(Struct, frozen=True):
    """Visits, those of one number together: who, when, and how many she made before."""

    person: Ints
    at: Ints
    number: Ints


def crowd(world: World, person: Ints | None = None) -> Crowd:
    """Give the shoppers of a world, or some of them by number."""
    who = np.arange(world.people) if person is None else person
    seed = world.seed
    arrives = _moment(world, who, who // world.visitors_per_day)
    delay = world.delay_days * DAY * draws.exponential(seed, who, 0, "delay")
    price = _price(world, who)
    mu = BASKET_MU + world.price_sensitivity - price
    euro = draws.exps(mu + BASKET_SIGMA * draws.normal(seed, who, 0, "basket"))
    cents = np.rint(100 * euro)
    return Crowd(
        world=world,
        person=who,
        measured=draws.uniform(seed, who, 0, "consent") < world.consent_share,
        withdraws=_withdraws(world, who, arrives),
        group=_group(world, who),
        arrives=arrives,
        buys_at=arrives + LEAST_DELAY + delay.astype(np.int64),
        basket=np.clip(cents, LEAST_BASKET, LARGEST_BASKET).astype(np.int64),
        bar=draws.uniform(seed, who, 0, "buys"),
        ground=_ground(world, who, price),
    )


def calendar(world: World, person: Ints | None = None) -> Calendar:
    """Give the visits of a world, or of some of its shoppers."""
    who = np.arange(world.people) if person is None else person
    day = who // world.visitors_per_day
    rate = _rate(world, who)
    stays = _stays(world, who)
    phase = draws.one_of(world.seed, who, 0, "first phase", PHASE_START) if world.phases else None
    found: list[Calendar] = []
    for number in range(MOST_VISITS):
        here = day < world.days
        who, day, rate, stays = who[here], day[here], rate[here], stays[here]
        phase = None if phase is None else phase[here]
        found.append(Calendar(who, _moment(world, who, day), np.full(len(who), number)))
        if phase is not None:
            phase = _next_phase(world, who, day, phase)
            back = phase < len(PHASES)
            phase = phase[back]
        else:
            back = draws.uniform(world.seed, who, day, "returns") < stays
        who, day, rate, stays = who[back], day[back], rate[back], stays[back]
        away = RETURN_DAYS * draws.exponential(world.seed, who, day, "away") / rate
        day = day + 1 + away.astype(np.int64)
    return Calendar(
        np.concatenate([part.person for part in found]),
        np.concatenate([part.at for part in found]),
        np.concatenate([part.number for part in found]),
    )


def on_second(world: World, visits: Calendar) -> Bools:
    """Tell which visits are made on a second device."""
    has = draws.uniform(world.seed, visits.person, 0, "second device") < world.second_device
    uses = draws.uniform(world.seed, visits.person, visits.at // DAY, "on the second") < 0.5  # noqa: PLR2004  half of them
    return np.asarray(has & uses & (visits.number > 0))


def _moment(world: World, who: Ints, day: Ints) -> Ints:
    part = draws.one_of(world.seed, who, day, "part of the day", world.day_pattern)
    within = draws.uniform(world.seed, who, day, "moment")
    passed = ((part + within) * (DAY // len(world.day_pattern))).astype(np.int64)
    return np.asarray(day * DAY + np.minimum(passed, DAY - LAST_ORDERS))


def _group(world: World, who: Ints) -> Ints:
    if not world.groups:
        return np.zeros_like(who)
    if world.grouped_by == "chance":
        return draws.one_of(world.seed, who, 0, "group", world.group_shares)
    names = [group.name for group in world.groups]
    place = np.array([names.index(name) for name in DEVICES])
    return place[draws.one_of(world.seed, who, 0, "device", tuple(DEVICES.values()))]


def _withdraws(world: World, who: Ints, arrives: Ints) -> Ints:
    never = np.full(len(who), np.iinfo(np.int64).max)
    if not world.withdrawn_share:
        return never
    days = WITHDRAWS_DAYS * draws.exponential(world.seed, who, 0, "withdraws after")
    does = draws.uniform(world.seed, who, 0, "withdraws") < world.withdrawn_share
    return np.where(does, arrives + (days * DAY).astype(np.int64), never)


def _price(world: World, who: Ints) -> Floats:
    return 2 * world.price_sensitivity * draws.uniform(world.seed, who, 0, "price")


def _ground(world: World, who: Ints, price: Floats) -> Floats:
    moves = None
    if world.phases:
        first = draws.one_of(world.seed, who, 0, "first phase", PHASE_START)
        logit = world.form == "logit"
        moves = np.array([log(move) if logit else move for move in PHASE_MOVES])[first]
    if world.form == "logit":
        found = log(world.base / (1 - world.base)) + world.mixed * draws.normal(
            world.seed, who, 0, "inclination"
        )
        found = found if moves is None else found + moves
        return found + (world.price_sensitivity - price) if world.price_sensitivity else found
    mixed = 1 + world.mixed * (2 * draws.uniform(world.seed, who, 0, "inclination") - 1)
    found = world.base * mixed
    found = found if moves is None else found * moves
    return found * (1 + world.price_sensitivity - price) if world.price_sensitivity else found


def _rate(world: World, who: Ints) -> Floats:
    shape = world.visit_rate
    if shape is None:
        return np.ones(len(who))
    return draws.gamma(world.seed, who, 0, "visit rate", shape=shape) / shape


def _stays(world: World, who: Ints) -> Floats:
    if world.drop_out is None:
        return np.full(len(who), world.returning_share)
    a, b = world.drop_out
    return 1.0 - draws.beta(world.seed, who, 0, "drops out", a=a, b=b)


def _next_phase(world: World, who: Ints, day: Ints, phase: Ints) -> Ints:
    found = np.empty_like(phase)
    for place, weights in enumerate(PHASE_NEXT):
        here = phase == place
        found[here] = draws.one_of(world.seed, who[here], day[here], "phase", weights)
    return found
