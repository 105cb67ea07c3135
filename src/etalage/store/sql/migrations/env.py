"""What Alembic runs around the steps: they go over the connection that `engine.upgrade` opened."""

from __future__ import annotations

from alembic import context

from etalage.store.sql.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
