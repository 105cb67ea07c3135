"""A sealed day that was damaged comes back from the journal, with the very same rows; or it is said why it cannot."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import etalage
from shop import (  # fmt: skip
    SETTINGS,
    Shop,
    experience,
    identify,
    order,
    segment,
    view,
)

from etalage import app, keeping
from etalage.domain.ids import ShopId
from etalage.domain.time import DAY
from etalage.errors import Damaged, NoShop
from etalage.flow import nightly, privacy
from etalage.flow.clean import clean
from etalage.ports import Ports
from etalage.store.files.signs import FileSigns

NOORD = ShopId("noord")
PATIENCE = 120
CUT_OFF = 77
PEOPLE = ("karel", "fatima", "ans")


@pytest.fixture
def directory(shop: Shop) -> Path:
    """A shop that went live and was visited on three days, all but the last of them sealed; closed."""
    shop.go_live(
        segment("lookers", {"did": "view_item", "times": {"at_least": 2}, "within": "30d"}),
        experience("hoi", segment="lookers"),
    )
    for day in range(3):
        shop.now += DAY
        for number, who in enumerate(PEOPLE):
            shop.batch(*(view(f"S-{n}", who, message=f"{who}-{day}-{n}") for n in range(4)))
            shop.batch(order(f"N-{day}-{number}", who, message=f"o-{who}-{day}"))
            shop.batch(identify(who, f"C-{number}", message=f"i-{day}-{number}", firstName=who))
            shop.ask(who)
        shop.batch(view(f"only-on-{day}", message=f"only-{day}"))
        shop.events()
        if day < 2:
            nightly.seal(shop.night())
    shop.close()
    shop.close = lambda: None  # type: ignore[method-assign]  the fixture would close it once more
    return shop.directory


@contextlib.contextmanager
def opened(directory: Path):  # type: ignore[no-untyped-def]  # noqa: ANN201  a context of Ports
    _, ports = app.open_ports(directory, NOORD, settings=SETTINGS)
    with contextlib.closing(ports):
        yield ports


def rows(directory: Path) -> list[tuple[object, ...]]:
    """Give every event in SQL and from the log's archive."""
    with opened(directory) as ports:
        table = ports.warehouse.ask("SELECT * FROM events ORDER BY position").rows
        return [*table, *list(ports.log.read(0))]


def sealed_files(directory: Path) -> list[Path]:
    return sorted((directory / "shops/noord/events").glob("day=*/*.parquet"))


def flip(path: Path, *places: float) -> None:
    raw = bytearray(path.read_bytes())
    for place in places or (0.5,):
        raw[int(place * (len(raw) - 1))] ^= 0x10
    path.write_bytes(raw)


def said(*arguments: str) -> tuple[int, str]:
    done = etalage(*arguments, timeout=PATIENCE)
    return done.returncode, done.stdout


def doctor(directory: Path, *options: str) -> tuple[int, dict[str, list[dict[str, str]]]]:
    code, out = said("doctor", "--data", str(directory), "--verify", "--json", *options)
    return code, json.loads(out)["files"]


def mended(directory: Path) -> tuple[str, ...]:
    """Mend in this process; give what is still damaged."""
    found = keeping.verify(directory, NOORD, settings=SETTINGS).damage
    keeping.mend(directory, NOORD, found, settings=SETTINGS)
    return tuple(map(str, keeping.verify(directory, NOORD, settings=SETTINGS).damage))


# ---- The same rows as before ---------------------------------------------------------------------------


