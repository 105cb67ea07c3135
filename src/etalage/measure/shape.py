"""Step 7 of 8, measure: a report in the shape that programs read (design 12, `etalage report --json`).

Money in units of the currency, as in the events we receive; shares between 0 and 1; what ends in `_pct` in per cent;
moments as ISO 8601. What may not be shown yet is null, its history is empty, and `reason` says why.
"""

from __future__ import annotations

from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from etalage.domain.money import exponent
from etalage.domain.report import (
    ArmFigures,
    Effect,
    ExperienceReport,
    Guardrail,
    Interval,
    Part,
    Point,
    RatioFigure,
    Tally,
    Unsettled,
)
from etalage.domain.time import DAY, iso
from etalage.measure.report import effects
from etalage.measure.statistics import ratio as ratio_test

Json = dict[str, Any]


def to_json(reported: ExperienceReport) -> Json:
    """Give one report as a JSON object."""
    ratio = reported.sample_ratio
    return {
        "experience": reported.name,
        "state": reported.state,
        "faults": list(reported.faults),
        **_open(reported.unsettled),
        "coverage": _rounded(reported.coverage.share),
        "measurable": reported.coverage.measurable,
        "reached": reported.coverage.reached,
        "goal": reported.goal,
        "window_days": reported.window / DAY,
        "population": reported.population,
        "started": iso(reported.started),
        "now": iso(reported.now),
        "look": iso(reported.look),
        "trust": reported.trust,
        "currency": reported.currency,
        "revenue_cap": _money(reported.revenue_cap, reported.currency),
        "joined_share": _rounded(reported.joined.share),
        "orders_by_way": reported.joined.by_way,
        "crossed": reported.crossed,
        "crossed_share": _rounded(reported.crossed_share),
        "sample_ratio": ratio
        and {
            "counts": ratio.counts,
            "expected": {arm: round(count, 2) for arm, count in ratio.expected.items()},
            "p_fixed": ratio.p_fixed,
            "p_continuous": ratio.p_continuous,
            "uneven": [
                to_builtins(part) for part in ratio.parts if part.p < ratio_test.BLOCKED_BELOW
            ],
            "causes": [to_builtins(cause) for cause in ratio.causes],
        },
        "notes": [{"note": note.key, "count": note.count} for note in reported.notes],
        "control": reported.control,
        "planned": reported.planned,
        "ends": None if reported.ends is None else iso(reported.ends),
        "erased": reported.erased,
        "about": None if reported.about is None else to_builtins(reported.about),
        "variants": [_arm(figures, reported.currency) for figures in reported.arms],
        "guardrails": [_guardrail(one, reported) for one in reported.guardrails],
        "ratios": [_ratio(one, reported.currency) for one in reported.ratios],
        "parts": [_part(part, reported) for part in reported.parts],
        "sources": [to_builtins(source) for source in reported.sources],
    }


def _open(unsettled: Unsettled | None) -> Json:
    found = unsettled or Unsettled(reason="interval_wide")
    shown = unsettled is not None
    return {
        "reason": found.reason if shown else None,
        "needed": found.need if shown else None,
        "have": found.have if shown else None,
        "expected_date": iso(found.expected)[:10] if shown and found.expected else None,
    }


def _arm(figures: ArmFigures, currency: str) -> Json:
    effect = figures.effect if isinstance(figures.effect, Effect) else None
    unsettled = figures.effect if isinstance(figures.effect, Unsettled) else None
    return {
        "variant": figures.arm,
        "state": figures.state,
        "visitors": figures.visitors,
        "triggered": figures.triggered,
        "exposures": figures.exposures,
        "clicks": figures.clicks,
        "counted": figures.counted,
        "conversions": figures.conversions,
        "orders": figures.orders,
        "revenue": _money(figures.revenue, currency),
        "revenue_capped": _money(figures.revenue_capped, currency),
        "extra_conversions": effect and round(effect.extra_conversions, 1),
        "extra_conversions_pct": effect and _percent(effect.lift),
        "extra_revenue": effect and _money(effect.extra_revenue, currency),
        "extra_revenue_uncapped": effect and _money(effect.extra_revenue_uncapped, currency),
        "interval": effect and _intervals(effect, currency),
        "p": effect and effect.p,
        "potential": effect and round(effect.potential, 1),
        "cost_of_control": effect and round(effect.cost_of_control, 1),
        **_past(effect, currency),
        **_open(unsettled),
        "history": [_point(point) for point in figures.history] if effect else [],
        "days": [_day(day, currency) for day in figures.days],
    }


