"""A world with a known truth: who comes when, who would buy, and what each message changes about that.

In:   a `World`: a seed and the parameters of its shoppers.
Out:  shoppers, their visits, and whether and when each buys, given the messages she had seen by then.
Idea: what a shopper does hangs on hashed draws of her own, never on what was shown to her; a message only moves
      the bar her draw must stay under. It multiplies her chance to buy, so an effect of 0.30 is +30% for every
      shopper, for every group of them, and whatever else she saw.
From: methods 9. This version leaves out phases, fatigue and novelty; everybody is moved by a message alike.

    arrival ──── first visit ───(delay, exponential)──── buys, if she is one who buys ── or after the window: outside
                     └──── second visit (some) ── third ...
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct

from etalage.domain.time import DAY, HOUR, MINUTE
from etalage.errors import BadInput
from etalage.simulate import draw

Shown = Collection[str]  # names of the experiences whose message she saw

MIXED = 0.8  # chances to buy lie between 1 - 0.8 and 1 + 0.8 times the base, evenly
DELAY_DAYS = 2.0  # mean of the time between the first visit and buying (methods 9)
LEAST_DELAY = 5 * MINUTE  # filling in an address takes this long
BASKET_MU, BASKET_SIGMA = 3.6, 1.2  # of the logarithm of a basket in euro (methods 9)
LARGEST_BASKET = 250_000  # cents; above it people phone the shop
RETURN_DAYS = 3.0  # mean time between two visits, on top of one night
MOST_VISITS = 4
DEVICES = {"phone": 0.62, "desktop": 0.31, "tablet": 0.07}
# When people shop: the share of visits per two hours of the day, from midnight.
DAY_PATTERN = (2, 1, 1, 2, 5, 8, 9, 9, 9, 12, 16, 9)
_PER_PART = 2 * HOUR
_LAST_ORDERS = 15 * MINUTE  # no visit begins in the last minutes of a day, so that it ends on it


class World(Struct, frozen=True, kw_only=True):
    """A shop's visitors, and the truth about its messages."""

    seed: int
    effects: dict[
        str, float
    ]  # experience -> relative effect on the chance to buy, -1 .. ; 0 = none
    base: float = 0.10  # mean chance to buy without any message
    visitors_per_day: int = 400  # who come for the first time
    days: int = 28
    arriving_days: int | None = None  # of these, on which somebody new comes; all by default
    consent_share: float = 0.85  # allow measuring and personalising; the others allow nothing
    returning_share: float = 0.35  # come back after a visit
    views: int = (
        2  # products looked at in a visit; 0: nothing but the message's own moments is sent
    )

    def __post_init__(self) -> None:
        most = self.base * (1 + MIXED)
        for effect in self.effects.values():
            most *= max(1.0, 1 + effect)
        if not 0 < self.base < 1 or most > 1 or min(self.effects.values(), default=0.0) < -1:
            raise BadInput(
                f"with base {self.base} and effects {self.effects} a chance to buy could leave 0 to 1",
                field="effects",
            )

    @property
    def people(self) -> int:
        """Count all who ever come."""
        arriving = self.days if self.arriving_days is None else self.arriving_days
        return self.visitors_per_day * min(arriving, self.days)


class Visit(Struct, frozen=True, order=True):
    """One visit of a shopper. Moments are micros after the start of the world."""

    at: int
    person: int
    number: int  # 0 = her first


class Purchase(Struct, frozen=True):
    """What a shopper buys, once."""

    person: int
    at: int
    value: int  # cents


def may_measure(world: World, person: int) -> bool:
    """Tell whether she allows to be measured and to get personal messages."""
    return draw.uniform(world.seed, person, 0, "consent") < world.consent_share


def device(world: World, person: int) -> str:
    """Tell what she shops with."""
    place = draw.one_of(world.seed, person, 0, "device", tuple(DEVICES.values()))
    return tuple(DEVICES)[place]


def favourite(world: World, person: int, weights: Mapping[str, float]) -> str:
    """Tell her taste: the one category she comes for, of those there are, by how much each is wanted."""
    place = draw.one_of(world.seed, person, 0, "taste", tuple(weights.values()))
    return tuple(weights)[place]


def visits(world: World, person: int) -> list[Visit]:
    """Give her visits within the days of the world; at most one a day, the first on the day she arrives."""
    day = person // world.visitors_per_day
    found: list[Visit] = []
    while day < world.days and len(found) < MOST_VISITS:
        found.append(Visit(_moment(world, person, day), person, len(found)))
        if draw.uniform(world.seed, person, day, "returns") >= world.returning_share:
            break
        day += 1 + int(RETURN_DAYS * draw.exponential(world.seed, person, day, "away"))
    return found


def agenda(world: World) -> list[list[Visit]]:
    """Give all visits by day, each day in order of time."""
    days: list[list[Visit]] = [[] for _ in range(world.days)]
    for person in range(world.people):
        for visit in visits(world, person):
            days[visit.at // DAY].append(visit)
    return [sorted(day) for day in days]


def chance(world: World, person: int, shown: Shown) -> float:
    """Give her chance to buy, given what she saw."""
    mixed = 1 + MIXED * (2 * draw.uniform(world.seed, person, 0, "inclination") - 1)
    found = world.base * mixed
    for experience, effect in world.effects.items():
        if experience in shown:
            found *= 1 + effect
    return found


def buys(world: World, person: int, shown: Shown) -> bool:
    """Tell whether she buys, given what she saw before the moment at which she would."""
    return draw.uniform(world.seed, person, 0, "buys") < chance(world, person, shown)


def buying_moment(world: World, person: int) -> int:
    """Give the moment at which she buys, if she does: the same in every world."""
    day = person // world.visitors_per_day
    delay = DELAY_DAYS * DAY * draw.exponential(world.seed, person, 0, "delay")
    return _moment(world, person, day) + LEAST_DELAY + int(delay)


def basket(world: World, person: int) -> int:
    """Give what she spends, in cents."""
    euro = draw.lognormal(world.seed, person, 0, "basket", mu=BASKET_MU, sigma=BASKET_SIGMA)
    return min(max(round(100 * euro), 100), LARGEST_BASKET)


def purchase(world: World, person: int, shown: Shown) -> Purchase | None:
    """Give what she buys, given what she saw before it; None if nothing."""
    if not buys(world, person, shown):
        return None
    return Purchase(person, buying_moment(world, person), basket(world, person))


def _moment(world: World, person: int, day: int) -> int:
    """Give the moment of a visit on a day: most in the evening, few at night."""
    part = draw.one_of(world.seed, person, day, "part of the day", DAY_PATTERN)
    within = draw.uniform(world.seed, person, day, "moment")
    return day * DAY + min(int((part + within) * _PER_PART), DAY - _LAST_ORDERS)
