"""The warehouse over a real log: every event once, whatever rolls, merges, dies or breaks meanwhile."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etalage.domain.arrival import Arrival
from etalage.domain.event import Event, Line, Shown
from etalage.domain.ids import EventId, ExperienceName, VariantName, VisitorKey
from etalage.domain.time import DAY, SECOND, ShopZone, micros
from etalage.errors import BadInput, Conflict, Damaged
from etalage.ports import EVENT_COLUMNS
from etalage.store.duckdb.archive import ParquetArchive
from etalage.store.duckdb.roll import alone
from etalage.store.duckdb.warehouse import DuckdbWarehouse
from etalage.store.lmdb.journal import LmdbEventLog

MONDAY = micros(datetime(2026, 3, 23, 10, 0, tzinfo=UTC))
ZONE = ShopZone("Europe/Amsterdam")
MIB = 1 << 20
COUNTED = "SELECT count(*), coalesce(sum(position), 0)::BIGINT FROM events"
PEOPLE = ("karel", "fatima", "jip")


def viewed(number: int, *, at: int = MONDAY, who: str = "karel") -> Event:
    return Event(
        id=EventId(f"e-{number}"),
        name="view_item",
        time=at,
        received=at + SECOND,
        trust="claimed",
        source="browser",
        visitor=VisitorKey(hashlib.md5(who.encode(), usedforsecurity=False).hexdigest()),
        lines=(Line(product=f"S-{number % 7}", price=1_999),),
        purposes=("device", "measure"),
    )


def views(first: int, last: int, *, at: int = MONDAY) -> list[Event]:
    return [
        viewed(number, at=at + number * SECOND, who=PEOPLE[number % 3])
        for number in range(first, last + 1)
    ]


def write(log: LmdbEventLog, events: Sequence[Event]) -> None:
    for start in range(0, len(events), 1_000):
        log.append([arrival(event) for event in events[start : start + 1_000]])


def arrival(event: Event) -> Arrival:
    identity = hashlib.sha256(f"{event.source}\0{event.id}".encode()).digest()[:16]
    return Arrival(event=event, identity=identity, digest=identity, key="wk_test")


def open_log(directory: Path) -> LmdbEventLog:
    log = LmdbEventLog(directory / "journal", map_size=256 * MIB, zone=ZONE)
    log._archive = ParquetArchive(directory / "events", log.manifest)
    return log


def open_warehouse(
    directory: Path, log: LmdbEventLog, *, chunk: int = 1_000, grace_seconds: float = 3_600
) -> DuckdbWarehouse:
    return DuckdbWarehouse(
        directory / "events",
        log,
        ZONE,
        threads=1,
        memory="512MB",
        chunk=chunk,
        grace_seconds=grace_seconds,
    )


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LmdbEventLog]:
    log = open_log(tmp_path)
    yield log
    log.close()


@pytest.fixture
def warehouse(tmp_path: Path, log: LmdbEventLog) -> Iterator[DuckdbWarehouse]:
    warehouse = open_warehouse(tmp_path, log)
    yield warehouse
    warehouse.close()


def counted(warehouse: DuckdbWarehouse) -> tuple[object, ...]:
    return warehouse.ask(COUNTED).rows[0]


def sum_upto(last: int) -> int:
    return last * (last + 1) // 2


# ---- every event once ---------------------------------------------------------------------------------


def test_a_new_shop_has_no_events_and_all_columns(warehouse: DuckdbWarehouse) -> None:
    answer = warehouse.ask("SELECT * FROM events")

    assert answer.columns == tuple(EVENT_COLUMNS)
    assert answer.rows == []
    assert warehouse.roll(now=MONDAY) == 0


def test_the_table_has_the_promised_types_sealed_or_not(
    warehouse: DuckdbWarehouse, log: LmdbEventLog
) -> None:
    before = warehouse.ask("DESCRIBE SELECT * FROM events").rows
    write(log, views(1, 3))
    warehouse.roll(now=MONDAY)

    after = warehouse.ask("DESCRIBE SELECT * FROM events").rows

    kinds = {str(row[0]): str(row[1]).replace('"', "") for row in after}
    assert kinds == EVENT_COLUMNS
    assert before == after


def test_an_event_is_there_as_soon_as_it_is_acknowledged(
    warehouse: DuckdbWarehouse, log: LmdbEventLog
) -> None:
    write(log, views(1, 10))
    assert counted(warehouse) == (10, 55)

    write(log, views(11, 12))

    assert counted(warehouse) == (12, 78)


def test_each_event_is_there_once_before_between_and_after_rolls(
    warehouse: DuckdbWarehouse, log: LmdbEventLog
) -> None:
    write(log, views(1, 2_500))
    assert counted(warehouse) == (2_500, sum_upto(2_500))

    assert warehouse.roll(now=MONDAY) == 2_500
    assert counted(warehouse) == (2_500, sum_upto(2_500))

    write(log, views(2_501, 2_700))
    assert counted(warehouse) == (2_700, sum_upto(2_700))
    assert warehouse.roll(now=MONDAY) == 200
    assert warehouse.roll(now=MONDAY) == 0
    assert counted(warehouse) == (2_700, sum_upto(2_700))


def test_each_event_is_there_once_while_others_write_and_roll(
    tmp_path: Path, warehouse: DuckdbWarehouse, log: LmdbEventLog
) -> None:
    done = threading.Event()
    seen: list[tuple[object, ...]] = []
    failures: list[BaseException] = []

    def keep_asking() -> None:
        try:
            while not done.is_set():
                seen.append(counted(warehouse))
        except BaseException as error:  # noqa: BLE001  # the main thread reports it
            failures.append(error)

    asking = threading.Thread(target=keep_asking)
    asking.start()
    roller = open_warehouse(tmp_path, log, chunk=150)
    for batch in range(25):
        write(log, views(batch * 40 + 1, batch * 40 + 40, at=MONDAY + batch % 2 * DAY))
        roller.roll(now=MONDAY)
    done.set()
    asking.join()
    roller.close()

    assert not failures
    assert len(seen) > 5
    assert len({count for count, _ in seen}) > 3  # it did see the log move
    assert all(total == sum_upto(int(str(count))) for count, total in seen)
    assert counted(warehouse) == (1_000, sum_upto(1_000))


ROLLING = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import test_warehouse as here
directory = Path(sys.argv[1])
log = here.open_log(directory)
warehouse = here.open_warehouse(directory, log, chunk=100)
while log.manifest().sealed_to < 600:
    warehouse.roll(now=0)
"""


