"""A power cut at any moment loses nothing that was acknowledged, and doubles nothing.

A real shop writes: three threads of events, sealing, models, settings. A shim under it (`record.c`) writes down every
call that changes a file. From that, the disk after a power cut at any moment is played (`crash`): all that was
synced, and of the rest any part, torn at sectors. On each such disk the shop is opened and asked.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from children import asked
from crash import Call, Disk, calls, cut
from figures import tell, times
from power_writer import NOORD, SETTINGS, arrival_of, event_of, number_of
from shop import create

from etalage import app, keeping
from etalage.domain.ids import VisitorKey
from etalage.domain.shop import shop_from
from etalage.domain.time import ShopZone
from etalage.flow.remember import Memorist, remember
from etalage.ports import Ports

CUTS = times(8, 500)
SHARES = times(1, 4)  # parts that may run beside each other; each with a writer of its own
BATCHES = times(25, 60)

pytestmark = pytest.mark.skipif(
    shutil.which("gcc") is None,
    reason="no gcc, which builds the shim that records writes: apt-get install gcc libc6-dev",
)

Recorded = tuple[Path, Path, list[Call]]


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("shim") / "record.so"
    source = Path(__file__).with_name("record.c")
    options = ["-O2", "-Wall", "-Werror", "-shared", "-fPIC"]
    subprocess.run(["gcc", *options, "-o", built, source, "-ldl", "-lpthread"], check=True)
    return built


def recorded(shim: Path, home: Path, share: int) -> Recorded:
    """Let the writer run; give the files before, the files after, and what happened between."""
    root, before = home / "root", home / "before"
    create(root / "data")
    shutil.copytree(root, before)
    program = Path(__file__).with_name("power_writer.py")
    subprocess.run(
        [sys.executable, program, root / "data", str(share), str(BATCHES)],
        check=True,
        env={
            **os.environ,
            "LD_PRELOAD": str(shim),
            "RECORD_ROOT": str(root),
            "RECORD_TO": str(home / "trace"),
        },
    )
    return before, root, calls(home / "trace", root)


def test_the_record_lacks_nothing_that_was_written(shim: Path, tmp_path: Path) -> None:
    before, after, trace = recorded(shim, tmp_path, 99)

    disk = Disk.of(before)
    for call in trace:
        disk.play(call)
    for file in disk.known.values():
        file.sync()

    mapped = {"lock.mdb", "records.db-shm"}
    there = {str(p.relative_to(after)) for p in after.rglob("*") if p.is_file()}
    assert {name for name in disk.known if Path(name).name not in mapped} == {
        name for name in there if Path(name).name not in mapped
    }
    for name, file in disk.known.items():
        if Path(name).name not in mapped:
            assert bytes(file.synced) == (after / name).read_bytes(), name
    assert {"w", "W", "s", "c", "r"} <= {call.op for call in trace}


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
def test_a_power_cut_loses_nothing_acknowledged_and_doubles_nothing(
    shim: Path, tmp_path: Path, share: int
) -> None:
    before, _, trace = recorded(shim, tmp_path, share)
    rng = random.Random(f"power {share}")
    acknowledged_at = [n for n, call in enumerate(trace) if call.path == "data/acks"]
    sums: Counter[str] = Counter()
    wrong: list[str] = []
    for _ in range(CUTS // SHARES):
        moment = rng.choice((rng.randrange(len(trace)), _close_to(acknowledged_at, rng)))
        cut(before, trace, moment, tmp_path / "image", rng)
        said = b"".join(call.data for call in trace[:moment] if call.path == "data/acks")

        kind, found = asked(looked_at, tmp_path / "image" / "data", said.decode())

        sums["cuts"] += 1
        sums["acknowledged"] += said.count(b"event")
        if kind == "said":
            sums.update(found)
            if any(found.values()):
                wrong.append(f"cut at {moment}: {found}")
        else:
            sums["refused"] += 1
            wrong.append(f"cut at {moment}: {found}")
    tell(
        "A power cut loses nothing acknowledged and doubles nothing",
        "lost 0, doubled 0, wrong 0, not opened 0",
        **{name: sums[name] for name in ("cuts", "acknowledged", "lost", "doubled", "wrong")},
        not_opened=sums["refused"],
    )
    assert wrong == []
    assert sums["acknowledged"] > CUTS


@pytest.mark.slow
def test_a_disk_that_does_not_sync_is_found_out(shim: Path, tmp_path: Path) -> None:
    before, _, trace = recorded(shim, tmp_path, 98)
    lying = [call._replace(op="w") if call.op == "W" else call for call in trace if call.op != "s"]
    said = b"".join(call.data for call in trace if call.path == "data/acks").decode()
    rng = random.Random("lying")
    for _ in range(10):
        cut(before, lying, len(lying), tmp_path / "image", rng)

        kind, found = asked(looked_at, tmp_path / "image" / "data", said)

        if kind == "failed" or found["lost"]:
            return
    pytest.fail("nothing was synced, and nothing was missed: these cuts prove nothing")


def _close_to(moments: list[int], rng: random.Random) -> int:
    """Draw a moment around an acknowledgement: there is most to lose."""
    return max(0, rng.choice(moments) + rng.randint(-12, 2))


# ---- In the child ------------------------------------------------------------------------------------


def looked_at(directory: Path, said: str) -> dict[str, int]:
    """Open what the power cut left; give how many things are not as they were acknowledged."""
    lines = [line.split() for line in said.splitlines()]
    acknowledged = {int(line[1]) for line in lines if line[0] == "event"}
    settings = [int(line[1]) for line in lines if line[0] == "setting"]
    _, ports = app.open_ports(directory, NOORD, settings=SETTINGS)
    with contextlib.closing(ports):
        found = numbers_in(ports)
        lost = acknowledged - set(found)
        wrong = _wrong(ports, settings)
        again = _doubled_by_retries(ports, acknowledged | set(found))
    damage = keeping.verify(directory, NOORD, settings=SETTINGS).damage
    return {"lost": len(lost), "doubled": again, "wrong": wrong + len(damage)}


def numbers_in(ports: Ports) -> list[int]:
    """Give the numbers of all events in the log, twice where one stands in it twice."""
    return [number_of(event) for _, event in ports.log.read(0) if event.id.startswith("e-")]


def _wrong(ports: Ports, settings: list[int]) -> int:
    """Count events that are not what was sent, names that cannot be read, a setting that went back, a wrong account."""
    import msgspec

    wrong = 0
    for _, event in ports.log.read(0):
        if not event.id.startswith("e-"):
            continue
        wrong += msgspec.structs.replace(event, personal=None) != event_of(number_of(event))
        if event.personal is not None:
            who = VisitorKey(str(event.visitor))
            wrong += ports.keys.unseal(who, event.personal) != b"name"
    head = ports.log.head()
    wrong += sum(line.count for line in ports.log.account()) != head
    shop = shop_from(ports.records.shop())
    wrong += remember(ports.log, ports.profiles, Memorist(ShopZone(shop.zone), "EUR")) != head
    wrong += bool(settings) and int(shop.name.removeprefix("Noord") or -1) < settings[-1]
    wrong += ports.records.verify_audit() is not None
    rows = ports.warehouse.ask("SELECT count(*), count(DISTINCT position) FROM events").rows[0]
    return wrong + (rows != (head, head))


def _doubled_by_retries(ports: Ports, numbers: set[int]) -> int:
    """Send everything again, as a client does that lost its answers; count what is there more than once."""
    sent = [arrival_of(number) for number in sorted(numbers)]
    for start in range(0, len(sent), 100):
        ports.log.append(sent[start : start + 100])
    return sum(count - 1 for count in Counter(numbers_in(ports)).values())
