"""A world with a known truth: what there is to say about its shoppers, its messages and its faults.

In:   a seed and parameters, from code or from a YAML file.
Out:  a `World`, checked; `person` says what each of its shoppers does.
Idea: a message multiplies the chance to buy, so an effect of 0.30 is +30% for every shopper, for every group of them,
      and whatever else she saw: what is planted is what a report should find. With `form: logit` effects are added
      to the log odds instead, as methods 9 writes it: then the relative effect differs from shopper to shopper, and
      the truth is the exact mean over those who met the message.
From: methods 9. All that is not named in a world is switched off, or as in `World`.
"""

from __future__ import annotations

from itertools import chain
from math import isclose, isfinite
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from etalage.errors import BadInput

MIXED = 0.8  # chances to buy lie between 1 - 0.8 and 1 + 0.8 times the base, evenly
DELAY_DAYS = 2.0  # mean of the time between the first visit and buying (methods 9)
# When people shop: the share of visits per two hours of the day, from midnight.
DAY_PATTERN = (2, 1, 1, 2, 5, 8, 9, 9, 9, 12, 16, 9)
LONGEST = 365  # days
MOST_HELD_OUT = 0.9  # as in every shop: somebody must be left to see a message
MOST_VISITORS = 2_000_000  # a server answers some 300 visits a second: two hours
# The phase of a first visit, how each moves the chance to buy (1 on average), and where the next visit finds her.
PHASES = ("awareness", "consideration", "purchase")
PHASE_START = (0.50, 0.35, 0.15)
PHASE_MOVES = (0.5, 1.2, 2.2)
PHASE_NEXT = (  # the last of each row: gone
    (0.50, 0.30, 0.05, 0.15),
    (0.10, 0.50, 0.25, 0.15),
    (0.05, 0.25, 0.40, 0.30),
)

DEVICES = {"phone": 0.62, "desktop": 0.31, "tablet": 0.07}

Share = float


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """Shoppers who are moved in their own way: persuadable, neutral, or better left alone."""

    name: str
    share: Share = 0.0  # of all shoppers; of groups by device it follows from the device
    effects: dict[str, float] = {}  # by experience; those of the world where it says nothing