def test_each_event_is_there_once_while_another_process_rolls(
    tmp_path: Path, warehouse: DuckdbWarehouse, log: LmdbEventLog
) -> None:
    rolling = subprocess.Popen(
        [sys.executable, "-c", ROLLING, str(tmp_path), str(Path(__file__).parent)]
    )
    seen = []
    deadline = time.monotonic() + 60
    written = 0
    while rolling.poll() is None and time.monotonic() < deadline:
        if written < 600:
            write(log, views(written + 1, written + 20))
            written += 20
        seen.append((written, *counted(warehouse), len(log.manifest().files)))

    assert rolling.wait(timeout=10) == 0
    assert {(count, total) for _, count, total, _ in seen} <= {
        (number, sum_upto(number)) for number in range(20, 601, 20)
    }
    assert all(count == acknowledged for acknowledged, count, _, _ in seen)
    assert len({files for *_, files in seen}) > 2  # it did roll meanwhile


def test_a_session_sees_one_moment_while_the_log_goes_on(
    warehouse: DuckdbWarehouse, log: LmdbEventLog
) -> None:
    write(log, views(1, 100))

    with warehouse.session() as session:
        session.prepare("CREATE TEMP VIEW late AS SELECT * FROM events WHERE position > 50")
        session.prepare("CREATE TEMP MACRO doubled(x) AS 2 * x")
        first = session.ask("SELECT doubled(count(*)) FROM late").rows
        write(log, views(101, 200))
        warehouse.roll(now=MONDAY)
        warehouse.ask(COUNTED)
        second = session.ask("SELECT doubled(count(*)) FROM late").rows

    assert first == second == [(100,)]
    assert counted(warehouse)[0] == 200
    with pytest.raises(BadInput, match="late"):
        warehouse.ask("SELECT * FROM late")


