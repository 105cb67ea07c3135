"""Step 7 of 8, measure: whether the figures can be trusted at all, and what must be said beside them.

In:   all that is known of one experience.
Out:  the sample ratio, the faults that hide the verdict, the notes that stand beside it.
From: methods 3.5, design 5 (joined orders), safety 8.
"""

from __future__ import annotations

from collections.abc import Iterable

from etalage.domain.ids import VariantName
from etalage.domain.report import Fault, Note, NoteKey, SampleRatio
from etalage.measure import ratio, tally
from etalage.measure.case import Case

LEAST_JOINED = 0.70  # of the orders; with fewer nobody knows who bought


def sample_ratio(case: Case) -> SampleRatio | None:
    """Compare the arms with the configured shares; None as long as nobody was triggered."""
    fillings = tally.fillings(case.entered, case.plan, case.stretches)
    if not case.variants or not fillings:
        return None
    arms = [VariantName(arm) for arm, share in case.plan.shares.items() if share > 0]
    return SampleRatio(
        counts={arm: sum(counts[i] for counts, _ in fillings) for i, arm in enumerate(arms)},
        expected={
            arm: sum(sum(counts) * shares[i] for counts, shares in fillings)
            for i, arm in enumerate(arms)
        },
        p_fixed=ratio.fixed_p(fillings),
        p_continuous=tally.running_ratio_p(case.entered, case.plan, case.stretches),
    )


def faults(case: Case, filled: SampleRatio | None) -> tuple[Fault, ...]:
    """Name what hides the verdict.

    Of the sample ratio only the p-value that may be watched does: the others, read every day for a quarter, call
    2 sound experiments in 100 broken, and what they hid one day they would show the next.
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


def notes(case: Case, alarms: Iterable[NoteKey]) -> tuple[Note, ...]:
    """Say what a reader must know beside the figures."""
    variants = len(case.variants)
    counted: dict[NoteKey, int] = {
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
