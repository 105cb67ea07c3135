"""Write a world straight into the log of a simulated shop: a large one in a minute, for trying reports on.

In:   a world, and the open stores of a shop made for it.
Out:  events in the log, through the same port through which intake writes; the truth, added up.
Idea: a server answers some hundreds of visits a second, which makes a million visitors an afternoon. What is left out
      is said: nobody asked for a decision, so there are no records to replay and caps and segments play no part (with
      a holdout there is a `decision` without a record for everybody it was drawn for: the report's total begins there);
      nothing passed intake's checks; arms are drawn here, with the shares that the experiences have. Measuring is
      the same: it reads the log. Profiles follow when a server opens the shop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from etalage.domain.arrival import engines_own
from etalage.domain.consent import PURPOSES
from etalage.domain.decision import OPEN
from etalage.domain.event import Event, Shown
from etalage.domain.experience import MILLION
from etalage.domain.ids import (
    CONTROL,
    HOLDOUT,
    EventId,
    ExperienceName,
    VariantName,
    VisitorKey,
    visitor_key,
)
from etalage.domain.profile import HOLDOUT_EXPERIENCE
from etalage.domain.report import ANY_MESSAGE, OVERALL, ExperienceReport
from etalage.domain.time import DAY
from etalage.ports import Ports
from etalage.simulate.beside import Beside
from etalage.simulate.trial import CONTROL as CONTROL_SHARE
from etalage.simulate.trial import Counts, Together, Trial, together, trials
from etalage.simulate.truth import GroupTruth, Truth
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
    moments = [*_moments(world, tried, variants, keys, start)]
    drawn = [*_drawn(world, together(tried), keys, start)] if world.holdout else []
    orders = [*_orders(world, tried, keys, start)]
    events = sorted([*drawn, *moments, *orders], key=Event.order)
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
    found = []
    for one in reports:
        upto = one.look - start
        if one.name == OVERALL:
            true = _total(world, together(tried), upto)
        else:
            true = _truth(world, one.name, tried[one.name], variants[one.name], upto)
        found.append(Beside(one, true))
    return found


def _truth(world: World, name: str, tried: Trial, variant: str, upto: int) -> Truth:
    sums = tried.sums(upto)
    return _told(
        world,
        name,
        upto,
        sums=sums,
        planted=world.effects[name] if world.is_plain else sums.planted,
        arms={
            variant: tried.counts(upto, shown=True),
            CONTROL: tried.counts(upto, shown=False),
            HOLDOUT: tried.held_out(upto),
        },
        of_group=lambda place: tried.sums(upto, place),
    )


def _total(world: World, all_of_them: Together, upto: int) -> Truth:
    sums = all_of_them.sums(upto)
    return _told(
        world,
        OVERALL,
        upto,
        sums=sums,
        planted=sums.planted,
        arms={
            ANY_MESSAGE: all_of_them.counts(upto, held=False),
            HOLDOUT: all_of_them.counts(upto, held=True),
        },
        of_group=lambda place: all_of_them.sums(upto, place),
    )


def _told(
    world: World,
    name: str,
    upto: int,
    *,
    sums: GroupTruth,
    planted: float,
    arms: Mapping[str, Counts],
    of_group: Callable[[int], GroupTruth],
) -> Truth:
    met = {arm: counts for arm, counts in arms.items() if counts.persons or arm != HOLDOUT}
    return Truth(
        experience=name,
        planted=planted,
        upto=upto,
        triggered=sums.triggered,
        shown=sums.shown,
        conversions_with=sums.conversions_with,
        conversions_without=sums.conversions_without,
        extra_conversions=sums.extra_conversions,
        extra_revenue=sums.extra_revenue,
        persons={arm: counts.persons for arm, counts in met.items()},
        conversions={arm: counts.conversions for arm, counts in met.items()},
        groups={group.name: of_group(place) for place, group in enumerate(world.groups)},
    )


def _moments(
    world: World,
    tried: Mapping[str, Trial],
    variants: Mapping[str, str],
    keys: Sequence[VisitorKey],
    start: int,
) -> Iterator[Event]:
    """Give the moments of all messages: the first visit of everybody who may be measured."""
    control, held = round(MILLION * CONTROL_SHARE), round(MILLION * world.holdout)
    for name, trial in tried.items():
        arms = {
            HOLDOUT: held,
            CONTROL: control,
            VariantName(variants[name]): MILLION - control,
        }
        for person in np.flatnonzero(trial.met).tolist():
            arm = VariantName(variants[name]) if trial.shown[person] else CONTROL
            arm, at = HOLDOUT if trial.held[person] else arm, start + int(trial.at[person])
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
                    arm=arm,
                    unit=keys[person],
                    propensity=arms[arm],
                    policy=POLICY,
                    decided=at,
                ),
                purposes=PURPOSES,
                epoch=start + int(trial.crowd.arrives[person]),
            )


def _drawn(
    world: World, all_of_them: Together, keys: Sequence[VisitorKey], start: int
) -> Iterator[Event]:
    """Give that the holdout was drawn: at the first visit of everybody who may be measured."""
    share = round(MILLION * world.holdout)
    for person in np.flatnonzero(all_of_them.drawn).tolist():
        held, at = (
            bool(all_of_them.held[person]),
            start + int(all_of_them.crowd.arrives[person]),
        )
        yield Event(
            id=EventId(f"{world.seed}-{person}-d"),
            name="decision",
            time=at,
            received=at,
            trust="confirmed",
            source="engine",
            visitor=keys[person],
            shown=Shown(
                experience=HOLDOUT_EXPERIENCE,
                arm=HOLDOUT if held else OPEN,
                unit=keys[person],
                propensity=share if held else MILLION - share,
                policy=POLICY,
                decided=at,
            ),
            purposes=PURPOSES,
            epoch=at,
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
