"""Experiences: whom to show what, when, where and how often, toward which goal, and what the visitor gains by it.

An experience in this form was read by `decide.parse_experience` and is therefore right in every detail. Shares
are millionths, so that an arm's boundary is the same integer on every machine.
"""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

from etalage.domain.consent import Purpose
from etalage.domain.ids import ExperienceName, ProductId, SegmentName, VariantName

MILLION = 1_000_000  # shares and propensities are integers out of this many

Language = Literal["nl", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
Texts = dict[Language, str]

Form = Literal["popup", "toast", "bar", "inline", "products"]
INTERRUPTING: frozenset[Form] = frozenset({"popup", "toast"})
Moment = Literal[
    "load",
    "delay",
    "scroll",
    "exit_intent",
    "idle",
    "add_to_cart",
    "cart_idle",
    "view_count",
    "search",
    "return",
]
Phase = Literal["awareness", "consideration", "purchase", "use", "loyalty"]
Principle = Literal[
    "reciprocity", "commitment", "social_proof", "authority", "liking", "scarcity", "unity"
]
CapPeriod = Literal["session", "day", "7d", "ever"]
AllocationKind = Literal["fixed", "split", "bandit"]
BanditGoal = Literal["conversions", "revenue"]
ChosenBy = Literal["affinity", "bandit"]
StrategyName = Literal[
    "popular_now",
    "recently_viewed",
    "for_you",
    "also_viewed",
    "viewed_next",
    "again",
    "forgotten",
    "often_forgotten",
    "goes_with",
    "look",
    "trending",
    "similar",
    "new_for_you",
    "back_in_stock",
    "price_dropped",
]
UrlRuleKind = Literal["exact", "prefix", "glob"]
PageType = Literal[
    "home", "category", "product", "search", "cart", "checkout", "account", "content", "other"
]


# ---- When and where ----------------------------------------------------------------------------------


class UrlRule(Struct, frozen=True):
    """A rule over the path of a page; there are no regular expressions (safety 3)."""

    kind: UrlRuleKind
    text: str


class PageRule(Struct, frozen=True, omit_defaults=True):
    """On which pages: every part that is given must hold."""

    types: tuple[PageType, ...] = ()
    url: UrlRule | None = None
    under: str | None = None  # "Hond > Voer": this category or below it


class Trigger(Struct, frozen=True, omit_defaults=True):
    """The moment on the page; the page part is judged by the server, the rest by the browser."""

    on: Moment
    seconds: int | None = None  # delay, idle, cart_idle
    percent: int | None = None  # scroll
    views: int | None = None  # view_count: views of pages of its type in this session
    days: int | None = None  # return: away for at least this long
    page: PageRule = PageRule()


class Schedule(Struct, frozen=True, omit_defaults=True):
    """From when until when, on the shop's wall clock: "2026-12-01T00:00"; `until` is the first moment after."""

    start: str | None = None
    until: str | None = None


class Cap(Struct, frozen=True):
    """At most so many times in a period. Periods of days are days of the shop, today included."""

    times: int
    per: CapPeriod


# ---- What --------------------------------------------------------------------------------------------


class Text(Struct, frozen=True, tag="text", omit_defaults=True):
    """A heading or a paragraph, with merge fields."""

    text: str
    level: int = 0  # 0 = paragraph, 1-3 = heading


class Creative(Struct, frozen=True, omit_defaults=True):
    """Another picture of the same message, for who likes what its tags name: categories or brands."""

    name: str
    url: str
    alt: str
    tags: tuple[str, ...]


class Image(Struct, frozen=True, tag="image", omit_defaults=True):
    """A picture with what it shows, in words; `creatives` are others that may stand in its place."""

    url: str
    alt: str
    link: str | None = None
    creatives: tuple[Creative, ...] = ()
    keep_days: int = 7  # how long a person keeps the one she has
    by: ChosenBy = "affinity"  # what chooses among them


class ProductList(Struct, frozen=True, tag="product_list", omit_defaults=True):
    """The place of the variant's products, with a title over it; `adds`: one tap puts a product into the basket."""

    title: str = ""
    adds: bool = False


class Button(Struct, frozen=True, tag="button", omit_defaults=True):
    """A link, or with `closes` a way to go on without it."""

    label: str
    link: str | None = None
    closes: bool = False


class Coupon(Struct, frozen=True, tag="coupon", omit_defaults=True):
    """A coupon of a named offer; its code is made when it is shown, never typed here."""

    offer: str
    label: str


class Question(Struct, frozen=True, tag="question", omit_defaults=True):
    """A question whose answer becomes an explicit preference of the visitor."""

    text: str
    preference: str
    options: tuple[str, ...]


class Countdown(Struct, frozen=True, tag="countdown", omit_defaults=True):
    """A clock toward a real end: of the experience, or of the sale price of the product on the page."""

    ends: Literal["schedule", "sale"]
    label: str = ""


Block = Text | Image | ProductList | Button | Coupon | Question | Countdown


class Boost(Struct, frozen=True, omit_defaults=True):
    """What the shop wants further forward, or back: products with a label of a value, or of the last days."""

    percent: int  # of the score it has: 150 is half as much again, 50 is half
    label: str | None = None  # a label of the feed: margin, custom_label_0
    value: str | None = None  # what the label says
    new_days: int | None = None  # came into the shop in so many days


class Wanted(Struct, frozen=True, omit_defaults=True):
    """Which products a variant shows, and within which bounds that are never crossed."""

    strategy: StrategyName
    size: int = 4  # at most
    at_least: int = 1  # with fewer the experience is not shown
    under: str | None = None  # a category
    same_category: bool = False  # only the category of the page
    last_category: bool = False  # first the category of what she looked at last
    only_where: StrategyName | None = None  # only for whom this strategy has as many
    price_from: int | None = None  # minor units
    price_to: int | None = None
    pins: tuple[ProductId, ...] = ()  # first, in this order, where they pass the guards
    without: tuple[ProductId, ...] = ()  # never in this list
    not_under: tuple[str, ...] = ()  # categories, idem
    per_brand: int | None = None  # at most so many of one brand
    per_category: int | None = None  # idem of one category
    boosts: tuple[Boost, ...] = ()

    @property
    def is_arranged(self) -> bool:
        """Whether the shop says more than which products come first by themselves."""
        return bool(self.pins or self.boosts or self.per_brand or self.per_category)


class Variant(Struct, frozen=True, omit_defaults=True):
    """One form of the message. `share` is its part of those who see one."""

    name: VariantName
    share: int  # millionths
    content: dict[Language, tuple[Block, ...]]
    products: Wanted | None = None
    about_product: bool = False  # its text names the product on the page
    artwork: tuple[Creative, ...] = ()  # of its picture, in the first language
    keep_days: int = 7  # how long a person keeps the one she has
    by_bandit: bool = False  # which picture: by what they were worth, and not by taste
    adds: bool = False  # one tap puts a product of its list into the basket

    def blocks(self, language: str | None) -> tuple[Language, tuple[Block, ...]]:
        """Give the content in a language, or else in the first one there is."""
        for known in LANGUAGES:
            if known == language and known in self.content:
                return known, self.content[known]
        return next(iter(self.content.items()))


# ---- How it is measured ------------------------------------------------------------------------------


class Allocation(Struct, frozen=True, omit_defaults=True):
    """`fixed`: everybody sees the only variant, nothing is measured. `split`: by hash, with a control.

    `bandit`: likewise, but the shares of the variants follow what they were worth so far (methods 2.1).
    """

    kind: AllocationKind
    control: int = 0  # millionths
    salt: str = "1"  # another one draws everybody anew
    floor: int = 0  # of a bandit: millionths of who see a variant, below which none falls
    half_life: int = 28  # of a bandit: days after which what was seen counts for half
    by: BanditGoal = "conversions"  # of a bandit: what is to become most
    context: tuple[str, ...] = ()  # of a bandit: what may decide which variant suits whom


class Goal(Struct, frozen=True, omit_defaults=True):
    """What should happen, within so many days of the first time her moment came."""

    event: str
    where: dict[str, object] = {}  # as in a segment's `did`
    window_days: int = 7


class Experience(Struct, frozen=True, omit_defaults=True):
    """All of design 7 about one message. `segment` None means everybody."""

    name: ExperienceName
    title: str
    trigger: Trigger
    slot: str
    form: Form
    variants: tuple[Variant, ...]
    allocation: Allocation
    goal: Goal
    purpose: str  # what the shop wants with it, for the register
    gain: Texts  # what the visitor gains, shown in "why do I see this?"
    segment: SegmentName | None = None
    caps: tuple[Cap, ...] = ()
    priority: int = 50  # 0-100, the highest goes first
    schedule: Schedule = Schedule()
    phase: Phase | None = None
    persona: str | None = None
    principle: Principle | None = None
    requires: tuple[Purpose, ...] = ()  # purposes beyond those of its kind

    @property
    def interrupts(self) -> bool:
        """Whether it covers the page, so that only one at a time may be drawn."""
        return self.form in INTERRUPTING

    @property
    def plain_variant(self) -> Variant:
        """The variant shown outside every experiment: the one with the largest share, the first of equals."""
        return max(self.variants, key=lambda variant: variant.share)

    @property
    def is_about_product(self) -> bool:
        """Whether any variant names the product on the page: then nobody in any arm is asked without one."""
        return any(variant.about_product for variant in self.variants)

    def variant(self, name: str) -> Variant | None:
        """Find a variant by name."""
        for variant in self.variants:
            if variant.name == name:
                return variant
        return None


def in_order(experience: Experience) -> tuple[int, str]:
    """Give the key of arbitration: the highest priority first, equal ones by name."""
    return (-experience.priority, experience.name)
