-- together.sql: what people chose on one day: ordered, or put into the basket (methods 1.6).
-- Reads: found_events, people, standings. Params: now (micros), since (micros), visitors_needed, enough, longest, erased
-- (visitors). One row per person and day: who (a number), products, standing (of that person). The
-- oldest first.
--
-- An order counts for whom it was found to belong to. So that nobody can move a list alone, a product needs that many
-- different people; a person's votes for one pair are counted once, by whoever reads this. So that made-up visitors
-- cannot either, a product that `enough` people of a standing chose is learned from them, and from nobody below.
WITH acts AS (
  SELECT DISTINCT
    people.person AS person, coalesce(standings.standing, 0) AS standing, events.day AS day, line.product AS product
  FROM found_events AS events
  JOIN people ON people.visitor = events.visitor
  LEFT JOIN standings ON standings.person = people.person,
  unnest(events.lines) AS opened(line)
  WHERE events.name IN ('purchase', 'add_to_cart')
    AND events.time > $since
    AND events.time <= $now
    AND list_contains(events.purposes, 'measure')
    AND NOT list_contains($erased::VARCHAR[], events.visitor)
),
known AS (
  SELECT product, highest_standing(person, standing, $enough) AS needed
  FROM acts
  GROUP BY product
  HAVING count(DISTINCT person) >= $visitors_needed
),
numbered AS (
  SELECT dense_rank() OVER (ORDER BY person) AS who, standing, day, product
  FROM acts JOIN known USING (product)
  WHERE acts.standing >= known.needed
)
SELECT who, list(product ORDER BY product)[1:$longest] AS products, any_value(standing) AS standing
FROM numbered
GROUP BY who, day
ORDER BY day, who
