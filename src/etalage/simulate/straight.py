"""Write a world straight into the log of a simulated shop: a large one in a minute, for trying reports on.

In:   a world, and the open stores of a shop made for it.
Out:  events in the log, through the same port through which intake writes; the truth, added up.
Idea: a server answers some hundreds of visits a second, which makes a million visitors an afternoon. What is left out
      is said: nobody asked for a decision, so there are no records to replay and caps and segments play no part;
      nothing passed intake's checks; arms are drawn here, with the shares that the experiences have. Measuring is
      the same: it reads the log. Profiles follow when a server opens the shop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from etalage.domain.arrival import engines_own
from etalage.domain.consent import PURPOSES
from etalage.domain.event import Event, Shown
from etalage.domain.experience import MILLION
from etalage.domain.ids import (
    CONTROL,
    EventId,
    ExperienceName,
    VariantName,
    VisitorKey,
    visitor_key,
)
from etalage.domain.report import ExperienceReport
from etalage.domain.time import DAY
from etalage.ports import Ports
from etalage.simulate.beside import Beside
from etalage.simulate.trial import CONTROL as CONTROL_SHARE
from etalage.simulate.trial import Trial, trials
from etalage.simulate.truth import Truth
from etalage.simulate.world import World

AT_ONCE = 5_000  # events of one write
POLICY = "simulated"  # name of the division that is drawn here


def write(
    ports: Ports,
    world: World,
    variants: Mapping[str, str],
    *,
    start: int,
    told: Callable[[int], None] = lambda _: None,
) -> tuple[dict[str, Trial], int]:
    """Write what happened in a world.

    Args:
        ports: of the shop.
        world: without devices, sign-ins, bots and faults.
        variants: the one variant of each message, by experience.
        start: micros, the first moment of the world.
        told: is told how many events are written, now and then.

    Returns:
        What everybody did, by message; and how many orders there were.
    """
    tried = trials(world)
    pepper = ports.keys.pepper
    keys = [
        visitor_key(pepper, "visitor", f"v-{world.seed}-{person}") for person in range(world.people)
    ]
    events = [*_moments(world, tried, variants, keys, start)]
    orders = [*_orders(world, tried, keys, start)]
    events = sorted([*events, *orders], key=Event.order)
    for first in range(0, len(events), AT_ONCE):
        ports.log.append([engines_own(event) for event in events[first : first + AT_ONCE]])
        told(min(first + AT_ONCE, len(events)))
    return tried, len(orders)


def beside(
    world: World,
    tried: Mapping[str, Trial],
    variants: Mapping[str, str],
    reports: Sequence[ExperienceReport],
    *,
    start: int,
) -> list[Beside]:
    """Put the truth beside each report, as of the look of that report.

    Args:
        world: that was written.
        tried: from `write`.
        variants: as for `write`.
        reports: of its messages.
        start: micros, the first moment of the world.
    """
    return [
        Beside(one, _truth(world, one.name, tried[one.name], variants[one.name], one.look - start))
        for one in reports
    ]


def _truth(world: World, name: str, tried: Trial, variant: str, upto: int) -> Truth:
    total = tried.sums(upto)
    groups = {group.name: tried.sums(upto, place) for place, group in enumerate(world.groups)}
    return Truth(
        experience=name,
        planted=world.effects[name] if world.is_plain else total.planted,
        upto=upto,
        triggered=total.triggered,
        shown=total.shown,
        conversions_with=total.conversions_with,
        conversions_without=total.conversions_without,
        extra_conversions=total.extra_conversions,
        extra_revenue=total.extra_revenue,
        conversions={
            arm: tried.counts(upto, shown=arm == variant).conversions for arm in (variant, CONTROL)
        },
        groups=groups,
    )


def _moments(
    world: World,
    tried: Mapping[str, Trial],
    variants: Mapping[str, str],
    keys: Sequence[VisitorKey],
    start: int,
) -> Iterator[Event]:
    """Give the moments of all messages: the first visit of everybody who may be measured."""
    share = round(MILLION * CONTROL_SHARE)
    for name, trial in tried.items():
        for person in np.flatnonzero(trial.met).tolist():
            shown, at = bool(trial.shown[person]), start + int(trial.at[person])
            yield Event(
                id=EventId(f"{world.seed}-{person}-t-{name}"),
                name="triggered",
                time=at,
                received=at,
                trust="confirmed",
                source="server",
                visitor=keys[person],
                shown=Shown(
                    experience=ExperienceName(name),
                    arm=VariantName(variants[name]) if shown else CONTROL,
                    unit=keys[person],
                    propensity=MILLION - share if shown else share,
                    policy=POLICY,
                    decided=at,
                ),
                purposes=PURPOSES,
                epoch=start + int(trial.crowd.arrives[person]),
            )


def _orders(
    world: World, tried: Mapping[str, Trial], keys: Sequence[VisitorKey], start: int
) -> Iterator[Event]:
    """Give the orders within the days of the world; nobody's, where no consent allows to know whose."""
    those = next(iter(tried.values())).crowd
    bought = those.buys({name: trial.seen for name, trial in tried.items()})
    bought &= those.buys_at < world.days * DAY
    known = those.measured & (those.buys_at < those.withdraws)
    for person in np.flatnonzero(bought).tolist():
        at = start + int(those.buys_at[person])
        number = f"N{world.seed}-{person:06d}"
        mine = bool(known[person])
        yield Event(
            id=EventId(number),
            name="purchase",
            time=at,
            received=at,
            trust="confirmed",
            source="server",
            visitor=keys[person] if mine else None,
            value=int(those.basket[person]),
            currency="EUR",
            transaction=number,
            purposes=PURPOSES if mine else (),
            epoch=start + int(those.arrives[person]) if mine else 0,
        )
