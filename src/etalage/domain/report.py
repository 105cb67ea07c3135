"""Reports: what a message was worth, against those who were kept from it, and how sure that is.

Money is integer minor units of the report's currency, moments are micros, shares lie between 0 and 1.
"No answer yet" is a value of its own, `Unsettled`; it is never a zero or a p of 1.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from etalage.domain.event import Trust
from etalage.domain.ids import CONTROL, ExperienceName, VariantName
from etalage.domain.time import DAY

State = Literal[
    "too_early",  # not enough seen yet; says what is missing and when to expect it
    "verified_effect",
    "no_relevant_difference",  # the whole interval of the lift lies within the precision asked for
    "undecided",  # the planned end was reached
    "harmful",
    "broken",  # the figures cannot be trusted; says why
]
Missing = Literal[
    "nobody_triggered",
    "no_control",
    "too_few_days",
    "windows_open",
    "too_few_conversions",
    "all_converted",  # (nearly) everybody does it: as little to be learned from as nobody
    "interval_wide",
]
Fault = Literal["sample_ratio", "joined_orders"]
NoteKey = Literal[
    "not_confirmed",  # orders come from browsers; the shop did not confirm them
    "measured_in_browser",  # the goal exists only in the browser
    "other_currency",  # orders left out of revenue
    "without_value",  # orders without an amount
    "crossed",  # persons whose linked visitors met two arms; the first counts
    "crossed_left_out",  # more than 1% of them: they left the analysis
    "exposed_without_trigger",  # saw it, but no moment was logged: outside the comparison
    "split_changed",  # shares changed on the way; each stretch is compared within itself
    "effect_changed",  # the weekly intervals no longer agree with each other
    "several_variants",  # each interval is wider, so that all hold together
    "guardrail_harm",  # something that must not get worse did, beside the goal
    "adjusted",  # the past of the persons was subtracted (CUPED): the same truth, a narrower interval
]

# All messages together against the global holdout is one more experience, with this name and these two arms,
# `messages` and `holdout`. It is the only total there is: figures per message overlap and are never added up.
OVERALL = ExperienceName("*")
ANY_MESSAGE = VariantName("messages")


class Plan(Struct, frozen=True):
    """What was agreed about one experience before anybody looked: the goal, the split, and how long."""

    name: ExperienceName
    started: int  # micros; daily and weekly looks are counted from here
    shares: dict[VariantName, float]  # configured now, `control` included; they add up to 1
    goal: str = "purchase"  # name of the event that counts
    window: int = (
        7 * DAY
    )  # micros after the first `triggered`; the first moment after it is outside
    ends: int | None = None  # micros; whoever is triggered later is not compared
    # Whether that end was fixed before the start. An end that came up on the way may have been chosen by what was seen,
    # so it is judged as if there were none.
    is_planned: bool = True
    control: VariantName = CONTROL  # the arm that the others are compared with
    # Persons at which the interval is narrowest (N* of methods 3.3), fixed before the start. Not critical: at a
    # tenth of it the interval is 1.27 times as wide as it could be, at twice of it 1.01 times.
    planned_sample: int = 10_000
    precision: float = 0.10  # a lift within +-10% is "no relevant difference"
    base_rate: float = 0.03  # expected share that converts, for the date while little is known
    revenue_cap: int | None = None  # per person, fixed at the first analysis; None = not fixed yet


class Interval(Struct, frozen=True):
    """Where the true value lies, at all looks together, with probability `level`."""

    low: float
    high: float
    level: float = 0.95

    def holds(self, value: float) -> bool:
        """Tell whether a value lies within."""
        return self.low <= value <= self.high

    def times(self, factor: float) -> Interval:
        """Scale both ends by a positive number."""
        return Interval(low=self.low * factor, high=self.high * factor, level=self.level)

    def within(self, other: Interval) -> Interval | None:
        """Give what both hold in common; None if that is nothing."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Interval(low=low, high=high, level=self.level) if low <= high else None


class Unsettled(Struct, frozen=True):
    """No answer yet: what is missing, how much of it is needed and there, and when to expect an answer."""

    reason: Missing
    need: int = 0
    have: int = 0
    expected: int | None = None  # micros, at the present pace; None = cannot be said


