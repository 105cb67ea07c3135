"""One change: everything in it and the line that tells of it, in one transaction.

Idea: the first statement adds one to the generation. That locks its single row, so changes of all processes
happen one after the other, on SQLite and PostgreSQL alike: versions and audit numbers can simply be counted on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec.structs import replace
from sqlalchemy import Connection, Engine, insert, select, update

from etalage.ports import AuditLine
from etalage.store.sql.audit import FIRST, chained
from etalage.store.sql.state import state_of
from etalage.store.sql.tables import audit, generation


class Change:
    """A transaction that others wait for; it is kept only if it told what it did."""

    def __init__(self, connection: Connection, number: int, *, actor: str, now: int) -> None:
        self.connection = connection
        self.generation = number
        self.now = now
        self.is_told = False
        self._actor = actor

    def tell(
        self, action: str, obj: str, *, before: str | None = None, after: str | None = None
    ) -> None:
        """Add the line to the audit that says what this change does."""
        last = self.connection.execute(
            select(audit.c.number, audit.c.chain).order_by(audit.c.number.desc()).limit(1)
        ).first()
        number, previous = (last.number, last.chain) if last else (0, FIRST)
        line = AuditLine(
            number=number + 1,
            at=self.now,
            actor=self._actor,
            action=action,
            object=obj,
            before=before,
            after=after,
            chain="",
        )
        line = replace(line, chain=chained(previous, line))
        self.connection.execute(
            insert(audit).values({name: getattr(line, name) for name in line.__struct_fields__})
        )
        self.is_told = True


@contextmanager
def changing(writer: Engine, *, actor: str, now: int, step: int = 1) -> Iterator[Change]:
    """Open a change, alone among all processes; without a line in the audit it leaves no trace.

    With `step=0` it takes its turn without a new generation: nothing that others read has changed.
    """
    with writer.connect() as connection, connection.begin() as transaction:
        number = connection.execute(
            update(generation).values(value=generation.c.value + step).returning(generation.c.value)
        ).scalar_one()
        change = Change(connection, number, actor=actor, now=now)
        yield change
        if change.is_told:
            connection.execute(update(generation).values(state=state_of(connection)))
        else:
            transaction.rollback()
