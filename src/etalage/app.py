"""Puts everything together: makes a shop, opens a shop, and picks the answer to each port by its URL.

A data directory is a workspace:

    DIR/etalage.toml              settings (optional)
    DIR/format                    version of this layout
    DIR/shops/noord/journal/      the event log (LMDB)
    DIR/shops/noord/profiles/     folds (LMDB, rebuildable)
    DIR/shops/noord/events/       the sealed log (daily Parquet)
    DIR/shops/noord/models/       what was learned (files, swapped as a whole)
    DIR/shops/noord/records.db    what people decided (SQLite)
    DIR/shops/noord/red/          a file for each part that is not well (nothing, as a rule)
    DIR.keys/noord/               keys: outside the data, with backups of their own

Nowhere else does the name of an engine appear.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import DatabaseError, OperationalError

from etalage.config import Settings, load
from etalage.domain.arrival import Appended
from etalage.domain.consent import PURPOSES
from etalage.domain.ids import ShopId
from etalage.domain.money import is_currency
from etalage.domain.shop import QUOTAS, Shop, shop_from, to_settings
from etalage.domain.time import ShopZone
from etalage.errors import BadInput, Conflict, Damaged, EtalageError, NoShop, NotYet, Unknown
from etalage.flow.health import Health, Red
from etalage.flow.open_shop import OpenShop
from etalage.flow.privacy import is_nobody_erased_remembered, replay_ledger
from etalage.flow.remember import Memorist
from etalage.ports import ApiKey, Manifest, Ports
from etalage.store.committer import Committer
from etalage.store.duckdb.archive import ParquetArchive
from etalage.store.duckdb.warehouse import DuckdbWarehouse
from etalage.store.files.models import FileModels
from etalage.store.files.signs import FileSigns
from etalage.store.keeping import format  # noqa: A004  a module of ours
from etalage.store.lmdb.exchange import FILE, is_lost
from etalage.store.lmdb.journal import LmdbEventLog
from etalage.store.lmdb.keys import LmdbKeys
from etalage.store.lmdb.profiles import LmdbProfiles
from etalage.store.sql.records import SqlRecords

ERASURE = "erasure"  # red while files wait to be written again without a person
LEDGER_SECONDS = 0.2  # between two looks at whether somebody else has replayed the ledger
FORMAT = "2"
LATER = {"kafka", "redis", "sc", "postgresql"}  # distributed answers: a later version brings them
GIGABYTE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Stores:
    """The URLs of the four stores; empty: the embedded one in the shop's own directory."""

    records: str = ""
    profiles: str = ""
    events: str = ""
    warehouse: str = ""


@dataclass(frozen=True, slots=True)
class Created:
    """A new shop and its keys; the server key is shown this once."""

    shop: Shop
    write_key: str
    server_key: str


def new_shop(name: str, domain: str, **decided: object) -> Shop:
    """Give the settings of a new shop: its id from its name, its own salt, its domain as the only origin.

    Raises:
        BadInput: the name, the currency, the zone or another setting is none.
    """
    chosen = {"origins": [f"https://{domain}"], "salt": secrets.token_hex(8)} | decided
    if decided.get("simulated"):  # weeks go by in minutes there
        chosen = dict.fromkeys(QUOTAS, 0) | chosen
    shop = shop_from({"id": _slug(name), "name": name, "domain": domain} | chosen)
    _zone(shop.zone)
    if not is_currency(shop.currency):
        raise BadInput(f"'{shop.currency}' is no currency; an example is EUR", field="currency")
    return shop


def create_shop(
    directory: Path,
    shop: Shop,
    *,
    now: int,
    purposes: tuple[str, ...] = (),
    basis: str = "",
    settings: Settings | None = None,
    world: str = "",
) -> Created:
    """Make a shop in a data directory (and the directory, if it is new), with a write key and a server key.

    Args:
        directory: the workspace; may hold other shops.
        shop: its settings, from `new_shop`.
        now: micros.
        purposes: those under which its server may send without a consent of its own, ...
        basis: ... and on which ground: an audited setting (design 5).
        settings: of the installation.
        world: of a simulated shop only: its pseudonyms, and with them all arms, follow from this text.

    Raises:
        BadInput: purposes without a basis.
        Unknown: a purpose that is none.
        Conflict: the directory already has a shop of this name.
    """
    settings = settings or load(directory if directory.is_dir() else None)
    home = directory / "shops" / shop.id
    if home.exists():
        raise Conflict(f"{directory} already has a shop '{shop.id}'", field="name")
    for purpose in purposes:
        if purpose not in PURPOSES:
            raise Unknown("purpose", purpose, PURPOSES, field="purposes")
    if world and not shop.simulated:
        raise BadInput("only the secrets of a simulated shop may follow from a seed", field="world")
    if purposes and not basis:
        raise BadInput("declared purposes need a basis: --basis TEXT", field="basis")
    if (directory / format.FILE).exists():
        format.bring_up(directory, FORMAT)  # the other shops in it too, before it says so
    home.mkdir(parents=True)
    format.write(directory, FORMAT)
    root = hashlib.sha256(world.encode()).digest() if world else None
    LmdbKeys.create(keys_directory(directory, settings) / shop.id, root=root).close()
    write_key, server_key = f"wk_{secrets.token_hex(16)}", f"sk_{secrets.token_hex(24)}"
    records = SqlRecords(_records_at(home))
    records.upgrade()
    records.change_shop(to_settings(shop), actor="init", now=now)
    records.add_key(ApiKey(key_hash(write_key), "write", write_key[:7]), actor="init", now=now)
    server = ApiKey(key_hash(server_key), "server", server_key[:7], purposes, basis)
    records.add_key(server, actor="init", now=now)
    records.close()
    return Created(shop, write_key, server_key)


