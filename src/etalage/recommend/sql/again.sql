-- again.sql: what people ordered, order by order (methods 1.5).
-- Params: now (micros), since (micros), visitors_needed, enough, most (orders of one person), erased (visitors).
-- One row per line: person (a number), time (micros), id, product, late. Persons in no order that means anything; of each
-- the oldest order first. Reads known_events: only of who lets herself be known; and standings.
--
-- So that nobody can move a list alone, a product needs that many different persons; and one that `enough` people of a
-- standing ordered is learned from them, and from nobody below. `late` is 1 where the product came
-- after she had looked at her basket, or in an order within four days after another: she had forgotten it.
WITH ordered AS (
  SELECT
    events.person AS person, coalesce(standings.standing, 0) AS standing,
    events.time AS time, events.id AS id, line.product AS product
  FROM known_events AS events
  LEFT JOIN standings ON standings.person = events.person,
  unnest(events.lines) AS opened(line)
  WHERE events.name = 'purchase'
    AND events.time > $since
    AND events.time <= $now
    AND NOT list_contains($erased::VARCHAR[], events.visitor)
),
known AS (
  SELECT product, highest_standing(person, standing, $enough) AS needed
  FROM ordered
  GROUP BY product
  HAVING count(DISTINCT person) >= $visitors_needed
),
numbered AS (
  SELECT
    *,
    dense_rank() OVER (ORDER BY person) AS who,
    dense_rank() OVER (PARTITION BY person ORDER BY time DESC, id DESC) AS back
  FROM ordered
),
looked AS (
  SELECT person, time FROM known_events WHERE name IN ('view_cart', 'begin_checkout') AND time > $since
),
added AS (
  SELECT events.person AS person, events.time AS time, line.product AS product
  FROM known_events AS events, unnest(events.lines) AS opened(line)
  WHERE events.name = 'add_to_cart' AND events.time > $since
),
last_minute AS (
  SELECT DISTINCT added.person AS person, added.product AS product, added.time AS time
  FROM added
  JOIN looked ON looked.person = added.person AND looked.time < added.time AND added.time - looked.time <= 1800000000
),
orders AS (
  SELECT DISTINCT person, id, time, lag(time) OVER (PARTITION BY person ORDER BY time, id) AS before
  FROM (SELECT DISTINCT person, id, time FROM ordered)
)
SELECT
  lines.who AS person,
  lines.time AS time,
  lines.id AS id,
  lines.product AS product,
  CASE
    WHEN orders.before IS NOT NULL AND lines.time - orders.before <= 345600000000 THEN 1  -- four days
    WHEN EXISTS (
      SELECT 1 FROM last_minute
      WHERE last_minute.person = lines.person AND last_minute.product = lines.product
        AND last_minute.time <= lines.time AND lines.time - last_minute.time <= 1800000000
    ) THEN 1
    ELSE 0
  END AS late
FROM numbered AS lines
JOIN known ON known.product = lines.product AND lines.standing >= known.needed
JOIN orders ON orders.person = lines.person AND orders.id = lines.id
WHERE lines.back <= $most
ORDER BY lines.who, lines.time, lines.id, lines.product
