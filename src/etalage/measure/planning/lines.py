"""Step 7 of 8, measure: a plan in sentences and as a table, in Dutch and in English, for the terminal.

In:   a forecast.
Out:  a headline, sentences, a table of designs, and what could be decided instead.
Idea: chances are rounded down and dates are rounded up to the look at which they fall, so that nothing sounds better
      than it is; a chance of nearly one is "more than 99%", never certainty.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from math import floor
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from etalage.domain.time import DAY, iso, moment
from etalage.measure.lines import Language
from etalage.measure.maturity import LEAST_CONVERSIONS
from etalage.measure.planning.chance import ENOUGH
from etalage.measure.planning.outlook import LEAST_DAYS, Forecast, Offer, Outlook, Prospect
from etalage.measure.verdict import within

_MOST = 0.99  # no chance is said to be higher


@cache
def words() -> dict[str, dict[str, str]]:
    """Give all sentences, by language and key."""
    text = (files("etalage.measure.planning") / "words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def headline(told: Forecast, language: Language) -> str:
    """Say in one sentence whether it can be decided, or why that cannot be said."""
    name, public, outlook = told.experience, told.public, told.outlook
    if not told.has_control:
        return _say(language, "no_control", name=name)
    if outlook is None:
        have, need = _number(public.days, language), _number(LEAST_DAYS, language)
        return _say(language, "young", name=name, have=have, need=need)
    if not public.traffic.persons:
        return _say(language, "nobody", name=name, days=_number(public.days, language))
    if not outlook.base_rate:
        persons = _number(public.traffic.persons, language)
        return _say(language, "no_goal", name=name, persons=persons, goal=outlook.goal)
    return _say(language, "decided" if outlook.can_be_decided else "undecided", name=name)


def sentences(told: Forecast, language: Language) -> list[str]:
    """Say who would meet it, how likely an answer is, and by when."""
    outlook = told.outlook
    if outlook is None or not outlook.base_rate:
        return []
    said = [_traffic(outlook, language)]
    said += [_say(language, "at_most")] if told.public.at_most else []
    said += [_say(language, "own")] if told.public.is_own else []
    return [*said, *_about_chosen(outlook, told.now, language)]


def _traffic(outlook: Outlook, language: Language) -> str:
    return _say(
        language,
        "one_day" if outlook.window_days == 1 else "traffic",
        persons=_number(outlook.a_day, language),
        rate=_percent(outlook.base_rate, language),
        goal=outlook.goal,
        days=_number(outlook.window_days, language),
    )


def _about_chosen(outlook: Outlook, now: int, language: Language) -> list[str]:
    chosen = outlook.chosen
    said = [
        _say(
            language,
            "chance",
            lift=_signed(outlook.lift, language),
            chance=_chance(chosen.chance, language),
            verified=within("verified_effect", language),
        )
    ]
    if chosen.fewest < LEAST_CONVERSIONS:
        have, need = _number(chosen.fewest, language), _number(LEAST_CONVERSIONS, language)
        said.append(_say(language, "few", have=have, need=need))
    if chosen.decided is not None:
        said.append(_say(language, "by", date=_date(now, chosen.decided, language)))
    if chosen.smallest is None:
        said.append(_say(language, "no_smallest"))
    else:
        said.append(_say(language, "smallest", lift=_signed(chosen.smallest, language)))
    if chosen.no_difference is None:
        return [*said, _say(language, "never_nothing")]
    same = within("no_relevant_difference", language)
    date = _date(now, chosen.no_difference, language)
    return [*said, _say(language, "nothing_by", date=date, same=same)]


def table(told: Forecast, language: Language) -> list[list[str]]:
    """Give the designs side by side: a row of titles, then one row each; nothing without an outlook."""
    outlook = told.outlook
    if outlook is None or not outlook.base_rate:
        return []
    lift = _signed(outlook.lift, language)
    titles = [
        _say(language, key, lift=lift) for key in ("design", "counted", "odds", "least", "answer")
    ]
    chosen = _row(_chosen_name(outlook, told.now, language), outlook.chosen, told.now, language)
    beside = [_row(_name(one, language), one, told.now, language) for one in outlook.beside]
    return [titles, chosen, *beside]


def _chosen_name(outlook: Outlook, now: int, language: Language) -> str:
    ends = outlook.chosen.design.ends
    if ends is None:
        return _say(language, "chosen_open")
    return _say(language, "chosen_ends", date=_date(now, ends, language))


def _name(one: Prospect, language: Language) -> str:
    if one.design.ends is not None:
        return _say(language, "pilot", weeks=_number(one.design.ends // 7, language))
    control = one.design.control / one.design.both
    return _say(language, "programme", control=_percent(control, language))


def _row(name: str, one: Prospect, now: int, language: Language) -> list[str]:
    return [
        name,
        _number(one.persons, language),
        _chance(one.chance, language),
        "-" if one.smallest is None else _signed(one.smallest, language),
        "-" if one.decided is None else _date(now, one.decided, language),
    ]


def instead(told: Forecast, language: Language) -> list[str]:
    """Say what could be decided, title first; or that nothing can; nothing where the plan itself can be."""
    outlook = told.outlook
    if outlook is None or not outlook.base_rate or outlook.can_be_decided:
        return []
    lift = _signed(outlook.lift, language)
    if not outlook.offers:
        return [_say(language, "nothing", lift=lift)]
    offered = [_offer(one, outlook, told.now, language) for one in outlook.offers]
    return [_say(language, "instead"), *offered]


def _offer(one: Offer, outlook: Outlook, now: int, language: Language) -> str:
    return _say(
        language,
        one.kind,
        weeks=_number((one.days - outlook.window_days) // 7, language),
        chance=_chance(one.chance, language),
        date=_date(now, one.days, language),
        control=_percent(1 - one.treated, language),
        goal=one.goal,
        rate=_percent(one.rate, language),
        lift=_signed(outlook.lift, language),
    )


# ---- For programs -------------------------------------------------------------------------------------


def to_json(told: Forecast) -> dict[str, Any]:
    """Give a plan in the shape that programs read; without an outlook its fields are null."""
    outlook = told.outlook
    return {
        "experience": told.experience,
        "now": iso(told.now),
        "days_counted": told.public.days,
        "persons": told.public.traffic.persons,
        "counted_by": "triggered" if told.public.is_own else "pages",
        "at_most": told.public.at_most,
        "has_control": told.has_control,
        "lift": told.lift,
        "goal": outlook and outlook.goal,
        "window_days": outlook and outlook.window_days,
        "base_rate": outlook and round(outlook.base_rate, 6),
        "persons_per_day": outlook and round(outlook.a_day, 1),
        "can_be_decided": outlook and outlook.can_be_decided,
        "design": outlook and _plain(outlook.chosen, told.now),
        "beside": [_plain(one, told.now) for one in outlook.beside] if outlook else [],
        "offers": [_plain_offer(one, told.now) for one in outlook.offers] if outlook else [],
    }


def _plain(one: Prospect, now: int) -> dict[str, Any]:
    return {
        "treated": round(one.design.treated, 6),
        "control": round(one.design.control, 6),
        "variants": one.design.variants,
        "planned_days": one.design.ends,
        "days": one.days,
        "persons": one.persons,
        "fewest_conversions": one.fewest,
        "chance": round(one.chance, 4),
        "smallest_lift": None if one.smallest is None else round(one.smallest, 4),
        "decided_by": _day(now, one.decided),
        "no_difference_by": _day(now, one.no_difference),
    }


def _plain_offer(one: Offer, now: int) -> dict[str, Any]:
    return {
        "offer": one.kind,
        "goal": one.goal,
        "base_rate": round(one.rate, 6),
        "treated": round(one.treated, 6),
        "chance": round(one.chance, 4),
        "days": one.days,
        "decided_by": _day(now, one.days),
    }


def _day(now: int, days: int | None) -> str | None:
    return None if days is None else iso(now + days * DAY)[:10]


# ---- Words and numbers --------------------------------------------------------------------------------


def _say(language: Language, key: str, **fields: str) -> str:
    return words()[language][key].format(**fields)


def _number(value: float, language: Language) -> str:
    return format_decimal(round(value), locale=language)


def _percent(share: float, language: Language) -> str:
    return format_percent(share, format="#,##0.#%", locale=language)


def _signed(share: float, language: Language) -> str:
    return format_percent(share, format="+#,##0.#%;-#,##0.#%", locale=language)


def _chance(chance: float, language: Language) -> str:
    """Round a chance down to whole per cents; what is enough stays enough."""
    if chance > _MOST:
        return f"> {format_percent(_MOST, locale=language)}"
    whole = ENOUGH if ENOUGH <= chance < ENOUGH + 0.01 else floor(100 * chance) / 100
    return format_percent(whole, locale=language)


def _date(now: int, days: int, language: Language) -> str:
    return format_date(moment(now + days * DAY).date(), format="long", locale=language)
