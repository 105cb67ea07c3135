"""A shopper of a world: when she comes, what she allows, and whether she buys, given what she saw.

In:   a world, and her number.
Out:  her visits, and whether and when she buys.
Idea: what a shopper does hangs on draws of her own, never on what was shown to her; a message only moves the bar her
      draw must stay under. So she can live twice, with the message and without it. `crowd` does the same for all
      persons at once.
From: methods 9. Everybody buys at most once.

    arrival ──── first visit ───(delay, exponential)──── buys, if she is one who buys ── or after the window: outside
                     └──── second visit (some) ── third ...
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from math import exp, log

from msgspec import Struct

from etalage.domain.time import DAY, MINUTE
from etalage.simulate import draw
from etalage.simulate.world import (
    DEVICES,
    PHASE_MOVES,
    PHASE_NEXT,
    PHASE_START,
    PHASES,
    Group,
    World,
)

LEAST_DELAY = 5 * MINUTE  # filling in an address takes this long
BASKET_MU, BASKET_SIGMA = 3.6, 1.2  # of the logarithm of a basket in euro (methods 9)
LEAST_BASKET, LARGEST_BASKET = 100, 250_000  # cents; above it people phone the shop
RETURN_DAYS = 3.0  # mean time between two visits, on top of one night
MOST_VISITS = 4
WITHDRAWS_DAYS = 3.0  # mean time until who takes her consent back does so
TASTES = 32  # numbers of a latent taste
LAST_ORDERS = 15 * MINUTE  # no visit begins in the last minutes of a day, so that it ends on it


class Visit(Struct, frozen=True, order=True):
    """One visit of a shopper. Moments are micros after the start of the world."""

    at: int
    person: int
    number: int  # 0 = her first
    phase: str | None = None  # that it finds her in; None in a world without


class Purchase(Struct, frozen=True):
    """What a shopper buys, once."""

    person: int
    at: int
    value: int  # cents


class Sight(Struct, frozen=True):
    """How she met a message up to now: when first, in micros after the start of the world, and how often."""

    first: int = 0
    times: int = 1


# The messages she saw: by name how, or only their names where that makes no difference.
Shown = Mapping[str, Sight] | Collection[str]
ONCE = Sight()


# ---- Who she is ------------------------------------------------------------------------------------------


def may_measure(world: World, person: int, at: int | None = None) -> bool:
    """Tell whether she allows to be measured and to get personal messages: ever, or at a moment."""
    if draw.uniform(world.seed, person, 0, "consent") >= world.consent_share:
        return False
    if at is None or not world.withdrawn_share:
        return True
    takes_back = draw.uniform(world.seed, person, 0, "withdraws") < world.withdrawn_share
    return not takes_back or at < withdraws_at(world, person)


def withdraws_at(world: World, person: int) -> int:
    """Give the moment at which she takes her consent back, if she is one who does."""
    days = WITHDRAWS_DAYS * draw.exponential(world.seed, person, 0, "withdraws after")
    return arrives_at(world, person) + int(days * DAY)


def group(world: World, person: int) -> Group | None:
    """Give the group that says how she is moved; None in a world without."""
    if not world.groups:
        return None
    if world.grouped_by == "device":
        hers = device(world, person)
        return next(one for one in world.groups if one.name == hers)
    return world.groups[draw.one_of(world.seed, person, 0, "group", world.group_shares)]


def device(world: World, person: int, which: int = 0) -> str:
    """Tell what she shops with: her own device, or the second one, which is of another kind."""
    place = draw.one_of(world.seed, person, 0, "device", tuple(DEVICES.values()))
    return tuple(DEVICES)[(place + which) % len(DEVICES)]


def device_of(world: World, visit: Visit) -> int:
    """Tell which of her devices she uses in a visit: 0, or 1 for the second one."""
    if not world.second_device or not visit.number:
        return 0
    if draw.uniform(world.seed, visit.person, 0, "second device") >= world.second_device:
        return 0
    day = visit.at // DAY
    return int(draw.uniform(world.seed, visit.person, day, "on the second") < 0.5)  # noqa: PLR2004  half of them


def signs_in(world: World, person: int) -> bool:
    """Tell whether she is one who tells the shop who she is."""
    return draw.uniform(world.seed, person, 0, "signs in") < world.signs_in


def favourite(world: World, person: int, weights: Mapping[str, float]) -> str:
    """Tell her taste: the one category she comes for, by how much each is wanted and how near it is to her taste."""
    wanted = list(weights.values())
    if world.taste:
        mine = _taste(world.seed, person)
        near = [
            sum(map(float.__mul__, mine, _taste(world.seed, -1, name))) / TASTES**0.5
            for name in weights
        ]
        wanted = [weight * exp(world.taste * n) for weight, n in zip(wanted, near, strict=True)]
    return tuple(weights)[draw.one_of(world.seed, person, 0, "taste", wanted)]


@lru_cache(maxsize=512)
def _taste(seed: int, person: int, category: str = "") -> tuple[float, ...]:
    """Give the taste of a person, or of those whom a category is made for."""
    number = max(person, 0)
    return tuple(draw.normal(seed, number, day, f"latent {category}") for day in range(TASTES))


def price_sensitivity(world: World, person: int) -> float:
    """Tell how much she looks at prices, between 0 and twice that of the world's middle."""
    return 2 * world.price_sensitivity * draw.uniform(world.seed, person, 0, "price")


# ---- When she comes --------------------------------------------------------------------------------------