def test_a_damaged_day_comes_back_whole_and_reports_and_replay_say_what_they_said(
    directory: Path,
) -> None:
    before = rows(directory)
    replayed = said("replay", "--data", str(directory), "--json")
    reported = said("report", "--data", str(directory), "--json", "--now", "2026-05-20T12:00:00Z")
    file = sealed_files(directory)[0]
    flip(file, 0.2, 0.5, 0.9)
    assert said("replay", "--data", str(directory))[0] != 2  # the journal still has what it asks

    code, found = doctor(directory)
    mended_code, after = doctor(directory, "--repair")

    assert code == 1
    assert [one["mend"] for one in found["damaged"]] == ["from_journal"]
    assert found["damaged"][0]["file"].endswith(f"{file.parent.name}/{file.name}")
    assert (mended_code, after["damaged"]) == (0, [])
    assert after["mended"] == found["damaged"]
    assert rows(directory) == before
    assert replayed[0] == reported[0] == 0
    assert said("replay", "--data", str(directory), "--json") == replayed
    assert (
        said("report", "--data", str(directory), "--json", "--now", "2026-05-20T12:00:00Z")
        == reported
    )


def test_every_way_a_day_is_lost_ends_with_the_rows_it_had(directory: Path) -> None:
    before = rows(directory)
    ways: list[Callable[[Path], object]] = [
        lambda file: flip(file, 0.0),
        lambda file: flip(file, 0.99),
        lambda file: file.write_bytes(file.read_bytes()[:100]),
        lambda file: file.write_bytes(b""),
        lambda file: file.unlink(),
    ]

    for spoil in ways:
        for file in sealed_files(directory):  # all days at once
            spoil(file)
        assert len(keeping.verify(directory, NOORD, settings=SETTINGS).damage) == 3
        assert mended(directory) == ()
        assert rows(directory) == before


# ---- Where it cannot be done -----------------------------------------------------------------------------


def test_of_a_day_that_the_journal_no_longer_has_it_says_so_and_leaves_the_file(
    directory: Path,
) -> None:
    _, first, second = sealed_files(directory)
    last_of_first = int(first.name.split("-")[1])
    with opened(directory) as ports:
        ports.log.prune(last_of_first)
    before = rows(directory)
    flip(first)
    flip(second)
    spoiled = first.read_bytes()

    code, after = doctor(directory, "--repair")

    (left,) = after["damaged"]
    assert code == 1
    assert left["mend"] == "backup"
    assert f"{first.parent.name}/{first.name}" in left["file"]
    assert f"the journal was pruned up to {last_of_first}" in left["says"]
    assert [one["mend"] for one in after["mended"]] == ["from_journal"]  # the other day
    assert first.read_bytes() == spoiled  # what can still be read of it is for people to try
    assert "restore it from a backup" in said("doctor", "--data", str(directory), "--verify")[1]
    flip(first)  # the backup: the same bit, turned back
    assert rows(directory) == before


def spoil_event(directory: Path) -> None:
    """Damage one event of the first day of visits in the journal."""
    journal = directory / "shops/noord/journal/data.mdb"
    raw = journal.read_bytes()
    assert b"only-on-0" in raw
    journal.write_bytes(raw.replace(b"only-on-0", b"only-on-X"))


def test_of_an_event_that_is_damaged_in_both_places_both_are_named(directory: Path) -> None:
    spoil_event(directory)
    _, first, second = sealed_files(directory)
    flip(first)
    flip(second)

    code, after = doctor(directory, "--repair")

    assert code == 1
    assert [one["mend"] for one in after["damaged"]] == ["backup", "backup"]
    event, day = after["damaged"]
    assert "its sealed day is damaged too" in event["says"]
    assert f"{event['place']} of the journal is damaged too" in day["says"]
    assert [Path(one["file"]).name for one in after["mended"]] == [second.name]


def test_a_damaged_event_comes_from_its_day_while_another_day_comes_from_the_journal(
    directory: Path,
) -> None:
    before = rows(directory)
    spoil_event(directory)
    flip(sealed_files(directory)[2])

    assert mended(directory) == ()

    assert rows(directory) == before


# ---- Cut off ---------------------------------------------------------------------------------------------

