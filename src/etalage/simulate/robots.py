"""Programs among the visitors: they load pages and let moments come, and buy nothing.

In:   a world with bots, and a day.
Out:  their visits; what they call themselves.
"""

from __future__ import annotations

from etalage.domain.time import DAY
from etalage.simulate import draw
from etalage.simulate.person import LAST_ORDERS, Visit
from etalage.simulate.world import World

FIRST = 10**9  # their numbers begin where no shopper's can
DECLARED = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
HIDDEN = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36"
)


def is_one(person: int) -> bool:
    """Tell whether a number is that of a program."""
    return person >= FIRST


def visits_of_day(world: World, day: int) -> list[Visit]:
    """Give the visits of programs on a day, each by another one, at any hour."""
    if world.bots is None:
        return []
    numbers = range(FIRST + day * world.bots.per_day, FIRST + (day + 1) * world.bots.per_day)
    within = DAY - LAST_ORDERS
    return [
        Visit(day * DAY + int(within * draw.uniform(world.seed, number, day, "bot")), number, 0)
        for number in numbers
    ]


def user_agent(world: World) -> str:
    """Give what they call themselves."""
    return DECLARED if world.bots is not None and world.bots.declared else HIDDEN


def tells(world: World, *, show: bool) -> bool:
    """Tell whether the moment of a message comes to them in an arm that shows it, or in one that does not."""
    only = None if world.bots is None else world.bots.only
    return only is None or show == (only == "shown")
