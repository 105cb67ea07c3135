"""A digest over all that people decided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make room for it; the next change fills it in."""
    op.add_column("generation", sa.Column("state", sa.Text))
