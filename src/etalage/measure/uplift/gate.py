"""Step 7 of 8, measure: whether an uplift model may be used, and what kinds of people a message has.

In:   a random trial, and what was foretold of people whom the models had not seen.
Out:  a `Verdict`: its Qini coefficient, what choosing by it gains, and every reason to refuse it, by name.
Idea: a place on a page is not free: it could have gone to another message. So a place costs what this message does on
      average, unless somebody says what it costs; then showing it to everybody gains nothing, and only an order that
      really knows for whom it does more gains something. To order by response must not do as well.
From: methods 4 (the release gate; the groups).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from msgspec import Struct

from etalage.domain.experience import Language
from etalage.measure.refusal_words import number, why
from etalage.measure.uplift.learners import Flags, Trial
from etalage.measure.uplift.trees import Floats
from etalage.measure.uplift.worth import (
    Ordered,
    Tried,
    drawn,
    effect,
    gain,
    ordered,
    qini,
    seen,
)

LEAST_PERSONS = 10_000  # in each arm
LEAST_CONVERSIONS = 500  # in each arm
LOW, HIGH = 2.5, 97.5  # per cent: 95% intervals
TENTHS = 10
SURE = 1.96  # standard errors

Refusal = Literal[
    "too_few_persons",
    "too_few_conversions",
    "qini_not_above_zero",
    "no_better_than_everyone",
    "no_better_than_response",
]


class Span(Struct, frozen=True):
    """A figure with its 95% bootstrap interval."""

    value: float
    low: float
    high: float


class Verdict(Struct, frozen=True):
    """What an order by foretold effects is worth. Gains are per person, above treating nobody and less the cost."""

    qini: Span
    cost: float  # of treating one person, in the unit of the outcome
    share: float  # foretold to gain more than that
    gain: float  # of treating those
    gain_everyone: float
    gain_response: float  # of treating as many, those who do most when treated
    over_everyone: Span  # how much more the model gains
    over_response: Span
    refusals: tuple[Refusal, ...] = ()

    @property
    def is_released(self) -> bool:
        """Whether every condition holds."""
        return not self.refusals


class Groups(Struct, frozen=True):
    """How many persons are of a kind. Only counts: nobody is labelled, because nobody's own effect is ever seen."""

    persuadable: int  # in a tenth whose effect is surely above the cost
    sure_thing: (
        int  # does it anyhow: no sure effect, and does it untreated as often as the average or more
    )
    lost_cause: int  # no sure effect, and seldom does it
    sleeping_dog: int  # in a tenth whose effect is surely below zero


def too_few(treated: Flags, outcome: Floats) -> tuple[Refusal, ...]:
    """Say whether there are too few people or conversions in an arm to learn anything at all."""
    persons, conversions = least(treated, outcome)
    reasons: list[Refusal] = []
    if persons < LEAST_PERSONS:
        reasons.append("too_few_persons")
    if conversions < LEAST_CONVERSIONS:
        reasons.append("too_few_conversions")
    return tuple(reasons)


def least(treated: Flags, outcome: Floats) -> tuple[int, int]:
    """Count the persons and the conversions of the arm that has fewer of each."""
    did = outcome > 0
    one, other = int(treated.sum()), int((~treated).sum())
    return min(one, other), min(int((did & treated).sum()), int((did & ~treated).sum()))


