"""Each store slow, gone or full in turn: a decision always comes, events are kept or refused whole, all comes back."""

from __future__ import annotations

import errno
import io
import logging
import time
from collections.abc import Iterator

import pytest
import structlog
from shop import SETTINGS, YES, Reply, Shop, by_experience, experience, names, segment, view
from troubled import Trouble, put_before

from etalage import app
from etalage.api import logs, meet
from etalage.api.metrics import of_process
from etalage.api.rooms import Rooms
from etalage.api.watch import Watch
from etalage.errors import Damaged
from etalage.flow import nightly
from etalage.flow.health import Part, Red
from etalage.store.files.signs import FileSigns
from etalage.store.lmdb import environment

GONE = OSError(errno.EIO, "Input/output error")
BUDGET = 2.5  # s, on a machine that many share; a store that hangs takes three
LOYAL = {"did": "view_item", "times": {"at_least": 1}, "within": "30d"}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Log as the server does, to nowhere."""
    configured = structlog.get_config()
    handlers, level = logging.root.handlers[:], logging.root.level
    logs.set_up("warning", stream=io.StringIO())
    yield
    structlog.configure(**configured)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.fixture
def watch(shop: Shop) -> Watch:
    return Watch(Rooms({shop.opened.configuration.shop.id: shop.opened}), slow_seconds=0.2)


def look(watch: Watch, *, wait: float = 5.0) -> None:
    """Look at everything once, and wait for what was found."""
    watch.tick()
    for post in watch._posts.values():
        assert post.thread is not None
        post.thread.join(wait)


def reds(shop: Shop) -> list[str]:
    return [red.part for red in shop.opened.health.reds()]


def furnish(shop: Shop) -> None:
    """Give Karel a message of his own, and everybody another."""
    shop.go_live(
        segment("looked", LOYAL),
        experience("for-karel", segment="looked", slot="overlay"),
        experience("for-all", form="bar", caps=[], slot="product_below"),
    )
    shop.batch(view("S-1", message="first"))
    nightly.warm(shop.night())
    shop.opened.refresh(shop.now)


def asked(shop: Shop, **said: object) -> tuple[dict[str, object], float]:
    """Ask for Karel, and take the time."""
    began = time.perf_counter()
    answer = shop.ask("karel", slots=["overlay", "product_below"], consent=YES, **said)
    return answer, time.perf_counter() - began


def shown(answer: dict[str, object]) -> set[str]:
    return {name for name, one in by_experience(answer).items() if one["show"]}


def tokens(answer: dict[str, object]) -> set[str]:
    return {name for name, one in by_experience(answer).items() if "id" in one}


def send(shop: Shop, message: str) -> Reply:
    return shop.post("/v1/batch", {"batch": [view("S-1", message=message)]})


def kept(shop: Shop) -> list[str]:
    """Give the ids of the events in the log, as they were sent."""
    return [event.id for event in shop.events("view_item")]


# ---- Profiles ----------------------------------------------------------------------------------------


def test_without_profiles_a_decision_is_contextual_and_says_so(shop: Shop, watch: Watch) -> None:
    furnish(shop)
    whole, _ = asked(shop)
    profiles = put_before(shop, "profiles")

    profiles.raises = GONE
    answer, seconds = asked(shop)

    assert (shown(whole), whole["degraded"]) == ({"for-karel", "for-all"}, [])
    assert shown(answer) == {"for-all"}
    assert "profiles" in answer["degraded"]
    assert not tokens(answer)  # nobody we know, so nothing that is counted
    assert "visitorToken" not in answer
    assert seconds < BUDGET

    profiles.well()
    look(watch)
    again, _ = asked(shop)
    assert (shown(again), again["degraded"]) == ({"for-karel", "for-all"}, [])


def test_a_list_stays_as_it_is_while_profiles_are_gone(shop: Shop) -> None:
    furnish(shop)
    put_before(shop, "profiles").raises = GONE

    reply = shop.post("/v1/rank", {"anonymousId": "karel", "ids": ["S-3", "S-1", "S-2"]})

    assert [one["product_id"] for one in reply.body["products"]] == ["S-3", "S-1", "S-2"]


def test_events_are_refused_whole_while_nobody_can_read_what_people_allow(
    shop: Shop, watch: Watch
) -> None:
    furnish(shop)
    before = shop.account()
    profiles = put_before(shop, "profiles")

    profiles.raises = GONE
    refused = send(shop, "second")
    look(watch)

    assert (refused.status, refused.code) == (503, "overloaded")
    assert int(refused.headers["retry-after"]) > 0
    assert "profiles" in reds(shop)
    assert shop.account() == before  # nothing of it was taken in

    profiles.well()
    look(watch)
    assert reds(shop) == []
    assert send(shop, "second").status == 200
    assert send(shop, "second").status == 200  # a client that is not sure sends it again
    assert shop.account()["accepted"] == before["accepted"] + 1


def test_a_slow_profile_store_holds_up_three_decisions_and_then_nobody(
    shop: Shop, watch: Watch
) -> None:
    furnish(shop)
    profiles = put_before(shop, "profiles")
    profiles.seconds = 0.3

    first = [asked(shop)[0] for _ in range(3)]
    profiles.calls.clear()
    later = [asked(shop) for _ in range(20)]

    assert all(answer["degraded"] in ([], ["profiles"]) for answer in first)
    assert all(answer["degraded"] == ["profiles"] for answer, _ in later)
    assert max(seconds for _, seconds in later) < 0.3
    assert "get" not in profiles.calls  # who must be quick asks it no more
    assert reds(shop) == ["profiles"]

    look(watch)
    assert "profiles" in reds(shop)  # it still is slow
    profiles.well()
    look(watch)
    assert reds(shop) == []
    assert asked(shop)[0]["degraded"] == []


def test_a_look_that_does_not_come_back_is_itself_the_finding(shop: Shop, watch: Watch) -> None:
    profiles = put_before(shop, "profiles")
    profiles.names, profiles.seconds = ("position",), 1.0

    watch.tick()
    time.sleep(0.3)
    began = time.perf_counter()
    watch.tick()  # holds up nobody

    assert time.perf_counter() - began < 0.6
    found = {red.part: red.says for red in shop.opened.health.reds()}
    assert "no answer within" in found["profiles"]
    look(watch)


def test_events_are_acknowledged_while_profiles_cannot_be_written(shop: Shop, watch: Watch) -> None:
    furnish(shop)
    profiles = put_before(shop, "profiles")
    profiles.names, profiles.raises = ("update",), OSError(errno.ENOSPC, "No space left on device")

    statuses = [send(shop, f"n-{number}").status for number in range(3)]
    answer, _ = asked(shop)

    assert statuses == [200, 200, 200]
    assert reds(shop) == ["profiles_write"]
    assert (shown(answer), answer["degraded"]) == ({"for-all"}, ["profiles_write"])
    look(watch)
    assert reds(shop) == ["profiles_write"]  # still full
    assert shop.opened.health.reds()[0].says == "OSError: No space left on device"

    profiles.well()
    look(watch)

    assert reds(shop) == []
    assert shop.ports.profiles.position() == shop.ports.log.head()
    assert shop.did("karel").count("view_item") == 4  # all of them, once each
    assert asked(shop)[0]["degraded"] == []


def test_slow_writing_of_profiles_holds_up_three_acknowledgements_only(shop: Shop) -> None:
    furnish(shop)
    profiles = put_before(shop, "profiles")
    profiles.names, profiles.seconds = ("update",), 1.2

    taken = []
    for number in range(5):
        began = time.perf_counter()
        assert send(shop, f"n-{number}").status == 200
        taken.append(time.perf_counter() - began)

    assert min(taken[:3]) > 1.0
    assert max(taken[3:]) < BUDGET
    assert reds(shop) == ["profiles_write"]


def test_one_damaged_profile_makes_no_other_answer_contextual(shop: Shop) -> None:
    furnish(shop)
    shop.batch(view("S-1", "fatima"))
    profiles = put_before(shop, "profiles")
    profiles.names, profiles.raises = ("get",), Damaged("the fold of a visitor is damaged")

    hurt, _ = asked(shop)
    profiles.well()
    other = shop.ask("fatima", consent=YES)

    assert hurt["degraded"] == ["profiles"]
    assert other["degraded"] == []


# ---- The log -----------------------------------------------------------------------------------------


def at_reserve(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk look as full as it may become."""
    monkeypatch.setattr(environment, "RESERVE_BYTES", 1 << 62)
    monkeypatch.setattr(environment, "RESERVE_SHARE", 1)


