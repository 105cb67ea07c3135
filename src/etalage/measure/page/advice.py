"""Step 7 of 8, measure: what to do next, and what not to conclude; both follow from the figures.

In:   a report.
Out:  a few points, the most urgent first, each with its reason.
Idea: two tables of rules. A rule looks at a report and gives the words to fill in, or nothing. No rule reads a figure
      that may not be shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from etalage.domain.report import Effect, Guardrail, NoteKey, Part
from etalage.measure.lines import FAR_AWAY
from etalage.measure.page.answer import open_question
from etalage.measure.page.model import Item, Sign
from etalage.measure.page.say import clean
from etalage.measure.page.told import SETTLED, Told, mirrored

MOST_STEPS = 4
MOST_WARNINGS = 4
LOW_COVERAGE = 0.25  # of the measurable people; with less, reach is the shortest way to more
SEEN_BY_FEW = 0.5  # of those for whom the moment came
SAFE_JOINED = 0.85  # of the orders; under 0.70 the verdict lapses

Fields = dict[str, str]
Rule = tuple[str, Callable[[Told], Fields | None]]


def next_steps(told: Told) -> tuple[Item, ...]:
    """Say what to do next."""
    return _items(told, "advice", NEXT, "step")[:MOST_STEPS]


def not_to_conclude(told: Told) -> tuple[Item, ...]:
    """Say what these figures do not show."""
    return _items(told, "not_this", NOT_THIS, "not")[:MOST_WARNINGS]


def _items(told: Told, group: str, rules: Iterable[Rule], sign: Sign) -> tuple[Item, ...]:
    said = []
    for key, applies in rules:
        fields = applies(told)
        if fields is not None:
            point, why = (told.own(f"{group}.{k}", **fields) for k in (key, f"{key}_why"))
            said.append(Item(point=point[:1].upper() + point[1:], why=why, sign=sign))
    return tuple(said)


# ---- What a rule looks at ---------------------------------------------------------------------------


def _if(condition: bool) -> Fields | None:
    return {} if condition else None


def _state(told: Told) -> str:
    return told.reported.state


def _is_closed(told: Told) -> bool:
    about = told.reported.about
    return about is not None and about.state in {"paused", "ended"}


def _arm(told: Told) -> str:
    if told.speaker is None or len(told.variants) == 1:
        return told.say("arms.only")
    return told.arm(told.speaker.arm)


def _effect(told: Told) -> Effect | None:
    return told.effect(told.speaker) if told.speaker else None


def _noted(told: Told, key: NoteKey) -> int | None:
    return next((n.count for n in told.reported.notes if n.key == key), None)


def _waits_too_long(told: Told) -> bool:
    expected = open_question(told.reported).expected
    return expected is not None and expected - told.reported.now > FAR_AWAY


def _waits(told: Told) -> bool:
    reason = open_question(told.reported).reason
    return _state(told) == "too_early" and reason not in {"no_control", "nobody_triggered"}


# ---- What next -----------------------------------------------------------------------------------------


def _pause(told: Told) -> Fields | None:
    effect = _effect(told)
    if _state(told) != "harmful" or effect is None or _is_closed(told) or told.is_total:
        return None
    lost = mirrored(effect.extra_conversions_interval)
    low, high, _ = told.counts(lost, -effect.extra_conversions)
    return {"arm": _arm(told), "low": low, "high": high, "many": told.goal("many")}


def _roll_out(told: Told) -> Fields | None:
    effect = _effect(told)
    if _state(told) != "verified_effect" or effect is None or told.is_total or _is_closed(told):
        return None
    persons = told.speaker.counted + told.control.counted if told.speaker else 0
    low, high, _ = told.counts(effect.difference_interval.times(max(persons, 1)), effect.potential)
    return {"arm": _arm(told), "low": low, "high": high, "many": told.goal("many")}


def _drop_others(told: Told) -> Fields | None:
    others = [a for a in told.variants if a.state in SETTLED and a.state != "verified_effect"]
    if _state(told) != "verified_effect" or not others:
        return None
    return {"arms": told.say.listed([told.arm(a.arm) for a in others]), "arm": _arm(told)}


def _later(told: Told) -> Fields | None:
    missing = open_question(told.reported)
    if _state(told) != "undecided" or missing.expected is None or _waits_too_long(told):
        return None
    return {
        "date": told.say.date(missing.expected),
        "need": told.say.number(missing.need),
        "have": told.say.number(missing.have),
    }


def _bolder(told: Told) -> Fields | None:
    missing = open_question(told.reported)
    is_open = _state(told) == "undecided" and missing.expected is None
    late = _state(told) in {"undecided", "too_early"} and _waits_too_long(told)
    return _if(is_open or late)


def _wait(told: Told) -> Fields | None:
    expected = open_question(told.reported).expected
    if not _waits(told) or expected is None or _waits_too_long(told):
        return None
    return {"date": told.say.weekday(expected)}


def _guardrail(told: Told) -> Fields | None:
    worse = next(iter(harmed(told)), None)
    if worse is None or _state(told) == "broken":
        return None
    return {"name": told.say.known("guardrails", worse.name), "arm": told.arm(worse.arm)}


def harmed(told: Told) -> list[Guardrail]:
    """Give what got worse; that fewer people buy is no news where buying is the goal itself."""
    is_goal = told.reported.goal == "purchase"
    return [
        g
        for g in told.reported.guardrails
        if g.state == "harm" and not (is_goal and g.name == "conversion")
    ]


def _widen(told: Told) -> Fields | None:
    share = told.reported.coverage.share
    if _state(told) != "verified_effect" or told.is_total or share is None or share >= LOW_COVERAGE:
        return None
    return {"share": told.say.percent(share)}


def _seen_little(told: Told) -> Fields | None:
    if _state(told) not in {"no_relevant_difference", "undecided"} or told.is_total:
        return None
    triggered = sum(a.triggered for a in told.variants)
    share = sum(a.exposures for a in told.variants) / triggered if triggered else 1.0
    return {"share": told.say.percent(share)} if share < SEEN_BY_FEW else None


def _join_more(told: Told) -> Fields | None:
    share = told.reported.joined.share
    if told.reported.goal != "purchase" or _state(told) == "broken" or share is None:
        return None
    return {"share": told.say.percent(share)} if share < SAFE_JOINED else None


def _part(told: Told, state: str) -> Fields | None:
    part = next((p for p in told.reported.parts if p.state == state), None)
    if part is None or _state(told) == "broken":
        return None
    return {"part": part_name(told, part)}


def part_name(told: Told, part: Part) -> str:
    """Name a part: of what, and which."""
    groups = {"device": "devices", "phase": "phases"}
    value = clean(part.value, 40)
    group = groups.get(part.dimension)
    return told.say.known(group, part.value, value) if group else value


def _tag(told: Told) -> Fields | None:
    count = _noted(told, "exposed_without_trigger")
    return None if not count else {"count": told.say.number(count)}


NEXT: tuple[Rule, ...] = (
    ("find_split", lambda t: _if("sample_ratio" in t.reported.faults)),
    ("send_orders", lambda t: _if("joined_orders" in t.reported.faults)),
    ("start_anew", lambda t: _if(_state(t) == "broken")),
    ("pause", _pause),
    ("pause_paused", lambda t: _if(_state(t) == "harmful" and _is_closed(t))),
    ("look_again", lambda t: _if(_noted(t, "effect_changed") is not None)),
    ("guardrail", _guardrail),
    ("roll_out", _roll_out),
    ("drop_others", _drop_others),
    ("keep_all", lambda t: _if(_state(t) == "verified_effect" and t.is_total)),
    ("end_it", lambda t: _if(_state(t) == "no_relevant_difference" and not t.is_total)),
    ("end_it_all", lambda t: _if(_state(t) == "no_relevant_difference" and t.is_total)),
    ("find_harm", lambda t: _if(_state(t) == "harmful" and t.is_total)),
    ("extend", _later),
    ("make_control", lambda t: _if(_is_missing(t, "no_control"))),
    ("check_trigger", lambda t: _if(_is_missing(t, "nobody_triggered"))),
    ("bolder", _bolder),
    ("wait", _wait),
    (
        "wait_open",
        lambda t: _if(_waits(t) and open_question(t.reported).expected is None),
    ),
    ("widen", _widen),
    ("seen_little", _seen_little),
    ("join_more", _join_more),
    ("confirm_orders", lambda t: _if(_noted(t, "not_confirmed") is not None)),
    ("keep_split", lambda t: _if(_noted(t, "split_changed") is not None)),
    ("check_tag", _tag),
    ("test_part", lambda t: _part(t, "verified_effect")),
    ("spare_part", lambda t: _part(t, "harmful")),
)


def _is_missing(told: Told, reason: str) -> bool:
    return _state(told) == "too_early" and open_question(told.reported).reason == reason


# ---- What not to conclude -------------------------------------------------------------------------------


def _exact(told: Told) -> Fields | None:
    effect = _effect(told)
    if effect is None or _state(told) not in {"verified_effect", "harmful"}:
        return None
    low, high, best = told.lift(effect)
    return {"low": low, "high": high, "best": best}


def _still_possible(told: Told) -> Fields | None:
    effect = _effect(told)
    if effect is None or _state(told) != "undecided":
        return None
    return {"high": told.lift(effect)[1]}


def _money(told: Told) -> Fields | None:
    """Warn where more people buy for certain, but the amount may still be zero."""
    effect = _effect(told)
    interval = effect.extra_revenue_interval if effect else None
    is_about_orders = _state(told) == "verified_effect" and told.reported.goal == "purchase"
    if effect is None or interval is None or not is_about_orders or interval.low > 0:
        return None
    low, high, _ = told.amounts(interval, effect.extra_revenue or 0.0)
    return {"low": low, "high": high}


def _profit(told: Told) -> Fields | None:
    effect = _effect(told)
    interval = effect.extra_revenue_interval if effect else None
    return _if(interval is not None and interval.low > 0)


NOT_THIS: tuple[Rule, ...] = (
    ("not_good_or_bad", lambda t: _if(_state(t) == "broken")),
    ("not_time", lambda t: _if(_is_missing(t, "no_control"))),
    ("not_direction", lambda t: _if(_state(t) == "too_early")),
    ("not_proved_null", _still_possible),
    ("not_proved_few", lambda t: _if(_state(t) == "undecided" and _effect(t) is None)),
    ("not_nothing", lambda t: _if(_state(t) == "no_relevant_difference")),
    ("not_idea", lambda t: _if(_state(t) == "harmful" and not t.is_total)),
    ("not_exact", _exact),
    ("not_money", _money),
    ("not_each", lambda t: _if(t.is_total)),
    ("not_sum", lambda t: _if(not t.is_total)),
    ("not_parts", lambda t: _if(bool(t.reported.parts) and _state(t) != "broken")),
    ("not_profit", lambda t: _if(_state(t) == "verified_effect" and _profit(t) is not None)),
    ("not_forever", lambda t: _if(_state(t) in {"verified_effect", "no_relevant_difference"})),
    ("not_untouched", lambda t: _if(_state(t) in SETTLED and not t.is_total)),
)
