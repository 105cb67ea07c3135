-- popular.sql: what is popular now, over all visitors (methods 1.4).
-- Params: now (micros), visitors_needed, view_half_life, order_half_life (micros), since (micros).
-- One row per product: product, score, visitors, buyers. Best first; equal ones by product.
--
-- pop(x) = sum of w * 2^(-(now - t) / h), w: order 5, cart 3, view 1. To bound what one visitor can do, she has
-- one vote per product per shop day, her heaviest one; and a product needs that many different visitors.
-- `buyers` are visitors who ordered it within `since`, for the merge field product.buyers.
WITH acts AS (
  SELECT
    line.product AS product,
    events.visitor AS visitor,
    events.day AS day,
    CASE WHEN events.name = 'purchase' THEN 1 ELSE 0 END AS bought,
    CASE events.name
      WHEN 'purchase' THEN 5.0 * pow(2.0, -(($now - events.time)::DOUBLE / $order_half_life))
      WHEN 'add_to_cart' THEN 3.0 * pow(2.0, -(($now - events.time)::DOUBLE / $view_half_life))
      ELSE pow(2.0, -(($now - events.time)::DOUBLE / $view_half_life))
    END AS weight
  FROM events, unnest(events.lines) AS opened(line)
  WHERE events.name IN ('view_item', 'add_to_cart', 'purchase')
    AND events.visitor IS NOT NULL
    AND events.time > $since
    AND events.time <= $now
    AND list_contains(events.purposes, 'measure')
),
votes AS (
  SELECT product, visitor, day, max(weight) AS vote, max(bought) AS bought
  FROM acts
  GROUP BY product, visitor, day
)
SELECT
  product,
  round(sum(vote), 6) AS score,
  count(DISTINCT visitor) AS visitors,
  count(DISTINCT CASE WHEN bought = 1 THEN visitor END) AS buyers
FROM votes
GROUP BY product
HAVING count(DISTINCT visitor) >= $visitors_needed
ORDER BY score DESC, product
