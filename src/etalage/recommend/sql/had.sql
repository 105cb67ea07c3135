-- had.sql: what each person looked at, put in a cart or bought, each product once (methods 1.3).
-- Reads: found_events, people, standings (unify). Params: now (micros), since (micros), visitors_needed, enough, most,
-- program, most_people, erased (visitors).
-- One row per person who had two products or more: products, in the order in which she came to them, the oldest first;
-- and her standing.
-- The order of the rows is that of a digest of the person: nobody is first, and nobody can be told from her place.
--
-- A person counts once for a product, whatever she did with it and however often, so nobody can move a list alone. Of
-- somebody with very many products the newest `most` are kept; above `program` products it is no person but a program.
-- A product that `enough` people of a standing had is learned from them, and from nobody below: made-up visitors say
-- nothing of it.
WITH lines AS (
  SELECT
    people.person AS person,
    opened.line.product AS product,
    min(found_events.time) AS first_time,
    max(found_events.time) AS last_time
  FROM found_events
  JOIN people ON people.visitor = found_events.visitor,
  unnest(found_events.lines) AS opened(line)
  WHERE found_events.name IN ('view_item', 'add_to_cart', 'purchase')
    AND found_events.time > $since
    AND found_events.time <= $now
    AND list_contains(found_events.purposes, 'measure')
    AND NOT list_contains($erased::VARCHAR[], found_events.visitor)
  GROUP BY ALL
),
persons AS (
  SELECT person FROM lines GROUP BY person HAVING count(*) <= $program
  ORDER BY max(last_time) DESC, person LIMIT $most_people
),
theirs AS (
  SELECT lines.*, coalesce(standing, 0) AS standing
  FROM lines SEMI JOIN persons USING (person)
  LEFT JOIN standings USING (person)
),
known AS (
  SELECT product, highest_standing(person, standing, $enough) AS needed
  FROM theirs
  GROUP BY product
  HAVING count(DISTINCT person) >= $visitors_needed
),
newest AS (
  SELECT theirs.* FROM theirs JOIN known USING (product)
  WHERE theirs.standing >= known.needed
  QUALIFY row_number() OVER (PARTITION BY person ORDER BY last_time DESC, product) <= $most
)
SELECT list(product ORDER BY first_time, product) AS products, any_value(standing) AS standing
FROM newest
GROUP BY person
HAVING count(*) > 1
ORDER BY md5(person)