def test_before_the_disk_is_full_events_are_refused_and_decisions_go_on(
    shop: Shop, watch: Watch
) -> None:
    furnish(shop)
    before = shop.account(), len(shop.events())
    with pytest.MonkeyPatch.context() as patch:
        at_reserve(patch)
        refused = send(shop, "second")
        answer, seconds = asked(shop, events=[view("S-1", message="third")])

        assert (refused.status, refused.code) == (503, "overloaded")
        assert int(refused.headers["retry-after"]) > 0
        assert "reserve" in refused.body["error"]["message"]
        assert shown(answer) == {"for-karel", "for-all"}  # she is known all the same
        assert answer["degraded"] == ["log"]
        assert not tokens(answer)  # of what no record is kept, nothing is counted
        assert seconds < BUDGET
        look(watch)
        assert reds(shop) == ["log"]
        assert (shop.account(), len(shop.events())) == before

    look(watch)

    assert reds(shop) == []
    assert send(shop, "second").status == 200
    again, _ = asked(shop, events=[view("S-1", message="third")])
    assert again["degraded"] == []
    assert tokens(again) == {"for-karel", "for-all"}
    assert shop.account()["accepted"] == before[0]["accepted"] + 2


def test_what_is_switched_off_is_off_also_while_the_log_takes_nothing(
    shop: Shop, watch: Watch
) -> None:
    furnish(shop)
    live = shop.ports.records.document("experience", "for-karel")
    assert live is not None
    with pytest.MonkeyPatch.context() as patch:
        at_reserve(patch)
        shop.ports.records.set_state(live, "paused", actor="bob", now=shop.now)
        shop.opened.refresh(shop.now)
        assert shown(asked(shop)[0]) == {"for-all"}
        look(watch)
        assert reds(shop) == ["log"]

    look(watch)

    assert reds(shop) == []
    version = shop.opened.configuration.version
    records = [event.record or "" for event in shop.events("configuration")]
    assert any(version in record for record in records)  # and the log has been told since


