"""Step 7 of 8, measure: whether the figures of a report can be trusted, and where a broken split leans.

In:   a report.
Out:  lists: what the figures rest on, with all notes; and what to look into.
"""

from __future__ import annotations

from collections.abc import Mapping

from etalage.domain.ids import VariantName
from etalage.measure.page.advice import harmed
from etalage.measure.page.answer import filled, told_state
from etalage.measure.page.model import Item, Items
from etalage.measure.page.say import clean
from etalage.measure.page.told import Told

UNLIKELY = 0.01  # after Holm: where an uneven split is named
MOST_LEANING = 3  # parts of it that are named


def trust(told: Told) -> Items:
    """Say what these figures rest on: the split, closed windows, who confirms, joined orders, and all notes."""
    reported, say = told.reported, told.say
    items = [_split(told)]
    windows = told.own("trust.windows_why", window=told.days)
    items.append(Item(point=say("trust.windows"), why=windows, sign="good"))
    notes = {note.key for note in reported.notes}
    if reported.goal == "purchase" and "not_confirmed" not in notes:
        key = f"trust.{reported.trust}"
        why = say(f"{key}_why", many=told.goal("many"))
        items.append(
            Item(point=say(key), why=why, sign="look" if reported.trust == "claimed" else "good")
        )
    if reported.goal == "purchase" and reported.joined.share is not None:
        items.append(_orders(told, reported.joined.share))
    for note in reported.notes:
        if note.key == "guardrail_harm" and not harmed(told):
            continue
        count = say.number(note.count)
        point, why = say(f"trust.{note.key}", count=count), told.own(f"trust.{note.key}_why")
        items.append(Item(point=point, why=why, sign="look"))
    if reported.erased:
        point = say("trust.erased", count=say.number(reported.erased))
        items.append(Item(point=point, why=say("trust.erased_why"), sign="look"))
    return Items(items=tuple(items))


def _split(told: Told) -> Item:
    ratio, say = told.reported.sample_ratio, told.say
    if told_state(told) == "no_control":
        return Item(
            point=say("trust.ratio_no_control"), why=say("trust.ratio_no_control_why"), sign="bad"
        )
    if ratio is None:
        return Item(point=say("trust.ratio_none"), sign="wait")
    expected = ", ".join(say.number(n) for n in ratio.expected.values())
    why = say("trust.ratio_counts", counts=filled(told), expected=clean(expected, 200))
    if "sample_ratio" in told.reported.faults:
        return Item(point=say("trust.ratio_bad"), why=why, sign="bad")
    return Item(point=say("trust.ratio_good"), why=why, sign="good")


def _orders(told: Told, share: float) -> Item:
    joined, say = told.reported.joined, told.say
    found = say.number(joined.orders - joined.by_way.get("none", 0))
    why = say("trust.joined_why", orders=say.number(joined.orders), found=found)
    bad = "joined_orders" in told.reported.faults
    point = say("trust.joined_bad" if bad else "trust.joined_good", share=say.percent(share))
    return Item(point=point, why=why, sign="bad" if bad else "good")


def causes(told: Told) -> Items | None:
    """Say where a split that is not right leans: per device, per day, and what is spread unevenly."""
    ratio, say = told.reported.sample_ratio, told.say
    if ratio is None or "sample_ratio" not in told.reported.faults:
        return None
    items = []
    for cause in ratio.causes:
        why = say(f"trust.{cause.key}_why", counts=_named(told, cause.counts))
        items.append(Item(point=say(f"trust.{cause.key}"), why=why, sign="look"))
    for part in [p for p in ratio.parts if p.p < UNLIKELY][:MOST_LEANING]:
        device = say.known("devices", part.value) if part.dimension == "device" else part.value
        point = say(f"trust.{part.dimension}", value=device)
        why = say("trust.leans", counts=_named(told, part.counts))
        items.append(Item(point=point, why=why, sign="look"))
    return Items(items=tuple(items)) if items else None


def _named(told: Told, counts: Mapping[VariantName, int]) -> str:
    return ", ".join(f"{told.arm(arm)} {told.say.number(n)}" for arm, n in counts.items())
