"""The event log: every answer to `ports.EventLog` and `ports.Sealable` keeps these promises."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import appending
import lmdb
import msgspec
import pytest
from appending import AMSTERDAM, MONDAY, MONDAY_DAY, digest, viewed
from hypothesis import given, settings
from hypothesis import strategies as st
from shelf import SealableLog, Shelf

from etalage.domain.arrival import Arrival, Entered, Rejected
from etalage.errors import Conflict, Damaged, NotFound, Overloaded
from etalage.ports import Account, EventLog, Manifest
from etalage.store.lmdb import environment
from etalage.store.lmdb.journal import LmdbEventLog
from etalage.store.memory.journal import MemoryEventLog


def order(number: int, *, transaction: str) -> Arrival:
    once = digest("transaction", transaction)
    return msgspec.structs.replace(viewed(number, source="shop"), once=once, key="sk_cd34")


def refused(*, key: str = "wk_ab12") -> Rejected:
    return Rejected(key, "refused", "bot", MONDAY, MONDAY_DAY)


def unreadable(raw: bytes) -> Rejected:
    return Rejected("wk_ab12", "quarantined", "no_type", MONDAY, MONDAY_DAY, raw)


# ---- Once, in order, and all of it --------------------------------------------------------------------


def test_a_new_log_is_empty(log: EventLog) -> None:
    assert log.head() == 0
    assert list(log.read(0)) == []
    assert log.account() == []
    assert list(log.quarantine()) == []


def test_events_come_back_as_they_went_in_with_positions_from_one(log: EventLog) -> None:
    arrivals = [viewed(number) for number in range(1_200)]

    entered = log.append(arrivals)

    assert entered == [Entered("accepted", position) for position in range(1, 1_201)]
    assert list(log.read(0)) == [(n + 1, arrival.event) for n, arrival in enumerate(arrivals)]
    assert log.head() == 1_200


def test_a_reader_gets_the_part_it_asks_for(log: EventLog) -> None:
    log.append([viewed(number) for number in range(20)])

    assert [position for position, _ in log.read(15)] == [16, 17, 18, 19, 20]
    assert [position for position, _ in log.read(3, upto=5)] == [4, 5]
    assert [position for position, _ in log.read(18, upto=99)] == [19, 20]
    assert list(log.read(20)) == []


def test_the_same_event_sent_twice_counts_once(log: EventLog) -> None:
    log.append([viewed(1)])

    again = log.append([viewed(1), viewed(2), viewed(2)])

    assert again == [Entered("duplicate"), Entered("accepted", 2), Entered("duplicate")]
    assert [event.id for _, event in log.read(0)] == ["karel-1", "karel-2"]


def test_another_event_under_a_known_id_is_set_aside_and_the_first_stays(log: EventLog) -> None:
    log.append([viewed(1, product="tent-2p")])
    stolen = msgspec.structs.replace(viewed(1, product="tent-4p"), raw=b"sealed original")

    entered = log.append([stolen])

    assert entered == [Entered("quarantined", reason="id_conflict")]
    assert [event.product for _, event in log.read(0)] == ["tent-2p"]
    assert list(log.quarantine()) == [
        Rejected(
            "wk_ab12",
            "quarantined",
            "id_conflict",
            MONDAY,
            MONDAY_DAY,
            b"sealed original",
            visitor=stolen.event.visitor,
        )
    ]


def test_an_order_comes_in_once_whatever_id_it_is_sent_under(log: EventLog) -> None:
    log.append([order(1, transaction="T-1")])

    entered = log.append([order(2, transaction="T-1"), order(3, transaction="T-2")])

    assert entered == [Entered("duplicate"), Entered("accepted", 2)]


def test_refusals_are_counted_and_only_the_unreadable_is_kept(log: EventLog) -> None:
    log.append([], [refused(), unreadable(b"one"), refused()])
    log.append([], [unreadable(b"two")])

    assert [rejected.sealed for rejected in log.quarantine()] == [b"one", b"two"]
    assert log.account() == [
        Account("wk_ab12", MONDAY_DAY, "quarantined", "no_type", 2),
        Account("wk_ab12", MONDAY_DAY, "refused", "bot", 2),
    ]


def test_the_account_is_kept_per_key_and_shop_day(log: EventLog) -> None:
    midnight = AMSTERDAM.start(MONDAY_DAY + 1)

    log.append([viewed(1, at=midnight - 1), viewed(2, at=midnight), order(3, transaction="T-1")])

    assert log.account() == [
        Account("sk_cd34", MONDAY_DAY, "accepted", "", 1),
        Account("wk_ab12", MONDAY_DAY, "accepted", "", 1),
        Account("wk_ab12", MONDAY_DAY + 1, "accepted", "", 1),
    ]


SENT = st.tuples(st.integers(0, 12), st.sampled_from(["tent-2p", "tent-4p"]), st.integers(0, 4))
CALLS = st.lists(st.tuples(st.lists(SENT, max_size=12), st.integers(0, 3)), max_size=8)


def as_arrival(sent: tuple[int, str, int]) -> Arrival:
    number, product, transaction = sent
    once = digest(transaction) if transaction else None
    return msgspec.structs.replace(viewed(number, product=product), once=once)


@settings(max_examples=40, deadline=None)
@given(calls=CALLS)
def test_everything_received_is_accounted_for_and_both_logs_decide_alike(
    calls: list[tuple[list[tuple[int, str, int]], int]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    memory = MemoryEventLog(zone=AMSTERDAM)
    durable = LmdbEventLog(tmp_path_factory.mktemp("log"), map_size=1 << 20, zone=AMSTERDAM)
    received = 0

    for sent, bots in calls:
        arrivals = [as_arrival(one) for one in sent]
        received += len(arrivals) + bots
        rejected = [refused()] * bots
        assert memory.append(arrivals, rejected) == durable.append(arrivals, rejected)

    lines = durable.account()
    assert sum(line.count for line in lines) == received
    assert sum(line.count for line in lines if line.outcome == "accepted") == durable.head()
    assert lines == memory.account()
    assert list(durable.read(0)) == list(memory.read(0))
    assert list(durable.quarantine()) == list(memory.quarantine())
    durable.close()


# ---- Sealing ------------------------------------------------------------------------------------------


def test_sealed_and_unsealed_events_together_are_the_log_once(
    log: SealableLog, shelf: Shelf
) -> None:
    arrivals = [viewed(number) for number in range(3_000)]
    log.append(arrivals)
    with log.snapshot() as (_, events):
        shelf.events = {position: event for position, event in events if position <= 2_500}

    log.seal(2_500, ["day-1.parquet", "day-2.parquet"])
    dropped = log.prune(2_200)

    assert dropped == 2_200
    assert log.manifest() == Manifest(2_500, ("day-1.parquet", "day-2.parquet"))
    with log.snapshot() as (manifest, events):
        assert manifest.sealed_to == 2_500
        assert [position for position, _ in events] == list(range(2_501, 3_001))
    assert list(log.read(0)) == [(n + 1, arrival.event) for n, arrival in enumerate(arrivals)]
    assert [position for position, _ in log.read(2_190, upto=2_210)] == list(range(2_191, 2_211))
    assert log.append([viewed(7), viewed(9_999)]) == [
        Entered("duplicate"),
        Entered("accepted", 3_001),
    ]


def test_what_arrives_during_a_snapshot_is_not_in_it(log: SealableLog) -> None:
    log.append([viewed(1), viewed(2)])

    with log.snapshot() as (_, events):
        log.append([viewed(3)])
        log.seal(2, ["day-1.parquet"])
        assert [position for position, _ in events] == [1, 2]

    with log.snapshot() as (manifest, events):
        assert manifest.sealed_to == 2
        assert [position for position, _ in events] == [3]


def test_unsealed_events_are_never_dropped(log: SealableLog) -> None:
    log.append([viewed(number) for number in range(10)])
    log.seal(4, ["day-1.parquet"])

    assert log.prune(10) == 4
    assert log.prune(10) == 0
    assert [position for position, _ in log.read(4)] == [5, 6, 7, 8, 9, 10]


def test_events_that_neither_log_nor_archive_has_are_not_passed_over(
    log: SealableLog, shelf: Shelf
) -> None:
    log.append([viewed(number) for number in range(10)])
    shelf.events = {p: event for p, event in log.read(0) if p != 3}
    log.seal(5, ["day-1.parquet"])
    log.prune(5)

    with pytest.raises(Damaged, match="3"):
        list(log.read(0))


def test_a_log_without_an_archive_says_where_old_events_are(tmp_path: Path) -> None:
    for log in (
        MemoryEventLog(zone=AMSTERDAM),
        LmdbEventLog(tmp_path / "log", zone=AMSTERDAM),
    ):
        log.append([viewed(1), viewed(2)])
        log.seal(1, ["day-1.parquet"])
        log.prune(1)
        with pytest.raises(NotFound, match="archive"):
            list(log.read(0))
        log.close()


def test_two_who_seal_at_once_cannot_lose_each_others_files(log: SealableLog) -> None:
    log.append([viewed(number) for number in range(10)])
    log.seal(4, ["a.parquet", "b.parquet"])

    with pytest.raises(Conflict, match=r"b\.parquet"):
        log.seal(6, ["a.parquet", "c.parquet"])
    log.seal(6, ["a.parquet", "c.parquet"], removed=["b.parquet"])

    assert log.manifest() == Manifest(6, ("a.parquet", "c.parquet"))


@pytest.mark.parametrize("upto", [3, 11])
def test_a_log_is_not_sealed_backwards_or_past_its_end(log: SealableLog, upto: int) -> None:
    log.append([viewed(number) for number in range(10)])
    log.seal(4, ["a.parquet"])

    with pytest.raises(Conflict):
        log.seal(upto, ["a.parquet"])


# ---- LMDB alone: disk, processes, damage --------------------------------------------------------------


def open_log(path: Path) -> LmdbEventLog:
    return LmdbEventLog(path, map_size=1 << 20, zone=AMSTERDAM)


def start_writer(path: Path, source: str, batches: int) -> subprocess.Popen[str]:
    command = [sys.executable, appending.__file__, str(path), source, str(batches)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_what_was_acknowledged_is_there_after_reopening(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.append([viewed(1)], [refused(), unreadable(b"one")])
    log.seal(1, ["day-1.parquet"])
    before = (list(log.read(0)), log.account(), list(log.quarantine()), log.manifest())
    log.close()

    log = open_log(tmp_path)

    assert (list(log.read(0)), log.account(), list(log.quarantine()), log.manifest()) == before
    assert log.append([viewed(1)]) == [Entered("duplicate")]
    log.close()


def test_two_processes_that_append_at_once_leave_no_gap_and_no_double(tmp_path: Path) -> None:
    reader = open_log(tmp_path)  # opened before the map grows
    writers = [start_writer(tmp_path, source, batches=150) for source in ("fatima", "karel")]
    outputs = [writer.communicate(timeout=60)[0] for writer in writers]

    assert [writer.returncode for writer in writers] == [0, 0]
    assert [output.count("\n") for output in outputs] == [150, 150]
    events = list(reader.read(0))
    assert [position for position, _ in events] == list(range(1, 3_001))
    expected = {f"{source}-{n}" for source in ("fatima", "karel") for n in range(1_500)}
    assert {event.id for _, event in events} == expected
    accepted, duplicate = reader.account()
    assert (accepted.count, duplicate.count) == (3_000, 1_500)
    reader.close()


def test_a_writer_killed_in_the_middle_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    chance = random.Random(1)
    acknowledged: Counter[str] = Counter()
    for kill in range(5):
        source = f"karel-{kill}"
        writer = start_writer(tmp_path, source, batches=1_000_000)
        assert writer.stdout is not None
        acknowledged.update(f"{source}-{n}" for n in writer.stdout.readline().split())
        time.sleep(chance.uniform(0.02, 0.2))
        writer.send_signal(signal.SIGKILL)
        for line in writer.stdout:
            if line.endswith("\n"):
                acknowledged.update(f"{source}-{n}" for n in line.split())
        writer.stdout.close()
        assert writer.wait() == -signal.SIGKILL

    log = open_log(tmp_path)
    stored = Counter(event.id for _, event in log.read(0))

    assert len(acknowledged) >= 500
    assert set(acknowledged) <= set(stored)
    assert set(stored.values()) == {1}
    assert log.verify() == []
    accepted, _ = log.account()
    assert accepted.count == log.head() == len(stored)
    log.close()


def change_value(path: Path, table: str, key: bytes, change: Callable[[bytes], bytes]) -> None:
    with lmdb.open(str(path), max_dbs=8) as env:
        database = env.open_db(table.encode(), create=False)
        with env.begin(write=True) as txn:
            txn.put(key, change(txn.get(key, db=database)), db=database)


def flip(bit: int) -> Callable[[bytes], bytes]:
    def change(value: bytes) -> bytes:
        changed = bytearray(value)
        changed[bit // 8 % len(value)] ^= 1 << bit % 8
        return bytes(changed)

    return change


@pytest.mark.parametrize("bit", [0, 63, 64, 777, 1_500])
def test_a_flipped_bit_in_an_event_is_reported_never_read(tmp_path: Path, bit: int) -> None:
    log = open_log(tmp_path)
    log.append([viewed(number) for number in range(5)])
    log.close()
    change_value(tmp_path, "events", (3).to_bytes(8, "big"), flip(bit))

    log = open_log(tmp_path)

    assert log.verify() == [3]
    read = log.read(0, upto=2)
    assert [position for position, _ in read] == [1, 2]
    with pytest.raises(Damaged, match="event 3"):
        list(log.read(2))
    log.close()


def test_what_lies_in_the_archive_is_not_missed_in_the_log(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.append([viewed(number) for number in range(20)])
    log.seal(15, ["day-1.parquet"])
    log.prune(12)
    assert log.verify() == []
    log.close()
    change_value(tmp_path, "events", (14).to_bytes(8, "big"), flip(99))

    log = open_log(tmp_path)

    assert log.verify() == [14]
    log.close()


def test_an_append_waits_for_the_disk(tmp_path: Path) -> None:
    log = open_log(tmp_path)

    flags = log._env._env.flags()

    assert flags["sync"]
    assert flags["metasync"]
    assert not flags["map_async"]
    log.close()


def test_an_event_that_took_anothers_place_is_reported(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.append([viewed(number) for number in range(5)])
    log.close()
    taken = {}
    change_value(tmp_path, "events", (2).to_bytes(8, "big"), lambda v: taken.setdefault("two", v))
    change_value(tmp_path, "events", (4).to_bytes(8, "big"), lambda _: taken["two"])
    change_value(tmp_path, "events", (5).to_bytes(8, "big"), lambda v: bytes(len(v)))

    log = open_log(tmp_path)

    assert log.verify() == [4, 5]
    log.close()


def test_a_changed_count_is_reported_never_shown(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.append([viewed(1)])
    log.close()
    key = msgspec.msgpack.encode(("wk_ab12", MONDAY_DAY, "accepted", ""))
    change_value(tmp_path, "account", key, flip(64))

    log = open_log(tmp_path)

    with pytest.raises(Damaged, match="count"):
        log.account()
    log.close()


def test_a_log_that_fills_its_map_grows_while_others_read_it(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.append([viewed(0)])
    failures: list[BaseException] = []
    done = threading.Event()

    def keep_reading() -> None:
        try:
            while not done.is_set():
                assert next(iter(log.read(0)))[0] == 1
        except BaseException as error:  # noqa: BLE001  handed to the test
            failures.append(error)

    reader = threading.Thread(target=keep_reading)
    reader.start()
    for batch in range(1, 60):
        log.append([viewed(batch * 100 + n) for n in range(100)])
    done.set()
    reader.join()

    assert failures == []
    assert log.head() == 5_901
    assert (tmp_path / "data.mdb").stat().st_size > 1 << 20
    log.close()


def test_a_log_that_cannot_grow_while_it_is_read_says_so_and_goes_on_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "PATIENCE_SECONDS", 0.05)
    log = open_log(tmp_path)
    log.append([viewed(0)])
    many = [viewed(number) for number in range(1, 4_001)]

    with log.snapshot() as (_, events):
        with pytest.raises(Overloaded, match="being read"):
            log.append(many)
        assert [position for position, _ in events] == [1]

    assert log.append(many)[-1] == Entered("accepted", 4_001)
    log.close()


def test_a_log_is_not_opened_twice_in_one_program(tmp_path: Path) -> None:
    log = open_log(tmp_path)

    with pytest.raises(Conflict, match="already open"):
        open_log(tmp_path)

    log.close()


def test_a_file_that_is_no_log_is_reported(tmp_path: Path) -> None:
    (tmp_path / "data.mdb").write_bytes(b"not a page" * 4_096)

    with pytest.raises(Damaged, match=r"data\.mdb"):
        open_log(tmp_path)


def test_a_nearly_full_disk_refuses_before_anything_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log(tmp_path)
    log.append([viewed(1)])
    monkeypatch.setattr(environment, "RESERVE_BYTES", 1 << 62)
    monkeypatch.setattr(environment, "RESERVE_SHARE", 1)

    with pytest.raises(Overloaded, match="reserve"):
        log.append([viewed(2)])
    monkeypatch.undo()

    assert log.append([viewed(2)]) == [Entered("accepted", 2)]
    log.close()
