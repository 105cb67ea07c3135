"""Choosing: every reason not to show something, ghosts, caps, holdout, and who has the place."""

from __future__ import annotations

from typing import Any

import pytest
from decide_examples import BODY, NOW, body, experience, facts, split
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.decide import plan as plans
from etalage.decide.choose import choose
from etalage.decide.plan import Plan
from etalage.domain.context import Context
from etalage.domain.decision import (
    Chosen,
    Holdout,
    PageProduct,
    SkipReason,
    StoredArm,
    Used,
)
from etalage.domain.experience import MILLION, Experience
from etalage.domain.ids import CONTROL, HOLDOUT, ExperienceName, SegmentName, VariantName
from etalage.domain.time import DAY

EVERYBODY_HELD = Holdout(MILLION)
CAP = [{"times": 2, "per": "day"}]


def reasons(chosen: Chosen) -> dict[str, str]:
    return {line.experience: line.text for line in chosen.skipped}


def stored(arm: str, unit: str = "u") -> StoredArm:
    return StoredArm(VariantName(arm), unit, 250_000, "old")


def popup(name: str = "help", **changes: Any) -> Experience:
    return experience(name, **({"form": "popup", "slot": "overlay", "caps": CAP} | changes))


def controlled(name: str = "help", **changes: Any) -> Experience:
    """Give an experience in which this visitor is in control."""
    return split(name, control=0.999999, **changes)


ABOUT = [{"name": "a", "content": {"nl": [{"type": "text", "text": "{{product.title|dit}}"}]}}]
PAUSED = {"paused": (ExperienceName("help"),)}
NO_PERSON = {"visitor": None, "unit": None, "purposes": ()}
REASONS: list[tuple[SkipReason, dict[str, Any], dict[str, Any]]] = [
    ("protected_page", {}, {"protected": True}),
    ("paused", {}, PAUSED),
    ("no_consent", {"segment": "lookers"}, {"purposes": ("device", "measure")}),
    ("no_consent", {"requires": ["email"]}, {}),
    ("no_consent", {"caps": CAP}, NO_PERSON),
    ("not_scheduled", {"schedule": {"from": "2026-11-21"}}, {}),
    ("not_scheduled", {"schedule": {"until": "2026-11-19"}}, {}),
    ("wrong_slot", {"slot": "elsewhere"}, {}),
    ("warming", {"segment": "lookers"}, {"warming": (SegmentName("lookers"),)}),
    ("not_in_segment", {"segment": "lookers"}, {}),
    ("wrong_page", {"trigger": {"on": "load", "page": {"type": "home"}}}, {}),
    ("wrong_page", {"variants": ABOUT}, {}),
    ("out_of_stock", {"variants": ABOUT}, {"here": PageProduct("S-42", available=False)}),
    ("refused_by_visitor", {}, {"refused": ("help",)}),
    ("capped", {"caps": CAP}, {"used": {"help": Used(day=2)}}),
    ("pressure", {"form": "popup", "caps": CAP}, {"interruptions": 3}),
    ("variant_gone", {}, {"arms": {"help": stored("removed")}}),
    ("in_holdout", {}, {"holdout": EVERYBODY_HELD}),
    ("in_control", {"allocation": {"kind": "split", "control": 0.999999}}, {}),
]


@pytest.mark.parametrize(("reason", "changes", "situation"), REASONS)
def test_each_reason_not_to_show_something_has_its_name(
    reason: SkipReason, changes: dict[str, Any], situation: dict[str, Any]
) -> None:
    chosen = choose(facts(**situation), [experience(**changes)])

    assert reasons(chosen) == {"help": reason}
    assert not any(choice.show for choice in chosen.choices)


def test_without_any_reason_against_it_the_message_is_shown() -> None:
    chosen = choose(facts(), [experience()])

    assert [(c.experience, c.show, c.arm) for c in chosen.choices] == [("help", True, "a")]
    assert chosen.skipped == ()


