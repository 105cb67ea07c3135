"""Whether every file of a shop holds what was written; and mending what can be made again.

In:   a shop's directories; for verifying a server may be at work, for mending it may not.
Out:  each damaged place with its file, and how it can be mended.
Idea: in the order of trust: the journal is the truth, so nothing is mended from it before it is whole itself.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from etalage.domain.time import ShopZone
from etalage.errors import Damaged, EtalageError
from etalage.ports import Manifest
from etalage.store.damage import Damage
from etalage.store.duckdb.archive import ParquetArchive
from etalage.store.duckdb.files import damaged
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
    found = broken["journal"]
    head, manifest = 0, Manifest()
    if not _is_broken(found):
        log = LmdbEventLog(home.journal, zone=_ANY_ZONE)
        try:
            head, manifest = log.head(), log.manifest()
        except Damaged as error:
            found = found or [Damage(home.named(home.journal), "", error.message)]
        finally:
            log.close()
    found += _sealed(home, manifest)
    found += broken["profiles"] or _profiles(home, head)
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


def _sealed(home: Home, manifest: Manifest) -> list[Damage]:
    return [
        Damage(f"shops/{home.shop}/events/{file}", "", "is missing or not what was written")
        for file in manifest.files
        if damaged(home.events, [file])
    ]


def _profiles(home: Home, head: int) -> list[Damage]:
    name = home.named(home.profiles)
    profiles = LmdbProfiles(home.profiles)
    try:
        position = profiles.position()
    finally:
        profiles.close()
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


def mend(home: Home, found: Sequence[Damage], *, rebuild: Callable[[], object]) -> list[Damage]:
    """Mend what can be made again; give what was. No server may be at work.

    Args:
        home: the shop.
        found: what `verify` gave.
        rebuild: makes profiles again from the log; called when they lie in a new empty file.
    """
    mended = [one for one in found if one.mend == "from_parquet" and _is_put_back(home, one)]
    if any(one.mend == "backup" and "/journal/" in one.file for one in found):
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


def _is_put_back(home: Home, one: Damage) -> bool:
    """Write an event again as its sealed day has it."""
    position = int(one.place.removeprefix("event "))
    log = LmdbEventLog(home.journal, zone=_ANY_ZONE)
    try:
        archive = ParquetArchive(home.events, log.manifest)
        for found, event in archive.read(position - 1, position):
            log.put_back(found, event)
            return True
    except Damaged:
        return False
    finally:
        log.close()
    return False
