"""Alerts through the system: a shop of three months whose orders stop, night after night, and who must be told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from shop import NOON, SETTINGS, Shop, copy, experience, open_shop
from typer.testing import CliRunner

from etalage.api import metrics
from etalage.api.background import do
from etalage.cli.main import whole
from etalage.domain.arrival import engines_own
from etalage.domain.event import Event
from etalage.domain.ids import EventId, VisitorKey
from etalage.domain.time import DAY, HOUR, ShopZone
from etalage.errors import BadInput
from etalage.flow import alerts, privacy
from etalage.flow.clean import clean
from etalage.flow.nightly import score_engagement, score_people
from etalage.flow.report import report_all
from etalage.flow.scoreboard import scoreboard

ZONE = ShopZone("Europe/Amsterdam")
DAYS, A_DAY, ORDERS = 100, 70, 60
BOTH = ("measure", "personalise")


def made(name: str, visitor: int | None, at: int, number: int, **fields: object) -> Event:
    given: dict[str, object] = {
        "id": EventId(f"{name}-{at}-{number}"),
        "name": name,
        "time": at,
        "received": at,
        "trust": "claimed",
        "source": "browser",
        "visitor": None if visitor is None else VisitorKey(f"{visitor:032x}"),
        "purposes": BOTH,
        "epoch": 1,
    }
    return msgspec.convert(given | fields, Event)


def bought(visitor: int, at: int, number: int, value: int = 5_000) -> Event:
    order = f"o-{at}-{number}"
    said = {"transaction": order, "value": value, "currency": "EUR", "trust": "confirmed"}
    return made("purchase", visitor, at, number, source="server", **said)


def day_of(day: int, *, orders: int = ORDERS, huge: bool = False) -> Iterator[Event]:
    """Let seventy people visit on a shop day, and sixty of them order."""
    at = ZONE.start(day) + 10 * HOUR
    for number in range(A_DAY + day % 5):
        yield made("page_view", number, at + number, number, page_type="product")
        yield made("add_to_cart", number, at + number, number)
    for number in range(orders + day % 3 if orders else 0):
        yield bought(number, at + HOUR, number)
    if huge:
        yield bought(0, at + 2 * HOUR, 999, value=90_000_000)


def put(shop: Shop, *events: Event) -> None:
    shop.ports.log.append([engines_own(event) for event in events])


@pytest.fixture
def today() -> int:
    return ZONE.day(NOON)


@pytest.fixture
def filled(shop: Shop, today: int) -> Callable[..., None]:
    """Fill the days until yesterday; of the last ones, say otherwise."""

    def fill(days: int = DAYS, **last: dict[str, object]) -> None:
        put(
            shop,
            *(
                event
                for ago in range(days, 0, -1)
                for event in day_of(today - ago, **last.get(f"ago_{ago}", {}))  # type: ignore[arg-type]
            ),
        )

    return fill


def keys(kept: list[alerts.Alert] | None) -> list[str]:
    return sorted(one.key for one in kept or [] if one.state == "open")


STOPPED = [
    "figure:orders:down",
    "figure:revenue:EUR:down",
    "tracking:event:purchase",
]


def test_orders_that_stop_are_told_once_however_many_nights_it_goes_on(
    shop: Shop, filled: Callable[..., None], today: int
) -> None:
    filled(ago_1={"orders": 0})

    first = alerts.look_out(shop.ports, now=shop.now)
    again = alerts.look_out(shop.ports, now=shop.now)
    told = alerts.untold(shop.ports, now=shop.now)
    put(shop, *day_of(today, orders=0))
    next_night = alerts.look_out(shop.ports, now=shop.now + DAY)

    assert keys(first) == STOPPED
    assert again == first
    assert sorted(one.key for one in told) == STOPPED
    assert keys(next_night) == STOPPED
    assert {one.since for one in next_night or []} == {today - 1}
    assert alerts.untold(shop.ports, now=shop.now + DAY) == []


def test_when_orders_come_again_the_alerts_are_over(
    shop: Shop, filled: Callable[..., None], today: int
) -> None:
    filled(ago_1={"orders": 0})
    alerts.look_out(shop.ports, now=shop.now)
    put(shop, *day_of(today), *day_of(today + 1))

    later = alerts.look_out(shop.ports, now=shop.now + 2 * DAY)

    assert keys(later) == []
    assert sorted(one.key for one in later or []) == STOPPED


def test_a_night_that_is_killed_in_the_middle_is_done_again(
    shop: Shop, filled: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(ago_1={"orders": 0})
    with monkeypatch.context() as killed:
        killed.setattr(type(shop.ports.models), "put", lambda *_: (_ for _ in ()).throw(OSError()))
        with pytest.raises(OSError):  # noqa: PT011  as a killed process would leave it: alerts kept, night not noted
            alerts.look_out(shop.ports, now=shop.now, only_due=True)

    assert keys(alerts.look_out(shop.ports, now=shop.now, only_due=True)) == STOPPED
    assert alerts.look_out(shop.ports, now=shop.now, only_due=True) is None


def test_a_marked_day_is_silent_and_its_mark_stands_in_the_audit(
    shop: Shop, filled: Callable[..., None], today: int
) -> None:
    filled(ago_1={"orders": 0})
    assert alerts.look_out(shop.ports, now=shop.now, only_due=True)
    yesterday = ZONE.date(today - 1).isoformat()

    alerts.mark(shop.ports, {yesterday: "storing bij de bank"}, actor="ann", now=shop.now)

    assert keys(alerts.look_out(shop.ports, now=shop.now, only_due=True)) == []
    assert shop.ports.records.audit_lines()[-1].object == "shop/marked_days"
    with pytest.raises(BadInput, match="no date"):
        alerts.mark(shop.ports, {"2026-02-30": "x"}, actor="ann", now=shop.now)
    with pytest.raises(BadInput, match="what is special"):
        alerts.mark(shop.ports, {"2026-02-20": " "}, actor="ann", now=shop.now)


def test_today_is_not_over_and_never_judged(shop: Shop, filled: Callable[..., None]) -> None:
    filled()

    assert keys(alerts.look_out(shop.ports, now=shop.now)) == []


def test_one_huge_order_is_no_trend(shop: Shop, filled: Callable[..., None]) -> None:
    filled(ago_1={"huge": True})

    assert keys(alerts.look_out(shop.ports, now=shop.now)) == []


def test_a_day_on_which_nothing_came_is_told(
    shop: Shop, filled: Callable[..., None], today: int
) -> None:
    filled()

    found = alerts.look_out(shop.ports, now=shop.now + DAY)  # today stays empty

    assert "tracking:nothing" in keys(found)
    assert "figure:visitors:down" in keys(found)
    assert not [one for one in keys(found) if one.startswith("tracking:event")]
    assert {one.since for one in found or []} == {today}


@pytest.mark.parametrize("days", [0, 3])
def test_a_new_shop_has_no_alerts(shop: Shop, filled: Callable[..., None], days: int) -> None:
    filled(days)

    assert alerts.look_out(shop.ports, now=shop.now) == []
    assert scoreboard(shop.ports, now=shop.now).tends_to_move == ()


def test_days_on_which_the_clock_changes_are_days_like_others(shop: Shop) -> None:
    """The last Sunday of March 2026 has 23 hours, and two orders a minute from midnight to midnight."""
    last = ZONE.day(NOON) - 44  # 29 March
    assert ZONE.start(last + 1) - ZONE.start(last) == 23 * HOUR
    for day in range(last - 58, last + 3):
        hours = (ZONE.start(day + 1) - ZONE.start(day)) // HOUR
        times = [ZONE.start(day) + n * HOUR // 4 for n in range(4 * hours)]
        put(shop, *(made("page_view", n, at, n) for n, at in enumerate(times)))

    assert keys(alerts.look_out(shop.ports, now=ZONE.start(last + 3) + HOUR)) == []


def harmful(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the report of a live message say that it does harm."""
    shop.go_live(experience("hoi"))
    (real,) = report_all(shop.ports, now=shop.now, name="hoi")
    said = [replace(real, state="harmful")]
    monkeypatch.setattr(alerts, "report_all", lambda *_, **__: said)