class Raw(Struct, frozen=True):
    """An estimate without the adjustment for the past."""

    estimate: float
    interval: Interval


class Effect(Struct, frozen=True):
    """What one variant did beside its control, among the persons counted at one look.

    `lift` is relative (0.10 = 10% more); None as long as one of the arms has no conversion at all.
    Revenue is capped per person; it is None below 100 orders in an arm. Where `adjusted` holds, what the persons did
    in the 28 days before was subtracted (CUPED), and `raw` is the difference without that.
    """

    difference: float  # of the shares that converted
    difference_interval: Interval
    extra_conversions: float
    extra_conversions_interval: Interval
    lift: float | None
    lift_interval: Interval | None
    p: float  # running: the smallest over all looks so far
    look: int  # micros: all of this as it stood then
    potential: float  # extra conversions, had nobody been kept from it
    cost_of_control: float  # conversions that those kept from it did without
    extra_revenue: float | None = None
    extra_revenue_interval: Interval | None = None
    extra_revenue_uncapped: float | None = None
    adjusted: bool = False  # the figures of conversions
    raw: Raw | None = None  # if adjusted
    revenue_adjusted: bool = False
    revenue_raw: Raw | None = None  # if adjusted: extra revenue, minor units


class Point(Struct, frozen=True):
    """What was known after one look: the interval over time of a report.

    Only looks at which a figure may be shown have one; the others say nothing, not zero.
    """

    at: int  # micros
    counted: int  # persons of the variant and its control whose window was closed
    difference: float
    difference_interval: Interval
    lift: float | None = None
    lift_interval: Interval | None = None


class Tally(Struct, frozen=True):
    """The counts of one arm after one daily look, cumulative: persons whose window was closed, and their goals."""

    at: int  # micros
    counted: int
    conversions: int
    revenue_capped: int  # minor units


class ArmFigures(Struct, frozen=True):
    """The counts of one arm, and for a variant what is known of its effect."""

    arm: VariantName
    visitors: int = 0  # browsers in which the moment came
    triggered: int = 0  # persons in whom the moment came
    exposures: int = 0  # persons who really saw it
    clicks: int = 0  # persons who clicked
    counted: int = 0  # triggered persons whose window was closed at the look
    conversions: int = 0  # of those
    orders: int = 0
    revenue: int = 0  # minor units, refunds subtracted, other currencies left out
    revenue_capped: int = 0
    state: State | None = None  # None for control and holdout
    effect: Effect | Unsettled | None = None  # idem
    history: tuple[Point, ...] = ()  # idem, in order of time
    days: tuple[Tally, ...] = ()  # in order of time


Dimension = Literal["segment", "device", "phase"]


class Part(Struct, frozen=True):
    """Those of an experience who have one thing in common at their first `triggered`, compared in the same way.

    Parts are looked at after the fact and are many: their intervals are wider (they divide the 5% among them), and
    none of them changes the state of the whole.
    """

    dimension: Dimension
    value: str  # name of a segment, a device, a journey phase
    arms: tuple[ArmFigures, ...]
    state: State = "too_early"


class Guardrail(Struct, frozen=True):
    """Something that must not get worse, tested one-sided at 5% for harm (methods 3.6)."""

    name: Literal["conversion", "return_rate", "unsubscribe", "page_time"]
    arm: VariantName
    treated: float | None  # mean per person (page_time: ms per look); None if unmeasured
    control: float | None
    p_harm: float | None  # after Holm over all guardrails of the experience; None without an answer
    state: Literal["fine", "harm", "unsettled"]


class RatioFigure(Struct, frozen=True):
    """A figure per order, not per person: the delta method gives its error (methods 3.2).

    Only where a verdict allows to show figures, and from 100 orders in each arm.
    """

    name: Literal["revenue_per_order", "return_rate"]  # minor units; share of the orders
    arm: VariantName
    treated: float
    control: float
    difference: float
    interval: Interval


class About(Struct, frozen=True):
    """What ran and for whom: the words of the experience itself, for a reader who does not know it."""

    title: str
    form: str
    slot: str
    trigger: str
    purpose: str  # what the shop wants with it
    gain: dict[str, str]  # what the visitor gains, by language
    segment: str | None = None  # None = everybody
    phase: str | None = None
    persona: str | None = None
    principle: str | None = None
    version: int = 1
    state: str = "live"  # live | paused | ended


