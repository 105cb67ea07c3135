"""The envelope of an event: who, when, by which browser, and what she allows at that moment.

In:   a world, a visit, and what happened.
Out:  an event as the shop would send it.
"""

from __future__ import annotations

from collections.abc import Mapping

from etalage.domain.time import iso
from etalage.simulate import robots
from etalage.simulate.client import Event
from etalage.simulate.person import Visit, device, device_of, may_measure
from etalage.simulate.world import World

_USER_AGENTS = {
    "phone": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1",
    "desktop": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36",
    "tablet": "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1",
}


def visitor_id(world: World, visit: Visit) -> str:
    """Give the id under which the browser of a visit is known: one for each of her devices."""
    own = f"v-{world.seed}-{visit.person}"
    return f"{own}-b" if device_of(world, visit) else own


def consent(world: World, visit: Visit, at: int | None = None) -> dict[str, bool]:
    """Give what she allows at the beginning of a visit, or at a later moment."""
    return dict.fromkeys(("device", "measure", "personalise"), is_measured(world, visit, at))


def is_measured(world: World, visit: Visit, at: int | None = None) -> bool:
    """Tell whether she allows to be measured at the beginning of a visit, or at a later moment."""
    moment = visit.at if at is None else at
    return robots.is_one(visit.person) or may_measure(world, visit.person, moment)


def wrap(
    world: World,
    visit: Visit,
    name: str,
    properties: Mapping[str, object],
    *,
    at: int,
    start: int,
    called: str,
) -> Event:
    """Give an event as it is sent.

    Args:
        world: whose.
        visit: in which it happened; of an order, that on whose device it was placed.
        name: of what happened; empty for a call of another type than `track`.
        properties: of what happened; none are sent if there are none.
        at: micros after the start of the world.
        start: micros, of the world.
        called: its message id, within what she does.
    """
    told = {
        "type": "track",
        "event": name,
        "anonymousId": visitor_id(world, visit),
        "messageId": f"{world.seed}-{visit.person}-{called}",
        "timestamp": iso(start + at),
        "properties": properties,
        "context": {
            "consent": consent(world, visit, at),
            "userAgent": _user_agent(world, visit),
        },
    }
    return {name: value for name, value in told.items() if value not in ("", {})}


def _user_agent(world: World, visit: Visit) -> str:
    if robots.is_one(visit.person):
        return robots.user_agent(world)
    return _USER_AGENTS[device(world, visit.person, device_of(world, visit))]
