"""Step 7 of 8, measure: whether the figures can be trusted at all, and what must be said beside them.

In:   all that is known of one experience.
Out:  the sample ratio, where it went wrong, the faults that hide the verdict, the notes that stand beside it.
From: methods 3.5, design 5 (joined orders), safety 8.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from etalage.domain.ids import VariantName
from etalage.domain.report import Cause, Fault, Note, NoteKey, RatioPart, SampleRatio
from etalage.measure.case import Case
from etalage.measure.filled import Split
from etalage.measure.questions import Entered
from etalage.measure.statistics import ratio

LEAST_JOINED = 0.70  # of the orders; with fewer nobody knows who bought
TOLD_BELOW = 0.05  # a cause that would often be this uneven by chance is none

_Part = tuple[Literal["device", "day"], str]


def sample_ratio(case: Case) -> SampleRatio | None:
    """Compare the arms with the configured shares; None as long as nobody was triggered."""
    split = Split(case.entered, case.plan, case.stretches)
    fillings = split.fillings(case.entered)
    if not case.variants or not fillings:
        return None
    counts = {arm: sum(counts[i] for counts, _ in fillings) for i, arm in enumerate(split.arms)}
    found = SampleRatio(
        counts=counts,
        expected={
            arm: sum(sum(counts) * shares[i] for counts, shares in fillings)
            for i, arm in enumerate(split.arms)
        },
        p_fixed=ratio.fixed_p(fillings),
        p_continuous=split.running_p(case.entered),
        parts=_parts(case, split),
    )
    if found.p_continuous >= ratio.BLOCKED_BELOW:
        return found
    return msgspec.structs.replace(found, causes=_causes(case, found))


def _parts(case: Case, split: Split) -> tuple[RatioPart, ...]:
    """Test each kind of device and each day by itself, all together after Holm."""
    rows: dict[_Part, list[Entered]] = {}
    for row in case.entered:
        if row.device is not None:
            rows.setdefault(("device", row.device), []).append(row)
        rows.setdefault(("day", str(row.day)), []).append(row)
    fillings = {part: split.fillings(here) for part, here in rows.items()}
    tested = ratio.by_part(fillings)
    found = [
        RatioPart(
            dimension=part[0],
            value=part[1],
            counts={
                arm: sum(counts[place] for counts, _ in fillings[part])
                for place, arm in enumerate(split.arms)
            },
            p=p,
        )
        for part, p in tested.items()
    ]
    return tuple(sorted(found, key=lambda part: (part.p, part.dimension, part.value)))


def _causes(case: Case, found: SampleRatio) -> tuple[Cause, ...]:
    """Name what is spread over the arms otherwise than persons should be."""
    whole = sum(found.expected.values())
    shares = [found.expected[arm] / whole for arm in found.counts]
    keys: tuple[Literal["programs", "late", "consent"], ...] = ("programs", "late", "consent")
    counts = {key: {arm: _suspects(case, key, arm) for arm in found.counts} for key in keys}
    tested = ratio.by_part({key: [(list(counts[key].values()), shares)] for key in keys})
    causes = [Cause(key=key, counts=counts[key], p=tested[key]) for key in keys if key in tested]
    return tuple(sorted((c for c in causes if c.p < TOLD_BELOW), key=lambda cause: cause.p))


def _suspects(case: Case, key: str, arm: VariantName) -> int:
    if key == "late":
        return sum(row.late for row in case.entered if row.arm == arm)
    return sum(row.persons for row in case.suspects if (row.key, row.arm) == (key, arm))


def faults(case: Case, filled: SampleRatio | None) -> tuple[Fault, ...]:
    """Name what hides the verdict.

    Of the sample ratio only the p-value that may be watched does. The others say where to look: read every day for
    a quarter, they call 2 sound experiments in 100 broken, and what they hid one day they would show the next.
    """
    found: list[Fault] = []
    if filled is not None and filled.p_continuous < ratio.BLOCKED_BELOW:
        found.append("sample_ratio")
    if _too_few_joined(case):
        found.append("joined_orders")
    return tuple(found)


def _too_few_joined(case: Case) -> bool:
    """Tell whether the shop's orders find too few persons; where browsers report them they always find one."""
    share = case.joined.share
    return (
        case.plan.goal == "purchase"
        and case.shop.orders == "server"
        and share is not None
        and share < LEAST_JOINED
    )


def notes(case: Case, alarms: Iterable[NoteKey], *, harmed: int = 0) -> tuple[Note, ...]:
    """Say what a reader must know beside the figures; `harmed` guardrails got worse."""
    variants = len(case.variants)
    counted: dict[NoteKey, int] = {
        "guardrail_harm": harmed,
        "other_currency": sum(row.foreign_orders for row in case.outcomes),
        "without_value": sum(row.valueless for row in case.outcomes),
        "crossed_left_out" if case.crossed_left_out else "crossed": case.crossed,
        "exposed_without_trigger": sum(row.outside for row in case.exposed),
        "split_changed": max(case.stretches.values(), default=0),
        "several_variants": variants if variants > 1 else 0,
    }
    said = [Note(key=key, count=count) for key, count in counted.items() if count]
    return (*_about_trust(case), *said, *(Note(key=key) for key in dict.fromkeys(alarms)))


def _about_trust(case: Case) -> list[Note]:
    if case.plan.goal != "purchase":
        return [Note(key="measured_in_browser")]
    return [Note(key="not_confirmed")] if case.shop.orders == "browser" else []