class Source(Struct, frozen=True):
    """Where figures come from: a question to the warehouse, by name and by the digest of its text."""

    question: str
    digest: str  # first 16 hex digits of SHA-256 of the statement
    figures: tuple[str, ...]  # names of the fields of this report that it fills


class RatioPart(Struct, frozen=True):
    """The same of one kind of device, or of one day."""

    dimension: Literal["device", "day"]
    value: str  # name of the device; the number of days since the start
    counts: dict[VariantName, int]
    p: float  # after Holm, over the parts of its dimension


class Cause(Struct, frozen=True):
    """What is not spread over the arms as the persons are: where to look for the fault.

    `programs`: persons with more than 300 events on a day. `late`: the moment came over an hour after the decision.
    `consent`: browsers whose moment may not be measured.
    """

    key: Literal["programs", "late", "consent"]
    counts: dict[VariantName, int]
    p: float  # after Holm


class SampleRatio(Struct, frozen=True):
    """Whether the arms were filled as configured (methods 3.5), over all triggered persons."""

    counts: dict[VariantName, int]
    expected: dict[VariantName, float]
    p_fixed: float | None  # chi-square; None below 5 expected in an arm
    p_continuous: float  # may be looked at every day
    parts: tuple[RatioPart, ...] = ()  # per device and per day, the least likely first
    causes: tuple[Cause, ...] = ()  # looked for only where the arms are filled otherwise

    @property
    def smallest(self) -> float:
        """Give the smallest of all."""
        whole = 1.0 if self.p_fixed is None else self.p_fixed
        return min([self.p_continuous, whole, *(part.p for part in self.parts)])


class Coverage(Struct, frozen=True):
    """How many of the measurable persons of the period were reached: triggered in any arm, or exposed."""

    measurable: int
    reached: int

    @property
    def share(self) -> float | None:
        """Give the share; None where nobody could be measured."""
        return self.reached / self.measurable if self.measurable else None


class Joined(Struct, frozen=True):
    """How many of the shop's orders of the period found their person, and in which way."""

    by_way: dict[str, int]  # visitor | claim | identifier | none -> orders

    @property
    def orders(self) -> int:
        """Count all of them."""
        return sum(self.by_way.values())

    @property
    def share(self) -> float | None:
        """Give the share that found somebody; None where there were no orders."""
        return 1 - self.by_way.get("none", 0) / self.orders if self.orders else None


class Note(Struct, frozen=True):
    """Something a reader must know beside the figures, with the number it is about."""

    key: NoteKey
    count: int = 0


class ExperienceReport(Struct, frozen=True):
    """All that is known of one experience."""

    name: ExperienceName
    state: State
    goal: str
    window: int
    currency: str
    started: int
    now: int
    look: int  # micros: counts and effects are those of this look
    trust: Trust  # of the conversions
    coverage: Coverage
    joined: Joined
    arms: tuple[ArmFigures, ...]
    sample_ratio: SampleRatio | None
    crossed: int
    crossed_share: float
    revenue_cap: (
        int | None
    )  # what a person's revenue was capped at; to be fixed at the first analysis
    control: VariantName = CONTROL
    unsettled: Unsettled | None = None  # if too early or undecided
    faults: tuple[Fault, ...] = ()  # if broken
    notes: tuple[Note, ...] = ()
    population: Literal["first_triggered", "first_decision"] = "first_triggered"
    planned: int | None = None  # persons at which it was planned to be decided
    ends: int | None = None  # micros: the planned end
    about: About | None = None
    parts: tuple[Part, ...] = ()
    guardrails: tuple[Guardrail, ...] = ()
    ratios: tuple[RatioFigure, ...] = ()
    sources: tuple[Source, ...] = ()
    erased: int = 0  # persons erased since the start, who are in no figure any more

    def arm(self, name: VariantName) -> ArmFigures:
        """Give the figures of one arm; all zero if nobody was in it."""
        return next((a for a in self.arms if a.arm == name), ArmFigures(arm=name))
