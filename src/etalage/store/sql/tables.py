"""The tables of Records, for SQLite and PostgreSQL alike. `migrations/` makes exactly these (tested).

JSON stands in text columns: as the author ordered it where people read it, canonical where it is compared.
Times are micros.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

METADATA = MetaData()

settings = Table(
    "settings",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),  # JSON
)

api_keys = Table(
    "api_keys",
    METADATA,
    Column("hash", Text, primary_key=True),
    Column("entered", BigInteger, nullable=False),  # generation; their order
    Column("kind", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("purposes", Text, nullable=False),  # JSON
    Column("basis", Text, nullable=False),
    Column("revoked", BigInteger),
)

documents = Table(
    "documents",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", Text, nullable=False),
    Column("body", Text, nullable=False),  # JSON, keys as the author ordered them
    Column("state", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("approved_by", Text),
    Column("approved", BigInteger),
    Column("approved_hash", Text),
    Column("went_live", BigInteger),  # generation in which it last went live
    CheckConstraint(
        "state NOT IN ('approved', 'live') OR approved_hash IS NOT NULL", name="live_is_approved"
    ),
    CheckConstraint("approved_by IS NULL OR approved_by <> author", name="approved_by_another"),
)

catalogues = Table(
    "catalogues",
    METADATA,
    Column("version", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("imported", BigInteger, nullable=False),
    Column("replaced", BigInteger),  # null for the newest
    Column("digest", Text, nullable=False),  # SHA-256 of `body`
    Column(
        "body", LargeBinary, nullable=False
    ),  # zlib over MessagePack of domain.product.Catalogue
)

audit = Table(
    "audit",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("chain", Text, nullable=False),
)

generation = Table(  # one row; every change adds one to it, and so waits for the change before
    "generation",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("value", BigInteger, nullable=False),
    Column(
        "state", Text
    ),  # digest of all that people decided, see `state`; null before the first change
    CheckConstraint("id = 1", name="one_row"),
)

alerts = Table(  # what the night shift found; nobody's decision, so outside `state`, with digests of their own
    "alerts",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("since", BigInteger, primary_key=True, autoincrement=False),  # shop day
    Column("last", BigInteger, nullable=False),  # shop day
    Column("state", Text, nullable=False),
    Column("told", BigInteger),
    Column("digest", Text, nullable=False),  # SHA-256 of `body`
    Column("body", Text, nullable=False),  # canonical JSON of domain.alert.Alert
    CheckConstraint("state IN ('open', 'over')", name="open_or_over"),
)
