"""A backup counts because it was restored: drills with a real server, and everything that must be refused."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import etalage
from shop import NOON, SETTINGS, Shop, create, identify, order, view  # fmt: skip
from test_server_process import PATIENCE, Made, wait_until

from etalage import app, keeping
from etalage.domain.arrival import engines_own
from etalage.domain.event import Event
from etalage.domain.ids import EventId, ShopId
from etalage.errors import BadInput, Conflict, Damaged, EtalageError, KeysMissing, NoShop
from etalage.flow import nightly, privacy
from etalage.flow.clean import clean
from etalage.flow.configuration import configure
from etalage.flow.remember import remember
from etalage.store.keeping import format, restore  # noqa: A004  a module of ours
from etalage.store.keeping import verify as verifying
from etalage.store.keeping.backup import Packed

NOORD = ShopId("noord")
FIELD = "xQ7canaryNameOfKarel"


@pytest.fixture
def directory(shop: Shop) -> Iterator[Path]:
    """A shop that is closed: sealed days, unsealed events, a model, an encrypted name."""
    for number in range(20):
        shop.batch(view(f"S-{number}"), order(f"N-{number}", "fatima"))
    shop.batch(identify("karel", "C-1", firstName=FIELD))
    nightly.seal(shop.night())
    nightly.count_popular(shop.night())
    shop.batch(view("S-99", "ans"))
    shop.events()
    shop.close()
    shop.close = lambda: None  # type: ignore[method-assign]  the fixture would close it once more
    return shop.directory


@pytest.mark.parametrize("while_reading", ["LmdbEventLog", "LmdbProfiles"])
def test_a_shop_that_is_verified_while_somebody_writes_is_whole(
    directory: Path, monkeypatch: pytest.MonkeyPatch, while_reading: str
) -> None:
    told: list[int] = []

    def write() -> None:
        monkeypatch.undo()
        _, ports = app.open_ports(directory, NOORD, settings=SETTINGS)
        with contextlib.closing(ports):
            before = ports.log.head()
            ports.log.append(
                [
                    engines_own(
                        Event(
                            id=EventId("late"),
                            name="search",
                            time=1,
                            received=1,
                            trust="confirmed",
                            source="test",
                        )
                    )
                ]
            )
            remember(ports.log, ports.profiles, configure(ports).how)
            told.extend([before, ports.profiles.position()])

    read = getattr(verifying, while_reading)

    class Interrupted(read):  # type: ignore[misc, valid-type]
        def close(self) -> None:
            super().close()
            write()

    monkeypatch.setattr(verifying, while_reading, Interrupted)
    found = keeping.verify(directory, NOORD, settings=SETTINGS)

    assert told[1] == told[0] + 1
    assert found.damage == ()


def said_by(directory: Path) -> dict[str, object]:
    """Give what a shop holds, to compare."""
    _, ports = app.open_ports(directory, NOORD, settings=SETTINGS)
    with contextlib.closing(ports):
        events = list(ports.log.read(0))
        return {
            "events": events,
            "account": ports.log.account(),
            "folds": dict(ports.profiles.visitors()),
            "documents": ports.records.documents(),
            "audit": ports.records.audit_lines(),
            "keys": ports.records.keys(),
            "popular": ports.models.get(nightly.POPULAR),
            "rows": ports.warehouse.ask("SELECT * FROM events ORDER BY position").rows,
            "personal": [
                ports.keys.unseal(one.customer or one.visitor or "", one.personal)  # type: ignore[arg-type]
                for _, one in events
                if one.personal is not None
            ],
        }


def backed_up(directory: Path, to: Path) -> Packed:
    keys = to.with_name(f"{to.name}-keys")
    return keeping.back_up(directory, to, settings=SETTINGS, now=NOON, keys_to=keys)[0]


def restored(source: Path, to: Path) -> Packed:
    keys = source.with_name(f"{source.name}-keys")
    return keeping.restore_workspace(source, to, settings=SETTINGS, keys_from=keys)[0]


# ---- Backup and restore ------------------------------------------------------------------------------


def test_a_restored_shop_says_exactly_what_the_first_one_said(
    directory: Path, tmp_path: Path
) -> None:
    before = said_by(directory)

    packed = backed_up(directory, tmp_path / "backup")
    again = restored(tmp_path / "backup", tmp_path / "elsewhere")

    assert said_by(tmp_path / "elsewhere") == before
    assert again == packed
    assert keeping.verify(tmp_path / "elsewhere", NOORD, settings=SETTINGS).damage == ()


def test_what_a_backup_holds_can_only_be_read_with_the_keys(
    directory: Path, tmp_path: Path
) -> None:
    backed_up(directory, tmp_path / "backup")

    raw = b"".join(path.read_bytes() for path in files_in(tmp_path / "backup"))

    plain = b"".join(path.read_bytes() for path in files_in(directory / "shops"))
    for trace in (b"view_item", b"S-99", b"noord.example"):
        assert trace in plain  # the search finds it where it is
        assert trace not in raw
    assert not any(path.name == "master.key" for path in files_in(tmp_path / "backup"))
    with pytest.raises(KeysMissing, match="their own backup"):
        keeping.restore_workspace(tmp_path / "backup", tmp_path / "elsewhere", settings=SETTINGS)
    assert not (tmp_path / "elsewhere").exists()


def test_keys_of_another_shop_open_nothing(directory: Path, tmp_path: Path) -> None:
    backed_up(directory, tmp_path / "backup")
    create(tmp_path / "other", world="another")

    with pytest.raises(Damaged, match="not of these keys"):
        keeping.restore_workspace(
            tmp_path / "backup",
            tmp_path / "elsewhere",
            settings=SETTINGS,
            keys_from=tmp_path / "other.keys",
        )


def test_every_way_to_spoil_a_backup_is_refused_and_leaves_nothing(
    directory: Path, tmp_path: Path
) -> None:
    backed_up(directory, tmp_path / "backup")
    files = files_in(tmp_path / "backup")

    for number, path in enumerate(files):
        whole = path.read_bytes()
        middle = len(whole) // 2
        for spoiled in (None, whole[:middle], whole[:middle] + b"\x00" + whole[middle + 1 :]):
            if spoiled == whole:
                continue
            path.unlink() if spoiled is None else path.write_bytes(spoiled)
            if path.name == "backup.json" and spoiled is not None and spoiled[:middle] == b"":
                continue
            with pytest.raises(EtalageError):
                restored(tmp_path / "backup", tmp_path / f"elsewhere-{number}")
            assert not (tmp_path / f"elsewhere-{number}").exists(), path
            shutil.rmtree(tmp_path / f"elsewhere-{number}.keys", ignore_errors=True)
        path.write_bytes(whole)

    assert len(files) >= 6
    restored(tmp_path / "backup", tmp_path / "at-last")


def test_nothing_is_ever_overwritten(directory: Path, tmp_path: Path) -> None:
    backed_up(directory, tmp_path / "backup")

    with pytest.raises(Conflict, match="is there already"):
        backed_up(directory, tmp_path / "backup")
    with pytest.raises(Conflict, match="not empty"):
        keeping.restore_workspace(tmp_path / "backup", directory, settings=SETTINGS)
    with pytest.raises(Conflict, match="keys do not travel"):
        keeping.back_up(
            directory,
            tmp_path / "b",
            settings=SETTINGS,
            now=NOON,
            keys_to=tmp_path / "b" / "keys",
        )


def test_a_half_backup_is_none(directory: Path, tmp_path: Path) -> None:
    backed_up(directory, tmp_path / "backup")
    (tmp_path / "backup").rename(tmp_path / "backup.partial")

    (tmp_path / "backup.partial" / "backup.json").unlink()

    with pytest.raises(BadInput, match="no complete backup"):
        keeping.restore_workspace(
            tmp_path / "backup.partial", tmp_path / "elsewhere", settings=SETTINGS
        )


def test_who_was_erased_since_the_backup_is_not_in_what_is_restored(
    shop: Shop, tmp_path: Path
) -> None:
    shop.batch(view("S-1", "fatima"), view("S-2", "karel"))
    shop.batch(identify("karel", "C-1", firstName=FIELD))
    nightly.seal(shop.night())
    shop.batch(view("S-3", "karel"))
    shop.events()
    gone = shop.key_of("karel")
    make_backup(shop.directory, tmp_path / "backup")
    how = shop.night().how
    privacy.erase(shop.ports, "karel", how, actor="ann", now=shop.now)
    assert clean(shop.ports, how, now=shop.now, at_once=True) is not None  # gone from the files too
    newest_keys = tmp_path / "newest"
    shop.opened.commits.close()
    shutil.copytree(keys_of(shop.directory), newest_keys)

    keeping.restore_workspace(
        tmp_path / "backup", tmp_path / "elsewhere", settings=SETTINGS, keys_from=newest_keys
    )

    said = said_by(tmp_path / "elsewhere")
    assert gone in str(
        said_by_backup_alone(tmp_path)
    )  # it was there: yesterday's keys bring her back
    assert [one for one in said["events"] if gone in str(one)] == []  # type: ignore[attr-defined]
    assert gone not in str(said["rows"])
    assert gone not in str(said["folds"])
    assert shop.key_of("fatima") in str(said["folds"])


def said_by_backup_alone(tmp_path: Path) -> dict[str, object]:
    restored(tmp_path / "backup", tmp_path / "as-it-was")
    return said_by(tmp_path / "as-it-was")


def make_backup(directory: Path, to: Path) -> None:
    """Back up from a process of its own, as commands do: in this one the shop is open."""
    cli("backup", str(directory), str(to), "--keys", str(to.with_name(f"{to.name}-keys")))


def keys_of(directory: Path) -> Path:
    return directory.with_name(f"{directory.name}.keys")


def test_what_is_damaged_is_not_backed_up(directory: Path, tmp_path: Path) -> None:
    sealed = next((directory / "shops/noord/events").glob("day=*/*.parquet"))
    flip(sealed, sealed.stat().st_size // 2)

    with pytest.raises(Damaged, match=sealed.name):
        backed_up(directory, tmp_path / "backup")

    assert not (tmp_path / "backup").exists()


def files_in(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def flip(path: Path, at: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[at] ^= 0x10
    path.write_bytes(raw)


def flip_each(path: Path, text: bytes) -> None:
    """Change a text wherever it stands: a database leaves older copies of it in its file."""
    raw = path.read_bytes()
    assert text in raw
    path.write_bytes(raw.replace(text, bytes([text[0] ^ 0x10]) + text[1:]))


# ---- Doctor ------------------------------------------------------------------------------------------


def doctor(directory: Path, *options: str) -> tuple[int, dict[str, list[dict[str, str]]]]:
    asked = ("doctor", "--data", directory, "--verify", "--json", *options)
    done = etalage(*asked, timeout=PATIENCE)
    return done.returncode, json.loads(done.stdout)["files"]


def test_damaged_profiles_are_named_and_made_again_from_the_log(directory: Path) -> None:
    before = said_by(directory)
    file = directory / "shops/noord/profiles/data.mdb"
    flip_each(file, b"S-19")

    code, found = doctor(directory)
    mended_code, mended = doctor(directory, "--repair")

    assert code == 1
    assert {one["file"] for one in found["damaged"]} == {"shops/noord/profiles/data.mdb"}
    assert (mended_code, mended["damaged"]) == (0, [])
    assert mended["mended"] == found["damaged"]
    assert said_by(directory) == before


def test_an_event_whose_record_is_damaged_comes_back_from_its_sealed_day(directory: Path) -> None:
    before = said_by(directory)
    file = directory / "shops/noord/journal/data.mdb"
    flip_each(file, b"S-7")

    code, found = doctor(directory)
    mended_code, mended = doctor(directory, "--repair")

    assert code == 1
    assert found["damaged"][0]["place"].startswith("event ")
    assert (mended_code, mended["damaged"]) == (0, [])
    assert said_by(directory) == before


def test_a_setting_that_changed_by_itself_is_named_and_not_mended(directory: Path) -> None:
    file = directory / "shops/noord/records.db"
    flip_each(file, b"noord.example")

    code, found = doctor(directory, "--repair")

    assert code == 1
    assert found["damaged"][0]["file"] == "shops/noord/records.db"
    assert found["mended"] == []


def test_nothing_is_mended_while_a_server_is_at_work(directory: Path) -> None:
    home = keeping.home_of(directory, NOORD, SETTINGS)
    lease = keeping.Lease(home.path)
    assert lease.take()

    with pytest.raises(Conflict, match="stop it"):
        keeping.mend(directory, NOORD, (), settings=SETTINGS)
    lease.give_back()


# ---- The format of the data directory ----------------------------------------------------------------


def test_a_directory_of_a_newer_format_is_refused_with_what_to_do(directory: Path) -> None:
    (directory / "format").write_text("7\n")

    with pytest.raises(NoShop, match="install a newer one"):
        app.open_ports(directory, NOORD, settings=SETTINGS)


def test_more_than_one_step_at_a_time_is_refused(directory: Path) -> None:
    with pytest.raises(NoShop, match="versions between"):
        format.bring_up(directory, "4", {"4": mark})


def test_an_upgrade_is_done_once_and_then_never_again(directory: Path) -> None:
    assert format.bring_up(directory, "3", {"3": mark}) == "2"
    assert format.bring_up(directory, "3", {"3": refuse}) == "3"

    assert (directory / "shops/noord/upgraded").read_text() == "once"
    with pytest.raises(NoShop, match="format 3"):  # an older version does not touch it
        app.open_ports(directory, NOORD, settings=SETTINGS)


@pytest.mark.parametrize("moment", range(4))
def test_an_upgrade_that_was_killed_goes_on_and_comes_to_the_same_end(
    directory: Path, moment: int
) -> None:
    for name in ("oost", "west"):
        shutil.copytree(directory / "shops/noord", directory / "shops" / name)
    program = f"""
