"""Alerts as they stand: a row each, replaced together; the columns beside the body are for people who look with SQL."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select

from etalage.domain.alert import Alert
from etalage.domain.canonical import canonical_json
from etalage.errors import Damaged
from etalage.store.sql.tables import alerts

_ORDER = (alerts.c.state, alerts.c.last.desc(), alerts.c.key, alerts.c.since)


def read(connection: Connection) -> list[Alert]:
    """Give all alerts: open ones first, the newest before the older."""
    return [whole(row) for row in connection.execute(select(alerts).order_by(*_ORDER))]


def readable(connection: Connection) -> list[Alert]:
    """Give those that are what was written: what the night finds again need not be mended by anybody."""
    found = []
    for row in connection.execute(select(alerts).order_by(*_ORDER)):
        with suppress(Damaged, msgspec.DecodeError):
            found.append(whole(row))
    return found


def whole(row: Row[Any]) -> Alert:
    """Read a row; `Damaged` if it is not what was written."""
    found = msgspec.json.decode(row.body, type=Alert) if _digest(row.body) == row.digest else None
    if found is None or _row(found) != row._asdict():
        raise Damaged(f"alert {row.key} is not what was written; the next night makes it again")
    return found


def replace(connection: Connection, every: Sequence[Alert]) -> None:
    """Let these be the alerts there are."""
    connection.execute(delete(alerts))
    if every:
        connection.execute(insert(alerts), [_row(one) for one in every])


def _row(alert: Alert) -> dict[str, object]:
    body = canonical_json(msgspec.to_builtins(alert)).decode()
    return {
        "key": alert.key,
        "since": alert.since,
        "last": alert.last,
        "state": alert.state,
        "told": alert.told,
        "digest": _digest(body),
        "body": body,
    }


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()
