"""Catalogues as accepted: compressed, by version; the newest is the one that nothing replaced."""

from __future__ import annotations

import hashlib
import zlib

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from etalage.domain.product import Catalogue
from etalage.domain.time import DAY
from etalage.errors import Damaged
from etalage.store.sql.changing import Change
from etalage.store.sql.tables import catalogues

KEPT = 30 * DAY  # after another replaced it: as long as decisions can be rebuilt (design 4.3)

_IS_NEWEST = catalogues.c.replaced.is_(None)


def newest_version(connection: Connection) -> str | None:
    """Give the version of the newest catalogue, without reading it."""
    return connection.execute(select(catalogues.c.version).where(_IS_NEWEST)).scalar()


def read(connection: Connection, version: str) -> Catalogue | None:
    """Read a catalogue; `Damaged` if its bytes are not those that were written."""
    query = select(catalogues.c.digest, catalogues.c.body).where(catalogues.c.version == version)
    row = connection.execute(query).first()
    if row is None:
        return None
    if hashlib.sha256(row.body).hexdigest() != row.digest:
        raise Damaged(f"catalogue {version} is not what was written; import it again")
    return msgspec.msgpack.decode(zlib.decompress(row.body), type=Catalogue)


def accept(change: Change, catalogue: Catalogue, *, source: str) -> None:
    """Make a catalogue the newest; one that was there before comes back as newest."""
    before = newest_version(change.connection)
    body = zlib.compress(msgspec.msgpack.encode(catalogue))
    row = {
        "source": source,
        "imported": change.now,
        "replaced": None,
        "digest": hashlib.sha256(body).hexdigest(),
        "body": body,
    }
    change.connection.execute(update(catalogues).where(_IS_NEWEST).values(replaced=change.now))
    is_same = catalogues.c.version == catalogue.version
    if not change.connection.execute(update(catalogues).where(is_same).values(row)).rowcount:
        change.connection.execute(insert(catalogues).values(version=catalogue.version, **row))
    change.tell("catalogue.accept", f"catalogue/{source}", before=before, after=catalogue.version)


def prune(change: Change) -> int:
    """Forget what was replaced long ago; give how many."""
    is_old = catalogues.c.replaced < change.now - KEPT
    versions = change.connection.execute(select(catalogues.c.version).where(is_old)).scalars().all()
    change.connection.execute(delete(catalogues).where(is_old))
    for version in sorted(versions):
        change.tell("catalogue.prune", "catalogue", before=version)
    return len(versions)
