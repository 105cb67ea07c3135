"""The machine's clock jumps, and the shop's clock changes twice a year: nothing is shown twice, early or too late."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from shop import Shop, by_experience, experience, names, segment, track, view

from etalage.api.rooms import Rooms
from etalage.api.steady import SteadyClock
from etalage.api.watch import Watch
from etalage.domain.time import DAY, HOUR, MINUTE, SECOND, micros
from etalage.flow import nightly

COUNTDOWN = [{"type": "text", "text": "Tot"}, {"type": "countdown", "ends": "schedule"}]
VIEWS = {"did": "view_item", "times": {"at_least": 1}, "within": "1d"}


class Machine:
    """The two clocks of a machine, and the shop that lives by them."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.count, self.ahead = shop, 5 * SECOND, shop.now
        self.clock = SteadyClock(lambda: self.count + self.ahead, lambda: self.count)
        rooms = Rooms({shop.opened.configuration.shop.id: shop.opened})
        self.watch = Watch(rooms, clock=self.clock)

    def live(self, micros_: int, *, step: int = SECOND) -> None:
        """Let time pass."""
        until = self.count + micros_
        while self.count < until:
            self.count += step
            self.clock.look()
        self.shop.now = self.clock()


@pytest.fixture
def machine(shop: Shop) -> Machine:
    return Machine(shop)


def at(day: str, *, zone_offset: int) -> int:
    """Give the moment of a wall clock in Amsterdam, where it says so many hours before UTC."""
    return micros(datetime.fromisoformat(day).replace(tzinfo=UTC)) - zone_offset * HOUR


def see(shop: Shop) -> str | None:
    """Ask for Karel and, if he gets it, let him have seen it; give what it was or why not."""
    answer = shop.ask("karel", explain=True)
    entry = by_experience(answer).get("hoi")
    if entry is None:
        return {one["experience"]: one["reason"] for one in answer["skipped"]}["hoi"]
    shop.batch(track("triggered", token=entry["id"]))
    return "shown"


def ends_at(shop: Shop) -> int | None:
    entry = by_experience(shop.ask("karel")).get("hoi")
    if entry is None:
        return None
    ends = [block["ends_at"] for block in entry["content"]["blocks"] if "ends_at" in block]
    return micros(datetime.fromisoformat(ends[0])) if ends else 0


# ---- Jumps -------------------------------------------------------------------------------------------


def test_a_cap_of_one_a_day_holds_when_the_clock_leaps_a_day_ahead(
    shop: Shop, machine: Machine
) -> None:
    shop.go_live(experience("hoi", caps=[{"times": 1, "per": "day"}]))
    shop.batch(view("S-1"))
    assert see(shop) == "shown"

    machine.ahead += DAY
    machine.live(MINUTE)
    assert see(shop) == "capped"
    assert machine.clock.says is not None

    machine.ahead -= DAY  # somebody puts it right
    machine.live(MINUTE)
    assert see(shop) == "capped"


def test_a_cap_of_one_a_session_holds_when_the_clock_goes_back_an_hour(
    shop: Shop, machine: Machine
) -> None:
    shop.go_live(experience("hoi", caps=[{"times": 1, "per": "session"}]))
    shop.batch(view("S-1"))
    assert see(shop) == "shown"

    machine.ahead -= HOUR
    machine.live(MINUTE)
    assert see(shop) == "capped"


def test_the_log_keeps_its_order_and_every_event_when_the_clock_jumps_both_ways(
    shop: Shop, machine: Machine
) -> None:
    turns = [0, -HOUR, DAY, -DAY, HOUR]
    for number, turned in enumerate(turns):
        machine.ahead += turned
        machine.live(MINUTE)
        for twice in range(2):
            shop.batch(view(f"S-{number}", message=f"m-{number}"))
            assert twice in (0, 1)

    seen = shop.events("view_item")
    assert [one.lines[0].product for one in seen] == [f"S-{n}" for n in range(len(turns))]
    assert [one.received for one in seen] == sorted(one.received for one in seen)
    assert len({one.id for one in seen}) == len(turns)
    part = shop.person("karel").part
    assert part is not None
    (spans,) = part.sessions.values()
    assert len(spans) == 1  # five minutes of one visitor are one session


def test_a_schedule_begins_and_a_countdown_ends_when_they_should_though_the_clock_leaps(
    shop: Shop, machine: Machine
) -> None:
    tomorrow = "2026-05-13T12:00"
    content = {"nl": COUNTDOWN, "en": COUNTDOWN}
    shop.go_live(
        experience(
            "hoi",
            caps=[],
            form="bar",
            schedule={"until": tomorrow},
            variants=[{"name": "a", "content": content}],
        ),
        experience("early", caps=[], form="bar", schedule={"from": tomorrow}),
    )
    shop.batch(view("S-1"))
    end = at(tomorrow, zone_offset=2)
    assert ends_at(shop) == end

    machine.ahead += 2 * DAY
    machine.live(5 * MINUTE)

    assert ends_at(shop) == end  # it is not over
    assert "early" not in by_experience(shop.ask("karel"))