def key_hash(key: str) -> str:
    """Give the hash under which a key is stored: keys are random, so one round of SHA-256 is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def shops_in(directory: Path) -> list[ShopId]:
    """Give the shops of a data directory, in order of name."""
    homes = directory / "shops"
    return [ShopId(p.name) for p in sorted(homes.iterdir()) if p.is_dir()] if homes.is_dir() else []


def the_shop(directory: Path, name: str | None = None) -> ShopId:
    """Give the shop that was named, or the only one.

    Raises:
        NoShop: there is none, or there are several and none was named.
    """
    shops = shops_in(directory)
    if not shops:
        raise NoShop(
            f"{directory} holds no shop; make one with: etalage init {directory} --name NAME --domain DOMAIN"
        )
    if name is None and len(shops) > 1:
        raise NoShop(
            f"{directory} holds {len(shops)} shops ({', '.join(shops)}); name one with --shop"
        )
    wanted = ShopId(_slug(name)) if name is not None else shops[0]
    if wanted not in shops:
        raise Unknown("shop", wanted, shops, field="shop")
    return wanted


def open_ports(
    directory: Path, shop: ShopId, *, settings: Settings, stores: Stores | None = None
) -> tuple[Shop, Ports]:
    """Open one shop's stores.

    Raises:
        NoShop: the directory is of a newer format, or holds no such shop.
        Conflict: another process is bringing it to this version's format.
        KeysMissing: the keys that belong to it are not there.
        Damaged: the records are not there; or what was made from the log is, and the log is not.
    """
    stores = stores or Stores()
    format.bring_up(directory, FORMAT)
    home = directory / "shops" / shop
    if not stores.events:
        _refuse_without_log(home)
    known, records = _open_records(directory, shop, _sql_url(stores.records, home))
    zone = ShopZone(known.zone)
    events = _embedded("duckdb", stores.warehouse, home / "events")

    def manifest() -> Manifest:
        return log.manifest()

    log = LmdbEventLog(
        _embedded("lmdb", stores.events, home / "journal"),
        map_size=int(settings.journal_gb * GIGABYTE),
        zone=zone,
        archive=ParquetArchive(events, manifest),
    )
    profiles = LmdbProfiles(
        _embedded("lmdb", stores.profiles, home / "profiles"),
        map_size=int(settings.profiles_gb * GIGABYTE),
    )
    warehouse = DuckdbWarehouse(
        events,
        log,
        zone,
        threads=settings.warehouse_threads,
        memory=settings.warehouse_memory,
    )
    keys = LmdbKeys(keys_directory(directory, settings) / shop)
    models = FileModels(home / "models")
    ports = Ports(log, profiles, keys, records, warehouse, models)
    try:
        _refuse_older_log(home, ports)
    except Damaged:
        ports.close()
        raise
    _replay_ledger(home, known, ports)
    return known, ports


def _open_records(directory: Path, shop: ShopId, url: str | URL) -> tuple[Shop, SqlRecords]:
    """Open what people decided, and read the shop's settings; an empty file is never made in place of a lost one."""
    if not (directory / "shops" / shop).is_dir():
        raise NoShop(f"{directory} holds no shop '{shop}'")
    file = make_url(url).database
    todo = "put the file back (is its disk there?), or restore a backup elsewhere"
    if file is not None and not Path(file).is_file():
        raise Damaged(
            f"{file} is missing; it holds the shop's settings, keys and approvals: {todo}"
        )
    records = SqlRecords(url)
    try:
        records.upgrade()
        if said := records.shop():
            return shop_from(said), records
    except DatabaseError as error:
        records.close()
        if isinstance(error, OperationalError):  # such as a lock held for long
            raise
        raise Damaged(f"{file} cannot be read ({error.orig}): {todo}") from error
    except BaseException:
        records.close()
        raise
    records.close()
    raise Damaged(f"{file} holds no settings of a shop, it was emptied: {todo}")


