"""Keep a few visitors coming, in real time, so that whoever opens the demo sees a shop that lives.

In:   a world that was played up to now.
Out:  visits of new shoppers, and the orders of those who came before, as their moments come.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from etalage.domain.time import DAY, MINUTE
from etalage.simulate.person import Visit, buying_moment, may_measure, purchase
from etalage.simulate.shopping import Shop, Story, ask, landed, live, order, tell

EVERY_SECONDS = 2.0
_VISIT = 3 * MINUTE  # a visit is told of when it is over


def trickle(
    shop: Shop, story: Story, *, clock: Callable[[], int], told: Callable[[Story], None]
) -> None:
    """Let one new shopper come every two seconds, until interrupted.

    Args:
        shop: as it was played with.
        story: what happened before; goes on here.
        clock: micros now.
        told: is called after every visit.
    """
    since = clock()
    person = shop.world.people
    with ThreadPoolExecutor(1) as threads:
        while True:
            now = clock()
            # Her visit began some minutes ago, so that all she did in it lies in the past.
            visit = Visit(now - shop.start - _VISIT, person, 0)
            if may_measure(shop.world, person):
                tell(shop, story, [landed(shop, visit)], now=now, threads=threads)
            events = list(live(shop, story, visit, ask(shop, visit)))
            events += _orders(shop, story, since, now)
            tell(shop, story, events, now=now, threads=threads)
            told(story)
            since, person = now, person + 1
            time.sleep(EVERY_SECONDS)


def _orders(shop: Shop, story: Story, since: int, now: int) -> list[dict[str, object]]:
    """Give the orders of the played days whose moment comes only now."""
    world = shop.world
    recent = range(max(world.people - 7 * world.visitors_per_day, 0), world.people)
    found = []
    for person in recent:
        moment = buying_moment(world, person)
        if since - shop.start <= moment < now - shop.start and moment >= world.days * DAY:
            bought = purchase(world, person, story.shown_before(person, moment))
            if bought is not None:
                found.append(order(shop, story, bought))
    return found
