"""Whether every file of a shop holds what was written; and mending what can be made again.

In:   a shop's directories; for verifying a server may be at work, for mending it may not.
Out:  each damaged place with its file, and how it can be mended.
Idea: in the order of trust: the journal is the truth, so nothing is mended from it before it is whole itself.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from etalage.domain.event import Event
from etalage.domain.time import ShopZone
from etalage.errors import Damaged, EtalageError, NotFound
from etalage.ports import Manifest
from etalage.store.damage import Damage
from etalage.store.duckdb.archive import ParquetArchive
from etalage.store.duckdb.files import damaged, part
from etalage.store.duckdb.write_again import write_again
from etalage.store.files.models import FileModels
from etalage.store.keeping.home import Home, Verified
from etalage.store.lmdb import check
from etalage.store.lmdb.journal import LmdbEventLog
from etalage.store.lmdb.keys import LmdbKeys
from etalage.store.lmdb.profiles import LmdbProfiles
from etalage.store.sql.check import damage as records_damage
from etalage.store.sql.check import open_once

_ANY_ZONE = ShopZone("UTC")  # for readers of the log to whom days do not matter


def verify(home: Home) -> Verified:
    """Read every file of a shop and name what is damaged."""
    if home.is_new:
        LmdbEventLog(home.journal, zone=_ANY_ZONE).close()
        LmdbProfiles(home.profiles).close()
    broken = check.damage(
        [
            check.Part("journal", home.journal, home.named(home.journal)),
            check.Part("profiles", home.profiles, home.named(home.profiles)),
            check.Part("keys", home.keys / "index", f"{_keys_name(home)}/index"),
        ]
    )
    # First: the log only grows, and profiles follow it. Somebody may be writing, and is then ahead in the log alone.
    position = 0 if broken["profiles"] else _known_to_profiles(home)
    found = broken["journal"]
    head, kept_from, manifest = 0, 1, Manifest()
    if not _is_broken(found):
        log = LmdbEventLog(home.journal, zone=_ANY_ZONE)
        try:
            head, kept_from, manifest = log.head(), log.kept_from(), log.manifest()
        except Damaged as error:
            found = found or [Damage(home.named(home.journal), "", error.message)]
        finally:
            log.close()
    broken_files = [file for file in manifest.files if damaged(home.events, [file])]
    found = [_with_its_day(home, one, manifest, broken_files) for one in found]
    found += [_sealed(home, file, kept_from, found) for file in broken_files]
    found += broken["profiles"] or _profiles(home, position, head)
    found += records_damage(home.records, home.named(home.records))
    models = FileModels(home.models)
    found += [
        Damage(
            f"shops/{home.shop}/models/{name}.model",
            "",
            "does not have the digest it was written with",
            "count_again",
        )
        for name in models.damaged()
    ]
    found += broken["keys"] or _keys(home)
    files = 5 + len(manifest.files) + len(list(home.models.glob("*.model")))
    return Verified(tuple(found), head, files)


def _is_broken(found: Sequence[Damage]) -> bool:
    """Tell whether the engine may not be let near the file."""
    return any(one.place in {"", "structure"} for one in found)


def _with_its_day(
    home: Home, one: Damage, manifest: Manifest, broken_files: Sequence[str]
) -> Damage:
    """Say of a damaged event whether its sealed day can give it back."""
    if one.mend != "from_parquet" or not broken_files:
        return one
    whole = tuple(file for file in manifest.files if file not in broken_files)
    if _sealed_event(home, Manifest(manifest.sealed_to, whole), _position(one)):
        return one
    says = f"{one.says}; its sealed day is damaged too"
    return msgspec.structs.replace(one, says=says, mend="backup")


def _sealed(home: Home, file: str, kept_from: int, events: Sequence[Damage]) -> Damage:
    """Say of a damaged sealed file whether the journal can give its events back."""
    name, named = f"{_events_name(home)}{file}", part(file)
    says = "is missing or not what was written"
    if named.first < kept_from:
        says += f"; it has events {named.first} to {named.last}, and the journal was pruned up to {kept_from - 1}"
        return Damage(name, "", says)
    for one in events:
        is_event = one.mend == "backup" and one.place.startswith("event ")
        if is_event and named.first <= _position(one) <= named.last:
            return Damage(name, "", f"{says}; {one.place} of the journal is damaged too")
    return Damage(name, "", says, "from_journal")


def _position(one: Damage) -> int:
    return int(one.place.removeprefix("event "))


def _sealed_event(home: Home, manifest: Manifest, position: int) -> Event | None:
    """Give an event as the sealed files of a manifest have it; None if they have not, or cannot be read."""
    archive = ParquetArchive(home.events, lambda: manifest)
    try:
        return next((event for _, event in archive.read(position - 1, position)), None)
    except Damaged:
        return None


def _known_to_profiles(home: Home) -> int:
    profiles = LmdbProfiles(home.profiles)
    try:
        return profiles.position()
    finally:
        profiles.close()


def _profiles(home: Home, position: int, head: int) -> list[Damage]:
    name = home.named(home.profiles)
    if position <= head:
        return []
    says = f"they know {position} events, and the log has {head}: one of the two went back"
    return [Damage(f"{name}/data.mdb", "", says, "rebuild")]


def _keys(home: Home) -> list[Damage]:
    name = _keys_name(home)
    try:
        keys = LmdbKeys(home.keys)
    except EtalageError as error:
        return [Damage(name, "", error.message)]
    try:
        broken = keys.damaged()
    finally:
        keys.close()
    return [
        Damage(f"{name}/persons.keys", f"key of {person}", "cannot be unwrapped")
        for person in broken
    ]


def _keys_name(home: Home) -> str:
    return f"{home.keys.parent.name}/{home.shop}"


# ---- Mending -----------------------------------------------------------------------------------------


def mend(
    home: Home,
    found: Sequence[Damage],
    *,
    rebuild: Callable[[], object],
    zone: Callable[[], ShopZone],
) -> list[Damage]:
    """Mend what can be made again; give what was. No server may be at work.

    Args:
        home: the shop.
        found: what `verify` gave.
        rebuild: makes profiles again from the log; called when they lie in a new empty file.
        zone: reads where the shop's days begin; called when a sealed day is to be written again.
    """
    mended = [one for one in found if one.mend == "from_parquet" and _is_put_back(home, one, found)]
    records = home.named(home.records)
    if not any(one.mend == "backup" and one.file.startswith(records) for one in found):
        # Only where it is certain when the shop's days begin.
        mended += [
            one for one in found if one.mend == "from_journal" and _is_sealed_again(home, one, zone)
        ]
    if any(one.mend == "backup" and _is_of_the_log(one) for one in found):
        return mended  # profiles of a log that is not whole would be wrong too
    broken = [one for one in found if one.mend == "rebuild"]
    if broken:
        shutil.rmtree(home.profiles, ignore_errors=True)
        rebuild()
        mended += broken
    for one in found:
        if one.mend == "unfinished":
            open_once(home.records)  # SQLite leaves out what has no end
            mended.append(one)
        if one.mend == "count_again":
            FileModels(home.models).forget(Path(one.file).stem)
            mended.append(one)
    return mended


def _is_of_the_log(one: Damage) -> bool:
    return "/journal/" in one.file or "/events/" in one.file


def _is_put_back(home: Home, one: Damage, found: Sequence[Damage]) -> bool:
    """Write an event again as its sealed day has it."""
    broken = {other.file.removeprefix(_events_name(home)) for other in found}
    log = LmdbEventLog(home.journal, zone=_ANY_ZONE)
    try:
        manifest = log.manifest()
        whole = tuple(file for file in manifest.files if file not in broken)
        event = _sealed_event(home, Manifest(manifest.sealed_to, whole), _position(one))
        if event is not None:
            log.put_back(_position(one), event)
        return event is not None
    finally:
        log.close()


def _is_sealed_again(home: Home, one: Damage, zone: Callable[[], ShopZone]) -> bool:
    """Write a sealed file again as the journal has its events."""
    log = LmdbEventLog(home.journal, zone=_ANY_ZONE)
    try:
        write_again(home.events, log, zone(), one.file.removeprefix(_events_name(home)))
    except (Damaged, NotFound):
        return False
    finally:
        log.close()
    return True


def _events_name(home: Home) -> str:
    return f"shops/{home.shop}/events/"
