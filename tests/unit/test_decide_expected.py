"""Messages of equal priority in the order of what they are foretold to bring, and nothing else is moved by it."""

from __future__ import annotations

from decide_examples import experience, facts, split
from hypothesis import given
from hypothesis import strategies as st

from etalage.decide.choose import choose
from etalage.decide.plan import Plan
from etalage.domain.decision import Chosen, Skipped
from etalage.domain.experience import Experience

NAMES = ("a", "b", "c", "d")
LIVE = [
    split("a", slot="below"),
    split("b", slot="below", control=0.2),
    split("c", slot="below", priority=70),
    split("d", slot="overlay", form="popup", caps=[{"times": 3, "per": "day"}]),
]


def arms(chosen: Chosen) -> dict[str, tuple[object, ...]]:
    return {c.experience: (c.arm, c.propensity, c.bucket, c.policy) for c in chosen.choices}


def only(*live: Experience, **expected: int) -> Chosen:
    return choose(facts(expected=expected), live)


A, B = experience("a"), experience("b")


def test_the_one_of_which_most_is_expected_has_the_place() -> None:
    chosen = only(A, B, a=100, b=200)

    assert [(c.experience, c.by_expected) for c in chosen.choices] == [("b", True)]
    assert chosen.skipped == (Skipped("a", "lost_to", "b", "expected"),)  # type: ignore[arg-type]


def test_of_a_message_that_nobody_knows_nothing_is_expected() -> None:
    assert only(A, B, b=1).choices[0].experience == "b"
    assert only(A, B, a=-1).choices[0].experience == "b"  # it would drive her away
    assert only(A, B, b=-1).choices[0].experience == "a"


def test_equal_expectations_leave_the_order_of_names() -> None:
    chosen = only(A, B, a=7, b=7)

    assert [(c.experience, c.by_expected) for c in chosen.choices] == [("a", False)]
    assert chosen.skipped == (Skipped("b", "lost_to", "a"),)  # type: ignore[arg-type]


def test_priority_comes_first() -> None:
    first = experience("a", priority=60)

    assert only(first, B, b=1_000_000).choices[0].experience == "a"
    assert only(first, B, b=1_000_000).skipped == (Skipped("b", "lost_to", "a"),)  # type: ignore[arg-type]


@given(st.dictionaries(st.sampled_from(NAMES), st.integers(-(10**9), 10**9)), st.integers(0, 400))
def test_no_arm_depends_on_what_is_expected(expected: dict[str, int], number: int) -> None:
    unit = f"u-{number}"
    plain = choose(facts(unit=unit), LIVE)
    moved = choose(facts(unit=unit, expected=expected), LIVE)

    drawn, drawn_again = arms(plain), arms(moved)
    both = drawn.keys() & drawn_again.keys()
    assert {name: drawn[name] for name in both} == {name: drawn_again[name] for name in both}
    # What nobody competes for is shown, or held back, exactly as without.
    assert {"c", "d"} & drawn.keys() == {"c", "d"} & drawn_again.keys()
    shown = [c for c in moved.choices if c.show and c.slot == "below"]
    assert len(shown) == len([c for c in plain.choices if c.show and c.slot == "below"]) <= 1
    asked = [c.experience for c in moved.choices]
    assert {*asked, *(s.experience for s in moved.skipped)} == set(NAMES)


def test_only_unobtrusive_messages_of_one_place_and_priority_compete() -> None:
    assert Plan(LIVE).contested == {"below": ("a", "b")}
    assert Plan([experience("a"), experience("b", priority=51)]).contested == {}