def verdict(
    trial: Trial, effects: Floats, response: Floats, *, cost: float | None = None
) -> Verdict:
    """Judge an order by effects that were foretold of people the model had not seen.

    Args:
        trial: the people.
        effects: foretold, per row.
        response: what each does when treated, foretold too.
        cost: of treating one person; without it the average effect, which is what the place could have done.
    """
    tried = seen(trial.treated, trial.outcome)
    price = effect(tried) if cost is None else cost
    people, chosen = ordered(effects), effects > price
    as_many = _highest(response, int(chosen.sum()))
    asked = _Asked(people, chosen, as_many, price)
    now = _figures(tried, asked)
    draws = np.array([_figures(again, asked) for again in drawn(tried)])
    spans = [
        Span(value, *(float(end) for end in np.percentile(column, [LOW, HIGH])))
        for value, column in zip(now, draws.T, strict=True)
    ]
    refusals = list(too_few(trial.treated, trial.outcome))
    names: tuple[Refusal, ...] = (
        "qini_not_above_zero",
        "no_better_than_everyone",
        "no_better_than_response",
    )
    refusals += [name for name, span in zip(names, spans, strict=True) if span.low <= 0]
    mine = gain(tried, chosen, price)
    return Verdict(
        qini=spans[0],
        cost=price,
        share=float(chosen.mean()),
        gain=mine,
        gain_everyone=mine - spans[1].value,
        gain_response=mine - spans[2].value,
        over_everyone=spans[1],
        over_response=spans[2],
        refusals=tuple(refusals),
    )


class _Asked(NamedTuple):
    people: Ordered
    chosen: Flags
    as_many: Flags
    price: float


def _figures(tried: Tried, asked: _Asked) -> tuple[float, float, float]:
    """Give Q, and what the choice gains over everybody and over the highest response."""
    mine = gain(tried, asked.chosen, asked.price)
    everyone = effect(tried) - asked.price
    return (
        qini(asked.people, tried),
        mine - everyone,
        mine - gain(tried, asked.as_many, asked.price),
    )


def _highest(scores: Floats, count: int) -> Flags:
    chosen = np.zeros(len(scores), np.bool_)
    chosen[np.argsort(-scores, kind="stable")[:count]] = True
    return chosen


def groups(trial: Trial, effects: Floats, untreated: Floats, *, cost: float = 0.0) -> Groups:
    """Count the kinds of people, by the effect that was seen in each tenth of the order.

    A bound of one person's effect would be made of the model alone; that of a tenth of the people was seen.
    """
    kind = np.full(len(effects), "lost_cause", dtype="<U12")
    kind[untreated >= untreated.mean()] = "sure_thing"
    for tenth in np.array_split(ordered(effects).order, TENTHS):
        low, high = _bounds(trial.treated[tenth], trial.outcome[tenth])
        if high < 0:
            kind[tenth] = "sleeping_dog"
        elif low > cost:
            kind[tenth] = "persuadable"
    return Groups(**{name: int((kind == name).sum()) for name in Groups.__struct_fields__})


def _bounds(treated: Flags, outcome: Floats) -> tuple[float, float]:
    one, other = outcome[treated], outcome[~treated]
    if len(one) < 2 or len(other) < 2:  # noqa: PLR2004  a variance takes two
        return -np.inf, np.inf
    error = float(np.sqrt(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other)))
    seen_effect = float(one.mean() - other.mean())
    return seen_effect - SURE * error, seen_effect + SURE * error


def in_words(
    reason: Refusal, found: Verdict | None, trial: Trial, language: Language = "en"
) -> str:
    """Say a reason with its figures, for who has to understand why nothing is released.

    Args:
        reason: one of the refusals.
        found: the verdict; None where there were too few to try anything.
        trial: the people.
        language: of the words.
    """
    persons, conversions = least(trial.treated, trial.outcome)
    if reason == "too_few_persons":
        needed = number(LEAST_PERSONS, language)
        return why(reason, language, persons=number(persons, language), least=needed)
    if reason == "too_few_conversions" or found is None:
        needed = number(LEAST_CONVERSIONS, language)
        many = number(conversions, language)
        return why("too_few_conversions", language, conversions=many, least=needed)
    if reason == "qini_not_above_zero":
        return why(reason, language, **_span(found.qini, language))
    span = found.over_everyone if reason == "no_better_than_everyone" else found.over_response
    over = why("over", language, **_span(span, language, signed=True))
    return why(reason, language, over=over)


def _span(span: Span, language: Language, *, signed: bool = False) -> dict[str, str]:
    ends = {"value": span.value, "low": span.low, "high": span.high}
    return {k: number(v, language, digits=5, signed=signed) for k, v in ends.items()}