class Bots(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Programs among the visitors. They load pages and let moments come, and buy nothing."""

    per_day: int
    declared: bool = True  # say so in their user agent
    # Moments come in one arm only, as with a program that fails where something is drawn.
    only: Literal["shown", "kept"] | None = None


class Faults(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong on the way from the browser: shares of its events. Orders come from the shop's server."""

    dropped: Share = 0.0
    doubled: Share = 0.0  # sent twice, under the same message id
    late: Share = 0.0  # a day later
    disordered: bool = False  # each day's events in any order
    skewed: Share = 0.0  # of visitors: a clock that is hours off
    treated_lost: Share = 0.0  # of `triggered` where the message is shown: the sample ratio suffers


class World(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shop's visitors, and the truth about its messages."""

    seed: int = 1
    effects: dict[str, float]  # experience -> effect on the chance to buy, 0 = none
    form: Literal["relative", "logit"] = "relative"
    base: float = 0.10  # mean chance to buy without any message (logit: that of the middle shopper)
    mixed: float = (
        MIXED  # how much shoppers differ in it (logit: standard deviation of the log odds)
    )
    visitors_per_day: int = 400  # who come for the first time
    days: int = 28
    arriving_days: int | None = None  # of these, on which somebody new comes; all by default
    delay_days: float = DELAY_DAYS
    day_pattern: tuple[int, ...] = DAY_PATTERN  # weights of equal parts of the day

    # Who comes back, and how.
    returning_share: Share = 0.35  # after a visit
    drop_out: tuple[int, int] | None = None  # instead: each her own, from Beta(a, b)
    visit_rate: int | None = None  # each her own pace, from Gamma of this shape; all the same
    phases: bool = False  # instead of both: a Markov chain from visit to visit
    second_device: Share = 0.0  # use another one for half of their later visits
    signs_in: Share = 0.0  # tell who they are on every visit

    # What she allows.
    consent_share: Share = 0.85  # measuring and personalising; the others allow nothing
    withdrawn_share: Share = 0.0  # of those: take it back some days later

    # What she likes.
    taste: float = 0.0  # how far a latent taste of 32 numbers decides on the category; 0: chance
    price_sensitivity: float = 0.0  # 0 to 1: cheaper things, smaller baskets, fewer orders
    views: int = 2  # products looked at in a visit; 0: only the moments of messages are told of
    page_time: bool = False  # and for how long each, which no message changes

    # What moves her.
    groups: tuple[Group, ...] = ()
    # Which group she is in: by chance, which no report can see, or by her device, which reports tell apart.
    grouped_by: Literal["chance", "device"] = "chance"
    novelty_days: float | None = None  # a message does 1/e as much to who first sees it after these
    fatigue: Share = 0.0  # by how much less it does with every time she saw it before
    # Of all who may be measured: is shown no message at all, so that the total can be measured (0: there is none).
    holdout: Share = 0.0

    bots: Bots | None = None
    faults: Faults = Faults()

    def __post_init__(self) -> None:
        _check(self)

    @property
    def people(self) -> int:
        """Count all who ever come."""
        arriving = self.days if self.arriving_days is None else self.arriving_days
        return self.visitors_per_day * min(arriving, self.days)

    @property
    def is_plain(self) -> bool:
        """Tell whether every shopper is moved by a message by the same factor, whenever she sees it."""
        alike = self.form == "relative" and self.novelty_days is None and not self.fatigue
        return alike and not any(group.effects for group in self.groups)

    @property
    def needs_no_server(self) -> bool:
        """Tell whether none of its shoppers does what only a server can answer to."""
        server = self.second_device or self.signs_in or self.bots or self.faults != Faults()
        return not server

    @property
    def group_shares(self) -> tuple[float, ...]:
        """Give how many of all shoppers each group holds."""
        by_device = self.grouped_by == "device"
        return tuple(DEVICES[one.name] if by_device else one.share for one in self.groups)


def read_world(path: Path, **decided: object) -> World:
    """Read a world from a YAML file; what was decided besides wins.

    Raises:
        BadInput: it cannot be read, has a field that is none, or a value that makes no sense.
    """
    try:
        written = msgspec.yaml.decode(path.read_bytes()) or {}
        if not isinstance(written, dict):
            raise BadInput(f"{path} holds no fields of a world", field="world")
        return msgspec.convert({"effects": {}} | written | decided, World)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is no world: {error}", field="world") from error


def _check(world: World) -> None:
    shares = {
        name: getattr(world, name)
        for name in ("returning_share", "second_device", "signs_in", "consent_share",
                     "withdrawn_share", "price_sensitivity", "fatigue")
    }  # fmt: skip
    shares |= {f"faults.{f}": getattr(world.faults, f)
               for f in ("dropped", "doubled", "late", "skewed", "treated_lost")}  # fmt: skip
    shares |= {f"groups.{group.name}": group.share for group in world.groups}
    for field, share in shares.items():
        _must(0 <= share <= 1, field, f"{share} is no share; it lies between 0 and 1")
    _must(1 <= world.days <= LONGEST, "days", f"{world.days} days: a world has 1 to {LONGEST}")
    _must(world.visitors_per_day >= 1, "visitors_per_day", "at least 1 visitor a day has to come")
    _must(
        world.people <= MOST_VISITORS,
        "visitors_per_day",
        f"{world.people:,} visitors are more than a simulation plays: at most {MOST_VISITORS:,}, which takes hours",
    )
    says = f"{world.holdout} is no share of the holdout; it lies between 0 and {MOST_HELD_OUT}"
    _must(0 <= world.holdout <= MOST_HELD_OUT, "holdout", says)
    _must(world.delay_days > 0, "delay_days", "the delay is a number of days above 0")
    _must(world.taste >= 0 and world.views >= 0, "views", "taste and views are not below 0")
    _must(sum(world.day_pattern) > 0 and min(world.day_pattern) >= 0, "day_pattern", "no weights")
    _must(world.novelty_days is None or world.novelty_days > 0, "novelty_days", "not above 0")
    _must(world.bots is None or world.bots.per_day >= 1, "bots", "bots come at least once a day")
    _must(world.drop_out is None or min(world.drop_out) >= 1, "drop_out", "whole, at least 1")
    _must(world.visit_rate is None or world.visit_rate >= 1, "visit_rate", "whole, at least 1")
    if world.grouped_by == "device":
        names = [group.name for group in world.groups]
        says = f"groups by device are named {', '.join(DEVICES)}, each once"
        _must(sorted(names) == sorted(DEVICES), "groups", says)
    whole = sum(world.group_shares)
    _must(
        not world.groups or isclose(whole, 1, abs_tol=1e-6),
        "groups",
        f"the shares of the groups add up to {whole:g}, and must to 1",
    )
    _check_chances(world)


def _check_chances(world: World) -> None:
    """See to it that a chance to buy stays a chance, whatever a shopper sees."""
    own = list(chain(world.effects.items(), *(group.effects.items() for group in world.groups)))
    for name, effect in own:
        _must(isfinite(effect), "effects", f"the effect of {name} is no number")
        _must(name in world.effects, "groups", f"'{name}' is no message of this world")
    if world.form == "logit":
        _must(0 < world.base < 1 and world.mixed >= 0, "base", "base lies between 0 and 1")
        return
    most = world.base * (1 + world.mixed) * (1 + world.price_sensitivity)
    most *= max(PHASE_MOVES) if world.phases else 1.0
    for name in world.effects:
        most *= max([1.0, *(1 + effect for other, effect in own if other == name)])
    least = min((effect for _, effect in own), default=0.0)
    says = f"an effect of {least:g} would take more away than there is: a chance to buy below 0"
    _must(least >= -1, "effects", says)
    _must(
        0 < world.base < 1 and 0 <= world.mixed <= 1 and most <= 1,
        "effects",
        f"with base {world.base} and effects {world.effects} a chance to buy could leave 0 to 1",
    )


def _must(holds: bool, field: str, says: str) -> None:
    if not holds:
        raise BadInput(says, field=field)
