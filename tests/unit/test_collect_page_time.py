"""How long a page was looked at, on its way in: GA4's `user_engagement` with `engagement_time_msec`."""

from __future__ import annotations

import pytest
from collect_examples import AT_BROWSER, AT_SERVER, call, logged, send

from etalage.collect.intake import Door
from etalage.domain.event import NOT_ACTIVITY

HOURS_4 = 4 * 60 * 60 * 1_000


@pytest.mark.parametrize("door", [AT_BROWSER, AT_SERVER])
def test_it_is_kept_from_a_page_and_from_the_shops_server(door: Door) -> None:
    event = logged(call("user_engagement", properties={"engagement_time_msec": 12_345}), door)

    assert (event.name, event.properties) == ("user_engagement", {"engagement_time_msec": 12_345})
    assert "measure" in event.purposes


@pytest.mark.parametrize(
    ("told", "kept"),
    [(1, 1), (HOURS_4, HOURS_4), ("100", 100), (100.0, 100)],  # GA4's protocol writes it as text
)
def test_a_whole_number_of_milliseconds_is_kept(told: object, kept: int) -> None:
    event = logged(call("user_engagement", properties={"engagement_time_msec": told}))

    assert event.properties == {"engagement_time_msec": kept}


@pytest.mark.parametrize(
    "told",
    [0, -1, HOURS_4 + 1, 2**53, 0.5, 12.5, 1e15, True, "", "long", "-5", "1e3", "٣", "9" * 300, [5]],
)  # fmt: skip
def test_what_is_no_such_time_is_dropped_and_counted(told: object) -> None:
    admitted = send(call("user_engagement", properties={"engagement_time_msec": told}))

    assert admitted.arrival is not None
    assert admitted.arrival.event.properties == {}
    assert admitted.notes.get("unreadable_value", 0) == (0 if told == "" else 1)


def test_a_time_that_is_missing_is_no_reason_to_refuse() -> None:
    assert logged(call("user_engagement")).properties == {}


def test_looking_is_nothing_she_does() -> None:
    assert "user_engagement" in NOT_ACTIVITY  # no segment counts it, no session goes on by it
