"""The parts of a report that tell more than the verdict: the total, who, since when, at what price, and where from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from report_world import (
    NOW,
    START,
    Fields,
    asked,
    decided,
    event,
    moment,
    order,
    reported,
    rows,
    warehouse,
)

from etalage.domain.ids import CONTROL, HOLDOUT, ExperienceName, VariantName
from etalage.domain.report import ANY_MESSAGE, Effect, ExperienceReport, Plan
from etalage.domain.time import DAY
from etalage.measure.case import Shop, everything
from etalage.measure.questions import ASKED, ask, ask_staged, sources, stages, statement
from etalage.measure.report import report

B = VariantName("b")
PLAN = Plan(
    name=ExperienceName("welcome"), started=START, shares={B: 0.5, CONTROL: 0.5}, planned_sample=900
)


def crowd(
    arm: str, numbers: range, buyers: int, *, returned: int = 0, **fields: object
) -> Iterator[Fields]:
    """Let persons meet the message on the first day; the first of them buy, the first of those send it back."""
    for place, number in enumerate(numbers):
        visitor = f"{arm}-{number}"
        yield moment(visitor, 1, arm, decided=START + DAY, **fields)
        if place < buyers:
            yield order(visitor, 1.5, f"o-{visitor}", 2_000)
        if place < returned:
            yield event("refund", None, 5, transaction=f"o-{visitor}", trust="confirmed")


# ---- The total against the holdout ------------------------------------------------------------------------


def everybody() -> Iterator[Fields]:
    """Live methods 3.6: 90,000 persons of whom 2,970 buy, and 10,000 kept from everything of whom 300 buy."""
    for arm, persons, buyers in (("open", 90_000, 2_970), ("holdout", 10_000, 300)):
        for number in range(persons):
            visitor = f"{arm}-{number}"
            drawn = 900_000 if arm == "open" else 100_000
            yield {**decided(visitor, 1, arm), "propensity": drawn}
            if number < buyers:
                yield order(visitor, 2, f"o-{visitor}", 5_000)


def test_the_total_against_the_holdout_is_that_of_the_methods() -> None:
    plan = everything(started=START, holdout_share=0.1, planned_sample=100_000)
    found = asked(everybody(), [plan])

    (told,) = report(found, [plan], shop=Shop(currency="EUR"), now=NOW)

    assert told.population == "first_decision"
    assert told.arm(ANY_MESSAGE).triggered == 90_000  # nobody's moment ever came; all of them count
    assert told.arm(HOLDOUT).conversions == 300
    assert told.state == "too_early"  # and so no figure of an effect, but the interval over time
    assert told.arm(ANY_MESSAGE).effect != 0
    point = told.arm(ANY_MESSAGE).history[0]
    assert point.difference == pytest.approx(0.003)
    assert point.difference_interval.low == pytest.approx(-0.002484, abs=1e-6)
    assert point.difference_interval.high == pytest.approx(0.008484, abs=1e-6)

    planned = replace(plan, ends=START + 7 * DAY)
    (over,) = report(found, [planned], shop=Shop(currency="EUR"), now=NOW)

    effect = over.arm(ANY_MESSAGE).effect
    assert over.state == "undecided"
    assert isinstance(effect, Effect)
    assert effect.extra_conversions == pytest.approx(270)
    assert effect.lift == pytest.approx(0.10)
    assert effect.potential == pytest.approx(300)
    assert effect.cost_of_control == pytest.approx(30)
    assert effect.extra_revenue == pytest.approx(270 * 5_000)


# ---- Over time, and in parts ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def told() -> ExperienceReport:
    """Report on a message that works on phones and for lookers, and not on desktops."""
    world: list[Fields] = []
    for device, more in (("phone", 60), ("desktop", 0)):
        for arm, buyers in (("b", 120 + more), ("control", 120)):
            first = 0 if device == "phone" else 300
            met = crowd(arm, range(first, first + 300), buyers, device=device)
            world += met
            said = '{"matched": "lookers", "phase": "use"}' if device == "phone" else "{}"
            world += [
                event("decision", f"{arm}-{number}", 1, properties=said, source="engine")
                for number in range(first, first + 300)
            ]
    return reported(world, PLAN, now=START + 22 * DAY)


def test_each_week_has_its_interval_from_a_hundred_conversions_on(told: ExperienceReport) -> None:
    history = told.arm(B).history

    assert [point.at for point in history] == [START + 14 * DAY, START + 21 * DAY]
    assert history[0].difference == pytest.approx(60 / 600)
    assert history[0].counted == 1_200
    assert history[0].difference_interval.holds(history[0].difference)
    assert told.arm(CONTROL).history == ()


def test_the_counts_of_each_day_add_up_to_what_is_told(told: ExperienceReport) -> None:
    days = told.arm(B).days

    assert days[0].at == START + 8 * DAY  # the first window that closed
    assert [day.counted for day in days] == sorted(day.counted for day in days)
    assert (days[-1].counted, days[-1].conversions) == (600, 300)


def test_parts_are_of_the_first_moment_and_share_the_five_per_cent(told: ExperienceReport) -> None:
    parts = {(part.dimension, part.value): part for part in told.parts}

    assert set(parts) == {
        ("segment", "lookers"),
        ("device", "phone"),
        ("device", "desktop"),
        ("phase", "use"),
    }
    phone = parts["device", "phone"]
    assert (phone.arms[0].triggered, phone.arms[0].conversions) == (300, 180)
    assert phone.state == "verified_effect"
    assert isinstance(phone.arms[0].effect, Effect)
    assert phone.arms[0].effect.difference_interval.level == pytest.approx(1 - 0.05 / 4)


def test_a_part_says_nothing_of_the_whole() -> None:
    vague = [*crowd("b", range(400), 110), *crowd("control", range(400), 105)]
    clear = [
        *crowd("b", range(400, 600), 100, device="tablet"),
        *crowd("control", range(400, 600), 60, device="tablet"),
    ]
    alone = replace(PLAN, planned_sample=3_000)

    with_parts = reported([*vague, *clear], alone)
    plain = reported([dict(one, device=None) for one in (*vague, *clear)], alone)

    assert with_parts.parts
    assert plain.parts == ()
    assert replace(with_parts, parts=(), sample_ratio=None) == replace(plain, sample_ratio=None)


# ---- What must not get worse ------------------------------------------------------------------------------


def test_more_returns_are_told_beside_a_verified_effect() -> None:
    world = [
        *crowd("b", range(600), 300, returned=200),
        *crowd("control", range(600), 150, returned=15),
    ]

    found = reported(world, PLAN)

    rails = {rail.name: rail for rail in found.guardrails}
    assert found.state == "verified_effect"
    assert rails["return_rate"].state == "harm"
    assert rails["return_rate"].treated == pytest.approx(200 / 300)
    assert rails["conversion"].state == "fine"
    assert rails["unsubscribe"].state == "unsettled"  # nobody ever said so
    assert rails["page_time"].p_harm is None
    assert {note.key: note.count for note in found.notes}["guardrail_harm"] == 1
    ratios = {one.name: one for one in found.ratios}
    assert ratios["return_rate"].difference == pytest.approx(200 / 300 - 0.1)
    assert ratios["revenue_per_order"].treated == pytest.approx(100 * 2_000 / 300)


def test_harm_to_the_goal_itself_is_the_verdict_and_no_note_beside_it() -> None:
    found = reported([*crowd("b", range(600), 150), *crowd("control", range(600), 300)], PLAN)

    rails = {rail.name: rail.state for rail in found.guardrails}
    assert (found.state, rails["conversion"]) == ("harmful", "harm")
    assert "guardrail_harm" not in [note.key for note in found.notes]


# ---- The past of the persons ------------------------------------------------------------------------------


def regulars(arm: str, persons: int, new: int) -> Iterator[Fields]:
    """Let a third of the persons buy as they had before, and a few who had not."""
    yield from crowd(arm, range(persons), persons // 3 + new)
    for number in range(persons // 3):
        yield order(f"{arm}-{number}", -3, f"before-{arm}-{number}", 2_000)


def test_what_the_same_persons_did_before_narrows_the_interval() -> None:
    world = [*regulars("b", 600, 60), *regulars("control", 600, 0)]

    found = reported(world, PLAN)

    effect = found.arm(B).effect
    assert found.state == "verified_effect"
    assert isinstance(effect, Effect)
    assert effect.adjusted
    assert effect.raw is not None
    assert effect.difference == pytest.approx(0.1)
    assert effect.raw.estimate == pytest.approx(0.1)  # both arms had the same past
    own = effect.difference_interval
    assert own.high - own.low < 0.6 * (effect.raw.interval.high - effect.raw.interval.low)
    assert effect.revenue_adjusted
    assert "adjusted" in [note.key for note in found.notes]


def test_what_came_after_the_moment_is_never_taken_for_the_past() -> None:
    # The order of before is paid back after the moment: the past holds what was known at the moment.
    world = [*regulars("b", 300, 30), *regulars("control", 300, 30)]
    later = [
        event("refund", None, 4, transaction=f"before-b-{number}", trust="confirmed")
        for number in range(100)
    ]

    (one, other) = (asked([*world, *more], [PLAN]).outcomes for more in ([], later))

    assert {row.arm: row.spent for row in one} == {"b": 200_000, "control": 200_000}
    assert sorted(map(str, one)) == sorted(map(str, other))


def test_without_a_past_nothing_is_adjusted() -> None:
    found = reported([*crowd("b", range(600), 300), *crowd("control", range(600), 150)], PLAN)

    effect = found.arm(B).effect
    assert isinstance(effect, Effect)
    assert (effect.adjusted, effect.raw, effect.revenue_adjusted) == (False, None, False)


# ---- Where figures come from ------------------------------------------------------------------------------


def test_every_question_gives_the_same_alone_and_beside_the_others() -> None:
    world = [
        *crowd("b", range(40), 20, returned=3, device="phone"),
        *crowd("control", range(40), 10),
        *(decided(f"b-{number}", 1) for number in range(40)),
    ]
    plans = [PLAN, everything(started=START, holdout_share=0.05)]

    with warehouse(world) as connection:
        alone = {
            name: rows(connection, *ask(name, plans, currency="EUR", now=NOW)) for name in ASKED
        }
        for text, bound in stages(plans, currency="EUR", now=NOW):
            connection.execute(text, bound)
        for name in ASKED:
            text, bound = ask_staged(name, plans, currency="EUR", now=NOW)
            beside = rows(connection, text, bound)
            assert sorted(map(str, beside)) == sorted(map(str, alone[name])), name


def test_a_source_is_known_by_the_text_that_is_printed() -> None:
    from hashlib import sha256

    for source in sources(causes=True):
        name = next(known for known in ASKED if known == source.question)
        assert source.digest == sha256(statement(name).encode()).hexdigest()[:16]
        assert source.figures
