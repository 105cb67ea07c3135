"""A small shop with something in every kind of file, and all that can be read of it as one digest per store."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
from shop import (  # fmt: skip
    NOON,
    SETTINGS,
    create,
    experience,
    identify,
    open_shop,
    order,
    segment,
    track,
    view,
)

from etalage import app
from etalage.domain.ids import ShopId
from etalage.domain.time import DAY
from etalage.flow import nightly
from etalage.ports import Ports

NOORD = ShopId("noord")
PEOPLE = ("karel", "fatima", "ans", "bram", "cor", "dirk")


def furnish(directory: Path) -> Path:
    """Make the shop, and give a copy of its files as they lie on disk while it is open (as after a kill)."""
    making = directory / "making" / "data"
    made = create(making)
    with asyncio.Runner() as runner:
        shop = open_shop(making, made, runner)
        shop.go_live(
            segment("lookers", {"did": "view_item", "times": {"at_least": 2}, "within": "30d"}),
            experience("hoi", segment="lookers"),
        )
        for day in range(3):
            shop.now = NOON + day * DAY
            for number, who in enumerate(PEOPLE):
                views = [view(f"S-{n}", who, message=f"{who}-{day}-{n}") for n in range(6)]
                bought = order(f"N-{day}-{number}", who, message=f"o-{who}-{day}")
                shop.batch(*views, bought)
                shop.batch(views[0], track("no consent", "jip", consent=None))
                shop.batch({"type": "track", "event": "", "anonymousId": who})
                shop.batch(
                    identify(who, f"C-{number}", message=f"i-{who}-{day}", firstName=who.title())
                )
                shop.ask(who)
            shop.events()
            if day < 2:
                nightly.seal(shop.night())
        nightly.count_popular(shop.night())
        shop.ports.keys.destroy(shop.key_of("dirk"))
        kept = directory / "kept" / "data"
        for source, target in ((making, kept), (keys_of(making), keys_of(kept))):
            shutil.copytree(source, target)
        shop.close()
    return kept


def keys_of(directory: Path) -> Path:
    """Give where the keys of a workspace lie."""
    return directory.with_name(f"{directory.name}.keys")


def data_files(directory: Path) -> list[Path]:
    """Give every file that holds data: all but locks."""
    both = (directory, keys_of(directory))
    files = sorted(path for one in both for path in one.rglob("*") if path.is_file())
    return [path for path in files if path.suffix != ".lock" and path.name != "lock.mdb"]


def answers(directory: Path) -> dict[str, str]:
    """Read everything a shop can say, and give a digest per store; an error of ours is an answer of its own."""
    said: dict[str, str] = {}
    _, ports = app.open_ports(directory, NOORD, settings=SETTINGS)
    with contextlib.closing(ports):
        said["events"] = _digest(msgspec.msgpack.encode(one) for one in ports.log.read(0))
        said["account"] = _digest([msgspec.json.encode(ports.log.account())])
        said["quarantine"] = _digest(msgspec.msgpack.encode(q) for q in ports.log.quarantine())
        said["folds"] = _digest(msgspec.msgpack.encode(one) for one in ports.profiles.visitors())
        said["links"] = _digest(_links(ports))
        said["orders"] = _digest(_orders(ports))
        said["marks"] = _digest(sorted(key.encode() for key in ports.profiles.marked()))
        said["conditions"] = _digest([msgspec.json.encode(ports.profiles.features())])
        said["positions"] = f"{ports.log.head()} {ports.profiles.position()}"
        said["records"] = _digest(_records(ports))
        said["persons"] = _digest(_persons(ports))
        table = ports.warehouse.ask("SELECT * FROM events ORDER BY position").rows
        said["warehouse"] = _digest(repr(row).encode() for row in table)
        said["popular"] = _digest([ports.models.get(nightly.POPULAR) or b""])
    return said


def _links(ports: Ports) -> Iterable[bytes]:
    for visitor, fold in ports.profiles.visitors():
        if fold.link is not None:
            found = ports.profiles.linked_to(str(fold.link.value))  # type: ignore[arg-type]  a key is a text
            yield repr((visitor, found)).encode()


def _orders(ports: Ports) -> Iterable[bytes]:
    numbers = {event.transaction for _, event in ports.log.read(0) if event.transaction}
    return [msgspec.msgpack.encode((one, ports.profiles.order(one))) for one in sorted(numbers)]


def _records(ports: Ports) -> Iterable[bytes]:
    records = ports.records
    yield repr((records.generation(), sorted(records.shop().items()), records.keys())).encode()
    for document in records.documents():
        for version in range(1, document.version + 1):
            yield repr(records.document(document.kind, document.name, version)).encode()
    for kind in ("segment", "experience", "strategy"):
        yield repr(records.live(kind)).encode()  # type: ignore[arg-type]  each of them is a kind
    yield repr(records.catalogue()).encode()
    yield repr(records.audit_lines()).encode()


def _persons(ports: Ports) -> Iterable[bytes]:
    yield ports.keys.pepper + ports.keys.secret("token") + ports.keys.secret("quarantine")
    for _, event in ports.log.read(0):
        person = event.customer or event.visitor
        if event.personal is not None and person is not None:
            yield repr(ports.keys.unseal(person, event.personal)).encode()


def _digest(parts: Iterable[bytes]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(answers(Path(sys.argv[1]))))
