"""For whom a message does more: learned every night from the shop's own trials, used to order messages and no more.

learn      per experience with enough people: control against the message, from what was known when it was decided
judge      by the release gate of methods 4, on people the models have not seen; every refusal with its reason
take up    what was released, as plain trees: no server loads what grew them
foretell   what a message would bring from this person: the effect foretold times what a conversion brings

Nobody is labelled: a card counts kinds of people, the file holds trees whose leaves are of two hundred people, and
what is foretold of a person is in the record of that decision and nowhere else. Who is in control is never asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from msgspec import Struct, to_builtins
from msgspec.structs import replace

from etalage.domain.ids import CONTROL, ExperienceName
from etalage.domain.profile import Part
from etalage.domain.report import Plan
from etalage.domain.time import DAY, ShopZone
from etalage.measure.uplift.features import FEATURES, features_of
from etalage.measure.uplift.gate import Groups, Verdict, groups, in_words, least, too_few, verdict
from etalage.measure.uplift.learners import Effects, Learner, Trial, crossfit, learned
from etalage.measure.uplift.trees import Floats, from_arrays, together
from etalage.measure.uplift.trial import ask_known
from etalage.recommend.model_file import Arrays, digest, reader, to_bytes
from etalage.recommend.model_kind import Kind, Lesson, Taught

KIND = "uplift"
LAYOUT = 1
LEARNER: Learner = "x"  # made for arms of unequal size, as a programme's control of 20% is
GOAL = "purchase"  # only what brings money can be held against another message
WINSOR = 99  # per cent of the buyers: more than this counts as this
THOUSANDTHS = 1_000


class OfExperience(Struct, frozen=True):
    """What is known of one experience: its people, and what the gate says."""

    experience: str
    treated: int
    control: int
    least_conversions: int  # of the arm that has fewer
    value: float  # minor units a conversion brings on average, with the highest 1% cut off
    refusals: tuple[str, ...] = ()
    because: tuple[str, ...] = ()  # the refusals in words
    verdict: Verdict | None = None  # None where there were too few to try
    groups: Groups | None = None

    @property
    def is_released(self) -> bool:
        """Whether it may order messages."""
        return self.verdict is not None and self.verdict.is_released


class UpliftCard(Struct, frozen=True):
    """What the models are, all together."""

    version: str
    made: int  # micros
    features: tuple[str, ...]
    experiences: tuple[OfExperience, ...]

    @property
    def is_worth_it(self) -> bool:
        """Whether any of them is released."""
        return any(one.is_released for one in self.experiences)


# ---- Learn -------------------------------------------------------------------------------------------


class Asked(NamedTuple):
    """One experience as the warehouse tells it."""

    trial: Trial
    revenue: Floats  # minor units, per person


def taught(lesson: Lesson) -> Taught:
    """Learn one model per experience whose goal is a purchase."""
    found: list[OfExperience] = []
    arrays: Arrays = {}
    for plan in sorted(lesson.plans(), key=lambda plan: plan.name):
        rows = _rows(lesson, plan) if plan.goal == GOAL else ()
        if rows:
            card, effects = judged(plan.name, one_split(rows))
            found.append(card)
            arrays |= {} if effects is None else _written(plan.name, effects)
    version = digest({**arrays, "made": np.array([lesson.now])})
    card_of_all = UpliftCard(version, lesson.now, FEATURES, tuple(found))
    return Taught(card_of_all, to_bytes(KIND, LAYOUT, to_builtins(card_of_all), arrays))


def _rows(lesson: Lesson, plan: Plan) -> Sequence[Sequence[Any]]:
    """Ask for the people of one experience; one at a time, because many do not fit into memory together."""
    if lesson.shop is None:
        return ()
    zone, currency = ShopZone(lesson.shop.zone), lesson.shop.currency
    asked = ask_known([plan], lesson.erased, currency=currency, zone=zone, now=lesson.now)
    return lesson.ask(*asked)


def one_split(rows: Sequence[Sequence[Any]]) -> Asked:
    """Take the people who were drawn with one share of control: of several the one with most of them.

    Rows are those of trial_known.sql. A bandit moves the shares of variants; that of the control stays.
    """
    shares = {str(row[2]): int(row[3]) for row in rows if row[1] == CONTROL}  # by policy
    people: dict[int, int] = {}
    for row in rows:
        share = shares.get(str(row[2]))
        if share is not None:
            people[share] = people.get(share, 0) + 1
    best = max(people, key=lambda share: (people[share], share), default=None)
    same = [row for row in rows if best is not None and shares.get(str(row[2])) == best]
    features = np.array([row[6:] for row in same], np.float64).reshape(len(same), len(FEATURES))
    treated = np.array([row[1] != CONTROL for row in same], np.bool_)
    converted = np.array([bool(row[4]) for row in same], np.float64)
    return Asked(Trial(features, treated, converted), np.array([row[5] for row in same], float))


def judged(name: str, asked: Asked) -> tuple[OfExperience, Effects | None]:
    """Try a model on people it has not seen; give the card, and the model of everybody if it is released."""
    trial = asked.trial
    few = too_few(trial.treated, trial.outcome)
    _, conversions = least(trial.treated, trial.outcome)
    card = OfExperience(
        experience=name,
        treated=int(trial.treated.sum()),
        control=int((~trial.treated).sum()),
        least_conversions=conversions,
        value=_worth(asked),
        refusals=few,
        because=tuple(in_words(reason, None, trial) for reason in few),
    )
    if few:
        return card, None
    foretold = crossfit(trial, (LEARNER,))
    effects = foretold.effects[LEARNER]
    said = verdict(trial, effects, foretold.response)
    tried = replace(
        card,
        refusals=said.refusals,
        because=tuple(in_words(reason, said, trial) for reason in said.refusals),
        verdict=said,
        groups=groups(trial, effects, foretold.untreated),
    )
    return tried, learned(trial, LEARNER) if said.is_released else None


def _worth(asked: Asked) -> float:
    """Give what a conversion brings on average, in all arms."""
    bought = asked.revenue[asked.trial.outcome > 0]
    if not len(bought):
        return 0.0
    return float(np.minimum(bought, np.percentile(bought, WINSOR)).mean())


def _written(name: str, effects: Effects) -> Arrays:
    """Write both models of the X-learner as one, each counted by its part: half the work for who serves."""
    one, other = effects.models
    mixed = together([(1 - effects.share, one), (effects.share, other)])
    return mixed.arrays(name)


# ---- Use ---------------------------------------------------------------------------------------------


class UpliftShelf:
    """The released models made ready to answer."""

    __slots__ = ("_effects", "_values", "_version")
    name: ClassVar[str] = KIND

    def __init__(self, card: UpliftCard, arrays: Mapping[str, Any]) -> None:
        released = [one for one in card.experiences if one.is_released]
        self._version = card.version
        self._values = {one.experience: one.value for one in released}
        self._effects = {one.experience: from_arrays(one.experience, arrays) for one in released}

    @property
    def version(self) -> str:
        """That of the card."""
        return self._version

    def expected(
        self, names: Iterable[ExperienceName], part: Part, *, now: int, zone: ShopZone
    ) -> dict[ExperienceName, int]:
        """Foretell what showing each message would bring, in thousandths of a minor unit; may be below zero."""
        known = [name for name in names if name in self._effects]
        if not known:
            return {}
        features = np.array([features_of(part, now, zone)])
        return {name: self._brings(name, features) for name in known}

    def _brings(self, name: str, features: Floats) -> int:
        effect = float(self._effects[name].foretell(features)[0])
        return round(effect * self._values[name] * THOUSANDTHS)


UPLIFT = Kind(
    KIND,
    taught,
    reader(KIND, LAYOUT, UpliftCard),
    lambda kept: UpliftShelf(*kept),
    every=DAY,
    is_patient=True,
    unworthy="not_released",
)