CUT = """
import os, sys
from pathlib import Path
from shop import SETTINGS
from etalage import keeping
from etalage.store.duckdb import files, roll, write_again
from etalage.store.lmdb.journal import LmdbEventLog
directory, where = Path(sys.argv[1]), sys.argv[2]
def ending(work):
    def done(*given, **named):
        work(*given, **named)
        os._exit(77)
    return done
if where == "exported":
    write_again.create_table = ending(write_again.create_table)
elif where == "written aside":
    roll.finish = lambda *_, **__: os._exit(77)
elif where == "in its place":
    roll.finish = ending(roll.finish)
elif where == "listed":
    LmdbEventLog.seal = ending(LmdbEventLog.seal)
found = keeping.verify(directory, "noord", settings=SETTINGS).damage
keeping.mend(directory, "noord", found, settings=SETTINGS)
"""


@pytest.mark.parametrize("where", ["exported", "written aside", "in its place", "listed"])
def test_killed_in_the_middle_nothing_is_worse_and_the_next_repair_ends_it(
    directory: Path, where: str
) -> None:
    with opened(directory) as ports:
        how = memorist(ports)
        privacy.erase(ports, "ans", how, actor="ann", now=1)
        clean(ports, how, now=1, at_once=True)  # its files are rewritten: other bytes than a roll's
    before = rows(directory)
    for file in sealed_files(directory):
        flip(file)
    cut = subprocess.run(
        [sys.executable, "-c", CUT, str(directory), where],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)},
        timeout=PATIENCE,
        check=False,
    )
    if cut.returncode == 0:  # the bytes are the same: nothing has to be listed
        assert where == "listed"
    else:
        assert cut.returncode == CUT_OFF

    assert mended(directory) == ()

    assert rows(directory) == before
    with opened(directory) as ports:
        ports.warehouse.roll(now=0)
        assert ports.warehouse.leftovers() == frozenset()


# ---- Erased meanwhile --------------------------------------------------------------------------------------


def memorist(ports: Ports):  # type: ignore[no-untyped-def]  # noqa: ANN201
    from etalage.domain.shop import shop_from
    from etalage.domain.time import ShopZone
    from etalage.flow.remember import Memorist

    shop = shop_from(ports.records.shop())
    return Memorist(ShopZone(shop.zone), shop.currency)


def test_who_was_erased_before_the_damage_does_not_come_back_with_the_day(directory: Path) -> None:
    with opened(directory) as ports:
        gone = ports_key(ports, "karel")
        assert gone in str(ports.warehouse.ask("SELECT * FROM events").rows)
        how = memorist(ports)
        privacy.erase(ports, "karel", how, actor="ann", now=1)
        assert clean(ports, how, now=1, at_once=True) is not None
    before = rows(directory)
    for file in sealed_files(directory):
        flip(file)

    assert mended(directory) == ()

    assert gone not in str(rows(directory))
    assert rows(directory) == before


def test_who_is_erased_while_a_day_is_damaged_is_not_in_the_day_that_comes_back(
    directory: Path,
) -> None:
    for file in sealed_files(directory):
        flip(file)
    with opened(directory) as ports:
        gone = ports_key(ports, "karel")
        with pytest.raises(Damaged):  # it is written down, and goes on when the day can be read
            privacy.erase(ports, "karel", memorist(ports), actor="ann", now=1)
        assert not ports.keys.erasures()[0].rewritten

    assert mended(directory) == ()

    assert gone not in str(rows(directory))
    raw = b"".join(path.read_bytes() for path in sealed_files(directory))
    assert gone.encode() not in raw
    with opened(directory) as ports:
        assert ports_key(ports, "fatima") in str(
            ports.warehouse.ask("SELECT visitor FROM events").rows
        )
        assert ports.keys.erasures()[0].is_done
    assert said("replay", "--data", str(directory))[0] == 0