def test_somebody_in_control_gets_a_ghost_with_a_token_s_worth_of_facts() -> None:
    ghost = choose(facts(), [controlled()]).choices[0]

    assert (ghost.show, ghost.arm, ghost.variant, ghost.propensity) == (
        False,
        CONTROL,
        "a",
        999_999,
    )
    assert ghost.unit is not None
    assert ghost.policy is not None


def test_a_ghost_never_keeps_another_from_the_place() -> None:
    first, second = controlled("first", priority=90), experience("second", priority=10)

    chosen = choose(facts(), [second, first])

    assert [(c.experience, c.show) for c in chosen.choices] == [("first", False), ("second", True)]


def test_a_ghost_disappears_where_its_message_would_have_lost_the_place() -> None:
    winner, ghost = experience("winner", priority=90), controlled("loser", priority=10)

    chosen = choose(facts(), [ghost, winner])

    assert [c.experience for c in chosen.choices] == ["winner"]
    assert reasons(chosen) == {"loser": "lost_to:winner"}


def test_a_ghost_is_capped_like_the_message_it_stands_for() -> None:
    used = {"used": {"help": Used(day=2)}}

    assert reasons(choose(facts(**used), [controlled(caps=CAP)])) == {"help": "capped"}
    assert reasons(choose(facts(**used), [experience(caps=CAP)])) == {"help": "capped"}


def test_equal_priorities_go_by_name() -> None:
    chosen = choose(facts(), [experience("b"), experience("a")])

    assert [c.experience for c in chosen.choices] == ["a"]
    assert reasons(chosen) == {"b": "lost_to:a"}


def test_several_popups_wait_for_the_browser_to_say_which_moment_came() -> None:
    chosen = choose(facts(), [popup("one", priority=1), popup("two", priority=2)])

    assert [c.experience for c in chosen.choices] == ["two", "one"]
    assert chosen.skipped == ()


def test_somebody_held_out_gets_a_ghost_for_all_she_would_have_been_asked_for_and_nothing_else() -> (
    None
):
    held = facts(holdout=EVERYBODY_HELD)

    chosen = choose(held, [experience("one"), popup("two"), experience("three", slot="elsewhere")])

    assert [(c.experience, c.show, c.arm) for c in chosen.choices] == [
        ("one", False, HOLDOUT),
        ("two", False, HOLDOUT),
    ]
    assert reasons(chosen)["three"] == "wrong_slot"
    assert chosen.held is not None
    assert chosen.held.arm == HOLDOUT


def test_a_stored_holdout_wins_from_the_shares_of_today() -> None:
    once_held = facts(held=stored("holdout"), holdout=Holdout(0))
    once_open = facts(held=stored("open"), holdout=EVERYBODY_HELD)

    assert choose(once_held, [experience()]).choices[0].arm == HOLDOUT
    assert choose(once_open, [experience()]).choices[0].show


def test_a_stored_arm_wins_from_the_shares_of_today_with_the_odds_of_its_time() -> None:
    once_shown = facts(arms={"help": stored("a", "older-unit")})

    choice = choose(once_shown, [controlled()]).choices[0]

    assert (choice.show, choice.arm, choice.unit) == (True, "a", "older-unit")
    assert (choice.propensity, choice.policy) == (250_000, "old")


@pytest.mark.parametrize(
    "situation",
    [
        {"purposes": ("device", "personalise")},
        {"purposes": ("device", "measure")},
        {"purposes": ("device",)},
        NO_PERSON,
    ],
)
def test_outside_experiments_there_is_no_arm_no_control_and_no_holdout(
    situation: dict[str, Any],
) -> None:
    chosen = choose(facts(holdout=EVERYBODY_HELD, **situation), [controlled()])

    choice = chosen.choices[0]
    assert choice.show
    assert (choice.arm, choice.unit, choice.propensity, choice.policy) == (None, None, None, None)
    assert chosen.held is None


