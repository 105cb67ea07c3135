"""When it happened, by our clock."""

from __future__ import annotations

import pytest
from collect_examples import NOW, SHOP, call, draft
from hypothesis import given
from hypothesis import strategies as st

from etalage.collect.clock import corrected, read_time
from etalage.collect.notes import Notes
from etalage.collect.refusal import Refusal
from etalage.domain.time import DAY, HOUR, MINUTE, SECOND, iso

YEAR = 365 * DAY


def at(happened: int | None, sent: int | None = None, notes: Notes | None = None) -> int:
    return corrected(happened, sent, received=NOW, notes={} if notes is None else notes)


@given(off=st.integers(-30 * YEAR, 30 * YEAR), ago=st.integers(0, 20 * YEAR))
def test_a_clock_that_is_years_off_is_repaired_exactly(off: int, ago: int) -> None:
    happened = NOW - ago + off

    assert at(happened, sent=NOW + off) == NOW - ago


def test_the_example_of_three_years() -> None:
    assert at(NOW - 3 * YEAR - HOUR, sent=NOW - 3 * YEAR) == NOW - HOUR


def test_without_a_send_time_the_clients_time_counts_and_without_any_the_receipt() -> None:
    assert at(NOW - 7 * YEAR) == NOW - 7 * YEAR
    assert at(None) == NOW
    assert at(None, sent=NOW - HOUR) == NOW


def test_the_future_is_now_and_a_far_future_is_noted() -> None:
    near: Notes = {}
    far: Notes = {}

    assert at(NOW + 4 * MINUTE, notes=near) == NOW
    assert at(NOW + 6 * MINUTE, notes=far) == NOW
    assert (near, far) == ({}, {"future_time": 1})


def test_an_event_that_says_it_was_sent_before_it_happened_counts_as_now() -> None:
    assert at(NOW, sent=NOW - HOUR) == NOW


def test_a_time_before_there_were_web_shops_is_a_mistake() -> None:
    with pytest.raises(Refusal, match="timestamp"):
        at(0)
    assert at(0, sent=HOUR) == NOW - HOUR  # a clock without a battery, but it ran


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-21T20:23:05Z",
        "2026-11-21T20:23:05.000Z",
        "2026-11-21T20:23:05.000000000Z",
        "2026-11-21T21:23:05+01:00",
        "2026-11-21 20:23:05 UTC",
        "2026-11-21T21:23:05",  # the shop's wall clock
        "2026-11-21 21:23:05",
        1795292585,
        1795292585.0,
        1795292585000,
        1795292585000000,
        "1795292585",
        "1795292585000",
    ],
)
def test_times_are_read_as_they_are_written(written: object) -> None:
    assert read_time(written, SHOP.zone) == NOW


@pytest.mark.parametrize(
    "written", ["gisteren", "", True, None, [], "2026-13-01", "21-11-2026", "99999-01-01"]
)
def test_what_is_no_time_is_none(written: object) -> None:
    assert read_time(written, SHOP.zone) is None


def test_an_event_whose_time_cannot_be_read_does_not_count_as_now() -> None:
    with pytest.raises(Refusal, match="timestamp"):
        draft(call(timestamp="gisteren"))


def test_a_send_time_that_cannot_be_read_is_left_out_and_counted() -> None:
    found = draft(call(timestamp=iso(NOW - HOUR), sentAt="straks"))

    assert (found.happened, found.sent, found.notes) == (NOW - HOUR, None, {"bad_sent_at": 1})


def test_rudderstacks_time_stands_under_a_name_of_its_own() -> None:
    found = draft(
        call(originalTimestamp=iso(NOW - HOUR), timestamp=iso(NOW), sentAt=iso(NOW - SECOND))
    )

    assert (found.happened, found.sent) == (NOW - HOUR, NOW - SECOND)