def _refuse_without_log(home: Path) -> None:
    """Refuse to begin an empty log beside what was made from a full one: the sealed days would be swept as unlisted.

    The log is made first when a shop is new, so it is looked at last.
    """
    is_used = (home / "profiles" / FILE).exists() or any((home / "events").glob("day=*/*.parquet"))
    if is_used and is_lost(home / "journal"):
        says = f"{home / 'journal'} is missing or empty, and the shop has events"
        raise Damaged(f"{says}: put it back (is its disk there?), or restore a backup elsewhere")


def _refuse_older_log(home: Path, ports: Ports) -> None:
    """Refuse a log that holds less than the profiles were made from: what is missing would be answered as new."""
    try:
        position = ports.profiles.position()  # first: both only grow, and others may be writing
    except Damaged:
        return  # the watch makes decisions contextual, and `doctor --verify` names it
    if position > (head := ports.log.head()):
        says = f"{home / 'journal'} has {head} events, and profiles know {position}"
        raise Damaged(
            f"{says}: an older copy was put back; put the newest there, or restore a backup elsewhere"
        )


def zone_of(directory: Path, shop: ShopId) -> ShopZone:
    """Read where a shop's days begin, and open nothing else of it."""
    records = SqlRecords(_records_at(directory / "shops" / shop))
    try:
        return ShopZone(shop_from(records.shop()).zone)
    finally:
        records.close()


def _replay_ledger(home: Path, shop: Shop, ports: Ports) -> None:
    """Erase again whoever was erased after this data was saved; nobody is served before.

    A damaged day cannot be written again without her. Then she is out of memory, her keys are destroyed, and the
    rest waits until the day is mended: red, and tried again whenever the shop is opened.
    """
    signs = FileSigns(home / "red")
    how = Memorist(ShopZone(shop.zone), shop.currency)
    try:
        while not replay_ledger(ports, how, now=time.time_ns() // 1000):
            time.sleep(LEDGER_SECONDS)  # somebody else is at it
        signs.remove(ERASURE)
    except EtalageError as error:  # damage shows in many ways, as in a column of another name
        if not is_nobody_erased_remembered(ports):
            ports.close()
            raise
        says = f"what an erased person left in files waits until they are mended: {error.message}"
        signs.put(Red(ERASURE, _wall_clock(), says))
    except BaseException:
        ports.close()
        raise


def open_shop(
    directory: Path,
    shop: ShopId,
    *,
    settings: Settings,
    now: int,
    stores: Stores | None = None,
) -> OpenShop:
    """Open one shop for business in this process, with a committer of its own; close it when done.

    Raises:
        NoShop, KeysMissing: as `open_ports`.
    """

    def committing(ports: Ports, applied: Callable[[Appended | None], None]) -> Committer:
        window = settings.commit_window_ms / 1000
        return Committer(ports.log, applied, window_seconds=window, most=settings.queued_events)

    _, ports = open_ports(directory, shop, settings=settings, stores=stores)
    try:
        health = Health(_wall_clock, FileSigns(signs_at(directory, shop)))
        return OpenShop(ports, settings=settings, committing=committing, health=health, now=now)
    except BaseException:
        ports.close()
        raise


def signs_at(directory: Path, shop: ShopId) -> Path:
    """Give where it is written that a part of a shop is red."""
    return directory / "shops" / shop / "red"


def _wall_clock() -> int:
    return time.time_ns() // 1000


def _embedded(scheme: str, url: str, default: Path) -> Path:
    """Read the URL of a store that has, for now, only its embedded answer."""
    if not url:
        return default
    given, _, path = url.partition(":")
    if given in LATER:
        raise NotYet(
            f"a store at {given}: comes with a later version; use {scheme}:PATH", field="url"
        )
    if given != scheme:
        raise Unknown("kind of store", given, [scheme], field="url")
    return Path(path.removeprefix("//"))


def _sql_url(url: str, home: Path) -> str | URL:
    if url.startswith("postgresql"):
        raise NotYet(
            "records in PostgreSQL: comes with a later version; use sqlite:///PATH", field="url"
        )
    return url or _records_at(home)


def _records_at(home: Path) -> URL:
    return URL.create("sqlite", database=str(home / "records.db"))


def keys_directory(directory: Path, settings: Settings) -> Path:
    """Give where the keys of a workspace lie: by the setting, or beside it."""
    if settings.keys:
        return Path(settings.keys)
    resolved = directory.resolve()
    return resolved.with_name(resolved.name + ".keys")


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:40]
    if not slug:
        raise BadInput(f"'{name}' is no name for a shop: it needs a letter or digit", field="name")
    return slug


def _zone(name: str) -> ShopZone:
    try:
        return ShopZone(name)
    except (KeyError, ValueError, OSError) as error:
        raise BadInput(
            f"'{name}' is no time zone; an example is Europe/Amsterdam", field="zone"
        ) from error
