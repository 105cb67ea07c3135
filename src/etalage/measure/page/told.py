"""Step 7 of 8, measure: one experience as it is told: its title, its groups, and which effect speaks for it.

Idea: one place decides whether an effect may be shown at all. Nothing of a broken or young measurement leaves here.
"""

from __future__ import annotations

from msgspec import Struct

from etalage.domain.ids import HOLDOUT, VariantName
from etalage.domain.money import exponent
from etalage.domain.report import (
    OVERALL,
    ArmFigures,
    Effect,
    ExperienceReport,
    Interval,
    Source,
    State,
)
from etalage.domain.time import DAY
from etalage.measure.page.say import Say, clean, rounded, step

SETTLED: frozenset[State] = frozenset(
    {"verified_effect", "no_relevant_difference", "undecided", "harmful"}
)
FEWEST_FOR_MONEY = 100  # orders in each arm, below which no amount is named
# What each question fills, where a report does not say so itself.
SOURCES = (
    Source(question="triggered", digest="", figures=("triggered", "visitors", "sample_ratio")),
    Source(question="outcomes", digest="", figures=("effect", "conversions", "history", "days")),
    Source(question="exposures", digest="", figures=("exposures", "clicks")),
    Source(question="coverage", digest="", figures=("coverage",)),
    Source(question="joined", digest="", figures=("joined",)),
)


class Told(Struct, frozen=True):
    """A report, and the language it is told in."""

    reported: ExperienceReport
    say: Say
    prefix: str = "e1"  # of anchors within the page

    @property
    def is_total(self) -> bool:
        """Whether this is everything against the holdout."""
        return self.reported.name == OVERALL

    @property
    def title(self) -> str:
        """Give its title; the name where it has none."""
        if self.is_total:
            return self.say("all.title")
        about = self.reported.about
        return clean((about.title if about else "") or self.reported.name)

    @property
    def quoted(self) -> str:
        """Give the title as it stands in a sentence."""
        return self.say("page.quoted", title=self.title)

    def own(self, key: str, **fields: str) -> str:
        """Say a sentence; of all messages together the one for them, `key_all`, where there is one."""
        of_all = f"{key}_all"
        return self.say(of_all if self.is_total and self.say.has(of_all) else key, **fields)

    @property
    def days(self) -> str:
        """Say how long the window is."""
        days = max(self.reported.window / DAY, 1)
        return self.say(
            "method.one_day" if days == 1 else "method.days", count=self.say.number(days)
        )

    @property
    def variants(self) -> tuple[ArmFigures, ...]:
        """Give the arms that were shown something: all but the control and the shop's holdout."""
        return tuple(a for a in self.reported.arms if not self.is_kept(a.arm))

    def is_kept(self, arm: VariantName) -> bool:
        """Tell whether an arm is shown nothing: the control, or the holdout, which no message reaches."""
        return arm in {self.reported.control, HOLDOUT}

    @property
    def control(self) -> ArmFigures:
        """Give those kept from it."""
        return self.reported.arm(self.reported.control)

    @property
    def speaker(self) -> ArmFigures | None:
        """Give the variant whose effect speaks for the whole; None while no effect may be shown."""
        if self.reported.state not in SETTLED:
            return None
        return next(
            (a for a in self.variants if a.state == self.reported.state and self.effect(a)), None
        )

    def effect(self, figures: ArmFigures) -> Effect | None:
        """Give the effect of an arm if it may be shown."""
        may = self.reported.state != "broken" and figures.state in SETTLED
        return figures.effect if may and isinstance(figures.effect, Effect) else None

    def arm(self, name: VariantName | str) -> str:
        """Give the name of a group."""
        known = {self.reported.control: "control", "holdout": "holdout", "messages": "messages"}
        if self.is_total and name == self.reported.control:
            return self.say("arms.holdout")
        key = known.get(VariantName(name))
        return self.say(f"arms.{key}") if key else self.say("arms.variant", name=clean(name, 40))

    def goal(self, word: str) -> str:
        """Give a word about the goal."""
        goal = self.reported.goal
        group = goal if goal in {"purchase", "add_to_cart", "sign_up"} else "other"
        return self.say(f"goals.{group}.{word}")

    def asked(self, *figures: str) -> tuple[str, ...]:
        """Name the questions that figures come from."""
        sources = self.reported.sources or SOURCES
        names = [
            question_name(s)
            for s in sources
            if any(f.rsplit(".", 1)[-1] in figures for f in s.figures)
        ]
        return tuple(dict.fromkeys(filter(None, names)))

    # ---- Figures in words --------------------------------------------------------------------------

    def lift(self, effect: Effect) -> tuple[str, str, str]:
        """Give low, high and best of the relative effect; of the difference where there is none."""
        if effect.lift is not None and effect.lift_interval is not None:
            return self.percents(effect.lift_interval, effect.lift)
        points = self.say("page.points")
        low, high, best = self.percents(effect.difference_interval, effect.difference)
        return low + points, high + points, best + points

    def percents(self, interval: Interval, best: float) -> tuple[str, str, str]:
        """Give low, high and best in per cent."""
        low, high, middle = (self.say.percent(v) for v in (interval.low, interval.high, best))
        return low, high, middle

    def counts(self, interval: Interval, best: float) -> tuple[str, str, str]:
        """Give low, high and best as whole numbers."""
        low, high, middle = (self.say.number(v) for v in (interval.low, interval.high, best))
        return low, high, middle

    def amounts(self, interval: Interval, best: float) -> tuple[str, str, str]:
        """Give low, high and best as money, not more exact than it is known; with cents where it is about those."""
        currency = self.reported.currency
        to, unit = max(step(interval), 1), 10 ** exponent(currency)
        low, high, middle = (
            self.say.money(rounded(v, to), currency, cents=to < unit)
            for v in (interval.low, interval.high, best)
        )
        return low, high, middle

    def between(self, low: str, high: str) -> str:
        """Give a range as a figure."""
        return self.say("page.between", low=low, high=high)


def question_name(source: Source) -> str:
    """Give the name by which a question is told and linked."""
    return clean(source.question, 20)


def mirrored(interval: Interval) -> Interval:
    """Turn what was gained into what was lost."""
    return Interval(low=-interval.high, high=-interval.low, level=interval.level)


def rate(figures: ArmFigures) -> float:
    """Give the share that reached the goal, of those whose window was over."""
    return figures.conversions / figures.counted if figures.counted else 0.0