def _part(part: Part, reported: ExperienceReport) -> Json:
    """Give a part; as long as nothing may be said of the whole, nothing is said of its parts either."""
    early = reported.state == "too_early" and not effects(reported)
    arms = (
        [replace(a, state=a.state and "too_early", effect=None) for a in part.arms]
        if early
        else part.arms
    )
    return {
        "dimension": part.dimension,
        "value": part.value,
        "state": "too_early" if early else part.state,
        "variants": [_arm(figures, reported.currency) for figures in arms],
    }


def _guardrail(one: Guardrail, reported: ExperienceReport) -> Json:
    """Give the answer always; the means of both groups only where the effect itself may be shown."""
    if not isinstance(reported.arm(one.arm).effect, Effect):
        one = replace(one, treated=None, control=None)
    return dict(to_builtins(one))


def _past(effect: Effect | None, currency: str) -> Json:
    """Say what was adjusted for the past of the persons, with the figure as it was without."""
    raw, revenue = (effect.raw, effect.revenue_raw) if effect else (None, None)
    return {
        "adjusted": effect and effect.adjusted,
        "difference_unadjusted": raw
        and {"estimate": raw.estimate, "low": raw.interval.low, "high": raw.interval.high},
        "revenue_adjusted": effect and effect.revenue_adjusted,
        "extra_revenue_unadjusted": revenue
        and {
            "estimate": _money(revenue.estimate, currency),
            "low": _money(revenue.interval.low, currency),
            "high": _money(revenue.interval.high, currency),
        },
    }


def _point(point: Point) -> Json:
    lift, interval = point.lift_interval, point.difference_interval
    return {
        "look": iso(point.at),
        "counted": point.counted,
        "difference": point.difference,
        "low": interval.low,
        "high": interval.high,
        "lift_pct": _percent(point.lift),
        "lift_low_pct": lift and _percent(lift.low),
        "lift_high_pct": lift and _percent(lift.high),
    }


def _day(day: Tally, currency: str) -> Json:
    return {
        "look": iso(day.at),
        "counted": day.counted,
        "conversions": day.conversions,
        "revenue_capped": _money(day.revenue_capped, currency),
    }


def _ratio(figure: RatioFigure, currency: str) -> Json:
    """Give a figure per order; money in units of the currency."""
    scale = 10 ** exponent(currency) if figure.name == "revenue_per_order" else 1
    return {
        "name": figure.name,
        "variant": figure.arm,
        "treated": figure.treated / scale,
        "control": figure.control / scale,
        "difference": figure.difference / scale,
        "low": figure.interval.low / scale,
        "high": figure.interval.high / scale,
    }


def _intervals(effect: Effect, currency: str) -> Json:
    """Give the interval of each figure; `low` and `high` themselves are those of extra_conversions_pct."""
    lift, revenue = effect.lift_interval, effect.extra_revenue_interval
    return {
        "of": "extra_conversions_pct",
        "level": effect.difference_interval.level,
        "low": lift and _percent(lift.low),
        "high": lift and _percent(lift.high),
        "extra_conversions": _pair(effect.extra_conversions_interval),
        "extra_revenue": revenue
        and [_money(revenue.low, currency), _money(revenue.high, currency)],
    }


def _pair(interval: Interval) -> list[float]:
    return [round(interval.low, 1), round(interval.high, 1)]


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 2)


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _money(units: float | None, currency: str) -> float | None:
    digits = exponent(currency)
    return None if units is None else round(units / 10**digits, digits)
