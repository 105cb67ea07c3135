"""Step 7 of 8, measure: the tables of a report: variants, parts, guardrails, figures per order.

Idea: all intervals of a table share one axis with zero on it, so that one look compares them.
"""

from __future__ import annotations

from collections.abc import Sequence

from etalage.domain.report import (
    ANY_MESSAGE,
    ArmFigures,
    Effect,
    Guardrail,
    Interval,
    Part,
    State,
)
from etalage.measure.page import svg
from etalage.measure.page.advice import part_name
from etalage.measure.page.model import Cell, Prose, Table
from etalage.measure.page.told import SETTLED, Told, rate
from etalage.measure.verdict import verdict

Shown = tuple[Interval, float]

FEWEST_IN_PART = 50  # persons; a smaller part says nothing, and might point at somebody


def variants(told: Told) -> Table | None:
    """Compare the variants; only where there are several."""
    if len(told.variants) <= 1 or told.speaker is None:
        return None
    say = told.say
    effects = [told.effect(arm) for arm in told.variants]
    axis = _axis([_shown(e) for e in effects if e is not None])
    rows = [
        _variant_row(told, arm, effect, (axis, svg.SERIES[i % len(svg.SERIES)]))
        for i, (arm, effect) in enumerate(zip(told.variants, effects, strict=True))
    ]
    rows.append(
        (
            Cell(text=_capital(told.arm(told.reported.control))),
            Cell(text=say.number(told.control.counted)),
            _rate(told, told.control),
            *(Cell(text=say("page.nothing")) for _ in range(4)),
        )
    )
    head = (
        say("plots.group"),
        say("plots.persons"),
        told.goal("rate"),
        _axis_head(told, axis),
        say("plots.extra"),
        say("plots.revenue"),
        say("plots.verdict"),
    )
    return Table(caption=say("sections.variants"), head=head, rows=tuple(rows))


def _variant_row(
    told: Told, arm: ArmFigures, effect: Effect | None, look: tuple[svg.Pair, str]
) -> tuple[Cell, ...]:
    say = told.say
    name = Cell(text=_capital(told.arm(arm.arm)))
    verdict = _verdict(told, arm.state or "too_early")
    if effect is None:
        nothing = Cell(text=say("page.nothing"))
        return (
            name,
            Cell(text=say.number(arm.counted)),
            nothing,
            nothing,
            nothing,
            nothing,
            verdict,
        )
    low, high, best = told.counts(effect.extra_conversions_interval, effect.extra_conversions)
    return (
        name,
        Cell(text=say.number(arm.counted)),
        _rate(told, arm),
        _drawn(told, effect, *look),
        Cell(text=told.between(low, high), small=say("page.best", best=best)),
        _revenue(told, effect),
        verdict,
    )


def _verdict(told: Told, state: State) -> Cell:
    return Cell(text=verdict(state, told.say.language), state=state)


def _rate(told: Told, arm: ArmFigures) -> Cell:
    return Cell(text=told.say.number(arm.conversions), small=told.say.percent(rate(arm), digits=2))


def _revenue(told: Told, effect: Effect) -> Cell:
    interval, best = effect.extra_revenue_interval, effect.extra_revenue
    if interval is None or best is None:
        return Cell(text=told.say("page.nothing"), small=told.say("figures.no_amount_few"))
    low, high, middle = told.amounts(interval, best)
    return Cell(text=told.between(low, high), small=told.say("page.best", best=middle))


def _drawn(told: Told, effect: Effect, axis: svg.Pair, colour: str) -> Cell:
    interval, best = _shown(effect)
    low, high, middle = told.lift(effect)
    return Cell(
        text=told.between(low, high),
        small=told.say("page.best", best=middle),
        drawing=svg.mini((interval.low, interval.high), best, axis, colour),
    )


def _shown(effect: Effect) -> Shown:
    if effect.lift is not None and effect.lift_interval is not None:
        return effect.lift_interval, effect.lift
    return effect.difference_interval, effect.difference


def _axis(shown: Sequence[Shown]) -> svg.Pair:
    low = min([0.0, *(i.low for i, _ in shown)])
    high = max([0.0, *(i.high for i, _ in shown)])
    room = 0.06 * (high - low) or 0.01
    return low - room, high + room


def _axis_head(told: Told, axis: svg.Pair) -> str:
    low, high = (told.say.percent(v, digits=0) for v in axis)
    return told.say("plots.axis", low=low, high=high)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# ---- Parts -----------------------------------------------------------------------------------------------


