"""What a visitor may ask of the shop is done, wholly, and stays done."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from canaries import DIGESTED, DROPPED, KEPT, Canary, found
from commands import etalage
from shop import (  # fmt: skip
    NO,
    NOON,
    SETTINGS,
    YES,
    Opening,
    Shop,
    experience,
    identify,
    names,
    order,
    segment,
    track,
    view,
)

from etalage import app
from etalage.domain.arrival import engines_own
from etalage.domain.event import Event
from etalage.domain.privacy import Erasure, Verdict, rewritten
from etalage.domain.time import DAY, HOUR, MINUTE, ShopZone, iso
from etalage.errors import Conflict, NotFound
from etalage.flow import nightly, privacy
from etalage.flow.access import access
from etalage.flow.account import components
from etalage.flow.ask import node_of, size
from etalage.flow.clean import Cleaned, clean, preview
from etalage.flow.look_back import rebuild
from etalage.flow.privacy import is_genuine, receipt
from etalage.govern.privacy import Keep
from etalage.govern.privacy_page import page, words
from etalage.store.duckdb.archive import ParquetArchive
from etalage.store.lmdb.journal import LmdbEventLog

CRASHES = ("destroy_keys", "forget", "renew", "exchange", "rewrite", "refold")


def erase(shop: Shop, profile: str, *, files: bool = True) -> Erasure:
    shop.events()
    how = shop.opened.configuration.how
    erasure = privacy.erase(shop.ports, profile, how, actor="ann", now=shop.now)
    if files:
        assert tidy(shop, at_once=True) is not None
        erasure = shop.ports.keys.erasures()[erasure.number - 1]
    return erasure


def tidy(shop: Shop, *, at_once: bool = False) -> Cleaned:
    how = shop.opened.configuration.how
    done = clean(shop.ports, how, keep=Keep(), now=shop.now, at_once=at_once)
    assert done is not None
    return done


def seal(shop: Shop) -> None:
    shop.events()
    shop.ports.warehouse.roll(now=shop.now)


def folds(shop: Shop) -> dict[str, bytes]:
    """Give all memories as bytes."""
    found = shop.ports.profiles.visitors()
    return {visitor: msgspec.msgpack.encode(fold) for visitor, fold in found}


def with_canary(shop: Shop) -> Canary:
    """Let her say everything, half of it sealed, half not, beside somebody else."""
    canary = Canary()
    shop.go_live(
        segment("lookers", {"did": "view_item", "within": "30d"}),
        experience("hoi", segment="lookers"),
    )
    shop.batch(
        view("S-1", "fatima"), identify("fatima", "C-2", firstName="Fatima"), order("N-2", "fatima")
    )
    canary.says(shop)
    shop.ask(canary.of["visitor"], consent=YES)
    seal(shop)
    shop.now += MINUTE
    shop.batch(view("S-5", canary.of["visitor"], coupon=canary.of["coupon"]), view("S-6", "fatima"))
    shop.ask(canary.of["visitor"])
    shop.events()
    return canary


# ---- Erasure -----------------------------------------------------------------------------------------


def test_nothing_of_an_erased_person_is_left_in_any_file(shop: Shop) -> None:
    canary = with_canary(shop)
    before = found(shop, canary)
    assert set(before) == set(
        KEPT
    )  # the detector finds each one that is kept, and what is not kept is not there
    assert all("through the format" in where for where in before.values())
    assert any("data.mdb" in file for file in before["coupon"])
    others = {v: f for v, f in folds(shop).items() if v == shop.key_of("fatima")}
    copy = access(
        shop.ports,
        f"user:{canary.of['customer']}",
        shop.opened.configuration.how,
        actor="ann",
        now=shop.now,
    )
    told = msgspec.json.encode(copy).decode()
    assert [place for place in KEPT if canary.of[place] not in told] == []

    erasure = erase(shop, f"user:{canary.of['customer']}")

    assert found(shop, canary) == {}
    assert erasure.is_done
    assert {v: f for v, f in folds(shop).items() if v == shop.key_of("fatima")} == others
    assert len(DIGESTED) + len(DROPPED) + len(KEPT) >= 20


def test_decisions_stop_at_once_and_her_files_follow_in_the_night(shop: Shop) -> None:
    canary = with_canary(shop)
    assert shop.person(canary.of["visitor"]).part is not None

    started = time.monotonic()
    erasure = erase(shop, canary.of["visitor"], files=False)

    assert time.monotonic() - started < 30  # a second on a machine that does nothing else
    assert shop.person(canary.of["phone_visitor"]).visitors == (
        shop.key_of(canary.of["phone_visitor"]),
    )
    assert shop.ask(canary.of["visitor"])["decisions"] == []
    assert (erasure.is_done, receipt(shop.ports, erasure)["done"]) == (False, False)
    assert components(shop.ports, now=shop.now)["privacy"] == {
        "cleaned": None,
        "missed": False,
        "erasures": 1,
        "late": 0,
    }
    shop.now += DAY
    nightly.forget(shop.night())
    there = {file for files in found(shop, canary).values() for file in files}
    assert {file for file in there if ".parquet" not in file} <= {"through the format"}, there
    with shop.ports.warehouse.changing() as changing:
        assert changing is not None
        changing.sweep()
    nightly.forget(shop.night())
    assert found(shop, canary) == {}
    assert shop.ports.keys.erasures()[0].is_done
    assert components(shop.ports, now=shop.now)["privacy"]["erasures"] == 0  # type: ignore[index]


def test_who_was_erased_stays_away(shop: Shop) -> None:
    shop.batch(view("S-1"), identify("karel", "C-1", email="karel@shop.example"), order("N-1"))
    late = view("S-2", at=NOON - HOUR)
    erase(shop, "karel")

    assert shop.batch(late) == {"refused: erased": 1}
    assert shop.batch(track("page", None, user="C-1")) == {"refused: erased": 1}
    assert shop.batch(identify("jip", "C-1", firstName="Karel"), view("S-1", "jip")) == {
        "refused: erased": 1,
        "accepted": 1,
    }
    assert shop.batch(identify("jip", None, email="karel@shop.example")) == {"refused: erased": 1}
    assert shop.batch(order("N-1")) == {"duplicate": 1}
    assert shop.batch(order("N-3")) == {"accepted": 1}  # for the books
    last = shop.events("purchase")[-1]
    assert (last.visitor, last.customer, last.properties) == (None, None, {})
    assert [one.name for one in shop.events() if one.visitor == shop.key_of("karel")] == []


def test_an_event_that_was_on_its_way_does_not_slip_in(shop: Shop) -> None:
    shop.batch(view("S-1"))
    event = shop.events("view_item")[0]
    erase(shop, "karel", files=False)

    late = msgspec.structs.replace(event, id="late")
    entered = shop.ports.log.append([engines_own(late)])

    assert [(one.outcome, one.reason) for one in entered] == [("refused", "erased")]


def test_orders_stay_in_the_books_without_whoever_placed_them(shop: Shop) -> None:
    shop.batch(view("S-1"), identify("karel", "C-1"), order("N-1"), order("N-2", "fatima"))
    shop.batch(track("Order Refunded", "karel", order_id="N-1", total="10,00"))

    erase(shop, "user:C-1")

    purchase, other = shop.events("purchase")
    (refund,) = shop.events("refund")
    assert (purchase.value, purchase.lines[0].product, purchase.visitor) == (5000, "S-1", None)
    assert str(purchase.transaction).startswith("erased:")
    assert refund.transaction == purchase.transaction  # what was paid back is still known
    assert (other.transaction, other.visitor) == ("N-2", shop.key_of("fatima"))


def test_the_log_has_no_gap_and_says_the_same_in_both_its_halves(shop: Shop) -> None:
    with_canary(shop)
    shop.batch(view("S-1", "jip"), track("search", "jip", query="geheim"))
    seal(shop)
    erase(shop, "fatima")

    upto = shop.ports.log.manifest().sealed_to  # type: ignore[attr-defined]
    journal = list(shop.ports.log.read(0, upto=upto))
    directory = shop.directory / "shops" / "noord" / "events"
    archive = ParquetArchive(directory, shop.ports.log.manifest)  # type: ignore[attr-defined]

    assert [position for position, _ in journal] == list(range(1, upto + 1))
    assert list(archive.read(0, upto)) == journal


@pytest.mark.parametrize("fate", ["gone", "books", "unnamed", "closed", "unmeasured"])
def test_a_verdict_means_the_same_sealed_and_unsealed(shop: Shop, fate: Any) -> None:
    with_canary(shop)
    events = dict(shop.ports.log.read(0))
    zone = ShopZone("Europe/Amsterdam")
    verdicts = {
        position: Verdict(
            fate, zone.day(event.time), ("email",) if fate == "closed" else ("device",)
        )
        for position, event in events.items()
    }
    seal(shop)
    directory = shop.directory / "shops" / "noord" / "events"
    archive = ParquetArchive(directory, shop.ports.log.manifest)  # type: ignore[attr-defined]

    with shop.ports.warehouse.changing() as changing:
        assert changing is not None
        changing.rewrite(verdicts)

    sealed = dict(archive.read(0, len(events)))
    assert sealed == {p: rewritten(event, verdicts[p], zone) for p, event in events.items()}


def test_nobody_else_is_touched(opening: Opening) -> None:
    shop = opening(purposes=("device", "measure", "personalise"))
    shop.batch(*(view(f"S-{n}", f"v-{n % 7}", at=NOON - n * HOUR) for n in range(60)))
    shop.batch(
        *(order(f"N-{n}", f"v-{n}", consent=None) for n in range(7)),
        identify("v-1", "C-1"),
        identify("v-2", "C-1"),
    )
    seal(shop)
    before = folds(shop)

    erase(shop, "v-1")

    gone = {shop.key_of("v-1"), shop.key_of("v-2"), shop.key_of("C-1", "user")}
    assert folds(shop) == {visitor: fold for visitor, fold in before.items() if visitor not in gone}
    rebuild(shop.ports.log, shop.ports.profiles, shop.opened.configuration.how)
    assert folds(shop) == {visitor: fold for visitor, fold in before.items() if visitor not in gone}


def test_what_somebody_else_was_told_about_her_goes_too(shop: Shop) -> None:
    shop.batch(
        view("S-1", "tablet"), identify("tablet", "C-1", customer_group="goud", firstName="Karel")
    )
    shop.now += MINUTE
    shop.batch(identify("tablet", "C-2", language="nl"), view("S-2", "tablet"))
    assert set(shop.person("tablet").part.traits) == {"customer_group", "language"}  # type: ignore[union-attr]

    erase(shop, "user:C-1")

    assert set(shop.person("tablet").part.traits) == {"language"}  # type: ignore[union-attr]
    assert shop.did("tablet") == ["view_item", "view_item"]


def test_unlinking_afterwards_brings_nothing_back(shop: Shop) -> None:
    shop.batch(
        view("S-1", "laptop"),
        identify("laptop", "C-1"),
        identify("phone", "C-1"),
        view("S-2", "phone"),
    )
    erase(shop, "laptop")

    assert shop.batch(track("unlink", "phone"), view("S-3", "phone")) == {"refused: erased": 2}
    assert list(shop.ports.profiles.visitors()) == []


def test_what_was_set_aside_of_her_token_goes_with_her(shop: Shop) -> None:
    fresh = shop.post(
        "/v1/decide",
        {"consent": YES, "slots": []},
        key=shop.write_key,
        headers={"origin": "https://noord.example"},
    )
    token = fresh.body["visitorToken"]
    browser = {"origin": "https://noord.example"}
    said = {"batch": [view("S-1", "x")], "visitorToken": token}
    shop.post("/v1/batch", said, key=shop.write_key, headers=browser)
    shop.post(
        "/v1/batch",
        {"batch": [order("N-1", "x", total="veel")], "visitorToken": token},
        key=shop.write_key,
        headers=browser,
    )
    (aside,) = shop.ports.log.quarantine()
    assert aside.visitor == shop.events("view_item")[0].visitor
    how = shop.opened.configuration.how

    erasure = shop.ports.keys.add_erasure([aside.visitor], actor="ann", requested=shop.now)  # type: ignore[list-item]
    privacy.advance(shop.ports, erasure, how, now=shop.now)
    tidy(shop, at_once=True)

    assert list(shop.ports.log.quarantine()) == []


def test_her_name_in_what_was_set_aside_is_in_nobodys_copy_while_she_waits_for_the_night(
    shop: Shop,
) -> None:
    shop.batch(view("S-1", "karel"), view("S-1", "fatima"))
    shop.batch(order("N-1", "karel", total="veel", gift_for="fatima"))
    how = shop.opened.configuration.how

    def aside_of(visitor: str) -> list[object]:
        told = access(shop.ports, visitor, how, actor="ann", now=shop.now)
        return list(told["set_aside"])

    assert [len(aside_of(one)) for one in ("karel", "fatima")] == [1, 1]
    erase(shop, "karel", files=False)

    assert aside_of("fatima") == []
    assert len(list(shop.ports.log.quarantine())) == 1  # the night takes it away


def test_asking_twice_gives_the_same_receipt(shop: Shop) -> None:
    shop.batch(view("S-1"), identify("karel", "C-1"))
    first = erase(shop, "karel")

    again = erase(shop, "user:C-1")

    assert receipt(shop.ports, again) == receipt(shop.ports, first)
    assert len(shop.ports.keys.erasures()) == 1
    assert receipt(shop.ports, first)["removed"]["events_gone"] == 3  # type: ignore[index]
    with pytest.raises(NotFound):
        erase(shop, "nobody-knows")


def test_a_crowd_is_only_erased_if_that_is_meant(shop: Shop) -> None:
    for n in range(25):
        shop.now += DAY if n in {10, 20} else 0  # no more than ten a day
        shop.batch(identify(f"v-{n}", "C-1"))

    with pytest.raises(Conflict):
        erase(shop, "user:C-1")
    how = shop.opened.configuration.how
    erasure = privacy.erase(shop.ports, "user:C-1", how, actor="ann", now=shop.now, many=True)

    assert len(erasure.visitors) == 27  # 25 browsers, the number, and what was claimed under it


@pytest.mark.parametrize("where", CRASHES)
def test_an_erasure_that_was_cut_off_goes_on_by_itself(shop: Shop, where: str) -> None:
    canary = with_canary(shop)
    script = Path(__file__).with_name("cut_off.py")
    profile = f"user:{canary.of['customer']}"
    command = [sys.executable, str(script), str(shop.directory), profile, where, str(shop.now)]

    assert subprocess.run(command, check=False, timeout=120).returncode == 77
    time.sleep(0.2)
    shop.now += DAY
    shop.opened.close()
    shop.opened = app.open_shop(
        shop.directory, shop.created.shop.id, settings=SETTINGS, now=shop.now
    )
    nightly.forget(shop.night())
    with shop.ports.warehouse.changing() as changing:
        assert changing is not None
        changing.sweep()
    nightly.forget(shop.night())

    assert found(shop, canary) == {}
    assert [one.is_done for one in shop.ports.keys.erasures()] == [True]
    assert shop.batch(view("S-9", canary.of["visitor"]), view("S-9", "fatima")) == {
        "refused: erased": 1,
        "accepted": 1,
    }


def test_a_server_goes_on_while_another_process_erases(shop: Shop) -> None:
    canary = with_canary(shop)
    script = Path(__file__).with_name("cut_off.py")
    command = [
        sys.executable,
        str(script),
        str(shop.directory),
        canary.of["visitor"],
        "nowhere",
        str(shop.now),
    ]

    process = subprocess.Popen(command)
    said, sent = 0, 0
    while process.poll() is None or sent < 5:
        sent += 1
        said += shop.batch(view(f"S-{sent}", "fatima")).get("accepted", 0)

    assert process.returncode == 0
    assert said == sent
    time.sleep(0.2)
    assert names(shop.events("view_item")).count("view_item") == sent + 2
    assert shop.did("fatima").count("view_item") == sent + 2
    assert found(shop, canary) == {}


def test_data_of_yesterday_forgets_her_again_before_it_opens(shop: Shop, tmp_path: Path) -> None:
    canary = with_canary(shop)
    shop.opened.close()
    yesterday = tmp_path / "yesterday"
    shutil.copytree(shop.directory, yesterday)
    reopen(shop)
    erase(shop, f"user:{canary.of['customer']}")
    shop.opened.close()

    shutil.rmtree(shop.directory)
    shutil.copytree(yesterday, shop.directory)
    reopen(shop)

    assert found(shop, canary) == {}
    assert shop.batch(view("S-1", canary.of["phone_visitor"])) == {"refused: erased": 1}
    # three acts of one moment: their order is that of their ids, which follow from the keys
    assert sorted(shop.did("fatima")) == ["purchase", "view_item", "view_item"]


def test_keys_of_yesterday_learn_from_the_data_who_is_gone(shop: Shop, tmp_path: Path) -> None:
    shop.batch(view("S-1"), identify("karel", "C-1", firstName="Karel"))
    shop.opened.close()
    keys = shop.directory.with_name("data.keys")
    shutil.copytree(keys, tmp_path / "yesterday")
    reopen(shop)
    erase(shop, "karel")
    shop.opened.close()

    shutil.rmtree(keys)
    shutil.copytree(tmp_path / "yesterday", keys)
    reopen(shop)

    assert shop.ports.keys.is_destroyed(shop.key_of("C-1", "user"))
    assert shop.batch(view("S-1")) == {"refused: erased": 1}
    assert len(shop.ports.keys.erasures()) == 1


def reopen(shop: Shop) -> None:
    shop.opened = app.open_shop(
        shop.directory, shop.created.shop.id, settings=SETTINGS, now=shop.now
    )


# ---- Withdrawal and retention ------------------------------------------------------------------------


def test_what_was_withdrawn_is_gone_within_a_day_and_orders_stay(shop: Shop) -> None:
    shop.batch(
        view("S-1"),
        identify("karel", "C-1", customer_group="goud", firstName="Karel"),
        order("N-1"),
    )
    shop.batch(view("S-1", "fatima"))
    seal(shop)
    shop.now += MINUTE
    shop.batch(track("consent", consent=None, **NO))
    before = folds(shop)[shop.key_of("fatima")]

    tidy(shop, at_once=True)

    assert [e.visitor for e in shop.events("view_item")] == [shop.key_of("fatima")]
    (told,) = shop.events("identify")
    assert (told.properties, told.personal, told.customer) == ({}, None, shop.key_of("C-1", "user"))
    (bought,) = shop.events("purchase")
    assert (bought.transaction, bought.visitor) == ("N-1", None)
    assert shop.person("karel").open == frozenset()
    assert folds(shop)[shop.key_of("fatima")] == before
    assert tidy(shop).total == 0


def test_who_only_wants_to_be_measured_is_still_measured(shop: Shop) -> None:
    shop.batch(view("S-1"), track("search", query="geheim"), track("preference", kleur="rood"))
    shop.now += MINUTE
    shop.ask("karel", consent=YES | {"personalise": False})

    tidy(shop)

    kept = shop.events("view_item", "search", "preference")
    assert [(e.name, e.purposes, e.epoch, e.personal) for e in kept] == [
        ("view_item", ("device", "measure"), 0, None),
        ("search", ("device", "measure"), 0, None),
    ]
    parts = [p for _, fold in shop.ports.profiles.visitors() for p in fold.parts.values()]
    assert not any(part.recents or part.traits or part.preferences for part in parts)


def test_a_new_yes_keeps_what_came_after_it(shop: Shop) -> None:
    shop.batch(view("S-1"))
    shop.now += MINUTE
    shop.batch(track("consent", consent=None, **NO))
    shop.now += MINUTE
    shop.batch(view("S-2"))

    tidy(shop)

    assert [e.product for e in shop.events("view_item")] == ["S-2"]
    assert shop.did("karel") == ["view_item"]


def test_things_are_kept_as_long_as_they_may_and_no_longer(shop: Shop) -> None:
    shop.go_live(experience("hoi"))
    shop.batch(view("S-1"), track("search", query="geheim"), identify("karel", "C-1"), order("N-1"))
    shop.batch(view("S-1", "fatima"), order("N-2", "fatima"))
    shop.ask("karel")
    seal(shop)

    shop.now = NOON + 100 * DAY
    tidy(shop)
    assert [e.personal for e in shop.events("search")] == [None]
    shop.now = NOON + 200 * DAY
    shop.batch(view("S-2"))  # he is still here; she is not
    tidy(shop)
    assert shop.events("decision") == []
    shop.now = NOON + 400 * DAY
    expected = preview(shop.ports, shop.opened.configuration.how, Keep(), now=shop.now)
    done = tidy(shop)

    assert done.events["overdue"] == expected.events["overdue"]
    assert [(e.visitor, e.product) for e in shop.events("view_item")] == [
        (shop.key_of("karel"), "S-2")
    ]
    assert [(e.transaction, e.visitor) for e in shop.events("purchase")] == [
        ("N-1", shop.key_of("karel")),
        ("N-2", None),
    ]
    assert names(shop.events("identify")) == ["identify"]
    assert shop.did("karel") == ["purchase", "view_item"]
    assert [v for v, _ in shop.ports.profiles.visitors() if v == shop.key_of("fatima")] == []
    assert tidy(shop).total == 0
    shop.now = NOON + 2_600 * DAY
    tidy(shop)
    assert shop.events("purchase") == []


def test_the_memory_of_ids_lasts_as_long_as_the_events_and_no_longer(shop: Shop) -> None:
    old = view("S-1", message="m-old")
    refund = track("Order Refunded", order_id="N-1", total=5, message="m-refund")
    shop.batch(old, order("N-1"), refund, track("consent", message="m-yes"), view("S-2", "jip"))
    shop.now = NOON + 200 * DAY
    shop.batch(view("S-2", message="m-new"))
    seal(shop)
    tidy(shop)
    assert shop.batch(old, refund) == {"duplicate": 2}  # sealed long ago, and known all the same
    before = ids_in(shop)

    shop.now = NOON + 400 * DAY
    tidy(shop)

    assert shop.events("view_item")[0].product == "S-2"
    assert shop.batch(refund, order("N-1")) == {"duplicate": 2}  # their events are still there
    assert shop.batch(view("S-2", message="m-new")) == {"duplicate": 1}
    held = {e.id for e in shop.events() if e.name != "erased"}
    assert len(held) <= ids_in(shop) < before
    assert shop.batch(old | {"timestamp": iso(NOON)}) == {"accepted": 1}
    tidy(shop)
    assert "S-1" not in [e.product for e in shop.events("view_item")]  # it went again


def ids_in(shop: Shop) -> int:
    """Count the ids that the log remembers."""
    journal = shop.ports.log
    assert isinstance(journal, LmdbEventLog)
    with journal._env.read() as txn:
        return int(txn.stat(journal._env.table("ids"))["entries"])


def test_what_could_not_be_read_is_kept_for_thirty_days(shop: Shop) -> None:
    shop.batch(order("N-1", total="veel"))
    shop.now += 29 * DAY
    assert tidy(shop).quarantine == 0

    shop.now += 2 * DAY
    assert tidy(shop).quarantine == 1

    assert list(shop.ports.log.quarantine()) == []
    assert shop.account()["quarantined: bad_money"] == 1  # it is still accounted for


def test_a_missed_night_shows(shop: Shop) -> None:
    shop.batch(view("S-1"))
    tidy(shop)
    assert components(shop.ports, now=shop.now + DAY)["privacy"]["missed"] is False  # type: ignore[index]

    assert components(shop.ports, now=shop.now + 2 * DAY)["privacy"]["missed"] is True  # type: ignore[index]


# ---- Restriction -------------------------------------------------------------------------------------


def test_who_is_frozen_is_kept_and_not_used(shop: Shop) -> None:
    shop.go_live(
        segment("lookers", {"did": "view_item", "within": "30d"}),
        experience("hoi", segment="lookers"),
    )
    shop.batch(view("S-1"), identify("karel", "C-1"))
    nightly.warm(shop.night())
    shop.opened.refresh(shop.now)
    live = shop.opened.configuration
    tree = node_of(shop.ports, {"did": "view_item", "within": "30d"}, live.shop)
    assert (
        len(shop.ask("karel")["decisions"]),
        size(shop.ports, tree, live.shop, now=shop.now).people,
    ) == (1, 1)
    shop.now += MINUTE

    privacy.restrict(shop.ports, "user:C-1", live.how, on=True, actor="ann", now=shop.now)

    assert (
        shop.ask("karel")["decisions"],
        size(shop.ports, tree, live.shop, now=shop.now).people,
    ) == ([], 0)
    assert shop.batch(view("S-2"), order("N-1"), view("S-2", "fatima")) == {
        "refused: restricted": 1,
        "accepted": 2,
    }
    assert shop.batch(identify("jip", "C-1")) == {"refused: restricted": 1}
    shop.now += 500 * DAY
    tidy(shop)
    assert [e.product for e in shop.events("view_item") if e.visitor == shop.key_of("karel")] == [
        "S-1"
    ]
    shop.now = NOON + HOUR
    privacy.restrict(shop.ports, "karel", live.how, on=False, actor="ann", now=shop.now)
    assert shop.did("karel") == ["view_item", "purchase"]
    assert shop.batch(view("S-3")) == {"accepted": 1}


def test_a_no_is_heard_also_from_who_is_frozen(shop: Shop) -> None:
    shop.batch(view("S-1"))
    how = shop.opened.configuration.how
    privacy.restrict(shop.ports, "karel", how, on=True, actor="ann", now=shop.now)
    shop.now += MINUTE
    shop.batch(track("consent", consent=None, **NO))
    shop.now += MINUTE

    privacy.restrict(shop.ports, "karel", how, on=False, actor="ann", now=shop.now)

    assert shop.person("karel").open == frozenset()


@pytest.mark.parametrize("on", [True, False])
def test_who_was_erased_is_neither_frozen_nor_let_in_again(shop: Shop, on: bool) -> None:
    shop.batch(view("S-1"), identify("karel", "C-1"))
    erase(shop, "karel", files=False)
    how = shop.opened.configuration.how

    with pytest.raises(Conflict, match="she was erased"):
        privacy.restrict(shop.ports, "karel", how, on=on, actor="ann", now=shop.now)

    assert shop.batch(view("S-2")) == {"refused: erased": 1}
    assert [one.action for one in shop.ports.records.audit_lines()][-1] == "privacy.erase"


# ---- Access ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_person_reads_all_that_is_kept(shop: Shop, language: Any) -> None:
    canary = with_canary(shop)
    how = shop.opened.configuration.how
    copy = access(shop.ports, canary.of["phone_visitor"], how, actor="ann", now=shop.now)

    text = page(copy, language, {})

    assert [p for p in KEPT if canary.of[p] not in text] == []
    assert words()[language]["rights"].format(shop="Noord") in text
    assert copy["personal"]["first_name"] == canary.of["first_name"]
    assert copy["segments"] == ["lookers"]
    assert {
        one["experience"] for d in copy["decisions"] for one in [*d["entries"], *d["not_shown"]]
    } == {"hoi"}
    assert shop.ports.records.audit_lines()[-1].action == "privacy.access"
    with pytest.raises(NotFound):
        access(shop.ports, "nobody-knows", how, actor="ann", now=shop.now)


def test_a_copy_after_an_erasure_says_so_and_is_not_silent_about_what_is_left(shop: Shop) -> None:
    shop.batch(view("S-1"), identify("karel", "C-1"))
    how = shop.opened.configuration.how
    before = access(shop.ports, "karel", how, actor="ann", now=shop.now)
    erase(shop, "karel", files=False)

    after = access(shop.ports, "karel", how, actor="ann", now=shop.now)

    assert before["erased"] is None
    assert after["erased"] is not None
    assert "U bent gewist op" in page(after, "nl", {})
    assert "U bent gewist op" not in page(before, "nl", {})


def test_a_name_of_a_visitor_is_text_on_the_page(shop: Shop) -> None:
    shop.batch(identify("karel", "C-1", firstName="<script>alert(1)</script>"))
    copy = access(shop.ports, "karel", shop.opened.configuration.how, actor="ann", now=shop.now)

    text = page(copy, "nl", {})

    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_both_languages_say_the_same() -> None:
    assert words()["nl"].keys() == words()["en"].keys()


def test_a_tombstone_is_the_same_for_everybody() -> None:
    event = Event("1", "view_item", NOON, NOON + 5, "confirmed", "server", visitor="a" * 32)  # type: ignore[arg-type]
    zone = ShopZone("Europe/Amsterdam")
    verdict = Verdict("gone", zone.day(NOON))
    other = msgspec.structs.replace(event, id="2", time=NOON + HOUR, visitor="b" * 32)

    assert rewritten(event, verdict, zone) == rewritten(other, verdict, zone)
    assert "a" * 32 not in msgspec.json.encode(rewritten(event, verdict, zone)).decode()


def test_a_receipt_proves_something_to_the_shop_that_wrote_it_and_to_no_other(
    shop: Shop, opening: Opening
) -> None:
    shop.batch(view("S-1"))
    said = receipt(shop.ports, erase(shop, "karel"))

    assert is_genuine(shop.ports, said)
    assert is_genuine(shop.ports, msgspec.json.decode(msgspec.json.encode(said)))
    assert not is_genuine(opening("Zuid").ports, said)
    for name, value in {"by": "bob", "visitors": 3, "done": False, "hash": "0" * 64}.items():
        assert not is_genuine(shop.ports, said | {name: value}), name
    assert not is_genuine(shop.ports, {})


# ---- The command line --------------------------------------------------------------------------------


def told(shop: Shop, *arguments: str, fails: bool = False) -> str:
    """Run `etalage privacy ...` beside the open shop."""
    done = etalage("privacy", *arguments, "--data", shop.directory)
    assert done.returncode == int(fails), done.stderr
    return done.stderr if fails else done.stdout


def test_the_commands_do_what_they_say(shop: Shop, tmp_path: Path) -> None:
    shop.now = time.time_ns() // 1000
    shop.batch(view("S-1"), identify("karel", "C-1", firstName="Karel"), view("S-1", "fatima"))
    shop.events()

    told(shop, "access", "user:C-1", "--to", str(tmp_path / "copy"), "--lang", "nl")
    copy = msgspec.json.decode((tmp_path / "copy" / "access.json").read_bytes())
    assert copy["personal"] == {"first_name": "Karel"}
    assert "Wie u bent" in (tmp_path / "copy" / "access.html").read_text(encoding="utf-8")
    assert msgspec.json.decode(told(shop, "restrict", "karel", "on", "--json"))["restricted"]
    told(shop, "restrict", "karel", "off")
    done = msgspec.json.decode(told(shop, "erase", "karel", "--now-files", "--json"))
    assert done["done"]
    (tmp_path / "receipt.json").write_bytes(msgspec.json.encode(done))
    assert "Genuine: erasure 1" in told(shop, "receipt", str(tmp_path / "receipt.json"))
    (tmp_path / "receipt.json").write_bytes(msgspec.json.encode(done | {"by": "bob"}))
    assert "not-genuine" in told(shop, "receipt", str(tmp_path / "receipt.json"), fails=True)
    assert msgspec.json.decode(told(shop, "retain", "--dry-run", "--json"))["dry_run"]
    assert "Nothing was removed" in told(shop, "retain", "--dry-run")
    assert "set aside: 0 events" in told(shop, "retain")
    assert "nothing is known" in told(shop, "access", "nobody-knows", fails=True)
    time.sleep(0.2)
    assert [e.visitor for e in shop.events("view_item")] == [shop.key_of("fatima")]
