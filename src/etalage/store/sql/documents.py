"""Versions of what the shop wrote: segments, strategies, experiences, and their life, inside a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Row, and_, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from etalage.domain.canonical import digest
from etalage.errors import Conflict, Damaged, NotApproved
from etalage.ports import Document, DocumentKind, DocumentState
from etalage.store.sql.changing import Change
from etalage.store.sql.tables import documents


def find(
    connection: Connection, kind: DocumentKind, name: str, version: int | None
) -> Document | None:
    """Give a version, the newest if none is named."""
    query = select(documents).where(documents.c.kind == kind, documents.c.name == name)
    if version is not None:
        query = query.where(documents.c.version == version)
    row = connection.execute(query.order_by(documents.c.version.desc()).limit(1)).first()
    return None if row is None else whole(row)


def newest(connection: Connection, kind: DocumentKind | None) -> list[Document]:
    """Give the newest version of each, by kind and name."""
    top = (
        select(documents.c.kind, documents.c.name, func.max(documents.c.version).label("version"))
        .group_by(documents.c.kind, documents.c.name)
        .subquery()
    )
    is_top = and_(*(documents.c[key] == top.c[key] for key in ("kind", "name", "version")))
    query = select(documents).join(top, is_top)
    if kind is not None:
        query = query.where(documents.c.kind == kind)
    found = [whole(row) for row in connection.execute(query)]
    return sorted(found, key=lambda document: (document.kind, document.name))


def live(connection: Connection, kind: DocumentKind) -> list[Document]:
    """Give per name the version that went live last, if it is live still.

    An older version never comes back by itself when that one is paused or ended.
    """
    query = (
        select(documents)
        .where(documents.c.kind == kind, documents.c.went_live.is_not(None))
        .order_by(documents.c.went_live)
    )
    last = {row.name: row for row in connection.execute(query)}
    return [whole(last[name]) for name in sorted(last) if last[name].state == "live"]


def add_draft(
    change: Change, kind: DocumentKind, name: str, body: Mapping[str, object], *, author: str
) -> Document:
    """Add a version, or give the newest one back if it says the same and has not ended."""
    text = msgspec.json.encode(body)
    plain: dict[str, object] = msgspec.json.decode(text)
    before = find(change.connection, kind, name, None)
    if before is not None and before.hash == digest(plain) and before.state != "ended":
        return before
    draft = Document(
        kind=kind,
        name=name,
        version=1 if before is None else before.version + 1,
        hash=digest(plain),
        body=plain,
        state="draft",
        author=author,
        created=change.now,
    )
    row = {key: getattr(draft, key) for key in draft.__struct_fields__} | {"body": text.decode()}
    change.connection.execute(insert(documents).values(row))
    was = None if before is None else before.hash
    change.tell("document.draft", _title(draft), before=was, after=draft.hash)
    return draft


def set_state(
    change: Change,
    document: Document,
    state: DocumentState,
    *,
    actor: str,
    approved_hash: str | None,
) -> Document:
    """Move a version on if it still is as `document` says."""
    moved = replace(document, state=state)
    if approved_hash is not None:
        moved = replace(moved, approved_by=actor, approved=change.now, approved_hash=approved_hash)
    elif state in {"draft", "in_review"}:
        moved = replace(moved, approved_by=None, approved=None, approved_hash=None)
    try:
        done = change.connection.execute(
            update(documents).where(_is_as(document)).values(_life(moved, change))
        )
    except IntegrityError as error:  # the checks of the table itself
        raise NotApproved(f"{_title(document)} has no approval by somebody else") from error
    if done.rowcount != 1:
        raise Conflict(f"{_title(document)} is no longer {document.state}; look again")
    change.tell(
        f"document.{state}", _title(moved), before=document.state, after=approved_hash or state
    )
    return moved


def _is_as(document: Document) -> Any:
    unchanged = (
        documents.c[key] == getattr(document, key)
        for key in ("kind", "name", "version", "hash", "state")
    )
    approval = documents.c.approved_hash.is_not_distinct_from(document.approved_hash)
    return and_(*unchanged, approval)


def _life(moved: Document, change: Change) -> dict[str, object]:
    life = {
        key: getattr(moved, key) for key in ("state", "approved_by", "approved", "approved_hash")
    }
    return life | ({"went_live": change.generation} if moved.state == "live" else {})


def whole(row: Row[Any]) -> Document:
    """Read a row; `Damaged` if its body is not what was written."""
    fields = {key: getattr(row, key) for key in Document.__struct_fields__}
    document = Document(**fields | {"body": msgspec.json.decode(row.body)})
    if digest(document.body) != document.hash:
        raise Damaged(f"{_title(document)} is not what was written")
    return document


def _title(document: Document) -> str:
    return f"{document.kind}/{document.name}@{document.version}"
