"""The digest over all that people decided: a database has no checksums, and a setting of one letter more is a setting.

In:   the rows of all tables, without the two large bodies, which have digests of their own.
Out:  SHA-256, written with every change and compared by `etalage doctor --verify`.
Idea: the last line of the audit belongs to it, so an audit whose tail is gone shows too.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, select

from etalage.domain.canonical import canonical_json
from etalage.store.sql.tables import api_keys, audit, catalogues, documents, generation, settings

_TABLES = (settings, api_keys, documents, catalogues)
_OWN_DIGEST = {"body"}  # columns that `hash` and `digest` stand for


def state_of(connection: Connection) -> str:
    """Digest everything as this transaction sees it."""
    said: list[object] = []
    for table in _TABLES:
        columns = [column for column in table.c if column.name not in _OWN_DIGEST]
        rows = connection.execute(select(*columns).order_by(*table.primary_key.columns))
        said.append([list(row) for row in rows])
    last = select(audit.c.number, audit.c.chain).order_by(audit.c.number.desc()).limit(1)
    said.append([list(row) for row in connection.execute(last)])
    said.append(connection.execute(select(generation.c.value)).scalar_one())
    return hashlib.sha256(canonical_json(said)).hexdigest()
