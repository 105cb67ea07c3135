-- together.sql: what people chose on one day: ordered, or put into the basket (methods 1.6).
-- Params: now (micros), since (micros), visitors_needed, longest, erased (visitors).
-- One row per visitor and day: who (a number), products. The oldest first.
--
-- Reads found_events: an order counts for whom it was found to belong to. So that nobody can move a list alone, a product needs that many different visitors; a visitor's votes for one pair are
-- counted once, by whoever reads this.
WITH acts AS (
  SELECT DISTINCT events.visitor AS visitor, events.day AS day, line.product AS product
  FROM found_events AS events, unnest(events.lines) AS opened(line)
  WHERE events.name IN ('purchase', 'add_to_cart')
    AND events.visitor IS NOT NULL
    AND events.time > $since
    AND events.time <= $now
    AND list_contains(events.purposes, 'measure')
    AND NOT list_contains($erased::VARCHAR[], events.visitor)
),
known AS (
  SELECT product FROM acts GROUP BY product HAVING count(DISTINCT visitor) >= $visitors_needed
),
numbered AS (
  SELECT dense_rank() OVER (ORDER BY visitor) AS who, day, product
  FROM acts SEMI JOIN known USING (product)
)
SELECT who, list(product ORDER BY product)[1:$longest] AS products
FROM numbered
GROUP BY who, day
ORDER BY day, who
