"""The server's clock: it never goes back and never leaps because somebody turned the machine's clock."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.api.steady import BELIEVED, JUMP, SteadyClock
from etalage.domain.time import DAY, HOUR, MINUTE, SECOND

START = 1_800_000_000 * SECOND


class Machine:
    """Two clocks that we turn."""

    def __init__(self) -> None:
        self.count, self.ahead = 77 * SECOND, START
        self.clock = SteadyClock(lambda: self.count + self.ahead, lambda: self.count)

    @property
    def time_of_day(self) -> int:
        return self.count + self.ahead

    def live(self, micros: int) -> None:
        """Let time pass, looking every second."""
        until = self.count + micros
        while self.count < until:
            self.count += SECOND
            self.clock.look()


def test_it_is_the_time_of_day_while_nothing_happens() -> None:
    machine = Machine()
    machine.live(MINUTE)
    assert machine.clock() == machine.time_of_day
    assert machine.clock.says is None


def test_back_an_hour_it_goes_on_at_half_the_pace_until_the_two_meet() -> None:
    machine = Machine()
    before = machine.clock()
    machine.ahead -= HOUR

    machine.live(MINUTE)
    assert before + 30 * SECOND <= machine.clock() <= before + 31 * SECOND
    assert "behind" in (machine.clock.says or "")

    machine.live(2 * HOUR)
    assert abs(machine.clock() - machine.time_of_day) <= SECOND
    assert machine.clock.says is None


def test_a_day_ahead_is_not_believed_for_ten_minutes() -> None:
    machine = Machine()
    before = machine.clock()
    machine.ahead += DAY

    machine.live(9 * MINUTE)
    assert machine.clock() == before + 9 * MINUTE
    assert "86,400 s ahead" in (machine.clock.says or "")

    machine.live(2 * MINUTE)
    assert machine.clock() == machine.time_of_day
    assert machine.clock.says is None


def test_a_day_ahead_that_is_put_right_in_time_was_never_there() -> None:
    machine = Machine()
    before = machine.clock()
    machine.ahead += DAY
    machine.live(5 * MINUTE)
    machine.ahead -= DAY
    machine.live(SECOND)
    assert machine.clock() == machine.time_of_day == before + 5 * MINUTE + SECOND
    assert machine.clock.says is None


def test_the_small_corrections_of_a_time_server_are_followed() -> None:
    machine = Machine()
    machine.ahead += 300_000
    machine.live(SECOND)
    assert machine.clock() == machine.time_of_day
    machine.ahead -= 300_000
    machine.live(SECOND)
    assert machine.clock() - machine.time_of_day == 300_000  # too little to slow down for


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-2 * DAY, 2 * DAY), st.integers(1, 15 * 60)), min_size=1, max_size=6
    )
)
def test_whatever_is_turned_it_never_goes_back_and_meets_the_day_in_the_end(
    turns: list[tuple[int, int]],
) -> None:
    machine = Machine()
    last = machine.clock()
    for turned, seconds in turns:
        machine.ahead += turned
        for _ in range(seconds):
            machine.count += SECOND
            assert machine.clock() >= last
            last = machine.clock()
            machine.clock.look()
            assert machine.clock() >= last
    for _ in range(30):  # looks may also come late: a day at a time
        machine.count += DAY
        machine.clock.look()
        machine.clock.look()
    assert abs(machine.clock() - machine.time_of_day) <= JUMP
    assert BELIEVED < DAY


def test_it_stands_on_the_clocks_of_this_machine() -> None:
    assert abs(SteadyClock()() - time.time_ns() // 1000) < MINUTE
