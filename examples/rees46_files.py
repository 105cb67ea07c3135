"""Turn the public REES46 sample into files that `etalage import` reads: events with GA4's names, and a catalogue.

In:   the sample as Parquet (event_time, event_type, product_id, category_id, category_code, brand, price, user_id,
      user_session); it is not part of this project, see its own licence.
Out:  `prepare` writes events as Parquet, `catalogue` a CSV of the products that occur in them.
Idea: the events are as they were, moved in time by one constant so that the newest is an hour old; the id of an
      event is the digest of its row, so the rows that stand in the sample twice are duplicates.
"""  # noqa: INP001  a script, no package

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

AGE = timedelta(hours=1)  # of the newest event, after the move

_EVENTS = """
COPY (
  WITH seen AS (SELECT *, max(event_time) OVER () AS newest FROM read_parquet($source))
  SELECT
    CASE event_type WHEN 'view' THEN 'view_item' WHEN 'cart' THEN 'add_to_cart' ELSE event_type END AS event_name,
    epoch_us(event_time) - epoch_us(newest) + $last AS event_timestamp,
    user_id::VARCHAR AS user_pseudo_id,
    user_session AS ga_session_id,
    product_id::VARCHAR AS item_id,
    replace(category_code, '.', ' > ') AS item_category,
    brand AS item_brand,
    price,
    1 AS quantity,
    CASE WHEN event_type = 'purchase' THEN price END AS value,
    'USD' AS currency,
    CASE WHEN event_type = 'purchase' THEN user_session || '-' || epoch(event_time)::BIGINT END AS transaction_id,
    sha256(to_json([event_time::VARCHAR, event_type, product_id::VARCHAR, category_id::VARCHAR, category_code,
                    brand, price::VARCHAR, user_id::VARCHAR, user_session])::VARCHAR)[:32] AS id
  FROM seen
  ORDER BY event_timestamp, id
) TO '{target}' (FORMAT parquet)
"""

_CATALOGUE = """
COPY (
  SELECT
    product_id AS id,
    concat_ws(' ', upper(brand[1]) || brand[2:], replace(split_part(category_code, '.', -1), '_', ' '), product_id)
      AS title,
    replace(category_code, '.', ' > ') AS product_type,
    brand,
    printf('%.2f', price) AS price,
    'USD' AS currency,
    'in_stock' AS availability
  FROM read_parquet($source)
  QUALIFY row_number() OVER (PARTITION BY product_id ORDER BY event_time DESC, price) = 1
  ORDER BY product_id
) TO '{target}' (FORMAT csv, HEADER)
"""


def prepare(source: Path, target: Path, *, now: datetime | None = None) -> int:
    """Write the events; give how many."""
    last = (now or datetime.now(UTC)) - AGE
    return _copy(_EVENTS, target, {"source": str(source), "last": int(last.timestamp() * 1e6)})


def catalogue(source: Path, target: Path) -> int:
    """Write the products that occur in the events, at their newest price; give how many."""
    return _copy(_CATALOGUE, target, {"source": str(source)})


def _copy(sql: str, target: Path, values: dict[str, object]) -> int:
    """Run a COPY; its target is the one thing that cannot be bound, so it is quoted."""
    quoted = str(target).replace("'", "''")
    with duckdb.connect() as connection:
        counted = connection.execute(sql.replace("{target}", quoted), values).fetchone()
    return int(counted[0]) if counted else 0
