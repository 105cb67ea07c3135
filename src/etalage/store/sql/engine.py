"""Opening the database and bringing it to the tables of this version. The only place that knows SQLite apart.

SQLite: one writer at a time from the first statement on (BEGIN IMMEDIATE), every commit synced, deleted text
overwritten. In memory there is a single connection, which threads take in turn.

Alembic is loaded only when there is something to change: it takes 9 MB and a tenth of a second of every process.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.pool import QueuePool

from etalage.errors import Conflict

WAIT_SECONDS = 30  # for another writer, before giving up
NEWEST = "0003"  # step of the migrations: the tables of this version
WRITES = "etalage_writes"  # execution option: this transaction will change something


def open_engine(url: str | URL) -> Engine:
    """Open `sqlite:///FILE`, `sqlite://` (in memory) or `postgresql://...`; touches nothing yet."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        return create_engine(address, pool_pre_ping=True)
    arguments = {"timeout": WAIT_SECONDS, "check_same_thread": False}
    if address.database in {None, "", ":memory:"}:
        engine = create_engine(
            address, connect_args=arguments, poolclass=QueuePool, pool_size=1, max_overflow=0
        )
    else:
        engine = create_engine(address, connect_args=arguments)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def upgrade(writer: Engine) -> None:
    """Bring an empty or older database to the tables of this version, all in one transaction."""
    if _step(writer) == NEWEST:
        return
    import alembic.command
    import alembic.config
    import alembic.util

    config = alembic.config.Config()
    config.set_main_option("script_location", "etalage.store.sql:migrations")
    with writer.begin() as connection:
        config.attributes["connection"] = connection
        try:
            alembic.command.upgrade(config, "head")
        except alembic.util.CommandError as error:
            raise Conflict(
                f"the records were written by another version of Etalage: {error}"
            ) from error


def _step(engine: Engine) -> str | None:
    """Give the last step that a database took; None if it is empty."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(
            text("SELECT version_num FROM alembic_version")
        ).scalar()
        return found


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: see _begin_sqlite
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