def test_a_harmful_message_is_a_proposal_and_nothing_is_paused_by_itself(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    harmful(shop, monkeypatch)

    (found,) = alerts.look_out(shop.ports, now=shop.now) or []

    assert (found.key, found.kind, found.state) == ("harmful:hoi", "harmful", "open")
    assert [one.name for one in shop.ports.records.live("experience")] == ["hoi"]


def test_a_harmful_message_is_paused_where_the_shop_said_so_and_still_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.ports.records.change_shop({"pause_harmful": True}, actor="ann", now=shop.now)
    harmful(shop, monkeypatch)

    alerts.look_out(shop.ports, now=shop.now)

    assert shop.ports.records.live("experience") == []
    line = shop.ports.records.audit_lines()[-1]
    assert (line.actor, line.object) == ("etalage", "experience/hoi@1")
    assert keys(alerts.look_out(shop.ports, now=shop.now + DAY)) == []
    assert [one.key for one in alerts.untold(shop.ports, now=shop.now)] == ["harmful:hoi"]


def test_the_night_shift_judges_and_metrics_tell(shop: Shop, filled: Callable[..., None]) -> None:
    filled(ago_1={"orders": 0})
    put(shop, made("page_view", 1, shop.now, 1))  # a simulated shop has the time of what came last

    assert do("alerts", shop.ports, SETTINGS, shop.now) == len(STOPPED)

    said = metrics.of_shops([shop.opened]).decode()
    assert 'etalage_alerts_open{kind="figure",shop="noord"} 2.0' in said
    assert 'etalage_alerts_open{kind="tracking",shop="noord"} 1.0' in said


@pytest.fixture
def stopped(
    request: pytest.FixtureRequest, tmp_path: Path, runner: asyncio.Runner, today: int
) -> Path:
    """A closed shop whose orders stopped yesterday."""
    directory, created = request.getfixturevalue("made")  # the name is a function here
    shop = open_shop(copy(directory, tmp_path / "data"), created, runner)
    put(shop, *(event for ago in range(DAYS, 1, -1) for event in day_of(today - ago)))
    put(shop, *day_of(today - 1, orders=0), made("page_view", 1, NOON, 1))
    shop.close()
    return shop.directory


def test_the_commands_tell_mark_and_give_out_once(stopped: Path) -> None:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(whole(), [*arguments, "--data", str(stopped)])
        assert result.exit_code == 0, result.output
        return result.output

    found = msgspec.json.decode(run("alerts", "--json"))
    assert sorted(one["key"] for one in found["alerts"]) == STOPPED
    assert found["judgedUpTo"] == "2026-05-11"
    assert msgspec.json.decode(run("doctor", "--json"))["alerts"] == {"figure": 2, "tracking": 1}
    assert "etalage alerts" in run("doctor")
    assert "'purchase' komt sinds 11 mei 2026 niet meer binnen" in run("alerts")

    board = msgspec.json.decode(run("scoreboard", "--json"))
    assert {one["name"] for one in board["measures"]} >= {"orders", "revenue:EUR", "add_to_cart"}
    (orders,) = [one for one in board["measures"] if one["name"] == "orders"]
    assert orders["fourWeeks"]["high"] < 0
    assert "Bestellingen" in run("scoreboard")

    assert "2027-03-28  Eerste paasdag" in run(
        "alerts", "holidays", "2027", "--mark", "--as", "ann"
    )
    run("alerts", "mark", "2026-05-11", "storing", "--as", "ann")
    assert "Niets bijzonders" in run("alerts")
    run("alerts", "unmark", "2026-05-11", "--as", "ann")
    assert len(msgspec.json.decode(run("alerts", "--new", "--json"))["alerts"]) == 3
    assert msgspec.json.decode(run("alerts", "--new", "--json"))["alerts"] == []


# ---- engagement --------------------------------------------------------------------------------------


def comes(shop: Shop, visitor: int, days: list[int], today: int, **fields: object) -> None:
    """Let somebody visit on days so long ago; she allows all from the first."""
    first = ZONE.start(today - max(days))
    given = {"properties": {"measure": True, "personalise": True}, "purposes": BOTH, "epoch": first}
    put(shop, made("consent", visitor, first, visitor, **given))
    for ago in days:
        at = ZONE.start(today - ago) + 9 * HOUR
        put(shop, made("view_item", visitor, at, visitor, **({"epoch": first} | fields)))


def engagement(shop: Shop) -> dict[int, dict[str, object]]:
    return {
        int(event.visitor or "", 16): dict(event.properties)
        for event in shop.events("score")
        if "engagement" in event.properties
    }


TWICE_A_WEEK = [n for week in range(5, 22) for n in (week * 7, week * 7 + 3)]


def test_who_came_twice_a_week_and_stays_away_is_noted_once(shop: Shop, today: int) -> None:
    comes(shop, 1, TWICE_A_WEEK, today)  # nothing in four weeks
    comes(shop, 2, [*range(1, 29, 4), *TWICE_A_WEEK], today)  # as ever
    comes(shop, 3, [40, 70], today)  # seldom, then as now
    comes(shop, 4, [*TWICE_A_WEEK, 20], today)  # once, where eight were to be expected

    assert score_engagement(shop.night()) == 2
    assert score_engagement(shop.night()) == 0

    found = engagement(shop)
    assert sorted(found) == [1, 4]
    assert found[1]["engagement"] == 0
    assert 100_000 <= int(str(found[4]["engagement"])) <= 150_000
    assert 950_000 <= int(str(found[4]["engagement.sure"])) < int(str(found[1]["engagement.sure"]))


def test_who_comes_back_is_noted_too(shop: Shop, today: int) -> None:
    comes(shop, 1, TWICE_A_WEEK, today)
    score_engagement(shop.night())
    for later in range(14):
        at = ZONE.start(today + later) + 9 * HOUR
        put(shop, made("view_item", 1, at, 1, epoch=ZONE.start(today - max(TWICE_A_WEEK))))
    shop.now += 14 * DAY

    assert score_engagement(shop.night()) == 1

    assert engagement(shop)[1]["engagement"] == 1_000_000


def test_engagement_leaves_phase_and_rfm_alone(shop: Shop, today: int) -> None:
    comes(shop, 1, TWICE_A_WEEK, today)
    assert score_people(shop.night()) == 1

    assert score_engagement(shop.night()) == 1

    assert score_people(shop.night()) == 0
    scores = shop.person_of(VisitorKey(f"{1:032x}")).part.scores  # type: ignore[union-attr]
    assert {"phase", "engagement", "engagement.sure"} <= scores.keys()


def test_nothing_is_noted_of_who_does_not_allow_it_and_nothing_stays_of_who_is_erased(
    shop: Shop, today: int
) -> None:
    comes(shop, 1, TWICE_A_WEEK, today, purposes=("measure",), epoch=0)
    comes(shop, 2, TWICE_A_WEEK, today)

    assert score_engagement(shop.night()) == 1
    assert sorted(engagement(shop)) == [2]

    her, how = VisitorKey(f"{2:032x}"), shop.night().how
    erasure = privacy.erase_visitors(shop.ports, [her], how, named="her", actor="ann", now=shop.now)
    clean(shop.ports, how, now=shop.now)
    assert erasure.memory_gone
    assert engagement(shop) == {}
    assert score_engagement(shop.night()) == 0
