"""Decisions: what they are made from, what comes out, and the record that lets anyone make them again.

Everything here is JSON without loss: no floats (scores and shares are millionths), no sets, no clocks. Replay
reads a record and computes the same answer in another process a year later.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from etalage.domain.consent import Purpose
from etalage.domain.context import Context
from etalage.domain.event import Shown
from etalage.domain.experience import Cap, CapPeriod, StrategyName
from etalage.domain.ids import ExperienceName, ProductId, SegmentName, VariantName, VisitorKey
from etalage.domain.profile import HOLDOUT_EXPERIENCE

OPEN = VariantName("open")  # the arm of the global holdout in which messages are shown

# Why an experience was not shown. A closed list: each has a line in docs/reference/experiences.md.
SkipReason = Literal[
    "protected_page",  # login, payment, account, checkout: nothing is ever shown there
    "paused",  # switched off since the configuration was read
    "no_consent",  # needs a purpose that this visitor has not opened
    "not_scheduled",  # before its first or after its last day
    "wrong_slot",  # the page did not ask for its place
    "warming",  # its segment still counts the past
    "not_in_segment",
    "wrong_page",  # the page part of its trigger does not hold
    "out_of_stock",  # it speaks of the product on the page, or only had products, that cannot be bought
    "refused_by_visitor",  # she said "not for me"
    "paused_by_visitor",  # she asked to be left alone for a while
    "capped",  # shown (or, in control, due) as often as it may be
    "pressure",  # enough interruptions for one day
    "variant_gone",  # her stored variant is no longer part of it
    "in_control",
    "in_holdout",
    "lost_to",  # another experience has the place; `to` says which
    "no_products",  # fewer products than it needs
]

# Why a product was not shown. Closed too.
GuardReason = Literal[
    "out_of_stock",
    "no_price",
    "no_size",  # not in the person's size
    "wrong_category",
    "wrong_price",
    "in_cart",
    "bought",
    "refused",  # "not for me"
    "excluded",  # the product on the page, or one the shop keeps out
    "sensitive",
    "unknown_product",
]

# Why a product was chosen: the text stands in deliver/words.toml.
Because = Literal[
    "popular",
    "popular_in_category",
    "viewed",
    "looked_at",
    "viewed_after",
    "you_saw",  # a product before this session, ...
    "you_bought",  # ... or bought
    "again",  # bought before, ...
    "again_times",  # ... so many times, ...
    "again_days",  # ... or every so many days ...
    "again_weeks",  # ... or weeks
    "alike",  # people with such baskets buy it
    "often_forgotten",
    "together",  # chosen together with a product, or products of a category
    "in_look",
    "rising",  # chosen more than usual today
    "rising_in_category",
    "similar",
    "new_category",  # new, in a category she comes back to
    "new_brand",
    "back_in_stock",
    "price_dropped",  # `of`: the lowest price of thirty days before, in minor units
    "pinned",  # by the shop
]


class Used(Struct, frozen=True, omit_defaults=True):
    """How often an experience's moment came, per period of a cap."""

    session: int = 0
    day: int = 0
    week: int = 0
    ever: int = 0

    def in_period(self, per: CapPeriod) -> int:
        """Give the count that a cap compares with."""
        return {"session": self.session, "day": self.day, "7d": self.week, "ever": self.ever}[per]


class StoredArm(Struct, frozen=True):
    """An arm that was entered before, with the odds of that time: it is never drawn again."""

    arm: VariantName
    unit: str
    propensity: int  # millionths
    policy: str


class PageProduct(Struct, frozen=True, omit_defaults=True):
    """What the guards may know of the product on the page."""

    id: ProductId
    available: bool
    price: int | None = None


class Holdout(Struct, frozen=True):
    """The shop's global holdout; its salt is its own, so that it cuts across all experiments."""

    share: int = 0  # millionths
    salt: str = "holdout"


class DecisionFacts(Struct, frozen=True, omit_defaults=True):
    """All that `choose` and `compose` read about the person, the page and the moment.

    `visitor` and `unit` are None for somebody we may not know: then the answer is contextual and outside every
    experiment. `matched`, `warming` and `contextual` are about the segments of live experiences only;
    `contextual` are those whose tree asks of the page and nothing of her past.
    """

    now: int  # micros
    zone: str  # of the shop
    visitor: VisitorKey | None = None
    unit: str | None = None
    purposes: tuple[Purpose, ...] = ()  # open ones, in order of name
    page: Context = Context()
    slots: tuple[str, ...] = ()
    protected: bool = False
    here: PageProduct | None = None
    cart: tuple[ProductId, ...] = ()  # sorted
    matched: tuple[SegmentName, ...] = ()  # sorted
    warming: tuple[SegmentName, ...] = ()
    contextual: tuple[SegmentName, ...] = ()
    arms: dict[ExperienceName, StoredArm] = {}
    holdout: Holdout = Holdout()
    held: StoredArm | None = None  # her arm of the global holdout, once drawn
    used: dict[ExperienceName, Used] = {}
    interruptions: int = 0  # messages that interrupted her on this shop day
    pressure: int = 3  # at most so many interruptions a shop day
    refused: tuple[str, ...] = ()  # experiences she does not want
    paused: tuple[ExperienceName, ...] = ()
    left_alone: bool = False  # she asked to be shown nothing for now
    # What showing it is foretold to bring, thousandths of a minor unit: of equal priority the highest comes first.
    # Only of experiences with a released model that compete for a place; nothing is expected of the others.
    expected: dict[ExperienceName, int] = {}
    traits: tuple[str, ...] = ()  # sorted; what the bandits here may know of her and the page

    @property
    def is_measured(self) -> bool:
        """Whether she takes part in experiments: known, measured and personalised (design 5)."""
        known = self.visitor is not None and self.unit is not None
        return known and "measure" in self.purposes and "personalise" in self.purposes

    @property
    def is_personal(self) -> bool:
        """Whether her past may choose what she sees."""
        return self.visitor is not None and "personalise" in self.purposes


