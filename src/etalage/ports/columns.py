"""The columns of the events, as every question over them may use them."""

from __future__ import annotations

# Name and DuckDB type of each column of `events`; the order of the Parquet files.
EVENT_COLUMNS: dict[str, str] = {
    "position": "BIGINT",
    "id": "VARCHAR",
    "name": "VARCHAR",
    "time": "BIGINT",
    "received": "BIGINT",
    "day": "INTEGER",  # shop day of `time`
    "trust": "VARCHAR",
    "source": "VARCHAR",
    "visitor": "VARCHAR",
    "customer": "VARCHAR",
    "session": "VARCHAR",
    "lines": "STRUCT(product VARCHAR, quantity BIGINT, price BIGINT, category VARCHAR, brand VARCHAR, "
    "size VARCHAR)[]",
    "category": "VARCHAR",
    "value": "BIGINT",
    "tax": "BIGINT",
    "currency": "VARCHAR",
    "transaction": "VARCHAR",
    "query": "VARCHAR",
    "url": "VARCHAR",
    "page_type": "VARCHAR",
    "referrer": "VARCHAR",
    "utm_source": "VARCHAR",
    "utm_medium": "VARCHAR",
    "utm_campaign": "VARCHAR",
    "device": "VARCHAR",
    "country": "VARCHAR",
    "region": "VARCHAR",
    "language": "VARCHAR",
    "experience": "VARCHAR",  # the six of `shown`, null without it
    "arm": "VARCHAR",
    "unit": "VARCHAR",
    "propensity": "BIGINT",
    "policy": "VARCHAR",
    "decided": "BIGINT",
    "properties": "VARCHAR",  # JSON object of scalars, '{}' if none
    "purposes": "VARCHAR[]",
    "epoch": "BIGINT",
    "personal": "BLOB",
    "record": "VARCHAR",
}