def test_an_unchanged_log_is_not_exported_again(
    warehouse: DuckdbWarehouse, log: LmdbEventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(log, views(1, 10))
    counted(warehouse)
    monkeypatch.setattr(log, "snapshot", lambda: pytest.fail("the tail was taken again"))

    assert counted(warehouse) == (10, 55)


def test_views_nobody_reads_any_more_are_forgotten(
    warehouse: DuckdbWarehouse, log: LmdbEventLog
) -> None:
    for number in range(1, 6):
        write(log, views(number, number))
        counted(warehouse)

    schemas = warehouse._engine.execute(
        "SELECT count(*) FROM duckdb_schemas() WHERE schema_name LIKE 'view_%'"
    ).fetchall()

    assert schemas == [(1,)]
    assert list((warehouse._directory / "aside").iterdir()) == []


def test_the_python_face_gives_a_relation_over_all_events(
    warehouse: DuckdbWarehouse, log: LmdbEventLog
) -> None:
    write(log, views(1, 10))
    warehouse.roll(now=MONDAY)
    write(log, views(11, 12))

    relation = warehouse.relation()

    assert relation.filter("position > 9").aggregate("count(*)").fetchall() == [(3,)]
    assert relation.columns == list(EVENT_COLUMNS)


# ---- questions ----------------------------------------------------------------------------------------


def test_values_are_bound_and_never_part_of_the_question(
    warehouse: DuckdbWarehouse, log: LmdbEventLog
) -> None:
    hostile = "'; DROP TABLE events; --\x00\u2028\U0001f6d2\"\\"
    write(log, [msgspec.structs.replace(viewed(1), query=hostile, properties={hostile: hostile})])

    for _ in range(2):
        answer = warehouse.ask(
            "SELECT query FROM events WHERE query = $asked AND id IN $ids",
            {"asked": hostile, "ids": ["e-1", "e-2"]},
        )
        assert answer.dicts() == [{"query": hostile}]
        warehouse.roll(now=MONDAY)


@pytest.mark.parametrize(
    "question",
    [
        "SELEC 1",
        "SELECT nothing_like_it FROM events",
        "SELECT id::INTEGER FROM events",
        "SELECT $missing",
        "SELECT 1; SELECT 2",
        "DELETE FROM events",
        "COPY (SELECT 1) TO 'out.csv'",
        "SELECT * FROM read_text('/etc/hostname')",
        "INSTALL httpfs",
        "ATTACH 'other.db'",
        "SET threads = 8",
        "SELECT * FROM read_csv('nothing.csv')",
    ],
)
def test_a_wrong_or_overbearing_question_is_refused_and_harms_nothing(
    warehouse: DuckdbWarehouse, log: LmdbEventLog, question: str
) -> None:
    write(log, views(1, 3))

    with pytest.raises(BadInput):
        warehouse.ask(question)

    assert counted(warehouse) == (3, 6)


def test_only_temporary_names_can_be_made(warehouse: DuckdbWarehouse) -> None:
    with warehouse.session() as session:
        for statement in ("CREATE VIEW mine AS SELECT 1", "DROP VIEW events", "SELECT 1"):
            with pytest.raises(BadInput):
                session.prepare(statement)


def test_a_closed_warehouse_says_so(tmp_path: Path, log: LmdbEventLog) -> None:
    warehouse = open_warehouse(tmp_path, log)
    warehouse.close()
    warehouse.close()

    with pytest.raises(Conflict, match="closed"):
        warehouse.ask(COUNTED)


# ---- days and files -----------------------------------------------------------------------------------


def files_by_day(warehouse: DuckdbWarehouse, log: LmdbEventLog) -> dict[str, int]:
    folders = [file.split("/")[0] for file in log.manifest().files]
    assert {
        f"{path.parent.name}/{path.name}" for path in warehouse._directory.glob("day=*/*.parquet")
    } >= set(log.manifest().files)
    return {folder: folders.count(folder) for folder in sorted(folders)}


def test_events_lie_in_the_folder_of_their_shop_day_also_when_they_come_late(
    warehouse: DuckdbWarehouse, log: LmdbEventLog
) -> None:
    late_evening = micros(datetime(2026, 3, 23, 22, 59, tzinfo=UTC))  # 23:59 in Amsterdam
    after_midnight = micros(datetime(2026, 3, 23, 23, 1, tzinfo=UTC))  # 00:01
    write(log, [viewed(1, at=late_evening), viewed(2, at=after_midnight)])
    warehouse.roll(now=MONDAY)

    write(log, [viewed(3, at=late_evening - DAY), viewed(4, at=late_evening)])
    warehouse.roll(now=MONDAY)

    assert files_by_day(warehouse, log) == {
        "day=2026-03-22": 1,
        "day=2026-03-23": 2,
        "day=2026-03-24": 1,
    }
    days = warehouse.ask("SELECT day, list(position ORDER BY position) FROM events GROUP BY ALL")
    day = ZONE.day(late_evening)
    assert sorted(days.rows) == [(day - 1, [3]), (day, [1, 4]), (day + 1, [2])]


def test_within_a_file_events_are_sorted_by_visitor_and_time(
    warehouse: DuckdbWarehouse, log: LmdbEventLog
) -> None:
    write(log, list(reversed(views(1, 300))))
    warehouse.roll(now=MONDAY)
    (file,) = log.manifest().files

    rows = warehouse.ask(
        "SELECT visitor, time, id FROM read_parquet($file)",
        {"file": str(warehouse._directory / file)},
    ).rows

    assert len(rows) == 300
    assert rows == sorted(rows)  # type: ignore[type-var]  # strings and whole numbers


def test_many_small_files_of_a_day_become_one(tmp_path: Path, log: LmdbEventLog) -> None:
    warehouse = open_warehouse(tmp_path, log)
    for number in range(1, 10):
        write(log, views(number, number))
        warehouse.roll(now=MONDAY)

    assert files_by_day(warehouse, log) == {"day=2026-03-23": 1}
    assert counted(warehouse) == (9, 45)
    warehouse.close()


def test_merged_files_stay_for_their_readers_and_then_go(tmp_path: Path, log: LmdbEventLog) -> None:
    warehouse = open_warehouse(tmp_path, log, grace_seconds=0.5)
    write(log, views(1, 8))
    for number in range(1, 9):
        write(log, views(100 * number, 100 * number))
        warehouse.roll(now=MONDAY)
    with warehouse.session() as reader:
        write(log, views(1_000, 1_000))
        warehouse.roll(now=MONDAY)  # the ninth file: all become one

        assert reader.ask(COUNTED).rows == [(16, sum_upto(16))]
        assert len(list(warehouse._directory.glob("day=*/*.parquet"))) == 10

    time.sleep(0.6)
    warehouse.roll(now=MONDAY)

    left = list(warehouse._directory.glob("day=*/*"))
    assert [f"{path.parent.name}/{path.name}" for path in left] == list(log.manifest().files)
    assert counted(warehouse) == (17, sum_upto(17))
    warehouse.close()


def test_two_rolls_at_once_do_the_work_of_one(
    tmp_path: Path, warehouse: DuckdbWarehouse, log: LmdbEventLog
) -> None:
    write(log, views(1, 10))

    with alone(tmp_path / "events") as is_alone:
        assert is_alone
        assert warehouse.roll(now=MONDAY) == 0

    assert warehouse.roll(now=MONDAY) == 10


# ---- death and damage ---------------------------------------------------------------------------------

KILLED = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import test_warehouse as here
from etalage.store.duckdb import roll
directory = Path(sys.argv[1])
log = here.open_log(directory)
die = lambda *arguments, **more: os._exit(9)
if sys.argv[3] == "before_seal":
    log.seal = die
elif sys.argv[3] == "after_seal":
    seal = log.seal
    log.seal = lambda *arguments, **more: (seal(*arguments, **more), die())
elif sys.argv[3] == "before_merge":
    seal = log.seal
    log.seal = lambda *a, removed=(): die() if removed else seal(*a)
else:
    roll.finish = die
here.open_warehouse(directory, log).roll(now=0)
"""


@pytest.mark.parametrize("moment", ["half_way", "before_seal", "after_seal", "before_merge"])
def test_a_roll_that_is_killed_loses_nothing_and_doubles_nothing(
    tmp_path: Path, moment: str
) -> None:
    log = open_log(tmp_path)
    warehouse = open_warehouse(tmp_path, log)
    for number in range(1, 9):
        write(log, views(number, number))
        warehouse.roll(now=MONDAY)
    write(log, views(9, 30))
    write(log, views(31, 40, at=MONDAY + DAY))
    warehouse.close()
    log.close()

    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(Path(__file__).parent), moment],
        check=False,
        timeout=60,
    )
    log = open_log(tmp_path)
    warehouse = open_warehouse(tmp_path, log, grace_seconds=0)
    right_after = counted(warehouse)
    warehouse.roll(now=MONDAY)
    after_next_roll = counted(warehouse)
    warehouse.roll(now=MONDAY)  # with no grace, what the merge replaced goes now
    left = {f"{path.parent.name}/{path.name}" for path in (tmp_path / "events").glob("day=*/*")}
    listed = set(log.manifest().files)
    warehouse.close()
    log.close()

    assert killed.returncode == 9
    assert right_after == after_next_roll == (40, sum_upto(40))
    assert left == listed


def test_what_a_killed_process_left_aside_is_removed_when_it_is_old(
    warehouse: DuckdbWarehouse,
) -> None:
    aside = warehouse._directory / "aside"
    ages = {
        "1-1.ndjson": 3_700,
        "2-1.ndjson": 60,
        "duckdb_temp_1.tmp": 3_700,
        "duckdb_temp_2.tmp": 90_000,
    }
    for name, age in ages.items():
        (aside / name).touch()
        os.utime(aside / name, (time.time() - age,) * 2)

    warehouse.roll(now=MONDAY)

    assert {path.name for path in aside.iterdir()} == {"2-1.ndjson", "duckdb_temp_1.tmp"}


@pytest.mark.parametrize("harm", ["gone", "cut", "zeroes", "column_name", "one_bit"])
def test_a_damaged_file_is_named(
    tmp_path: Path, warehouse: DuckdbWarehouse, log: LmdbEventLog, harm: str
) -> None:
    write(log, views(1, 500))
    warehouse.roll(now=MONDAY)
    write(log, views(501, 900, at=MONDAY + DAY))
    warehouse.roll(now=MONDAY)
    file = log.manifest().files[1]
    path = tmp_path / "events" / file
    bytes_before = path.read_bytes()

    if harm == "gone":
        path.unlink()
    elif harm == "cut":
        path.write_bytes(bytes_before[:-100])
    elif harm == "zeroes":
        path.write_bytes(bytes_before[:200] + bytes(1_000) + bytes_before[1_200:])
    elif harm == "column_name":
        assert b"transaction" in bytes_before
        path.write_bytes(bytes_before.replace(b"transaction", b"transastion"))
    else:
        path.write_bytes(bytes_before[:9] + bytes([bytes_before[9] ^ 1]) + bytes_before[10:])

    assert warehouse.damaged() == file
    if harm != "one_bit":  # this one Parquet does not notice by itself
        with pytest.raises(Damaged, match=file):
            warehouse.ask("SELECT * FROM events")
        with pytest.raises(Damaged, match=file):
            list(ParquetArchive(tmp_path / "events", log.manifest).read(0, 900))


def test_a_manifest_with_a_strange_name_is_not_followed(
    warehouse: DuckdbWarehouse, log: LmdbEventLog
) -> None:
    write(log, views(1, 3))
    log.seal(3, ["../../etc/passwd"])

    with pytest.raises(Damaged, match="etc/passwd"):
        counted(warehouse)


# ---- there and back -----------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
maybe_text = st.none() | texts
whole = st.integers(-(2**53), 2**53)
maybe_whole = st.none() | whole
moments = st.integers(0, 4_000_000_000_000_000)
lines = st.builds(
    Line,
    product=texts,
    quantity=whole,
    price=maybe_whole,
    category=maybe_text,
    brand=maybe_text,
    size=maybe_text,
)
shown = st.builds(
    Shown,
    experience=texts.map(ExperienceName),
    arm=texts.map(VariantName),
    unit=texts,
    propensity=whole,
    policy=texts,
    decided=moments,
)
PLAIN_TEXTS = (
    "session category currency transaction query url page_type referrer utm_source utm_medium "
    "utm_campaign device country region language"
).split()
SCALARS = texts | whole | st.booleans()
PURPOSES = ("device", "measure", "personalise", "email", "ads")
events = st.builds(
    Event,
    id=texts.map(EventId),
    name=texts,
    time=moments,
    received=moments,
    trust=st.sampled_from(["claimed", "signed", "confirmed"]),
    source=texts,
    visitor=maybe_text,
    customer=maybe_text,
    lines=st.lists(lines, max_size=3).map(tuple),
    value=maybe_whole,
    tax=maybe_whole,
    shown=st.none() | shown,
    properties=st.dictionaries(texts, SCALARS, max_size=4),
    purposes=st.lists(st.sampled_from(PURPOSES), max_size=5).map(tuple),
    epoch=moments,
    personal=st.none() | st.binary(max_size=40),
    record=maybe_text,
    **dict.fromkeys(PLAIN_TEXTS, maybe_text),
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batch=st.lists(events, min_size=1, max_size=15))
def test_events_come_back_from_the_archive_exactly_as_they_were_logged(
    tmp_path_factory: pytest.TempPathFactory, batch: list[Event]
) -> None:
    directory = tmp_path_factory.mktemp("shop")
    numbered = [
        msgspec.structs.replace(event, id=EventId(f"{number}{event.id}"))
        for number, event in enumerate(batch, 1)
    ]
    log = open_log(directory)
    write(log, numbered)
    warehouse = open_warehouse(directory, log, chunk=6)
    unsealed = warehouse.ask("SELECT * FROM events ORDER BY position").rows
    warehouse.roll(now=MONDAY)
    sealed = warehouse.ask("SELECT * FROM events ORDER BY position").rows
    log.prune(len(batch))

    back = [event for _, event in log.read(0)]
    types = [list(map(type, event.properties.values())) for event in back]
    warehouse.close()
    log.close()

    assert back == numbered
    assert types == [list(map(type, event.properties.values())) for event in numbered]
    assert sealed == unsealed


def test_the_rows_are_the_fields_of_the_event(
    warehouse: DuckdbWarehouse, log: LmdbEventLog
) -> None:
    event = msgspec.structs.replace(
        viewed(1),
        shown=Shown(
            experience=ExperienceName("welcome-back"),
            arm=VariantName("b"),
            unit="u",
            propensity=450_000,
            policy="v1",
            decided=MONDAY,
        ),
        properties={"plan": "é", "count": 2**53, "new": True},
        personal=b"\x00\xff",
    )
    write(log, [event])

    for _ in range(2):
        (row,) = warehouse.ask("SELECT * FROM events").dicts()
        assert row["position"] == 1
        assert row["day"] == ZONE.day(event.time)
        assert row["lines"] == [
            {
                "product": "S-1",
                "quantity": 1,
                "price": 1_999,
                "category": None,
                "brand": None,
                "size": None,
            }
        ]
        assert (row["experience"], row["arm"], row["propensity"]) == ("welcome-back", "b", 450_000)
        assert msgspec.json.decode(str(row["properties"])) == event.properties
        assert row["purposes"] == ["device", "measure"]
        assert row["personal"] == b"\x00\xff"
        plain = set(EVENT_COLUMNS) & set(Event.__struct_fields__) - {
            "lines",
            "properties",
            "purposes",
        }
        assert {name: row[name] for name in plain} == {name: getattr(event, name) for name in plain}
        warehouse.roll(now=MONDAY)


def test_a_long_archive_is_read_in_stretches_and_in_order(
    tmp_path: Path,
    warehouse: DuckdbWarehouse,
    log: LmdbEventLog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("etalage.store.duckdb.archive._STRETCH", 70)
    batch = views(1, 500) + views(501, 600, at=MONDAY - DAY)
    write(log, batch)
    warehouse.roll(now=MONDAY)
    archive = ParquetArchive(tmp_path / "events", log.manifest)

    assert list(archive.read(0, 10_000)) == list(enumerate(batch, 1))
    assert [position for position, _ in archive.read(69, 142)] == list(range(70, 143))
    assert list(archive.read(600, 700)) == []


def test_a_shop_may_live_in_a_folder_with_any_name(tmp_path: Path) -> None:
    directory = tmp_path / "Noord's [shop] *nieuw*?"
    log = open_log(directory)
    warehouse = open_warehouse(directory, log)
    write(log, views(1, 5))
    warehouse.roll(now=MONDAY)
    write(log, views(6, 6))

    assert counted(warehouse) == (6, 21)
    warehouse.close()
    log.close()
    assert os.listdir(tmp_path) == [directory.name]  # noqa: PTH208  # names, not paths
