-- popular.sql: what is popular now, and what is rising, over all persons (methods 1.4; safety 1, row 9).
-- Params: now (micros), visitors_needed, view_half_life, order_half_life (micros), since (micros), a_day.
-- Reads: found_events, people, standings. One row per product: product, standing, score, visitors, buyers, today, usual.
--
-- pop(x) = sum of w * 2^(-(now - t) / h), w: order 5, cart 3, view 1. To bound what one person can do, she has
-- one vote per product per shop day, her heaviest one, for at most `a_day` products; and a product needs that many
-- different persons.
-- Made-up visitors cost nothing, so persons have a standing (unify/sql/standing.sql).
-- A product is counted by the persons of the highest standing of which it has enough, and by nobody below.
-- today: votes of the last 24 hours, by their persons when they are enough, else 0; usual: votes of a day of the window.
-- `visitors` and `buyers` are all who chose and who ordered it within `since`: buyers for the merge field product.buyers.
WITH acts AS (
  SELECT
    line.product AS product,
    people.person AS person,
    found_events.day AS day,
    found_events.time > $now - 86400000000 AS is_new,
    CASE WHEN found_events.name = 'purchase' THEN 1 ELSE 0 END AS bought,
    CASE found_events.name WHEN 'purchase' THEN 5.0 WHEN 'add_to_cart' THEN 3.0 ELSE 1.0 END AS weight,
    pow(2.0, -(($now - found_events.time)::DOUBLE / CASE found_events.name
      WHEN 'purchase' THEN $order_half_life ELSE $view_half_life END)) AS freshness
  FROM found_events JOIN people USING (visitor), unnest(found_events.lines) AS opened(line)
  WHERE found_events.name IN ('view_item', 'add_to_cart', 'purchase')
    AND found_events.time > $since
    AND found_events.time <= $now
    AND list_contains(found_events.purposes, 'measure')
),
votes AS (
  SELECT
    product, person, day, max(weight * freshness) AS vote, max(weight) AS plain, bool_or(is_new) AS is_new,
    max(bought) AS bought
  FROM acts
  GROUP BY product, person, day
  QUALIFY row_number() OVER (PARTITION BY person, day ORDER BY max(weight) DESC, product) <= $a_day
),
weighed AS (
  SELECT votes.*, coalesce(standing, 0) AS standing FROM votes LEFT JOIN standings USING (person)
),
highest AS (
  SELECT product, highest_standing(person, standing, $visitors_needed) AS standing
  FROM weighed
  GROUP BY product
  HAVING count(DISTINCT person) >= $visitors_needed
),
span AS (
  SELECT greatest(1.0, ($now - greatest($since, coalesce(min(time), 0)))::DOUBLE / 86400000000) AS days
  FROM found_events
  WHERE name IN ('view_item', 'add_to_cart', 'purchase')
)
SELECT
  product,
  needed AS standing,
  round(sum(vote) FILTER (WHERE counts), 6) AS score,
  count(DISTINCT person) AS visitors,
  count(DISTINCT CASE WHEN bought = 1 THEN person END) AS buyers,
  CASE
    WHEN count(DISTINCT person) FILTER (WHERE counts AND is_new) >= $visitors_needed
      THEN round(sum(plain) FILTER (WHERE counts AND is_new), 6)
    ELSE 0.0
  END AS today,
  round(sum(plain) FILTER (WHERE counts) / any_value(span.days), 6) AS usual
FROM (
  SELECT weighed.*, highest.standing AS needed, weighed.standing >= highest.standing AS counts
  FROM weighed JOIN highest USING (product)
)
CROSS JOIN span
GROUP BY product, needed
ORDER BY standing DESC, score DESC, product