def test_a_segment_of_the_page_alone_needs_no_consent_and_one_of_the_past_does() -> None:
    segments = {
        "matched": (SegmentName("here"), SegmentName("past")),
        "contextual": (SegmentName("here"),),
    }

    chosen = choose(
        facts(**NO_PERSON, **segments),
        [experience("one", segment="here"), experience("two", segment="past")],
    )

    assert [c.experience for c in chosen.choices] == ["one"]
    assert reasons(chosen) == {"two": "no_consent"}


def test_personalised_but_not_measured_gets_personal_content_outside_every_figure() -> None:
    given = facts(purposes=("device", "personalise"), matched=(SegmentName("past"),))

    choice = choose(given, [experience(segment="past")]).choices[0]

    assert (choice.show, choice.arm) == (True, None)


@pytest.mark.parametrize(
    ("schedule", "hours", "runs"),
    [
        ({"from": "2026-11-20"}, 0, True),
        ({"until": "2026-11-20"}, 10.99, True),
        ({"until": "2026-11-20"}, 11, False),  # midnight in Amsterdam is 23:00 in UTC
        ({"until": "2026-11-20T18:00"}, 4.99, True),
        ({"until": "2026-11-20T18:00"}, 5, False),
    ],
)
def test_a_schedule_runs_on_the_wall_clock_of_the_shop(
    schedule: dict[str, str], hours: float, runs: bool
) -> None:
    later = facts(now=NOW + int(hours * DAY / 24))

    assert bool(choose(later, [experience(schedule=schedule)]).choices) == runs


@pytest.mark.parametrize("period", ["session", "day", "7d", "ever"])
def test_a_cap_counts_its_own_period(period: str) -> None:
    capped = experience(caps=[{"times": 1, "per": period}])
    field = "week" if period == "7d" else period

    assert reasons(choose(facts(used={"help": Used(**{field: 1})}), [capped])) == {"help": "capped"}
    others = {"session", "day", "week", "ever"} - {field}
    assert choose(facts(used={"help": Used(**dict.fromkeys(others, 9))}), [capped]).choices


def test_pressure_holds_back_what_interrupts_and_nothing_else() -> None:
    chosen = choose(facts(interruptions=3), [popup("popup"), experience("inline")])

    assert [c.experience for c in chosen.choices] == ["inline"]


def test_every_protected_page_stays_empty_whatever_is_live() -> None:
    everything = [experience("one"), popup("two"), controlled("three")]

    assert choose(facts(protected=True), everything).choices == ()


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "priority": st.integers(0, 3),
        "slot": st.sampled_from(["below", "overlay", "elsewhere"]),
        "segment": st.sampled_from(["past", "here", None]),
        "allocation": st.builds(
            lambda control: {"kind": "split", "control": control}, st.sampled_from([0, 0.3, 0.9])
        ),
        "caps": st.just(CAP),
        "form": st.sampled_from(["inline", "bar"]),
    },
)
SITUATIONS = st.fixed_dictionaries(
    {},
    optional={
        "unit": st.text("0123456789abcdef", min_size=32, max_size=32),
        "purposes": st.sampled_from(
            [(), ("device",), ("device", "measure", "personalise"), ("personalise",)]
        ),
        "matched": st.sampled_from(
            [(), (SegmentName("past"),), (SegmentName("here"), SegmentName("past"))]
        ),
        "contextual": st.just((SegmentName("here"),)),
        "holdout": st.sampled_from([Holdout(0), Holdout(300_000)]),
        "interruptions": st.integers(0, 4),
        "page": st.just(Context(page_type="home")),
    },
)


