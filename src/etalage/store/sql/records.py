"""Records on SQL: settings, keys, documents, catalogue, alerts and audit, on SQLite or PostgreSQL.

Every change that people make is one transaction with its own line in the audit (see `changing`); alerts, which the
night shift finds, have none. Reading takes no lock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
from sqlalchemy import URL, insert, select, update

from etalage.domain.alert import Alert
from etalage.domain.canonical import canonical_json
from etalage.domain.product import Catalogue
from etalage.errors import Conflict, NotFound
from etalage.ports import (
    ApiKey,
    AuditLine,
    Document,
    DocumentKind,
    DocumentState,
)
from etalage.store.sql import alerts, catalogues, documents, tables
from etalage.store.sql.audit import first_broken
from etalage.store.sql.changing import changing
from etalage.store.sql.engine import WRITES, open_engine, upgrade
from etalage.store.sql.tables import api_keys, settings

SYSTEM = "etalage"  # the actor of changes that no person asked for


class SqlRecords:
    """Answers `ports.Records`. Call `upgrade` once before anything else; safe in several threads."""

    def __init__(self, url: str | URL) -> None:
        self._engine = open_engine(url)
        self._writer = self._engine.execution_options(**{WRITES: True})
        self._newest: Catalogue | None = None

    def upgrade(self) -> None:
        """Bring an empty or older database to the tables of this version."""
        upgrade(self._writer)

    def close(self) -> None:
        """Release all connections."""
        self._engine.dispose()

    def generation(self) -> int:
        """Give a number that grows with every change."""
        with self._engine.connect() as connection:
            number: int = connection.execute(select(tables.generation.c.value)).scalar_one()
        return number

    # ---- settings and keys ----

    def shop(self) -> dict[str, object]:
        """Give the shop's own settings."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(settings).order_by(settings.c.key)).all()
        return {row.key: msgspec.json.decode(row.value) for row in rows}

    def change_shop(self, changes: Mapping[str, object], *, actor: str, now: int) -> None:
        """Set some settings and leave the others; the audit tells the values before and after."""
        with changing(self._writer, actor=actor, now=now) as change:
            rows = change.connection.execute(select(settings)).all()
            old = {row.key: row.value for row in rows}
            for key in sorted(changes):
                text = canonical_json(changes[key]).decode()
                if key not in old:
                    change.connection.execute(insert(settings).values(key=key, value=text))
                elif old[key] != text:
                    is_same = settings.c.key == key
                    change.connection.execute(update(settings).where(is_same).values(value=text))
                else:
                    continue
                change.tell("shop.change", f"shop/{key}", before=old.get(key), after=text)

    def keys(self) -> list[ApiKey]:
        """Give all keys, revoked ones too, oldest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(api_keys).order_by(api_keys.c.entered)).all()
        return [
            ApiKey(
                hash=row.hash,
                kind=row.kind,
                label=row.label,
                purposes=tuple(msgspec.json.decode(row.purposes)),
                basis=row.basis,
                revoked=row.revoked,
            )
            for row in rows
        ]

    def add_key(self, key: ApiKey, *, actor: str, now: int) -> None:
        """Add a key; `Conflict` if it is there already."""
        row = msgspec.structs.asdict(key) | {"purposes": canonical_json(key.purposes).decode()}
        with changing(self._writer, actor=actor, now=now) as change:
            there = select(api_keys.c.hash).where(api_keys.c.hash == key.hash)
            if change.connection.execute(there).first() is not None:
                raise Conflict(f"key {key.label} is there already")
            change.connection.execute(insert(api_keys).values(**row, entered=change.generation))
            declared = canonical_json([key.kind, key.purposes, key.basis]).decode()
            change.tell("key.add", f"key/{key.label}", after=declared)

    def revoke_key(self, key_hash: str, *, actor: str, now: int) -> None:
        """Make a key invalid from now on; once revoked it stays so."""
        with changing(self._writer, actor=actor, now=now) as change:
            same = api_keys.c.hash == key_hash
            row = change.connection.execute(select(api_keys).where(same)).first()
            if row is None:
                raise NotFound("there is no such key")
            if row.revoked is None:
                change.connection.execute(update(api_keys).where(same).values(revoked=now))
                change.tell("key.revoke", f"key/{row.label}")

    # ---- documents ----

    def document(
        self, kind: DocumentKind, name: str, version: int | None = None
    ) -> Document | None:
        """Give a version, the newest by default; None if there is none."""
        with self._engine.connect() as connection:
            return documents.find(connection, kind, name, version)

    def documents(self, kind: DocumentKind | None = None) -> list[Document]:
        """Give the newest version of each, by kind and name."""
        with self._engine.connect() as connection:
            return documents.newest(connection, kind)

    def live(self, kind: DocumentKind) -> list[Document]:
        """Give what is live: per name the version that went live last, if it is live still."""
        with self._engine.connect() as connection:
            return documents.live(connection, kind)

    def add_draft(
        self, kind: DocumentKind, name: str, body: Mapping[str, object], *, author: str, now: int
    ) -> Document:
        """Store a new version as a draft; the same body as the newest version gives that version back.

        What was ended stays ended: the same body again is a new draft.
        """
        with changing(self._writer, actor=author, now=now) as change:
            return documents.add_draft(change, kind, name, body, author=author)

    def set_state(
        self,
        document: Document,
        state: DocumentState,
        *,
        actor: str,
        now: int,
        approved_hash: str | None = None,
    ) -> Document:
        """Move a version on; `Conflict` if it is not as `document` says, `NotApproved` without an approval.

        With `approved_hash` this move is the approval, by `actor`; back to draft or review withdraws it.
        """
        with changing(self._writer, actor=actor, now=now) as change:
            return documents.set_state(
                change, document, state, actor=actor, approved_hash=approved_hash
            )

    # ---- catalogue ----

    def catalogue(self, version: str | None = None) -> Catalogue | None:
        """Give a catalogue, the newest by default; the newest is decoded once."""
        with self._engine.connect() as connection:
            newest = catalogues.newest_version(connection)
            asked = newest if version is None else version
            known = self._newest
            if asked is None or (known is not None and known.version == asked):
                return None if asked is None else known
            found = catalogues.read(connection, asked)
        if asked == newest:
            self._newest = found
        return found

    def put_catalogue(self, catalogue: Catalogue, *, source: str, actor: str, now: int) -> None:
        """Accept a catalogue as the newest; the one before stays for a while."""
        with changing(self._writer, actor=actor, now=now) as change:
            catalogues.accept(change, catalogue, source=source)

    def prune_catalogues(self, now: int) -> int:
        """Forget catalogues that were replaced over 30 days ago; give how many."""
        with changing(self._writer, actor=SYSTEM, now=now) as change:
            return catalogues.prune(change)

    # ---- alerts ----

    def alerts(self) -> list[Alert]:
        """Give all alerts that are kept: open ones first, the newest before the older."""
        with self._engine.connect() as connection:
            return alerts.read(connection)

    def change_alerts(self, change: Callable[[list[Alert]], Sequence[Alert]]) -> list[Alert]:
        """Let a function of the alerts there are say which there are from now on, while nobody else changes them.

        One that is damaged is not among them, and goes.
        """
        with self._writer.begin() as connection:
            connection.execute(update(tables.generation).values(value=tables.generation.c.value))
            before = alerts.readable(connection)
            after = list(change(before))
            alerts.replace(connection, after)
        return after

    # ---- audit ----

    def audit(
        self,
        actor: str,
        action: str,
        obj: str,
        *,
        now: int,
        before: str | None = None,
        after: str | None = None,
    ) -> None:
        """Add a line for something that changes nothing here; the generation stays."""
        with changing(self._writer, actor=actor, now=now, step=0) as change:
            change.tell(action, obj, before=before, after=after)

    def audit_lines(self) -> list[AuditLine]:
        """Give all lines, oldest first."""
        query = select(tables.audit).order_by(tables.audit.c.number)
        with self._engine.connect() as connection:
            return [AuditLine(**row) for row in connection.execute(query).mappings()]

    def verify_audit(self, anchor: AuditLine | None = None) -> int | None:
        """Name the first broken line; None if the chain is whole and still holds the `anchor`."""
        return first_broken(self.audit_lines(), anchor)
