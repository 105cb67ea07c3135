"""Folds and people: what is remembered of a visitor, and the person as the merge of her visitors.

The law that carries the product (design 4.1): for event sets without an event in common,
`merge(fold(A), fold(B)) == fold(A + B)`, exactly, in any order and grouping. Every part below is therefore an
integer count, a sum of integers, a minimum or maximum, a last writer by (time, id), a set, or the newest N by
(time, id). Nothing here is a float, and nothing is cut off except by a rule that survives merging.

What a fold holds by the hundred is plain and can hold no circle, so the collector need not walk over it (gc=False).

What depends on consent lives in `parts`, one per consent epoch; what is needed to measure and to keep promises
(arms, caps, consent itself) lives beside them.
"""

from __future__ import annotations

from msgspec import Struct

from etalage.domain.consent import Purpose, Register
from etalage.domain.event import Event, Line, Scalar
from etalage.domain.ids import ExperienceName, FeatureId, VariantName, VisitorKey

RECENT_EVENTS = 500  # the newest of a visitor are kept whole
RECENT_HOURS = 48  # and all of the last two days ...
RECENT_LIMIT = 5_000  # ... up to this many; above it the visitor is no person but a program
CAP_MEMORY = 50  # moments remembered per experience; no cap may count further
BASKETS_KEPT = (
    40  # the newest orders, for what she buys again: older ones hardly count (methods 1.5)
)
MAX_LINKED = 20  # visitors of one person; more is quarantined


HOLDOUT_EXPERIENCE = ExperienceName("@holdout")


class KeptLine(Line, frozen=True, array_like=True, omit_defaults=False, gc=False):
    """A line as a profile keeps it: the same, written without the names of its fields."""

    def named(self) -> dict[str, str | int]:
        """Give the fields that say something, by name."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in values.items() if value is not None}


class Recent(Struct, frozen=True, array_like=True, gc=False):
    """An event as a profile remembers it: all that a segment may ask, and nothing else.

    Whose it is stands nowhere in it: the fold is one visitor's (see `Joined`).
    """

    time: int
    id: str
    name: str
    lines: tuple[KeptLine, ...] = ()
    category: str | None = None
    value: int | None = None
    currency: str | None = None
    query: str | None = None
    url: str | None = None
    page_type: str | None = None
    referrer: str | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    device: str | None = None
    country: str | None = None
    region: str | None = None
    language: str | None = None
    properties: dict[str, Scalar] = {}


class Written(Struct, frozen=True, array_like=True, gc=False):
    """A value with who wrote it last: larger (time, id) wins."""

    time: int
    id: str
    value: Scalar | None


class CartLine(Struct, frozen=True, array_like=True, gc=False):
    """The state of one product in the cart, by the last event that set it."""

    time: int
    id: str
    quantity: int
    price: int | None


class Basket(Struct, frozen=True, array_like=True, gc=False):
    """What was in one order: it outlives the 500 events, because who buys rarely looks often."""

    time: int
    id: str
    products: tuple[str, ...]


class Tally(Struct, frozen=True, array_like=True, gc=False):
    """What a feature counts on one shop day: matching events, and the sum of their values in minor units."""

    events: int
    value: int


class Part(Struct, frozen=True, array_like=True):
    """The fold of one visitor's events of one consent epoch."""

    features: dict[FeatureId, dict[int, Tally]]  # per shop day
    days: dict[int, int]  # events per shop day
    recents: tuple[Recent, ...]  # by (time, id), newest last
    traits: dict[str, Written]
    preferences: dict[str, Written]
    scores: dict[str, Written]  # phase, rfm.*, persona, churn ...: stored facts with a date
    refused: dict[str, Written]  # "not for me": product or experience
    cart: dict[str, CartLine]
    cleared: tuple[int, str]  # (time, id) of the event that last emptied or resynchronised the cart
    bought: dict[str, int]  # product -> last time
    sessions: dict[
        VisitorKey, tuple[tuple[int, int, int], ...]
    ]  # (start, end, events), gaps > 30 minutes
    baskets: tuple[Basket, ...] = ()  # the newest BASKETS_KEPT orders by (time, id), newest last


class Joined(Part, frozen=True, array_like=True):
    """The part of a person of several visitors; made when somebody asks, and never stored."""

    apart: tuple[
        tuple[Recent, ...], ...
    ] = ()  # `recents` by visitor: no session spans two browsers


class Arm(Struct, frozen=True, array_like=True, gc=False):
    """The first time a visitor's moment came in one arm of an experience."""

    time: int
    id: str
    unit: str
    propensity: int  # millionths
    policy: str


class Fold(Struct, frozen=True, array_like=True):
    """All that is remembered of one visitor.

    The global holdout is kept as the arms of an experience of its own, `HOLDOUT_EXPERIENCE`, entered at the
    first decision; all others are entered at the first `triggered`.
    """

    first_seen: int
    link: Written | None  # to which customer key, by the last identify, link or unlink
    consent: dict[Purpose, Register]
    arms: dict[ExperienceName, dict[VariantName, Arm]]
    triggered: dict[
        ExperienceName, tuple[tuple[int, str], ...]
    ]  # newest CAP_MEMORY (time, id), for caps
    parts: dict[int, Part]  # by consent epoch
    restricted: Written | None = None  # whether she is frozen: kept, and not used for anything
    paused: Written | None = None  # until when (micros) she asked to be shown nothing

    @property
    def paused_until(self) -> int:
        """Until when she asked to be shown nothing; 0 if she did not."""
        said = None if self.paused is None else self.paused.value
        return said if isinstance(said, int) else 0


class ActiveFeature(Struct, frozen=True):
    """A counted condition (a segment's `did` without its window): live counting takes events after `position`, the back-fill those up to it."""

    id: FeatureId
    name: str  # of the event
    where: dict[str, object]
    position: int
    warm: bool = False  # the back-fill is done


class OrderClaim(Struct, frozen=True):
    """What is known of one transaction: the shop's order, the browser that claims it, and who has it."""

    order: Event | None = None  # the confirmed purchase, unless it named our visitor itself
    claim: Event | None = None  # the first browser that said it placed this order
    owner: VisitorKey | None = None  # with whom the order was folded


class Person(Struct, frozen=True):
    """A profile: the merge of the folds of a person's linked visitors, as far as she allows it now.

    `asking` is the visitor that asks; `oldest` the one first seen, which is the unit of allocation (design 7).
    `part` is the merge of all epochs that began after her last refusal; None while `personalise` is closed.
    `fold` is the merge of all the rest: its own `parts` may be missing, so that nobody reads past `part`.
    """

    asking: VisitorKey
    visitors: tuple[VisitorKey, ...]
    oldest: VisitorKey
    fold: Fold
    open: frozenset[Purpose]
    part: Part | None
    quarantined: bool = False  # more than MAX_LINKED visitors: only the asking one is used