def test_a_jump_is_red_until_the_clocks_agree_again(shop: Shop, machine: Machine) -> None:
    machine.ahead += DAY
    machine.live(MINUTE)
    machine.watch._look_at_clock(shop.opened)
    (red,) = shop.opened.health.reds()
    assert red.part == "clock"
    assert "ahead" in red.says
    assert shop.opened.health.degraded == ()  # decisions are as good as ever

    machine.live(11 * MINUTE)  # it is believed now
    machine.watch._look_at_clock(shop.opened)
    assert shop.opened.health.reds() == []


# ---- Summer and winter time --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("night", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)], ids=["spring", "autumn"]
)
def test_a_cap_a_day_is_of_the_shops_day_be_it_of_23_or_25_hours(
    shop: Shop, night: str, hours: int
) -> None:
    shop.now = shop.opened.configuration.zone.start(
        shop.opened.configuration.zone.day(at(f"{night}T12:00", zone_offset=1))
    )
    begin = shop.now
    shop.go_live(experience("hoi", caps=[{"times": 1, "per": "day"}]))
    shop.batch(view("S-1"))
    assert see(shop) == "shown"
    for passed in (HOUR, 12 * HOUR, hours * HOUR - SECOND):
        shop.now = begin + passed
        assert see(shop) == "capped"

    shop.now = begin + hours * HOUR
    assert see(shop) == "shown"


def test_a_session_goes_on_over_the_hour_that_is_skipped_and_the_one_that_comes_twice(
    shop: Shop,
) -> None:
    for night in ("2026-03-29", "2026-10-25"):
        change = at(f"{night}T01:00", zone_offset=0)  # both change at 1:00 UTC
        for minutes in (-20, 0, 20):
            shop.now = change + minutes * MINUTE
            shop.batch(view("S-1", night))
        part = shop.person(night).part
        assert part is not None
        (spans,) = part.sessions.values()
        assert [(span[1] - span[0]) // MINUTE for span in spans] == [40]


@pytest.mark.parametrize("end", ["02:30", "03:00"])
@pytest.mark.parametrize("night", ["2026-03-29", "2026-10-25"])
def test_what_is_over_in_the_night_of_the_change_stays_over_and_its_countdown_agrees(
    shop: Shop, night: str, end: str
) -> None:
    content = {"nl": COUNTDOWN, "en": COUNTDOWN}
    shop.now = at(f"{night}T00:00", zone_offset=2)
    shop.go_live(
        experience(
            "hoi",
            caps=[],
            form="bar",
            schedule={"until": f"{night}T{end}"},
            variants=[{"name": "a", "content": content}],
        ),
        experience("later", caps=[], form="bar", slot="top", schedule={"from": f"{night}T{end}"}),
    )
    shop.batch(view("S-1"))
    said = ends_at(shop)
    assert said

    for _ in range(30):  # 5 hours, in steps of 10 minutes
        entries = by_experience(shop.ask("karel", slots=["overlay", "top"]))
        assert ("hoi" in entries) == (shop.now < said)
        assert ("later" in entries) == (shop.now >= said)
        shop.now += 10 * MINUTE


def test_a_condition_over_one_day_reaches_to_midnight_of_the_shop(shop: Shop) -> None:
    zone = shop.opened.configuration.zone
    start = zone.start(zone.day(at("2026-10-25T12:00", zone_offset=1)))
    shop.now = start - MINUTE
    shop.go_live(segment("today", VIEWS), experience("hoi", segment="today", caps=[], form="bar"))
    shop.batch(view("S-1", "yesterday"))
    shop.now = start
    shop.batch(view("S-1", "today"))
    _warm(shop)

    shop.now = start + 25 * HOUR - SECOND  # the 25th hour is still that day
    assert "hoi" in by_experience(shop.ask("today"))
    assert "hoi" not in by_experience(shop.ask("yesterday"))
    shop.now = start + 25 * HOUR
    assert "hoi" not in by_experience(shop.ask("today"))


def _warm(shop: Shop) -> None:
    nightly.warm(shop.night())
    shop.opened.refresh(shop.now)


# ---- The night of a simulated shop -------------------------------------------------------------------


def test_the_night_of_a_simulated_shop_lives_in_its_time(shop: Shop) -> None:
    november = shop.now + 180 * DAY
    assert nightly.own_time(shop.ports.log, november) == november  # nothing happened yet
    shop.batch(view("S-1"))
    shop.opened._tell_composition(
        shop.opened.configuration, november
    )  # says the machine, at a start

    assert nightly.own_time(shop.ports.log, november) == shop.now
    assert "view_item" in names(shop.events())