def test_a_shop_opens_while_an_erasure_waits_for_a_damaged_day_and_nobody_reads_her(
    directory: Path, tmp_path: Path
) -> None:
    saved = tmp_path / "saved"
    shutil.copytree(directory, saved)
    with opened(directory) as ports:
        gone = ports_key(ports, "karel")
        privacy.erase(ports, "karel", memorist(ports), actor="ann", now=1)
        assert clean(ports, memorist(ports), causes=("erased",), now=2, at_once=True) is not None
    shutil.rmtree(directory)
    shutil.copytree(saved, directory)  # yesterday's copy is put back
    whole = {file: file.read_bytes() for file in sealed_files(directory)}
    for file in whole:
        flip(file)

    with opened(directory) as ports:
        (red,) = FileSigns(directory / "shops/noord/red").all()
        assert red.part == "erasure"
        assert "waits" in red.says
        assert ports.profiles.get(gone) is None
        assert ports.keys.is_destroyed(gone)

    for file, raw in whole.items():
        file.write_bytes(raw)
    assert gone not in str(rows(directory))
    assert FileSigns(directory / "shops/noord/red").all() == []


def ports_key(ports: Ports, visitor: str) -> str:
    from etalage.domain.ids import visitor_key

    return visitor_key(ports.keys.pepper, "visitor", visitor)


@pytest.mark.parametrize("how", ["missing", "empty"])
def test_a_shop_whose_journal_was_lost_is_not_opened_and_keeps_its_sealed_days(
    directory: Path, how: str
) -> None:
    journal = directory / "shops/noord/journal/data.mdb"
    was, days, all_rows = journal.read_bytes(), sealed_files(directory), rows(directory)
    journal.unlink()
    if how == "empty":
        journal.touch()
    for _ in range(2):  # a first try leaves nothing that would let a second one in
        with pytest.raises(Damaged, match="is missing or empty, and the shop has events"):
            app.open_ports(directory, NOORD, settings=SETTINGS)
    assert sealed_files(directory) == days
    journal.write_bytes(was)
    assert rows(directory) == all_rows


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "records.db is missing; it holds the shop's settings"),
        (b"", "records.db holds no settings of a shop"),
        (b"no database at all, but long enough" * 100, "records.db cannot be read"),
    ],
    ids=["missing", "empty", "no database"],
)
def test_a_shop_whose_records_were_lost_is_not_opened_and_says_what_to_do(
    directory: Path, content: bytes | None, says: str
) -> None:
    home = directory / "shops/noord"
    was, all_rows = (home / "records.db").read_bytes(), rows(directory)
    for beside in home.glob("records.db*"):
        beside.unlink()
    if content is not None:
        (home / "records.db").write_bytes(content)

    for _ in range(2):  # a first try leaves nothing that would let a second one in
        with pytest.raises(Damaged, match=says) as refused:
            app.open_ports(directory, NOORD, settings=SETTINGS)
        assert "restore a backup" in refused.value.message
    status, told = said("doctor", "--verify", "--data", str(directory), "--json")
    assert status == 1
    assert "records.db" in told or content == b""  # an empty one is whole, as far as SQLite knows

    for beside in home.glob("records.db*"):
        beside.unlink()
    (home / "records.db").write_bytes(was)
    assert rows(directory) == all_rows


def test_a_shop_that_is_not_there_is_not_made_by_opening_it(directory: Path) -> None:
    with pytest.raises(NoShop, match="holds no shop 'elsewhere'"):
        app.open_ports(directory, ShopId("elsewhere"), settings=SETTINGS)

    assert app.shops_in(directory) == [NOORD]


def test_a_shop_whose_journal_is_an_older_copy_is_not_opened(directory: Path) -> None:
    journal = directory / "shops/noord/journal/data.mdb"
    older = journal.read_bytes()
    _, ports = app.open_ports(directory, NOORD, settings=SETTINGS)
    try:
        reached = ports.profiles.position()
        ports.profiles.update(lambda write: setattr(write, "position", reached + 1))
    finally:
        ports.close()
    journal.write_bytes(older)

    with pytest.raises(Damaged, match="an older copy was put back"):
        app.open_ports(directory, NOORD, settings=SETTINGS)
