-- sessions.sql: what people looked at, session by session (methods 1.2).
-- Reads: events, people, standings. Params: now (micros), since (micros), after (micros), gap (micros), visitors_needed,
-- enough, sessions_a_day, longest, erased (visitors), known (products), known_needed (of each of them: standing).
-- One row per session of two views or more: ended (seconds), products (oldest first), needed (of each of them: the
-- standing of whom it was learned from), standing (of whose session it is). Oldest session first.
-- A session has ended when nothing followed for `gap`; of those, the ones that ended after `after`.
--
-- A session is one visitor's views with gaps of at most `gap`. So that nobody can move a list alone, a visitor has so
-- many sessions a day (her first), and a product needs that many different people. So that made-up visitors cannot
-- either, a product that `enough` people of a standing looked at is learned from them, and from nobody below.
WITH views AS (
  SELECT
    events.visitor AS visitor, people.person AS person, coalesce(standings.standing, 0) AS standing,
    events.day AS day, events.time AS time, events.id AS id, line.product AS product
  FROM events
  JOIN people ON people.visitor = events.visitor
  LEFT JOIN standings ON standings.person = people.person,
  unnest(events.lines) AS opened(line)
  WHERE events.name = 'view_item'
    AND events.time > $since
    AND events.time <= $now
    AND list_contains(events.purposes, 'measure')
    AND NOT list_contains($erased::VARCHAR[], events.visitor)
),
told AS (
  SELECT unnest($known::VARCHAR[]) AS product, unnest($known_needed::INTEGER[]) AS needed
),
counted AS (
  SELECT product, highest_standing(person, standing, $enough) AS needed
  FROM views
  GROUP BY product
  HAVING count(DISTINCT person) >= $visitors_needed
),
known AS (
  SELECT product, needed FROM told
  UNION ALL
  SELECT product, needed FROM counted ANTI JOIN told USING (product)
),
apart AS (
  SELECT *, CASE WHEN time - lag(time) OVER w <= $gap THEN 0 ELSE 1 END AS is_first
  FROM views JOIN known USING (product)
  WHERE views.standing >= known.needed
  WINDOW w AS (PARTITION BY visitor ORDER BY time, id)
),
numbered AS (
  SELECT *, sum(is_first) OVER (PARTITION BY visitor ORDER BY time, id ROWS UNBOUNDED PRECEDING) AS number
  FROM apart
),
sessions AS (
  SELECT
    visitor,
    any_value(standing) AS standing,
    min(day) AS day,
    number,
    max(time) AS ended,
    list(product ORDER BY time DESC, id DESC)[1:$longest] AS newest_first,
    list(needed ORDER BY time DESC, id DESC)[1:$longest] AS needed
  FROM numbered
  GROUP BY visitor, number
  HAVING count(*) > 1
),
bounded AS (
  SELECT *, row_number() OVER (PARTITION BY visitor, day ORDER BY number) AS of_day FROM sessions
)
SELECT ended / 1000000.0 AS ended, list_reverse(newest_first) AS products, list_reverse(needed) AS needed, standing
FROM bounded
WHERE of_day <= $sessions_a_day AND ended > $after AND ended <= $now - $gap
ORDER BY ended, products, standing