def arrives_at(world: World, person: int) -> int:
    """Give the moment of her first visit."""
    return _moment(world, person, person // world.visitors_per_day)


def visits(world: World, person: int) -> list[Visit]:
    """Give her visits within the days of the world; at most one a day, the first on the day she arrives."""
    day = person // world.visitors_per_day
    rate = _rate(world, person)
    stays = _stays(world, person)
    phase = first_phase(world, person) if world.phases else None
    found: list[Visit] = []
    while day < world.days and len(found) < MOST_VISITS:
        name = None if phase is None else PHASES[phase]
        found.append(Visit(_moment(world, person, day), person, len(found), name))
        if phase is not None:
            phase = draw.one_of(world.seed, person, day, "phase", PHASE_NEXT[phase])
            if phase == len(PHASES):
                break
        elif draw.uniform(world.seed, person, day, "returns") >= stays:
            break
        away = draw.exponential(world.seed, person, day, "away")
        day += 1 + int(RETURN_DAYS * away / rate)
    return found


def first_phase(world: World, person: int) -> int:
    """Give the place in `PHASES` of her first visit."""
    return draw.one_of(world.seed, person, 0, "first phase", PHASE_START)


def agenda(world: World) -> list[list[Visit]]:
    """Give all visits by day, each day in order of time."""
    days: list[list[Visit]] = [[] for _ in range(world.days)]
    for person in range(world.people):
        for visit in visits(world, person):
            days[visit.at // DAY].append(visit)
    return [sorted(day) for day in days]


def _rate(world: World, person: int) -> float:
    """Give how many times as often as others she comes, 1 on average."""
    shape = world.visit_rate
    if shape is None:
        return 1.0
    return draw.gamma(world.seed, person, 0, "visit rate", shape=shape) / shape


def _stays(world: World, person: int) -> float:
    """Give her chance to come back after a visit."""
    if world.drop_out is None:
        return world.returning_share
    a, b = world.drop_out
    return 1.0 - draw.beta(world.seed, person, 0, "drops out", a=a, b=b)


def _moment(world: World, person: int, day: int) -> int:
    """Give the moment of a visit on a day: most in the evening, few at night."""
    part = draw.one_of(world.seed, person, day, "part of the day", world.day_pattern)
    within = draw.uniform(world.seed, person, day, "moment")
    per_part = DAY // len(world.day_pattern)
    return day * DAY + min(int((part + within) * per_part), DAY - LAST_ORDERS)


# ---- Whether she buys ------------------------------------------------------------------------------------


def chance(world: World, person: int, shown: Shown) -> float:
    """Give her chance to buy, given what she saw."""
    if world.form == "logit":
        return 1.0 / (1.0 + exp(-_log_odds(world, person, shown)))
    mixed = 1 + world.mixed * (2 * draw.uniform(world.seed, person, 0, "inclination") - 1)
    found = world.base * mixed
    if world.phases:
        found *= PHASE_MOVES[first_phase(world, person)]
    if world.price_sensitivity:
        found *= 1 + world.price_sensitivity - price_sensitivity(world, person)
    for experience in world.effects:
        if experience in shown:
            found *= 1 + effect(world, person, experience, _sight(shown, experience))
    return found


def effect(world: World, person: int, experience: str, sight: Sight = ONCE) -> float:
    """Give what a message does to her: by her group, how new it was, and how often she has seen it."""
    own = group(world, person)
    found = world.effects[experience]
    if own is not None:
        found = own.effects.get(experience, found)
    if world.novelty_days is not None:
        found *= exp(-sight.first / (world.novelty_days * DAY))
    if world.fatigue:
        found *= (1 - world.fatigue) ** (sight.times - 1)
    return found


def buys(world: World, person: int, shown: Shown) -> bool:
    """Tell whether she buys, given what she saw before the moment at which she would."""
    return draw.uniform(world.seed, person, 0, "buys") < chance(world, person, shown)


def buying_moment(world: World, person: int) -> int:
    """Give the moment at which she buys, if she does: the same in every world."""
    delay = world.delay_days * DAY * draw.exponential(world.seed, person, 0, "delay")
    return arrives_at(world, person) + LEAST_DELAY + int(delay)


def basket(world: World, person: int) -> int:
    """Give what she spends, in cents."""
    mu = BASKET_MU + world.price_sensitivity - price_sensitivity(world, person)
    euro = exp(mu + BASKET_SIGMA * draw.normal(world.seed, person, 0, "basket"))
    return min(max(round(100 * euro), LEAST_BASKET), LARGEST_BASKET)


def purchase(world: World, person: int, shown: Shown) -> Purchase | None:
    """Give what she buys, given what she saw before it; None if nothing."""
    if not buys(world, person, shown):
        return None
    return Purchase(person, buying_moment(world, person), basket(world, person))


def _log_odds(world: World, person: int, shown: Shown) -> float:
    found = log(world.base / (1 - world.base))
    found += world.mixed * draw.normal(world.seed, person, 0, "inclination")
    if world.phases:
        found += log(PHASE_MOVES[first_phase(world, person)])
    if world.price_sensitivity:
        found += world.price_sensitivity - price_sensitivity(world, person)
    for experience in world.effects:
        if experience in shown:
            found += effect(world, person, experience, _sight(shown, experience))
    return found


def _sight(shown: Shown, experience: str) -> Sight:
    return shown[experience] if isinstance(shown, Mapping) else ONCE
