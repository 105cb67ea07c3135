-- sessions.sql: what people looked at, session by session (methods 1.2).
-- Params: now (micros), since (micros), after (micros), gap (micros), visitors_needed, sessions_a_day, longest,
-- erased (visitors), known (products).
-- One row per session of two views or more: ended (seconds), products (oldest first). Oldest session first.
-- A session has ended when nothing followed for `gap`; of those, the ones that ended after `after`.
--
-- A session is one visitor's views with gaps of at most `gap`. So that nobody can move a list alone, a visitor has so
-- many sessions a day (her first), and a product needs that many different visitors.
WITH views AS (
  SELECT events.visitor AS visitor, events.day AS day, events.time AS time, events.id AS id, line.product AS product
  FROM events, unnest(events.lines) AS opened(line)
  WHERE events.name = 'view_item'
    AND events.visitor IS NOT NULL
    AND events.time > $since
    AND events.time <= $now
    AND list_contains(events.purposes, 'measure')
    AND NOT list_contains($erased::VARCHAR[], events.visitor)
),
known AS (
  SELECT product FROM views GROUP BY product HAVING count(DISTINCT visitor) >= $visitors_needed
  UNION
  SELECT unnest($known::VARCHAR[])
),
apart AS (
  SELECT *, CASE WHEN time - lag(time) OVER w <= $gap THEN 0 ELSE 1 END AS is_first
  FROM views SEMI JOIN known USING (product)
  WINDOW w AS (PARTITION BY visitor ORDER BY time, id)
),
numbered AS (
  SELECT *, sum(is_first) OVER (PARTITION BY visitor ORDER BY time, id ROWS UNBOUNDED PRECEDING) AS number
  FROM apart
),
sessions AS (
  SELECT
    visitor,
    min(day) AS day,
    number,
    max(time) AS ended,
    list(product ORDER BY time DESC, id DESC)[1:$longest] AS newest_first
  FROM numbered
  GROUP BY visitor, number
  HAVING count(*) > 1
),
bounded AS (
  SELECT *, row_number() OVER (PARTITION BY visitor, day ORDER BY number) AS of_day FROM sessions
)
SELECT ended / 1000000.0 AS ended, list_reverse(newest_first) AS products
FROM bounded
WHERE of_day <= $sessions_a_day AND ended > $after AND ended <= $now - $gap
ORDER BY ended, products