def parts(told: Told) -> tuple[Prose, Table] | None:
    """Show where it did something: exploratory, and only beside a result of the whole."""
    if not told.reported.parts or told.speaker is None:
        return None
    say = told.say
    loudest = told.speaker.arm
    large = [p for p in told.reported.parts if _persons(p) >= FEWEST_IN_PART]
    rows = sorted(
        ((part, _of_part(part, loudest)) for part in large), key=lambda row: row[1] is None
    )
    if not rows:
        return None
    axis = _axis([_shown(e) for _, e in rows if e is not None])
    table = Table(
        caption=say("sections.parts"),
        head=(
            say("plots.part"),
            say("plots.persons"),
            _axis_head(told, axis),
            say("plots.verdict"),
        ),
        rows=tuple(_part_row(told, part, effect, axis) for part, effect in rows),
    )
    return Prose(paragraphs=(say("parts.intro"),)), table


def _persons(part: Part) -> int:
    return sum(a.counted or a.triggered for a in part.arms)


def _of_part(part: Part, loudest: str) -> Effect | None:
    """Give the effect within a part, of the variant that speaks for the whole."""
    arm = next((a for a in part.arms if a.arm == loudest), None)
    may = part.state in SETTLED and arm is not None and arm.state in SETTLED
    return arm.effect if may and arm is not None and isinstance(arm.effect, Effect) else None


def _part_row(told: Told, part: Part, effect: Effect | None, axis: svg.Pair) -> tuple[Cell, ...]:
    say = told.say
    name = Cell(text=_capital(part_name(told, part)), small=say(f"dimensions.{part.dimension}"))
    persons = Cell(text=say.number(_persons(part)))
    if effect is None:
        few = Cell(text=say("page.nothing"), small=say("parts.early"))
        return name, persons, few, _verdict(told, "too_early")
    verdict = _verdict(told, part.state)
    return name, persons, _drawn(told, effect, axis, svg.SERIES[2]), verdict


def guardrails(told: Told) -> tuple[Table | Prose, ...]:
    """Show what must not get worse, and name what cannot be said yet; nothing of it where no effect may be shown."""
    found = told.reported.guardrails
    if told.speaker is None:
        return ()
    settled = [one for one in found if _is_settled(told, one)]
    waiting = [one for one in found if one not in settled]
    table = (_guardrail_table(told, settled),) if settled else ()
    return (*table, Prose(paragraphs=(_waiting(told, waiting),))) if waiting else table


def _is_settled(told: Told, one: Guardrail) -> bool:
    return told.effect(told.reported.arm(one.arm)) is not None and one.state != "unsettled"


def _waiting(told: Told, found: Sequence[Guardrail]) -> str:
    """Name what is watched and cannot be said yet; of which variant where there are several."""
    several = len(told.variants) > 1
    names = [
        told.say.known("guardrails", one.name).lower()
        + (f" ({told.arm(one.arm)})" if several else "")
        for one in found
    ]
    return told.say("guardrails.waiting", names=told.say.listed(names))


def _guardrail_table(told: Told, found: Sequence[Guardrail]) -> Table:
    say = told.say
    rows = [
        (
            Cell(text=say.known("guardrails", one.name), small=told.arm(one.arm)),
            *(Cell(text=_mean(told, one.name, value)) for value in (one.treated, one.control)),
            Cell(text=say(f"guardrails.{one.state}")),
        )
        for one in found
    ]
    head = (say("guardrails.name"), *_groups(told))
    caption = say("guardrails.caption")
    return Table(caption=caption, head=(*head, say("plots.verdict")), rows=tuple(rows))


def _groups(told: Told) -> tuple[str, str]:
    """Name both groups at the head of a column."""
    if told.is_total:
        return _capital(told.arm(ANY_MESSAGE)), _capital(told.arm(told.reported.control))
    return told.say("guardrails.treated"), told.say("guardrails.control")


def _mean(told: Told, name: str, value: float | None) -> str:
    if value is None:
        return told.say("page.nothing")
    if name == "page_time":
        return told.say.seconds(value)
    return told.say.percent(value, digits=2)


def ratios(told: Told) -> Table | None:
    """Show figures per order; only beside a result of the whole."""
    found = told.reported.ratios
    if not found or told.speaker is None:
        return None
    say = told.say
    rows = []
    for one in found:
        if not (one.treated or one.control):
            continue  # nothing was returned, or nobody told us of it
        if one.name == "revenue_per_order":
            currency = told.reported.currency
            values = [say.money(v, currency, cents=True) for v in (one.treated, one.control)]
            low, high, best = told.amounts(one.interval, one.difference)
        else:
            values = [say.percent(v) for v in (one.treated, one.control)]
            low, high, best = told.percents(one.interval, one.difference)
        name = Cell(text=say.known("ratios", one.name), small=told.arm(one.arm))
        drawn = Cell(text=told.between(low, high), small=say("page.best", best=best))
        rows.append((name, *(Cell(text=v) for v in values), drawn))
    if not rows:
        return None
    head = (say("ratios.figure"), *_groups(told), say("ratios.difference"))
    return Table(caption=say("sections.ratios"), head=head, rows=tuple(rows))
