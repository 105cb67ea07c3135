"""Of fewer than ten people nothing is said: not inside, not outside, not of all together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from etalage.flow.ask import Size
from etalage.flow.groups import FEWEST, may_be_told


@given(people=st.integers(0, 60), rest=st.integers(0, 60))
def test_what_is_told_is_exact_and_leaves_no_small_group(people: int, rest: int) -> None:
    told = may_be_told(Size(people, people + rest, at_most=False))

    assert told.is_told == (people >= FEWEST and rest >= FEWEST)
    if told.is_told:
        assert (told.people, told.of) == (people, people + rest)
    assert told.few_inside + told.few_outside == (not told.is_told)


@given(one=st.integers(0, 9), other=st.integers(0, 9), all_=st.integers(9, 60))
def test_small_groups_look_alike(one: int, other: int, all_: int) -> None:
    first, second = (may_be_told(Size(n, all_, at_most=False)) for n in (one, other))

    assert first == second
    assert repr(first) == repr(second)
