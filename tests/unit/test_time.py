"""Days of a shop: what a moment's day is, whoever asks and however often."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etalage.domain import time
from etalage.domain.time import HOUR, MINUTE, ShopZone, iso, micros

AMSTERDAM = ShopZone("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 5, 12), 24)]
)
def test_a_day_lasts_as_long_as_the_shops_clocks_say(day: tuple[int, int, int], hours: int) -> None:
    noon = micros(datetime(*day, 12, tzinfo=UTC))
    number = AMSTERDAM.day(noon)

    start, end = AMSTERDAM.start(number), AMSTERDAM.start(number + 1)

    assert end - start == hours * HOUR
    assert (AMSTERDAM.day(start), AMSTERDAM.day(end - 1)) == (number, number)
    assert (AMSTERDAM.day(start - 1), AMSTERDAM.day(end)) == (number - 1, number + 1)


def test_whoever_chooses_the_times_of_events_fills_no_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "_DAYS_KEPT", 10)
    zone = ShopZone("Europe/Amsterdam")
    moments = [n * 15 * MINUTE for n in range(200)]

    assert [zone.day(at) for at in moments] == [AMSTERDAM.day(at) for at in moments]
    assert len(zone._days) <= 10


@given(st.integers(-60 * 10**15, 250 * 10**15))
def test_a_written_moment_reads_back_as_itself(at: int) -> None:
    assert micros(datetime.fromisoformat(iso(at))) == at
    assert len(iso(at)) == len("2026-11-22T15:20:33.000001Z")