@settings(max_examples=150, deadline=None)
@given(st.lists(CHANGES, max_size=6), SITUATIONS, st.randoms(use_true_random=False))
def test_the_same_facts_give_the_same_answer_in_whatever_order_experiences_come(
    changes: list[dict[str, Any]], situation: dict[str, Any], random: Any
) -> None:
    live = [experience(f"e{number}", **change) for number, change in enumerate(changes)]
    shuffled = random.sample(live, len(live))

    chosen = choose(facts(**situation), live)

    assert choose(facts(**situation), shuffled) == chosen
    named = [c.experience for c in chosen.choices if c.show] + [
        line.experience for line in chosen.skipped
    ]
    assert sorted(named) == sorted(e.name for e in live)  # each is shown, or has exactly one reason
    shown = [c.slot for c in chosen.choices if c.show]
    assert len(shown) == len(set(shown))


MOMENTS = st.fixed_dictionaries(
    {},
    optional={
        "now": st.integers(NOW, NOW + 4 * DAY),
        "paused": st.just((ExperienceName("e1"),)),
        "slots": st.sampled_from([("below",), (), ("below", "overlay")]),
        "protected": st.booleans(),
        "visitor": st.none(),
        "unit": st.sampled_from(["u1", "u2", None]),
        "held": st.sampled_from([stored("open", "u1"), stored("holdout", "u1")]),
        "arms": st.dictionaries(
            st.sampled_from(["e0", "e1"]),
            st.sampled_from([stored("a", "u1"), stored("a", "u2"), stored("control", "u1")]),
        ),
        "page": st.builds(
            Context,
            url=st.sampled_from([None, "/voer/hond", "/p/42"]),
            page_type=st.sampled_from([None, "home", "product"]),
            category=st.sampled_from([None, "Hond > Voer", "Kat"]),
        ),
    },
)
PLACES = st.fixed_dictionaries(
    {},
    optional={
        "schedule": st.just({"from": "2026-11-21T00:00", "until": "2026-11-23T12:00"}),
        "trigger": st.sampled_from(
            [
                {"on": "load", "page": {"type": "product"}},
                {"on": "load", "page": {"category": {"under": "Hond"}}},
                {"on": "load", "page": {"url": {"prefix": "/voer"}}},
            ]
        ),
        "requires": st.just(["email"]),
    },
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.builds(dict.__or__, CHANGES, PLACES), min_size=1, max_size=6),
    st.lists(st.builds(dict.__or__, SITUATIONS, MOMENTS), min_size=2, max_size=8),
)
def test_what_is_remembered_of_one_page_and_visitor_changes_no_answer_to_another(
    changes: list[dict[str, Any]], situations: list[dict[str, Any]]
) -> None:
    live = [experience(f"e{number}", **change) for number, change in enumerate(changes)]
    plan = Plan(live)

    for situation in situations:
        assert choose(facts(**situation), plan) == choose(facts(**situation), live)


def test_however_many_people_come_by_their_draws_fill_no_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plans, "UNITS_REMEMBERED", 3)
    live = [split(control=0.5)]
    plan = Plan(live)

    for number in [*range(8), *range(8)]:
        asked = facts(unit=f"u{number}")
        assert choose(asked, plan) == choose(asked, live)
        assert len(plan._drawn) <= 3


def test_the_example_body_is_not_changed_by_any_test() -> None:
    assert body() == BODY


@settings(max_examples=150, deadline=None)
@given(st.lists(CHANGES, min_size=1, max_size=5), SITUATIONS)
def test_in_control_she_is_asked_for_exactly_what_she_would_have_been_asked_for(
    changes: list[dict[str, Any]], situation: dict[str, Any]
) -> None:
    """What a verdict rests on: whoever is compared in control would have been compared in the variant."""
    live = [experience(f"e{number}", **change) for number, change in enumerate(changes)]
    tested = ExperienceName("e0")
    others = {ExperienceName(e.name): stored("a") for e in live[1:]}

    asked = [
        [
            c.slot
            for c in choose(facts(**situation, arms={**others, tested: stored(arm)}), live).choices
            if c.experience == tested
        ]
        for arm in ("a", "control")
    ]

    assert asked[0] == asked[1]