def test_a_shop_opens_its_doors_also_while_the_log_takes_nothing(shop: Shop) -> None:
    furnish(shop)
    shop.opened.close()
    with pytest.MonkeyPatch.context() as patch:
        at_reserve(patch)
        shop.opened = app.open_shop(
            shop.directory, shop.created.shop.id, settings=SETTINGS, now=shop.now + 1
        )
        answer, _ = asked(shop)

    assert shown(answer) == {"for-karel", "for-all"}
    assert answer["degraded"] == ["log"]


def test_a_log_that_fails_refuses_events_and_says_which_part_it_is(
    shop: Shop, watch: Watch
) -> None:
    furnish(shop)
    log = put_before(shop, "log")
    log.names, log.raises = ("append", "put_note"), GONE

    refused = send(shop, "second")
    answer, _ = asked(shop)
    look(watch)

    assert (refused.status, refused.code) == (503, "overloaded")
    assert answer["degraded"] == ["log"]
    assert "log" in reds(shop)

    log.well()
    look(watch)
    assert reds(shop) == []
    assert send(shop, "second").status == 200
    assert kept(shop).count(kept(shop)[-1]) == 1


def test_a_log_that_hangs_does_not_hold_up_a_decision(
    shop: Shop, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(shop)
    monkeypatch.setattr(meet, "KEEP_SECONDS", 0.1)
    log = put_before(shop, "log")
    log.names, log.seconds = ("append",), 1.0

    first, first_seconds = asked(shop, events=[view("S-1", message="second")])
    second, second_seconds = asked(shop, events=[view("S-1", message="third")])

    assert (first["degraded"], second["degraded"]) == (["committer"], ["committer"])
    assert shown(first) == {"for-karel", "for-all"}
    assert first_seconds < 0.9
    assert second_seconds < 0.5  # the second does not even wait
    assert reds(shop) == ["committer"]

    log.well()
    look(watch)
    look(watch)
    assert reds(shop) == []
    again = [view("S-1", message="second"), view("S-1", message="third")]
    shop.batch(*again)  # sent again, because the answers said so
    assert shop.did("karel").count("view_item") == 3  # and counted once


def test_a_refusal_that_could_not_be_kept_is_honoured_in_the_answer(shop: Shop) -> None:
    furnish(shop)
    log = put_before(shop, "log")
    log.names, log.raises = ("append",), GONE

    answer = shop.ask(
        "karel",
        slots=["overlay", "product_below"],
        consent=YES | {"personalise": False},
    )

    assert "for-karel" not in shown(answer)
    assert answer["degraded"] == ["log"]


# ---- Records, models, the warehouse ------------------------------------------------------------------


def test_without_records_decisions_go_on_with_what_was_live(shop: Shop, watch: Watch) -> None:
    furnish(shop)
    records = put_before(shop, "records")
    records.raises = GONE

    look(watch)
    answer, seconds = asked(shop)

    assert reds(shop) == ["records"]
    assert shown(answer) == {"for-karel", "for-all"}
    assert answer["degraded"] == ["records"]
    assert tokens(answer) == {"for-karel", "for-all"}  # its record is kept: it is counted
    assert seconds < BUDGET
    assert send(shop, "second").status == 200

    records.well()
    look(watch)
    assert asked(shop)[0]["degraded"] == []


@pytest.mark.parametrize("port", ["records", "models"])
def test_a_slow_store_that_no_decision_asks_makes_none_slow(
    shop: Shop, watch: Watch, port: str
) -> None:
    furnish(shop)
    slow = put_before(shop, port)
    slow.seconds = 3.0

    watch.tick()
    answer, seconds = asked(shop)

    assert shown(answer) == {"for-karel", "for-all"}
    assert seconds < BUDGET
    time.sleep(0.3)
    watch.tick()
    assert reds(shop) == [port]
    slow.well()
    look(watch)
    look(watch)
    assert reds(shop) == []


def test_a_damaged_model_leaves_the_one_before_and_is_told(shop: Shop, watch: Watch) -> None:
    furnish(shop)
    nightly.count_popular(shop.night())
    shop.opened.refresh(shop.now)
    look(watch)
    assert reds(shop) == []

    shop.ports.models.put(nightly.POPULAR, b"{")
    shop.opened.refresh(shop.now)
    look(watch)

    answer, _ = asked(shop)
    assert reds(shop) == ["models"]
    assert shown(answer) == {"for-karel", "for-all"}
    assert answer["degraded"] == ["models"]

    nightly.count_popular(shop.night())
    shop.opened.refresh(shop.now)
    look(watch)
    assert asked(shop)[0]["degraded"] == []


def test_models_that_cannot_be_read_are_told_and_come_back(shop: Shop, watch: Watch) -> None:
    furnish(shop)
    models = put_before(shop, "models")
    models.raises = GONE

    look(watch)
    assert asked(shop)[0]["degraded"] == ["models"]

    models.well()
    look(watch)
    assert asked(shop)[0]["degraded"] == []


def test_without_a_warehouse_decisions_and_events_notice_nothing(shop: Shop, watch: Watch) -> None:
    furnish(shop)
    warehouse: Trouble = put_before(shop, "warehouse")
    warehouse.raises = GONE

    look(watch)
    answer, _ = asked(shop)

    assert answer["degraded"] == []
    assert send(shop, "second").status == 200
    assert reds(shop) == []  # it is the night shift's, and that tells of it


# ---- What an operator sees ---------------------------------------------------------------------------


def test_what_is_red_stands_on_disk_with_its_first_moment_until_it_is_well(shop: Shop) -> None:
    signs = FileSigns(shop.directory / "shops" / "noord" / "red")
    health = shop.opened.health
    part: Part = "records"

    assert health.fail(part, "gone")
    since = signs.all()[0].since
    assert not health.fail(part, "gone, and again")

    assert [(red.part, red.says, red.since) for red in signs.all()] == [(part, "gone", since)]
    assert health.heal(part)
    assert signs.all() == []
    assert not health.heal(part)


def test_a_sign_that_a_killed_process_left_goes_when_the_part_is_found_well(
    shop: Shop, watch: Watch
) -> None:
    signs = FileSigns(shop.directory / "shops" / "noord" / "red")
    signs.put(Red("log", 1, "the disk was full"))

    look(watch)

    assert signs.all() == []


def test_a_sign_for_which_there_was_no_room_still_says_since_when(shop: Shop) -> None:
    directory = shop.directory / "shops" / "noord" / "red"
    directory.mkdir(exist_ok=True)
    (directory / "log").touch()

    (red,) = FileSigns(directory).all()

    assert red.part == "log"
    assert abs(red.since / 1e6 - time.time()) < 60


def test_degraded_answers_are_counted_by_part(shop: Shop) -> None:
    furnish(shop)
    put_before(shop, "profiles").raises = GONE
    before = _count('etalage_degraded_total{part="profiles"}')

    asked(shop)

    assert _count('etalage_degraded_total{part="profiles"}') == before + 1


def _count(line: str) -> float:
    for said in of_process().decode().splitlines():
        if said.startswith(line):
            return float(said.rpartition(" ")[2])
    return 0.0


def test_the_log_of_a_shop_in_trouble_has_every_acknowledged_event_once(
    shop: Shop, watch: Watch
) -> None:
    """All stores fail in turn while events come; what was acknowledged is there once, the rest is sent again."""
    furnish(shop)
    acknowledged = []
    for turn, (port, method) in enumerate(
        [
            ("profiles", ""),
            ("profiles", "update"),
            ("log", "append"),
            ("records", ""),
            ("models", ""),
        ]
    ):
        trouble = put_before(shop, port)
        trouble.names, trouble.raises = ((method,) if method else ()), GONE
        for number in range(5):
            message = f"t-{turn}-{number}"
            if send(shop, message).status == 200:
                acknowledged.append(message)
        trouble.well()
        look(watch)
        for number in range(5):  # whoever was refused, and whoever is not sure, sends it again
            assert send(shop, f"t-{turn}-{number}").status == 200

    assert acknowledged
    found = names(shop.events("view_item"))
    assert len(found) == 1 + 25
    assert shop.did("karel").count("view_item") == 26