class Choice(Struct, frozen=True, omit_defaults=True):
    """One experience for one place: shown, or a ghost.

    `arm` is None outside experiments. `variant` is what is shown, or would be: a ghost needs the same products
    as the message it stands for, else the arms would differ in more than the message.
    """

    experience: ExperienceName
    slot: str
    variant: VariantName
    show: bool
    arm: VariantName | None = None
    unit: str | None = None
    propensity: int | None = None  # millionths, of this arm among its like (see decide.allocate)
    policy: str | None = None
    bucket: int | None = None  # millionths
    priority: int = 50
    by_expected: bool = False  # it has the place because more was expected of it than of another


class Skipped(Struct, frozen=True, omit_defaults=True):
    """An experience that got no place, and why."""

    experience: ExperienceName
    reason: SkipReason
    to: ExperienceName | None = None
    by: Literal["expected"] | None = None  # of equal priority, more was expected of the other

    @property
    def text(self) -> str:
        """Give the reason as the API and the studio write it: 'lost_to:welcome-back'."""
        return f"{self.reason}:{self.to}" if self.to is not None else self.reason


class Chosen(Struct, frozen=True, omit_defaults=True):
    """What `choose` gives to `recommend` and `compose`, in order of arbitration."""

    choices: tuple[Choice, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    held: StoredArm | None = None  # her arm of the global holdout, None outside experiments


class Candidate(Struct, frozen=True, omit_defaults=True):
    """A product that was ranked, with the facts the guards judge."""

    product: ProductId
    score: int  # millionths
    available: bool = True
    stock: int | None = None
    price: int | None = None  # minor units
    size: str | None = None  # the person's size, where it was asked of this product
    because: Because = "popular"
    of: str | None = None  # the product or category that is the reason
    image: str | None = None  # its picture for this person, where it has several


class Recommended(Struct, frozen=True, omit_defaults=True):
    """Products for one experience, best first, and by which strategy they were found."""

    asked: StrategyName
    used: StrategyName
    candidates: tuple[Candidate, ...] = ()

    @property
    def is_fallback(self) -> bool:
        """Whether the strategy that was asked for had too little to say."""
        return self.asked != self.used


class Entry(Struct, frozen=True, omit_defaults=True):
    """A choice with its products: what the page is told."""

    choice: Choice
    products: tuple[Candidate, ...] = ()
    strategy: StrategyName | None = None
    guarded: dict[
        str, GuardReason
    ] = {}  # products of this list that were refused at the last check
    artwork: str | None = None  # its picture for this person, where it has several


class Decision(Struct, frozen=True, omit_defaults=True):
    """The whole answer to one question, before it is put into words."""

    entries: tuple[Entry, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    held: StoredArm | None = None

    def holdout_shown(self, now: int) -> Shown | None:
        """Give what the `decision` event carries as `shown`: her arm of the global holdout."""
        if self.held is None:
            return None
        held = self.held
        return Shown(HOLDOUT_EXPERIENCE, held.arm, held.unit, held.propensity, held.policy, now)


class Versions(Struct, frozen=True, omit_defaults=True):
    """With what a decision was made."""

    code: str
    configuration: str
    catalogue: str = ""
    models: dict[str, str] = {}


class DecisionRecord(Struct, frozen=True, omit_defaults=True):
    """A decision as it is logged: enough to make it again, and nothing that names a person."""

    facts: DecisionFacts
    decision: Decision
    versions: Versions
    recommended: dict[ExperienceName, Recommended] = {}
    artwork: dict[ExperienceName, str] = {}  # which of several pictures, by name
    position: int = 0  # of the log, up to which the profile was complete
    degraded: tuple[str, ...] = ()
    format: int = 1


# ---- The wire form (design 12) -----------------------------------------------------------------------


class WireProduct(Struct, frozen=True, omit_defaults=True):
    """A product in an answer: which, why, and what the catalogue says of it now."""

    product_id: str
    reason: str
    title: str = ""
    link: str = ""
    image: str = ""
    price: int | None = None  # minor units
    currency: str = ""
    price_text: str = ""


class WireSkip(Struct, frozen=True, omit_defaults=True):
    """A skipped experience in an answer."""

    experience: str
    reason: str
    by: str | None = None


class WireEntry(Struct, frozen=True, omit_defaults=True):
    """One entry of an answer. Without `id` it is outside every experiment and nothing is sent back about it."""

    slot: str
    experience: str
    variant: str
    show: bool
    form: str
    priority: int
    trigger: dict[str, object]
    id: str | None = None
    content: dict[str, object] | None = None
    products: list[WireProduct] | None = None
    why: dict[str, str] | None = None
    propensity: float | None = None
    caps: list[Cap] | None = None  # without `id` the browser alone can keep them
    expires: str | None = None


class Answer(Struct, frozen=True, omit_defaults=True):
    """The body of the answer to POST /v1/decide."""

    decisions: list[WireEntry]
    degraded: list[str]
    visitorToken: str | None = None  # noqa: N815  a promised name (design 12)
    skipped: list[WireSkip] | None = None