import os, signal, sys
from pathlib import Path
from etalage.store.keeping import format
from etalage.store.lmdb.journal import LmdbEventLog
left = [{moment}]
def step(home):
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    (home / "upgraded").write_text("once")
written = format.write
def write(directory, said):
    if said == "3" and left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    written(directory, said)
format.write = write
format.bring_up(Path(sys.argv[1]), "3", {{"3": step}})
"""
    killed = subprocess.run(
        [sys.executable, "-c", program, str(directory)], check=False, timeout=PATIENCE
    )
    assert killed.returncode == -9
    assert format.found_in(directory) == "2 to 3"
    with pytest.raises(NoShop):  # half an upgrade is open to nobody but who goes on with it
        app.open_ports(directory, NOORD, settings=SETTINGS)

    format.bring_up(directory, "3", {"3": mark})

    assert format.found_in(directory) == "3"
    assert {path.read_text() for path in directory.glob("shops/*/upgraded")} == {"once"}
    assert len(list(directory.glob("shops/*/upgraded"))) == 3


def mark(home: Path) -> None:
    (home / "upgraded").write_text("once")


def refuse(home: Path) -> None:
    raise AssertionError(f"{home} is upgraded again")


# ---- The drill ---------------------------------------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Made]:
    served = Made(tmp_path / "data")
    yield served
    for server in served.servers:
        server.process.kill()
        server.process.wait()


@pytest.mark.slow
def test_a_backup_under_load_restored_elsewhere_has_all_that_was_acknowledged(
    served: Made, tmp_path: Path
) -> None:
    server = served.serve()
    acknowledged: list[str] = []
    ended = threading.Event()

    def load(part: int) -> None:
        number = part
        while not ended.is_set():
            if server.track(number).status_code == 200:
                acknowledged.append(f"S-{number}")
            number += 2

    threads = [threading.Thread(target=load, args=(part,)) for part in range(2)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(acknowledged) > 150)
    before = list(acknowledged)
    cli("backup", str(served.directory), str(tmp_path / "backup"), "--keys", str(tmp_path / "keys"))
    during = len(acknowledged)
    ended.set()
    for thread in threads:
        thread.join()
    server.stop()

    cli(
        "restore", str(tmp_path / "backup"), str(tmp_path / "new"), "--keys", str(tmp_path / "keys")
    )

    assert during > len(before)  # the server went on answering
    packed = restore.front_of(tmp_path / "backup", reads=app.FORMAT)
    assert packed.shops == ("noord",)
    old, new = events_of(served.directory), events_of(tmp_path / "new")
    assert new == old[: len(new)]  # one moment of the log: nothing left out, nothing else
    viewed = [one.lines[0].product for _, one in new if one.name == "view_item"]
    assert set(before) <= set(viewed)
    assert len(viewed) == len(set(viewed))
    assert keeping.verify(tmp_path / "new", NOORD, settings=SETTINGS).damage == ()
    answers_again(served, tmp_path / "new")


def answers_again(served: Made, directory: Path) -> None:
    """Open the doors on what was restored, with the keys that the shop's own pages still use."""
    again = Made.__new__(Made)
    again.directory, again.created, again.home = (
        directory,
        served.created,
        directory / "shops/noord",
    )
    again.servers = served.servers
    server = again.serve()
    known = server.get("/v1/profiles/karel", with_key=True)
    assert known.status_code == 200
    assert known.json()["remembered"]["recents"]
    assert server.track(1_000_001).status_code == 200
    server.stop()


def events_of(directory: Path) -> list[tuple[int, object]]:
    _, ports = app.open_ports(directory, NOORD, settings=SETTINGS)
    with contextlib.closing(ports):
        return list(ports.log.read(0))


def cli(*arguments: str) -> None:
    done = etalage(*arguments, timeout=4 * PATIENCE)
    assert done.returncode == 0, done.stderr


# ---- The disk ----------------------------------------------------------------------------------------


def test_the_forecast_of_the_disk_is_made_of_what_events_cost_and_how_many_come(
    opening: object,
) -> None:
    from etalage.flow.account import Disk, forecast

    shop = opening()  # type: ignore[operator]  the fixture of conftest
    shop.batch(*(view(f"S-{n}") for n in range(99)))
    events = shop.ports.log.head()

    said = forecast(
        shop.ports, Disk(used=events * 1_000, free=5_000_000, reserve=1_000_000), now=shop.now
    )

    assert said.bytes_per_event == 1_000
    assert said.events_per_day == events  # all of today
    assert said.days_left == pytest.approx(4_000_000 / (events * 1_000))
